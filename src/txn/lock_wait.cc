// Waiting for a lock or for a transaction to end.
#include <algorithm>
#include <chrono>

#include "common/blocking_region.h"
#include "common/check.h"
#include "common/log.h"
#include "txn/lock_impl.h"

namespace phantom::txn {

using Clock = std::chrono::steady_clock;

namespace {

constexpr int64_t kLookAgainMs = 20;

// What is held, as against what only ends.
bool IsLock(LockKind kind) {
  return kind != LockKind::kTransaction && kind != LockKind::kVirtualTransaction && kind != LockKind::kSafeSnapshot;
}

}  // namespace

void LockManager::Impl::BeginWait(HolderState& holder, const LockTag& tag, LockMode mode) {
  MutexLock lock(holder.wait_mutex);
  PHANTOM_CHECK(!holder.wait.waiting);
  holder.wait = Wait{};
  holder.wait.waiting = true;
  holder.wait.id = next_wait_id.fetch_add(1);
  holder.wait.tag = tag;
  holder.wait.mode = mode;
  holder.wait.start_us =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
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
  if (IsLock(holder.wait.tag.kind)) Serve(it->second);
  DropIfEmpty(partition, holder.wait.tag);
  return true;
}

namespace {

// What log_lock_waits tells of one wait.
class WaitLog {
 public:
  explicit WaitLog(const HolderState& holder, Clock::time_point start)
      : holder_(holder), start_(start), tag_(holder.wait.tag), mode_(holder.wait.mode) {}

  // "process 5 <what> ShareLock on transaction 7<how> after 1000.123 ms".
  void Tell(const char* what, const char* how = "") {
    if (!holder_.log_waits) return;
    told_ = true;
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start_).count();
    Log(LogLevel::kLog, "process %d %s %s on %s%s after %lld.%03d ms", holder_.process_id, what, LockModeName(mode_),
        tag_.ToString().c_str(), how, static_cast<long long>(us / 1000), static_cast<int>(us % 1000));
  }
  void TellAcquired() {
    if (told_) Tell("acquired");
  }

 private:
  const HolderState& holder_;
  const Clock::time_point start_;
  const LockTag tag_;
  const LockMode mode_;
  bool told_ = false;
};

}  // namespace

Status LockManager::Impl::Await(HolderState& holder, Partition& partition, bool deadlocked) {
  const Clock::time_point start = Clock::now();
  const bool for_safe_snapshot = holder.wait.tag.kind == LockKind::kSafeSnapshot;
  const bool limited = holder.lock_timeout_ms > 0 && !for_safe_snapshot;
  const Clock::time_point give_up = start + std::chrono::milliseconds(holder.lock_timeout_ms);
  Clock::time_point check_at = start + std::chrono::milliseconds(deadlocked ? 0 : holder.deadlock_timeout_ms);
  bool checked = for_safe_snapshot;
  WaitLog log(holder, start);
  BlockingRegion region;
  for (;;) {
    bool cancelled = false, over = false;
    Clock::time_point now;
    {
      MutexLock lock(holder.wait_mutex);
      for (;;) {
        over = !holder.wait.waiting;
        if (over) break;
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
    if (over) {
      log.TellAcquired();
      return Status::Ok();
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
    const Found found = CheckDeadlock(holder, partition, &detail);
    if (found == Found::kDeadlock) {
      log.Tell("detected deadlock while waiting for");
      return Error(sqlstate::kTRDeadlockDetected, "deadlock detected")
          .Detail(std::move(detail))
          .Hint("See server log for query details.");
    }
    if (found == Found::kChanging) {
      // The waits changed while they were looked at. The next look is soon, by when what is left of them has settled.
      check_at = now + std::chrono::milliseconds(std::min<int64_t>(holder.deadlock_timeout_ms, kLookAgainMs));
      checked = false;
      continue;
    }
    if (found == Found::kQueueOrder) log.Tell("avoided deadlock for", " by rearranging queue order");
    log.Tell("still waiting for");
  }
}

void LockManager::TransactionBegan(TxnId id, LockHolder& holder) { holder.state_->transaction.store(id.value); }

Status LockManager::Impl::AwaitEnd(HolderState& holder, const LockTag& tag, std::atomic<uint32_t>& waiters,
                                   FunctionRef<bool()> still_running) {
  Partition& partition = PartitionOf(tag);
  waiters.fetch_add(1);
  {
    MutexLock lock(partition.mutex);
    partition.objects[tag].queue.push_back(&holder);
    BeginWait(holder, tag, LockMode::kShare);
  }
  // The end either sees the counter raised, or is seen here.
  Status status;
  if (still_running()) {
    status = Await(holder, partition);
  } else {
    Withdraw(holder, partition);
  }
  waiters.fetch_sub(1);
  return status;
}

void LockManager::Impl::WakeAll(const LockTag& tag) {
  Partition& partition = PartitionOf(tag);
  MutexLock lock(partition.mutex);
  const auto found = partition.objects.find(tag);
  if (found == partition.objects.end()) return;
  for (HolderState* waiter : found->second.queue) Wake(*waiter, true);
  partition.objects.erase(found);
}

Status LockManager::WaitForTransaction(LockHolder& holder, TxnId id, const std::function<bool()>& still_running) {
  const LockTag tag = LockTag::Transaction(id);
  return impl_->AwaitEnd(*holder.state_, tag, impl_->PartitionOf(tag).transaction_waiters, still_running);
}

void LockManager::Impl::EndAwaited(const LockTag& tag) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (PartitionOf(tag).transaction_waiters.load() != 0) WakeAll(tag);
}

void LockManager::TransactionEnded(TxnId id) { impl_->EndAwaited(LockTag::Transaction(id)); }

Status LockManager::WaitForSafeSnapshot(LockHolder& holder, uint64_t number, const std::function<bool()>& still_open) {
  const LockTag tag = LockTag::SafeSnapshot(number);
  return impl_->AwaitEnd(*holder.state_, tag, impl_->PartitionOf(tag).transaction_waiters, still_open);
}

void LockManager::SafeSnapshotDecided(uint64_t number) { impl_->EndAwaited(LockTag::SafeSnapshot(number)); }

void LockManager::TransactionYielded(TxnId id) { TransactionEnded(id); }

}  // namespace phantom::txn
