// txn/row_header.h
//
// The 16 bytes before every row version, and the whole of an index entry's mark: docs/formats/row_header.md.
#pragma once
#include <cstdint>
#include <cstring>

#include "common/bytes.h"
#include "common/check.h"
#include "common/ids.h"

namespace phantom::txn {

// Bits on disk.
enum RowFlag : uint8_t {
  kRowDeleted = 1,    // a ghost: the row was deleted by this version; nothing follows
  kRowKeyWrite = 2,   // made by a delete or a change of key columns: conflicts with FOR KEY SHARE while in progress
  kRowOverflow = 4,   // the row holds overflow references
  kEntryDead = 8,     // not a row: an index entry or overflow value is dead since this version
  kSystemValue = 16,  // not a row: outside transactions (sequences, a live overflow value's head)
  kRowRestored = 32,  // put back by a rollback: an index entry read before that may have been the undone version's
  kRowAlone = 64,     // of a KEYED tree: no transaction made it; it is committed by its own record
};

struct RowHeader {
  static constexpr size_t kBytes = 16;
  static constexpr uint64_t kTxnBits = 48;

  Lsn lsn;    // of the record that made this version
  TxnId txn;  // that made it
  uint8_t depth = 0;  // how many older versions some snapshot may have needed when it was made; saturates
  uint8_t flags = 0;

  static constexpr size_t kFlagsAt = 15;

  bool deleted() const { return (flags & kRowDeleted) != 0; }
  bool restored() const { return (flags & kRowRestored) != 0; }
  bool dead() const { return (flags & kEntryDead) != 0; }
  bool alone() const { return (flags & kRowAlone) != 0; }
  bool has_overflow() const { return (flags & kRowOverflow) != 0; }

  static RowHeader Load(Bytes value) {
    PHANTOM_CHECK(value.size() >= kBytes);
    const uint64_t second = LoadLE<uint64_t>(value.data() + 8);
    RowHeader header;
    header.lsn = Lsn(LoadLE<uint64_t>(value.data()));
    header.txn = TxnId(second & ((uint64_t{1} << kTxnBits) - 1));
    header.depth = static_cast<uint8_t>(second >> kTxnBits);
    header.flags = static_cast<uint8_t>(second >> (kTxnBits + 8));
    return header;
  }
  void Store(std::byte* to) const {
    StoreLE(to, lsn.value);
    StoreLE(to + 8, txn.value | uint64_t{depth} << kTxnBits | uint64_t{flags} << (kTxnBits + 8));
  }
  bool operator==(const RowHeader&) const = default;
};

inline Bytes RowBody(Bytes value) { return value.subspan(RowHeader::kBytes); }

}  // namespace phantom::txn
