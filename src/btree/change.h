// btree/change.h
//
// The log record of one key's change (wal::RecordType::kChange), written by Tree::Modify and read by
// redo, by undo and by readers of old versions. Bytes: docs/formats/wal.md.
//
// The value before is whole, so that a reader needs nothing but the record; the value after is
// stored as its difference to the one before.
#pragma once
#include <string>

#include "btree/key.h"
#include "common/bytes.h"
#include "common/ids.h"
#include "common/status.h"
#include "wal/record.h"

namespace phantom::btree {

// Type-specific flags of a kChange record (high nibble).
inline constexpr uint8_t kHasBefore = 0x10;
inline constexpr uint8_t kHasAfter = 0x20;
// The first 8 bytes of the value after are the record's own LSN.
inline constexpr uint8_t kStampLsn = 0x40;

struct ChangePayload {
  uint64_t page;
  uint64_t link;
  uint32_t tree;
  uint16_t key_bytes;
  uint16_t before_bytes;
  uint16_t after_bytes;   // whole length of the value after
  uint16_t prefix_bytes;  // of it, equal to the beginning of the value before
  uint16_t suffix_bytes;  // of it, equal to the end of the value before
  uint16_t reserved;      // 0
  // then: key, value before, middle of the value after
};
static_assert(sizeof(ChangePayload) == 32);

// Views into a record; valid while that is.
struct Change {
  PageId page;
  TreeId tree;
  // The older version a reader should try next; in a compensation record the next record of the
  // transaction to undo.
  Lsn link;
  Bytes key;
  bool has_before = false;
  bool has_after = false;
  bool stamped = false;
  Bytes before;
  Bytes after_middle;
  uint16_t after_prefix_bytes = 0;
  uint16_t after_suffix_bytes = 0;
  Lsn lsn;

  SpaceId space() const { return page.space(); }
  size_t after_bytes() const { return after_prefix_bytes + after_middle.size() + after_suffix_bytes; }
  // Writes the whole value after; `to` has room for after_bytes(). Requires has_after.
  void CopyAfter(std::byte* to) const;
};

// XX001 when the payload is malformed. Requires a record of type kChange.
Status ParseChange(const wal::RecordView& record, Change* change);

}  // namespace phantom::btree
