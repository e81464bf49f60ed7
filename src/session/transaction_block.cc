#include "session/transaction_block.h"

#include "catalog/catalog.h"
#include "session/settings.h"
#include "txn/prepared.h"

namespace phantom::session {

namespace {

TransactionModes DefaultModes(const Settings& settings) {
  TransactionModes modes;
  static const int kIsolation = FindSetting("default_transaction_isolation");
  static const int kReadOnly = FindSetting("default_transaction_read_only");
  static const int kDeferrable = FindSetting("default_transaction_deferrable");
  const std::string& isolation = settings.GetString(kIsolation);
  if (isolation == "repeatable read") modes.isolation = txn::Isolation::kRepeatableRead;
  if (isolation == "serializable") modes.isolation = txn::Isolation::kSerializable;
  modes.read_uncommitted = isolation == "read uncommitted";
  modes.read_only = settings.GetBool(kReadOnly);
  modes.deferrable = settings.GetBool(kDeferrable);
  return modes;
}

Status OnlyInBlock(const char* command) {
  return Errorf(sqlstate::kNoActiveSqlTransaction, "%s can only be used in transaction blocks", command);
}

}  // namespace

TransactionBlock::TransactionBlock(txn::TransactionManager& manager, catalog::Catalog& catalog, Settings& settings,
                                   txn::LockHolder& locks, TransactionObserver& observer)
    : manager_(manager), catalog_(catalog), settings_(settings), locks_(locks), observer_(observer) {}

TransactionBlock::~TransactionBlock() { AbortAll(); }

char TransactionBlock::status() const { return kind_ == Kind::kFailed ? 'E' : kind_ == Kind::kExplicit ? 'T' : 'I'; }

Status TransactionBlock::Ensure(int64_t now_us) {
  if (kind_ != Kind::kNone) return Status::Ok();
  observer_.BeforeBegin();
  modes_ = modes_at_begin_ = DefaultModes(settings_);
  transaction_ = manager_.Begin({modes_.isolation, modes_.read_only, &locks_, modes_.deferrable});
  catalog_.Begin(*transaction_);
  settings_.BeginLevel();
  kind_ = Kind::kImplicit;
  start_us_ = now_us;
  ++serial_;
  return Status::Ok();
}

bool TransactionBlock::waits_for_commits() const {
  static const int kSynchronousCommit = FindSetting("synchronous_commit");
  return settings_.GetString(kSynchronousCommit) != "off";
}

void TransactionBlock::ObserveReads() {
  if (!waits_for_commits()) return;
  Observe(transaction_->observed());
  Observe(catalog_.last_change());
}

Status TransactionBlock::CommitNow() {
  if (Status status = observer_.BeforeCommit(); !status.ok()) {
    AbortNow();
    return status;
  }
  Result<Lsn> lsn = transaction_->Commit();
  if (!lsn.ok()) {
    AbortNow();
    return std::move(lsn).status();
  }
  if (waits_for_commits()) {
    Observe(*lsn);
  } else if (*lsn) {
    manager_.FlushSoon();
  }
  ObserveReads();
  EndGood();
  return Status::Ok();
}

void TransactionBlock::EndGood() {
  while (settings_.level() > 0) settings_.EndLevel(true);
  savepoints_.clear();
  catalog_.End(true);
  transaction_.reset();
  kind_ = Kind::kNone;
  observer_.AfterCommit();
}

Status TransactionBlock::Prepare(const txn::PreparedInfo& info, size_t limit, bool* prepared) {
  *prepared = kind_ != Kind::kFailed;
  if (!*prepared) {
    AbortNow();
    return Status::Ok();
  }
  Status status = observer_.BeforePrepare();
  if (status.ok()) {
    ObserveReads();
    const Result<Lsn> lsn =
        manager_.prepared().Prepare(info, limit, [this] { return observer_.CheckPrepare(); }, transaction_);
    if (lsn.ok()) {
      Observe(*lsn);
      EndGood();
      return Status::Ok();
    }
    status = lsn.status();
  }
  AbortNow();
  return status;
}

void TransactionBlock::AbortNow() {
  observer_.BeforeAbort();
  if (transaction_ != nullptr) {
    // What cannot be undone now is undone in the background; the transaction is over all the same.
    if (transaction_->active()) static_cast<void>(transaction_->Abort().ok());
    ObserveReads();
    catalog_.End(false);
    transaction_.reset();
  }
  while (settings_.level() > 0) settings_.EndLevel(false);
  savepoints_.clear();
  modes_ = modes_at_begin_;
  kind_ = Kind::kNone;
  observer_.AfterAbort();
}

Status TransactionBlock::FinishImplicit() {
  if (kind_ != Kind::kImplicit) return Status::Ok();
  return CommitNow();
}

void TransactionBlock::Fail() {
  switch (kind_) {
    case Kind::kNone:
    case Kind::kFailed:
      return;
    case Kind::kImplicit:
      AbortNow();
      return;
    case Kind::kExplicit:
      break;
  }
  if (!savepoints_.empty() && transaction_->active() && transaction_->RollbackTo(savepoints_.back().id).ok()) {
    ObserveReads();
    settings_.EndLevel(false);
    settings_.BeginLevel();
    UndoReadOnly(savepoints_.size() - 1);
    catalog_.RolledBackToSavepoint();
    observer_.AfterSavepointRollback(savepoints_.size());
  } else {
    AbortNow();
  }
  kind_ = Kind::kFailed;
}

void TransactionBlock::AbortAll() {
  if (kind_ != Kind::kNone) AbortNow();
}

Status TransactionBlock::Begin(int64_t now_us, bool* already) {
  *already = kind_ == Kind::kExplicit;
  if (*already) return Status::Ok();
  RETURN_IF_ERROR(Ensure(now_us));
  kind_ = Kind::kExplicit;
  return Status::Ok();
}

Status TransactionBlock::Commit(bool* none, bool* committed) {
  *none = kind_ == Kind::kNone || kind_ == Kind::kImplicit;
  *committed = kind_ != Kind::kFailed;
  if (kind_ == Kind::kFailed) {
    AbortNow();
    return Status::Ok();
  }
  return kind_ == Kind::kNone ? Status::Ok() : CommitNow();
}

Status TransactionBlock::Rollback(bool* none) {
  *none = kind_ == Kind::kNone || kind_ == Kind::kImplicit;
  if (kind_ != Kind::kNone) AbortNow();
  return Status::Ok();
}

Status TransactionBlock::Savepoint(std::string_view name) {
  if (kind_ != Kind::kExplicit) return OnlyInBlock("SAVEPOINT");
  savepoints_.push_back({std::string(name), transaction_->Savepoint(), modes_.read_only});
  settings_.BeginLevel();
  observer_.AfterSavepoint();
  return Status::Ok();
}

Result<size_t> TransactionBlock::FindSavepoint(std::string_view name) const {
  for (size_t i = savepoints_.size(); i-- > 0;) {
    if (savepoints_[i].name == name) return i;
  }
  return Errorf(sqlstate::kSEInvalidSpecification, "savepoint \"%s\" does not exist", std::string(name).c_str());
}

Status TransactionBlock::Release(std::string_view name) {
  if (kind_ != Kind::kExplicit) return OnlyInBlock("RELEASE SAVEPOINT");
  ASSIGN_OR_RETURN(const size_t index, FindSavepoint(name));
  transaction_->Release(savepoints_[index].id);
  UndoReadOnly(index);
  while (savepoints_.size() > index) {
    savepoints_.pop_back();
    settings_.EndLevel(true);
  }
  observer_.AfterSavepointRelease(index);
  return Status::Ok();
}

Status TransactionBlock::RollbackTo(std::string_view name) {
  if (!in_block()) return OnlyInBlock("ROLLBACK TO SAVEPOINT");
  ASSIGN_OR_RETURN(const size_t index, FindSavepoint(name));
  RETURN_IF_ERROR(transaction_->RollbackTo(savepoints_[index].id));
  while (savepoints_.size() > index) {
    const bool target = savepoints_.size() == index + 1;
    settings_.EndLevel(false);
    if (target) break;
    savepoints_.pop_back();
  }
  settings_.BeginLevel();
  UndoReadOnly(index);
  catalog_.RolledBackToSavepoint();
  observer_.AfterSavepointRollback(index + 1);
  kind_ = Kind::kExplicit;
  return Status::Ok();
}

Status TransactionBlock::SetIsolation(txn::Isolation isolation, bool read_uncommitted) {
  if (isolation == modes_.isolation && read_uncommitted == modes_.read_uncommitted) return Status::Ok();
  if (transaction_->has_snapshot()) {
    return Error(sqlstate::kActiveSqlTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query");
  }
  if (!savepoints_.empty()) {
    return Error(sqlstate::kActiveSqlTransaction,
                 "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction");
  }
  modes_.isolation = isolation;
  modes_.read_uncommitted = read_uncommitted;
  transaction_->SetIsolation(isolation);
  return Status::Ok();
}

Status TransactionBlock::SetReadOnly(bool read_only) {
  if (!read_only && modes_.read_only) {
    if (!savepoints_.empty()) {
      return Error(sqlstate::kActiveSqlTransaction,
                   "cannot set transaction read-write mode inside a read-only transaction");
    }
    if (transaction_->has_snapshot()) {
      return Error(sqlstate::kActiveSqlTransaction, "transaction read-write mode must be set before any query");
    }
  }
  modes_.read_only = read_only;
  transaction_->SetReadOnly(read_only);
  return Status::Ok();
}

Status TransactionBlock::SetDeferrable(bool deferrable) {
  if (!savepoints_.empty()) {
    return Error(sqlstate::kActiveSqlTransaction,
                 "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction");
  }
  if (transaction_->has_snapshot()) {
    return Error(sqlstate::kActiveSqlTransaction, "SET TRANSACTION [NOT] DEFERRABLE must be called before any query");
  }
  modes_.deferrable = deferrable;
  transaction_->SetDeferrable(deferrable);
  return Status::Ok();
}

void TransactionBlock::UndoReadOnly(size_t savepoint) {
  modes_.read_only = savepoints_[savepoint].read_only;
  transaction_->SetReadOnly(modes_.read_only);
}

void TransactionBlock::BeginWith(const TransactionModes& modes) {
  modes_ = modes_at_begin_ = modes;
  transaction_->SetIsolation(modes.isolation);
  transaction_->SetReadOnly(modes.read_only);
  transaction_->SetDeferrable(modes.deferrable);
}

}  // namespace phantom::session
