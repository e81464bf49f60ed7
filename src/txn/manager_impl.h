// txn/manager_impl.h
//
// Inside the transaction manager: transactions in progress, commit order, undo, purge. Not for other rooms.
#pragma once
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "btree/tree.h"
#include "common/function_ref.h"
#include "common/mutex.h"
#include "store/store.h"
#include "store/tiered_tree.h"
#include "txn/chunk_activity.h"
#include "txn/cold_rows.h"
#include "txn/key_locks.h"
#include "txn/lock_manager.h"
#include "txn/row_header.h"
#include "txn/row_locks.h"
#include "txn/serializable.h"
#include "txn/snapshot_registry.h"
#include "txn/status_table.h"
#include "txn/transaction.h"

namespace phantom::txn {

// What RowTables on one tree share.
class TableState {
 public:
  TableState(std::shared_ptr<btree::Tree> table, uint64_t next, TreeId id)
      : tree(std::move(table)), relation(id.value), next_row(next) {}

  const std::shared_ptr<btree::Tree> tree;
  std::atomic<Oid> relation;  // by what queues for its rows are named: the tree's id until a relation's is known
  std::shared_ptr<btree::Tree> overflow;
  std::atomic<uint64_t> next_row;
  std::atomic<uint64_t> next_value{1};  // id of the next overflow value
  std::atomic<uint64_t> changes{0};     // rows written since the last ANALYZE
  std::atomic<int64_t> grown{0};        // rows inserted less rows deleted, without what was rolled back
  std::atomic<uint64_t> placed{0};      // what `changes` was when the rows were last put where they are
  ChunkActivity activity;

  ColdTable cold;

  // What EstimateSize() found, and what `grown` was then. No mutex is taken while this is held.
  struct Estimate {
    double rows = 0;
    double pages = 1;
    int64_t grown = 0;
  };
  Mutex estimate_mutex{LockRank::kPurge};
  std::optional<Estimate> estimate;
};

// A transaction that has an id and has not ended. Linked in the order of ids.
struct ActiveEntry {
  TxnId id;
  Lsn floor;                         // its first record is at or past this
  std::atomic<uint64_t> first{0};    // its first record; 0: none yet
  std::atomic<uint64_t> last{0};
  std::atomic<uint64_t> activity{0};  // odd while a record may have been appended but is not yet in `last`
  bool prepared = false;              // of whoever has the transaction
  ActiveEntry* previous = nullptr;
  ActiveEntry* next = nullptr;
};

inline bool Sees(const Snapshot& snapshot, const RowHeader& header) {
  return header.alone() ? snapshot.SeesAlone(header.lsn) : snapshot.Sees(header.txn, header.lsn);
}

class ManagerImpl final : public store::TransactionHooks {
 public:
  ManagerImpl(store::Store& store, const TransactionOptions& options);
  ~ManagerImpl();

  Status Start();

  // store::TransactionHooks
  std::vector<store::ActiveTransaction> ActiveTransactions() override;
  TxnId NextTxnId() override { return TxnId(next_id_.load()); }
  Lsn RetainLsn() override;

  // The transactions that recovery found prepared, and that nobody has taken up yet.
  std::vector<ActiveEntry*> FoundPrepared();

  // manager.cc: the ends of a transaction, and its changes.
  Result<ActiveEntry*> BeginWriting();
  Lsn PublishCommit(ActiveEntry* entry);
  void PublishAbort(ActiveEntry* entry);
  // Has it committed, in a way that snapshots taken from now on see?
  bool Published(TxnId id) const {
    if (id.value < clock.id_floor.load()) return true;
    const uint64_t commit = status.Get(id);
    return commit >= StatusTable::kLongAgo && commit <= clock.published.load();
  }
  bool InProgress(TxnId id) const override { return id.value >= clock.id_floor.load() && status.InProgress(id); }

  // One change to a key by a transaction in progress; the callback need not fill edit.txn and edit.prev.
  using Decide = FunctionRef<Status(std::optional<Bytes> current, btree::Edit& edit)>;
  Result<Lsn> Write(Transaction& transaction, btree::Tree& tree, Bytes key, Decide decide);
  Result<Lsn> Write(Transaction& transaction, store::TieredTree& tree, Bytes key, Decide decide);
  // Anything else that appends records of the transaction; `act` gets and moves its latest record.
  Status Track(ActiveEntry* entry, FunctionRef<Status(Lsn* last)> act);
  // Outside transactions: redone after a crash, never undone.
  Result<Lsn> WriteSystem(btree::Tree& tree, Bytes key, Decide decide);
  Result<Lsn> WriteSystem(store::TieredTree& tree, Bytes key, Decide decide);

  // undo.cc. Takes back the transaction's records past `stop`.
  Status Undo(ActiveEntry* entry, Lsn stop);
  Status UndoChange(ActiveEntry* entry, const wal::Record& record);
  void AbandonToBackground(ActiveEntry* entry);

  // bulk_load.cc. Makes a chunk of durable rows the transaction's change; before and after that is undone.
  Status LoadChunk(Transaction& transaction, SpaceId space, TreeId tree, const store::ColdChunk& chunk);
  Status ClearLoaded(SpaceId space, const store::Chunks::Entry& loaded);
  Status ForgetLoaded(SpaceId space, const store::Chunks::Entry& loaded);

  // versions.cc. The older version that the snapshot sees, following the chain from the record that made the newest. False:
  // none. *value is header and row; *record keeps its bytes. `reader`, unless null, is told whose versions it comes past. 40001.
  Result<bool> FindVersion(const Snapshot& snapshot, Lsn lsn, wal::Record* record, Bytes* value,
                           SerializableTransaction* reader = nullptr);
  // Whether the row still has the key it has in the version that the snapshot sees, of which `newer` is one that it does not see.
  Result<bool> KeyKept(const Snapshot& snapshot, RowHeader newer);
  // What the record of a new version by `writer` should link to, given the version it replaces: past versions that no
  // live snapshot needs.
  Result<Lsn> LinkPast(TxnId writer, const RowHeader& replaced);
  // Whether a serializable snapshot would miss the writer of `older`, committed at `committed`, whose record links to `link`.
  Result<bool> IsFirstPast(const RowHeader& older, uint64_t committed, Lsn link);
  // What LinkPast found, and for which version.
  struct FoundLink {
    Lsn of;
    Lsn link;
  };
  // Fills in a new version's depth and its record's link. False: the chain is long, LinkPast has to be asked first.
  static bool ChooseLink(const RowHeader& replaced, bool seen_by_all, const FoundLink& found, RowHeader* header, Lsn* link);

  // trees.cc
  Result<std::shared_ptr<TableState>> OpenTable(SpaceId space, TreeId tree);
  // A rollback has given the table so many rows, or taken them.
  void NoteGrowth(SpaceId space, TreeId tree, int64_t rows);
  void ForgetTable(SpaceId space, TreeId tree);
  // An index's making commits: older snapshots lack what its filling left out. Until then nobody's kept snapshot may use it.
  void NoteIndexMade(SpaceId space, TreeId tree);
  Lsn CompleteSince(SpaceId space, TreeId tree);
  void SetCompleteSince(SpaceId space, TreeId tree, Lsn lsn);
  std::vector<TreeId> UnplacedTables(SpaceId space);

  // purge.cc
  Status Purge();
  Status PurgeRecord(const wal::Record& record);
  Status NoteColdDeletion(btree::Tree& tree, Bytes key, FunctionRef<bool(std::optional<Bytes>)> still_there);
  void FinishDrops();
  void DropLater(TxnId txn, std::vector<std::pair<SpaceId, TreeId>> trees);

  store::Store& store;
  const TransactionOptions options;
  LockManager locks;
  RowLocks row_locks;
  KeyLocks key_locks;
  CommitClock clock;
  StatusTable status;
  SnapshotRegistry snapshots;
  SerializableGraph serializable;

 private:
  friend class TransactionManager;
  Result<Lsn> WriteThrough(Transaction& transaction, FunctionRef<Result<Lsn>(Decide decide)> modify, Decide decide);
  void RemoveActive(ActiveEntry* entry);
  void RunBackground();
  Status UndoLosers();

  Mutex mutex_{LockRank::kTransactions};
  std::atomic<uint64_t> next_id_{1};
  ActiveEntry* first_active_ = nullptr;
  ActiveEntry* last_active_ = nullptr;
  // All with an id below the floor have ended, and none of them has committed past this.
  struct {
    uint64_t floor = 1;
    Lsn commit;
  } unsettled_;
  std::vector<ActiveEntry*> losers_;  // to be undone by the background

  Mutex tables_mutex_{LockRank::kPurge};
  std::unordered_map<uint64_t, std::shared_ptr<TableState>> tables_;
  std::unordered_map<uint64_t, Lsn> young_indexes_;  // as long as there are older snapshots; guarded by tables_mutex_
  Lsn young_pruned_;

  struct PendingDrop {
    TxnId txn;
    std::vector<std::pair<SpaceId, TreeId>> trees;
  };
  Mutex purge_mutex_{LockRank::kScheduler};  // one purge at a time
  std::atomic<uint64_t> purge_position_{0};
  Mutex drops_mutex_{LockRank::kPurge};
  std::deque<PendingDrop> drops_;

  Mutex background_mutex_{LockRank::kPurge};
  ConditionVariable background_wake_;
  ConditionVariable recovered_wake_;
  bool stopping_ = false;
  bool drops_waiting_ = false;   // for the background: dropped trees to free,
  bool losers_waiting_ = false;  // and rollbacks to finish
  std::atomic<bool> recovered_{false};
  std::thread background_;
};

}  // namespace phantom::txn
