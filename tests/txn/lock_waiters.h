// tests/txn/lock_waiters.h
//
// Waiting until somebody waits for a lock.
#pragma once
#include <thread>

#include "txn/lock_manager.h"

namespace phantom::txn {

// Returns when the process is seen waiting.
inline void AwaitWaiter(LockManager& manager, int32_t process_id) {
  for (;;) {
    for (const LockInfo& info : manager.Locks()) {
      if (info.process_id == process_id && !info.granted) return;
    }
    std::this_thread::yield();
  }
}

}  // namespace phantom::txn
