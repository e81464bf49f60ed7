// Beginning and ending transactions: the order of commits, the list of those in progress, what the store asks.
#include <algorithm>
#include <chrono>

#include "btree/buffer_pool.h"
#include "common/log.h"
#include "io/env.h"
#include "txn/manager_impl.h"
#include "txn/prepared.h"
#include "wal/log_writer.h"

namespace phantom::txn {

namespace {

struct CommitPayload {
  int64_t wall_us;  // since 1970-01-01 UTC
};

}  // namespace

ManagerImpl::ManagerImpl(store::Store& s, const TransactionOptions& o)
    : store(s),
      options(o),
      locks(o.lock_objects_max),
      row_locks(o.row_lock_bytes_max),
      snapshots(clock, status, s.log()),
      serializable({.tree_locks_max = o.predicate_locks_max, .committed_max = o.serializable_kept_max},
                   [this](uint64_t number) { locks.SafeSnapshotDecided(number); }) {}

ManagerImpl::~ManagerImpl() {
  {
    MutexLock lock(background_mutex_);
    stopping_ = true;
    background_wake_.notify_all();
  }
  if (background_.joinable()) background_.join();
  store.SetHooks(nullptr);
  // Losers that are not undone yet are found again at the next opening, and so are the prepared.
  while (first_active_ != nullptr) {
    PHANTOM_CHECK(first_active_->prepared || std::find(losers_.begin(), losers_.end(), first_active_) != losers_.end());
    ActiveEntry* entry = first_active_;
    first_active_ = entry->next;
    delete entry;
  }
}

Status ManagerImpl::Start() {
  const store::Recovery& recovery = store.recovery();
  const uint64_t end = store.log().appended().value;
  PHANTOM_CHECK(end > StatusTable::kLongAgo + 1);
  struct Unfinished {
    store::ActiveTransaction transaction;
    bool prepared;
  };
  std::vector<Unfinished> unfinished;
  for (const store::ActiveTransaction& loser : recovery.losers) unfinished.push_back({loser, false});
  for (const store::ActiveTransaction& prepared : recovery.prepared) unfinished.push_back({prepared, true});
  std::ranges::sort(unfinished, {}, [](const Unfinished& each) { return each.transaction.id; });
  const uint64_t next = std::max<uint64_t>(recovery.next_txn.value, 1);
  next_id_ = next;
  uint64_t log_floor = end;
  {
    MutexLock lock(mutex_);
    if (!unfinished.empty()) {
      uint64_t id = unfinished.front().transaction.id.value;
      for (; id < next; ++id) {
        status.Begin(TxnId(id));
        status.Set(TxnId(id), StatusTable::kLongAgo);
      }
    }
    for (const auto& [transaction, prepared] : unfinished) {
      auto* entry = new ActiveEntry;
      entry->id = transaction.id;
      entry->floor = transaction.first;
      entry->first = transaction.first.value;
      entry->last = transaction.last.value;
      entry->prepared = prepared;
      entry->previous = last_active_;
      (last_active_ == nullptr ? first_active_ : last_active_->next) = entry;
      last_active_ = entry;
      if (!prepared) losers_.push_back(entry);
      status.Set(entry->id, StatusTable::kInProgress);
      log_floor = std::min(log_floor, transaction.first.value);
    }
    // Their first records need not be in the order of ids.
    for (ActiveEntry* entry = first_active_; entry != nullptr; entry = entry->next) entry->floor = Lsn(log_floor);
  }
  clock.published = end - 1;
  clock.log_floor = log_floor;
  clock.id_floor = unfinished.empty() ? next : unfinished.front().transaction.id.value;
  // Writers ask for the last horizons: from the first on they must know what log is gone.
  snapshots.Compute();
  purge_position_ = store.log().oldest().value;
  store.SetHooks(this);
  if (!options.background_undo) {
    RETURN_IF_ERROR(UndoLosers());
  }
  if (options.background_undo || options.purge_interval_ms > 0) background_ = std::thread([this] { RunBackground(); });
  return Status::Ok();
}

std::vector<ActiveEntry*> ManagerImpl::FoundPrepared() {
  std::vector<ActiveEntry*> found;
  MutexLock lock(mutex_);
  for (ActiveEntry* entry = first_active_; entry != nullptr; entry = entry->next) {
    if (entry->prepared) found.push_back(entry);
  }
  return found;
}

// ---- In progress -----------------------------------------------------------------------------------------------------

Result<ActiveEntry*> ManagerImpl::BeginWriting() {
  auto entry = std::make_unique<ActiveEntry>();
  MutexLock lock(mutex_);
  const uint64_t id = next_id_.load(std::memory_order_relaxed);
  const uint64_t oldest = std::min(snapshots.Last().finished_below.value, clock.id_floor.load());
  if (id - oldest >= StatusTable::kWindow) {
    return Error(sqlstate::kProgramLimitExceeded,
                 "too many transactions since the oldest one still in progress or seen by a snapshot");
  }
  status.Begin(TxnId(id));
  entry->id = TxnId(id);
  entry->floor = store.log().appended();
  entry->previous = last_active_;
  if (last_active_ == nullptr) {
    first_active_ = entry.get();
    clock.log_floor.store(entry->floor.value);
  } else {
    last_active_->next = entry.get();
  }
  last_active_ = entry.get();
  next_id_.store(id + 1);
  return entry.release();
}

// Takes the entry out and raises the floors that it held down. mutex_ is held; the entry is gone after.
void ManagerImpl::RemoveActive(ActiveEntry* entry) {
  const bool oldest = entry == first_active_;
  (entry->previous == nullptr ? first_active_ : entry->previous->next) = entry->next;
  (entry->next == nullptr ? last_active_ : entry->next->previous) = entry->previous;
  delete entry;
  if (!oldest) return;
  clock.id_floor.store(first_active_ != nullptr ? first_active_->id.value : next_id_.load());
  if (store.log().IsDurable(unsettled_.commit)) {
    clock.settled_floor.store(unsettled_.floor, std::memory_order_relaxed);
    unsettled_ = {clock.id_floor.load(), Lsn(clock.published.load())};
  }
  clock.log_floor.store(first_active_ != nullptr ? first_active_->floor.value : store.log().appended().value);
}

Lsn ManagerImpl::PublishCommit(ActiveEntry* entry) {
  const TxnId id = entry->id;
  if (entry->first.load() == 0) {  // it has changed nothing
    MutexLock lock(mutex_);
    status.Set(id, clock.published.load());
    RemoveActive(entry);
    return Lsn();
  }
  CommitPayload payload{store.env().WallMicros()};
  wal::RecordInfo info;
  info.type = wal::RecordType::kCommit;
  info.txn = id;
  info.prev = Lsn(entry->last.load());
  MutexLock lock(mutex_);
  const Lsn lsn = store.log().Append(info, {Bytes(reinterpret_cast<const std::byte*>(&payload), sizeof(payload))});
  status.Set(id, lsn.value);
  clock.published.store(lsn.value, std::memory_order_seq_cst);
  RemoveActive(entry);
  return lsn;
}

void ManagerImpl::PublishAbort(ActiveEntry* entry) {
  const TxnId id = entry->id;
  MutexLock lock(mutex_);
  if (entry->first.load() != 0) {
    wal::RecordInfo info;
    info.type = wal::RecordType::kEnd;
    info.txn = id;
    info.prev = Lsn(entry->last.load());
    store.log().Append(info, {});
  }
  status.Set(id, StatusTable::kAborted);
  RemoveActive(entry);
}

Status ManagerImpl::Track(ActiveEntry* entry, FunctionRef<Status(Lsn* last)> act) {
  const uint64_t activity = entry->activity.load(std::memory_order_relaxed);
  entry->activity.store(activity + 1, std::memory_order_relaxed);
  Lsn last(entry->last.load(std::memory_order_relaxed));
  const Lsn before = last;
  Status result = act(&last);
  if (last != before) {
    entry->last.store(last.value, std::memory_order_relaxed);
    // The records an act appends are consecutive in the chain, so `floor` is a good enough first.
    if (entry->first.load(std::memory_order_relaxed) == 0) entry->first.store(entry->floor.value);
  }
  entry->activity.store(activity + 2, std::memory_order_release);
  return result;
}

Result<Lsn> ManagerImpl::Write(Transaction& transaction, btree::Tree& tree, Bytes key, Decide decide) {
  return WriteThrough(transaction, [&](Decide act) { return tree.Modify(key, act); }, decide);
}

Result<Lsn> ManagerImpl::Write(Transaction& transaction, store::TieredTree& tree, Bytes key, Decide decide) {
  return WriteThrough(transaction, [&](Decide act) { return tree.Modify(key, act); }, decide);
}

Result<Lsn> ManagerImpl::WriteThrough(Transaction& transaction, FunctionRef<Result<Lsn>(Decide decide)> modify,
                                      Decide decide) {
  ASSIGN_OR_RETURN(TxnId id, transaction.EnsureId());
  RETURN_IF_ERROR(store.pool().AdmitChange());
  RETURN_IF_ERROR(store.log().Admit());
  Lsn lsn;
  RETURN_IF_ERROR(Track(transaction.active_entry_, [&](Lsn* last) -> Status {
    Result<Lsn> written = modify([&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
      edit.txn = id;
      edit.prev = *last;
      return decide(current, edit);
    });
    RETURN_IF_ERROR(written.status());
    lsn = *written;
    if (lsn) *last = lsn;
    return Status::Ok();
  }));
  return lsn;
}

Result<Lsn> ManagerImpl::WriteSystem(btree::Tree& tree, Bytes key, Decide decide) {
  RETURN_IF_ERROR(store.pool().AdmitChange());
  RETURN_IF_ERROR(store.log().Admit());
  return tree.Modify(key, decide);
}

Result<Lsn> ManagerImpl::WriteSystem(store::TieredTree& tree, Bytes key, Decide decide) {
  RETURN_IF_ERROR(store.pool().AdmitChange());
  RETURN_IF_ERROR(store.log().Admit());
  return tree.Modify(key, decide);
}

// ---- What the store asks ---------------------------------------------------------------------------------------------

// Whatever was appended before the call is in the result: who may have appended without noting it is waited for.
std::vector<store::ActiveTransaction> ManagerImpl::ActiveTransactions() {
  std::unordered_map<uint64_t, uint64_t> busy;
  bool first = true;
  for (;;) {
    {
      MutexLock lock(mutex_);
      bool waiting = false;
      for (ActiveEntry* entry = first_active_; entry != nullptr; entry = entry->next) {
        const uint64_t activity = entry->activity.load(std::memory_order_acquire);
        if (first && activity % 2 == 1) busy[entry->id.value] = activity;
        auto it = busy.find(entry->id.value);
        waiting |= it != busy.end() && it->second == activity;
      }
      first = false;
      if (!waiting) {
        std::vector<store::ActiveTransaction> result;
        for (ActiveEntry* entry = first_active_; entry != nullptr; entry = entry->next) {
          if (entry->first.load() == 0) continue;
          result.push_back({entry->id, Lsn(entry->first.load()), Lsn(entry->last.load())});
        }
        return result;
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

Lsn ManagerImpl::RetainLsn() {
  return Lsn(std::min(snapshots.Compute().log_floor.value, purge_position_.load()));
}

// ---- The background thread: losers, then purge -----------------------------------------------------------------------

Status ManagerImpl::UndoLosers() {
  for (;;) {
    ActiveEntry* entry;
    {
      MutexLock lock(mutex_);
      if (losers_.empty()) break;
      entry = losers_.front();
    }
    RETURN_IF_ERROR(Undo(entry, Lsn()));
    const TxnId id = entry->id;
    {
      MutexLock lock(mutex_);
      losers_.erase(losers_.begin());
    }
    PublishAbort(entry);
    locks.TransactionEnded(id);
  }
  if (recovered_) return Status::Ok();
  RETURN_IF_ERROR(store.FinishInterruptedDrops());
  MutexLock lock(background_mutex_);
  recovered_ = true;
  recovered_wake_.notify_all();
  return Status::Ok();
}

void ManagerImpl::AbandonToBackground(ActiveEntry* entry) {
  {
    MutexLock lock(mutex_);
    losers_.push_back(entry);
  }
  MutexLock lock(background_mutex_);
  losers_waiting_ = true;
  background_wake_.notify_all();
}

void ManagerImpl::RunBackground() {
  const auto pause = std::chrono::milliseconds(options.purge_interval_ms > 0 ? options.purge_interval_ms : 1000);
  // Said once, until it has worked again; the next turn tries anew.
  auto warn = [](const char* what, const Status& status, bool* failing) {
    if (!status.ok() && !*failing) Log(LogLevel::kWarning, "%s, will try again: %s", what, status.message().c_str());
    *failing = !status.ok();
  };
  bool undo_failing = false, purge_failing = false;
  for (;;) {
    warn("could not roll back transactions", UndoLosers(), &undo_failing);
    if (options.purge_interval_ms > 0) warn("could not purge old row versions", Purge(), &purge_failing);
    MutexLock lock(background_mutex_);
    if (stopping_) return;
    background_wake_.wait_for(lock, pause, [&] { return stopping_ || drops_waiting_ || losers_waiting_; });
    drops_waiting_ = losers_waiting_ = false;
    if (stopping_) return;
  }
}

// ---- TransactionManager ----------------------------------------------------------------------------------------------

TransactionManager::TransactionManager() = default;
TransactionManager::~TransactionManager() = default;

Result<std::unique_ptr<TransactionManager>> TransactionManager::Create(store::Store& store,
                                                                       const TransactionOptions& options) {
  std::unique_ptr<TransactionManager> manager(new TransactionManager());
  manager->impl_ = std::make_unique<ManagerImpl>(store, options);
  manager->prepared_ = std::make_unique<PreparedTransactions>(*manager);
  RETURN_IF_ERROR(manager->impl_->Start());
  RETURN_IF_ERROR(manager->prepared_->Recover());
  return manager;
}

std::unique_ptr<Transaction> TransactionManager::Begin(const BeginOptions& options) {
  return std::unique_ptr<Transaction>(new Transaction(*this, options));
}

KeptSnapshot TransactionManager::KeepSnapshot(const Snapshot& of) {
  KeptSnapshot kept{impl_->snapshots.Keep(of), of.reader() == nullptr ? 0 : impl_->serializable.NumberOf(*of.reader())};
  kept.snapshot.reader_ = nullptr;
  return kept;
}

Snapshot TransactionManager::TakeKeySnapshot() { return impl_->snapshots.TakeOfKeys(); }

LockManager& TransactionManager::locks() { return impl_->locks; }
SerializableGraph& TransactionManager::serializable() { return impl_->serializable; }
store::Store& TransactionManager::store() { return impl_->store; }

void TransactionManager::WaitDurable(Lsn lsn) {
  if (lsn) impl_->store.log().Flush(lsn);
}
void TransactionManager::WhenDurable(Lsn lsn, std::function<void()> callback) {
  impl_->store.log().WhenDurable(lsn, std::move(callback));
}
void TransactionManager::FlushSoon() { impl_->store.log().FlushSoon(); }
bool TransactionManager::FlushAlone(Lsn lsn) { return impl_->store.log().FlushAlone(lsn); }

bool TransactionManager::IsDurable(Lsn lsn) const { return impl_->store.log().IsDurable(lsn); }

TxnId TransactionManager::last_id() const { return TxnId(impl_->next_id_.load() - 1); }
Lsn TransactionManager::last_commit() const { return Lsn(impl_->clock.published.load()); }
TxnId TransactionManager::oldest_active() const { return TxnId(impl_->clock.id_floor.load()); }

TransactionManager::Fate TransactionManager::FateOf(TxnId id) const {
  switch (impl_->status.Get(id)) {
    case StatusTable::kInProgress:
      return Fate::kInProgress;
    case StatusTable::kAborted:
      return Fate::kAborted;
    case StatusTable::kLongAgo:
      return Fate::kUnknown;
    default:
      return Fate::kCommitted;
  }
}

SnapshotIds TransactionManager::IdsOf(const Snapshot& snapshot) const {
  SnapshotIds ids;
  ids.xmax = snapshot.finished_below();
  const TxnId last = last_id();
  std::vector<TxnId> unseen;
  for (TxnId id = snapshot.finished_below(); id <= last; ++id.value) {
    if (id == snapshot.own()) continue;
    const uint64_t fate = impl_->status.Get(id);
    if (fate == StatusTable::kAborted || (fate >= StatusTable::kLongAgo && fate <= snapshot.read_lsn().value)) {
      ids.xmax = TxnId(id.value + 1);
    } else {
      unseen.push_back(id);
    }
  }
  for (const TxnId id : unseen) {
    if (id < ids.xmax) ids.in_progress.push_back(id);
  }
  ids.xmin = ids.in_progress.empty() ? ids.xmax : ids.in_progress.front();
  if (snapshot.own() && snapshot.own() < ids.xmin) ids.xmin = snapshot.own();
  return ids;
}

Status TransactionManager::WaitForOlderSnapshots(LockHolder& holder, Lsn limit) {
  for (const uint64_t packed : impl_->snapshots.HoldersBefore(limit)) {
    // While others were waited for it may have taken a newer one.
    const std::vector<uint64_t> still = impl_->snapshots.HoldersBefore(limit);
    if (std::find(still.begin(), still.end(), packed) == still.end()) continue;
    RETURN_IF_ERROR(impl_->locks.WaitForVirtual(holder, VirtualTransaction::Unpack(packed)));
  }
  return Status::Ok();
}

Lsn TransactionManager::OldestSnapshot() const { return impl_->snapshots.Compute().oldest_snapshot; }
Lsn TransactionManager::LogHorizon() const { return impl_->snapshots.Compute().log_floor; }

Status TransactionManager::RunPurge() { return impl_->Purge(); }

void TransactionManager::WaitForRecovery() {
  MutexLock lock(impl_->background_mutex_);
  impl_->recovered_wake_.wait(lock, [&] { return impl_->recovered_.load(); });
}

}  // namespace phantom::txn
