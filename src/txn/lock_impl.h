// txn/lock_impl.h
//
// Inside the lock manager: the lock table's partitions, a holder's state, waits. Not for other rooms.
//
// Order of mutexes: registry (kDeadlock), a holder's fast_mutex (kLockHolder), a partition (kLockManager), a holder's
// wait_mutex (kLockWait). Nothing is held while a thread waits but wait_mutex, which the wait gives up.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/function_ref.h"
#include "common/mutex.h"
#include "txn/lock_manager.h"

namespace phantom::txn {

struct LockTagHash {
  size_t operator()(const LockTag& tag) const { return tag.Hash(); }
};

// What a holder waits for. Changed under the partition's mutex and wait_mutex both; read under either.
struct Wait {
  bool waiting = false;
  bool granted = false;
  bool jumps_queue = false;  // a deadlock over queue order was resolved in its favour
  uint64_t id = 0;           // of this wait, never reused
  int64_t start_us = 0;      // since 1970-01-01 UTC
  LockTag tag;
  LockMode mode{};
};

struct LockHolder::State {
  static constexpr size_t kFastSlots = 16;

  // Weak locks on a table, known to this holder alone until somebody wants a strong one.
  struct FastSlot {
    Oid database = 0;
    Oid relation = 0;  // 0: free
    LockModeSet modes = 0;
    bool in_table = false;  // a strong locker moved it into the lock table
  };
  struct Held {
    LockModeSet transaction = 0;
    LockModeSet session = 0;
    std::array<uint32_t, kLockModeCount + 1> session_counts{};
    LockModeSet modes() const { return transaction | session; }
  };
  State(LockManager& m, int32_t pid, uint32_t n) : manager(m), process_id(pid), number(n) {}

  LockManager& manager;
  const int32_t process_id;
  const uint32_t number;  // never reused
  std::atomic<uint32_t> ended{0};  // transactions of this holder that have ended
  std::atomic<uint64_t> transaction{0};  // TxnId that runs for this holder
  std::atomic<bool> prepared{false};     // and is prepared
  std::atomic<bool> in_transaction{false};

  Mutex fast_mutex{LockRank::kLockHolder};
  std::array<FastSlot, kFastSlots> fast;

  // The owner's thread only.
  std::unordered_map<LockTag, Held, LockTagHash> held;  // locks in the table, without those moved there
  std::vector<HeldLock> journal;                        // transaction-level locks in order
  int64_t lock_timeout_ms = 0;
  int64_t deadlock_timeout_ms = 1000;
  bool log_waits = false;

  std::atomic<const std::atomic<bool>*> cancelled{nullptr};
  std::atomic<const std::atomic<bool>*> timed_out{nullptr};

  uint64_t searched = 0;  // the last search that came by; under registry_mutex

  Mutex wait_mutex{LockRank::kLockWait};
  ConditionVariable wake;
  Wait wait;
};

using HolderState = LockHolder::State;

// One thing that is locked or waited for.
struct LockObject {
  struct Grant {
    HolderState* holder;
    LockModeSet modes;
  };
  std::vector<Grant> grants;
  std::vector<HolderState*> queue;  // in the order they will be served

  LockModeSet GrantedToOthers(const HolderState* holder) const {
    LockModeSet modes = 0;
    for (const Grant& grant : grants) modes |= grant.holder == holder ? 0 : grant.modes;
    return modes;
  }
  LockModeSet GrantedTo(const HolderState* holder) const {
    for (const Grant& grant : grants) {
      if (grant.holder == holder) return grant.modes;
    }
    return 0;
  }
  bool empty() const { return grants.empty() && queue.empty(); }
};

struct LockManager::Impl {
  static constexpr size_t kPartitions = 64;
  static constexpr size_t kStrongStripes = 1024;

  struct alignas(64) Partition {
    mutable Mutex mutex{LockRank::kLockManager};
    std::unordered_map<LockTag, LockObject, LockTagHash> objects;
    std::atomic<uint32_t> transaction_waiters{0};  // for ends of transactions, and for safe snapshots
  };
  struct Blocker {
    HolderState* holder;
    bool queue_only;  // only ahead in the queue, holds nothing that conflicts
  };
  struct Edge {
    HolderState* waiter;
    uint64_t wait_id;
    LockTag tag;
    LockMode mode;
    bool queue_only;
  };

  Partition& PartitionOf(const LockTag& tag) { return partitions[tag.Hash() % kPartitions]; }
  std::atomic<uint32_t>& StrongOf(const LockTag& tag) { return strong[tag.Hash() / kPartitions % kStrongStripes]; }

  explicit Impl(uint64_t limit) : objects_max(limit) {}

  // lock_manager.cc. `partition` is locked in those that take an object.
  // Made when it is not there. Null: there are too many.
  LockObject* ObjectOf(Partition& partition, const LockTag& tag, bool limited);
  void DropIfEmpty(Partition& partition, const LockTag& tag);
  void AddGrant(LockObject& object, HolderState& holder, LockMode mode);
  void RemoveGrant(Partition& partition, const LockTag& tag, HolderState& holder, LockMode mode);
  void Serve(LockObject& object);
  void Wake(HolderState& holder, bool granted);
  void MoveFastLocks(const LockTag& tag);
  // Takes the lock in the table; nullopt from a kSkip or kNoWait request that would wait.
  Result<bool> AcquireInTable(HolderState& holder, const LockTag& tag, LockMode mode, WaitPolicy policy);
  void ReleaseInTable(HolderState& holder, const LockTag& tag, LockMode mode);

  // lock_wait.cc. The wait is registered; ends with it deregistered. deadlocked: it looks like a deadlock already.
  Status Await(HolderState& holder, Partition& partition, bool deadlocked = false);
  // Waits for an end that WakeAll(tag) tells of, if `waiters` is not 0 then.
  Status AwaitEnd(HolderState& holder, const LockTag& tag, std::atomic<uint32_t>& waiters, FunctionRef<bool()> still_running);
  void WakeAll(const LockTag& tag);
  // The same of what transaction_waiters counts.
  void EndAwaited(const LockTag& tag);
  // Takes the waiter out of its queue; false when it was granted or woken meanwhile.
  bool Withdraw(HolderState& holder, Partition& partition);
  void BeginWait(HolderState& holder, const LockTag& tag, LockMode mode);

  // lock_drain.cc. The holders of locks that conflict with the mode, but for `self`.
  struct Locker {
    VirtualTransaction transaction;
    int32_t process_id;
  };
  std::vector<Locker> Lockers(const HolderState& self, const LockTag& tag, LockMode mode);
  void EndVirtual(HolderState& holder);

  // deadlock.cc
  // kDeadlock, with the report, when `self` waits in a cycle that only an error can break: self is withdrawn then. kQueueOrder:
  // there was one that letting somebody pass has broken. kChanging: what was found did not last, so there may be another.
  enum class Found : uint8_t { kNothing, kChanging, kQueueOrder, kDeadlock };
  Found CheckDeadlock(HolderState& self, Partition& partition, std::string* detail);
  std::optional<Wait> WaitOf(HolderState& holder);
  // Who runs which transaction, as of one look at the holders. registry_mutex is held.
  using Running = std::unordered_map<uint64_t, HolderState*>;
  Running RunningTransactions() const;
  std::vector<Blocker> BlockersOf(HolderState& waiter, const Wait& wait, const Running& running);
  bool FindCycle(HolderState& self, HolderState& at, const Running& running, std::vector<Edge>& path);
  bool StillHolds(const std::vector<Edge>& cycle);
  bool ResolveByQueue(const std::vector<Edge>& cycle);

  const uint64_t objects_max;
  std::atomic<uint64_t> object_count{0};
  std::array<Partition, kPartitions> partitions;
  std::array<std::atomic<uint32_t>, kStrongStripes> strong{};
  std::atomic<uint64_t> next_wait_id{1};
  std::atomic<uint32_t> next_holder{1};
  std::atomic<uint32_t> virtual_waiters{0};  // for virtual transactions

  uint64_t last_search = 0;  // of searches for a cycle

  mutable Mutex registry_mutex{LockRank::kDeadlock};
  std::vector<HolderState*> holders;
};

}  // namespace phantom::txn
