#include "txn/key_table.h"

#include <array>

#include "btree/tree.h"
#include "common/check.h"
#include "store/tiered_tree.h"
#include "txn/manager_impl.h"
#include "txn/overflow.h"
#include "txn/row_header.h"
#include "wal/record.h"

namespace phantom::txn {

namespace {

Status TooLong(const char* what, size_t size, size_t limit) {
  return Errorf(sqlstate::kProgramLimitExceeded, "%s of %zu bytes exceeds the maximum of %zu", what, size, limit);
}

Status CheckLengths(std::string_view key, std::optional<std::string_view> value) {
  if (key.size() > KeyTable::kKeyBytesMax) return TooLong("key", key.size(), KeyTable::kKeyBytesMax);
  if (value && value->size() > KeyTable::kValueBytesMax) {
    return TooLong("value", value->size(), KeyTable::kValueBytesMax);
  }
  return Status::Ok();
}

// The body of a version whose value lies in the overflow tree.
constexpr size_t kReferenceBytes = types::OverflowRef::kBytes;

void StoreReference(const types::OverflowRef& reference, std::byte* to) {
  StoreLE(to, reference.id);
  StoreLE(to + 8, reference.size);
  StoreLE(to + 16, reference.extra);
}

types::OverflowRef LoadReference(Bytes body) {
  types::OverflowRef reference;
  reference.id = LoadLE<uint64_t>(body.data());
  reference.size = LoadLE<uint64_t>(body.data() + 8);
  reference.extra = LoadLE<uint64_t>(body.data() + 16);
  return reference;
}

// Before a version's parts are looked at.
Status CheckVersion(Bytes version) {
  if (version.size() >= RowHeader::kBytes) [[likely]] {
    const RowHeader header = RowHeader::Load(version);
    if (!header.has_overflow() || version.size() == RowHeader::kBytes + kReferenceBytes) [[likely]]
      return Status::Ok();
  }
  return Error(sqlstate::kDataCorrupted, "malformed version of a key");
}

// Purge will come for it, and looks in the tree. Everything else is as good in a run: a write copies it in before it judges it
// under the latch, and the header says where its older versions are in the log.
bool IsGhost(Bytes version) { return version.size() >= RowHeader::kBytes && RowHeader::Load(version).deleted(); }

}  // namespace

// One look at a key by someone who wants to write it.
struct KeyTable::Attempt {
  enum class Verdict : uint8_t {
    kDone,
    kWait,       // for `blocker`
    kLinkFirst,  // the chain is long: find what to link to before writing
    kLong,       // it takes a transaction: there is a long value on either side
  };
  Verdict verdict = Verdict::kDone;
  TxnId blocker;
  std::optional<RowHeader> newest;  // ghosts included
  ManagerImpl::FoundLink link;      // kept between looks
};

Result<KeyTable> KeyTable::Open(TransactionManager& manager, SpaceId space, TreeId tree) {
  ASSIGN_OR_RETURN(std::shared_ptr<TableState> state, manager.impl().OpenTable(space, tree));
  if (state->tree->kind() != btree::TreeKind::kKeyed) {
    return Errorf(sqlstate::kDataCorrupted, "tree %u does not hold keys", tree.value);
  }
  ASSIGN_OR_RETURN(std::shared_ptr<store::TieredTree> entries, manager.store().OpenTiered(space, tree));
  entries->SetRules({.filter_trim = 0, .stays = IsGhost});
  return KeyTable(manager, std::move(state), std::move(entries));
}

KeyTable::KeyTable(TransactionManager& manager, std::shared_ptr<TableState> state,
                   std::shared_ptr<store::TieredTree> entries)
    : manager_(&manager), state_(std::move(state)), entries_(std::move(entries)) {}
KeyTable::KeyTable(KeyTable&&) noexcept = default;
KeyTable& KeyTable::operator=(KeyTable&&) noexcept = default;
KeyTable::~KeyTable() = default;

// ---- Reading
// ---------------------------------------------------------------------------------------------------------

Status KeyTable::Materialize(Bytes version, std::string* value) const {
  RETURN_IF_ERROR(CheckVersion(version));
  if (!RowHeader::Load(version).has_overflow()) [[likely]] {
    value->assign(AsText(RowBody(version)));
    return Status::Ok();
  }
  return ReadOverflow(*state_, LoadReference(RowBody(version)), value);
}

Result<bool> KeyTable::Resolve(const Snapshot& snapshot, Bytes newest, std::string* value) const {
  RETURN_IF_ERROR(CheckVersion(newest));
  const RowHeader header = RowHeader::Load(newest);
  if (Sees(snapshot, header)) {
    if (header.deleted()) return false;
    RETURN_IF_ERROR(Materialize(newest, value));
    return true;
  }
  wal::Record record;
  Bytes older;
  ASSIGN_OR_RETURN(const bool found, manager_->impl().FindVersion(snapshot, header.lsn, &record, &older));
  if (!found) return false;
  RETURN_IF_ERROR(Materialize(older, value));
  return true;
}

Result<bool> KeyTable::Get(std::string_view key, std::string* value) const {
  std::byte version[btree::kValueBytesMax];
  size_t bytes;
  ASSIGN_OR_RETURN(const bool exists, entries_->Copy(AsBytes(key), version, &bytes));
  if (!exists) return false;
  RETURN_IF_ERROR(CheckVersion({version, bytes}));
  const RowHeader header = RowHeader::Load({version, bytes});
  if ((header.alone() || manager_->impl().Published(header.txn)) && !header.has_overflow()) [[likely]] {
    if (header.deleted()) return false;
    value->assign(AsText(RowBody({version, bytes})));
    return true;
  }
  // An older version, or a long value: neither goes away as long as a snapshot may need it.
  const Snapshot snapshot = manager_->TakeKeySnapshot();
  return Get(snapshot, key, value);
}

Result<bool> KeyTable::Get(const Snapshot& snapshot, std::string_view key, std::string* value) const {
  std::byte version[btree::kValueBytesMax];
  size_t bytes;
  ASSIGN_OR_RETURN(const bool exists, entries_->Copy(AsBytes(key), version, &bytes));
  if (!exists) return false;
  return Resolve(snapshot, {version, bytes}, value);
}

// ---- Writing
// ---------------------------------------------------------------------------------------------------------

bool KeyTable::Judge(TxnId writer, std::optional<Bytes> current, RowHeader* header, Lsn* link, Attempt* attempt) const {
  const ManagerImpl& impl = manager_->impl();
  attempt->verdict = Attempt::Verdict::kDone;
  attempt->newest.reset();
  if (!current) return true;
  const RowHeader replaced = RowHeader::Load(*current);
  attempt->newest = replaced;
  const bool ours = !replaced.alone() && replaced.txn == writer && writer;
  if (!replaced.alone() && !ours && !impl.Published(replaced.txn)) {
    attempt->verdict = Attempt::Verdict::kWait;
    attempt->blocker = replaced.txn;
    return false;
  }
  // Without readers now: who comes later sees what is replaced, or what replaces it.
  const bool seen_by_all =
      !ours && (replaced.lsn < impl.snapshots.Last().log_floor || impl.snapshots.key_readers().idle());
  if (!ManagerImpl::ChooseLink(replaced, seen_by_all, attempt->link, header, link)) {
    attempt->verdict = Attempt::Verdict::kLinkFirst;
    return false;
  }
  return true;
}

Status KeyTable::Prepare(LockHolder* locks, TxnId writer, Attempt* attempt) const {
  ManagerImpl& impl = manager_->impl();
  if (attempt->verdict == Attempt::Verdict::kLinkFirst) {
    ASSIGN_OR_RETURN(const Lsn link, impl.LinkPast(writer, *attempt->newest));
    attempt->link = {attempt->newest->lsn, link};
    return Status::Ok();
  }
  PHANTOM_CHECK(attempt->verdict == Attempt::Verdict::kWait);
  const TxnId blocker = attempt->blocker;
  auto in_progress = [&] { return impl.InProgress(blocker); };
  if (locks != nullptr) return impl.locks.WaitForTransaction(*locks, blocker, in_progress);
  LockHolder own(impl.locks, 0);
  return impl.locks.WaitForTransaction(own, blocker, in_progress);
}

Result<Lsn> KeyTable::Try(std::string_view key, Decide decide, bool shown, Attempt* attempt) {
  ManagerImpl& impl = manager_->impl();
  std::array<std::byte, RowHeader::kBytes> head;
  std::string value;
  Lsn replaced;
  auto may_see = [&] { return impl.snapshots.key_readers().MaySee(replaced); };
  const FunctionRef<bool()> needs_before = may_see;
  return impl.WriteSystem(*entries_, AsBytes(key), [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
    if (current) RETURN_IF_ERROR(CheckVersion(*current));
    RowHeader header;
    if (!Judge(TxnId(), current, &header, &edit.link, attempt)) return Status::Ok();
    const bool exists = attempt->newest && !attempt->newest->deleted();
    if (exists && attempt->newest->has_overflow()) {
      attempt->verdict = Attempt::Verdict::kLong;
      return Status::Ok();
    }
    value.clear();
    const Decision decision = decide(exists && shown ? std::optional(AsText(RowBody(*current))) : std::nullopt, &value);
    if (decision == Decision::kNone || (decision == Decision::kDelete && !exists)) return Status::Ok();
    if (decision == Decision::kPut && value.size() > kInlineBytesMax) {
      attempt->verdict = Attempt::Verdict::kLong;
      return Status::Ok();
    }
    header.flags = kRowAlone | (decision == Decision::kDelete ? kRowDeleted : 0);
    header.Store(head.data());
    edit.op = btree::Edit::Op::kPut;
    edit.stamp = true;
    edit.head = head;
    if (decision == Decision::kPut) edit.body = AsBytes(value);
    if (attempt->newest) replaced = attempt->newest->lsn;
    edit.needs_before = &needs_before;
    return Status::Ok();
  });
}

Result<Lsn> KeyTable::Write(std::string_view key, std::optional<std::string_view> value) {
  RETURN_IF_ERROR(CheckLengths(key, value));
  Attempt attempt;
  if (!value || value->size() <= kInlineBytesMax) {
    auto decide = [&](std::optional<std::string_view>, std::string* to) {
      if (!value) return Decision::kDelete;
      to->assign(*value);
      return Decision::kPut;
    };
    for (;;) {
      ASSIGN_OR_RETURN(const Lsn lsn, Try(key, decide, false, &attempt));
      if (attempt.verdict == Attempt::Verdict::kDone) return lsn;
      if (attempt.verdict == Attempt::Verdict::kLong) break;
      RETURN_IF_ERROR(Prepare(nullptr, TxnId(), &attempt));
    }
  }
  Lsn committed;
  RETURN_IF_ERROR(WriteLong(key, value, std::nullopt, &committed).status());
  return committed;
}

Result<Lsn> KeyTable::Update(std::string_view key, Decide decide) {
  RETURN_IF_ERROR(CheckLengths(key, std::nullopt));
  Attempt attempt;
  for (;;) {
    ASSIGN_OR_RETURN(const Lsn lsn, Try(key, decide, true, &attempt));
    if (attempt.verdict == Attempt::Verdict::kDone) return lsn;
    if (attempt.verdict == Attempt::Verdict::kLong) return UpdateLong(key, decide);
    RETURN_IF_ERROR(Prepare(nullptr, TxnId(), &attempt));
  }
}

// Reads without a latch, and writes if the version is still the newest.
Result<Lsn> KeyTable::UpdateLong(std::string_view key, Decide decide) {
  std::byte version[btree::kValueBytesMax];
  size_t bytes;
  std::string present, value;
  for (;;) {
    // Keeps the long value from being purged while it is read.
    const Snapshot snapshot = manager_->TakeKeySnapshot();
    ASSIGN_OR_RETURN(const bool found, entries_->Copy(AsBytes(key), version, &bytes));
    Lsn expected;
    bool exists = false;
    if (found) {
      RETURN_IF_ERROR(CheckVersion({version, bytes}));
      const RowHeader header = RowHeader::Load({version, bytes});
      if (!header.alone() && !manager_->impl().Published(header.txn)) {
        Attempt attempt;
        attempt.verdict = Attempt::Verdict::kWait;
        attempt.blocker = header.txn;
        RETURN_IF_ERROR(Prepare(nullptr, TxnId(), &attempt));
        continue;
      }
      expected = header.lsn;
      exists = !header.deleted();
      if (exists) RETURN_IF_ERROR(Materialize({version, bytes}, &present));
    }
    value.clear();
    const Decision decision = decide(exists ? std::optional<std::string_view>(present) : std::nullopt, &value);
    if (decision == Decision::kNone) return Lsn();
    std::optional<std::string_view> wanted;
    if (decision == Decision::kPut) wanted = value;
    RETURN_IF_ERROR(CheckLengths(key, wanted));
    Lsn committed;
    ASSIGN_OR_RETURN(const bool written, WriteLong(key, wanted, expected, &committed));
    if (written) return committed;
  }
}

Result<bool> KeyTable::WriteLong(std::string_view key, std::optional<std::string_view> value,
                                 std::optional<Lsn> expected, Lsn* committed) {
  const std::unique_ptr<Transaction> transaction = manager_->Begin();
  ASSIGN_OR_RETURN(const bool written, WriteIn(*transaction, key, value, expected));
  if (!written) {
    RETURN_IF_ERROR(transaction->Abort());
    return false;
  }
  ASSIGN_OR_RETURN(*committed, transaction->Commit());
  return true;
}

Status KeyTable::Write(Transaction& transaction, std::string_view key, std::optional<std::string_view> value) {
  RETURN_IF_ERROR(CheckLengths(key, value));
  return WriteIn(transaction, key, value, std::nullopt).status();
}

Result<bool> KeyTable::WriteIn(Transaction& transaction, std::string_view key, std::optional<std::string_view> value,
                               std::optional<Lsn> expected) {
  ManagerImpl& impl = manager_->impl();
  ASSIGN_OR_RETURN(const TxnId own, transaction.EnsureId());
  std::array<std::byte, RowHeader::kBytes + kReferenceBytes> head;
  size_t head_bytes = RowHeader::kBytes;
  uint8_t flags = value ? 0 : kRowDeleted;
  Bytes body;
  if (value && value->size() > kInlineBytesMax) {
    ASSIGN_OR_RETURN(const types::OverflowRef reference, WriteOverflow(transaction, *state_, *value));
    StoreReference(reference, head.data() + RowHeader::kBytes);
    head_bytes = head.size();
    flags = kRowOverflow;
  } else if (value) {
    body = AsBytes(*value);
  }
  Attempt attempt;
  std::optional<types::OverflowRef> dropped;
  bool as_expected = true;
  for (;;) {
    RETURN_IF_ERROR(impl.Write(transaction, *entries_, AsBytes(key),
                               [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
                                 if (current) RETURN_IF_ERROR(CheckVersion(*current));
                                 RowHeader header;
                                 if (!Judge(own, current, &header, &edit.link, &attempt)) return Status::Ok();
                                 const Lsn newest = attempt.newest ? attempt.newest->lsn : Lsn();
                                 as_expected = !expected || newest == *expected;
                                 const bool exists = attempt.newest && !attempt.newest->deleted();
                                 if (!as_expected || (!value && !exists)) return Status::Ok();
                                 dropped.reset();
                                 if (exists && attempt.newest->has_overflow())
                                   dropped = LoadReference(RowBody(*current));
                                 header.txn = own;
                                 header.flags = flags;
                                 header.Store(head.data());
                                 edit.op = btree::Edit::Op::kPut;
                                 edit.stamp = true;
                                 edit.head = Bytes(head.data(), head_bytes);
                                 edit.body = body;
                                 return Status::Ok();
                               })
                        .status());
    if (attempt.verdict == Attempt::Verdict::kDone) break;
    RETURN_IF_ERROR(Prepare(&transaction.locks(), own, &attempt));
  }
  if (dropped) RETURN_IF_ERROR(DropOverflow(transaction, *state_, *dropped));
  return as_expected;
}

// ---- Checking
// --------------------------------------------------------------------------------------------------------

Status KeyTable::Check() const {
  const Snapshot snapshot = manager_->TakeKeySnapshot();
  store::TieredCursor cursor(*entries_);
  std::string value;
  RETURN_IF_ERROR(cursor.SeekFirst());
  while (cursor.Valid()) {
    if (store::IsTombstone(cursor.value())) {
      RETURN_IF_ERROR(cursor.Next());
      continue;
    }
    RETURN_IF_ERROR(CheckVersion(cursor.value()));
    const RowHeader header = RowHeader::Load(cursor.value());
    if (header.lsn >= manager_->store().log().appended()) {
      return Error(sqlstate::kDataCorrupted, "version of a key is newer than the log");
    }
    // What the snapshot sees it can read; what lies in the overflow tree as well.
    RETURN_IF_ERROR(Resolve(snapshot, cursor.value(), &value).status());
    RETURN_IF_ERROR(cursor.Next());
  }
  return Status::Ok();
}

// ---- KeyCursor
// -------------------------------------------------------------------------------------------------------

KeyCursor::KeyCursor(const KeyTable& table, const Snapshot& snapshot)
    : table_(table), snapshot_(snapshot), cursor_(*table.entries_) {}

Status KeyCursor::Settle(bool forward) {
  while (cursor_.Valid()) {
    const Bytes newest = cursor_.value();
    RETURN_IF_ERROR(CheckVersion(newest));
    const RowHeader header = RowHeader::Load(newest);
    if (Sees(snapshot_, header) && !header.has_overflow()) [[likely]] {
      // Neither a ghost nor a tombstone, which everybody sees.
      if (!header.deleted() && !header.dead()) {
        value_ = AsText(RowBody(newest));
        return Status::Ok();
      }
    } else {
      ASSIGN_OR_RETURN(const bool found, table_.Resolve(snapshot_, newest, &buffer_));
      if (found) {
        value_ = buffer_;
        return Status::Ok();
      }
    }
    RETURN_IF_ERROR(forward ? cursor_.Next() : cursor_.Previous());
  }
  return Status::Ok();
}

Status KeyCursor::Seek(std::string_view key) {
  RETURN_IF_ERROR(cursor_.Seek(AsBytes(key)));
  return Settle(true);
}
Status KeyCursor::SeekAtOrBelow(std::string_view key) {
  RETURN_IF_ERROR(cursor_.SeekAtOrBelow(AsBytes(key)));
  return Settle(false);
}
Status KeyCursor::SeekBelow(std::string_view key) {
  RETURN_IF_ERROR(cursor_.SeekBelow(AsBytes(key)));
  return Settle(false);
}
Status KeyCursor::SeekFirst() {
  RETURN_IF_ERROR(cursor_.SeekFirst());
  return Settle(true);
}
Status KeyCursor::SeekLast() {
  RETURN_IF_ERROR(cursor_.SeekLast());
  return Settle(false);
}
Status KeyCursor::Next() {
  RETURN_IF_ERROR(cursor_.Next());
  return Settle(true);
}
Status KeyCursor::Previous() {
  RETURN_IF_ERROR(cursor_.Previous());
  return Settle(false);
}

}  // namespace phantom::txn
