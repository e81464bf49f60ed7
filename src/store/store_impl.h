// store/store_impl.h
//
// The store's inside, shared by its .cc files.
//
// Lock order: checkpoint_mutex_ has rank kCheckpoint, mutex_ rank kStore. Neither is held over I/O;
// `busy_` keeps checkpoints and changes of spaces apart from each other.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "btree/buffer_pool.h"
#include "btree/page_map.h"
#include "btree/tree.h"
#include "common/mutex.h"
#include "io/env.h"
#include "store/chunks.h"
#include "store/cold_files.h"
#include "store/control_file.h"
#include "store/records.h"
#include "store/store.h"
#include "store/tier_worker.h"
#include "store/tiered_tree.h"
#include "wal/log_writer.h"

namespace phantom::btree {
class RedoTeam;
}

namespace phantom::store {

struct Store::Impl {
  Impl(io::Env& e, std::string d, const StoreOptions& o) : env(e), directory(std::move(d)), options(o) {}
  ~Impl();

  // Opening (open.cc, recovery.cc).
  Status Open();
  Status CreateNew();
  Status OpenExisting();
  Status StartLog(Lsn end);
  Status Recover(Lsn* end);
  // Tells those that are prepared from those to be rolled back.
  Status SeparatePrepared();
  Status ReplayRecord(const wal::RecordView& record, btree::RedoTeam* team);
  Status MakeMissingDirectories();

  // Checkpoints (checkpoint.cc).
  void Enter();  // waits for, and takes, `busy`
  void Leave();
  Status Checkpoint();
  Status CheckpointEntered();
  // Makes the pages as they are on disk by now the ones that count, with this redo point: every change before it is there.
  Status Publish(Lsn new_redo);
  void RunCheckpointer();
  void StopCheckpointer();
  std::vector<ActiveTransaction> ActiveTransactions();
  TxnId NextTxnId();
  Lsn RetainLsn();

  // Trees and spaces (directory.cc, spaces.cc).
  Result<std::shared_ptr<btree::Tree>> Directory(SpaceId space);
  Status MakeDirectory(SpaceId space);
  Status CreateSpaceEntered(SpaceId space);
  struct Entry {
    DirectoryValue value{};
    std::string attributes;
  };
  Result<Entry> ReadEntry(SpaceId space, TreeId tree);
  btree::Tree TreeOf(SpaceId space, TreeId tree, const DirectoryValue& value);
  TreeId NextTreeId();
  void NoteTreeId(TreeId tree);
  // Frees the tree's pages and removes its entry.
  Status FreeTree(SpaceId space, TreeId tree, const DirectoryValue& value);
  // Also ends what is being done to its runs.
  void ForgetTree(SpaceId space, TreeId tree);
  void ForgetTrees(SpaceId space);
  Status UndoRun(const wal::Record& record, Lsn* last);
  // Removes the runs of a tree that is freed, its drop being in the log.
  Status RemoveRuns(SpaceId space, TreeId tree);
  // The paths of all that entries of a space's directory name.
  Result<std::vector<std::string>> ColdFilesOf(SpaceId space);
  bool IsPartial(SpaceId space, TreeId tree);
  Status CheckChunks(SpaceId space, TreeId tree, bool partial, const std::function<void(const std::string&)>& report);
  void CheckRuns(SpaceId space, TreeId tree, bool partial, const std::function<void(const std::string&)>& report);

  Store* self = nullptr;
  io::Env& env;
  const std::string directory;
  const StoreOptions options;
  Recovery recovery;

  std::unique_ptr<io::FileLock> lock;
  std::unique_ptr<ControlFile> control;
  std::unique_ptr<io::File> page_file;
  std::unique_ptr<btree::PageMap> map;
  std::unique_ptr<btree::BufferPool> pool;
  std::unique_ptr<wal::LogWriter> log;
  std::unique_ptr<ColdFiles> files;
  std::unique_ptr<Chunks> chunks;

  Mutex checkpoint_mutex{LockRank::kCheckpoint};
  ConditionVariable checkpoint_changed;
  bool busy = false;
  bool stopping = false;
  TransactionHooks* hooks = nullptr;
  // What counts without hooks: recovery's result, or what the hooks said last. `hooks` and the list change with mutex held too.
  std::vector<ActiveTransaction> active_without_hooks;
  TxnId next_txn_without_hooks;
  Lsn redo;            // of the last checkpoint
  Lsn checkpoint_end;  // the log's end after the last checkpoint
  uint64_t checkpoints = 0;
  std::thread checkpointer;

  // One at a time opens a handle's runs; held over their reading.
  Mutex opening_mutex{LockRank::kRuns};
  Mutex mutex{LockRank::kStore};
  std::map<std::pair<SpaceId, TreeId>, std::shared_ptr<btree::Tree>> trees;
  std::map<std::pair<SpaceId, TreeId>, std::shared_ptr<TieredTree>> tiered;
  std::unordered_map<TxnId, std::vector<std::pair<SpaceId, TreeId>>> drops;  // by transactions in progress
  std::map<SpaceId, Lsn> dropped_spaces;                                     // LSN of the drop
  uint32_t next_tree = kFirstTree.value;
  std::unique_ptr<TierWorker> tier_worker;
};

}  // namespace phantom::store
