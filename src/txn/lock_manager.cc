#include "txn/lock_manager.h"

#include <algorithm>

#include "common/check.h"
#include "common/checksum.h"
#include "txn/lock_impl.h"
#include "txn/row_place.h"

namespace phantom::txn {

namespace {

// Modes that may live in a holder's fast slots: they do not conflict with one another.
bool IsWeak(LockMode mode) { return mode <= LockMode::kRowExclusive; }
// Modes that conflict with a weak one.
bool IsStrong(LockMode mode) { return mode >= LockMode::kShare; }

}  // namespace

uint64_t LockTag::Hash() const {
  uint64_t a = uint64_t{static_cast<uint8_t>(kind)} << 56 | uint64_t{subid} << 48 | database;
  uint64_t b = uint64_t{classid} << 32 | object;
  uint64_t h = (a ^ (b * 0x9E3779B97F4A7C15u)) * 0xBF58476D1CE4E5B9u;
  h ^= key * 0x94D049BB133111EBu;
  h ^= h >> 31;
  h *= 0xD6E8FEB86659FD93u;
  return h ^ h >> 32;
}

std::string LockTag::ToString() const {
  switch (kind) {
    case LockKind::kRelation:
      return Format("relation %u of database %u", object, database);
    case LockKind::kTuple:
      return Format("tuple (%u,%u) of relation %u of database %u", PageOf(RowId(key)), unsigned{OffsetOf(RowId(key))}, object,
                    database);
    case LockKind::kTransaction:
      return Format("transaction %llu", static_cast<unsigned long long>(key));
    case LockKind::kVirtualTransaction:
      return Format("virtual transaction %u/%llu", object, static_cast<unsigned long long>(key));
    case LockKind::kSafeSnapshot:
      return Format("safe snapshot of transaction number %llu", static_cast<unsigned long long>(key));
    case LockKind::kObject:
      return Format("object %u of class %u of database %u", object, classid, database);
    case LockKind::kAdvisory:
      return Format("advisory lock [%u,%u,%u,%u]", database, static_cast<uint32_t>(key >> 32),
                    static_cast<uint32_t>(key), unsigned{subid});
  }
  return "unknown lock";
}

LockManager::LockManager(uint64_t objects_max) : impl_(std::make_unique<Impl>(objects_max)) {}
LockManager::~LockManager() { PHANTOM_CHECK(impl_->holders.empty()); }

// ---- The table. The partition's mutex is held. -----------------------------------------------------------------------

// Queues for rows and for transactions are as many as there are sessions at most, so they are not counted.
static bool IsCounted(const LockTag& tag) {
  return tag.kind == LockKind::kRelation || tag.kind == LockKind::kObject || tag.kind == LockKind::kAdvisory;
}

LockObject* LockManager::Impl::ObjectOf(Partition& partition, const LockTag& tag, bool limited) {
  if (auto it = partition.objects.find(tag); it != partition.objects.end()) return &it->second;
  if (IsCounted(tag) && object_count.fetch_add(1, std::memory_order_relaxed) >= objects_max && limited) {
    object_count.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  return &partition.objects[tag];
}

void LockManager::Impl::DropIfEmpty(Partition& partition, const LockTag& tag) {
  const auto it = partition.objects.find(tag);
  if (it == partition.objects.end() || !it->second.empty()) return;
  partition.objects.erase(it);
  if (IsCounted(tag)) object_count.fetch_sub(1, std::memory_order_relaxed);
}

void LockManager::Impl::AddGrant(LockObject& object, HolderState& holder, LockMode mode) {
  for (LockObject::Grant& grant : object.grants) {
    if (grant.holder == &holder) {
      grant.modes |= ModeBit(mode);
      return;
    }
  }
  object.grants.push_back({&holder, ModeBit(mode)});
}

void LockManager::Impl::RemoveGrant(Partition& partition, const LockTag& tag, HolderState& holder, LockMode mode) {
  auto it = partition.objects.find(tag);
  PHANTOM_CHECK(it != partition.objects.end());
  LockObject& object = it->second;
  for (size_t i = 0; i < object.grants.size(); ++i) {
    LockObject::Grant& grant = object.grants[i];
    if (grant.holder != &holder) continue;
    PHANTOM_CHECK((grant.modes & ModeBit(mode)) != 0);
    grant.modes &= ~ModeBit(mode);
    if (grant.modes == 0) {
      grant = object.grants.back();
      object.grants.pop_back();
    }
    break;
  }
  if (!object.queue.empty()) Serve(object);
  if (object.empty()) DropIfEmpty(partition, tag);
}

void LockManager::Impl::Wake(HolderState& holder, bool granted) {
  MutexLock lock(holder.wait_mutex);
  holder.wait.waiting = false;
  holder.wait.granted = granted;
  holder.wake.notify_all();
}

// Grants what can be granted, in order: a waiter stays behind earlier ones it conflicts with.
void LockManager::Impl::Serve(LockObject& object) {
  LockModeSet ahead = 0;
  for (size_t i = 0; i < object.queue.size();) {
    HolderState* waiter = object.queue[i];
    LockMode mode = waiter->wait.mode;
    bool blocked = (object.GrantedToOthers(waiter) & ConflictsOf(mode)) != 0 ||
                   (!waiter->wait.jumps_queue && (ahead & ConflictsOf(mode)) != 0);
    if (blocked) {
      ahead |= ModeBit(mode);
      ++i;
      continue;
    }
    object.queue.erase(object.queue.begin() + static_cast<ptrdiff_t>(i));
    AddGrant(object, *waiter, mode);
    Wake(*waiter, true);
  }
}

// Puts into the table what holders recorded privately, so that a strong request sees it. From the moment the strong
// counter was raised no new private records appear.
void LockManager::Impl::MoveFastLocks(const LockTag& tag) {
  MutexLock registry(registry_mutex);
  for (HolderState* holder : holders) {
    MutexLock fast(holder->fast_mutex);
    for (HolderState::FastSlot& slot : holder->fast) {
      if (slot.relation != tag.object || slot.database != tag.database || slot.in_table || slot.modes == 0) continue;
      Partition& partition = PartitionOf(tag);
      MutexLock lock(partition.mutex);
      // Its holder was promised the lock: no limit.
      LockObject& object = *ObjectOf(partition, tag, false);
      for (int mode = 1; mode <= kLockModeCount; ++mode) {
        if ((slot.modes & 1u << mode) != 0) AddGrant(object, *holder, static_cast<LockMode>(mode));
      }
      slot.in_table = true;
    }
  }
}

Result<bool> LockManager::Impl::AcquireInTable(HolderState& holder, const LockTag& tag, LockMode mode,
                                               WaitPolicy policy) {
  Partition& partition = PartitionOf(tag);
  MutexLock lock(partition.mutex);
  // What a prepared transaction takes it had before a restart: the limit may have been lowered since.
  LockObject* const found = ObjectOf(partition, tag, !holder.prepared.load(std::memory_order_relaxed));
  if (found == nullptr) {
    return Error(sqlstate::kOutOfMemory, "out of shared memory").Hint("You might need to increase max_locks_per_transaction.");
  }
  LockObject& object = *found;
  // Its place: at the end, but ahead of those who wait for what this holder already has.
  LockModeSet mine = object.GrantedTo(&holder);
  size_t place = object.queue.size();
  LockModeSet ahead = 0;
  bool deadlocked = false;  // with one of them, for what he has already: no need to wait before that is looked at
  for (size_t i = 0; i < object.queue.size(); ++i) {
    LockMode wanted = object.queue[i]->wait.mode;
    if ((ConflictsOf(wanted) & mine) != 0) {
      place = i;
      deadlocked = (ConflictsOf(mode) & object.GrantedTo(object.queue[i])) != 0;
      break;
    }
    ahead |= ModeBit(wanted);
  }
  LockModeSet conflicts = ConflictsOf(mode);
  if ((object.GrantedToOthers(&holder) & conflicts) == 0 && (ahead & conflicts) == 0) {
    AddGrant(object, holder, mode);
    return true;
  }
  if (policy != WaitPolicy::kWait) {
    DropIfEmpty(partition, tag);
    return false;
  }
  object.queue.insert(object.queue.begin() + static_cast<ptrdiff_t>(place), &holder);
  BeginWait(holder, tag, mode);
  lock.unlock();
  RETURN_IF_ERROR(Await(holder, partition, deadlocked));
  return true;
}

void LockManager::Impl::ReleaseInTable(HolderState& holder, const LockTag& tag, LockMode mode) {
  Partition& partition = PartitionOf(tag);
  MutexLock lock(partition.mutex);
  RemoveGrant(partition, tag, holder, mode);
}

// ---- A holder --------------------------------------------------------------------------------------------------------

LockHolder::LockHolder(LockManager& manager, int32_t process_id)
    : state_(std::make_unique<State>(manager, process_id, manager.impl_->next_holder.fetch_add(1))) {
  MutexLock lock(manager.impl_->registry_mutex);
  manager.impl_->holders.push_back(state_.get());
}

LockHolder::~LockHolder() {
  ReleaseAllTransaction();
  ReleaseAllSession();
  LockManager::Impl& impl = *state_->manager.impl_;
  MutexLock lock(impl.registry_mutex);
  std::erase(impl.holders, state_.get());
}

void LockHolder::SetTimeouts(int64_t lock_timeout_ms, int64_t deadlock_timeout_ms) {
  state_->lock_timeout_ms = lock_timeout_ms;
  state_->deadlock_timeout_ms = deadlock_timeout_ms;
}

void LockHolder::SetCancelFlags(const std::atomic<bool>* cancelled, const std::atomic<bool>* timed_out) {
  state_->cancelled.store(cancelled);
  state_->timed_out.store(timed_out);
}

void LockHolder::Interrupt() {
  MutexLock lock(state_->wait_mutex);
  state_->wake.notify_all();
}

void LockHolder::SetLogWaits(bool log) { state_->log_waits = log; }

int32_t LockHolder::process_id() const { return state_->process_id; }

void LockHolder::SetInTransaction(bool in_transaction) {
  state_->in_transaction.store(in_transaction, std::memory_order_relaxed);
}

Result<bool> LockHolder::Acquire(const LockTag& tag, LockMode mode, const LockRequest& request) {
  State& s = *state_;
  LockManager::Impl& impl = *s.manager.impl_;
  PHANTOM_DCHECK(tag.kind != LockKind::kTransaction);
  // Already in the table for this holder?
  if (!s.held.empty()) {
    auto it = s.held.find(tag);
    if (it != s.held.end() && (it->second.modes() & ModeBit(mode)) != 0) {
      State::Held& held = it->second;
      if (request.for_session) {
        ++held.session_counts[static_cast<int>(mode)];
        held.session |= ModeBit(mode);
      } else if ((held.transaction & ModeBit(mode)) == 0) {
        held.transaction |= ModeBit(mode);
        s.journal.push_back({tag, mode});
      }
      return true;
    }
  }
  if (tag.kind == LockKind::kRelation && IsWeak(mode) && !request.for_session) {
    MutexLock lock(s.fast_mutex);
    State::FastSlot* slot = nullptr;
    for (State::FastSlot& candidate : s.fast) {
      if (candidate.relation == tag.object && candidate.database == tag.database) {
        slot = &candidate;
        break;
      }
      if (candidate.relation == 0 && slot == nullptr) slot = &candidate;
    }
    if (slot != nullptr) {
      if (slot->relation != 0 && (slot->modes & ModeBit(mode)) != 0) return true;
      if (!slot->in_table && impl.StrongOf(tag).load() == 0) {
        slot->database = tag.database;
        slot->relation = tag.object;
        slot->modes |= ModeBit(mode);
        s.journal.push_back({tag, mode});
        return true;
      }
    }
  }
  const bool strong = tag.kind == LockKind::kRelation && IsStrong(mode);
  if (strong) {
    impl.StrongOf(tag).fetch_add(1);
    impl.MoveFastLocks(tag);
  }
  Result<bool> held = impl.AcquireInTable(s, tag, mode, request.policy);
  if (!held.ok() || !*held) {
    if (strong) impl.StrongOf(tag).fetch_sub(1);
    if (held.ok() && request.policy == WaitPolicy::kNoWait) {
      if (!request.relation_name.empty()) {
        return Errorf(sqlstate::kLockNotAvailable, "could not obtain lock on relation \"%s\"",
                      request.relation_name.c_str());
      }
      return Errorf(sqlstate::kLockNotAvailable, "could not obtain lock on %s", tag.ToString().c_str());
    }
    return held;
  }
  State::Held& entry = s.held[tag];
  if (request.for_session) {
    ++entry.session_counts[static_cast<int>(mode)];
    entry.session |= ModeBit(mode);
  } else {
    entry.transaction |= ModeBit(mode);
    s.journal.push_back({tag, mode});
  }
  return true;
}

bool LockHolder::Holds(const LockTag& tag, LockMode mode) const {
  State& s = *state_;
  auto it = s.held.find(tag);
  if (it != s.held.end() && (it->second.modes() & ModeBit(mode)) != 0) return true;
  if (tag.kind != LockKind::kRelation) return false;
  MutexLock lock(s.fast_mutex);
  for (const State::FastSlot& slot : s.fast) {
    if (slot.relation == tag.object && slot.database == tag.database) return (slot.modes & ModeBit(mode)) != 0;
  }
  return false;
}

bool LockHolder::ReleaseSession(const LockTag& tag, LockMode mode) {
  State& s = *state_;
  auto it = s.held.find(tag);
  if (it == s.held.end() || (it->second.session & ModeBit(mode)) == 0) return false;
  State::Held& held = it->second;
  if (--held.session_counts[static_cast<int>(mode)] > 0) return true;
  held.session &= ~ModeBit(mode);
  if ((held.transaction & ModeBit(mode)) != 0) return true;
  LockManager::Impl& impl = *s.manager.impl_;
  impl.ReleaseInTable(s, tag, mode);
  if (tag.kind == LockKind::kRelation && IsStrong(mode)) impl.StrongOf(tag).fetch_sub(1);
  if (held.modes() == 0) s.held.erase(it);
  return true;
}

void LockHolder::ReleaseAllSession() {
  std::vector<HeldLock> all;
  for (const auto& [tag, held] : state_->held) {
    for (int mode = 1; mode <= kLockModeCount; ++mode) {
      if ((held.session & 1u << mode) != 0) all.push_back({tag, static_cast<LockMode>(mode)});
    }
  }
  for (const HeldLock& entry : all) {
    state_->held[entry.tag].session_counts[static_cast<int>(entry.mode)] = 1;
    ReleaseSession(entry.tag, entry.mode);
  }
}

void LockHolder::ReleaseAllTransaction() {
  ReleaseToMark(0);
  state_->manager.impl_->EndVirtual(*state_);
}

VirtualTransaction LockHolder::virtual_transaction() const { return {state_->number, state_->ended.load() + 1}; }

size_t LockHolder::Mark() const { return state_->journal.size(); }

void LockHolder::ReleaseToMark(size_t mark) {
  State& s = *state_;
  LockManager::Impl& impl = *s.manager.impl_;
  while (s.journal.size() > mark) {
    const LockTag tag = s.journal.back().tag;
    const LockMode mode = s.journal.back().mode;
    s.journal.pop_back();
    if (tag.kind == LockKind::kRelation && IsWeak(mode)) {
      bool released = false;
      MutexLock lock(s.fast_mutex);
      for (State::FastSlot& slot : s.fast) {
        if (slot.relation != tag.object || slot.database != tag.database || (slot.modes & ModeBit(mode)) == 0) continue;
        if (slot.in_table) impl.ReleaseInTable(s, tag, mode);
        slot.modes &= ~ModeBit(mode);
        if (slot.modes == 0) slot = {};
        released = true;
        break;
      }
      if (released) continue;
    }
    auto it = s.held.find(tag);
    PHANTOM_CHECK(it != s.held.end() && (it->second.transaction & ModeBit(mode)) != 0);
    it->second.transaction &= ~ModeBit(mode);
    if ((it->second.session & ModeBit(mode)) != 0) continue;
    impl.ReleaseInTable(s, tag, mode);
    if (tag.kind == LockKind::kRelation && IsStrong(mode)) impl.StrongOf(tag).fetch_sub(1);
    if (it->second.modes() == 0) s.held.erase(it);
  }
}

void LockHolder::ReleaseTransaction(const LockTag& tag, LockMode mode) {
  std::vector<HeldLock>& journal = state_->journal;
  for (size_t i = journal.size(); i-- > 0;) {
    if (journal[i].tag != tag || journal[i].mode != mode) continue;
    // Moved to the end it is the one ReleaseToMark takes.
    std::rotate(journal.begin() + static_cast<ptrdiff_t>(i), journal.begin() + static_cast<ptrdiff_t>(i) + 1,
                journal.end());
    ReleaseToMark(journal.size() - 1);
    return;
  }
}

}  // namespace phantom::txn
