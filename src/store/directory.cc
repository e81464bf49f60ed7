// The trees of a space. The directory's own changes belong to no transaction; a transaction's part in them is its
// kTreeCreate or kTreeDrop record, which comes first and says what to undo.
#include <algorithm>
#include <array>

#include "btree/cursor.h"
#include "common/check.h"
#include "store/store_impl.h"

namespace phantom::store {

static constexpr PageId RootOfDirectory(SpaceId space) { return PageId(space, 1); }

namespace {

class TreeKey {
 public:
  explicit TreeKey(TreeId tree) { StoreBE(bytes_.data(), tree.value); }
  operator Bytes() const { return bytes_; }

 private:
  std::array<std::byte, 4> bytes_;
};

Status NoSuchTree(SpaceId space, TreeId tree) {
  return Errorf(sqlstate::kUndefinedFile, "tree %u of space %u does not exist", tree.value, space.value);
}

Status BadEntry(SpaceId space, TreeId tree) {
  return Errorf(sqlstate::kDataCorrupted, "the entry of tree %u of space %u is malformed", tree.value, space.value);
}

}  // namespace

Result<std::shared_ptr<btree::Tree>> Store::Impl::Directory(SpaceId space) {
  if (!map->HasSpace(space)) return NoSuchTree(space, kDirectoryTree);
  MutexLock guard(mutex);
  std::shared_ptr<btree::Tree>& tree = trees[{space, kDirectoryTree}];
  if (tree == nullptr) {
    tree = std::make_shared<btree::Tree>(*pool, *log, kDirectoryTree, RootOfDirectory(space), btree::TreeKind::kKeyed);
  }
  return tree;
}

Status Store::Impl::MakeDirectory(SpaceId space) {
  ASSIGN_OR_RETURN(PageId page, map->AllocatePage(space));
  PHANTOM_CHECK(page == RootOfDirectory(space));
  return btree::Tree::Make(*pool, *log, kDirectoryTree, page, btree::TreeKind::kKeyed);
}

Result<Store::Impl::Entry> Store::Impl::ReadEntry(SpaceId space, TreeId tree) {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, Directory(space));
  Entry entry;
  bool found = false;
  bool good = false;
  RETURN_IF_ERROR(entries->Read(TreeKey(tree), [&](std::optional<Bytes> value) {
    if (!value) return;
    found = true;
    good = ReadFrom(*value, &entry.value);
    if (good) entry.attributes = AsText(value->subspan(sizeof(DirectoryValue)));
  }));
  if (!found) return NoSuchTree(space, tree);
  if (!good) return BadEntry(space, tree);
  return entry;
}

btree::Tree Store::Impl::TreeOf(SpaceId space, TreeId tree, const DirectoryValue& value) {
  return btree::Tree(*pool, *log, tree, PageId(space, value.root), static_cast<btree::TreeKind>(value.kind));
}

Result<std::shared_ptr<btree::Tree>> Store::OpenTree(SpaceId space, TreeId tree) {
  if (tree == kDirectoryTree) return impl_->Directory(space);
  const std::pair<SpaceId, TreeId> key(space, tree);
  {
    MutexLock guard(impl_->mutex);
    auto found = impl_->trees.find(key);
    if (found != impl_->trees.end()) return found->second;
  }
  // Purge asks for trees of databases dropped since.
  if (!impl_->map->HasSpace(space)) return NoSuchTree(space, tree);
  ASSIGN_OR_RETURN(Impl::Entry entry, impl_->ReadEntry(space, tree));
  auto handle = std::make_shared<btree::Tree>(impl_->TreeOf(space, tree, entry.value));
  MutexLock guard(impl_->mutex);
  return impl_->trees.try_emplace(key, std::move(handle)).first->second;
}

static TreeInfo InfoOf(SpaceId space, TreeId tree, const DirectoryValue& value, std::string attributes) {
  return {tree, static_cast<btree::TreeKind>(value.kind), PageId(space, value.root), std::move(attributes)};
}

Result<TreeInfo> Store::GetTreeInfo(SpaceId space, TreeId tree) {
  ASSIGN_OR_RETURN(Impl::Entry entry, impl_->ReadEntry(space, tree));
  return InfoOf(space, tree, entry.value, std::move(entry.attributes));
}

Result<std::vector<TreeInfo>> Store::ListTrees(SpaceId space) {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, impl_->Directory(space));
  std::vector<TreeInfo> infos;
  btree::Cursor cursor(*entries);
  RETURN_IF_ERROR(cursor.SeekFirst());
  while (cursor.Valid()) {
    // Longer keys are those of runs and cold chunks.
    if (cursor.key().size() == sizeof(TreeId)) {
      const TreeId tree(LoadBE<uint32_t>(cursor.key().data()));
      DirectoryValue value;
      if (!ReadFrom(cursor.value(), &value)) return BadEntry(space, tree);
      infos.push_back(InfoOf(space, tree, value, std::string(AsText(cursor.value().subspan(sizeof(value))))));
    }
    RETURN_IF_ERROR(cursor.Next());
  }
  return infos;
}

TreeId Store::Impl::NextTreeId() {
  MutexLock guard(mutex);
  return TreeId(next_tree++);
}

void Store::Impl::NoteTreeId(TreeId tree) {
  MutexLock guard(mutex);
  next_tree = std::max(next_tree, tree.value + 1);
}

static Lsn AppendTreeRecord(wal::LogWriter& log, wal::RecordType type, bool compensation, TxnId txn, Lsn prev,
                            const TreePayload& payload) {
  wal::RecordInfo info;
  info.type = type;
  info.flags = compensation ? wal::kCompensation : 0;
  info.txn = txn;
  info.prev = prev;
  return log.Append(info, {BytesOf(payload)});
}

Result<TreeId> Store::CreateTree(SpaceId space, TreeId id, btree::TreeKind kind, std::string_view attributes, TxnId txn,
                                 Lsn* last) {
  PHANTOM_CHECK(id != kDirectoryTree);
  wal::LogWriter& log = *impl_->log;
  RETURN_IF_ERROR(log.Admit());
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, impl_->Directory(space));
  if (!id) {
    id = impl_->NextTreeId();
  } else {
    impl_->NoteTreeId(id);
  }
  *last = AppendTreeRecord(log, wal::RecordType::kTreeCreate, false, txn, *last, {space.value, id.value, 0});
  // From here on rollback cleans up: the entry leads to the root, whether that is made yet or not.
  ASSIGN_OR_RETURN(PageId root, impl_->map->AllocatePage(space));
  DirectoryValue value{};
  value.root = root.number();
  value.kind = static_cast<uint8_t>(kind);
  value.created = last->value;
  Status status = entries
                      ->Modify(TreeKey(id),
                               [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
                                 if (current) {
                                   return Errorf(sqlstate::kDuplicateObject, "tree %u of space %u already exists",
                                                 id.value, space.value);
                                 }
                                 edit.op = btree::Edit::Op::kPut;
                                 edit.head = BytesOf(value);
                                 edit.body = AsBytes(attributes);
                                 return Status::Ok();
                               })
                      .status();
  if (!status.ok()) {
    impl_->map->FreePage(root);
    return status;
  }
  status = btree::Tree::Make(*impl_->pool, log, id, root, kind);
  if (!status.ok()) {
    impl_->map->FreePage(root);
    return status;
  }
  return id;
}

// Changes who has dropped a tree; nothing when the entry is not as expected.
static Status SetDroppedBy(btree::Tree& entries, TreeId tree, TxnId expected, TxnId dropped_by) {
  DirectoryValue value;
  std::string attributes;
  return entries
      .Modify(TreeKey(tree),
              [&](std::optional<Bytes> current, btree::Edit& edit) {
                if (!current || !ReadFrom(*current, &value) || value.dropped_by != expected.value) return Status::Ok();
                attributes = AsText(current->subspan(sizeof(value)));
                value.dropped_by = dropped_by.value;
                edit.op = btree::Edit::Op::kPut;
                edit.head = BytesOf(value);
                edit.body = AsBytes(attributes);
                return Status::Ok();
              })
      .status();
}

Status Store::DropTree(SpaceId space, TreeId tree, TxnId txn, Lsn* last) {
  PHANTOM_CHECK(tree != kDirectoryTree && txn);
  RETURN_IF_ERROR(impl_->log->Admit());
  ASSIGN_OR_RETURN(Impl::Entry entry, impl_->ReadEntry(space, tree));
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, impl_->Directory(space));
  *last = AppendTreeRecord(*impl_->log, wal::RecordType::kTreeDrop, false, txn, *last, {space.value, tree.value, 0});
  RETURN_IF_ERROR(SetDroppedBy(*entries, tree, TxnId(), txn));
  MutexLock guard(impl_->mutex);
  impl_->drops[txn].emplace_back(space, tree);
  return Status::Ok();
}

Status Store::Impl::FreeTree(SpaceId space, TreeId tree, const DirectoryValue& value) {
  ForgetTree(space, tree);
  env.Step("drop: to be freed");
  RETURN_IF_ERROR(chunks->RemoveTree(space, tree));
  RETURN_IF_ERROR(RemoveRuns(space, tree));
  btree::Tree handle = TreeOf(space, tree, value);
  RETURN_IF_ERROR(handle.FreePages());
  env.Step("drop: pages freed");
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, Directory(space));
  return entries
      ->Modify(TreeKey(tree),
               [&](std::optional<Bytes> current, btree::Edit& edit) {
                 DirectoryValue present;
                 if (current && ReadFrom(*current, &present) && present.created == value.created) {
                   edit.op = btree::Edit::Op::kRemove;
                 }
                 return Status::Ok();
               })
      .status();
}

Status Store::FinishDrops(TxnId txn) {
  for (;;) {
    std::pair<SpaceId, TreeId> next;
    {
      MutexLock guard(impl_->mutex);
      auto found = impl_->drops.find(txn);
      if (found == impl_->drops.end()) return Status::Ok();
      if (found->second.empty()) {
        impl_->drops.erase(found);
        return Status::Ok();
      }
      next = found->second.back();
    }
    const auto [space, tree] = next;
    Result<Impl::Entry> entry = impl_->ReadEntry(space, tree);
    if (entry.ok() && entry->value.dropped_by == txn.value) {
      RETURN_IF_ERROR(impl_->FreeTree(space, tree, entry->value));
    } else if (!entry.ok() && entry.status().sqlstate() != sqlstate::kUndefinedFile) {
      return std::move(entry).status();
    }
    MutexLock guard(impl_->mutex);
    std::erase(impl_->drops[txn], next);
  }
}

Status Store::UndoTree(const wal::Record& record, Lsn* last) {
  if (record.type() == wal::RecordType::kRunAdd) return impl_->UndoRun(record, last);
  TreePayload payload;
  if (!ReadFrom(record.payload(), &payload)) {
    return Errorf(sqlstate::kDataCorrupted, "malformed log record at %llX",
                  static_cast<unsigned long long>(record.lsn().value));
  }
  const SpaceId space(payload.space);
  const TreeId tree(payload.tree);
  Result<Impl::Entry> entry = impl_->ReadEntry(space, tree);
  if (!entry.ok() && entry.status().sqlstate() != sqlstate::kUndefinedFile) return std::move(entry).status();
  if (record.type() == wal::RecordType::kTreeCreate) {
    if (entry.ok() && entry->value.created == record.lsn().value) {
      RETURN_IF_ERROR(impl_->FreeTree(space, tree, entry->value));
    }
  } else if (entry.ok()) {
    ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, impl_->Directory(space));
    RETURN_IF_ERROR(SetDroppedBy(*entries, tree, record.txn(), TxnId()));
    MutexLock guard(impl_->mutex);
    auto found = impl_->drops.find(record.txn());
    if (found != impl_->drops.end()) std::erase(found->second, std::pair(space, tree));
  }
  payload.undone = record.lsn().value;
  *last = AppendTreeRecord(*impl_->log, record.type(), true, record.txn(), *last, payload);
  return Status::Ok();
}

std::vector<std::pair<SpaceId, TreeId>> Store::DropsOf(TxnId txn) {
  MutexLock guard(impl_->mutex);
  const auto found = impl_->drops.find(txn);
  return found == impl_->drops.end() ? std::vector<std::pair<SpaceId, TreeId>>() : found->second;
}

void Store::RestoreDrops(TxnId txn, std::vector<std::pair<SpaceId, TreeId>> trees) {
  if (trees.empty()) return;
  MutexLock guard(impl_->mutex);
  impl_->drops[txn] = std::move(trees);
}

Status Store::FinishInterruptedDrops() {
  const std::vector<ActiveTransaction>& prepared = impl_->recovery.prepared;
  for (SpaceId space : ListSpaces()) {
    ASSIGN_OR_RETURN(std::vector<TreeInfo> infos, ListTrees(space));
    for (const TreeInfo& info : infos) {
      Result<Impl::Entry> entry = impl_->ReadEntry(space, info.id);
      if (!entry.ok()) continue;
      const uint64_t dropped_by = entry->value.dropped_by;
      // Those of this life, and of prepared transactions, are finished by their own transactions.
      if (dropped_by == 0 || dropped_by >= impl_->recovery.next_txn.value) continue;
      auto dropped_it = [&](const ActiveTransaction& transaction) { return transaction.id.value == dropped_by; };
      if (std::ranges::any_of(prepared, dropped_it)) continue;
      RETURN_IF_ERROR(impl_->FreeTree(space, info.id, entry->value));
    }
  }
  return Status::Ok();
}

}  // namespace phantom::store
