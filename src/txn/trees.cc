// Trees that come and go with a transaction, and what their users share.
#include "btree/key.h"
#include "common/check.h"
#include "store/space_size.h"
#include "txn/manager_impl.h"
#include "txn/serializable_access.h"
#include "txn/table_size.h"
#include "wal/log_writer.h"

namespace phantom::txn {

namespace {

uint64_t TableKey(SpaceId space, TreeId tree) { return uint64_t{space.value} << 32 | tree.value; }

// The attributes in the directory of a tree with long values: the id of its overflow tree.
std::string TableAttributes(TreeId overflow) {
  std::string attributes(4, '\0');
  StoreLE(attributes.data(), overflow.value);
  return attributes;
}

Result<TreeId> OverflowOf(const store::TreeInfo& info) {
  if (info.attributes.size() != 4) {
    return Errorf(sqlstate::kDataCorrupted, "tree %u has no overflow tree", info.id.value);
  }
  return TreeId(LoadLE<uint32_t>(info.attributes.data()));
}

// The first eight bytes, big-endian, of the last key; 0 when there is none.
Result<uint64_t> LastNumber(const btree::Tree& tree) {
  uint64_t number = 0;
  std::array<std::byte, btree::kKeyBytesMax> low;
  size_t low_bytes = 0;
  bool first = true, found = false;
  do {
    std::optional<Bytes> below;
    if (!first) below = Bytes(low.data(), low_bytes);
    first = false;
    std::array<std::byte, btree::kKeyBytesMax> next_low;
    RETURN_IF_ERROR(tree.VisitLeafBefore(below, [&](const btree::LeafView& leaf) {
      Bytes fence = leaf.low_fence();
      low_bytes = fence.size();
      std::copy(fence.begin(), fence.end(), next_low.begin());
      const uint32_t position = below ? leaf.LowerBound(*below) : leaf.count();
      if (position == 0) return;
      std::array<std::byte, btree::kKeyBytesMax> key;
      if (leaf.CopyKey(position - 1, key.data()) >= 8) number = LoadBE<uint64_t>(key.data());
      found = true;
    }));
    low = next_low;
  } while (!found && low_bytes > 0);
  return number;
}

}  // namespace

Result<std::shared_ptr<TableState>> ManagerImpl::OpenTable(SpaceId space, TreeId tree) {
  const uint64_t key = TableKey(space, tree);
  {
    MutexLock lock(tables_mutex_);
    auto it = tables_.find(key);
    if (it != tables_.end()) return it->second;
  }
  ASSIGN_OR_RETURN(store::TreeInfo info, store.GetTreeInfo(space, tree));
  ASSIGN_OR_RETURN(TreeId overflow, OverflowOf(info));
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> rows, store.OpenTree(space, tree));
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> values, store.OpenTree(space, overflow));
  uint64_t last_row = 0;
  std::vector<store::ColdChunk> chunks;
  if (info.kind == btree::TreeKind::kRowId) {
    ASSIGN_OR_RETURN(last_row, LastNumber(*rows));
    ASSIGN_OR_RETURN(chunks, store.chunks().List(space, tree));
  }
  ASSIGN_OR_RETURN(uint64_t last_value, LastNumber(*values));
  if (!chunks.empty()) last_row = std::max(last_row, (chunks.back().number + 1) * store::kChunkRows - 1);
  auto state = std::make_shared<TableState>(std::move(rows), last_row + 1, tree);
  for (const store::ColdChunk& chunk : chunks) {
    ASSIGN_OR_RETURN(ColdRowsRef cold, ColdRows::Open(store, space, tree, chunk));
    state->cold.Publish(std::move(cold));
  }
  state->overflow = std::move(values);
  state->next_value = last_value + 1;
  MutexLock lock(tables_mutex_);
  // Somebody may have been faster, and may have used numbers since.
  return tables_.emplace(key, std::move(state)).first->second;
}

void ManagerImpl::NoteGrowth(SpaceId space, TreeId tree, int64_t rows) {
  MutexLock lock(tables_mutex_);
  auto it = tables_.find(TableKey(space, tree));
  if (it != tables_.end()) it->second->grown.fetch_add(rows, std::memory_order_relaxed);
}

std::vector<TreeId> ManagerImpl::UnplacedTables(SpaceId space) {
  std::vector<TreeId> trees;
  MutexLock lock(tables_mutex_);
  for (const auto& [key, table] : tables_) {
    if (table->tree->space() != space || table->tree->id() < store::kFirstTree) continue;
    if (table->changes.load(std::memory_order_relaxed) != table->placed.load(std::memory_order_relaxed)) {
      trees.push_back(table->tree->id());
    }
  }
  return trees;
}

void ManagerImpl::ForgetTable(SpaceId space, TreeId tree) {
  MutexLock lock(tables_mutex_);
  tables_.erase(TableKey(space, tree));
}

void ManagerImpl::NoteIndexMade(SpaceId space, TreeId tree) {
  const Lsn oldest = snapshots.Compute().oldest_snapshot;
  {
    MutexLock lock(tables_mutex_);
    if (oldest > young_pruned_) {
      std::erase_if(young_indexes_, [oldest](const auto& entry) { return entry.second <= oldest; });
      young_pruned_ = oldest;
    }
  }
  SetCompleteSince(space, tree, Lsn(clock.published.load()));
}

void ManagerImpl::SetCompleteSince(SpaceId space, TreeId tree, Lsn lsn) {
  MutexLock lock(tables_mutex_);
  if (lsn) {
    young_indexes_[TableKey(space, tree)] = lsn;
  } else {
    young_indexes_.erase(TableKey(space, tree));
  }
}

Lsn ManagerImpl::CompleteSince(SpaceId space, TreeId tree) {
  MutexLock lock(tables_mutex_);
  const auto found = young_indexes_.find(TableKey(space, tree));
  return found == young_indexes_.end() ? Lsn() : found->second;
}

Lsn TransactionManager::CompleteSince(SpaceId space, TreeId index) const { return impl_->CompleteSince(space, index); }

void ManagerImpl::DropLater(TxnId txn, std::vector<std::pair<SpaceId, TreeId>> trees) {
  {
    MutexLock lock(drops_mutex_);
    drops_.push_back({txn, std::move(trees)});
  }
  MutexLock lock(background_mutex_);
  drops_waiting_ = true;
  background_wake_.notify_all();
}

std::vector<TreeId> TransactionManager::UnplacedTables(SpaceId space) { return impl_->UnplacedTables(space); }

Result<uint64_t> TableBytes(store::Store& store, SpaceId space, TreeId tree) {
  ASSIGN_OR_RETURN(const store::TreeInfo info, store.GetTreeInfo(space, tree));
  ASSIGN_OR_RETURN(const TreeId overflow, OverflowOf(info));
  ASSIGN_OR_RETURN(const uint64_t rows, store::TreeBytes(store, space, tree));
  ASSIGN_OR_RETURN(const uint64_t values, store::TreeBytes(store, space, overflow));
  return rows + values;
}

Result<TreeId> TransactionManager::CreateTableTree(Transaction& transaction, SpaceId space, TreeId id) {
  return CreateWithOverflow(transaction, space, id, btree::TreeKind::kRowId);
}

Result<TreeId> TransactionManager::CreateKeyTree(Transaction& transaction, SpaceId space, TreeId id) {
  return CreateWithOverflow(transaction, space, id, btree::TreeKind::kKeyed);
}

Result<TreeId> TransactionManager::CreateWithOverflow(Transaction& transaction, SpaceId space, TreeId id,
                                                      btree::TreeKind kind) {
  ASSIGN_OR_RETURN(TxnId txn, transaction.EnsureId());
  RETURN_IF_ERROR(impl_->store.log().Admit());
  TreeId created;
  RETURN_IF_ERROR(impl_->Track(transaction.active_entry_, [&](Lsn* last) -> Status {
    ASSIGN_OR_RETURN(TreeId overflow,
                     impl_->store.CreateTree(space, TreeId(), btree::TreeKind::kKeyed, {}, txn, last));
    ASSIGN_OR_RETURN(created, impl_->store.CreateTree(space, id, kind, TableAttributes(overflow), txn, last));
    return Status::Ok();
  }));
  transaction.OnAbort([impl = impl_.get(), space, created] { impl->ForgetTable(space, created); });
  return created;
}

Result<TreeId> TransactionManager::CreateIndexTree(Transaction& transaction, SpaceId space, TreeId id) {
  ASSIGN_OR_RETURN(TxnId txn, transaction.EnsureId());
  RETURN_IF_ERROR(impl_->store.log().Admit());
  TreeId created;
  RETURN_IF_ERROR(impl_->Track(transaction.active_entry_, [&](Lsn* last) -> Status {
    ASSIGN_OR_RETURN(created, impl_->store.CreateTree(space, id, btree::TreeKind::kKeyed, {}, txn, last));
    return Status::Ok();
  }));
  impl_->SetCompleteSince(space, created, Lsn(UINT64_MAX));
  transaction.OnAbort([impl = impl_.get(), space, created] { impl->SetCompleteSince(space, created, Lsn()); });
  transaction.OnCommit([impl = impl_.get(), space, created] { impl->NoteIndexMade(space, created); });
  return created;
}

Status TransactionManager::DropTree(Transaction& transaction, SpaceId space, TreeId tree, bool is_private) {
  ASSIGN_OR_RETURN(TxnId txn, transaction.EnsureId());
  RETURN_IF_ERROR(impl_->store.log().Admit());
  ASSIGN_OR_RETURN(store::TreeInfo info, impl_->store.GetTreeInfo(space, tree));
  TreeId overflow;
  if (!info.attributes.empty()) {
    ASSIGN_OR_RETURN(overflow, OverflowOf(info));
  }
  RETURN_IF_ERROR(impl_->Track(transaction.active_entry_, [&](Lsn* last) -> Status {
    if (overflow) RETURN_IF_ERROR(impl_->store.DropTree(space, overflow, txn, last));
    return impl_->store.DropTree(space, tree, txn, last);
  }));
  transaction.drops_.emplace_back(space, tree);
  // All rows are deleted, as it were. An index may go without any row having changed.
  const bool watched = IsWatched(tree) && !is_private;
  SerializableTransaction* const writer = info.kind == btree::TreeKind::kRowId ? WriterOf(transaction, watched) : nullptr;
  return writer == nullptr ? Status::Ok() : impl_->serializable.WroteTree(*writer, {space, tree});
}

void TransactionManager::CopyReads(SpaceId space, TreeId from, TreeId to) {
  impl_->serializable.CopyReads({space, from}, {space, to});
}

bool TransactionManager::HasReads(SpaceId space, TreeId tree) {
  return impl_->serializable.locks().HasReaders({space, tree});
}

}  // namespace phantom::txn
