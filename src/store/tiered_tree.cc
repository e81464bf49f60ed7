#include "store/tiered_tree.h"

#include <algorithm>
#include <string>

#include "common/check.h"
#include "io/env.h"
#include "lsm/run_reader.h"
#include "store/cold_files.h"
#include "store/store.h"

namespace phantom::store {

// What an entry takes in a page besides key and value.
static constexpr size_t kEntryOverhead = 10;

Run::Run(const RunInfo& i, std::unique_ptr<lsm::RunReader> r) : info(i), reader(std::move(r)) {}
Run::~Run() = default;

TieredTree::TieredTree(Store& store, std::shared_ptr<btree::Tree> tree) : store_(store), tree_(std::move(tree)) {}
TieredTree::~TieredTree() = default;

TieredTree::Listed TieredTree::Current() const {
  SharedLock lock(mutex_);
  return {list_, version_.load()};
}

void TieredTree::SetRules(const TierRules& rules) {
  if (has_rules_.load(std::memory_order_acquire)) return;
  ExclusiveLock lock(mutex_);
  rules_ = rules;
  has_rules_.store(true, std::memory_order_release);
}

Status TieredTree::Load() {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> directory, store_.OpenTree(space(), kDirectoryTree));
  ASSIGN_OR_RETURN(const std::vector<RunInfo> infos, ReadRunList(*directory, id()));
  if (infos.empty()) return Status::Ok();
  auto list = std::make_shared<RunList>();
  for (const RunInfo& info : infos) {
    ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, store_.files().Open(ColdFileKind::kRun, info.file));
    const std::string path = store_.files().PathOf(ColdFileKind::kRun, info.file);
    ASSIGN_OR_RETURN(std::unique_ptr<lsm::RunReader> reader,
                     lsm::RunReader::Open(std::move(file), path, store_.files().cache()));
    if (reader->tree() != id().value) {
      return Errorf(sqlstate::kDataCorrupted, "run file \"%s\" is not one of tree %u", path.c_str(), id().value);
    }
    list->push_back(std::make_shared<const Run>(info, std::move(reader)));
  }
  list_ = std::move(list);
  run_count_ = static_cast<uint32_t>(infos.size());
  return Status::Ok();
}

// ---- Reading ---------------------------------------------------------------------------------------------------------

Status TieredTree::Read(Bytes key, FunctionRef<void(std::optional<Bytes>)> visit) const {
  for (bool done = false; !done;) {
    const uint64_t version = this->version();
    RETURN_IF_ERROR(tree_->Read(key, [&](std::optional<Bytes> value) {
      done = value.has_value();
      if (done) visit(IsTombstone(*value) ? std::nullopt : value);
    }));
    if (!done) {
      ASSIGN_OR_RETURN(done, ReadRuns(key, version, visit));
    }
  }
  return Status::Ok();
}

Result<bool> TieredTree::CopyOfRuns(Bytes key, uint64_t version, std::byte* to, size_t* bytes) const {
  for (;;) {
    bool found = false;
    ASSIGN_OR_RETURN(const bool done, ReadRuns(key, version, [&](std::optional<Bytes> value) {
                       found = value.has_value();
                       if (!found) return;
                       *bytes = value->size();
                       std::memcpy(to, value->data(), value->size());
                     }));
    if (done) return found;
    version = this->version();
    ASSIGN_OR_RETURN(found, tree_->Copy(key, to, bytes));
    if (found) return !IsTombstone({to, *bytes});
  }
}

Result<bool> TieredTree::ReadRuns(Bytes key, uint64_t version, FunctionRef<void(std::optional<Bytes>)> visit) const {
  Listed runs{nullptr, version};
  if (has_runs()) runs = Current();
  // A key may have left the tree for a run that has come since.
  if (runs.version != version || this->version() != version) return false;
  bool found = false;
  if (runs.list != nullptr) {
    for (const auto& run : *runs.list) {
      ASSIGN_OR_RETURN(found, run->reader->Read(key, [&](Bytes value) {
        visit(IsTombstone(value) ? std::nullopt : std::optional(value));
      }));
      if (found) return true;
    }
  }
  visit(std::nullopt);
  return true;
}

Result<TieredTree::Below> TieredTree::AskFilters(Bytes key, const Listed& runs) const {
  if (runs.list == nullptr) return Below::kExcluded;
  for (const auto& run : *runs.list) {
    ASSIGN_OR_RETURN(const bool may_have, run->reader->MayHave(key));
    if (may_have) return Below::kPossible;
  }
  return Below::kExcluded;
}

// ---- Changing --------------------------------------------------------------------------------------------------------

Result<Lsn> TieredTree::Modify(Bytes key, FunctionRef<Status(std::optional<Bytes>, btree::Edit&)> decide) {
  for (;;) {
    Listed runs{nullptr, version()};
    Below below = Below::kExcluded;
    if (has_runs()) {
      runs = Current();
      ASSIGN_OR_RETURN(below, AskFilters(key, runs));
    }
    for (bool look = true; look;) {
      look = false;
      bool stale = false;
      Result<Lsn> changed = tree_->Modify(key, [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
        // In this order: who ends a flush publishes its run first.
        const bool flushing = flushing_.load(std::memory_order_seq_cst);
        stale = version() != runs.version;
        look = !stale && !current && below == Below::kPossible;
        if (stale || look) return Status::Ok();
        const bool nothing = !current || IsTombstone(*current);
        RETURN_IF_ERROR(decide(nothing ? std::nullopt : current, edit));
        if (edit.op == btree::Edit::Op::kRemove) {
          if (nothing) {
            edit.op = btree::Edit::Op::kNone;
          } else if (flushing || below == Below::kPossible) {
            edit.op = btree::Edit::Op::kPut;
            edit.stamp = false;
            edit.head = kTombstone;
            edit.body = {};
          }
        } else if (edit.op == btree::Edit::Op::kPut && !current) {
          fresh_bytes_.fetch_add(key.size() + edit.head.size() + edit.body.size() + kEntryOverhead,
                                 std::memory_order_relaxed);
        }
        return Status::Ok();
      });
      if (!changed.ok()) return changed;
      if (stale) break;
      if (!look) return changed;
      ASSIGN_OR_RETURN(const bool copied, CopyIn(key, runs));
      if (!copied) below = Below::kAbsent;
    }
  }
}

Result<bool> TieredTree::CopyIn(Bytes key, const Listed& runs) {
  std::string value;
  for (const auto& run : *runs.list) {
    bool alive = false;
    ASSIGN_OR_RETURN(const bool found, run->reader->Read(key, [&](Bytes stored) {
      alive = !IsTombstone(stored);
      value = AsText(stored);
    }));
    if (!found) continue;
    if (!alive) return false;
    RETURN_IF_ERROR(tree_->Modify(key, [&](std::optional<Bytes> current, btree::Edit& edit) {
      if (current || version() != runs.version) return Status::Ok();
      edit.op = btree::Edit::Op::kPut;
      edit.head = AsBytes(value);
      fresh_bytes_.fetch_add(key.size() + value.size() + kEntryOverhead, std::memory_order_relaxed);
      return Status::Ok();
    }).status());
    return true;
  }
  return false;
}

Result<uint64_t> TieredTree::OldBytes(uint64_t limit) {
  uint64_t bytes = old_bytes_.load();
  if (bytes != kUnknown) return bytes;
  bytes = 0;
  std::string position;
  for (bool more = true; more && bytes < limit;) {
    std::string next;
    RETURN_IF_ERROR(tree_->VisitLeaf(AsBytes(position), [&](const btree::LeafView& leaf) {
      bytes += leaf.count() > 0 ? btree::kPageBytes : 0;
      more = !leaf.is_last();
      if (more) next.assign(AsText(leaf.high_fence()));
    }));
    position = std::move(next);
  }
  old_bytes_ = bytes;
  return bytes;
}

// ---- The list --------------------------------------------------------------------------------------------------------

Status TieredTree::ChangeList(FunctionRef<Status(RunList& list)> change) {
  MutexLock lock(change_mutex_);
  if (retired_) {
    return Errorf(sqlstate::kUndefinedFile, "tree %u of space %u does not exist", id().value, space().value);
  }
  RunList list;
  if (const std::shared_ptr<const RunList> present = runs()) list = *present;
  RETURN_IF_ERROR(change(list));
  if (list.size() > kRunsMax) {
    return Errorf(sqlstate::kProgramLimitExceeded, "tree %u has %zu runs already", id().value, kRunsMax);
  }
  std::vector<RunInfo> infos;
  for (const auto& run : list) infos.push_back(run->info);
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> directory, store_.OpenTree(space(), kDirectoryTree));
  RETURN_IF_ERROR(WriteRunList(*directory, id(), infos));
  store_.env().Step("runs: list changed");
  ExclusiveLock publish(mutex_);
  list_ = list.empty() ? nullptr : std::make_shared<const RunList>(std::move(list));
  run_count_ = static_cast<uint32_t>(infos.size());
  version_.fetch_add(1);
  return Status::Ok();
}

Status TieredTree::Publish(std::shared_ptr<const Run> run, FunctionRef<void()> log) {
  return ChangeList([&](RunList& list) {
    // Room for the record that undoes it is not refused later.
    if (list.size() < kRunsMax) log();
    list.insert(list.begin(), std::move(run));
    return Status::Ok();
  });
}

bool TieredTree::MayBeWithdrawn(const Run& run) const {
  return run.info.added_by && store_.IsInProgress(run.info.added_by);
}

// The keys are new in this run, so a copy of one is nothing that anybody needs.
Status TieredTree::Withdraw(ColdFileId file) {
  const std::shared_ptr<const RunList> list = runs();
  if (list == nullptr) return Status::Ok();
  const auto found = std::ranges::find_if(*list, [&](const auto& run) { return run->info.file == file; });
  if (found == list->end()) return Status::Ok();
  lsm::RunCursor cursor(*(*found)->reader);
  RETURN_IF_ERROR(cursor.SeekFirst());
  while (cursor.Valid()) {
    bool copied = false;
    RETURN_IF_ERROR(tree_->Read(cursor.key(), [&](std::optional<Bytes> value) { copied = value.has_value(); }));
    // In this order: what leaves the tree is in a run by then.
    const std::shared_ptr<const RunList> now = runs();
    for (auto newer = now->begin(); !copied && (*newer)->info.file != file; ++newer) {
      ASSIGN_OR_RETURN(copied, (*newer)->reader->MayHave(cursor.key()));
    }
    if (copied) {
      RETURN_IF_ERROR(Modify(cursor.key(), [](std::optional<Bytes>, btree::Edit& edit) {
                        edit.op = btree::Edit::Op::kRemove;
                        return Status::Ok();
                      }).status());
    }
    RETURN_IF_ERROR(cursor.Next());
  }
  RETURN_IF_ERROR(ChangeList([&](RunList& now) {
    std::erase_if(now, [&](const auto& run) { return run->info.file == file; });
    return Status::Ok();
  }));
  return store_.files().Remove(ColdFileKind::kRun, file);
}

void TieredTree::Retire() {
  MutexLock lock(change_mutex_);
  retired_ = true;
  turn_over_.wait(lock, [&] { return !flush_taken_ && !merge_taken_; });
}

}  // namespace phantom::store
