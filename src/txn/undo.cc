// Rollback: the transaction's chain of records backwards, each undone by a compensation record that says where to go
// on, so that a crash in the middle repeats nothing.
#include <algorithm>
#include <array>

#include "btree/buffer_pool.h"
#include "btree/change.h"
#include "common/check.h"
#include "txn/manager_impl.h"
#include "txn/row_header.h"
#include "wal/log_writer.h"

namespace phantom::txn {

Status ManagerImpl::Undo(ActiveEntry* entry, Lsn stop) {
  wal::Record record;
  Lsn at(entry->last.load());
  while (at > stop) {
    RETURN_IF_ERROR(store.log().ReadRecord(at, &record));
    if (record.txn() != entry->id) {
      return Errorf(sqlstate::kDataCorrupted, "record at %llX is not of transaction %llu",
                    static_cast<unsigned long long>(at.value), static_cast<unsigned long long>(entry->id.value));
    }
    switch (record.type()) {
      case wal::RecordType::kChange:
        if (record.compensation()) {
          btree::Change change;
          RETURN_IF_ERROR(btree::ParseChange(record, &change));
          at = change.link;
          continue;
        }
        RETURN_IF_ERROR(UndoChange(entry, record));
        break;
      case wal::RecordType::kTreeCreate:
      case wal::RecordType::kTreeDrop:
      case wal::RecordType::kRunAdd:
        // Undoing a tree or run twice does nothing the second time, so its compensation records are just passed.
        if (!record.compensation()) {
          RETURN_IF_ERROR(Track(entry, [&](Lsn* last) { return store.UndoTree(record, last); }));
        }
        break;
      default:
        break;
    }
    at = record.prev();
  }
  return Status::Ok();
}

// A mark in the place of an index entry that was not there (Index::Delete, of an index that is being filled). It never leaves
// the tree; what a run under it has got since shows again when it goes.
static bool IsBareMark(const btree::Change& change) {
  if (change.has_before || !change.has_after || change.after_bytes() != RowHeader::kBytes) return false;
  std::array<std::byte, RowHeader::kBytes> after;
  change.CopyAfter(after.data());
  return RowHeader::Load(after).dead();
}

Status ManagerImpl::UndoChange(ActiveEntry* entry, const wal::Record& record) {
  btree::Change change;
  RETURN_IF_ERROR(btree::ParseChange(record, &change));
  Result<std::shared_ptr<btree::Tree>> tree = store.OpenTree(change.space(), change.tree);
  if (!tree.ok()) {
    // The tree has gone with its database.
    if (tree.status().sqlstate() == sqlstate::kUndefinedFile) return Status::Ok();
    return std::move(tree).status();
  }
  std::optional<store::Chunks::Entry> loaded;
  if (change.tree == store::kDirectoryTree) {
    std::string entry_value(change.after_bytes(), '\0');
    change.CopyAfter(reinterpret_cast<std::byte*>(entry_value.data()));
    ASSIGN_OR_RETURN(loaded, store::Chunks::ParseEntry(change.space(), change.key, AsBytes(entry_value)));
    if (loaded) RETURN_IF_ERROR(ClearLoaded(change.space(), *loaded));
  }
  // The value to be taken back may be in a run by now.
  std::shared_ptr<store::TieredTree> tiered;
  if ((*tree)->kind() == btree::TreeKind::kKeyed && change.tree != store::kDirectoryTree && !IsBareMark(change)) {
    ASSIGN_OR_RETURN(tiered, store.OpenTiered(change.space(), change.tree));
  }
  std::array<std::byte, RowHeader::kBytes> head;
  const bool is_row = (*tree)->kind() == btree::TreeKind::kRowId;
  int64_t growth = 0;
  RETURN_IF_ERROR(store.pool().AdmitRollback());
  RETURN_IF_ERROR(store.log().AdmitRollback());
  RETURN_IF_ERROR(Track(entry, [&](Lsn* last) -> Status {
    auto take_back = [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
      // A row still carries the version that is to be undone.
      if (is_row && (!current || RowHeader::Load(*current).lsn != record.lsn())) {
        return Errorf(sqlstate::kDataCorrupted, "row changed by record %llX does not carry it",
                      static_cast<unsigned long long>(record.lsn().value));
      }
      if (is_row) {
        const bool was_live = change.has_before && !RowHeader::Load(change.before).deleted();
        growth = static_cast<int64_t>(was_live) - static_cast<int64_t>(!RowHeader::Load(*current).deleted());
      }
      edit.txn = entry->id;
      edit.prev = *last;
      edit.link = record.prev();
      edit.compensation = true;
      edit.op = change.has_before ? btree::Edit::Op::kPut : btree::Edit::Op::kRemove;
      edit.head = change.before;
      if (is_row && change.has_before) {
        std::ranges::copy(change.before.first(RowHeader::kBytes), head.begin());
        head[RowHeader::kFlagsAt] |= std::byte{kRowRestored};
        edit.head = head;
        edit.body = RowBody(change.before);
      }
      return Status::Ok();
    };
    Result<Lsn> undone = tiered != nullptr ? tiered->Modify(change.key, take_back) : (*tree)->Modify(change.key, take_back);
    RETURN_IF_ERROR(undone.status());
    if (*undone) *last = *undone;
    return Status::Ok();
  }));
  if (growth != 0) NoteGrowth(change.space(), change.tree, growth);
  return loaded ? ForgetLoaded(change.space(), *loaded) : Status::Ok();
}

}  // namespace phantom::txn
