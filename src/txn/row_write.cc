// Writing and locking rows. Each try looks at the newest version under its leaf's exclusive latch and either does what
// is wished or says what has to happen first (wait, take a row lock, find a link); that is done without the latch, and
// the row is looked at anew.
#include <algorithm>

#include "btree/tree.h"
#include "common/check.h"
#include "txn/overflow.h"
#include "txn/row_table_impl.h"
#include "txn/wait_context.h"

namespace phantom::txn {

namespace {

// The queue's lock for a row: PostgreSQL's heavyweight tuple locks.
LockMode QueueMode(RowLockMode mode) {
  switch (mode) {
    case RowLockMode::kKeyShare:
      return LockMode::kAccessShare;
    case RowLockMode::kShare:
      return LockMode::kRowShare;
    case RowLockMode::kNoKeyUpdate:
      return LockMode::kExclusive;
    case RowLockMode::kUpdate:
      return LockMode::kAccessExclusive;
  }
  return LockMode::kAccessExclusive;
}

Status ConcurrentChange(bool deleted) {
  return Error(sqlstate::kTRSerializationFailure, deleted ? "could not serialize access due to concurrent delete"
                                                          : "could not serialize access due to concurrent update");
}

}  // namespace

// ---- Values that do not fit into the row -----------------------------------------------------------------------------

Result<std::string_view> RowTable::Externalize(Transaction& transaction, std::string_view row, std::string* buffer) {
  if (row.size() <= kRowBytesMax) [[likely]] return row;
  const types::RowReader reader(*layout_, row);
  types::RowEncoder encoder(*layout_);
  encoder.Begin();
  for (uint32_t i = 0; i < layout_->column_count(); ++i) encoder.AddFrom(reader, i);
  ASSIGN_OR_RETURN(std::string_view fitted, encoder.FinishWithOverflow(kRowBytesMax, [&](std::string_view value) {
    return WriteOverflow(transaction, *parts_->state, value);
  }));
  buffer->assign(fitted);
  return std::string_view(*buffer);
}

// Marks values dead that only the old version refers to.
Status RowTable::DropUnused(Transaction& transaction, std::string_view before, std::string_view after) {
  std::vector<uint64_t> kept;
  auto references = [&](std::string_view row, auto&& use) -> Status {
    if (row.empty()) return Status::Ok();
    const types::RowReader reader(*layout_, row);
    for (uint32_t i : parts_->variable_columns) {
      if (i >= reader.stored_columns() || reader.IsNull(i) || !reader.IsOverflow(i)) continue;
      RETURN_IF_ERROR(use(reader.Overflow(i)));
    }
    return Status::Ok();
  };
  RETURN_IF_ERROR(references(after, [&](const types::OverflowRef& reference) {
    kept.push_back(reference.id);
    return Status::Ok();
  }));
  return references(before, [&](const types::OverflowRef& reference) {
    if (std::ranges::find(kept, reference.id) != kept.end()) return Status::Ok();
    return DropOverflow(transaction, *parts_->state, reference);
  });
}

// ---- Insert ----------------------------------------------------------------------------------------------------------

Result<RowId> RowTable::Insert(Transaction& transaction, std::string_view row) {
  const RowId id(parts_->state->next_row.fetch_add(1));
  RETURN_IF_ERROR(InsertAt(transaction, id, row));
  return id;
}

uint64_t RowTable::TakeChunk() {
  std::atomic<uint64_t>& next_row = parts_->state->next_row;
  uint64_t next = next_row.load(), chunk;
  do {
    chunk = (next + store::kChunkRows - 1) / store::kChunkRows;
  } while (!next_row.compare_exchange_weak(next, (chunk + 1) * store::kChunkRows));
  return chunk;
}

Status RowTable::InsertAt(Transaction& transaction, RowId id, std::string_view row) {
  std::string buffer;
  ASSIGN_OR_RETURN(row, Externalize(transaction, row, &buffer));
  RowHeader header;
  ASSIGN_OR_RETURN(header.txn, transaction.EnsureId());
  header.flags = HasOverflow(row) ? kRowOverflow : 0;
  std::array<std::byte, RowHeader::kBytes> head;
  header.Store(head.data());
  RETURN_IF_ERROR(manager_->impl()
                      .Write(transaction, parts_->tree(), btree::RowKey(id),
                             [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
                               if (current) return Error(sqlstate::kDataCorrupted, "new row id is in use");
                               edit.op = btree::Edit::Op::kPut;
                               edit.stamp = true;
                               edit.head = head;
                               edit.body = AsBytes(row);
                               return Status::Ok();
                             })
                      .status());
  parts_->state->changes.fetch_add(1, std::memory_order_relaxed);
  parts_->state->grown.fetch_add(1, std::memory_order_relaxed);
  parts_->state->activity.NoteInsert(store::ChunkOf(id));
  SerializableTransaction* const writer = WriterOf(transaction, watched_);
  return writer == nullptr ? Status::Ok() : manager_->impl().serializable.WroteNewRow(*writer, {space_, tree_});
}

// ---- Judging the newest version --------------------------------------------------------------------------------------

void RowTable::Judge(Transaction& transaction, const Snapshot& snapshot, const Wish& wish,
                     std::optional<Bytes> current, Attempt* attempt) const {
  const ManagerImpl& impl = manager_->impl();
  attempt->verdict = Attempt::Verdict::kDone;
  attempt->outcome = WriteOutcome::kOk;
  attempt->beside_writer = false;
  attempt->missing = !current;
  if (!current) {
    attempt->outcome = WriteOutcome::kInvisible;
    return;
  }
  const RowHeader header = RowHeader::Load(*current);
  attempt->newest = header;
  const bool locks_only = wish.kind == Wish::Kind::kLock;
  if (header.txn == transaction.id() && header.txn) {
    if (header.lsn >= snapshot.command()) {
      attempt->outcome = WriteOutcome::kSelfModified;
    } else if (header.deleted()) {
      attempt->outcome = WriteOutcome::kInvisible;
    }
    return;
  }
  if (impl.InProgress(header.txn)) {
    const RowLockMode held = (header.flags & kRowKeyWrite) != 0 ? RowLockMode::kUpdate : RowLockMode::kNoKeyUpdate;
    if (!locks_only || Conflict(wish.mode, held)) {
      attempt->verdict = Attempt::Verdict::kWait;
      attempt->blocker = header.txn;
    } else {
      // A key share beside a writer that leaves the key alone: whatever becomes of him, the key stays.
      attempt->beside_writer = true;
    }
    return;
  }
  if (header.txn >= snapshot.settled_below()) transaction.Observe(header.txn);
  if (wish.base == WriteBase::kVersion) {
    if (header.lsn != wish.version || header.deleted()) {
      attempt->outcome = header.deleted() ? WriteOutcome::kDeleted : WriteOutcome::kUpdated;
    }
    return;
  }
  const bool seen = snapshot.Sees(header.txn, header.lsn);
  if (seen || wish.base == WriteBase::kLocked) {
    if (header.deleted()) attempt->outcome = seen ? WriteOutcome::kInvisible : WriteOutcome::kDeleted;
    return;
  }
  attempt->outcome = header.deleted() ? WriteOutcome::kDeleted : WriteOutcome::kUpdated;
}

// ---- Cold rows -------------------------------------------------------------------------------------------------------

Result<std::string> RowTable::VersionIn(const ColdRows& segment, RowId id) const {
  RowHeader header;
  std::string row, version(RowHeader::kBytes, '\0');
  RETURN_IF_ERROR(segment.Read(*layout_, id, &header, &row));
  header.flags = kRowRestored;  // as it may have been: nobody kept that
  header.Store(reinterpret_cast<std::byte*>(version.data()));
  return version + row;
}

Status RowTable::JudgeWherever(Transaction& transaction, const Snapshot& snapshot, RowId id, const Wish& wish, Attempt* attempt) const {
  FetchedRow& found = attempt->found;
  const auto judge = [&](Bytes version) {
    Judge(transaction, snapshot, wish, version, attempt);
    found.row.assign(AsText(RowBody(version)));
  };
  ASSIGN_OR_RETURN(const Place place, Find(id, judge, &found));
  found.in_segment = place == Place::kSegment;
  if (place == Place::kNowhere) Judge(transaction, snapshot, wish, std::nullopt, attempt);
  if (place != Place::kSegment) return Status::Ok();
  found.place = id;
  ASSIGN_OR_RETURN(RowHeader header, found.segment->ReadHeader(id));
  header.flags = kRowRestored;  // as in VersionIn()
  std::array<std::byte, RowHeader::kBytes> version;
  header.Store(version.data());
  Judge(transaction, snapshot, wish, version, attempt);
  return Status::Ok();
}

Result<bool> RowTable::CopyIn(RowId id) {
  const ColdTable& chunks = parts_->state->cold;
  for (;;) {
    // The tree is looked into when it is changed. What it lacks then is as the segment has it, unless chunks have changed since, or
    // the row's ghost has gone: that is noted in the segment before.
    const uint64_t version = chunks.version();
    std::shared_ptr<const ColdRows> segment = chunks.Find(id);
    if (segment == nullptr || !segment->Has(id)) {
      parts_->writes_cold.store(false, std::memory_order_relaxed);
      FetchedRow found;
      ASSIGN_OR_RETURN(const Place place, Find(id, [](Bytes) {}, &found));
      if (place != Place::kSegment) return place == Place::kTree;
      continue;
    }
    ASSIGN_OR_RETURN(const std::string row, VersionIn(*segment, id));
    bool lacks = false, stale = false;
    RETURN_IF_ERROR(manager_->impl()
                        .WriteSystem(parts_->tree(), btree::RowKey(id),
                                     [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
                                       lacks = !current;
                                       stale = lacks && (chunks.version() != version || !segment->Has(id));
                                       if (!lacks || stale) return Status::Ok();
                                       edit.op = btree::Edit::Op::kPut;
                                       edit.head = AsBytes(row);
                                       return Status::Ok();
                                     })
                        .status());
    if (stale) continue;
    parts_->writes_cold.store(lacks, std::memory_order_relaxed);
    return true;
  }
}

// ---- Waiting ---------------------------------------------------------------------------------------------------------

LockTag RowTable::QueueOf(RowId id) const { return LockTag::Tuple(space_.value, parts_->state->relation.load(), id); }

Status RowTable::Await(Transaction& transaction, RowId id, const Wish& wish, TxnId blocker, bool* in_turn) {
  ManagerImpl& impl = manager_->impl();
  // Who has the row locked already does not stand behind others, who wait for him.
  if (!*in_turn && !impl.row_locks.IsHeldBy({space_, tree_, id}, transaction.id())) {
    ASSIGN_OR_RETURN(*in_turn, transaction.locks().Acquire(QueueOf(id), QueueMode(wish.mode)));
  }
  Status waited = impl.locks.WaitForTransaction(transaction.locks(), blocker, [&] { return impl.InProgress(blocker); });
  constexpr const char* kDoing[] = {"updating tuple", "deleting tuple", "locking tuple"};
  return WhileWaiting(std::move(waited), kDoing[static_cast<int>(wish.kind)], id, name_);
}

void RowTable::LeaveTurn(Transaction& transaction, RowId id, RowLockMode mode) {
  transaction.locks().ReleaseTransaction(QueueOf(id), QueueMode(mode));
}

// ---- Update and delete -----------------------------------------------------------------------------------------------

Status RowTable::Try(Transaction& transaction, const Snapshot& snapshot, RowId id, const Wish& wish,
                     Attempt* attempt) {
  ManagerImpl& impl = manager_->impl();
  ASSIGN_OR_RETURN(TxnId own, transaction.EnsureId());
  const RowName name{space_, tree_, id};
  std::array<std::byte, RowHeader::kBytes> head;
  auto decide = [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
    Judge(transaction, snapshot, wish, current, attempt);
    if (attempt->verdict != Attempt::Verdict::kDone || attempt->outcome != WriteOutcome::kOk) return Status::Ok();
    const RowHeader& replaced = attempt->newest;
    const bool ours = replaced.txn == own;
    // What this transaction wrote already locks the row, unless a key share may have come in beside it.
    const bool covered = ours && ((replaced.flags & kRowKeyWrite) != 0 || wish.mode == RowLockMode::kNoKeyUpdate);
    if (!attempt->row_locked && !covered && impl.row_locks.MayBeLocked(name)) {
      attempt->verdict = Attempt::Verdict::kLockFirst;
      return Status::Ok();
    }
    RowHeader header;
    header.txn = own;
    if (wish.mode == RowLockMode::kUpdate || (ours && (replaced.flags & kRowKeyWrite) != 0)) {
      header.flags |= kRowKeyWrite;
    }
    if (wish.kind == Wish::Kind::kDelete) header.flags |= kRowDeleted;
    if (wish.has_overflow) header.flags |= kRowOverflow;
    const bool seen_by_all = replaced.txn < impl.snapshots.Last().finished_below;
    if (!ManagerImpl::ChooseLink(replaced, seen_by_all, attempt->link, &header, &edit.link)) {
      attempt->verdict = Attempt::Verdict::kLinkFirst;
      return Status::Ok();
    }
    if ((replaced.flags & kRowOverflow) != 0) attempt->newest_row.assign(AsText(RowBody(*current)));
    header.Store(head.data());
    edit.op = btree::Edit::Op::kPut;
    edit.stamp = true;
    edit.head = head;
    edit.body = wish.kind == Wish::Kind::kDelete ? Bytes() : AsBytes(wish.row);
    return Status::Ok();
  };
  ASSIGN_OR_RETURN(attempt->written, impl.Write(transaction, parts_->tree(), btree::RowKey(id), decide));
  if (wish.kind == Wish::Kind::kDelete && attempt->written) parts_->state->grown.fetch_sub(1, std::memory_order_relaxed);
  return Status::Ok();
}

Result<WriteOutcome> RowTable::Write(Transaction& transaction, const Snapshot& snapshot, RowId id, const Wish& wish) {
  ManagerImpl& impl = manager_->impl();
  Attempt attempt;
  bool in_turn = false;
  Status status;
  // Once written, the version is the lock.
  auto give_row_lock_back = [&] {
    if (attempt.row_lock_added) transaction.UnlockRow(space_, tree_, id, wish.mode);
    attempt.row_locked = attempt.row_lock_added = false;
  };
  if (parts_->writes_cold.load(std::memory_order_relaxed)) RETURN_IF_ERROR(CopyIn(id).status());
  for (;;) {
    status = Try(transaction, snapshot, id, wish, &attempt);
    if (!status.ok()) break;
    if (attempt.missing) {
      const Result<bool> copied = CopyIn(id);
      status = copied.status();
      if (status.ok() && *copied) continue;
      break;
    }
    if (attempt.verdict == Attempt::Verdict::kDone) break;
    if (attempt.verdict == Attempt::Verdict::kLinkFirst) {
      Result<Lsn> link = impl.LinkPast(transaction.id(), attempt.newest);
      if (!link.ok()) {
        status = std::move(link).status();
        break;
      }
      attempt.link = {attempt.newest.lsn, *link};
      continue;
    }
    TxnId blocker = attempt.blocker;
    if (attempt.verdict == Attempt::Verdict::kLockFirst) {
      status = transaction.LockRow(space_, tree_, id, wish.mode, &blocker, &attempt.row_lock_added);
      if (!status.ok()) break;
      attempt.row_locked = !blocker;
      if (attempt.row_locked) continue;
    } else {
      // A writer came first: not to keep him from strengthening his hold.
      give_row_lock_back();
    }
    status = Await(transaction, id, wish, blocker, &in_turn);
    if (!status.ok()) break;
  }
  give_row_lock_back();
  // Who waited and finds the row changed is going to look at it again and write it (READ COMMITTED). It is locked for him before the
  // next in the queue has his turn: or each who waits would find it free, and all would come for it at once.
  if (status.ok() && in_turn && attempt.outcome == WriteOutcome::kUpdated && wish.base == WriteBase::kSnapshot &&
      !transaction.keeps_snapshot()) {
    Wish hold;
    hold.kind = Wish::Kind::kLock;
    hold.mode = wish.mode;
    Attempt held;
    status = Hold(transaction, snapshot, id, hold, &held, &in_turn);
    if (status.ok() && held.outcome != WriteOutcome::kUpdated) {
      if (held.row_lock_added) transaction.UnlockRow(space_, tree_, id, wish.mode);
      if (held.outcome != WriteOutcome::kOk) attempt.outcome = held.outcome;
    }
  }
  if (in_turn) LeaveTurn(transaction, id, wish.mode);
  RETURN_IF_ERROR(status);
  if (attempt.outcome == WriteOutcome::kOk && !attempt.newest_row.empty()) {
    RETURN_IF_ERROR(DropUnused(transaction, attempt.newest_row, wish.row));
  }
  if (transaction.keeps_snapshot() && wish.base != WriteBase::kVersion &&
      (attempt.outcome == WriteOutcome::kUpdated || attempt.outcome == WriteOutcome::kDeleted)) {
    return ConcurrentChange(attempt.outcome == WriteOutcome::kDeleted);
  }
  if (attempt.outcome == WriteOutcome::kOk) {
    parts_->state->changes.fetch_add(1, std::memory_order_relaxed);
    parts_->state->activity.NoteChange(store::ChunkOf(id), attempt.written.value);
    if (SerializableTransaction* const writer = WriterOf(transaction, watched_)) {
      RETURN_IF_ERROR(impl.serializable.WroteRow(*writer, {space_, tree_}, id, attempt.newest.txn, transaction.savepoint_depth() == 0));
    }
  }
  return attempt.outcome;
}

Result<WriteOutcome> RowTable::Update(Transaction& transaction, const Snapshot& snapshot, RowId id,
                                      std::string_view row, const UpdateOptions& options) {
  const Lsn before = transaction.last_lsn();
  std::string buffer;
  Wish wish;
  wish.kind = Wish::Kind::kUpdate;
  wish.mode = options.key_changed ? RowLockMode::kUpdate : RowLockMode::kNoKeyUpdate;
  wish.base = options.base;
  wish.version = options.version;
  ASSIGN_OR_RETURN(wish.row, Externalize(transaction, row, &buffer));
  wish.has_overflow = HasOverflow(wish.row);
  const bool moved_out = transaction.last_lsn() != before;
  ASSIGN_OR_RETURN(WriteOutcome outcome, Write(transaction, snapshot, id, wish));
  if (outcome != WriteOutcome::kOk && moved_out) RETURN_IF_ERROR(transaction.UndoTo(before));
  return outcome;
}

Result<WriteOutcome> RowTable::Delete(Transaction& transaction, const Snapshot& snapshot, RowId id, WriteBase base,
                                      Lsn version) {
  Wish wish;
  wish.kind = Wish::Kind::kDelete;
  wish.mode = RowLockMode::kUpdate;
  wish.base = base;
  wish.version = version;
  return Write(transaction, snapshot, id, wish);
}

// ---- Lock ------------------------------------------------------------------------------------------------------------

// For who holds on to the key alone, a row whose key nobody has changed since is the one that his snapshot sees.
Status RowTable::JudgeKey(const Transaction& transaction, const Snapshot& snapshot, Attempt* attempt) const {
  attempt->as_seen = false;
  if (!attempt->beside_writer && attempt->outcome != WriteOutcome::kUpdated) return Status::Ok();
  ASSIGN_OR_RETURN(attempt->as_seen, manager_->impl().KeyKept(snapshot, attempt->newest));
  if (attempt->as_seen) {
    attempt->outcome = WriteOutcome::kOk;
  } else if (attempt->beside_writer && transaction.keeps_snapshot()) {
    attempt->outcome = WriteOutcome::kUpdated;
  } else if (attempt->beside_writer) {
    // The row has another key since, and which version of it counts is the writer's to say.
    attempt->verdict = Attempt::Verdict::kWait;
    attempt->blocker = attempt->newest.txn;
  }
  return Status::Ok();
}

Status RowTable::Hold(Transaction& transaction, const Snapshot& snapshot, RowId id, const Wish& wish, Attempt* attempt,
                      bool* in_turn) {
  for (;;) {
    // The lock first, the look after: a writer does it the other way round.
    TxnId blocker;
    RETURN_IF_ERROR(transaction.LockRow(space_, tree_, id, wish.mode, &blocker, &attempt->row_lock_added));
    if (!blocker) {
      RETURN_IF_ERROR(JudgeWherever(transaction, snapshot, id, wish, attempt));
      if (wish.mode == RowLockMode::kKeyShare && attempt->verdict == Attempt::Verdict::kDone) {
        RETURN_IF_ERROR(JudgeKey(transaction, snapshot, attempt));
      }
      if (attempt->verdict == Attempt::Verdict::kDone) return Status::Ok();
      blocker = attempt->blocker;
      if (attempt->row_lock_added) transaction.UnlockRow(space_, tree_, id, wish.mode);
      attempt->row_lock_added = false;
    }
    if (wish.policy == WaitPolicy::kSkip) {
      attempt->outcome = WriteOutcome::kSkipped;
      return Status::Ok();
    }
    if (wish.policy == WaitPolicy::kNoWait) {
      return Errorf(sqlstate::kLockNotAvailable, "could not obtain lock on row in relation \"%.*s\"",
                    static_cast<int>(wish.relation.size()), wish.relation.data());
    }
    RETURN_IF_ERROR(Await(transaction, id, wish, blocker, in_turn));
  }
}

Result<LockedRow> RowTable::Lock(Transaction& transaction, const Snapshot& snapshot, RowId id, RowLockMode mode,
                                 WaitPolicy policy, std::string_view relation) {
  Wish wish;
  wish.kind = Wish::Kind::kLock;
  wish.mode = mode;
  wish.policy = policy;
  wish.relation = relation;
  Attempt attempt;
  bool in_turn = false;
  LockedRow result;
  // What is locked is read: where a savepoint is rolled back to, that it was stays.
  if (SerializableTransaction* const reader = ReaderOf(snapshot, watched_)) {
    manager_->impl().serializable.locks().LockRow(*reader, {space_, tree_}, id);
  }
  const Status status = Hold(transaction, snapshot, id, wish, &attempt, &in_turn);
  if (in_turn) LeaveTurn(transaction, id, mode);
  RETURN_IF_ERROR(status);
  result.outcome = attempt.outcome;
  const bool locked = attempt.outcome == WriteOutcome::kOk || attempt.outcome == WriteOutcome::kUpdated;
  if (transaction.keeps_snapshot() &&
      (attempt.outcome == WriteOutcome::kUpdated || attempt.outcome == WriteOutcome::kDeleted)) {
    return ConcurrentChange(false);  // who would only lock a row is not told that it was deleted
  }
  if (!locked) {
    if (attempt.row_lock_added) transaction.UnlockRow(space_, tree_, id, mode);
    return result;
  }
  if (attempt.as_seen) {
    RETURN_IF_ERROR(Fetch(snapshot, id, &result.newest));
    return result;
  }
  result.newest = std::move(attempt.found);
  result.newest.found = true;
  result.newest.newest = !attempt.newest.restored();
  result.newest.version = attempt.newest.lsn;
  result.newest.writer = attempt.newest.txn;
  return result;
}

}  // namespace phantom::txn
