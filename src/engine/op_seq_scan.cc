// Scans of whole tables: stored ones through txn, system tables also through their built-in rows.
#include <algorithm>
#include <utility>

#include "catalog/catalog.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_table_scan.h"
#include "catalog/system_tables.h"
#include "engine/lazy_filter.h"
#include "engine/operator_internal.h"
#include "engine/row_tests.h"
#include "engine/table_reader.h"
#include "txn/sequence.h"
#include "types/array.h"
#include "types/chunk.h"

namespace phantom::engine::internal {

namespace {

class SeqScanOperator final : public Operator {
 public:
  SeqScanOperator(const planner::PhysicalSeqScan& node, TableReader reader, LazyFilter filter, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        table_(*node.use.table),
        reader_(std::move(reader)),
        filter_(std::move(filter)),
        chunk_(reader_.MakeChunk()) {}

  Status Make() {
    if (table_.kind == catalog::RelationKind::kSequence) return Status::Ok();
    if (table_.is_system()) builtin_ = &catalog::BuiltinChunks(table_);
    ASSIGN_OR_RETURN(rows_, OpenStored(table_, runtime_));
    if (!table_.is_system()) tests_ = ScanTestsOf(node_.filter, node_.columns);
    return Status::Ok();
  }

  Status Open() override {
    piece_ = 0;
    filter_.Restart();
    sequence_read_ = false;
    scan_.reset();
    places_found_ = false;
    if (rows_ != nullptr && node_.ctid == nullptr) {
      scan_ = std::make_unique<txn::TableScan>(*rows_, *runtime_.context.snapshot, reader_.stored_columns());
      scan_->LeaveOut(tests_.rows, tests_.segments);
    }
    return Status::Ok();
  }

  void SetBatchMax(uint64_t rows) override { filter_.SetMax(rows); }

  Status Next(Batch& out) override {
    do {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      if (!filter_.has_rest()) {
        RETURN_IF_ERROR(Read(out));
        if (out.empty()) break;
        filter_.Fill(out);
      }
      size_t tried = 0;
      RETURN_IF_ERROR(filter_.Next(out, tried));
      if (runtime_.context.instrument) runtime_.metrics[node_.id].rows_removed += tried - out.rows.count;
    } while (out.empty());
    return Status::Ok();
  }

 private:
  // A sequence's one row: last_value, log_cnt, is_called.
  Status ReadSequence(Batch& out) {
    if (std::exchange(sequence_read_, true)) return Status::Ok();
    ASSIGN_OR_RETURN(const txn::SequenceValue value,
                     runtime_.context.catalog->shared().sequences().Read(table_.space, table_.tree, table_.oid));
    chunk_.Reset();
    const std::vector<uint32_t>& columns = reader_.stored_columns();
    for (uint32_t c = 0; c < columns.size(); ++c) {
      types::Vector& column = chunk_.column(c);
      if (columns[c] == 2) {
        column.data<bool>()[0] = value.is_called;
      } else {
        column.data<int64_t>()[0] = columns[c] == 0 ? value.last_value : value.log_count;
      }
    }
    RETURN_IF_ERROR(reader_.Use(chunk_, nullptr, 1, nullptr));
    out = reader_.batch(1);
    return Status::Ok();
  }

  // The rows that the ctids name, in their order, each once.
  Status FindPlaces() {
    places_.clear();
    next_place_ = 0;
    ASSIGN_OR_RETURN(const types::Value value, EvaluateScalar(*node_.ctid, runtime_));
    if (value.is_null()) return Status::Ok();
    const auto add = [this](int64_t ctid) {
      RowId id;
      if (RowOfCtid(ctid, id)) places_.push_back(id);
    };
    if (node_.ctid->type.oid == types::kTidOid) {
      add(value.AsInt64());
      return Status::Ok();
    }
    const types::ArrayView array(value.AsString());
    for (uint32_t i = 0; i < array.size(); ++i) {
      if (!array.IsNull(i)) add(array.GetAs<int64_t>(i));
    }
    std::sort(places_.begin(), places_.end());
    places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
    return Status::Ok();
  }

  Status ReadPlaces(Batch& out) {
    if (!std::exchange(places_found_, true)) RETURN_IF_ERROR(FindPlaces());
    reader_.Reset();
    uint32_t count = 0;
    for (; next_place_ < places_.size() && count < runtime_.batch_rows_max; ++next_place_) {
      const RowId id = places_[next_place_];
      RETURN_IF_ERROR(rows_->Locate(*runtime_.context.snapshot, id, &fetched_));
      if (fetched_.found) RETURN_IF_ERROR(reader_.Add(*rows_, fetched_, id, count++));
    }
    out = count == 0 ? Batch{} : reader_.batch(count);
    return Status::Ok();
  }

  Status Read(Batch& out) {
    out = {};
    if (node_.ctid != nullptr) return ReadPlaces(out);
    if (table_.kind == catalog::RelationKind::kSequence) return ReadSequence(out);
    if (builtin_ != nullptr && piece_ < builtin_->size()) {
      const types::Chunk& piece = (*builtin_)[piece_++];
      const std::vector<uint32_t>& columns = reader_.stored_columns();
      for (size_t c = 0; c < columns.size(); ++c) {
        chunk_.column(static_cast<uint32_t>(c)).Reference(piece.column(columns[c]));
      }
      RETURN_IF_ERROR(reader_.Use(chunk_, nullptr, piece.size(), nullptr));
      out = reader_.batch(piece.size());
      return Status::Ok();
    }
    if (scan_ == nullptr) return Status::Ok();
    const uint64_t left_out = scan_->left_out();
    do {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(scan_->Next(chunk_, ids_));
    } while (chunk_.size() == 0 && !scan_->ended());
    if (runtime_.context.instrument) runtime_.metrics[node_.id].rows_removed += scan_->left_out() - left_out;
    if (table_.is_system()) {
      RETURN_IF_ERROR(catalog::ShowAcls(*runtime_.context.catalog, table_, reader_.stored_columns(), chunk_.columns(),
                                        chunk_.size()));
    }
    RETURN_IF_ERROR(reader_.Use(chunk_, ids_, chunk_.size(), rows_.get()));
    out = reader_.batch(chunk_.size());
    return Status::Ok();
  }

  const planner::PhysicalSeqScan& node_;
  const catalog::Table& table_;
  TableReader reader_;
  LazyFilter filter_;
  const std::vector<types::Chunk>* builtin_ = nullptr;
  size_t piece_ = 0;
  bool sequence_read_ = false;
  bool places_found_ = false;
  std::vector<RowId> places_;
  size_t next_place_ = 0;
  txn::FetchedRow fetched_;
  std::unique_ptr<txn::RowTable> rows_;
  ScanTests tests_;
  std::unique_ptr<txn::TableScan> scan_;
  types::Chunk chunk_;
  RowId ids_[types::kVectorSize];
};

}  // namespace

Result<OperatorPtr> MakeSeqScan(const planner::PhysicalSeqScan& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(TableReader reader, TableReader::Make(*node.use.table, node.columns, runtime));
  ASSIGN_OR_RETURN(Predicate filter, Predicate::Make(node.filter, runtime));
  auto scan = std::make_unique<SeqScanOperator>(node, std::move(reader), LazyFilter(std::move(filter), node.filter),
                                                runtime);
  RETURN_IF_ERROR(scan->Make());
  return OperatorPtr(std::move(scan));
}

}  // namespace phantom::engine::internal
