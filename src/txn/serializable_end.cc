// The ends of serializable transactions, and how long they are kept after.
#include <algorithm>
#include <utility>

#include "common/check.h"
#include "txn/serializable.h"

namespace phantom::txn {

// A commit is in danger only when this one is Out, for then neither In nor the pivot has committed. The pivot is to fail:
// who commits makes progress, and In could only run into the same again.
Status SerializableGraph::Prepare(SerializableTransaction& transaction) {
  if (transaction.safe()) return Status::Ok();
  MutexLock lock(mutex_);
  if (transaction.doomed_.load()) return Doomed(transaction, "commit attempt");
  for (SerializableTransaction* pivot : transaction.in_) {
    if (pivot->committed_ || pivot->doomed_.load()) continue;
    const bool dangerous = std::ranges::any_of(pivot->in_, [&](const SerializableTransaction* in) {
      return in == &transaction || (!in->committed_ && !in->read_only_ && !in->doomed_.load());
    });
    if (!dangerous) continue;
    if (pivot->prepared_) return Failure("Canceled on commit attempt with conflict in from prepared pivot.");
    pivot->doomed_.store(true);
  }
  transaction.prepare_no_ = ++clock_;
  transaction.prepared_ = true;
  return Status::Ok();
}

void SerializableGraph::End(SerializableTransaction& transaction, bool commit) {
  Aftermath after;
  {
    MutexLock ends(ends_mutex_);
    {
      MutexLock lock(mutex_);
      if (transaction.retired_) {
        // It was safe: nobody else knows it any more.
        safe_.erase(transaction.serial_);
        after.remove.push_back(&transaction);
      } else {
        if (commit) {
          PHANTOM_CHECK(transaction.prepared_);
          transaction.committed_ = true;
          transaction.commit_no_ = ++clock_;
          if (!transaction.wrote_) transaction.read_only_ = true;
        } else {
          transaction.doomed_.store(true);
          transaction.prepared_ = false;
        }
        if (transaction.declared_read_only_) {
          UnlinkUnsafe(transaction);
        } else if (--writable_ == 0) {
          clear_through_ = clock_;
        }
        if (commit) {
          ReleaseConflicts(transaction);
        } else {
          Retire(transaction);
        }
        SettleReadOnly(transaction, &after);
        if (commit) {
          active_.erase({transaction.snapshot_no_, transaction.serial_});
          finished_.push_back(&transaction);
        } else {
          after.remove.push_back(&transaction);
        }
        Clean(&after);
      }
      finished_count_.store(finished_.size(), std::memory_order_relaxed);
    }
    for (SerializableTransaction* finished : after.unlock) locks_.Release(*finished);
    for (SerializableTransaction* gone : after.remove) Delete(gone);
    if (common_used_ && after.unlock_summarised != 0) {
      locks_.ReleaseUpTo(common_, after.unlock_summarised);
      if (common_.trees().empty()) {
        common_used_ = false;
        known_.fetch_sub(1);
      }
    }
  }
  for (const uint64_t number : after.wake) wake_(number);
}

void SerializableGraph::Delete(SerializableTransaction* transaction) {
  locks_.Release(*transaction);
  if (transaction->restored_) {
    MutexLock lock(mutex_);
    std::erase(restored_, transaction);
    restored_count_.store(restored_.size());
  }
  delete transaction;
  known_.fetch_sub(1);
}

// Out of sight of all others; its owner may not have noticed yet.
void SerializableGraph::Retire(SerializableTransaction& transaction) {
  transaction.retired_ = true;
  UnlinkIn(transaction, /*summarise=*/false);
  UnlinkOut(transaction, /*summarise=*/false);
  active_.erase({transaction.snapshot_no_, transaction.serial_});
  if (const auto at = by_id_.find(transaction.id_.value); at != by_id_.end() && at->second == &transaction) by_id_.erase(at);
}

// Of a committed one's conflicts some cannot matter any more: those with committed ones, once it is noted which it had read past.
void SerializableGraph::ReleaseConflicts(SerializableTransaction& transaction) {
  const bool writes = !transaction.read_only_;
  if (writes && transaction.summary_out_) {
    transaction.conflict_out_ = true;
    transaction.earliest_out_ = kFirstCommit;
  }
  std::erase_if(transaction.out_, [&](SerializableTransaction* writer) {
    if (writer->committed_ && writes) {
      if (!transaction.conflict_out_ || writer->prepare_no_ < transaction.earliest_out_) {
        transaction.earliest_out_ = writer->prepare_no_;
      }
      transaction.conflict_out_ = true;
    }
    if (!writer->committed_ && writer->snapshot_no_ < clock_) return false;
    std::erase(writer->in_, &transaction);
    return true;
  });
  std::erase_if(transaction.in_, [&](SerializableTransaction* reader) {
    if (!reader->committed_ && !reader->read_only_) return false;
    std::erase(reader->out_, &transaction);
    return true;
  });
}

// Those who only read and had to fear this writer: it has committed with a conflict out to one before their snapshots, or it
// has not.
void SerializableGraph::SettleReadOnly(SerializableTransaction& writer, Aftermath* after) {
  for (SerializableTransaction* reader : std::exchange(writer.unsafe_readers_, {})) {
    std::erase(reader->unsafe_writers_, &writer);
    if (writer.committed_ && writer.wrote_ && writer.conflict_out_ && writer.earliest_out_ <= reader->snapshot_no_) {
      reader->unsafe_ = true;
      UnlinkUnsafe(*reader);
    } else if (reader->unsafe_writers_.empty()) {
      Retire(*reader);
      safe_.insert(reader->serial_);
      reader->safe_.store(true, std::memory_order_release);
    } else {
      continue;
    }
    if (reader->waiting_) after->wake.push_back(reader->serial_);
  }
}

// Committed ones of which nobody in progress is concurrent go; when only readers are in progress, what was read goes.
void SerializableGraph::Clean(Aftermath* after) {
  const uint64_t oldest = active_.empty() ? UINT64_MAX : active_.begin()->first.first;
  auto remove = [&](SerializableTransaction* finished) {
    UnlinkIn(*finished, false);
    UnlinkOut(*finished, false);
    if (finished->id_) by_id_.erase(finished->id_.value);
    after->remove.push_back(finished);
  };
  while (!finished_.empty() && finished_.front()->commit_no_ <= oldest) {
    remove(finished_.front());
    finished_.pop_front();
  }
  if (clear_through_ > cleared_through_) {
    std::erase_if(finished_, [&](SerializableTransaction* finished) {
      if (finished->commit_no_ > clear_through_ || finished->commit_no_ <= cleared_through_) return false;
      if (finished->read_only_) {
        remove(finished);
        return true;
      }
      UnlinkIn(*finished, false);
      after->unlock.push_back(finished);
      return false;
    });
    cleared_through_ = clear_through_;
  }
  while (!summarised_ids_.empty() && summarised_.at(summarised_ids_.front()).commit_no <= oldest) {
    summarised_.erase(summarised_ids_.front());
    summarised_ids_.pop_front();
  }
  if (forgotten_no_ <= oldest) forgotten_below_ = 0;
  after->unlock_summarised = std::max(oldest, clear_through_);
}

// ---- Summaries -------------------------------------------------------------------------------------------------------

void SerializableGraph::Summarise() {
  MutexLock ends(ends_mutex_);
  std::vector<SerializableTransaction*> gone;
  {
    MutexLock lock(mutex_);
    for (const size_t kept = KeptMax(); finished_.size() > kept; finished_.pop_front()) {
      SerializableTransaction* old = finished_.front();
      if (old->restored_) break;  // what it may have read has no place among the common reader's locks
      if (old->id_) {
        by_id_.erase(old->id_.value);
        if (!old->read_only_) {
          summarised_.emplace(old->id_.value, Summarised{old->commit_no_, old->conflict_out_ ? old->earliest_out_ : 0});
          summarised_ids_.push_back(old->id_.value);
        }
      }
      UnlinkIn(*old, /*summarise=*/true);
      UnlinkOut(*old, /*summarise=*/true);
      old->summarised_ = true;
      gone.push_back(old);
    }
    for (; summarised_ids_.size() > kSummarisedMax; summarised_ids_.pop_front()) {
      const auto at = summarised_.find(summarised_ids_.front());
      forgotten_below_ = std::max(forgotten_below_, at->first + 1);
      forgotten_no_ = at->second.commit_no;
      summarised_.erase(at);
    }
    finished_count_.store(finished_.size(), std::memory_order_relaxed);
  }
  for (SerializableTransaction* old : gone) {
    if (!common_used_ && !old->trees().empty()) {
      common_used_ = true;
      known_.fetch_add(1);
    }
    locks_.MoveTo(*old, common_, old->commit_no_);
    Delete(old);
  }
}

// ---- READ ONLY DEFERRABLE, views -------------------------------------------------------------------------------------

void SerializableGraph::SetWaiting(SerializableTransaction& transaction, bool waiting) {
  MutexLock lock(mutex_);
  transaction.waiting_ = waiting;
}

bool SerializableGraph::IsDecided(const SerializableTransaction& transaction) {
  MutexLock lock(mutex_);
  return transaction.unsafe_ || transaction.safe();
}

std::vector<int32_t> SerializableGraph::SafeSnapshotBlockers(int32_t process_id) {
  std::vector<int32_t> processes;
  MutexLock lock(mutex_);
  for (const auto& [key, transaction] : active_) {
    if (transaction->process_id_ != process_id || !transaction->waiting_) continue;
    for (const SerializableTransaction* writer : transaction->unsafe_writers_) processes.push_back(writer->process_id_);
  }
  return processes;
}

std::vector<SerializableGraph::LockRow> SerializableGraph::Locks() {
  std::vector<LockRow> rows;
  locks_.ForEach([&](PredicateReader& reader, const PredicateLockInfo& lock) {
    MutexLock graph(mutex_);
    rows.push_back({lock, static_cast<SerializableTransaction&>(reader).process_id_});
  });
  return rows;
}

SerializableGraph::Kept SerializableGraph::CountKept() {
  MutexLock lock(mutex_);
  return {active_.size() + finished_.size(), summarised_.size()};
}

}  // namespace phantom::txn
