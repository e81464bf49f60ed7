// common/mutex.h
//
// Mutexes with a rank. A thread may take a mutex only when its rank is higher than that of every
// mutex the thread holds; debug builds check this on every lock. The order is docs/LOCKS.md.
#pragma once
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "common/lock_rank.h"

namespace phantom {

#ifdef NDEBUG
inline void PushLockRank(LockRank) {}
inline void PopLockRank(LockRank) {}
#else
// Aborts when a mutex of the same or a higher rank is held by this thread.
void PushLockRank(LockRank rank);
void PopLockRank(LockRank rank);
#endif

template <typename Base>
class RankedMutex {
 public:
  explicit RankedMutex(LockRank rank) : rank_(rank) {}
  RankedMutex(const RankedMutex&) = delete;
  RankedMutex& operator=(const RankedMutex&) = delete;

  void lock() {
    PushLockRank(rank_);
    base_.lock();
  }
  // Whoever gets the mutex next may destroy it: nothing of it is touched once it is free.
  void unlock() {
    PopLockRank(rank_);
    base_.unlock();
  }
  void lock_shared() requires requires(Base& b) { b.lock_shared(); } {
    PushLockRank(rank_);
    base_.lock_shared();
  }
  void unlock_shared() requires requires(Base& b) { b.unlock_shared(); } {
    base_.unlock_shared();
    PopLockRank(rank_);
  }

 private:
  Base base_;
  const LockRank rank_;
};

using Mutex = RankedMutex<std::mutex>;
using SharedMutex = RankedMutex<std::shared_mutex>;
using MutexLock = std::unique_lock<Mutex>;
using SharedLock = std::shared_lock<SharedMutex>;
using ExclusiveLock = std::unique_lock<SharedMutex>;
// Waits on a Mutex held by a MutexLock.
using ConditionVariable = std::condition_variable_any;

}  // namespace phantom
