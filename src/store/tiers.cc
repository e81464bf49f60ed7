// The store's part in the cold tier: handles of trees with runs, and the files that directories name.
#include <algorithm>

#include "io/env.h"
#include "lsm/run_reader.h"
#include "store/run_list.h"
#include "store/store_impl.h"

namespace phantom::store {

Result<std::shared_ptr<TieredTree>> Store::OpenTiered(SpaceId space, TreeId tree) {
  const std::pair<SpaceId, TreeId> key(space, tree);
  {
    MutexLock guard(impl_->mutex);
    auto found = impl_->tiered.find(key);
    if (found != impl_->tiered.end()) return found->second;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> opened, OpenTree(space, tree));
  auto made = std::make_shared<TieredTree>(*this, std::move(opened));
  // Somebody may be faster, but nobody changes the list without the handle that all share.
  MutexLock opening(impl_->opening_mutex);
  {
    MutexLock guard(impl_->mutex);
    auto found = impl_->tiered.find(key);
    if (found != impl_->tiered.end()) return found->second;
  }
  RETURN_IF_ERROR(made->Load());
  MutexLock guard(impl_->mutex);
  return impl_->tiered.emplace(key, std::move(made)).first->second;
}

std::vector<std::shared_ptr<TieredTree>> Store::ListTiered() {
  std::vector<std::shared_ptr<TieredTree>> trees;
  MutexLock guard(impl_->mutex);
  for (const auto& [key, tree] : impl_->tiered) trees.push_back(tree);
  return trees;
}

void Store::Impl::ForgetTree(SpaceId space, TreeId tree) {
  std::shared_ptr<TieredTree> handle;
  {
    MutexLock guard(mutex);
    trees.erase({space, tree});
    if (auto found = tiered.find({space, tree}); found != tiered.end()) {
      handle = std::move(found->second);
      tiered.erase(found);
    }
  }
  if (handle != nullptr) handle->Retire();
}

void Store::Impl::ForgetTrees(SpaceId space) {
  std::vector<std::shared_ptr<TieredTree>> handles;
  {
    MutexLock guard(mutex);
    std::erase_if(trees, [&](const auto& entry) { return entry.first.first == space; });
    std::erase_if(tiered, [&](const auto& entry) {
      if (entry.first.first != space) return false;
      handles.push_back(entry.second);
      return true;
    });
  }
  for (const auto& handle : handles) handle->Retire();
}

Status Store::Impl::RemoveRuns(SpaceId space, TreeId tree) {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, Directory(space));
  ASSIGN_OR_RETURN(const std::vector<RunInfo> runs, ReadRunList(*entries, tree));
  if (runs.empty()) return Status::Ok();
  // The drop is durable before anything of the tree goes.
  files->FlushLog();
  for (const RunInfo& run : runs) RETURN_IF_ERROR(files->Unlink(ColdFileKind::kRun, run.file));
  env.Step("drop: runs removed");
  return WriteRunList(*entries, tree, {});
}

Status Store::Impl::UndoRun(const wal::Record& record, Lsn* last) {
  RunPayload payload;
  if (!ReadFrom(record.payload(), &payload)) {
    return Errorf(sqlstate::kDataCorrupted, "malformed log record at %llX",
                  static_cast<unsigned long long>(record.lsn().value));
  }
  Result<std::shared_ptr<TieredTree>> tree = self->OpenTiered(SpaceId(payload.space), TreeId(payload.tree));
  if (tree.ok()) {
    RETURN_IF_ERROR((*tree)->Withdraw(ColdFileId(payload.file)));
  } else if (tree.status().sqlstate() != sqlstate::kUndefinedFile) {
    return std::move(tree).status();
  }
  payload.undone = record.lsn().value;
  wal::RecordInfo info;
  info.type = record.type();
  info.flags = wal::kCompensation;
  info.txn = record.txn();
  info.prev = *last;
  *last = log->Append(info, {BytesOf(payload)});
  return Status::Ok();
}

Result<std::vector<std::string>> Store::Impl::ColdFilesOf(SpaceId space) {
  std::vector<std::string> paths;
  ASSIGN_OR_RETURN(const std::vector<SegmentId> segments, chunks->SegmentsOf(space));
  for (SegmentId segment : segments) paths.push_back(files->PathOf(ColdFileKind::kSegment, segment));
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, Directory(space));
  RETURN_IF_ERROR(ForEachRun(*entries, [&](TreeId, const RunInfo& run) {
    paths.push_back(files->PathOf(ColdFileKind::kRun, run.file));
    return Status::Ok();
  }));
  return paths;
}

bool Store::IsInProgress(TxnId txn) {
  // Not by way of a checkpoint's list of them: that waits for a rollback, which may be waiting for who asks to leave its tree alone.
  MutexLock guard(impl_->mutex);
  if (impl_->hooks != nullptr) return impl_->hooks->InProgress(txn);
  return std::ranges::any_of(impl_->active_without_hooks, [&](const ActiveTransaction& other) { return other.id == txn; });
}

}  // namespace phantom::store
