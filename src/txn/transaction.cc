#include "txn/transaction.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/log.h"
#include "txn/manager_impl.h"
#include "wal/log_writer.h"

namespace phantom::txn {

Transaction::Transaction(TransactionManager& manager, const BeginOptions& options)
    : manager_(manager), locks_(options.locks), isolation_(options.isolation), read_only_(options.read_only), deferrable_(options.deferrable) {
  if (locks_ == nullptr) {
    own_locks_ = std::make_unique<LockHolder>(manager.locks(), 0);
    locks_ = own_locks_.get();
  }
  locks_->SetInTransaction(true);
}

Transaction::~Transaction() {
  if (!active()) return;
  if (Status aborted = Abort(); !aborted.ok()) {
    Log(LogLevel::kWarning, "rollback goes on in the background: %s", aborted.message().c_str());
  }
}

Result<TxnId> Transaction::EnsureId() {
  if (id_) [[likely]] return id_;
  PHANTOM_CHECK(active());
  ASSIGN_OR_RETURN(active_entry_, manager_.impl().BeginWriting());
  id_ = active_entry_->id;
  if (serializable_ != nullptr) manager_.impl().serializable.SetId(*serializable_, id_);
  manager_.locks().TransactionBegan(id_, *locks_);
  return id_;
}

Lsn Transaction::last_lsn() const {
  return active_entry_ == nullptr ? Lsn() : Lsn(active_entry_->last.load(std::memory_order_relaxed));
}

Snapshot Transaction::TakeSnapshot() {
  PHANTOM_CHECK(active());
  has_snapshot_ = true;
  SnapshotRegistry& registry = manager_.impl().snapshots;
  const Lsn command(last_lsn().value + 1);
  Snapshot snapshot;
  if (keeps_snapshot()) {
    if (!transaction_snapshot_.valid()) KeepSnapshot();
    snapshot = registry.Copy(transaction_snapshot_, id_, command);
  } else {
    snapshot = registry.Take(id_, command, &observed_, locks_->packed_transaction());
  }
  return snapshot;
}

Status Transaction::AdoptSnapshot(const KeptSnapshot& of) {
  PHANTOM_CHECK(active() && keeps_snapshot() && !has_snapshot_ && !id_);
  ManagerImpl& impl = manager_.impl();
  auto keep = [&] { transaction_snapshot_ = impl.snapshots.Keep(of.snapshot, locks_->packed_transaction()); };
  if (isolation_ == Isolation::kSerializable && of.reader != 0) {
    ASSIGN_OR_RETURN(serializable_, impl.serializable.BeginBeside(
                                        of.reader, {.id = {}, .process_id = locks_->process_id(), .read_only = read_only_}, keep));
  } else {
    keep();
  }
  transaction_snapshot_.reader_ = serializable_;
  transaction_snapshot_.observed_ = &observed_;
  has_snapshot_ = true;
  return Status::Ok();
}

void Transaction::KeepSnapshot() {
  ManagerImpl& impl = manager_.impl();
  const Lsn command(last_lsn().value + 1);
  if (isolation_ != Isolation::kSerializable) {
    transaction_snapshot_ = impl.snapshots.Take(id_, command, &observed_, locks_->packed_transaction());
    return;
  }
  auto take = [&] {
    transaction_snapshot_ = impl.snapshots.Take(id_, command, &observed_, locks_->packed_transaction(), /*serializable=*/true);
  };
  serializable_ = impl.serializable.Begin({.id = id_, .process_id = locks_->process_id(), .read_only = read_only_}, take);
  transaction_snapshot_.reader_ = serializable_;
}

SerializableTransaction* Transaction::EnsureSerializable() {
  if (!transaction_snapshot_.valid()) KeepSnapshot();
  return serializable_;
}

Status Transaction::AwaitSafeSnapshot() {
  if (isolation_ != Isolation::kSerializable || !read_only_ || !deferrable_ || transaction_snapshot_.valid()) return Status::Ok();
  SerializableGraph& graph = manager_.impl().serializable;
  for (;;) {
    KeepSnapshot();
    if (serializable_ == nullptr) return Status::Ok();
    graph.SetWaiting(*serializable_, true);
    Status waited;
    while (waited.ok() && !graph.IsDecided(*serializable_)) {
      waited = manager_.locks().WaitForSafeSnapshot(*locks_, graph.NumberOf(*serializable_),
                                                    [&] { return !graph.IsDecided(*serializable_); });
    }
    graph.SetWaiting(*serializable_, false);
    if (waited.ok() && serializable_->safe()) return Status::Ok();
    // Somebody has committed who makes this snapshot unsafe: another.
    graph.Abort(*serializable_);
    serializable_ = nullptr;
    transaction_snapshot_ = Snapshot();
    RETURN_IF_ERROR(waited);
  }
}

Snapshot Transaction::TakeCatalogSnapshot() {
  return manager_.impl().snapshots.Take(id_, Lsn(last_lsn().value + 1), &observed_);
}

void Transaction::Observe(TxnId writer) { observed_.Note(Lsn(manager_.impl().status.Get(writer))); }

// ---- Savepoints ------------------------------------------------------------------------------------------------------

Transaction::SavepointId Transaction::Savepoint() {
  PHANTOM_CHECK(active());
  savepoints_.push_back({last_lsn(), locks_->Mark(), row_locks_.size(), drops_.size(), on_commit_.size(),
                         on_abort_.size()});
  return static_cast<SavepointId>(savepoints_.size() - 1);
}

Status Transaction::UndoTo(Lsn stop) {
  if (active_entry_ == nullptr || last_lsn() <= stop) return Status::Ok();
  RETURN_IF_ERROR(manager_.impl().Undo(active_entry_, stop));
  manager_.locks().TransactionYielded(id_);
  return Status::Ok();
}

Status Transaction::RollbackTo(SavepointId savepoint) {
  PHANTOM_CHECK(active() && savepoint < savepoints_.size());
  const SavepointState state = savepoints_[savepoint];
  const bool wrote = last_lsn() > state.last_lsn;
  RETURN_IF_ERROR(UndoTo(state.last_lsn));
  savepoints_.resize(savepoint + 1);
  drops_.resize(std::min(drops_.size(), state.drops));
  on_commit_.resize(std::min(on_commit_.size(), state.on_commit));
  while (on_abort_.size() > state.on_abort) {
    std::function<void()> action = std::move(on_abort_.back());
    on_abort_.pop_back();
    action();
  }
  const bool unlocked = row_locks_.size() > state.row_locks;
  ReleaseRowLocks(state.row_locks);
  locks_->ReleaseToMark(state.locks);
  // The savepoint stays: what is undone from now on again ends here, compensation records included.
  savepoints_[savepoint].last_lsn = last_lsn();
  if (id_ && (wrote || unlocked)) manager_.locks().TransactionYielded(id_);
  return Status::Ok();
}

void Transaction::Release(SavepointId savepoint) {
  PHANTOM_CHECK(active() && savepoint < savepoints_.size());
  savepoints_.resize(savepoint);
}

// ---- The end ---------------------------------------------------------------------------------------------------------

Result<Lsn> Transaction::Commit() {
  PHANTOM_CHECK(active());
  ManagerImpl& impl = manager_.impl();
  if (active_entry_ != nullptr && active_entry_->first.load() != 0) {
    if (Status admitted = impl.store.log().Admit(); !admitted.ok()) {
      Status aborted = Abort();
      return admitted;
    }
  }
  if (serializable_ != nullptr) {
    if (Status checked = impl.serializable.Prepare(*serializable_); !checked.ok()) {
      Status aborted = Abort();
      return checked;
    }
  }
  return PublishAndEnd();
}

Lsn Transaction::PublishAndEnd() {
  ManagerImpl& impl = manager_.impl();
  transaction_snapshot_.Release();
  Lsn lsn;
  if (active_entry_ != nullptr) {
    lsn = impl.PublishCommit(active_entry_);
    active_entry_ = nullptr;
  }
  if (serializable_ != nullptr) impl.serializable.Commit(*std::exchange(serializable_, nullptr));
  if (!drops_.empty()) impl.DropLater(id_, std::move(drops_));
  state_ = TransactionState::kCommitted;
  for (std::function<void()>& action : on_commit_) action();
  End(TransactionState::kCommitted);
  return lsn;
}

Status Transaction::Abort() {
  PHANTOM_CHECK(active());
  ManagerImpl& impl = manager_.impl();
  if (serializable_ != nullptr) impl.serializable.Abort(*std::exchange(serializable_, nullptr));
  transaction_snapshot_.Release();
  Status undone;
  if (active_entry_ != nullptr) {
    undone = impl.Undo(active_entry_, Lsn());
    if (undone.ok()) {
      impl.PublishAbort(active_entry_);
    } else {
      impl.AbandonToBackground(active_entry_);
    }
    active_entry_ = nullptr;
  }
  state_ = TransactionState::kAborted;
  while (!on_abort_.empty()) {
    std::function<void()> action = std::move(on_abort_.back());
    on_abort_.pop_back();
    action();
  }
  End(TransactionState::kAborted);
  return undone;
}

void Transaction::End(TransactionState state) {
  state_ = state;
  savepoints_.clear();
  on_commit_.clear();
  on_abort_.clear();
  ReleaseRowLocks(0);
  locks_->SetInTransaction(false);
  locks_->ReleaseAllTransaction();
  if (!id_) return;
  manager_.locks().TransactionBegan(TxnId(), *locks_);
  manager_.locks().TransactionEnded(id_);
}

// ---- Row locks -------------------------------------------------------------------------------------------------------

Status Transaction::LockRow(SpaceId space, TreeId tree, RowId row, RowLockMode mode, TxnId* blocker, bool* added) {
  *added = false;
  ASSIGN_OR_RETURN(TxnId id, EnsureId());
  const RowName name{space, tree, row};
  // Entries before the newest savepoint's are not added to.
  const size_t kept_apart = savepoints_.empty() ? 0 : savepoints_.back().row_locks;
  ASSIGN_OR_RETURN(const RowLocks::Outcome outcome,
                   manager_.impl().row_locks.TryAcquire(name, {.txn = id,
                                                               .mode = mode,
                                                               .first_entry = static_cast<uint32_t>(kept_apart),
                                                               .next_entry = static_cast<uint32_t>(row_locks_.size()),
                                                               .limited = state_ != TransactionState::kPrepared}));
  *blocker = outcome.blocker;
  *added = outcome.added;
  if (!outcome.added) return Status::Ok();
  const RowName group = RowLocks::GroupOf(name);
  if (outcome.entry == row_locks_.size()) row_locks_.push_back({space, tree, group.row, mode, 0});
  RowLockGroup& entry = row_locks_[outcome.entry];
  PHANTOM_DCHECK(entry.space == space && entry.tree == tree && entry.group == group.row && entry.mode == mode);
  entry.rows |= RowLocks::BitOf(name);
  return Status::Ok();
}

void Transaction::UnlockRow(SpaceId space, TreeId tree, RowId row, RowLockMode mode) {
  const RowName name{space, tree, row};
  const uint64_t bit = RowLocks::BitOf(name);
  const uint32_t at = manager_.impl().row_locks.Release(RowLocks::GroupOf(name), bit, id_, mode);
  PHANTOM_CHECK(at < row_locks_.size() && (row_locks_[at].rows & bit) != 0);
  row_locks_[at].rows &= ~bit;
  // Entries are known by their numbers: one that is not the last stays, empty.
  const size_t kept_apart = savepoints_.empty() ? 0 : savepoints_.back().row_locks;
  while (row_locks_.size() > kept_apart && row_locks_.back().rows == 0) row_locks_.pop_back();
}

void Transaction::ReleaseRowLocks(size_t mark) {
  RowLocks& locks = manager_.impl().row_locks;
  while (row_locks_.size() > mark) {
    const RowLockGroup& entry = row_locks_.back();
    if (entry.rows != 0) locks.Release({entry.space, entry.tree, entry.group}, entry.rows, id_, entry.mode);
    row_locks_.pop_back();
  }
}

}  // namespace phantom::txn
