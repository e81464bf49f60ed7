// Purge: reads the log behind the horizon and removes what committed deletes left behind. A record says which ghost,
// dead index entry or dead overflow value it made; that is removed if it is still exactly the one. So nothing needs to
// be remembered: after a crash purge starts again at the oldest record that is kept.
#include <algorithm>

#include "btree/change.h"
#include "btree/cursor.h"
#include "common/check.h"
#include "io/env.h"
#include "txn/manager_impl.h"
#include "txn/overflow.h"
#include "txn/row_header.h"
#include "wal/log_writer.h"

namespace phantom::txn {

static bool IsOfDroppedSpace(store::Store& store, const wal::Record& record) {
  btree::Change change;
  if (!btree::ParseChange(record, &change).ok()) return false;
  const std::vector<SpaceId> spaces = store.ListSpaces();
  return std::ranges::find(spaces, change.space()) == spaces.end();
}

Status ManagerImpl::Purge() {
  FinishDrops();
  MutexLock lock(purge_mutex_);
  if (!recovered_.load()) return Status::Ok();
  const Horizons horizons = snapshots.Compute();
  {
    MutexLock transactions(mutex_);
    status.Forget(horizons.finished_below);
    // Changes that are committed by their own records end no transaction, which is what moves the floor otherwise.
    if (first_active_ == nullptr) clock.log_floor.store(store.log().appended().value);
  }
  // Who finds nothing any more must not have been told of a deletion that a crash would take back.
  if (purge_position_.load() < horizons.log_floor.value) store.log().Flush(Lsn(clock.published.load()));
  wal::Record record;
  const uint64_t file_bytes = store.log().options().file_bytes;
  uint64_t at = purge_position_.load();
  while (at < horizons.log_floor.value) {
    // What is left of a file may be too short for a record.
    if (const uint64_t rest = file_bytes - at % file_bytes; rest < wal::kRecordHeaderBytes) {
      at += rest;
      continue;
    }
    RETURN_IF_ERROR(store.log().ReadRecord(Lsn(at), &record));
    if (record.type() == wal::RecordType::kChange) {
      // What it is about may go with its database meanwhile.
      if (Status purged = PurgeRecord(record); !purged.ok() && !IsOfDroppedSpace(store, record)) return purged;
    }
    at = record.end().value;
    purge_position_.store(at);
    if (MutexLock stop(background_mutex_); stopping_) break;
  }
  return Status::Ok();
}

Status ManagerImpl::PurgeRecord(const wal::Record& record) {
  // Ghosts and marks are a header, perhaps with an overflow value's size; a row's smallest version is no longer, but
  // its flags tell.
  btree::Change change;
  RETURN_IF_ERROR(btree::ParseChange(record, &change));
  if (!change.has_after || change.tree == store::kDirectoryTree) return Status::Ok();
  const size_t size = change.after_bytes();
  if (size < RowHeader::kBytes || size > OverflowHead::kBytes) return Status::Ok();
  std::array<std::byte, OverflowHead::kBytes> after;
  change.CopyAfter(after.data());
  if (change.stamped) StoreLE(after.data(), record.lsn().value);
  const RowHeader made = RowHeader::Load({after.data(), size});
  if (!made.deleted() && !made.dead()) return Status::Ok();

  Result<std::shared_ptr<btree::Tree>> opened = store.OpenTree(change.space(), change.tree);
  if (!opened.ok()) {
    if (opened.status().sqlstate() == sqlstate::kUndefinedFile) return Status::Ok();
    return std::move(opened).status();
  }
  btree::Tree& tree = **opened;
  auto still_there = [&](std::optional<Bytes> current) {
    return current && current->size() == size && RowHeader::Load(*current) == made;
  };
  if (size == OverflowHead::kBytes) {
    // The head goes last, so that a crash in between is repaired by the next purge.
    bool found = false;
    RETURN_IF_ERROR(tree.Read(change.key, [&](std::optional<Bytes> current) { found = still_there(current); }));
    if (found) RETURN_IF_ERROR(RemoveOverflowChunks(*this, tree, change.key));
  }
  auto remove = [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
    if (still_there(current)) edit.op = btree::Edit::Op::kRemove;
    return Status::Ok();
  };
  if (tree.kind() == btree::TreeKind::kKeyed) {
    ASSIGN_OR_RETURN(const std::shared_ptr<store::TieredTree> tiered, store.OpenTiered(change.space(), change.tree));
    // What purge is after never leaves the tree: no need to fetch a newer version out of a run.
    bool found = !tiered->has_runs();
    if (!found) {
      RETURN_IF_ERROR(tree.Read(change.key, [&](std::optional<Bytes> current) { found = still_there(current); }));
    }
    if (!found) return Status::Ok();
    return WriteSystem(*tiered, change.key, remove).status();
  }
  RETURN_IF_ERROR(NoteColdDeletion(tree, change.key, still_there));
  return WriteSystem(tree, change.key, remove).status();
}

// Before a ghost goes that hides a row of a segment.
Status ManagerImpl::NoteColdDeletion(btree::Tree& tree, Bytes key, FunctionRef<bool(std::optional<Bytes>)> still_there) {
  Result<std::shared_ptr<TableState>> table = OpenTable(tree.space(), tree.id());
  if (!table.ok()) return table.status().sqlstate() == sqlstate::kUndefinedFile ? Status::Ok() : std::move(table).status();
  const RowId row = btree::RowIdOf(key);
  const ColdRowsRef cold = (*table)->cold.Find(row);
  if (cold == nullptr || !cold->Has(row)) return Status::Ok();
  bool found = false;
  RETURN_IF_ERROR(tree.Read(key, [&](std::optional<Bytes> current) { found = still_there(current); }));
  if (!found) return Status::Ok();
  RETURN_IF_ERROR(store.chunks().NoteDeletion(tree.space(), tree.id(), row));
  store.env().Step("purge: deletion of a cold row noted");
  // In another segment, put in this one's place meanwhile, the row is not.
  cold->NoteDeletion(row);
  return Status::Ok();
}

// Dropped trees are freed as soon as their transaction has committed. It has locked out whoever used them, and names are looked
// up as of now, so no snapshot leads to them any more, however old it is.
void ManagerImpl::FinishDrops() {
  // Purge must not be reading what is freed.
  MutexLock purging(purge_mutex_);
  if (!recovered_.load()) return;
  for (;;) {
    PendingDrop drop;
    {
      MutexLock lock(drops_mutex_);
      if (drops_.empty()) return;
      drop = std::move(drops_.front());
      drops_.pop_front();
    }
    for (const auto& [space, tree] : drop.trees) ForgetTable(space, tree);
    // What cannot be freed now is freed after the next start.
    static_cast<void>(store.FinishDrops(drop.txn));
  }
}

}  // namespace phantom::txn
