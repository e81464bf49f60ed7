// The conflicts: noting them, and finding the dangerous ones.
#include "txn/serializable.h"

#include <algorithm>
#include <memory>

#include "common/check.h"

namespace phantom::txn {

static unsigned Shown(TxnId id) { return static_cast<uint32_t>(id.value); }

SerializableGraph::SerializableGraph(const SerializableOptions& options, std::function<void(uint64_t)> wake)
    : options_(options), wake_(std::move(wake)), locks_(options.read_bytes_max), common_(kSummaryLocksMax) {
  common_.committed_ = common_.prepared_ = common_.summarised_ = true;
}

// Transactions still in progress are prepared ones, which the next life restores.
SerializableGraph::~SerializableGraph() {
  for (const auto& [key, transaction] : active_) finished_.push_back(transaction);
  for (SerializableTransaction* transaction : finished_) Delete(transaction);
  locks_.Release(common_);
}

Status SerializableGraph::Failure(std::string reason) {
  return Error(sqlstate::kTRSerializationFailure,
               "could not serialize access due to read/write dependencies among transactions")
      .Detail("Reason code: " + std::move(reason))
      .Hint("The transaction might succeed if retried.");
}

Status SerializableGraph::Doomed(const SerializableTransaction& transaction, const char* during) {
  if (transaction.safe()) return Status::Ok();
  return Failure(Format("Canceled on identification as a pivot, during %s.", during));
}

// ---- Beginning -------------------------------------------------------------------------------------------------------

SerializableTransaction* SerializableGraph::Begin(const Beginning& beginning, FunctionRef<void()> take_snapshot) {
  if (finished_count_.load(std::memory_order_relaxed) > KeptMax()) Summarise();
  auto fresh = std::make_unique<SerializableTransaction>(options_.tree_locks_max);
  MutexLock lock(mutex_);
  // Before anything can be read: a writer that believes itself alone has written by now.
  known_.fetch_add(1, std::memory_order_seq_cst);
  take_snapshot();
  return Enter(std::move(fresh), beginning, clock_);
}

Result<SerializableTransaction*> SerializableGraph::BeginBeside(uint64_t number, const Beginning& beginning,
                                                                FunctionRef<void()> take_snapshot) {
  auto fresh = std::make_unique<SerializableTransaction>(options_.tree_locks_max);
  MutexLock lock(mutex_);
  const auto other = std::ranges::find(active_, number, [](const auto& entry) { return entry.first.second; });
  if (other == active_.end()) {
    if (safe_.contains(number)) {
      // Nothing that the snapshot shows can be part of an anomaly, whoever reads it.
      PHANTOM_CHECK(beginning.read_only);
      take_snapshot();
      return static_cast<SerializableTransaction*>(nullptr);
    }
    return Error(sqlstate::kObjectNotInPrerequisiteState, "could not import the requested snapshot")
        .Detail("The source transaction is not running anymore.");
  }
  known_.fetch_add(1, std::memory_order_seq_cst);
  take_snapshot();
  return Enter(std::move(fresh), beginning, other->first.first);
}

SerializableTransaction* SerializableGraph::Enter(std::unique_ptr<SerializableTransaction> fresh, const Beginning& beginning,
                                                  uint64_t snapshot_no) {
  SerializableTransaction& transaction = *fresh;
  transaction.id_ = beginning.id;
  transaction.process_id_ = beginning.process_id;
  transaction.declared_read_only_ = transaction.read_only_ = beginning.read_only;
  transaction.snapshot_no_ = snapshot_no;
  if (beginning.read_only) {
    // Only a writer that runs beside it, and has run beside one that committed before, can make it part of an anomaly.
    for (const auto& [key, other] : active_) {
      if (other->read_only_ || other->doomed_.load()) continue;
      transaction.unsafe_writers_.push_back(other);
      other->unsafe_readers_.push_back(&transaction);
    }
    // Of one that has ended since an older snapshot this is not looked up.
    transaction.unsafe_ = !finished_.empty() && finished_.back()->commit_no_ > transaction.snapshot_no_;
    if (transaction.unsafe_) UnlinkUnsafe(transaction);
    if (transaction.unsafe_writers_.empty() && !transaction.unsafe_) {
      known_.fetch_sub(1);
      return nullptr;
    }
  } else {
    ++writable_;
  }
  Register(transaction);
  return fresh.release();
}

void SerializableGraph::Register(SerializableTransaction& transaction) {
  transaction.serial_ = next_serial_++;
  active_.emplace(std::pair(transaction.snapshot_no_, transaction.serial_), &transaction);
  if (transaction.id_) by_id_.emplace(transaction.id_.value, &transaction);
}

void SerializableGraph::SetId(SerializableTransaction& transaction, TxnId id) {
  MutexLock lock(mutex_);
  transaction.id_ = id;
  if (!transaction.retired_) by_id_.emplace(id.value, &transaction);
}

SerializableTransaction* SerializableGraph::Restore(TxnId id, bool read_only) {
  auto* transaction = new SerializableTransaction(options_.tree_locks_max);
  MutexLock lock(mutex_);
  known_.fetch_add(1);
  transaction->id_ = id;
  transaction->snapshot_no_ = transaction->prepare_no_ = kRestored;
  transaction->declared_read_only_ = transaction->read_only_ = read_only;
  transaction->wrote_ = transaction->prepared_ = transaction->restored_ = true;
  transaction->summary_in_ = transaction->summary_out_ = true;
  if (!read_only) ++writable_;
  Register(*transaction);
  restored_.push_back(transaction);
  restored_count_.store(restored_.size());
  return transaction;
}

void SerializableGraph::LeaveSession(SerializableTransaction& transaction) {
  MutexLock lock(mutex_);
  transaction.process_id_ = 0;
}

// ---- Conflicts -------------------------------------------------------------------------------------------------------

bool SerializableGraph::Has(const SerializableTransaction& reader, const SerializableTransaction& writer) {
  return reader.out_.size() <= writer.in_.size() ? std::ranges::find(reader.out_, &writer) != reader.out_.end()
                                                 : std::ranges::find(writer.in_, &reader) != writer.in_.end();
}

void SerializableGraph::Link(SerializableTransaction& reader, SerializableTransaction& writer) {
  reader.out_.push_back(&writer);
  writer.in_.push_back(&reader);
}

void SerializableGraph::UnlinkIn(SerializableTransaction& transaction, bool summarise) {
  for (SerializableTransaction* reader : transaction.in_) {
    std::erase(reader->out_, &transaction);
    reader->summary_out_ |= summarise;
  }
  transaction.in_.clear();
}

void SerializableGraph::UnlinkOut(SerializableTransaction& transaction, bool summarise) {
  for (SerializableTransaction* writer : transaction.out_) {
    std::erase(writer->in_, &transaction);
    writer->summary_in_ |= summarise;
  }
  transaction.out_.clear();
}

void SerializableGraph::UnlinkUnsafe(SerializableTransaction& read_only) {
  for (SerializableTransaction* writer : read_only.unsafe_writers_) std::erase(writer->unsafe_readers_, &read_only);
  read_only.unsafe_writers_.clear();
}

bool SerializableGraph::IsDangerous(const SerializableTransaction& reader, const SerializableTransaction& writer,
                                    uint64_t reader_commit_no) {
  // The writer is the pivot, and one that it read past has committed first: before the writer, before the reader, and
  // before the reader's snapshot if that one only reads.
  if (writer.summary_out_) return true;
  if (writer.committed_ && writer.conflict_out_) return true;
  for (const SerializableTransaction* out : writer.out_) {
    if (out->prepared_ && (!reader.committed_ || out->prepare_no_ <= reader_commit_no) &&
        (!writer.committed_ || out->prepare_no_ <= writer.commit_no_) &&
        (!reader.read_only_ || out->prepare_no_ <= reader.snapshot_no_)) {
      return true;
    }
  }
  // The reader is the pivot, and the writer has committed first: before those who read past the reader.
  if (!writer.prepared_ || reader.read_only_) return false;
  if (reader.summary_in_) return true;
  return std::ranges::any_of(reader.in_, [&](const SerializableTransaction* in) {
    return !in->doomed_.load() && (!in->committed_ || in->commit_no_ >= writer.prepare_no_) &&
           (!in->read_only_ || in->snapshot_no_ >= writer.prepare_no_);
  });
}

Status SerializableGraph::AddConflict(SerializableTransaction& reader, SerializableTransaction& writer,
                                      const SerializableTransaction& acting, uint64_t upto) {
  if (IsDangerous(reader, writer, reader.summarised_ ? upto : reader.commit_no_)) {
    if (&acting == &writer) return Failure("Canceled on identification as a pivot, during write.");
    if (writer.prepared_) {
      return Failure(Format("Canceled on conflict out to pivot %u, during read.", Shown(writer.id_)));
    }
    writer.doomed_.store(true);
  }
  if (reader.summarised_) {
    writer.summary_in_ = true;
  } else {
    Link(reader, writer);
  }
  return Status::Ok();
}

Status SerializableGraph::ReadPast(SerializableTransaction& reader, TxnId writer_id) {
  RETURN_IF_ERROR(BeginRead(reader));
  MutexLock lock(mutex_);
  if (writer_id == reader.id_ || reader.retired_) return Status::Ok();
  const auto found = by_id_.find(writer_id.value);
  if (found == by_id_.end()) return ReadPastSummarised(reader, writer_id);
  SerializableTransaction& writer = *found->second;
  if (writer.doomed_.load()) return Status::Ok();
  // Whom the writer has read past, and when that committed, is not known.
  if (writer.summary_out_) {
    if (writer.prepared_) return Failure("Canceled on conflict out to old pivot.");
    writer.doomed_.store(true);
    return Status::Ok();
  }
  // One who only reads may simply come first.
  if (reader.read_only_ && writer.committed_ &&
      (!writer.conflict_out_ || reader.snapshot_no_ < writer.earliest_out_)) {
    return Status::Ok();
  }
  if (Has(reader, writer)) return Status::Ok();
  return AddConflict(reader, writer, reader, 0);
}

Status SerializableGraph::ReadPastSummarised(SerializableTransaction& reader, TxnId writer) {
  uint64_t earliest_out = kFirstCommit;
  if (writer.value >= forgotten_below_) {
    const auto found = summarised_.find(writer.value);
    if (found == summarised_.end()) return Status::Ok();  // not serializable
    earliest_out = found->second.earliest_out;
  }
  if (earliest_out != 0 && (!reader.read_only_ || earliest_out <= reader.snapshot_no_)) {
    return Failure(Format("Canceled on conflict out to old pivot %u.", Shown(writer)));
  }
  if (reader.summary_in_ || !reader.in_.empty()) {
    return Failure(Format("Canceled on identification as a pivot, with conflict out to old committed transaction %u.",
                          Shown(writer)));
  }
  reader.summary_out_ = true;
  return Status::Ok();
}

// ---- Writing ---------------------------------------------------------------------------------------------------------

Status SerializableGraph::FoundReader(SerializableTransaction& writer, SerializableTransaction& reader, uint64_t upto,
                                      TxnId replaced) {
  if (&reader == &writer || reader.doomed_.load()) return Status::Ok();
  MutexLock lock(mutex_);
  if (replaced && replaced != writer.id_) {
    const auto between = by_id_.find(replaced.value);
    if (between != by_id_.end() && Has(reader, *between->second)) return Status::Ok();
  }
  return JudgeReader(writer, reader, upto);
}

Status SerializableGraph::JudgeReader(SerializableTransaction& writer, SerializableTransaction& reader, uint64_t upto) {
  if (reader.retired_ || reader.doomed_.load()) return Status::Ok();
  if (reader.summarised_) {
    upto = std::max(upto, reader.commit_no_);
    if (upto <= writer.snapshot_no_) return Status::Ok();
  } else if ((reader.committed_ && reader.commit_no_ <= writer.snapshot_no_) || Has(reader, writer)) {
    return Status::Ok();
  }
  return AddConflict(reader, writer, writer, upto);
}

template <typename Visiting>
Status SerializableGraph::FindReaders(SerializableTransaction& writer, Visiting visiting, TxnId replaced) {
  if (writer.doomed_.load(std::memory_order_relaxed)) return Doomed(writer, "conflict in checking");
  writer.wrote_ = true;
  if (IsAlone()) return Status::Ok();
  Status status;
  visiting([&](PredicateReader& reader, uint64_t upto) {
    if (status.ok()) status = FoundReader(writer, static_cast<SerializableTransaction&>(reader), upto, replaced);
  });
  if (restored_count_.load(std::memory_order_relaxed) == 0) return status;
  MutexLock lock(mutex_);
  for (SerializableTransaction* reader : restored_) {
    if (status.ok()) status = JudgeReader(writer, *reader, 0);
  }
  return status;
}

Status SerializableGraph::WroteRow(SerializableTransaction& writer, const TreeName& table, RowId row, TxnId replaced, bool stays) {
  RETURN_IF_ERROR(FindReaders(writer, [&](PredicateLocks::Visit visit) { locks_.VisitRow(table, row, visit); }, replaced));
  // Whoever writes the row now meets this writer's version instead.
  if (stays) locks_.UnlockRow(writer, table, row);
  return Status::Ok();
}

Status SerializableGraph::WroteNewRow(SerializableTransaction& writer, const TreeName& table) {
  return FindReaders(writer, [&](PredicateLocks::Visit visit) { locks_.VisitTree(table, visit); });
}

Status SerializableGraph::WroteEntry(SerializableTransaction& writer, const TreeName& index, std::string_view entry) {
  return FindReaders(writer, [&](PredicateLocks::Visit visit) { locks_.VisitEntry(index, entry, visit); });
}

Status SerializableGraph::WroteTree(SerializableTransaction& writer, const TreeName& tree) {
  return FindReaders(writer, [&](PredicateLocks::Visit visit) { locks_.VisitAll(tree, visit); });
}

void SerializableGraph::CopyReads(const TreeName& from, const TreeName& to) {
  if (known_.load() == 0) return;
  MutexLock ends(ends_mutex_);
  locks_.CopyToTree(from, to);
}

}  // namespace phantom::txn
