#include "btree/latch.h"

#include <sched.h>

#include <ctime>

namespace phantom::btree {

static constexpr uint32_t kSpins = 64;
static constexpr uint32_t kYields = 256;

void Backoff::Pause() {
  ++turns_;
  if (turns_ < kSpins) {
    __builtin_ia32_pause();
  } else if (turns_ < kSpins + kYields) {
    ::sched_yield();
  } else {
    timespec pause{0, 50'000};
    ::nanosleep(&pause, nullptr);
  }
}

uint64_t Latch::WaitOptimistic() const {
  Backoff backoff;
  for (;;) {
    backoff.Pause();
    uint64_t word = word_.load(std::memory_order_acquire);
    if (!(word & kExclusive)) return word;
  }
}

void Latch::LockSharedSlow() {
  Backoff backoff;
  for (uint32_t turns = 0;; ++turns) {
    uint64_t word = word_.load(std::memory_order_relaxed);
    // A writer that waits goes first, but one that was descheduled must not hold readers back for long.
    const uint64_t obstacles = turns < kSpins * 2 ? kExclusive | kWaiting : kExclusive;
    if (!(word & obstacles) &&
        word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
      return;
    }
    backoff.Pause();
  }
}

void Latch::LockExclusiveSlow() {
  Backoff backoff;
  while (!TryLockExclusive()) {
    word_.fetch_or(kWaiting, std::memory_order_relaxed);
    backoff.Pause();
  }
}

}  // namespace phantom::btree
