// Flushing a tree into a run, and merging runs (docs/decisions/0017-sorted-runs.md).
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "btree/buffer_pool.h"
#include "common/check.h"
#include "io/env.h"
#include "lsm/run_reader.h"
#include "store/run_file.h"
#include "store/store.h"
#include "store/tiered_tree.h"

namespace phantom::store {

namespace {

// A leaf's content, to be looked at without its latch.
class LeafCopy {
 public:
  Status Read(const btree::Tree& tree, const std::string& position) {
    return tree.VisitLeaf(AsBytes(position),
                          [&](const btree::LeafView& leaf) { std::memcpy(bytes_, leaf.page(), sizeof(bytes_)); });
  }
  btree::LeafView view() const { return btree::LeafView(bytes_); }

 private:
  alignas(64) std::byte bytes_[btree::kPageBytes];
};

}  // namespace

// Removals leave tombstones while it lives. What it was to take out of the tree counts again when it did not come to that.
class TieredTree::Flushing {
 public:
  explicit Flushing(TieredTree& tree)
      : tree_(tree), fresh_bytes_(tree.fresh_bytes_.exchange(0)), old_bytes_(tree.old_bytes_.exchange(0)) {
    tree_.flushing_.store(true);
  }
  ~Flushing() {
    if (ended_) return;
    End();
    tree_.fresh_bytes_.fetch_add(fresh_bytes_, std::memory_order_relaxed);
    tree_.old_bytes_ = old_bytes_;
  }
  void End() {
    tree_.flushing_.store(false);
    ended_ = true;
  }

 private:
  TieredTree& tree_;
  const uint64_t fresh_bytes_, old_bytes_;
  bool ended_ = false;
};

// One at a time flushes, and one merges.
class TieredTree::Turn {
 public:
  Turn(TieredTree& tree, bool& taken) : tree_(tree), taken_(taken) {
    MutexLock lock(tree_.change_mutex_);
    mine_ = !taken_ && !tree_.retired_;
    if (mine_) taken_ = true;
  }
  ~Turn() {
    if (!mine_) return;
    MutexLock lock(tree_.change_mutex_);
    taken_ = false;
    tree_.turn_over_.notify_all();
  }
  bool mine() const { return mine_; }

 private:
  TieredTree& tree_;
  bool& taken_;
  bool mine_;
};

Result<bool> TieredTree::Flush(FunctionRef<bool()> pause) {
  const Turn turn(*this, flush_taken_);
  if (!turn.mine() || !has_rules_) return false;
  Flushing flushing(*this);
  // Where there is nothing to hide, tombstones need not go down.
  const bool with_tombstones = has_runs();
  RunFile file(store_, id(), rules_.filter_trim);
  LeafCopy leaf;
  std::array<std::byte, btree::kKeyBytesMax> key;
  std::string position;
  for (bool more = true; more;) {
    if (retired_ || !pause()) return false;
    RETURN_IF_ERROR(leaf.Read(*tree_, position));
    const btree::LeafView view = leaf.view();
    for (uint32_t i = view.LowerBound(AsBytes(position)); i < view.count(); ++i) {
      const Bytes value = view.value(i);
      if (IsTombstone(value) ? !with_tombstones : rules_.stays != nullptr && rules_.stays(value)) continue;
      RETURN_IF_ERROR(file.Add({key.data(), view.CopyKey(i, key.data())}, value));
    }
    more = !view.is_last();
    if (more) position.assign(AsText(view.high_fence()));
  }
  if (file.entries() == 0) {
    flushing.End();  // nothing may leave
    return false;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Run> run, file.Finish(TxnId()));
  RETURN_IF_ERROR(ChangeList([&](RunList& list) {
    list.insert(list.begin(), run);
    return Status::Ok();
  }));
  file.Keep();
  store_.env().Step("flush: published");
  flushing.End();
  RETURN_IF_ERROR(Prune(*run, pause));
  return true;
}

// Takes out of the tree what is in the run as well, and joins what is left of neighbouring leaves: keys that have come meanwhile
// lie everywhere, and a leaf for each few of them would fill the pool with little.
Status TieredTree::Prune(const Run& run, FunctionRef<bool()> pause) {
  lsm::RunCursor cursor(*run.reader);
  LeafCopy leaf;
  std::array<std::byte, btree::kKeyBytesMax> key;
  struct Same {
    std::string key, value;
    bool needless;  // not in the run, but a tombstone that hides nothing
  };
  std::vector<Same> same;
  std::string position;
  for (bool more = true; more;) {
    if (retired_ || !pause()) return Status::Ok();
    RETURN_IF_ERROR(leaf.Read(*tree_, position));
    const btree::LeafView view = leaf.view();
    const Listed runs = Current();
    const bool only_run = runs.list != nullptr && runs.list->size() == 1 && runs.list->front().get() == &run;
    same.clear();
    RETURN_IF_ERROR(cursor.Seek(AsBytes(position)));
    for (uint32_t i = view.LowerBound(AsBytes(position)); i < view.count(); ++i) {
      const Bytes hot(key.data(), view.CopyKey(i, key.data()));
      while (cursor.Valid() && btree::CompareKeys(cursor.key(), hot) < 0) RETURN_IF_ERROR(cursor.Next());
      const bool there = cursor.Valid() && btree::CompareKeys(cursor.key(), hot) == 0;
      const bool needless = only_run && !there && IsTombstone(view.value(i));
      if (!needless && (!there || AsText(cursor.value()) != AsText(view.value(i)))) continue;
      same.push_back({std::string(AsText(hot)), std::string(AsText(view.value(i))), needless});
    }
    more = !view.is_last();
    if (!same.empty()) {
      RETURN_IF_ERROR(store_.pool().AdmitChange());
      RETURN_IF_ERROR(store_.log().Admit());
      auto next = same.begin();
      RETURN_IF_ERROR(tree_->Prune(AsBytes(position), [&](Bytes hot, Bytes value) {
        while (next != same.end() && btree::CompareKeys(AsBytes(next->key), hot) < 0) ++next;
        return next != same.end() && next->key == AsText(hot) && next->value == AsText(value) &&
               (!next->needless || version() == runs.version);
      }).status());
      store_.env().Step("flush: leaf pruned");
    }
    // Leaves before this one have been pruned, and it may fit into the last of them.
    if (!same.empty() || view.used_bytes() < btree::kPageBytes / 2) RETURN_IF_ERROR(tree_->Tidy(AsBytes(position)));
    if (more) position.assign(AsText(view.high_fence()));
  }
  return Status::Ok();
}

// ---- Merging ---------------------------------------------------------------------------------------------------------

Result<bool> TieredTree::Merge(size_t first, size_t count, FunctionRef<bool()> pause) {
  const Turn turn(*this, merge_taken_);
  if (!turn.mine() || !has_rules_ || count < 2) return false;
  const std::shared_ptr<const RunList> list = runs();
  if (list == nullptr || first + count > list->size()) return false;
  const RunList inputs(list->begin() + static_cast<ptrdiff_t>(first),
                       list->begin() + static_cast<ptrdiff_t>(first + count));
  const bool with_tombstones = first + count < list->size();
  std::vector<std::unique_ptr<lsm::RunCursor>> cursors;
  for (const auto& run : inputs) {
    if (MayBeWithdrawn(*run)) return false;
    cursors.push_back(std::make_unique<lsm::RunCursor>(*run->reader));
    RETURN_IF_ERROR(cursors.back()->SeekFirst());
  }
  RunFile file(store_, id(), rules_.filter_trim);
  for (uint64_t steps = 0;; ++steps) {
    if (steps % 1024 == 0 && (retired_ || !pause())) return false;
    lsm::RunCursor* least = nullptr;  // the newest of those at the least key
    for (const auto& cursor : cursors) {
      if (cursor->Valid() && (least == nullptr || btree::CompareKeys(cursor->key(), least->key()) < 0)) {
        least = cursor.get();
      }
    }
    if (least == nullptr) break;
    if (with_tombstones || !IsTombstone(least->value())) RETURN_IF_ERROR(file.Add(least->key(), least->value()));
    for (const auto& cursor : cursors) {
      if (cursor.get() == least || !cursor->Valid()) continue;
      if (btree::CompareKeys(cursor->key(), least->key()) == 0) RETURN_IF_ERROR(cursor->Next());
    }
    RETURN_IF_ERROR(least->Next());
  }
  std::shared_ptr<const Run> merged;
  if (file.entries() > 0) {
    ASSIGN_OR_RETURN(merged, file.Finish(TxnId()));
  }
  bool replaced = false;
  RETURN_IF_ERROR(ChangeList([&](RunList& now) {
    // Others may have put runs in front meanwhile; these are still neighbours, for only who has the turn takes any away.
    auto at = std::ranges::find(now, inputs.front());
    replaced = static_cast<size_t>(now.end() - at) >= count && std::equal(inputs.begin(), inputs.end(), at);
    if (!replaced) return Status::Ok();
    at = now.erase(at, at + static_cast<ptrdiff_t>(count));
    if (merged != nullptr) now.insert(at, merged);
    return Status::Ok();
  }));
  if (!replaced) return false;
  file.Keep();
  store_.env().Step("merge: published");
  for (const auto& run : inputs) RETURN_IF_ERROR(store_.files().Remove(ColdFileKind::kRun, run->info.file));
  return true;
}

}  // namespace phantom::store
