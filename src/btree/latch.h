// btree/latch.h
//
// The latch of a frame: one word with a version, an exclusive bit, a bit that holds new readers
// back while a writer waits, and a count of shared holders. Every exclusive hold changes the
// version, so an optimistic reader can tell afterwards whether what it read was stable.
//
// Latches are held for short times and never over a wait for anything else, so waiting is spinning,
// then yielding.
#pragma once
#include <atomic>
#include <cstdint>

namespace phantom::btree {

// Waits a little longer each time.
class Backoff {
 public:
  void Pause();

 private:
  uint32_t turns_ = 0;
};

class Latch {
 public:
  // The version to pass to Validate() after reading; waits while exclusively held.
  uint64_t BeginOptimistic() const {
    uint64_t word = word_.load(std::memory_order_acquire);
    if (word & kExclusive) [[unlikely]]
      word = WaitOptimistic();
    return word & kVersionMask;
  }
  // True when nothing has changed since BeginOptimistic() returned `version`.
  bool Validate(uint64_t version) const {
    std::atomic_thread_fence(std::memory_order_acquire);
    return (word_.load(std::memory_order_relaxed) & (kVersionMask | kExclusive)) == version;
  }

  void LockShared() {
    uint64_t word = word_.load(std::memory_order_relaxed);
    if ((word & (kExclusive | kWaiting)) || !word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire,
                                                                         std::memory_order_relaxed)) [[unlikely]] {
      LockSharedSlow();
    }
  }
  void UnlockShared() { word_.fetch_sub(1, std::memory_order_release); }

  void LockExclusive() {
    if (!TryLockExclusive()) [[unlikely]]
      LockExclusiveSlow();
  }
  bool TryLockExclusive() {
    uint64_t word = word_.load(std::memory_order_relaxed);
    return !(word & (kExclusive | kSharedMask)) &&
           word_.compare_exchange_strong(word, (word | kExclusive) & ~kWaiting, std::memory_order_acquire,
                                         std::memory_order_relaxed);
  }
  // Succeeds only when nothing has changed since `version` and nobody holds the latch.
  bool TryUpgrade(uint64_t version) {
    uint64_t word = word_.load(std::memory_order_relaxed);
    return (word & (kVersionMask | kExclusive | kSharedMask)) == version &&
           word_.compare_exchange_strong(word, (word | kExclusive) & ~kWaiting, std::memory_order_acquire,
                                         std::memory_order_relaxed);
  }
  void UnlockExclusive() {
    uint64_t word = word_.load(std::memory_order_relaxed);
    // Only the waiting bit can change under an exclusive hold.
    while (!word_.compare_exchange_weak(word,
                                        (word & kWaiting) | (((word & kVersionMask) + kVersionStep) & kVersionMask),
                                        std::memory_order_release, std::memory_order_relaxed)) {
    }
  }

 private:
  static constexpr uint64_t kExclusive = uint64_t{1} << 63;
  static constexpr uint64_t kWaiting = uint64_t{1} << 62;
  static constexpr uint64_t kSharedMask = 0xFFFF;
  static constexpr uint64_t kVersionStep = 0x10000;
  static constexpr uint64_t kVersionMask = ~(kExclusive | kWaiting | kSharedMask);

  uint64_t WaitOptimistic() const;
  void LockSharedSlow();
  void LockExclusiveSlow();

  std::atomic<uint64_t> word_ = 0;
};

}  // namespace phantom::btree
