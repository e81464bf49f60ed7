// Locks that pass from a session to its prepared transaction.
#include <utility>

#include "common/check.h"
#include "txn/lock_impl.h"

namespace phantom::txn {

std::vector<HeldLock> LockHolder::TransactionLocks() const { return state_->journal; }

bool LockHolder::MixesLevels() const {
  for (const auto& [tag, held] : state_->held) {
    if (held.transaction != 0 && held.session != 0) return true;
  }
  return false;
}

void LockHolder::SetPrepared() { state_->prepared = true; }

void LockHolder::HandTo(LockHolder& prepared) {
  State& from = *state_;
  State& to = *prepared.state_;
  LockManager::Impl& impl = *from.manager.impl_;
  PHANTOM_CHECK(&from.manager == &to.manager && to.journal.empty() && !MixesLevels());
  // While this is held nobody moves private records into the table, looks for a deadlock, or lists locks.
  MutexLock registry(impl.registry_mutex);
  const auto regrant = [&](const LockTag& tag) {
    LockManager::Impl::Partition& partition = impl.PartitionOf(tag);
    MutexLock lock(partition.mutex);
    for (LockObject::Grant& grant : partition.objects.at(tag).grants) {
      if (grant.holder == &from) grant.holder = &to;
    }
  };
  to.prepared = true;
  to.transaction = from.transaction.load();
  std::array<State::FastSlot, State::kFastSlots> fast;
  {
    MutexLock lock(from.fast_mutex);
    fast = std::exchange(from.fast, {});
  }
  {
    MutexLock lock(to.fast_mutex);
    to.fast = fast;
  }
  for (const State::FastSlot& slot : fast) {
    if (slot.in_table) regrant(LockTag::Relation(slot.database, slot.relation));
  }
  for (auto it = from.held.begin(); it != from.held.end();) {
    if (it->second.transaction == 0) {
      ++it;
      continue;
    }
    regrant(it->first);
    to.held.insert(from.held.extract(it++));
  }
  to.journal = std::exchange(from.journal, {});
  from.transaction = 0;
  registry.unlock();
  // Who waits for the session's transaction to end looks for the prepared one's locks now.
  impl.EndVirtual(from);
}

}  // namespace phantom::txn
