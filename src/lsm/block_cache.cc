#include "lsm/block_cache.h"

#include <algorithm>

namespace phantom::lsm {

BlockCache::~BlockCache() { PHANTOM_CHECK(entries_.empty()); }

CacheEntry* BlockCache::Put(CacheSlot& slot, std::unique_ptr<CacheEntry> entry) {
  std::vector<std::unique_ptr<CacheEntry>> thrown_out;
  {
    MutexLock lock(mutex_);
    // Only under the mutex is a slot filled.
    if (CacheEntry* present = slot.Pin()) return present;
    entry->slot_ = &slot;
    entry->bytes_ = entry->memory_bytes();
    const auto address = reinterpret_cast<uint64_t>(entry.get());
    PHANTOM_CHECK(address >> 48 == 0);
    slot.word_.store(address << 16 | 1, std::memory_order_release);
    bytes_.fetch_add(entry->bytes_, std::memory_order_relaxed);
    entries_.push_back(entry.get());
    MakeRoom(&thrown_out);
  }
  return entry.release();
}

void BlockCache::SetBytesMax(size_t bytes_max) {
  std::vector<std::unique_ptr<CacheEntry>> thrown_out;
  MutexLock lock(mutex_);
  bytes_max_.store(bytes_max, std::memory_order_relaxed);
  MakeRoom(&thrown_out);
}

void BlockCache::MakeRoom(std::vector<std::unique_ptr<CacheEntry>>* out) {
  // Twice round: the first time takes the marks of use away.
  for (size_t steps = entries_.size() * 2; bytes() > bytes_max() && steps > 0; --steps) {
    if (hand_ >= entries_.size()) hand_ = 0;
    CacheEntry* entry = entries_[hand_];
    uint64_t unpinned = reinterpret_cast<uint64_t>(entry) << 16;
    if (entry->used_.exchange(false, std::memory_order_relaxed) ||
        !entry->slot_->word_.compare_exchange_strong(unpinned, 0, std::memory_order_acquire)) {
      ++hand_;
      continue;
    }
    bytes_.fetch_sub(entry->bytes_, std::memory_order_relaxed);
    out->emplace_back(entry);
    entries_[hand_] = entries_.back();
    entries_.pop_back();
  }
}

void BlockCache::Remove(std::span<CacheSlot> slots) {
  std::vector<std::unique_ptr<CacheEntry>> removed;
  MutexLock lock(mutex_);
  for (CacheSlot& slot : slots) {
    const uint64_t word = slot.word_.exchange(0, std::memory_order_acquire);
    if (word == 0) continue;
    PHANTOM_CHECK((word & CacheSlot::kPins) == 0);
    removed.emplace_back(CacheSlot::EntryOf(word));
    bytes_.fetch_sub(removed.back()->bytes_, std::memory_order_relaxed);
    removed.back()->slot_ = nullptr;
  }
  if (!removed.empty()) std::erase_if(entries_, [](const CacheEntry* entry) { return entry->slot_ == nullptr; });
}

}  // namespace phantom::lsm
