// TableWriter's other way to insert: rows by the batch into segments, index entries in the order of their keys afterwards
// (docs/decisions/0020-bulk-load.md).
#include <algorithm>

#include "engine/load_index.h"
#include "engine/row_index_key.h"
#include "engine/table_writer.h"
#include "txn/bulk_load.h"

namespace phantom::engine {

struct TableWriter::LoadState {
  // Keys gathered before their entries are made; more when a chunk is not yet full.
  static constexpr size_t kKeysBytesMax = 64 << 20;

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

void TableWriter::StartStatement() {
  inserted_ = 0;
  failed_.reset();
  load_.reset();
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
  TakenKey first;
  for (size_t n = 0; n < indexes_.size(); ++n) {
    RETURN_IF_ERROR(LoadIndex(*indexes_[n].index, n, state.keys[n], *rows_, runtime_).Write(&first));
    state.keys[n].Clear();
  }
  if (first.found()) {
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

Status TableWriter::FinishLoad() {
  if (load_ == nullptr) return Status::Ok();
  Status put = PutLoaded();
  load_.reset();
  return put;
}

}  // namespace phantom::engine
