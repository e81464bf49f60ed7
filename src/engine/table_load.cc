// TableWriter's other way to insert: rows by the batch into segments, index entries in the order of their keys afterwards
// (docs/decisions/0020-bulk-load.md).
#include <algorithm>

#include "engine/load_keys.h"
#include "engine/row_index_key.h"
#include "engine/table_writer.h"
#include "txn/bulk_load.h"

namespace phantom::engine {

struct TableWriter::LoadState {
  // Keys gathered before their entries are made; more when a chunk is not yet full.
  static constexpr size_t kKeysBytesMax = 64 << 20;
  // Entries between looks at whether the statement is cancelled.
  static constexpr size_t kEntriesAtOnce = 1024;

  LoadState(txn::RowTable& table, txn::Transaction& transaction, size_t indexes)
      : load(table, transaction), keys(indexes) {}

  txn::BulkLoad load;
  std::vector<LoadKeys> keys;  // by index
  uint64_t numbered_from = 0;  // the row whose number in keys is 0
  uint64_t count = 0;          // rows
};

TableWriter::TableWriter(const catalog::Table& table, Runtime& runtime)
    : table_(table), runtime_(runtime), encoder_(table.layout) {}
TableWriter::~TableWriter() = default;

void TableWriter::AllowLoad() {
  const auto is_deferrable = [](const IndexState& index) { return index.deferrable != nullptr; };
  load_allowed_ = views_.empty() && std::ranges::none_of(indexes_, is_deferrable);
}

Status TableWriter::Load(size_t count, RowId* ids) {
  txn::Transaction& transaction = *runtime_.context.transaction;
  if (load_ == nullptr) load_ = std::make_unique<LoadState>(*rows_, transaction, indexes_.size());
  LoadState& state = *load_;
  for (const IndexState& index : indexes_) {
    for (size_t i = 0; i < count; ++i) {
      if (index.fresh.indexed(i)) RETURN_IF_ERROR(txn::Index::CheckKey(index.fresh.key(i)));
    }
  }
  RETURN_IF_ERROR(state.load.Append(full_, fresh_.rows.index, static_cast<uint32_t>(count), ids));
  size_t bytes = 0;
  for (size_t n = 0; n < indexes_.size(); ++n) {
    const IndexState& index = indexes_[n];
    LoadKeys& keys = state.keys[n];
    const auto first = static_cast<uint32_t>(state.count - state.numbered_from);
    for (size_t i = 0; i < count; ++i) {
      if (!index.fresh.indexed(i)) continue;
      keys.Add(index.fresh.key(i), ids[i], first + static_cast<uint32_t>(i), IsUniqueKey(index, i));
    }
    bytes += keys.memory_bytes();
  }
  state.count += count;
  if (bytes < LoadState::kKeysBytesMax) return Status::Ok();
  if (!state.load.at_chunk_end() && bytes < 2 * LoadState::kKeysBytesMax) return Status::Ok();
  return PutLoaded();
}

// Entries of all indexes, then the error, if any, of the first row whose key somebody has.
Status TableWriter::PutLoaded() {
  LoadState& state = *load_;
  RETURN_IF_ERROR(state.load.Finish());
  txn::Transaction& transaction = *runtime_.context.transaction;
  struct Taken {
    uint32_t number = UINT32_MAX;
    size_t index = 0;
    RowId row;
  } first;
  for (size_t n = 0; n < indexes_.size(); ++n) {
    IndexState& index = indexes_[n];
    LoadKeys& keys = state.keys[n];
    keys.Sort();
    for (size_t i = 0; i < keys.size(); ++i) {
      if (i % LoadState::kEntriesAtOnce == 0) RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      const LoadKeys::Key key = keys.at(i);
      if (!key.unique) {
        RETURN_IF_ERROR(index.index->Insert(transaction, key.bytes, key.row));
        continue;
      }
      ASSIGN_OR_RETURN(const std::optional<RowId> conflict,
                       index.index->InsertUnique(transaction, key.bytes, key.row, *rows_));
      if (conflict && key.number < first.number) first = {key.number, n, key.row};
    }
    keys.Clear();
  }
  if (first.number != UINT32_MAX) {
    failed_ = state.numbered_from + first.number;
    txn::FetchedRow row;
    RETURN_IF_ERROR(rows_->FetchNewest(first.row, &row));
    const catalog::Index& index = indexes_[first.index].keys->index();
    ASSIGN_OR_RETURN(const std::unique_ptr<RowIndexKey> key, RowIndexKey::Make(table_, index.oid, runtime_));
    RETURN_IF_ERROR(key->Compute(*rows_, row));
    ASSIGN_OR_RETURN(const std::string shown, key->Describe(table_));
    return UniqueViolation(index, shown);
  }
  state.numbered_from = state.count;
  return Status::Ok();
}

Status TableWriter::FinishLoad() { return load_ == nullptr ? Status::Ok() : PutLoaded(); }

}  // namespace phantom::engine
