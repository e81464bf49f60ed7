// The index entries of a bulk load: many become a run under the index, few are inserted in the order of their keys.
#include "engine/load_index.h"

#include <optional>
#include <utility>

#include "txn/index_load.h"

namespace phantom::engine {

void TakenKey::Note(const LoadKeys::Key& key, size_t of_index) {
  if (key.number < number) *this = {key.number, of_index, key.row};
}

Status LoadIndex::Write(TakenKey* taken) {
  if (keys_.size() == 0) return Status::Ok();
  if (keys_.size() >= txn::kIndexLoadEntriesMin) {
    keys_.Sort(LoadKeys::Within::kRow);
    ASSIGN_OR_RETURN(const bool published, PublishRun());
    if (published) return CheckKeys(taken);
  }
  keys_.Sort(LoadKeys::Within::kNumber);
  return Insert(taken);
}

Status LoadIndex::Insert(TakenKey* taken) {
  for (size_t i = 0; i < keys_.size(); ++i) {
    RETURN_IF_ERROR(Pause(i));
    const LoadKeys::Key key = keys_.at(i);
    if (!key.unique) {
      RETURN_IF_ERROR(index_.Insert(transaction_, key.bytes, key.row));
      continue;
    }
    ASSIGN_OR_RETURN(const std::optional<RowId> conflict, index_.InsertUnique(transaction_, key.bytes, key.row, rows_));
    if (conflict) taken->Note(key, number_);
  }
  return Status::Ok();
}

Result<bool> LoadIndex::PublishRun() {
  txn::IndexLoad run(index_);
  for (size_t i = 0; i < keys_.size(); ++i) {
    RETURN_IF_ERROR(Pause(i));
    const LoadKeys::Key key = keys_.at(i);
    RETURN_IF_ERROR(run.Add(key.bytes, key.row));
  }
  Status published = run.Publish(transaction_);
  if (!published.ok() && published.sqlstate() == sqlstate::kProgramLimitExceeded) return false;
  RETURN_IF_ERROR(published);
  return true;
}

// The entries are there by now: so of two transactions that add the same key at least one meets the other's.
Status LoadIndex::CheckKeys(TakenKey* taken) {
  // Entries of others that are walked over, for each key, before each key is looked for by itself.
  constexpr size_t kOthersMax = 8;
  const txn::Snapshot snapshot = transaction_.TakeCatalogSnapshot();
  txn::KeyRange range;
  range.lower = std::string(keys_.at(0).bytes);
  range.upper = std::string(keys_.at(keys_.size() - 1).bytes);
  range.upper_inclusive = true;
  txn::IndexScan scan(index_, snapshot, std::move(range));
  txn::IndexEntry entry;
  ASSIGN_OR_RETURN(bool more, scan.Next(&entry));
  bool walking = true;
  for (size_t i = 0, end, walked = 0; i < keys_.size(); i = end) {
    // Of the load's rows with the key the first, in the order of the data, and the next.
    LoadKeys::Key first = keys_.at(i);
    std::optional<LoadKeys::Key> second;
    for (end = i + 1; end < keys_.size() && keys_.at(end).bytes == first.bytes; ++end) {
      LoadKeys::Key next = keys_.at(end);
      if (next.number < first.number) std::swap(first, next);
      if (!second || next.number < second->number) second = next;
    }
    auto is_ours = [&](RowId row) {
      for (size_t k = i; k < end; ++k) {
        if (keys_.at(k).row == row) return true;
      }
      return false;
    };
    bool shared = !walking;
    while (walking && more && entry.key <= first.bytes) {
      shared = shared || (entry.key == first.bytes && !is_ours(entry.row));
      RETURN_IF_ERROR(Pause(++walked));
      ASSIGN_OR_RETURN(more, scan.Next(&entry));
      if (walked > (kOthersMax + 1) * keys_.size()) {
        walking = false;
        shared = true;
      }
    }
    if (!first.unique) continue;
    if (second) taken->Note(*second, number_);
    if (!shared) continue;
    ASSIGN_OR_RETURN(const std::optional<RowId> other,
                     index_.FindConflict(transaction_, first.bytes, first.row, rows_));
    if (other && !is_ours(*other)) taken->Note(first, number_);
  }
  return Status::Ok();
}

Status LoadIndex::Pause(size_t entries) const {
  return entries % kEntriesAtOnce == 0 ? runtime_.context.CheckCancelled() : Status::Ok();
}

}  // namespace phantom::engine
