// btree/node.h
//
// The content of one page of a tree: a header, an array of slots ordered by key that grows up, and
// cells that grow down from the page's end. Bytes: docs/formats/page.md.
//
// The keys of a node lie between its fences, low <= key < high, so all begin with the fences'
// common prefix, which is not stored with them. In an inner node the value is the child's page
// number and the key the child's low fence; the first key is the node's own low fence.
//
// Reading functions stay inside the page whatever its bytes are, so an optimistic reader may use
// them on a page that changes under it and judge the result by the latch's version. Changing
// functions require an exclusive hold of a consistent page.
#pragma once
#include <cstddef>
#include <cstdint>

#include "btree/key.h"
#include "common/bytes.h"
#include "common/ids.h"

namespace phantom::btree {

inline constexpr uint32_t kPageVersion = 1;

// Numbers are on disk.
enum class PageType : uint8_t { kNode = 1, kMap = 2, kMeta = 3 };

inline constexpr uint8_t kNoHighFence = 1;  // PageHeader::flags

struct PageHeader {
  uint64_t checksum;  // XXH3-64 of bytes 8 to the page's end
  uint64_t page;      // PageId
  uint64_t lsn;       // of the last record applied
  uint32_t tree;
  PageType type;
  uint8_t level;  // 0: leaf
  TreeKind kind;
  uint8_t flags;
  uint16_t count;    // slots
  uint16_t heap;     // offset of the lowest byte of the cells
  uint16_t garbage;  // bytes at or above `heap` that belong to no cell or fence
  uint16_t prefix_bytes;
  uint16_t low_offset;
  uint16_t low_bytes;
  uint16_t high_offset;
  uint16_t high_bytes;
  uint32_t version;
  uint32_t reserved;  // 0
};
static_assert(sizeof(PageHeader) == 56);

inline constexpr size_t kSlotsOffset = 64;

struct Slot {
  uint16_t offset;     // of the cell: u16 value length, key suffix, value
  uint16_t key_bytes;  // of the suffix
  uint32_t head;       // the suffix's first 4 bytes as a big-endian number, zero-padded
};
static_assert(sizeof(Slot) == 8);

inline constexpr size_t kCellHeaderBytes = 2;
inline constexpr size_t kSlotsMax = (kPageBytes - kSlotsOffset) / (sizeof(Slot) + kCellHeaderBytes);

inline const PageHeader& HeaderOf(const std::byte* page) { return *reinterpret_cast<const PageHeader*>(page); }
inline PageHeader& HeaderOf(std::byte* page) { return *reinterpret_cast<PageHeader*>(page); }

// Reading.
namespace node {

inline const Slot* Slots(const std::byte* page) { return reinterpret_cast<const Slot*>(page + kSlotsOffset); }
inline Slot* Slots(std::byte* page) { return reinterpret_cast<Slot*>(page + kSlotsOffset); }
inline uint32_t HeadOf(const std::byte* suffix, size_t size) { return static_cast<uint32_t>(KeyHead(suffix, size) >> 32); }

// Nothing when the range leaves the page.
inline Bytes Inside(const std::byte* page, size_t offset, size_t size) {
  return offset + size > kPageBytes ? Bytes() : Bytes(page + offset, size);
}
inline Bytes LowFence(const std::byte* page) {
  return Inside(page, HeaderOf(page).low_offset, HeaderOf(page).low_bytes);
}
inline Bytes HighFence(const std::byte* page) {
  return Inside(page, HeaderOf(page).high_offset, HeaderOf(page).high_bytes);
}
inline Bytes Prefix(const std::byte* page) {
  return Inside(page, HeaderOf(page).low_offset, HeaderOf(page).prefix_bytes);
}
inline Bytes Suffix(const std::byte* page, uint32_t position) {
  const Slot slot = Slots(page)[position];
  return Inside(page, size_t{slot.offset} + kCellHeaderBytes, slot.key_bytes);
}
inline Bytes Value(const std::byte* page, uint32_t position) {
  const Slot slot = Slots(page)[position];
  if (slot.offset + kCellHeaderBytes > kPageBytes) return {};
  return Inside(page, slot.offset + kCellHeaderBytes + slot.key_bytes, LoadLE<uint16_t>(page + slot.offset));
}
inline bool HasHighFence(const std::byte* page) { return !(HeaderOf(page).flags & kNoHighFence); }
inline uint32_t Count(const std::byte* page) {
  const uint32_t count = HeaderOf(page).count;
  return count < kSlotsMax ? count : static_cast<uint32_t>(kSlotsMax);
}

// First position whose key is >= key; *equal tells whether it is ==.
uint32_t LowerBound(const std::byte* page, Bytes key, bool* equal);
// The same, of a key that is known to lie between the fences (or to be the high one): does not look at them.
uint32_t LowerBoundCovered(const std::byte* page, Bytes key, bool* equal);
// Whether low <= key < high.
bool Covers(const std::byte* page, Bytes key);
// Whether low < key <= high; no key stands for above all.
bool CoversBelow(const std::byte* page, const Bytes* key);

// Of an inner node: position of the child that holds the key, or the place just below it (null: above all); the key is
// known to lie between the fences.
uint32_t ChildPositionCovered(const std::byte* page, Bytes key);
uint32_t ChildPositionBelowCovered(const std::byte* page, const Bytes* key);
// Position of the child that holds the key.
uint32_t ChildPosition(const std::byte* page, Bytes key);
// 0 when the page has no such child.
uint32_t Child(const std::byte* page, uint32_t position);

// Copies the whole key; returns its length.
size_t CopyKey(const std::byte* page, uint32_t position, std::byte* to);

size_t FreeBytes(const std::byte* page);
inline size_t UsedBytes(const std::byte* page) { return kPageBytes - kSlotsOffset - FreeBytes(page); }
// What an entry with this whole key takes, in this page.
size_t EntryBytes(const std::byte* page, size_t key_bytes, size_t value_bytes);
// Whether the entry fits, replacing the one at `position` when `replace`.
bool Fits(const std::byte* page, uint32_t position, bool replace, size_t key_bytes, size_t value_bytes);

// Empty when the page is consistent in itself, else what is wrong.
const char* Verify(const std::byte* page);

// Changing.

// Makes an empty node. No high fence when `high` is null. The LSN is 0.
void Init(std::byte* page, PageId id, TreeId tree, TreeKind kind, uint8_t level, Bytes low, const Bytes* high);
// Require room (Fits).
void Insert(std::byte* page, uint32_t position, Bytes key, Bytes value);
void Replace(std::byte* page, uint32_t position, Bytes value);
void Remove(std::byte* page, uint32_t position);
// Insert or Replace; false when there is no room.
bool Put(std::byte* page, Bytes key, Bytes value);
// Appends entries [from, to) of another node of the same tree and level. Requires order and room.
void AppendFrom(std::byte* page, const std::byte* other, uint32_t from, uint32_t to);
// Drops the entries at or above `separator`, which becomes the high fence.
void SplitLeft(std::byte* page, Bytes separator);
// Moves the cells together.
void Compact(std::byte* page);

void SetChecksum(std::byte* page);
bool ChecksumIsRight(const std::byte* page);

}  // namespace node

inline Bytes ChildValue(const uint32_t& number) {
  return {reinterpret_cast<const std::byte*>(&number), sizeof(number)};
}

}  // namespace phantom::btree
