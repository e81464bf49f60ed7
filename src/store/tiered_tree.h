// store/tiered_tree.h
//
// A KEYED tree with the runs under it (docs/decisions/0017-sorted-runs.md). What the tree has wins, then newer runs over
// older ones; a tombstone means that there is nothing. All changes happen in the tree: a key that only a run has is copied
// in first, as a system change.
//
// One handle a tree is shared by all (Store::OpenTiered). Whoever looks into a tree that may have runs uses it. Without
// runs it is the tree, at the price of a load or two.
//
// Errors as for btree::Tree and lsm::RunReader; 58P01 when the tree has been dropped.
// Thread safety: any thread. Lock order: the list's mutex has rank kVersions, that of its changes kRuns; the latter is held
// while the entry in the tree directory changes.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "btree/tree.h"
#include "common/function_ref.h"
#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"
#include "store/run_list.h"

namespace phantom::lsm {
class RunReader;
}

namespace phantom::store {

// No value of a tree that may have runs is this: the mark of a dead entry (txn/row_header.h) by no transaction.
inline constexpr std::array<std::byte, 16> kTombstone = [] {
  std::array<std::byte, 16> bytes{};
  bytes[15] = std::byte{8};
  return bytes;
}();

inline bool IsTombstone(Bytes value) {
  return value.size() == kTombstone.size() && std::memcmp(value.data(), kTombstone.data(), kTombstone.size()) == 0;
}

// An open run.
struct Run {
  Run(const RunInfo& info, std::unique_ptr<lsm::RunReader> reader);
  ~Run();
  const RunInfo info;
  const std::unique_ptr<lsm::RunReader> reader;
};
// Newest first.
using RunList = std::vector<std::shared_ptr<const Run>>;

// How a tree's user wants its tiers.
struct TierRules {
  // Trailing bytes of a key that filters do not look at: 8 for an index, whose keys end with the row id.
  uint8_t filter_trim = 0;
  // Values that never leave the tree: those that are judged under the leaf's latch, and those that purge will come for.
  bool (*stays)(Bytes value) = nullptr;
};

class TieredTree {
 public:
  TieredTree(Store& store, std::shared_ptr<btree::Tree> tree);
  ~TieredTree();

  TreeId id() const { return tree_->id(); }
  SpaceId space() const { return tree_->space(); }
  btree::TreeKind kind() const { return tree_->kind(); }
  // The hot tier alone.
  btree::Tree& tree() const { return *tree_; }

  // As btree::Tree's; tombstones are not shown. Where a removal has to leave a tombstone its record puts one, with what was there
  // before as ever.
  Status Read(Bytes key, FunctionRef<void(std::optional<Bytes> value)> visit) const;
  Result<bool> Copy(Bytes key, std::byte* to, size_t* bytes) const {
    const uint64_t version = this->version();
    Result<bool> found = tree_->Copy(key, to, bytes);
    if (found.ok() && (!*found || IsTombstone({to, *bytes}))) [[unlikely]] {
      found = *found ? Result<bool>(false) : CopyOfRuns(key, version, to, bytes);
    }
    return found;
  }
  Result<Lsn> Modify(Bytes key, FunctionRef<Status(std::optional<Bytes> current, btree::Edit& edit)> decide);

  // Allows flushing; before that nothing leaves the tree. To be called by every user, always with the same rules.
  void SetRules(const TierRules& rules);

  // Grows with every change of the list of runs.
  uint64_t version() const { return version_.load(std::memory_order_seq_cst); }
  bool has_runs() const { return run_count_.load(std::memory_order_acquire) != 0; }
  // Null: none.
  std::shared_ptr<const RunList> runs() const { return Current().list; }

  // Writes what may leave the tree into a run and takes it out of the tree. False: nothing to do, or others are at it.
  // `pause` is called now and then and stops the work by returning false.
  Result<bool> Flush(FunctionRef<bool()> pause);
  // Makes one run of `count` neighbours in the list, if they are the `first` and those behind it now and none of them can be taken
  // back any more. False: not so, or others are at it.
  Result<bool> Merge(size_t first, size_t count, FunctionRef<bool()> pause);

  // For RunLoad: a transaction puts a run in front of the others. `log` appends the record that will undo it.
  Status Publish(std::shared_ptr<const Run> run, FunctionRef<void()> log);
  // Takes a run away and out of the tree what was copied from it: a rollback. A run that is not there is success.
  Status Withdraw(ColdFileId file);

  // Bytes put into the tree since the last flush, about.
  uint64_t fresh_bytes() const { return fresh_bytes_.load(std::memory_order_relaxed); }

  // Bytes in the tree from before it was opened, counted up to `limit` the first time it is asked; none after a flush.
  Result<uint64_t> OldBytes(uint64_t limit);

  // For the store. Reads the list; before the handle is shared.
  Status Load();
  // Nobody flushes or merges any more when it returns: the tree is going to be freed.
  void Retire();

 private:
  friend class TieredScan;
  class Turn;
  class Flushing;

  struct Listed {
    std::shared_ptr<const RunList> list;
    uint64_t version = 0;
  };
  Listed Current() const;
  // Both: what the runs have of a key that the tree lacked when it was looked into at this version.
  // ReadRuns, false: the list of runs has changed since, the tree must be looked into again.
  Result<bool> CopyOfRuns(Bytes key, uint64_t version, std::byte* to, size_t* bytes) const;
  Result<bool> ReadRuns(Bytes key, uint64_t version, FunctionRef<void(std::optional<Bytes> value)> visit) const;

  // What is known of the runs before a leaf is latched.
  enum class Below : uint8_t {
    kExcluded,  // the key is in none
    kPossible,  // it may be in one
    kAbsent,    // nothing is alive there; a tombstone may be
  };
  Result<Below> AskFilters(Bytes key, const Listed& runs) const;
  // Copies the key's value into the tree if runs have one. False: they have none.
  Result<bool> CopyIn(Bytes key, const Listed& runs);
  Status ChangeList(FunctionRef<Status(RunList& list)> change);
  Status Prune(const Run& run, FunctionRef<bool()> pause);
  bool MayBeWithdrawn(const Run& run) const;

  Store& store_;
  const std::shared_ptr<btree::Tree> tree_;
  std::atomic<uint64_t> version_{1};
  std::atomic<uint32_t> run_count_{0};
  // What is removed may be on its way into a run: a removal leaves a tombstone.
  std::atomic<bool> flushing_{false};
  // Writers of new keys change it; readers look at what is above.
  alignas(64) std::atomic<uint64_t> fresh_bytes_{0};
  static constexpr uint64_t kUnknown = UINT64_MAX;
  std::atomic<uint64_t> old_bytes_{kUnknown};
  std::atomic<bool> retired_{false};
  std::atomic<bool> has_rules_{false};
  TierRules rules_;

  mutable SharedMutex mutex_{LockRank::kVersions};
  std::shared_ptr<const RunList> list_;

  Mutex change_mutex_{LockRank::kRuns};
  ConditionVariable turn_over_;
  bool flush_taken_ = false;  // someone flushes
  bool merge_taken_ = false;  // someone merges
};

}  // namespace phantom::store
