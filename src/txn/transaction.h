// txn/transaction.h
//
// Transactions and the manager that begins, commits and aborts them. How visibility, commit order, rollback and the
// horizons work: README.md here; locks: docs/LOCKS.md.
//
// A Transaction costs nothing global until it writes: its id is assigned at the first write. Savepoints nest to any
// depth; a subtransaction is a position in the transaction's chain of log records.
//
// Thread safety: a Transaction is used by one thread at a time. Snapshots taken from it may be read by several.
// TransactionManager: any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "common/bytes.h"
#include "common/ids.h"
#include "common/status.h"
#include "txn/lock_manager.h"
#include "txn/snapshot.h"

namespace phantom::btree {
enum class TreeKind : uint8_t;
}
namespace phantom::store {
class Store;
}
namespace phantom::wal {
enum class RecordType : uint8_t;
}

namespace phantom::txn {

class TransactionManager;
class ManagerImpl;
class PreparedTransactions;
class SerializableGraph;
class SerializableTransaction;
struct ActiveEntry;
struct PreparedInfo;
struct PreparedState;

// READ UNCOMMITTED runs as READ COMMITTED. SERIALIZABLE keeps one snapshot, as REPEATABLE READ, and is told when no serial
// order explains what it has read (serializable.h).
enum class Isolation : uint8_t { kReadCommitted, kRepeatableRead, kSerializable };

enum class TransactionState : uint8_t { kActive, kPrepared, kCommitted, kAborted };

struct BeginOptions {
  Isolation isolation = Isolation::kReadCommitted;
  bool read_only = false;
  LockHolder* locks = nullptr;  // the session's; null: the transaction has its own
  bool deferrable = false;      // waits for a safe snapshot, if SERIALIZABLE and READ ONLY
};

// A view like another one, which its transaction may end before. It is not to be read with, but to be adopted.
struct KeptSnapshot {
  Snapshot snapshot;
  uint64_t reader = 0;  // SerializableGraph::NumberOf() whose it is; 0: nobody's who is watched
};

// Explicit locks of one mode on rows of one group (row_locks.h).
struct RowLockGroup {
  SpaceId space;
  TreeId tree;
  RowId group;
  RowLockMode mode{};
  uint64_t rows = 0;
  bool operator==(const RowLockGroup&) const = default;
};

class Transaction {
 public:
  // Aborts when still active.
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  TransactionState state() const { return state_; }
  bool active() const { return state_ == TransactionState::kActive; }
  Isolation isolation() const { return isolation_; }
  bool read_only() const { return read_only_; }
  // SET TRANSACTION before the first snapshot.
  void SetIsolation(Isolation isolation) { isolation_ = isolation; }
  void SetReadOnly(bool read_only) { read_only_ = read_only; }
  void SetDeferrable(bool deferrable) { deferrable_ = deferrable; }
  // Has TakeSnapshot() or AdoptSnapshot() been called?
  bool has_snapshot() const { return has_snapshot_; }
  // Requires has_snapshot() and keeps_snapshot().
  Lsn snapshot_lsn() const { return transaction_snapshot_.read_lsn(); }
  // One snapshot for all statements?
  bool keeps_snapshot() const { return isolation_ != Isolation::kReadCommitted; }

  // None until the first write.
  TxnId id() const { return id_; }
  // Assigns the id if there is none (txid_current(), row locks). 54000 when too many transactions are in progress.
  Result<TxnId> EnsureId();

  // A statement's view: begins a command, so that everything written so far is seen and nothing written later.
  // READ COMMITTED: as of now; otherwise as of the transaction's first call.
  Snapshot TakeSnapshot();
  // Call before the first TakeSnapshot(). SERIALIZABLE READ ONLY DEFERRABLE takes its snapshot here, and waits until it knows
  // one that needs no watching; all others have nothing to wait for. lock_timeout does not concern it. 57014.
  Status AwaitSafeSnapshot();
  // The catalog's view: as of now whatever the isolation, and everything this transaction has written. Neither becomes
  // the transaction's snapshot nor counts as its first call.
  Snapshot TakeCatalogSnapshot();

  // Another transaction's view becomes this one's for all its statements (SET TRANSACTION SNAPSHOT), but for what each of them has
  // written. Requires keeps_snapshot() and neither a snapshot nor an id; of two that are SERIALIZABLE, READ ONLY if the other is.
  // 55000 when it was a serializable transaction's that has ended.
  Status AdoptSnapshot(const KeptSnapshot& of);

  // Savepoints. An id stays valid until it, or one before it, is released or rolled back to (RollbackTo keeps the
  // savepoint itself). RollbackTo undoes what was written since, releases locks taken since and runs abort hooks.
  using SavepointId = uint32_t;
  SavepointId Savepoint();
  Status RollbackTo(SavepointId savepoint);
  void Release(SavepointId savepoint);
  size_t savepoint_depth() const { return savepoints_.size(); }

  // Makes everything it wrote visible to others and releases its locks. Returns the LSN that must be durable before
  // anybody is told (TransactionManager::WaitDurable / WhenDurable); 0 when there is nothing to wait for.
  // On an error (log full) the transaction was aborted.
  Result<Lsn> Commit();
  // Undoes everything. When the log cannot be read the rest of the undo is left to the background and the error
  // is returned; the rows stay owned until then.
  Status Abort();

  // The last commit of others that it has learnt of so far, of those that were perhaps not durable then: what it tells depends
  // on that one's durability.
  Lsn observed() const { return observed_.lsn(); }
  // It has met what this transaction, which has ended, has written.
  void Observe(TxnId writer);

  // Run at the end of Commit (after it is visible, before table locks are released), in order; forgotten by a
  // rollback to an earlier savepoint. Must not fail.
  void OnCommit(std::function<void()> action) { on_commit_.push_back(std::move(action)); }
  // Run by Abort and by a rollback to an earlier savepoint, after the undo, newest first.
  void OnAbort(std::function<void()> action) { on_abort_.push_back(std::move(action)); }

  LockHolder& locks() { return *locks_; }
  TransactionManager& manager() { return manager_; }

  // For this room: the latest record, and a return to an earlier one.
  Lsn last_lsn() const;
  Status UndoTo(Lsn stop);
  // Takes an explicit row lock, or names the transaction in the way. *added: it was not held in this mode before.
  Status LockRow(SpaceId space, TreeId tree, RowId row, RowLockMode mode, TxnId* blocker, bool* added);
  void UnlockRow(SpaceId space, TreeId tree, RowId row, RowLockMode mode);
  // What the serializable graph knows of it, from its first snapshot or write on; null: not SERIALIZABLE, or READ ONLY and safe.
  SerializableTransaction* serializable() const { return serializable_; }
  SerializableTransaction* EnsureSerializable();

 private:
  friend class TransactionManager;
  friend class ManagerImpl;
  friend class IndexLoad;
  friend class PreparedTransactions;
  Transaction(TransactionManager& manager, const BeginOptions& options);

  struct SavepointState {
    Lsn last_lsn;
    size_t locks;
    size_t row_locks;
    size_t drops;
    size_t on_commit;
    size_t on_abort;
  };
  // The part of Commit() that cannot fail.
  Lsn PublishAndEnd();
  // For PreparedTransactions (prepared.cc). After an error of the first it is active still, after one of the last two prepared still.
  Result<Lsn> Prepare(const PreparedInfo& info);
  Result<Lsn> CommitPrepared();
  Result<Lsn> RollbackPrepared();
  Status AppendOwn(wal::RecordType type, std::initializer_list<Bytes> payload);
  Status BringBack(ActiveEntry* entry, const PreparedState& state);
  void End(TransactionState state);
  void ReleaseRowLocks(size_t mark);
  // The one snapshot of a transaction that keeps it.
  void KeepSnapshot();

  TransactionManager& manager_;
  std::unique_ptr<LockHolder> own_locks_;
  LockHolder* locks_;
  Isolation isolation_;
  bool read_only_;
  bool deferrable_;
  bool has_snapshot_ = false;
  TransactionState state_ = TransactionState::kActive;
  TxnId id_;
  ActiveEntry* active_entry_ = nullptr;  // while it has an id
  ObservedCommit observed_;
  Snapshot transaction_snapshot_;
  SerializableTransaction* serializable_ = nullptr;  // the graph's
  std::vector<SavepointState> savepoints_;
  std::vector<std::function<void()>> on_commit_;
  std::vector<std::function<void()>> on_abort_;
  std::vector<RowLockGroup> row_locks_;                // in order of acquisition
  std::vector<std::pair<SpaceId, TreeId>> drops_;      // trees it dropped
};

// A snapshot as PostgreSQL tells it: every transaction below xmin has ended, none at or past xmax has, of those between the listed
// ones have not. The snapshot's own transaction is not listed.
struct SnapshotIds {
  TxnId xmin;
  TxnId xmax;
  std::vector<TxnId> in_progress;
};

struct TransactionOptions {
  int64_t purge_interval_ms = 100;  // how often purge looks for work; 0: only when RunPurge() is called
  bool background_undo = true;      // false: losers of a crash are undone inside Create()
  size_t predicate_locks_max = 31;  // of one serializable transaction on one table, before it holds the whole table
  size_t serializable_kept_max = 1000;  // committed serializable transactions of which everything is kept
  // Past these a lock request fails with 53200: tables, objects and advisory keys that are locked at once; bytes of explicit
  // row locks.
  uint64_t lock_objects_max = UINT64_MAX;
  uint64_t row_lock_bytes_max = UINT64_MAX;
};

class TransactionManager {
 public:
  // Takes over from the store's recovery: knows the losers of a crash and undoes them in the background.
  static Result<std::unique_ptr<TransactionManager>> Create(store::Store& store, const TransactionOptions& options = {});
  // Requires that no transaction is left but prepared ones. Stops the background threads.
  ~TransactionManager();

  std::unique_ptr<Transaction> Begin(const BeginOptions& options = {});
  // Requires that its transaction is in progress.
  KeptSnapshot KeepSnapshot(const Snapshot& of);

  LockManager& locks();
  // Those of two-phase commit, which may be left at the manager's end.
  PreparedTransactions& prepared() { return *prepared_; }
  SerializableGraph& serializable();
  store::Store& store();

  // For reading keys (key_table.h), in no transaction.
  Snapshot TakeKeySnapshot();

  // Commit durability: the caller that may block, the one that may not (the callback may run on any thread), and the one that does
  // where that is quicker for all (false: it is not).
  void WaitDurable(Lsn lsn);
  void WhenDurable(Lsn lsn, std::function<void()> callback);
  bool FlushAlone(Lsn lsn);
  bool IsDurable(Lsn lsn) const;
  // Commits that nobody waits for become durable within a fraction of a second.
  void FlushSoon();

  // The last transaction id assigned, and the oldest still in progress (the next one when there is none).
  TxnId last_id() const;
  TxnId oldest_active() const;
  // The last commit that snapshots see.
  Lsn last_commit() const;
  // The last quarter of a million transactions since the server's start are known, and all that are in progress.
  enum class Fate : uint8_t { kInProgress, kCommitted, kAborted, kUnknown };
  Fate FateOf(TxnId id) const;

  // What the snapshot sees, by transaction ids.
  SnapshotIds IdsOf(const Snapshot& snapshot) const;

  // Every live and future snapshot is at or past this LSN.
  Lsn OldestSnapshot() const;
  // Waits until no transaction but the holder's has a snapshot older than the LSN: for the end of those that have one now.
  // Errors as LockHolder::Acquire.
  Status WaitForOlderSnapshots(LockHolder& holder, Lsn limit);
  // No live snapshot and no transaction in progress needs a record below this LSN.
  Lsn LogHorizon() const;

  // Trees that come and go with the transaction. A new tree vanishes when it aborts; a dropped tree stays readable for
  // snapshots before its commit and is freed after. TRUNCATE is a new tree and a drop. `is_private`: as RowTable::SetPrivate().
  // `id`, when given, is below store::kFirstTree: trees that are found by name (system tables).
  Result<TreeId> CreateTableTree(Transaction& transaction, SpaceId space, TreeId id = {});
  Result<TreeId> CreateIndexTree(Transaction& transaction, SpaceId space, TreeId id = {});
  // Snapshots from this LSN on find all they see through the index: 0 when that is every one there is.
  Lsn CompleteSince(SpaceId space, TreeId index) const;
  Result<TreeId> CreateKeyTree(Transaction& transaction, SpaceId space, TreeId id = {});
  Status DropTree(Transaction& transaction, SpaceId space, TreeId tree, bool is_private = false);
  // A tree is about to take another's place, or an index to go: what serializable transactions have read of `from`, they
  // have read all of `to`. Requires that nobody reads either now.
  void CopyReads(SpaceId space, TreeId from, TreeId to);
  bool HasReads(SpaceId space, TreeId tree);

  // A database's page space. Not transactional: durable on return. Dropping frees all its trees; nobody may use them.
  Status CreateSpace(SpaceId space);
  Status DropSpace(SpaceId space);
  bool HasSpace(SpaceId space);

  // Tables of a space (but system tables) that were written since RowTable::NotePlaced(), as far as they are open.
  std::vector<TreeId> UnplacedTables(SpaceId space);

  // Removes dead versions that no snapshot sees, up to the horizon; for tests and VACUUM. The background thread does
  // the same.
  Status RunPurge();
  // Returns when the losers of the last crash are undone.
  void WaitForRecovery();

  ManagerImpl& impl() { return *impl_; }

 private:
  TransactionManager();
  Result<TreeId> CreateWithOverflow(Transaction& transaction, SpaceId space, TreeId id, btree::TreeKind kind);
  std::unique_ptr<ManagerImpl> impl_;
  std::unique_ptr<PreparedTransactions> prepared_;
};

}  // namespace phantom::txn
