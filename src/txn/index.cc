#include "txn/index.h"

#include <array>

#include "common/checksum.h"
#include "store/tiered_scan.h"
#include "store/tiered_tree.h"
#include "txn/entry_key.h"
#include "txn/manager_impl.h"
#include "txn/row_header.h"
#include "txn/row_table_impl.h"
#include "txn/serializable_access.h"
#include "txn/wait_context.h"

namespace phantom::txn {

namespace {

// Marks are judged under their leaf's latch, and go when nobody needs them: they stay in the tree.
bool IsMark(Bytes value) { return !value.empty(); }

}  // namespace

Status Index::CheckKey(std::string_view key) {
  if (key.size() <= kKeyBytesMax) [[likely]] return Status::Ok();
  return Errorf(sqlstate::kProgramLimitExceeded, "index row size %zu exceeds maximum %zu", key.size(),
                kKeyBytesMax)
      .Hint("Values larger than 1/3 of a buffer page cannot be indexed.\n"
            "Consider a function index of an MD5 hash of the value, or use full text indexing.");
}

Result<Index> Index::Open(TransactionManager& manager, SpaceId space, TreeId tree) {
  ASSIGN_OR_RETURN(std::shared_ptr<store::TieredTree> opened, manager.store().OpenTiered(space, tree));
  if (opened->kind() != btree::TreeKind::kKeyed) {
    return Errorf(sqlstate::kDataCorrupted, "tree %u is not an index's", tree.value);
  }
  opened->SetRules({.filter_trim = kIndexFilterTrim, .stays = IsMark});
  return Index(manager, space, tree, std::move(opened));
}

Index::Index(TransactionManager& manager, SpaceId space, TreeId tree, std::shared_ptr<store::TieredTree> entries)
    : manager_(&manager), space_(space), tree_(tree), entries_(std::move(entries)), watched_(IsWatched(tree)) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;

Status Index::Insert(Transaction& transaction, std::string_view key, RowId row) {
  RETURN_IF_ERROR(CheckKey(key));
  const EntryKey entry(key, row);
  RETURN_IF_ERROR(manager_->impl()
                      .Write(transaction, *entries_, entry,
                             [](std::optional<Bytes> current, btree::Edit& edit) -> Status {
                               // There may be a dead one of an older version: it lives again. (A living one is right as it is.)
                               if (!current || !current->empty()) edit.op = btree::Edit::Op::kPut;
                               return Status::Ok();
                             })
                      .status());
  return NoteWritten(transaction, entry);
}

// Who has read where the entry is, or would be, conflicts with the transaction.
Status Index::NoteWritten(Transaction& transaction, Bytes entry) const {
  SerializableTransaction* const writer = WriterOf(transaction, watched_);
  if (writer == nullptr) [[likely]] return Status::Ok();
  return manager_->impl().serializable.WroteEntry(*writer, {space_, tree_}, AsText(entry));
}

Status Index::Delete(Transaction& transaction, std::string_view key, RowId row, bool filling) {
  RETURN_IF_ERROR(CheckKey(key));
  RowHeader mark;
  ASSIGN_OR_RETURN(mark.txn, transaction.EnsureId());
  mark.flags = kEntryDead;
  std::array<std::byte, RowHeader::kBytes> bytes;
  mark.Store(bytes.data());
  return manager_->impl()
      .Write(transaction, *entries_, EntryKey(key, row),
             [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
               if (!current && !filling) {
                 return Errorf(sqlstate::kIndexCorrupted, "index %u has no entry for row %llu", tree_.value,
                               static_cast<unsigned long long>(row.value));
               }
               if (current && !current->empty()) return Status::Ok();
               edit.op = btree::Edit::Op::kPut;
               edit.stamp = true;
               edit.head = bytes;
               return Status::Ok();
             })
      .status();
}

// ---- Unique keys -----------------------------------------------------------------------------------------------------

namespace {

// Rows whose plain entries have the key. Marks are judged under the leaf's latch, where they cannot be taken back: a
// transaction that has marked an entry and may still do so is in the way.
Status CollectRows(const ManagerImpl& impl, const store::TieredTree& tree, TxnId own, std::string_view key, RowId except,
                   std::vector<RowId>* rows, TxnId* blocker, RowId* in_doubt) {
  const EntryKey last(key, RowId(UINT64_MAX));
  store::TieredScan scan(tree, store::TieredScan::Direction::kForward);
  scan.Start(AsBytes(key), AsBytes(key));
  auto past = [&](Bytes entry) { return btree::CompareKeys(entry, last) > 0; };
  auto take = [&](Bytes entry, Bytes value) {
    if (entry.size() != key.size() + 8) return;
    const RowId row(LoadBE<uint64_t>(entry.data() + key.size()));
    if (row == except) return;
    if (value.empty()) {
      rows->push_back(row);
      return;
    }
    const RowHeader mark = RowHeader::Load(value);
    if (mark.txn == own || !impl.InProgress(mark.txn)) return;
    *blocker = mark.txn;
    *in_doubt = row;
  };
  while (!scan.done()) RETURN_IF_ERROR(scan.Next(past, take));
  return Status::Ok();
}

}  // namespace

// Is there, whoever sees it, a row with the key?
Result<Index::Obstacle> Index::FindObstacle(TxnId own, std::string_view key, RowId except, const RowTable& table) const {
  const ManagerImpl& impl = manager_->impl();
  std::vector<RowId> rows;
  Obstacle obstacle;
  RETURN_IF_ERROR(CollectRows(impl, *entries_, own, key, except, &rows, &obstacle.blocker, &obstacle.in_doubt));
  for (RowId row : rows) {
    ASSIGN_OR_RETURN(const std::optional<RowHeader> newest, table.NewestHeader(row));
    if (!newest) continue;
    if (newest->txn != own && impl.InProgress(newest->txn)) {
      obstacle.blocker = newest->txn;
      obstacle.in_doubt = row;
    } else if (!newest->deleted()) {
      return Obstacle{row, newest->txn, TxnId(), RowId()};
    }
  }
  return obstacle;
}

bool Index::NoteFound(Transaction& transaction, const Obstacle& obstacle, const RowTable& table, std::optional<RowId>* noted) const {
  transaction.Observe(obstacle.writer);
  SerializableTransaction* const reader = WriterOf(transaction, watched_);
  if (reader == nullptr || *noted == obstacle.row) return true;
  manager_->impl().serializable.locks().LockRow(*reader, {table.space(), table.tree()}, obstacle.row);
  *noted = obstacle.row;
  return false;
}

Result<std::optional<RowId>> Index::InsertUnique(Transaction& transaction, std::string_view key, RowId row,
                                                 const RowTable& table) {
  RETURN_IF_ERROR(CheckKey(key));
  ManagerImpl& impl = manager_->impl();
  ASSIGN_OR_RETURN(TxnId own, transaction.EnsureId());
  const uint64_t hash = Checksum(AsBytes(key), uint64_t{space_.value} << 32 | tree_.value);
  if (SerializableTransaction* const reader = transaction.savepoint_depth() == 0 ? nullptr : WriterOf(transaction, watched_)) {
    // That the key was free is told by the entry, unless that is taken back.
    const std::string end = std::string(key).append(sizeof(RowId) + 1, '\xff');
    impl.serializable.locks().LockStretch(*reader, {space_, tree_}, key, end);
  }
  std::optional<RowId> noted;
  for (;;) {
    Obstacle obstacle;
    {
      KeyLocks::Guard guard(impl.key_locks, hash);
      ASSIGN_OR_RETURN(obstacle, FindObstacle(own, key, row, table));
      if (!obstacle.row && !obstacle.blocker) {
        RETURN_IF_ERROR(Insert(transaction, key, row));
        return std::optional<RowId>();
      }
    }
    if (obstacle.row) {
      if (!NoteFound(transaction, obstacle, table, &noted)) continue;
      // Who has looked whether the key is free is told that the order of things does not permit it, not that it is taken.
      RETURN_IF_ERROR(NoteWritten(transaction, EntryKey(key, obstacle.row)));
      return std::optional<RowId>(obstacle.row);
    }
    RETURN_IF_ERROR(impl.locks.WaitForTransaction(transaction.locks(), obstacle.blocker,
                                                  [&] { return impl.InProgress(obstacle.blocker); }));
  }
}

Result<TxnId> Index::PutUnlessThere(Transaction& transaction, std::string_view key, RowId row, bool* there) {
  TxnId marked_by;
  RETURN_IF_ERROR(manager_->impl()
                      .Write(transaction, *entries_, EntryKey(key, row),
                             [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
                               marked_by = TxnId();
                               *there = current.has_value();
                               if (!current) {
                                 edit.op = btree::Edit::Op::kPut;
                               } else if (!current->empty()) {
                                 marked_by = RowHeader::Load(*current).txn;
                               }
                               return Status::Ok();
                             })
                      .status());
  return manager_->impl().InProgress(marked_by) ? marked_by : TxnId();
}

Result<Index::Filled> Index::Fill(Transaction& transaction, std::string_view key, RowId row, const RowTable& table,
                                  bool unique) {
  RETURN_IF_ERROR(CheckKey(key));
  ManagerImpl& impl = manager_->impl();
  ASSIGN_OR_RETURN(const TxnId own, transaction.EnsureId());
  const uint64_t hash = Checksum(AsBytes(key), uint64_t{space_.value} << 32 | tree_.value);
  for (;;) {
    TxnId blocker;
    bool there = false;
    if (!unique) {
      ASSIGN_OR_RETURN(blocker, PutUnlessThere(transaction, key, row, &there));
      if (!blocker) return Filled::kDone;
    } else {
      KeyLocks::Guard guard(impl.key_locks, hash);
      ASSIGN_OR_RETURN(const Obstacle obstacle, FindObstacle(own, key, row, table));
      if (!obstacle.row && !obstacle.blocker) {
        ASSIGN_OR_RETURN(blocker, PutUnlessThere(transaction, key, row, &there));
        if (!blocker) return Filled::kDone;
      } else {
        // The other may have the key because this row has it no longer, or is about to lose it.
        std::optional<bool> marked;
        RETURN_IF_ERROR(entries_->Read(EntryKey(key, row), [&](std::optional<Bytes> current) {
          if (!current) return;
          marked = !current->empty();
          if (*marked) blocker = RowHeader::Load(*current).txn;
        }));
        ASSIGN_OR_RETURN(const std::optional<RowHeader> newest, table.NewestHeader(row));
        const bool writing = newest && newest->txn != own && impl.InProgress(newest->txn);
        if (!impl.InProgress(blocker)) blocker = writing ? newest->txn : TxnId();
        if (!blocker) {
          if (marked.value_or(false) || !newest || newest->deleted()) return Filled::kDone;
          if (obstacle.row) return Filled::kDuplicate;
          blocker = obstacle.blocker;
        }
      }
    }
    RETURN_IF_ERROR(
        impl.locks.WaitForTransaction(transaction.locks(), blocker, [&] { return impl.InProgress(blocker); }));
  }
}

Result<std::optional<RowId>> Index::FindConflict(Transaction& transaction, std::string_view key, RowId except,
                                                 const RowTable& table) {
  ManagerImpl& impl = manager_->impl();
  std::optional<RowId> noted;
  for (;;) {
    ASSIGN_OR_RETURN(const Obstacle obstacle, FindObstacle(transaction.id(), key, except, table));
    if (obstacle.row) {
      if (!NoteFound(transaction, obstacle, table, &noted)) continue;
      return std::optional<RowId>(obstacle.row);
    }
    if (!obstacle.blocker) return std::optional<RowId>();
    RETURN_IF_ERROR(WhileWaiting(impl.locks.WaitForTransaction(transaction.locks(), obstacle.blocker,
                                                               [&] { return impl.InProgress(obstacle.blocker); }),
                                 "inserting index tuple", obstacle.in_doubt, table.name()));
  }
}

Result<bool> Index::MayConflict(Transaction& transaction, std::string_view key, RowId except, const RowTable& table) {
  ASSIGN_OR_RETURN(const Obstacle obstacle, FindObstacle(transaction.id(), key, except, table));
  return obstacle.row || obstacle.blocker;
}

}  // namespace phantom::txn
