// lsm/block_cache.h
//
// Bounded memory for what was read of segments: opened blocks, dictionaries, symbol tables. Each thing that can be in
// memory has a CacheSlot where its reader looks; so a look-up is one atomic step, without hashing and without a lock.
// Who looks pins what is there until the pin goes; the cache throws out what is not pinned and was not used lately (the
// clock algorithm).
//
// Thread safety: all methods may be called from any thread. Lock order: one mutex of rank kBufferPool, not held over
// I/O; taken when something is put in or thrown out, not when something is found.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "common/check.h"
#include "common/mutex.h"

namespace phantom::lsm {

class CacheSlot;

class CacheEntry {
 public:
  virtual ~CacheEntry() = default;
  virtual size_t memory_bytes() const = 0;

 private:
  friend class BlockCache;
  friend class CacheSlot;
  std::atomic<bool> used_{false};  // since the hand passed; what is read once goes before what is read again
  CacheSlot* slot_ = nullptr;
  size_t bytes_ = 0;
};

// Where an entry is while it is in memory: its address in the upper 48 bits, the number of pins in the lower 16.
class CacheSlot {
 public:
  // Null when there is nothing.
  CacheEntry* Pin() {
    uint64_t word = word_.load(std::memory_order_acquire);
    while (word != 0) {
      if (word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire)) {
        PHANTOM_DCHECK((word & kPins) != kPins);
        CacheEntry* entry = EntryOf(word);
        if (!entry->used_.load(std::memory_order_relaxed)) entry->used_.store(true, std::memory_order_relaxed);
        return entry;
      }
    }
    return nullptr;
  }
  void Unpin() { word_.fetch_sub(1, std::memory_order_release); }

 private:
  friend class BlockCache;
  static constexpr uint64_t kPins = 0xffff;
  static CacheEntry* EntryOf(uint64_t word) { return reinterpret_cast<CacheEntry*>(word >> 16); }

  std::atomic<uint64_t> word_{0};
};

// Holds an entry of the type in memory.
template <typename T>
class CachePin {
 public:
  CachePin() = default;
  // What the slot holds, pinned; or nothing.
  explicit CachePin(CacheSlot& slot) : CachePin(slot, slot.Pin()) {}
  // Takes over a pin.
  CachePin(CacheSlot& slot, CacheEntry* pinned) : slot_(&slot), entry_(static_cast<T*>(pinned)) {}
  CachePin(CachePin&& other) noexcept : slot_(other.slot_), entry_(std::exchange(other.entry_, nullptr)) {}
  CachePin& operator=(CachePin&& other) noexcept {
    std::swap(slot_, other.slot_);
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~CachePin() {
    if (entry_ != nullptr) slot_->Unpin();
  }

  explicit operator bool() const { return entry_ != nullptr; }
  const T* operator->() const { return entry_; }
  const T& operator*() const { return *entry_; }

 private:
  CacheSlot* slot_ = nullptr;
  T* entry_ = nullptr;
};

class BlockCache {
 public:
  // May be passed by what is pinned, and by one entry larger than that.
  explicit BlockCache(size_t bytes_max) : bytes_max_(bytes_max) {}
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  // Fills the slot and pins it. When another thread was faster its entry stays and is returned. The slot must be
  // emptied with Remove() before it goes.
  CacheEntry* Put(CacheSlot& slot, std::unique_ptr<CacheEntry> entry);
  // Empties slots that are not pinned and that nobody fills any more.
  void Remove(std::span<CacheSlot> slots);

  // From now on; throws out what is too much.
  void SetBytesMax(size_t bytes_max);

  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  size_t bytes_max() const { return bytes_max_.load(std::memory_order_relaxed); }

 private:
  // Requires the mutex. What it throws out is destroyed by the caller, without the mutex.
  void MakeRoom(std::vector<std::unique_ptr<CacheEntry>>* out);

  std::atomic<size_t> bytes_max_;
  Mutex mutex_{LockRank::kBufferPool};
  std::atomic<size_t> bytes_{0};
  std::vector<CacheEntry*> entries_;  // in no order; the clock's hand goes round
  size_t hand_ = 0;
};

}  // namespace phantom::lsm
