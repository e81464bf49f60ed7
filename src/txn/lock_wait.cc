// Waiting for a lock or for a transaction to end.
#include <algorithm>
#include <chrono>

#include "common/blocking_region.h"
#include "common/check.h"
#include "txn/lock_impl.h"

namespace phantom::txn {

using Clock = std::chrono::steady_clock;

void LockManager::Impl::BeginWait(HolderState& holder, const LockTag& tag, LockMode mode) {
  MutexLock lock(holder.wait_mutex);
  PHANTOM_CHECK(!holder.wait.waiting);
  holder.wait = Wait{};
  holder.wait.waiting = true;
  holder.wait.id = next_wait_id.fetch_add(1);
  holder.wait.tag = tag;
  holder.wait.mode = mode;
}

bool LockManager::Impl::Withdraw(HolderState& holder, Partition& partition) {
  MutexLock lock(partition.mutex);
  {
    MutexLock wait(holder.wait_mutex);
    if (!holder.wait.waiting) return false;
    holder.wait.waiting = false;
  }
  auto it = partition.objects.find(holder.wait.tag);
  PHANTOM_CHECK(it != partition.objects.end());
  std::erase(it->second.queue, &holder);
  const LockKind kind = holder.wait.tag.kind;
  if (kind != LockKind::kTransaction && kind != LockKind::kVirtualTransaction) Serve(it->second);
  if (it->second.empty()) partition.objects.erase(it);
  return true;
}

Status LockManager::Impl::Await(HolderState& holder, Partition& partition, bool deadlocked) {
  const Clock::time_point start = Clock::now();
  const bool limited = holder.lock_timeout_ms > 0;
  const Clock::time_point give_up = start + std::chrono::milliseconds(holder.lock_timeout_ms);
  const Clock::time_point check_at = start + std::chrono::milliseconds(deadlocked ? 0 : holder.deadlock_timeout_ms);
  bool checked = false;
  BlockingRegion region;
  for (;;) {
    bool cancelled = false;
    Clock::time_point now;
    {
      MutexLock lock(holder.wait_mutex);
      for (;;) {
        if (!holder.wait.waiting) return Status::Ok();
        const std::atomic<bool>* flag = holder.cancelled.load();
        cancelled = flag != nullptr && flag->load();
        now = Clock::now();
        if (cancelled || (limited && now >= give_up) || (!checked && now >= check_at)) break;
        if (checked && !limited) {
          holder.wake.wait(lock);
        } else {
          holder.wake.wait_until(lock, checked ? give_up : limited ? std::min(give_up, check_at) : check_at);
        }
      }
    }
    if (cancelled) {
      if (!Withdraw(holder, partition)) return Status::Ok();
      const std::atomic<bool>* timed_out = holder.timed_out.load();
      bool timeout = timed_out != nullptr && timed_out->load();
      return Error(sqlstate::kQueryCanceled, timeout ? "canceling statement due to statement timeout"
                                                     : "canceling statement due to user request");
    }
    if (limited && now >= give_up) {
      if (!Withdraw(holder, partition)) return Status::Ok();
      return Error(sqlstate::kLockNotAvailable, "canceling statement due to lock timeout");
    }
    checked = true;
    std::string detail;
    if (IsDeadlocked(holder, partition, &detail)) {
      return Error(sqlstate::kTRDeadlockDetected, "deadlock detected")
          .Detail(std::move(detail))
          .Hint("See server log for query details.");
    }
  }
}

void LockManager::TransactionBegan(TxnId id, LockHolder& holder) { holder.state_->transaction.store(id.value); }

Status LockManager::WaitForTransaction(LockHolder& holder, TxnId id, const std::function<bool()>& still_running) {
  HolderState& s = *holder.state_;
  const LockTag tag = LockTag::Transaction(id);
  Impl::Partition& partition = impl_->PartitionOf(tag);
  partition.transaction_waiters.fetch_add(1);
  {
    MutexLock lock(partition.mutex);
    partition.objects[tag].queue.push_back(&s);
    impl_->BeginWait(s, tag, LockMode::kShare);
  }
  // The end of the transaction either sees the counter raised, or is seen here.
  Status status;
  if (still_running()) {
    status = impl_->Await(s, partition);
  } else {
    impl_->Withdraw(s, partition);
  }
  partition.transaction_waiters.fetch_sub(1);
  return status;
}

void LockManager::TransactionEnded(TxnId id) {
  const LockTag tag = LockTag::Transaction(id);
  Impl::Partition& partition = impl_->PartitionOf(tag);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (partition.transaction_waiters.load() == 0) return;
  MutexLock lock(partition.mutex);
  auto it = partition.objects.find(tag);
  if (it == partition.objects.end()) return;
  for (HolderState* waiter : it->second.queue) impl_->Wake(*waiter, true);
  partition.objects.erase(it);
}

void LockManager::TransactionYielded(TxnId id) { TransactionEnded(id); }

}  // namespace phantom::txn
