// session/transaction_block.h
//
// The session's transaction: implicit ones around single statements, blocks between BEGIN and COMMIT, savepoints by
// name, and the failed state in which commands are ignored (PostgreSQL 15, src/backend/access/transam/xact.c).
//
// An error inside a block undoes the work since the newest savepoint, or all of it when there is none, and the block
// stays failed until the client rolls back.
//
// Thread safety: the session's thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "txn/transaction.h"

namespace phantom::catalog {
class Catalog;
}

namespace phantom::session {

class Settings;

// What else of a session follows its transactions.
class TransactionObserver {
 public:
  virtual ~TransactionObserver() = default;
  // No transaction is in progress, and one is wanted.
  virtual void BeforeBegin() = 0;
  // Last chance to fail a commit (deferred constraints, holdable cursors).
  virtual Status BeforeCommit() = 0;
  // Last chances to fail a PREPARE TRANSACTION: before its name is looked at, and when it has been reserved.
  virtual Status BeforePrepare() = 0;
  virtual Status CheckPrepare() = 0;
  // Nothing may use the transaction after this.
  virtual void BeforeAbort() = 0;
  // Or a PREPARE TRANSACTION.
  virtual void AfterCommit() = 0;
  virtual void AfterAbort() = 0;
  virtual void AfterSavepoint() = 0;
  // `depth` is the number of savepoints that remain.
  virtual void AfterSavepointRollback(size_t depth) = 0;
  virtual void AfterSavepointRelease(size_t depth) = 0;
};

struct TransactionModes {
  txn::Isolation isolation = txn::Isolation::kReadCommitted;
  // As SHOW transaction_isolation says: READ UNCOMMITTED is kept apart from READ COMMITTED, which it acts as.
  bool read_uncommitted = false;
  bool read_only = false;
  bool deferrable = false;
};

class TransactionBlock {
 public:
  TransactionBlock(txn::TransactionManager& manager, catalog::Catalog& catalog, Settings& settings,
                   txn::LockHolder& locks, TransactionObserver& observer);
  // Aborts what is in progress.
  ~TransactionBlock();

  // 'I', 'T' or 'E'.
  char status() const;
  bool in_block() const { return kind_ == Kind::kExplicit || kind_ == Kind::kFailed; }
  bool failed() const { return kind_ == Kind::kFailed; }
  bool active() const { return transaction_ != nullptr; }
  // Requires active().
  txn::Transaction& transaction() { return *transaction_; }
  size_t savepoint_depth() const { return savepoints_.size(); }
  // Start of the transaction and number of it in this session.
  int64_t start_us() const { return start_us_; }
  uint64_t serial() const { return serial_; }
  // Of a transaction that was rolled back by an error: those it began with, as AND CHAIN has it.
  const TransactionModes& modes() const { return modes_; }

  // Begins an implicit transaction unless there is one. Requires !failed().
  Status Ensure(int64_t now_us);
  // Ends an implicit transaction; blocks go on.
  Status FinishImplicit();
  // An error happened.
  void Fail();
  // The session ends.
  void AbortAll();

  // BEGIN. `already` tells that there was a block (a WARNING, nothing changed).
  Status Begin(int64_t now_us, bool* already);
  // COMMIT and ROLLBACK. `none` tells that there was no block (a WARNING). A failed block is rolled back by COMMIT:
  // then *committed is false.
  Status Commit(bool* none, bool* committed);
  Status Rollback(bool* none);
  // PREPARE TRANSACTION of the block, or of the implicit transaction of several statements. What cannot be prepared is rolled back, and
  // so is a failed block: then *prepared is false. `limit`: max_prepared_transactions.
  Status Prepare(const txn::PreparedInfo& info, size_t limit, bool* prepared);

  // 25P01 outside a block, 3B001 when there is no such savepoint.
  Status Savepoint(std::string_view name);
  Status Release(std::string_view name);
  Status RollbackTo(std::string_view name);

  // SET TRANSACTION and its kin. 25001 when too late.
  Status SetIsolation(txn::Isolation isolation, bool read_uncommitted);
  Status SetReadOnly(bool read_only);
  Status SetDeferrable(bool deferrable);
  // Before a statement takes its snapshot: a SERIALIZABLE READ ONLY DEFERRABLE transaction may wait for it.
  Status AwaitSnapshot() { return transaction_->AwaitSafeSnapshot(); }
  // For AND CHAIN: the modes the transaction begins with.
  void BeginWith(const TransactionModes& modes);

  // The log must be durable up to here before replies so far may be sent.
  Lsn durable() const { return durable_; }
  void Observe(Lsn lsn) {
    if (lsn > durable_) durable_ = lsn;
  }
  // The client is about to be told of what the transaction has read so far. Requires active().
  void ObserveReads();

 private:
  enum class Kind { kNone, kImplicit, kExplicit, kFailed };
  struct Named {
    std::string name;
    txn::Transaction::SavepointId id;
    bool read_only;  // the transaction when it was made
  };

  bool waits_for_commits() const;
  Status CommitNow();
  // What is left to do when the transaction has been committed, or prepared.
  void EndGood();
  void AbortNow();
  // READ ONLY that was set since a savepoint ends with it, released or rolled back to. No other mode can be set since.
  void UndoReadOnly(size_t savepoint);
  // Index of the newest savepoint with the name. 3B001.
  Result<size_t> FindSavepoint(std::string_view name) const;

  txn::TransactionManager& manager_;
  catalog::Catalog& catalog_;
  Settings& settings_;
  txn::LockHolder& locks_;
  TransactionObserver& observer_;
  Kind kind_ = Kind::kNone;
  std::unique_ptr<txn::Transaction> transaction_;  // null also when a failed block has nothing left
  std::vector<Named> savepoints_;
  TransactionModes modes_, modes_at_begin_;
  int64_t start_us_ = 0;
  uint64_t serial_ = 0;
  Lsn durable_;
};

}  // namespace phantom::session
