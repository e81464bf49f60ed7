#include "txn/prepared.h"

#include <algorithm>
#include <bit>

#include "common/check.h"
#include "common/log.h"
#include "io/env.h"
#include "txn/manager_impl.h"
#include "txn/prepared_state.h"
#include "wal/log_writer.h"

namespace phantom::txn {

// ---- One transaction -------------------------------------------------------------------------------------------------

// A record of the chain that changes nothing.
Status Transaction::AppendOwn(wal::RecordType type, std::initializer_list<Bytes> payload) {
  wal::LogWriter& log = manager_.impl().store.log();
  RETURN_IF_ERROR(type == wal::RecordType::kRollback ? log.AdmitRollback() : log.Admit());
  return manager_.impl().Track(active_entry_, [&](Lsn* last) {
    wal::RecordInfo info;
    info.type = type;
    info.txn = id_;
    info.prev = *last;
    *last = log.Append(info, payload);
    return Status::Ok();
  });
}

Result<Lsn> Transaction::Prepare(const PreparedInfo& info) {
  PHANTOM_CHECK(active());
  if (locks_->MixesLevels()) {
    return Error(sqlstate::kFeatureNotSupported,
                 "cannot PREPARE while holding both session-level and transaction-level locks on the same object");
  }
  ASSIGN_OR_RETURN(const TxnId id, EnsureId());
  ManagerImpl& impl = manager_.impl();
  PreparedState state;
  state.info = info;
  state.isolation = isolation_;
  state.read_only = read_only_;
  state.locks = locks_->TransactionLocks();
  // The place in the queue for a row is of no use to one who waits for nothing.
  std::erase_if(state.locks, [](const HeldLock& lock) { return lock.tag.kind == LockKind::kTuple; });
  state.row_locks = row_locks_;
  state.drops = impl.store.DropsOf(id);
  if (serializable_ != nullptr) RETURN_IF_ERROR(impl.serializable.Prepare(*serializable_));
  wal::LogWriter& log = impl.store.log();
  RETURN_IF_ERROR(AppendPrepared(state, log.record_bytes_max(), [&](wal::RecordType type, std::initializer_list<Bytes> payload) {
    return AppendOwn(type, payload);
  }));
  impl.store.env().Step("prepare: recorded");
  // From here on nothing fails.
  transaction_snapshot_.Release();
  if (serializable_ != nullptr) impl.serializable.LeaveSession(*serializable_);
  savepoints_.clear();
  if (own_locks_ == nullptr) {
    own_locks_ = std::make_unique<LockHolder>(manager_.locks(), 0);
    locks_->HandTo(*own_locks_);
    locks_->SetInTransaction(false);
    locks_ = own_locks_.get();
  } else {
    own_locks_->SetPrepared();
  }
  active_entry_->prepared = true;
  state_ = TransactionState::kPrepared;
  return last_lsn();
}

// Makes a new transaction what the one of before the restart was. The limits are not asked: they may have been lowered since, and
// what it held it holds.
Status Transaction::BringBack(ActiveEntry* entry, const PreparedState& state) {
  PHANTOM_CHECK(active() && !id_);
  id_ = entry->id;
  active_entry_ = entry;
  state_ = TransactionState::kPrepared;
  own_locks_->SetPrepared();
  manager_.locks().TransactionBegan(id_, *own_locks_);
  for (const HeldLock& lock : state.locks) {
    LockRequest request;
    request.policy = WaitPolicy::kNoWait;  // all of them were held at once
    RETURN_IF_ERROR(own_locks_->Acquire(lock.tag, lock.mode, request).status());
  }
  for (const RowLockGroup& group : state.row_locks) {
    for (uint64_t rest = group.rows; rest != 0; rest &= rest - 1) {
      const RowId row(group.group.value * RowLocks::kGroupRows + static_cast<uint64_t>(std::countr_zero(rest)));
      TxnId blocker;
      bool added = false;
      RETURN_IF_ERROR(LockRow(group.space, group.tree, row, group.mode, &blocker, &added));
      if (blocker) return Error(sqlstate::kDataCorrupted, "two prepared transactions have locked one row");
    }
  }
  isolation_ = state.isolation;
  read_only_ = state.read_only;
  if (isolation_ == Isolation::kSerializable) serializable_ = manager_.impl().serializable.Restore(id_, read_only_);
  drops_ = state.drops;
  manager_.store().RestoreDrops(id_, state.drops);
  return Status::Ok();
}

Result<Lsn> Transaction::CommitPrepared() {
  PHANTOM_CHECK(state_ == TransactionState::kPrepared);
  RETURN_IF_ERROR(manager_.impl().store.log().Admit());
  state_ = TransactionState::kActive;
  return PublishAndEnd();
}

Result<Lsn> Transaction::RollbackPrepared() {
  PHANTOM_CHECK(state_ == TransactionState::kPrepared);
  // With this record it is one to be rolled back, whoever does it: here, in the background, after a crash.
  RETURN_IF_ERROR(AppendOwn(wal::RecordType::kRollback, {}));
  const Lsn decided = last_lsn();
  manager_.store().env().Step("prepare: rollback decided");
  active_entry_->prepared = false;
  state_ = TransactionState::kActive;
  if (Status aborted = Abort(); !aborted.ok()) {
    Log(LogLevel::kWarning, "rollback goes on in the background: %s", aborted.message().c_str());
  }
  return decided;
}

// ---- All of them -----------------------------------------------------------------------------------------------------

PreparedTransactions::PreparedTransactions(TransactionManager& manager) : manager_(manager) {}
PreparedTransactions::~PreparedTransactions() = default;

Status PreparedTransactions::Reserve(const PreparedInfo& info, size_t limit) {
  if (info.gid.size() > kGidBytesMax) {
    return Errorf(sqlstate::kInvalidParameterValue, "transaction identifier \"%s\" is too long", info.gid.c_str());
  }
  if (limit == 0) {
    return Error(sqlstate::kObjectNotInPrerequisiteState, "prepared transactions are disabled")
        .Hint("Set max_prepared_transactions to a nonzero value.");
  }
  MutexLock lock(mutex_);
  if (entries_.contains(info.gid)) {
    return Errorf(sqlstate::kDuplicateObject, "transaction identifier \"%s\" is already in use", info.gid.c_str());
  }
  if (entries_.size() >= limit) {
    return Error(sqlstate::kOutOfMemory, "maximum number of prepared transactions reached")
        .Hint(Format("Increase max_prepared_transactions (currently %zu).", limit));
  }
  entries_[info.gid].info = info;
  return Status::Ok();
}

void PreparedTransactions::Forget(std::string_view gid) {
  Entry entry;
  MutexLock lock(mutex_);
  const auto found = entries_.find(gid);
  // Destroyed without the mutex.
  entry = std::move(found->second);
  entries_.erase(found);
  lock.unlock();
}

Result<Lsn> PreparedTransactions::Prepare(const PreparedInfo& info, size_t limit, FunctionRef<Status()> check,
                                          std::unique_ptr<Transaction>& transaction) {
  RETURN_IF_ERROR(Reserve(info, limit));
  Status checked = check();
  Result<Lsn> lsn = checked.ok() ? transaction->Prepare(info) : Result<Lsn>(std::move(checked));
  if (!lsn.ok()) {
    Forget(info.gid);
    return lsn;
  }
  MutexLock lock(mutex_);
  Entry& entry = entries_.find(info.gid)->second;
  entry.info.id = transaction->id();
  entry.transaction = std::move(transaction);
  return lsn;
}

Result<Lsn> PreparedTransactions::End(std::string_view gid, const Finisher& finisher, Outcome outcome) {
  Transaction* transaction = nullptr;
  {
    MutexLock lock(mutex_);
    const auto found = entries_.find(gid);
    const std::string name(gid);
    if (found == entries_.end() || found->second.transaction == nullptr) {
      return Errorf(sqlstate::kUndefinedObject, "prepared transaction with identifier \"%s\" does not exist", name.c_str());
    }
    Entry& entry = found->second;
    if (entry.busy) {
      return Errorf(sqlstate::kObjectNotInPrerequisiteState, "prepared transaction with identifier \"%s\" is busy",
                    name.c_str());
    }
    if (finisher.role != entry.info.owner && !finisher.superuser) {
      return Error(sqlstate::kInsufficientPrivilege, "permission denied to finish prepared transaction")
          .Hint("Must be superuser or the user that prepared the transaction.");
    }
    if (finisher.database != entry.info.database) {
      return Error(sqlstate::kFeatureNotSupported, "prepared transaction belongs to another database")
          .Hint("Connect to the database where the transaction was prepared to finish it.");
    }
    entry.busy = true;
    transaction = entry.transaction.get();
  }
  Result<Lsn> ended = outcome == Outcome::kCommit ? transaction->CommitPrepared() : transaction->RollbackPrepared();
  if (ended.ok()) {
    Forget(gid);
  } else {
    MutexLock lock(mutex_);
    entries_.find(gid)->second.busy = false;
  }
  return ended;
}

Result<Lsn> PreparedTransactions::Commit(std::string_view gid, const Finisher& finisher) {
  return End(gid, finisher, Outcome::kCommit);
}

Result<Lsn> PreparedTransactions::Rollback(std::string_view gid, const Finisher& finisher) {
  return End(gid, finisher, Outcome::kRollback);
}

std::vector<PreparedInfo> PreparedTransactions::List() const {
  std::vector<PreparedInfo> all;
  {
    MutexLock lock(mutex_);
    for (const auto& [gid, entry] : entries_) {
      if (entry.transaction != nullptr) all.push_back(entry.info);
    }
  }
  std::ranges::sort(all, {}, [](const PreparedInfo& info) { return std::pair(info.prepared_us, info.id); });
  return all;
}

size_t PreparedTransactions::CountIn(Oid database) const {
  MutexLock lock(mutex_);
  return static_cast<size_t>(
      std::ranges::count_if(entries_, [database](const auto& entry) { return entry.second.info.database == database; }));
}

void PreparedTransactions::ForEach(FunctionRef<void(const PreparedInfo& info, Transaction& transaction)> visit) {
  MutexLock lock(mutex_);
  for (auto& [gid, entry] : entries_) {
    if (entry.transaction != nullptr) visit(entry.info, *entry.transaction);
  }
}

Status PreparedTransactions::Recover() {
  ManagerImpl& impl = manager_.impl();
  for (ActiveEntry* found : impl.FoundPrepared()) {
    ASSIGN_OR_RETURN(const PreparedState state, ReadPrepared(impl.store.log(), Lsn(found->last.load())));
    std::unique_ptr<Transaction> transaction =
        manager_.Begin({.isolation = state.isolation, .read_only = state.read_only, .locks = nullptr});
    RETURN_IF_ERROR(transaction->BringBack(found, state));
    Entry& entry = entries_[state.info.gid];
    if (entry.transaction != nullptr) {
      return Errorf(sqlstate::kDataCorrupted, "two prepared transactions are named \"%s\"", state.info.gid.c_str());
    }
    entry.info = state.info;
    entry.info.id = found->id;
    entry.transaction = std::move(transaction);
    Log(LogLevel::kLog, "recovered prepared transaction %llu (\"%s\")", static_cast<unsigned long long>(found->id.value),
        state.info.gid.c_str());
  }
  return Status::Ok();
}

}  // namespace phantom::txn
