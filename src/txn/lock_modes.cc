#include "txn/lock_modes.h"

namespace phantom::txn {

const char* LockModeName(LockMode mode) {
  static constexpr const char* kNames[kLockModeCount + 1] = {
      "",          "AccessShareLock",       "RowShareLock",  "RowExclusiveLock",    "ShareUpdateExclusiveLock",
      "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
  };
  return kNames[static_cast<int>(mode)];
}

}  // namespace phantom::txn
