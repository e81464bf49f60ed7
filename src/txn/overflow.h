// txn/overflow.h
//
// Values too long for a row's page: in chunks in the table's overflow tree, compressed when that pays, never changed.
// Bytes: docs/formats/row_header.md. A value lives as long as a version that refers to it: a transaction that drops the
// last reference marks its head dead, and purge removes it.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/ids.h"
#include "common/status.h"
#include "txn/row_header.h"
#include "types/row_codec.h"

namespace phantom::btree {
class Tree;
}

namespace phantom::txn {

class ManagerImpl;
class TableState;
class Transaction;

// The entry with chunk number 0.
struct OverflowHead {
  static constexpr size_t kBytes = RowHeader::kBytes + 16;
  RowHeader header;
  uint64_t size = 0;   // of the value
  uint64_t extra = 0;  // as in the reference
};

inline constexpr size_t kOverflowChunkBytes = 1980;

// 8 bytes value id, 4 bytes chunk number, both big-endian.
class OverflowKey {
 public:
  OverflowKey(uint64_t id, uint32_t chunk) {
    StoreBE(bytes_.data(), id);
    StoreBE(bytes_.data() + 8, chunk);
  }
  operator Bytes() const { return bytes_; }

 private:
  std::array<std::byte, 12> bytes_;
};

Result<types::OverflowRef> WriteOverflow(Transaction& transaction, TableState& table, std::string_view value);
Status ReadOverflow(const TableState& table, const types::OverflowRef& reference, std::string* value);
// Marks the value dead, for purge.
Status DropOverflow(Transaction& transaction, TableState& table, const types::OverflowRef& reference);
// Purge's part, outside transactions. `head` is the key of the value's head, which stays.
Status RemoveOverflowChunks(ManagerImpl& manager, btree::Tree& tree, Bytes head);

}  // namespace phantom::txn
