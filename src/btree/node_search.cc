// Finding keys in a node. The slots' heads decide nearly always, so the cells are hardly looked at; and since every
// cache line counts, a large node's search begins where the key would be if heads were spread evenly.
#include <algorithm>
#include <cstring>

#include "btree/node.h"

namespace phantom::btree::node {

// Fewer slots than these lie in a few cache lines anyway.
static constexpr uint32_t kGuessSlotsMin = 48;
static constexpr uint32_t kFirstStep = 8;  // slots of a cache line

// Narrows [*low, *high), which holds the first slot that is not below a key with this head, by looking around the place
// where it should be.
static void Guess(const Slot* slots, uint32_t head, uint32_t* low, uint32_t* high) {
  const uint32_t last_slot = *high - 1;
  const uint32_t first = slots[0].head, last = slots[last_slot].head;
  if (first >= head || head >= last) return;
  uint32_t at = static_cast<uint32_t>(uint64_t{head - first} * last_slot / (last - first));
  uint32_t step = kFirstStep;
  if (slots[at].head < head) {
    for (;;) {
      *low = at + 1;
      at += step;
      if (at >= *high) return;
      if (slots[at].head >= head) break;
      step *= 2;
    }
    if (slots[at].head > head) *high = at;
  } else {
    for (;;) {
      if (slots[at].head > head) *high = at;
      if (at < step) return;
      at -= step;
      if (slots[at].head < head) break;
      step *= 2;
    }
    *low = at + 1;
  }
}

static uint32_t Search(const std::byte* page, uint32_t count, Bytes suffix, bool* equal) {
  const Slot* slots = Slots(page);
  const uint64_t long_head = KeyHead(suffix.data(), suffix.size());
  const auto head = static_cast<uint32_t>(long_head >> 32);
  uint32_t low = 0;
  uint32_t high = count;
  if (count >= kGuessSlotsMin) Guess(slots, head, &low, &high);
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    const Slot slot = slots[middle];
    bool less = slot.head < head;
    if (slot.head == head) {
      const size_t offset = size_t{slot.offset} + kCellHeaderBytes;
      if (offset + slot.key_bytes > kPageBytes) return low;
      const uint64_t slot_long_head = KeyHead(page + offset, slot.key_bytes);
      if (slot_long_head != long_head) {
        less = slot_long_head < long_head;
      } else {
        const int order = CompareKeys({page + offset, slot.key_bytes}, suffix);
        if (order == 0) {
          *equal = true;
          return middle;
        }
        less = order < 0;
      }
    }
    low = less ? middle + 1 : low;
    high = less ? high : middle;
  }
  return low;
}

uint32_t LowerBound(const std::byte* page, Bytes key, bool* equal) {
  *equal = false;
  const uint32_t count = Count(page);
  const Bytes prefix = Prefix(page);
  if (!prefix.empty()) {
    const size_t common = std::min(prefix.size(), key.size());
    const int order = std::memcmp(key.data(), prefix.data(), common);
    if (order < 0 || (order == 0 && key.size() < prefix.size())) return 0;
    if (order > 0) return count;
    key = key.subspan(prefix.size());
  }
  return Search(page, count, key, equal);
}

uint32_t LowerBoundCovered(const std::byte* page, Bytes key, bool* equal) {
  *equal = false;
  return Search(page, Count(page), key.subspan(std::min<size_t>(HeaderOf(page).prefix_bytes, key.size())), equal);
}

bool Covers(const std::byte* page, Bytes key) {
  return CompareKeys(LowFence(page), key) <= 0 && (!HasHighFence(page) || CompareKeys(key, HighFence(page)) < 0);
}

bool CoversBelow(const std::byte* page, const Bytes* key) {
  if (key == nullptr) return !HasHighFence(page);
  return CompareKeys(LowFence(page), *key) < 0 && (!HasHighFence(page) || CompareKeys(*key, HighFence(page)) <= 0);
}

uint32_t ChildPosition(const std::byte* page, Bytes key) {
  bool equal;
  const uint32_t position = LowerBound(page, key, &equal);
  return equal || position == 0 ? position : position - 1;
}

uint32_t ChildPositionCovered(const std::byte* page, Bytes key) {
  bool equal;
  const uint32_t position = LowerBoundCovered(page, key, &equal);
  return equal || position == 0 ? position : position - 1;
}

uint32_t ChildPositionBelowCovered(const std::byte* page, const Bytes* key) {
  bool equal;
  const uint32_t position = key == nullptr ? Count(page) : LowerBoundCovered(page, *key, &equal);
  return position == 0 ? 0 : position - 1;
}

uint32_t Child(const std::byte* page, uint32_t position) {
  if (position >= Count(page)) return 0;
  const Bytes value = Value(page, position);
  return value.size() == sizeof(uint32_t) ? LoadLE<uint32_t>(value.data()) : 0;
}

}  // namespace phantom::btree::node
