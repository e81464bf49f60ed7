// Index scans, point look-ups and joins through an index of the inner table.
#include <algorithm>

#include "engine/index_probe.h"
#include "engine/join_pairs.h"
#include "engine/operator_internal.h"

namespace phantom::engine::internal {

namespace {

// Batches grow, so that who wants one row does not pay for thousands.
constexpr size_t kFirstBatchRows = 16;

class IndexScanOperator final : public Operator {
 public:
  IndexScanOperator(int id, std::unique_ptr<IndexProbe> probe, TableReader reader, Predicate filter, bool unique,
                    Runtime& runtime)
      : Operator(runtime),
        id_(id),
        probe_(std::move(probe)),
        reader_(std::move(reader)),
        filter_(std::move(filter)),
        unique_(unique) {}

  Status Open() override {
    batch_rows_ = unique_ ? 1 : kFirstBatchRows;
    done_ = false;
    first_ = true;
    RETURN_IF_ERROR(probe_->Prepare({{}, {nullptr, 1}}));
    return probe_->Start(0);
  }

  void SetBatchMax(uint64_t rows) override { max_ = static_cast<size_t>(rows); }

  Status Next(Batch& out) override {
    do {
      out = {};
      if (done_) return Status::Ok();
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      // The more rows the filter turns down, the more are looked at together.
      if (first_) batch_rows_ = std::min(batch_rows_, max_);
      first_ = false;
      reader_.Reset();
      uint32_t count = 0;
      while (count < batch_rows_) {
        RowId id;
        ASSIGN_OR_RETURN(const bool more, probe_->Next(fetched_, id));
        if (!more) {
          done_ = true;
          break;
        }
        RETURN_IF_ERROR(reader_.Add(probe_->rows(), fetched_, id, count++));
      }
      if (unique_ && count > 0) {
        done_ = true;
        probe_->Stop();
      }
      for (const types::Vector* column : reader_.pointers()) runtime_.NoteHeld(column->memory_bytes());
      batch_rows_ = std::min<size_t>(batch_rows_ * 4, runtime_.batch_rows_max);
      out = reader_.batch(count);
      RETURN_IF_ERROR(filter_.Filter(out));
      if (runtime_.context.instrument) runtime_.metrics[id_].rows_removed += count - out.rows.count;
    } while (out.empty());
    return Status::Ok();
  }

 private:
  const int id_;
  std::unique_ptr<IndexProbe> probe_;
  TableReader reader_;
  Predicate filter_;
  const bool unique_;
  txn::FetchedRow fetched_;
  size_t batch_rows_ = kFirstBatchRows, max_ = SIZE_MAX;
  bool done_ = false, first_ = true;
};

class PointSelectOperator final : public Operator {
 public:
  PointSelectOperator(OperatorPtr scan, bool project, std::vector<EvaluatorPtr> exprs, Runtime& runtime)
      : Operator(runtime), scan_(std::move(scan)), project_(project), exprs_(std::move(exprs)), columns_(exprs_.size()) {}

  Status Open() override { return scan_->Open(); }
  Status Next(Batch& out) override {
    RETURN_IF_ERROR(scan_->Next(out));
    if (!project_) return Status::Ok();
    for (size_t i = 0; i < exprs_.size(); ++i) RETURN_IF_ERROR(exprs_[i]->Evaluate(out, columns_[i]));
    out.columns = columns_;
    return Status::Ok();
  }

 private:
  OperatorPtr scan_;
  const bool project_;
  std::vector<EvaluatorPtr> exprs_;
  std::vector<const types::Vector*> columns_;
};

// For each left row the rows of the table that an index finds for its values.
class IndexLookupJoinOperator final : public Operator {
 public:
  IndexLookupJoinOperator(const planner::PhysicalIndexLookupJoin& node, OperatorPtr left,
                          std::unique_ptr<IndexProbe> probe, TableReader reader, std::span<const types::Type> right,
                          Predicate filter, Predicate residual, Runtime& runtime)
      : Operator(runtime),
        left_(std::move(left)),
        probe_(std::move(probe)),
        reader_(std::move(reader)),
        filter_(std::move(filter)),
        pairs_(node.join, node.children[0]->types, right, std::move(residual), runtime),
        found_(runtime, right) {}

  Status Open() override {
    has_left_ = false;
    pairs_.Reset(0);
    return left_->Open();
  }

  Status Next(Batch& out) override {
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      if (!has_left_) {
        RETURN_IF_ERROR(left_->Next(in_));
        if (in_.empty()) {
          out = {};
          return Status::Ok();
        }
        RETURN_IF_ERROR(probe_->Prepare(in_));
        pairs_.StartLeft(in_);
        has_left_ = true;
        at_ = 0;
        started_ = false;
      }
      RETURN_IF_ERROR(Collect());
      if (!pairs_.empty()) {
        RETURN_IF_ERROR(pairs_.Flush(found_, out));
        if (!out.empty()) return Status::Ok();
        continue;
      }
      if (at_ < in_.rows.count) continue;
      has_left_ = false;
      pairs_.FinishLeft([](size_t) { return false; }, out);
      if (!out.empty()) return Status::Ok();
    }
  }

  Status Finish() override { return left_->Finish(); }

 private:
  // Reads rows for as many left rows as fit in a batch.
  Status Collect() {
    reader_.Reset();
    found_.Clear();
    uint32_t count = 0;
    while (at_ < in_.rows.count && count < runtime_.batch_rows_max) {
      if (!started_) {
        RETURN_IF_ERROR(probe_->Start(static_cast<uint32_t>(in_.rows[at_])));
        started_ = true;
      }
      RowId id;
      ASSIGN_OR_RETURN(const bool more, probe_->Next(fetched_, id));
      if (!more) {
        started_ = false;
        ++at_;
        continue;
      }
      left_of_[count] = static_cast<uint32_t>(at_);
      RETURN_IF_ERROR(reader_.Add(probe_->rows(), fetched_, id, count++));
    }
    Batch batch = reader_.batch(count);
    RETURN_IF_ERROR(filter_.Filter(batch));
    found_.Append(batch);
    for (size_t i = 0; i < batch.rows.count; ++i) pairs_.Add(left_of_[batch.rows[i]], i);
    return Status::Ok();
  }

  OperatorPtr left_;
  std::unique_ptr<IndexProbe> probe_;
  TableReader reader_;
  Predicate filter_;
  JoinPairs pairs_;
  RowBuffer found_;
  txn::FetchedRow fetched_;
  uint32_t left_of_[types::kVectorSize];
  Batch in_;
  size_t at_ = 0;
  bool has_left_ = false, started_ = false;
};

}  // namespace

Result<OperatorPtr> MakeIndexScan(const planner::PhysicalIndexScan& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(std::unique_ptr<IndexProbe> probe, IndexProbe::Make(*node.use.table, node.access, runtime));
  ASSIGN_OR_RETURN(TableReader reader, TableReader::Make(*node.use.table, node.columns, runtime));
  ASSIGN_OR_RETURN(Predicate filter, Predicate::Make(node.filter, runtime));
  return OperatorPtr(std::make_unique<IndexScanOperator>(node.id, std::move(probe), std::move(reader),
                                                         std::move(filter), node.access.unique, runtime));
}

Result<OperatorPtr> MakePointSelect(const planner::PhysicalPointSelect& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(std::unique_ptr<IndexProbe> probe, IndexProbe::Make(*node.use.table, node.access, runtime));
  ASSIGN_OR_RETURN(TableReader reader, TableReader::Make(*node.use.table, node.columns, runtime));
  ASSIGN_OR_RETURN(Predicate filter, Predicate::Make(node.filter, runtime));
  auto scan = std::make_unique<IndexScanOperator>(node.id, std::move(probe), std::move(reader), std::move(filter), true,
                                                  runtime);
  ASSIGN_OR_RETURN(std::vector<EvaluatorPtr> exprs, CompileAll(node.exprs, runtime));
  return OperatorPtr(
      std::make_unique<PointSelectOperator>(std::move(scan), node.project, std::move(exprs), runtime));
}

Result<OperatorPtr> MakeIndexLookupJoin(const planner::PhysicalIndexLookupJoin& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr left, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(std::unique_ptr<IndexProbe> probe, IndexProbe::Make(*node.use.table, node.access, runtime));
  ASSIGN_OR_RETURN(TableReader reader, TableReader::Make(*node.use.table, node.columns, runtime));
  ASSIGN_OR_RETURN(Predicate filter, Predicate::Make(node.filter, runtime));
  ASSIGN_OR_RETURN(Predicate residual, Predicate::Make(node.residual, runtime));
  std::vector<types::Type> right;
  for (const types::Vector* column : reader.pointers()) right.push_back(column->type());
  return OperatorPtr(std::make_unique<IndexLookupJoinOperator>(node, std::move(left), std::move(probe),
                                                               std::move(reader), right, std::move(filter),
                                                               std::move(residual), runtime));
}

}  // namespace phantom::engine::internal
