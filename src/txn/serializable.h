// txn/serializable.h
//
// Serializable snapshot isolation (Cahill; Ports and Grittner, "Serializable Snapshot Isolation in PostgreSQL", 2012;
// docs/decisions/0023-serializable.md). A serializable transaction reads its snapshot, and what it has read is kept
// (predicate_locks.h). Where one reads past what a concurrent one has written there is a conflict "out" of the reader and "in" to the writer: the
// reader comes first in every serial order. Two such conflicts in a row, In -> Pivot -> Out, of which Out commits first, are the only
// way to a history that no serial order explains; who would complete that fails with 40001, or is doomed to fail at its next
// step.
//
// A SerializableTransaction lives from the transaction's first snapshot until nobody runs who is concurrent with it. When
// more committed ones have to be kept than `committed_max`, or what has been read takes too much, the oldest are summarised: what they
// read becomes one common reader's, what they conflicted with a flag. That makes false alarms likelier and misses nothing.
//
// Numbers are the graph's own clock: every commit takes two, one when it is decided (prepared) and one when it is
// visible to all. The order of the calls: Prepare(), then the commit is made visible, then Commit().
//
// Thread safety: any thread; of one transaction by one at a time, except that what it reads may be noted by several.
// Lock order: ends_mutex_ (rank kSerializableEnds, over all of an end), a partition of the predicate locks, mutex_ (kSerializable).
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/function_ref.h"
#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"
#include "txn/predicate_locks.h"

namespace phantom::txn {

class SerializableTransaction final : public PredicateReader {
 public:
  // READ ONLY, and nothing it may still read can be part of an anomaly: it need not be watched any more.
  bool safe() const { return safe_.load(std::memory_order_acquire); }

 private:
  friend class SerializableGraph;
  using List = std::vector<SerializableTransaction*>;
  using PredicateReader::PredicateReader;

  std::atomic<bool> safe_{false};
  std::atomic<bool> doomed_{false};  // is to fail, or has
  bool wrote_ = false;               // the owner's
  uint64_t serial_ = 0;              // its number, given when it begins

  // Below: under the graph's mutex.
  TxnId id_;
  int32_t process_id_ = 0;
  uint64_t snapshot_no_ = 0;  // the clock when it took its snapshot
  uint64_t prepare_no_ = 0;
  uint64_t commit_no_ = 0;
  bool declared_read_only_ = false;
  bool read_only_ = false;      // declared so, or committed without having written
  bool prepared_ = false;       // has passed its last check; stays set
  bool committed_ = false;
  bool retired_ = false;        // safe, or rolled back
  bool restored_ = false;       // by a restart: may have read anything
  bool summarised_ = false;     // its locks are on their way to the common reader
  bool unsafe_ = false;         // READ ONLY, and will never be safe
  bool waiting_ = false;        // READ ONLY DEFERRABLE, for being safe or unsafe
  bool conflict_out_ = false;   // committed with a conflict out to one that had committed before,
  uint64_t earliest_out_ = 0;   // ... of which the first was prepared then
  bool summary_in_ = false;     // had conflicts with summarised ones
  bool summary_out_ = false;
  List in_, out_;
  List unsafe_writers_;  // of a READ ONLY one: who may yet make it unsafe
  List unsafe_readers_;  // of a writer: the other way round
};

struct SerializableOptions {
  size_t tree_locks_max = 31;    // max_pred_locks_per_relation, resolved
  size_t committed_max = 1000;   // kept in full
  size_t read_bytes_max = PredicateLocks::kBytesMax;  // what has been read in detail; beyond that no committed one is kept in full
};

class SerializableGraph {
 public:
  // `wake` is called with the number of a deferrable transaction whose wait is over, with nothing held.
  SerializableGraph(const SerializableOptions& options, std::function<void(uint64_t number)> wake);
  ~SerializableGraph();

  struct Beginning {
    TxnId id;  // if it has one
    int32_t process_id = 0;
    bool read_only = false;
  };
  // `take_snapshot` is called in the course. Null: READ ONLY, and safe from the start.
  SerializableTransaction* Begin(const Beginning& beginning, FunctionRef<void()> take_snapshot);
  // The same with the snapshot of another one in progress, taken over: by its number, since it may end any time. 55000 when it has.
  // Requires READ ONLY if the other one is.
  Result<SerializableTransaction*> BeginBeside(uint64_t number, const Beginning& beginning, FunctionRef<void()> take_snapshot);
  // Names it for ever, as long as it is in progress and after.
  uint64_t NumberOf(const SerializableTransaction& transaction) const { return transaction.serial_; }
  // Before anything is written under the id.
  void SetId(SerializableTransaction& transaction, TxnId id);

  // ---- Reading. 40001.
  // Before anything else: may it go on?
  Status BeginRead(const SerializableTransaction& reader) const {
    return reader.doomed_.load(std::memory_order_relaxed) ? Doomed(reader, "conflict out checking") : Status::Ok();
  }
  // It reads what it finds there from now on.
  PredicateLocks& locks() { return locks_; }
  // It has come past a version, or the lack of one, that `writer` has made and it does not see.
  Status ReadPast(SerializableTransaction& reader, TxnId writer);

  // ---- Writing: call when it has been written. 40001.
  // A row changed, of which there was a version by `replaced`. Who changes a row need not be found as its reader, if the change stays
  // (no savepoint was set).
  Status WroteRow(SerializableTransaction& writer, const TreeName& table, RowId row, TxnId replaced, bool stays);
  // A new row, or many.
  Status WroteNewRow(SerializableTransaction& writer, const TreeName& table);
  // A new entry; also one that could not be made because its key is there.
  Status WroteEntry(SerializableTransaction& writer, const TreeName& index, std::string_view entry);
  // Anything in the tree.
  Status WroteTree(SerializableTransaction& writer, const TreeName& tree);

  // Another tree takes the place of one: who has read that has read all of this.
  void CopyReads(const TreeName& from, const TreeName& to);

  // ---- The end.
  // The last check before a commit or PREPARE TRANSACTION. From here on it cannot be made to fail. 40001.
  Status Prepare(SerializableTransaction& transaction);
  // After the commit is visible / at a rollback. The transaction is not to be used any more.
  void Commit(SerializableTransaction& transaction) { End(transaction, true); }
  void Abort(SerializableTransaction& transaction) { End(transaction, false); }

  // ---- PREPARE TRANSACTION.
  // It belongs to no session any more.
  void LeaveSession(SerializableTransaction& transaction);
  // After a restart, before any other begins: it may have had conflicts with anybody, and may have read anything.
  SerializableTransaction* Restore(TxnId id, bool read_only);

  // ---- READ ONLY DEFERRABLE.
  // It waits by LockManager::WaitForSafeSnapshot(), with its number, until IsDecided().
  void SetWaiting(SerializableTransaction& transaction, bool waiting);
  // Safe, or unsafe for good.
  bool IsDecided(const SerializableTransaction& transaction);
  // Who keeps the process waiting, by their processes.
  std::vector<int32_t> SafeSnapshotBlockers(int32_t process_id);

  // ---- For views and tests.
  struct LockRow {
    PredicateLockInfo lock;
    int32_t process_id = 0;  // 0: no session's any more
  };
  std::vector<LockRow> Locks();
  // Transactions kept in full, in progress or not; writers of which only a number is kept.
  struct Kept {
    size_t transactions = 0;
    size_t summarised = 0;
  };
  Kept CountKept();

 private:
  static constexpr uint64_t kRestored = 1;      // the clock before the first commit
  static constexpr uint64_t kFirstCommit = 2;
  static constexpr size_t kSummaryLocksMax = 4096;   // the common reader's, of one tree
  static constexpr size_t kSummarisedMax = 1 << 18;  // writers remembered by number

  // A summarised writer: when it committed, and when the first one it had read past was prepared (0: none).
  struct Summarised {
    uint64_t commit_no;
    uint64_t earliest_out;
  };
  // What is left to do at an end when mutex_ is free.
  struct Aftermath {
    std::vector<uint64_t> wake;
    std::vector<SerializableTransaction*> unlock, remove;
    uint64_t unlock_summarised = 0;
  };

  size_t KeptMax() const { return locks_.IsFull() ? 0 : options_.committed_max; }
  static Status Failure(std::string reason);
  static Status Doomed(const SerializableTransaction& transaction, const char* during);
  bool IsAlone() const { return known_.load(std::memory_order_seq_cst) <= 1; }
  // Visits readers on behalf of a writer. Those who have a conflict with `replaced` are before that one, and so before the writer.
  template <typename Visiting>
  Status FindReaders(SerializableTransaction& writer, Visiting visiting, TxnId replaced = TxnId());
  Status FoundReader(SerializableTransaction& writer, SerializableTransaction& reader, uint64_t upto, TxnId replaced);

  // Under mutex_.
  SerializableTransaction* Enter(std::unique_ptr<SerializableTransaction> fresh, const Beginning& beginning, uint64_t snapshot_no);
  Status JudgeReader(SerializableTransaction& writer, SerializableTransaction& reader, uint64_t upto);
  static bool Has(const SerializableTransaction& reader, const SerializableTransaction& writer);
  static void Link(SerializableTransaction& reader, SerializableTransaction& writer);
  // Takes all its conflicts back, and tells the others so if they are summarised.
  static void UnlinkIn(SerializableTransaction& transaction, bool summarise);
  static void UnlinkOut(SerializableTransaction& transaction, bool summarise);
  static void UnlinkUnsafe(SerializableTransaction& read_only);
  // The conflict would complete a dangerous structure.
  static bool IsDangerous(const SerializableTransaction& reader, const SerializableTransaction& writer, uint64_t reader_commit_no);
  // Notes the conflict, unless that makes the acting one of the two fail.
  static Status AddConflict(SerializableTransaction& reader, SerializableTransaction& writer,
                            const SerializableTransaction& acting, uint64_t upto);
  Status ReadPastSummarised(SerializableTransaction& reader, TxnId writer);
  void Register(SerializableTransaction& transaction);
  void Retire(SerializableTransaction& transaction);
  void ReleaseConflicts(SerializableTransaction& transaction);
  void SettleReadOnly(SerializableTransaction& writer, Aftermath* after);
  void Clean(Aftermath* after);

  void End(SerializableTransaction& transaction, bool commit);
  void Summarise();
  void Delete(SerializableTransaction* transaction);

  const SerializableOptions options_;
  const std::function<void(uint64_t)> wake_;
  PredicateLocks locks_;
  std::atomic<size_t> known_{0};      // transactions that are not deleted, and the common reader when it has read something
  std::atomic<size_t> finished_count_{0};

  Mutex ends_mutex_{LockRank::kSerializableEnds};
  SerializableTransaction common_;  // what summarised ones have read
  bool common_used_ = false;

  mutable Mutex mutex_{LockRank::kSerializable};
  uint64_t clock_ = kRestored;
  uint64_t next_serial_ = 1;
  size_t writable_ = 0;  // in progress, not declared READ ONLY
  std::map<std::pair<uint64_t, uint64_t>, SerializableTransaction*> active_;  // by snapshot and serial, those that are watched
  std::unordered_set<uint64_t> safe_;                                         // serials of those in progress that became safe
  std::deque<SerializableTransaction*> finished_;                             // committed, in that order
  std::unordered_map<uint64_t, SerializableTransaction*> by_id_;
  std::vector<SerializableTransaction*> restored_;
  std::atomic<size_t> restored_count_{0};
  uint64_t clear_through_ = 0;    // of these nobody in progress can be the writer that a reader meets
  uint64_t cleared_through_ = 0;
  std::unordered_map<uint64_t, Summarised> summarised_;  // by id
  std::deque<uint64_t> summarised_ids_;                  // in the order of their commits
  uint64_t forgotten_below_ = 0;  // summarised writers with smaller ids may have been forgotten,
  uint64_t forgotten_no_ = 0;     // ... who committed then or before
};

}  // namespace phantom::txn
