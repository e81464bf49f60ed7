// txn/key_locks.h
//
// Makes "look for a conflicting key, then insert mine" atomic among inserters of the same unique key. Held over page
// reads, never over a wait for a transaction, so it cannot be part of a deadlock.
//
// Thread safety: any thread. Mutexes of rank kRowLocks; the guard itself is not a mutex.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "common/mutex.h"

namespace phantom::txn {

class KeyLocks {
  static constexpr size_t kStripes = 256;
  struct Busy {
    uint64_t key;
    uint64_t number;
  };
  struct alignas(64) Stripe {
    Mutex mutex{LockRank::kRowLocks};
    ConditionVariable free;
    std::vector<Busy> busy;
    uint64_t taken = 0;  // so often

    auto Find(uint64_t key) { return std::ranges::find(busy, key, &Busy::key); }
  };

 public:
  class Guard {
   public:
    Guard(KeyLocks& locks, uint64_t key_hash) : stripe_(locks.stripes_[key_hash % kStripes]), key_(key_hash) {
      MutexLock lock(stripe_.mutex);
      while (stripe_.Find(key_) != stripe_.busy.end()) stripe_.free.wait(lock);
      stripe_.busy.push_back({key_, ++stripe_.taken});
    }
    ~Guard() {
      MutexLock lock(stripe_.mutex);
      stripe_.busy.erase(stripe_.Find(key_));
      stripe_.free.notify_all();
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Stripe& stripe_;
    const uint64_t key_;
  };

  // Waits until all guards that there are have gone.
  void AwaitAll() {
    for (Stripe& stripe : stripes_) {
      MutexLock lock(stripe.mutex);
      const uint64_t last = stripe.taken;
      while (std::ranges::any_of(stripe.busy, [&](const Busy& busy) { return busy.number <= last; })) stripe.free.wait(lock);
    }
  }

 private:
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace phantom::txn
