// Spaces come and go between checkpoints, so that a checkpoint's map has a space or has it not.
#include "btree/buffer_pool.h"
#include "store/store_impl.h"

namespace phantom::store {

static Lsn AppendSpaceRecord(wal::LogWriter& log, wal::RecordType type, SpaceId space) {
  wal::RecordInfo info;
  info.type = type;
  return log.Append(info, {BytesOf(SpacePayload{space.value, 0})});
}

Status Store::Impl::CreateSpaceEntered(SpaceId space) {
  if (map->HasSpace(space)) {
    return Errorf(sqlstate::kDuplicateObject, "space %u already exists", space.value);
  }
  RETURN_IF_ERROR(log->Admit());
  // Replay must not meet the drop of an earlier space of this name after the new one is in the map.
  Lsn dropped;
  {
    MutexLock guard(mutex);
    auto found = dropped_spaces.find(space);
    if (found != dropped_spaces.end()) dropped = found->second;
  }
  if (dropped && dropped >= redo) RETURN_IF_ERROR(CheckpointEntered());
  const Lsn lsn = AppendSpaceRecord(*log, wal::RecordType::kSpaceCreate, space);
  RETURN_IF_ERROR(map->CreateSpace(space, lsn).status());
  RETURN_IF_ERROR(MakeDirectory(space));
  log->Flush(lsn);
  return Status::Ok();
}

Status Store::CreateSpace(SpaceId space) {
  impl_->Enter();
  Status status = impl_->CreateSpaceEntered(space);
  impl_->Leave();
  return status;
}

Status Store::DropSpace(SpaceId space) {
  RETURN_IF_ERROR(impl_->log->Admit());
  // Before: who flushes or merges may have to wait for a checkpoint to end.
  if (impl_->map->HasSpace(space)) impl_->ForgetTrees(space);
  impl_->Enter();
  if (!impl_->map->HasSpace(space)) {
    impl_->Leave();
    return Errorf(sqlstate::kUndefinedObject, "space %u does not exist", space.value);
  }
  const Result<std::vector<std::string>> files = impl_->ColdFilesOf(space);
  if (!files.ok()) {
    impl_->Leave();
    return files.status();
  }
  const Lsn lsn = AppendSpaceRecord(*impl_->log, wal::RecordType::kSpaceDrop, space);
  {
    MutexLock guard(impl_->mutex);
    impl_->trees.erase({space, kDirectoryTree});
    for (auto& [txn, trees] : impl_->drops) {
      std::erase_if(trees, [&](const auto& tree) { return tree.first == space; });
    }
    impl_->dropped_spaces[space] = lsn;
  }
  // In this order: what is in memory can no longer be written once the map has forgotten the space.
  impl_->pool->DropSpace(space);
  impl_->map->DropSpace(space);
  impl_->Leave();
  impl_->log->Flush(lsn);
  for (const std::string& path : *files) {
    Status removed = impl_->env.Remove(path);
    if (!removed.ok() && removed.sqlstate() != sqlstate::kUndefinedFile) return removed;
  }
  return Status::Ok();
}

std::vector<SpaceId> Store::ListSpaces() { return impl_->map->ListSpaces(); }

}  // namespace phantom::store
