// Waiting for those who hold a lock, without standing in anybody's way: for the end of their transactions.
#include <algorithm>

#include "txn/lock_impl.h"

namespace phantom::txn {

std::vector<LockManager::Impl::Locker> LockManager::Impl::Lockers(const HolderState& self, const LockTag& tag,
                                                                  LockMode mode) {
  std::vector<Locker> lockers;
  const LockModeSet conflicts = ConflictsOf(mode);
  const auto add = [&](const HolderState& holder) {
    if (&holder == &self) return;
    const VirtualTransaction transaction{holder.number, holder.ended.load() + 1};
    const bool known = std::any_of(lockers.begin(), lockers.end(),
                                   [&](const Locker& locker) { return locker.transaction == transaction; });
    if (!known) lockers.push_back({transaction, holder.process_id});
  };
  // Holders are neither made nor gone while the registry is held, and what moves from their slots to the table moves under it.
  MutexLock registry(registry_mutex);
  for (HolderState* holder : holders) {
    MutexLock fast(holder->fast_mutex);
    for (const HolderState::FastSlot& slot : holder->fast) {
      if (slot.relation != tag.object || slot.database != tag.database || slot.in_table) continue;
      if ((slot.modes & conflicts) != 0) add(*holder);
    }
  }
  Partition& partition = PartitionOf(tag);
  MutexLock lock(partition.mutex);
  const auto found = partition.objects.find(tag);
  if (found == partition.objects.end()) return lockers;
  for (const LockObject::Grant& grant : found->second.grants) {
    if ((grant.modes & conflicts) != 0) add(*grant.holder);
  }
  return lockers;
}

void LockManager::Impl::EndVirtual(HolderState& holder) {
  const VirtualTransaction transaction{holder.number, holder.ended.fetch_add(1) + 1};
  if (virtual_waiters.load() == 0) [[likely]] return;
  WakeAll(LockTag::Virtual(transaction));
}

Status LockManager::WaitForVirtual(LockHolder& holder, const VirtualTransaction& transaction) {
  HolderState& s = *holder.state_;
  if (transaction.holder == s.number) return Status::Ok();
  const auto still_running = [&] {
    MutexLock registry(impl_->registry_mutex);
    return std::any_of(impl_->holders.begin(), impl_->holders.end(), [&](const HolderState* each) {
      return each->number == transaction.holder && each->ended.load() + 1 == transaction.serial;
    });
  };
  return impl_->AwaitEnd(s, LockTag::Virtual(transaction), impl_->virtual_waiters, still_running);
}

Status LockManager::WaitForLockers(LockHolder& holder, const LockTag& tag, LockMode mode) {
  for (const Impl::Locker& locker : impl_->Lockers(*holder.state_, tag, mode)) {
    RETURN_IF_ERROR(WaitForVirtual(holder, locker.transaction));
  }
  // A transaction that was prepared meanwhile keeps its locks, under a holder that is no session's.
  for (const Impl::Locker& locker : impl_->Lockers(*holder.state_, tag, mode)) {
    if (locker.process_id == 0) RETURN_IF_ERROR(WaitForVirtual(holder, locker.transaction));
  }
  return Status::Ok();
}

}  // namespace phantom::txn
