// store/store.h
//
// One directory of data, opened: the control file, the log, the page file, the spaces and their
// trees. The one home of storage metadata. Does recovery when opening and checkpoints while open.
//
// Trees are made and dropped within transactions: each such act is a record in the transaction's
// chain (kTreeCreate, kTreeDrop), which the transaction room hands back to UndoTree() when it rolls
// back. A dropped tree is freed by FinishDrops() after the commit.
//
// Errors: 53100 no room; 58030 I/O; XX001 corrupted; 55006 the directory is in use.
// Thread safety: all methods may be called from any thread unless they say otherwise.
// Bytes: docs/formats/control.md, page.md, page_map.md, wal.md.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "btree/tree.h"
#include "common/ids.h"
#include "common/status.h"
#include "wal/log_writer.h"
#include "wal/record.h"

namespace phantom::io {
class Env;
}
namespace phantom::btree {
class BufferPool;
}

namespace phantom::store {

class Chunks;
class ColdFiles;
class TieredTree;

// The tree directory of every space, itself a KEYED tree with its root at page 1.
inline constexpr TreeId kDirectoryTree{1};
// Trees made by CreateTree have this id or a greater one; smaller ones are for the caller to name.
inline constexpr TreeId kFirstTree{16384};
// The space of what all databases share; always there.
inline constexpr SpaceId kSharedSpace{0};

struct StoreOptions {
  uint64_t buffer_pool_bytes = 128 << 20;
  // For what has been read of segments.
  uint64_t segment_cache_bytes = 32 << 20;
  wal::LogOptions log;
  // A checkpoint begins when this much log has been written since the last redo point, or after the
  // interval when there has been any.
  uint64_t checkpoint_log_bytes = 128 << 20;
  uint32_t checkpoint_interval_ms = 30'000;
  // Without the thread checkpoints happen on demand only.
  bool checkpoint_thread = true;
  // Without the thread trees are flushed and runs merged on demand only.
  bool tier_thread = true;
  // That replay the log; 0: by the number of cores.
  uint32_t redo_threads = 0;
  // Called in log order with every record from the last checkpoint on, while recovering.
  std::function<void(const wal::RecordView&)> on_record;
};

// A transaction that has written. `first` and `last` are its first and latest records.
struct ActiveTransaction {
  TxnId id;
  Lsn first;
  Lsn last;
};

// What the transaction room tells the store. Called on the checkpoint thread, without locks held.
class TransactionHooks {
 public:
  virtual ~TransactionHooks() = default;
  // Every transaction that has appended a record but not yet its kCommit or kEnd: appending that and leaving
  // this list must be one atomic step for the caller. Every record appended before the call counts: one that
  // is appended but not yet noted as its transaction's latest must be waited for.
  virtual std::vector<ActiveTransaction> ActiveTransactions() = 0;
  // Whether it may still be rolled back. Waits for nothing.
  virtual bool InProgress(TxnId id) const = 0;
  // Greater than every id handed out so far.
  virtual TxnId NextTxnId() = 0;
  // The log from here on is needed by transactions in progress, snapshots or purge.
  virtual Lsn RetainLsn() = 0;
};

// What recovery found.
struct Recovery {
  std::vector<ActiveTransaction> losers;    // to be undone; they still own their rows
  std::vector<ActiveTransaction> prepared;  // not to be undone: their latest record is kPrepare
  TxnId next_txn;                         // greater than every id in use
  Lsn end;                                // the log continued here
  bool clean = false;                     // the last shutdown was clean: nothing was replayed
  bool created = false;                   // the directory was empty
};

struct TreeInfo {
  TreeId id;
  btree::TreeKind kind{};
  PageId root;
  std::string attributes;  // the creator's own bytes
};

struct StoreStats {
  uint64_t slots = 0;  // of the page file
  uint64_t slots_free = 0;
  Lsn redo;
  Lsn appended;
  uint64_t checkpoints = 0;
};

class Store {
 public:
  // Opens the directory, making a new store when it has none, and recovers.
  static Result<std::unique_ptr<Store>> Open(io::Env& env, const std::string& directory, const StoreOptions& options);

  // Stops checkpoints. Does not checkpoint: call Close() for a clean shutdown.
  ~Store();
  // Writes a last checkpoint, so that the next opening replays nothing. No other call may be in progress or follow.
  Status Close();

  const Recovery& recovery() const;
  // To be set once, before transactions begin. The hooks must live until Close() or destruction; null unsets them.
  // While there are none, checkpoints drop nothing of the log.
  void SetHooks(TransactionHooks* hooks);

  io::Env& env();
  wal::LogWriter& log();
  btree::BufferPool& pool();
  // The cold half of tables.
  Chunks& chunks();
  // Their files, and those of the cold tier of keyed trees.
  ColdFiles& files();
  const std::string& directory() const;

  // Trees. A handle stays valid after the tree is dropped, but must not be used then.
  // 58P01 (XX000 in messages to clients) when there is no such tree.
  Result<std::shared_ptr<btree::Tree>> OpenTree(SpaceId space, TreeId tree);
  // A KEYED tree with the runs under it; the same handle for all.
  Result<std::shared_ptr<TieredTree>> OpenTiered(SpaceId space, TreeId tree);
  // The trees in use that may have runs.
  std::vector<std::shared_ptr<TieredTree>> ListTiered();
  Result<TreeInfo> GetTreeInfo(SpaceId space, TreeId tree);
  Result<std::vector<TreeInfo>> ListTrees(SpaceId space);

  // Makes an empty tree on behalf of a transaction whose latest record is *last; *last becomes that of the
  // record to be undone. `id` 0 lets the store choose. 42710 when the id is taken.
  Result<TreeId> CreateTree(SpaceId space, TreeId id, btree::TreeKind kind, std::string_view attributes, TxnId txn,
                            Lsn* last);
  // Marks the tree as dropped by the transaction. It stays usable until FinishDrops().
  Status DropTree(SpaceId space, TreeId tree, TxnId txn, Lsn* last);
  // After the commit: frees the pages of every tree the transaction dropped.
  Status FinishDrops(TxnId txn);
  // Undoes a kTreeCreate, kTreeDrop or kRunAdd record; writes the compensation record and puts its LSN into *last.
  // May be repeated after a crash.
  Status UndoTree(const wal::Record& record, Lsn* last);
  // After recovery, when the losers have been undone: finishes drops that a crash interrupted.
  Status FinishInterruptedDrops();
  // What a transaction in progress has dropped; and to be told so again, when it was prepared before this store was opened.
  std::vector<std::pair<SpaceId, TreeId>> DropsOf(TxnId txn);
  void RestoreDrops(TxnId txn, std::vector<std::pair<SpaceId, TreeId>> trees);

  // Spaces (databases). Not transactional: durable when the call returns. DropSpace frees everything in it;
  // nobody may be using it.
  Status CreateSpace(SpaceId space);
  Status DropSpace(SpaceId space);
  std::vector<SpaceId> ListSpaces();

  // Writes a checkpoint now; returns when it is durable.
  Status Checkpoint();

  // Whether the transaction has written and has neither committed nor been rolled back.
  bool IsInProgress(TxnId txn);

  StoreStats Stats();

  // Verifies every tree, and that pages, trees and the page map agree. Meant for a quiet store. `report`
  // receives one line per fault.
  Status Check(const std::function<void(const std::string&)>& report);

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace phantom::store
