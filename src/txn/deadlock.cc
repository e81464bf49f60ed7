// Deadlock detection: a waiter that has waited for deadlock_timeout looks for a cycle through itself.
//
// Partitions are looked at one after the other, so what is found may be stale. A cycle is believed only when a second
// look finds the same waits (by their ids) and the same blockers: a waiting holder takes and releases nothing, so then
// all of them waited at once. One check runs at a time, and a victim leaves its queue before the next check begins.
#include <algorithm>

#include "txn/lock_impl.h"

namespace phantom::txn {

std::optional<Wait> LockManager::Impl::WaitOf(HolderState& holder) {
  MutexLock lock(holder.wait_mutex);
  if (!holder.wait.waiting) return std::nullopt;
  return holder.wait;
}

LockManager::Impl::Running LockManager::Impl::RunningTransactions() const {
  Running running;
  for (HolderState* holder : holders) {
    if (const uint64_t id = holder->transaction.load(); id != 0) running.emplace(id, holder);
  }
  return running;
}

std::vector<LockManager::Impl::Blocker> LockManager::Impl::BlockersOf(HolderState& waiter, const Wait& wait,
                                                                      const Running& running) {
  std::vector<Blocker> blockers;
  if (wait.tag.kind == LockKind::kTransaction) {
    if (const auto found = running.find(wait.tag.key); found != running.end()) blockers.push_back({found->second, false});
    return blockers;
  }
  if (wait.tag.kind == LockKind::kVirtualTransaction) {
    for (HolderState* holder : holders) {
      if (holder->number == wait.tag.object && holder->ended.load() + 1 == wait.tag.key) blockers.push_back({holder, false});
    }
    return blockers;
  }
  Partition& partition = PartitionOf(wait.tag);
  MutexLock lock(partition.mutex);
  auto it = partition.objects.find(wait.tag);
  if (it == partition.objects.end()) return blockers;
  const LockModeSet conflicts = ConflictsOf(wait.mode);
  for (const LockObject::Grant& grant : it->second.grants) {
    if (grant.holder != &waiter && (grant.modes & conflicts) != 0) blockers.push_back({grant.holder, false});
  }
  if (wait.jumps_queue) return blockers;
  for (HolderState* ahead : it->second.queue) {
    if (ahead == &waiter) break;
    if ((ModeBit(ahead->wait.mode) & conflicts) != 0) blockers.push_back({ahead, true});
  }
  return blockers;
}

// Depth first from `at` back to `self`; path holds the edges of the cycle when it is found.
bool LockManager::Impl::FindCycle(HolderState& self, HolderState& at, const Running& running, std::vector<Edge>& path) {
  std::optional<Wait> wait = WaitOf(at);
  if (!wait) return false;
  for (const Blocker& blocker : BlockersOf(at, *wait, running)) {
    path.push_back({&at, wait->id, wait->tag, wait->mode, blocker.queue_only});
    if (blocker.holder == &self) return true;
    if (blocker.holder->searched != last_search) {
      blocker.holder->searched = last_search;
      if (FindCycle(self, *blocker.holder, running, path)) return true;
    }
    path.pop_back();
  }
  return false;
}

bool LockManager::Impl::StillHolds(const std::vector<Edge>& cycle) {
  const Running running = RunningTransactions();
  auto waits = [this](const Edge& edge) {
    std::optional<Wait> wait = WaitOf(*edge.waiter);
    return wait && wait->id == edge.wait_id;
  };
  for (size_t i = 0; i < cycle.size(); ++i) {
    std::optional<Wait> wait = WaitOf(*cycle[i].waiter);
    if (!wait || wait->id != cycle[i].wait_id) return false;
    const HolderState* next = cycle[(i + 1) % cycle.size()].waiter;
    std::vector<Blocker> blockers = BlockersOf(*cycle[i].waiter, *wait, running);
    if (std::none_of(blockers.begin(), blockers.end(), [&](const Blocker& b) { return b.holder == next; })) return false;
  }
  return std::all_of(cycle.begin(), cycle.end(), waits);
}

// A cycle that exists only because somebody queues behind another is broken by letting him pass: of several the one who is
// farthest from the waiter that looks, as PostgreSQL chooses.
bool LockManager::Impl::ResolveByQueue(const std::vector<Edge>& cycle) {
  for (size_t i = cycle.size(); i-- > 0;) {
    const Edge& edge = cycle[i];
    if (!edge.queue_only) continue;
    Partition& partition = PartitionOf(edge.tag);
    MutexLock lock(partition.mutex);
    {
      MutexLock wait(edge.waiter->wait_mutex);
      if (!edge.waiter->wait.waiting || edge.waiter->wait.id != edge.wait_id) return true;
      edge.waiter->wait.jumps_queue = true;
    }
    auto it = partition.objects.find(edge.tag);
    if (it != partition.objects.end()) Serve(it->second);
    return true;
  }
  return false;
}

LockManager::Impl::Found LockManager::Impl::CheckDeadlock(HolderState& self, Partition& partition, std::string* detail) {
  MutexLock lock(registry_mutex);
  Found found = Found::kNothing;
  for (;;) {
    ++last_search;
    std::vector<Edge> cycle;
    if (!FindCycle(self, self, RunningTransactions(), cycle)) return found;
    if (!StillHolds(cycle)) return Found::kChanging;
    if (ResolveByQueue(cycle)) {
      found = Found::kQueueOrder;
      continue;
    }
    if (!Withdraw(self, partition)) return found;
    detail->clear();
    for (size_t i = 0; i < cycle.size(); ++i) {
      const HolderState* next = cycle[(i + 1) % cycle.size()].waiter;
      if (i > 0) *detail += '\n';
      *detail += Format("Process %d waits for %s on %s; blocked by process %d.", cycle[i].waiter->process_id,
                        LockModeName(cycle[i].mode), cycle[i].tag.ToString().c_str(), next->process_id);
    }
    return Found::kDeadlock;
  }
}

uint64_t LockManager::object_count() const { return impl_->object_count.load(std::memory_order_relaxed); }

bool LockManager::IsAwaited(const LockTag& tag) const {
  Impl::Partition& partition = impl_->PartitionOf(tag);
  MutexLock lock(partition.mutex);
  const auto found = partition.objects.find(tag);
  return found != partition.objects.end() && !found->second.queue.empty();
}

static VirtualTransaction TransactionOf(const HolderState& holder) {
  return {holder.number, holder.in_transaction.load() ? holder.ended.load() + 1 : 0};
}

std::vector<LockInfo> LockManager::Locks() const {
  std::vector<LockInfo> result;
  auto add = [&result](const HolderState& holder, const LockTag& tag, LockModeSet modes, bool granted, bool fast) {
    const TxnId prepared(holder.prepared.load() ? holder.transaction.load() : 0);
    for (int mode = 1; mode <= kLockModeCount; ++mode) {
      if ((modes & 1u << mode) == 0) continue;
      result.push_back({tag, static_cast<LockMode>(mode), granted, fast, holder.process_id, prepared, TransactionOf(holder), 0});
    }
  };
  MutexLock registry(impl_->registry_mutex);
  for (HolderState* holder : impl_->holders) {
    if (const VirtualTransaction transaction = TransactionOf(*holder); transaction.serial != 0 && !holder->prepared.load()) {
      add(*holder, LockTag::Virtual(transaction), ModeBit(LockMode::kExclusive), true, true);
    }
    if (uint64_t id = holder->transaction.load(); id != 0) {
      add(*holder, LockTag::Transaction(TxnId(id)), ModeBit(LockMode::kExclusive), true, false);
    }
    MutexLock lock(holder->fast_mutex);
    for (const HolderState::FastSlot& slot : holder->fast) {
      if (slot.modes == 0 || slot.in_table) continue;
      add(*holder, LockTag::Relation(slot.database, slot.relation), slot.modes, true, !holder->prepared.load());
    }
  }
  for (const Impl::Partition& partition : impl_->partitions) {
    MutexLock lock(partition.mutex);
    for (const auto& [tag, object] : partition.objects) {
      for (const LockObject::Grant& grant : object.grants) add(*grant.holder, tag, grant.modes, true, false);
      for (HolderState* waiter : object.queue) {
        add(*waiter, tag, ModeBit(waiter->wait.mode), false, false);
        result.back().wait_start_us = waiter->wait.start_us;
      }
    }
  }
  return result;
}

std::vector<int32_t> LockManager::BlockingProcesses(int32_t process_id) const {
  std::vector<int32_t> result;
  MutexLock registry(impl_->registry_mutex);
  const Impl::Running running = impl_->RunningTransactions();
  for (HolderState* holder : impl_->holders) {
    if (holder->process_id != process_id) continue;
    std::optional<Wait> wait = impl_->WaitOf(*holder);
    if (!wait) continue;
    for (const Impl::Blocker& blocker : impl_->BlockersOf(*holder, *wait, running)) {
      result.push_back(blocker.holder->process_id);
    }
  }
  return result;
}

}  // namespace phantom::txn
