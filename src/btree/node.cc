#include "btree/node.h"

#include <algorithm>
#include <cstring>

#include "common/check.h"
#include "common/checksum.h"

namespace phantom::btree::node {

size_t CopyKey(const std::byte* page, uint32_t position, std::byte* to) {
  const Bytes prefix = Prefix(page);
  const Bytes suffix = Suffix(page, position);
  if (!prefix.empty()) std::memcpy(to, prefix.data(), prefix.size());
  if (!suffix.empty()) std::memcpy(to + prefix.size(), suffix.data(), suffix.size());
  return prefix.size() + suffix.size();
}

size_t FreeBytes(const std::byte* page) {
  const PageHeader& header = HeaderOf(page);
  return header.heap + header.garbage - kSlotsOffset - header.count * sizeof(Slot);
}

static size_t CellBytes(size_t suffix_bytes, size_t value_bytes) {
  return kCellHeaderBytes + suffix_bytes + value_bytes;
}

size_t EntryBytes(const std::byte* page, size_t key_bytes, size_t value_bytes) {
  return sizeof(Slot) + CellBytes(key_bytes - HeaderOf(page).prefix_bytes, value_bytes);
}

bool Fits(const std::byte* page, uint32_t position, bool replace, size_t key_bytes, size_t value_bytes) {
  size_t room = FreeBytes(page);
  if (replace) room += EntryBytes(page, key_bytes, Value(page, position).size());
  return EntryBytes(page, key_bytes, value_bytes) <= room;
}

void Init(std::byte* page, PageId id, TreeId tree, TreeKind kind, uint8_t level, Bytes low, const Bytes* high) {
  std::memset(page, 0, kSlotsOffset);
  PageHeader& header = HeaderOf(page);
  header.page = id.value;
  header.tree = tree.value;
  header.type = PageType::kNode;
  header.level = level;
  header.kind = kind;
  header.version = kPageVersion;
  size_t at = kPageBytes - low.size();
  if (!low.empty()) std::memcpy(page + at, low.data(), low.size());
  header.low_offset = static_cast<uint16_t>(at);
  header.low_bytes = static_cast<uint16_t>(low.size());
  header.high_offset = header.low_offset;
  if (high == nullptr) {
    header.flags = kNoHighFence;
  } else {
    at -= high->size();
    std::memcpy(page + at, high->data(), high->size());
    header.high_offset = static_cast<uint16_t>(at);
    header.high_bytes = static_cast<uint16_t>(high->size());
    const auto [end, other] = std::mismatch(low.begin(), low.end(), high->begin(), high->end());
    header.prefix_bytes = static_cast<uint16_t>(end - low.begin());
  }
  header.heap = static_cast<uint16_t>(at);
}

// Puts a cell at the bottom of the heap, making the hole between slots and heap large enough.
static uint16_t AddCell(std::byte* page, size_t slots_after, Bytes suffix, Bytes value) {
  PageHeader& header = HeaderOf(page);
  const size_t bytes = CellBytes(suffix.size(), value.size());
  if (kSlotsOffset + slots_after * sizeof(Slot) + bytes > header.heap) Compact(page);
  PHANTOM_CHECK(kSlotsOffset + slots_after * sizeof(Slot) + bytes <= header.heap);
  header.heap = static_cast<uint16_t>(header.heap - bytes);
  std::byte* cell = page + header.heap;
  StoreLE(cell, static_cast<uint16_t>(value.size()));
  if (!suffix.empty()) std::memcpy(cell + kCellHeaderBytes, suffix.data(), suffix.size());
  if (!value.empty()) std::memcpy(cell + kCellHeaderBytes + suffix.size(), value.data(), value.size());
  return header.heap;
}

void Insert(std::byte* page, uint32_t position, Bytes key, Bytes value) {
  PageHeader& header = HeaderOf(page);
  PHANTOM_CHECK(position <= header.count && key.size() >= header.prefix_bytes);
  const Bytes suffix = key.subspan(header.prefix_bytes);
  const uint16_t offset = AddCell(page, header.count + 1u, suffix, value);
  Slot* slots = Slots(page);
  std::memmove(slots + position + 1, slots + position, (header.count - position) * sizeof(Slot));
  slots[position] = {offset, static_cast<uint16_t>(suffix.size()), HeadOf(suffix.data(), suffix.size())};
  ++header.count;
}

void Replace(std::byte* page, uint32_t position, Bytes value) {
  PageHeader& header = HeaderOf(page);
  PHANTOM_CHECK(position < header.count);
  Slot& slot = Slots(page)[position];
  const size_t old_bytes = LoadLE<uint16_t>(page + slot.offset);
  if (value.size() <= old_bytes) {
    std::byte* cell = page + slot.offset;
    StoreLE(cell, static_cast<uint16_t>(value.size()));
    if (!value.empty()) std::memmove(cell + kCellHeaderBytes + slot.key_bytes, value.data(), value.size());
    header.garbage = static_cast<uint16_t>(header.garbage + old_bytes - value.size());
    return;
  }
  // The suffix must outlive the compaction that AddCell may do: it is copied out, and the old cell dies.
  std::byte suffix[kPageBytes];
  const size_t suffix_bytes = slot.key_bytes;
  std::memcpy(suffix, page + slot.offset + kCellHeaderBytes, suffix_bytes);
  header.garbage = static_cast<uint16_t>(header.garbage + CellBytes(suffix_bytes, old_bytes));
  slot.offset = 0;
  slot.offset = AddCell(page, header.count, {suffix, suffix_bytes}, value);
}

void Remove(std::byte* page, uint32_t position) {
  PageHeader& header = HeaderOf(page);
  PHANTOM_CHECK(position < header.count);
  Slot* slots = Slots(page);
  const Slot slot = slots[position];
  header.garbage =
      static_cast<uint16_t>(header.garbage + CellBytes(slot.key_bytes, LoadLE<uint16_t>(page + slot.offset)));
  std::memmove(slots + position, slots + position + 1, (header.count - position - 1u) * sizeof(Slot));
  --header.count;
}

bool Put(std::byte* page, Bytes key, Bytes value) {
  bool equal;
  const uint32_t position = LowerBound(page, key, &equal);
  if (!Fits(page, position, equal, key.size(), value.size())) return false;
  if (equal) {
    Replace(page, position, value);
  } else {
    Insert(page, position, key, value);
  }
  return true;
}

void AppendFrom(std::byte* page, const std::byte* other, uint32_t from, uint32_t to) {
  const size_t prefix = HeaderOf(page).prefix_bytes;
  const size_t other_prefix = HeaderOf(other).prefix_bytes;
  std::byte key[kPageBytes];
  for (uint32_t i = from; i < to; ++i) {
    Bytes suffix = Suffix(other, i);
    if (prefix >= other_prefix) {
      suffix = suffix.subspan(prefix - other_prefix);
    } else {
      suffix = Bytes(key, CopyKey(other, i, key)).subspan(prefix);
    }
    PageHeader& header = HeaderOf(page);
    const uint16_t offset = AddCell(page, header.count + 1u, suffix, Value(other, i));
    Slots(page)[header.count] = {offset, static_cast<uint16_t>(suffix.size()), HeadOf(suffix.data(), suffix.size())};
    ++header.count;
  }
}

void SplitLeft(std::byte* page, Bytes separator) {
  alignas(8) std::byte old[kPageBytes];
  std::memcpy(old, page, kPageBytes);
  const PageHeader& header = HeaderOf(old);
  bool equal;
  const uint32_t keep = LowerBound(old, separator, &equal);
  Init(page, PageId(header.page), TreeId(header.tree), header.kind, header.level, LowFence(old), &separator);
  HeaderOf(page).lsn = header.lsn;
  AppendFrom(page, old, 0, keep);
}

void Compact(std::byte* page) {
  alignas(8) std::byte old[kPageBytes];
  std::memcpy(old, page, kPageBytes);
  PageHeader& header = HeaderOf(page);
  size_t at = kPageBytes;
  auto move = [&](size_t offset, size_t bytes) {
    at -= bytes;
    std::memcpy(page + at, old + offset, bytes);
    return static_cast<uint16_t>(at);
  };
  header.low_offset = move(header.low_offset, header.low_bytes);
  header.high_offset = HasHighFence(page) ? move(header.high_offset, header.high_bytes) : header.low_offset;
  Slot* slots = Slots(page);
  for (uint32_t i = 0; i < header.count; ++i) {
    // Offset 0 marks a cell that is being replaced.
    if (slots[i].offset == 0) continue;
    slots[i].offset = move(slots[i].offset, CellBytes(slots[i].key_bytes, LoadLE<uint16_t>(old + slots[i].offset)));
  }
  header.heap = static_cast<uint16_t>(at);
  header.garbage = 0;
}

const char* Verify(const std::byte* page) {
  const PageHeader& header = HeaderOf(page);
  if (header.type != PageType::kNode || header.version != kPageVersion) return "page is not a tree node";
  if (header.heap > kPageBytes || kSlotsOffset + header.count * sizeof(Slot) > header.heap)
    return "slots overlap cells";
  auto outside = [&](size_t offset, size_t bytes) { return offset < header.heap || offset + bytes > kPageBytes; };
  if (outside(header.low_offset, header.low_bytes) || outside(header.high_offset, header.high_bytes)) {
    return "fence outside the heap";
  }
  if (header.prefix_bytes > header.low_bytes) return "prefix longer than the low fence";
  if (HasHighFence(page) && CompareKeys(LowFence(page), HighFence(page)) >= 0) return "fences out of order";
  size_t used = header.low_bytes + header.high_bytes;
  const Slot* slots = Slots(page);
  std::byte keys[2][kPageBytes];
  Bytes previous;
  for (uint32_t i = 0; i < header.count; ++i) {
    if (outside(slots[i].offset, CellBytes(slots[i].key_bytes, 0))) return "cell outside the heap";
    const size_t bytes = CellBytes(slots[i].key_bytes, LoadLE<uint16_t>(page + slots[i].offset));
    if (outside(slots[i].offset, bytes)) return "cell outside the heap";
    used += bytes;
    const Bytes suffix = Suffix(page, i);
    if (slots[i].head != HeadOf(suffix.data(), suffix.size())) return "slot head does not match its key";
    if (header.prefix_bytes + suffix.size() > kKeyBytesMax) return "key too long";
    const Bytes key(keys[i % 2], CopyKey(page, i, keys[i % 2]));
    if (i > 0 && CompareKeys(previous, key) >= 0) return "keys out of order";
    if (!Covers(page, key)) return "key outside the fences";
    if (header.level > 0 && i == 0 && CompareKeys(LowFence(page), key) != 0)
      return "first child is not at the low fence";
    if (header.level > 0 && Value(page, i).size() != sizeof(uint32_t)) return "child pointer has a wrong size";
    previous = key;
  }
  if (used + header.garbage != kPageBytes - header.heap) return "space accounting is wrong";
  return nullptr;
}

void SetChecksum(std::byte* page) { HeaderOf(page).checksum = Checksum({page + 8, kPageBytes - 8}); }

bool ChecksumIsRight(const std::byte* page) { return HeaderOf(page).checksum == Checksum({page + 8, kPageBytes - 8}); }

}  // namespace phantom::btree::node
