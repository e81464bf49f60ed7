// WITH: definitions evaluated as far as their scans need, and recursive unions.
#include "engine/cte_store.h"
#include "engine/evaluator.h"
#include "engine/operator_internal.h"
#include "engine/key_set.h"

namespace phantom::engine {

Status CteStore::Ensure(size_t piece) {
  while (!complete_ && rows_.size() / types::kVectorSize <= piece) {
    if (!open_) {
      RETURN_IF_ERROR(definition_->Open());
      open_ = true;
    }
    Batch in;
    RETURN_IF_ERROR(definition_->Next(in));
    if (in.empty()) {
      complete_ = true;
    } else {
      RETURN_IF_ERROR(rows_.Append(in));
    }
  }
  return Status::Ok();
}

Status CteStore::Complete() {
  RETURN_IF_ERROR(Ensure(SIZE_MAX));
  return definition_->Finish();
}

void CteStore::Reset() {
  rows_.Clear();
  open_ = complete_ = false;
}

namespace internal {

namespace {

class WithOperator final : public Operator {
 public:
  WithOperator(const planner::PhysicalWith& node, std::unique_ptr<CteStore> store, OperatorPtr query, Runtime& runtime)
      : Operator(runtime), node_(node), store_(std::move(store)), query_(std::move(query)) {}

  Status Open() override {
    store_->Reset();
    runtime_.ctes[node_.cte] = store_.get();
    return query_->Open();
  }

  Status Next(Batch& out) override {
    RETURN_IF_ERROR(query_->Next(out));
    if (out.empty() && node_.modifies) return store_->Complete();
    return Status::Ok();
  }

  void SetBatchMax(uint64_t rows) override { query_->SetBatchMax(rows); }

  Status Finish() override {
    RETURN_IF_ERROR(query_->Finish());
    return node_.modifies ? store_->Complete() : Status::Ok();
  }
  uint64_t rows_affected() const override { return query_->rows_affected(); }

 private:
  const planner::PhysicalWith& node_;
  std::unique_ptr<CteStore> store_;
  OperatorPtr query_;
};

class CteScanOperator final : public Operator {
 public:
  CteScanOperator(int cte, Predicate filter, Runtime& runtime)
      : Operator(runtime), cte_(cte), filter_(std::move(filter)) {}

  Status Open() override {
    piece_ = 0;
    return Status::Ok();
  }

  Status Next(Batch& out) override {
    CteStore* store = runtime_.ctes[cte_];
    if (store == nullptr) return Error(sqlstate::kInternalError, "scan of a CTE outside of its query");
    do {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(store->Ensure(piece_));
      out = {};
      if (piece_ >= store->rows().piece_count()) return Status::Ok();
      RETURN_IF_ERROR(reader_.Read(store->rows(), piece_++, out));
      RETURN_IF_ERROR(filter_.Filter(out));
    } while (out.empty());
    return Status::Ok();
  }

 private:
  const int cte_;
  Predicate filter_;
  PagedRows::Reader reader_;
  size_t piece_ = 0;
};

class RecursiveUnionOperator final : public Operator {
 public:
  RecursiveUnionOperator(const planner::PhysicalRecursiveUnion& node, OperatorPtr start, OperatorPtr step,
                         Runtime& runtime)
      : Operator(runtime),
        node_(node),
        start_(std::move(start)),
        step_(std::move(step)),
        working_(std::make_unique<PagedRows>(runtime, node.types)),
        found_(std::make_unique<PagedRows>(runtime, node.types)),
        keys_(runtime, node.types, true),
        seen_(runtime) {}

  Status Open() override {
    working_->Clear();
    found_->Clear();
    seen_.Clear();
    stepping_ = done_ = false;
    return start_->Open();
  }

  Status Next(Batch& out) override {
    out = {};
    while (!done_) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR((stepping_ ? *step_ : *start_).Next(out));
      if (out.empty()) {
        if (found_->empty()) {
          done_ = true;
          break;
        }
        std::swap(working_, found_);
        found_->Clear();
        stepping_ = true;
        runtime_.work_tables[node_.table] = working_.get();
        ++runtime_.param_epoch;  // what the step's operators keep may depend on the work table
        RETURN_IF_ERROR(step_->Open());
        continue;
      }
      if (node_.distinct) RETURN_IF_ERROR(Deduplicate(out));
      if (out.empty()) continue;
      RETURN_IF_ERROR(found_->Append(out));
      return Status::Ok();
    }
    return Status::Ok();
  }

 private:
  Status Deduplicate(Batch& batch) {
    keys_.Encode(batch.columns, batch.rows);
    RETURN_IF_ERROR(seen_.Add(keys_, batch.rows.count, added_));
    size_t count = 0;
    for (size_t i = 0; i < batch.rows.count; ++i) {
      if (added_[i] != 0) list_.data()[count++] = static_cast<types::SelIndex>(batch.rows[i]);
    }
    batch.rows = list_.rows(count);
    return Status::Ok();
  }

  const planner::PhysicalRecursiveUnion& node_;
  OperatorPtr start_, step_;
  std::unique_ptr<PagedRows> working_, found_;
  RowKeys keys_;
  KeySet seen_;
  std::vector<uint8_t> added_;
  RowList list_;
  bool stepping_ = false, done_ = false;
};

class WorkTableScanOperator final : public Operator {
 public:
  WorkTableScanOperator(int table, Predicate filter, Runtime& runtime)
      : Operator(runtime), table_(table), filter_(std::move(filter)) {}

  Status Open() override {
    piece_ = 0;
    return Status::Ok();
  }

  Status Next(Batch& out) override {
    const PagedRows* rows = runtime_.work_tables[table_];
    do {
      out = {};
      if (rows == nullptr || piece_ >= rows->piece_count()) return Status::Ok();
      RETURN_IF_ERROR(reader_.Read(*rows, piece_++, out));
      RETURN_IF_ERROR(filter_.Filter(out));
    } while (out.empty());
    return Status::Ok();
  }

 private:
  const int table_;
  Predicate filter_;
  PagedRows::Reader reader_;
  size_t piece_ = 0;
};

}  // namespace

Result<OperatorPtr> MakeWith(const planner::PhysicalWith& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr definition, BuildOperator(*node.children[0], runtime));
  auto store = std::make_unique<CteStore>(runtime, node.children[0]->types, std::move(definition));
  ASSIGN_OR_RETURN(OperatorPtr query, BuildOperator(*node.children[1], runtime));
  return OperatorPtr(std::make_unique<WithOperator>(node, std::move(store), std::move(query), runtime));
}

Result<OperatorPtr> MakeCteScan(const planner::PhysicalCteScan& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(Predicate filter, Predicate::Make(node.filter, runtime));
  return OperatorPtr(std::make_unique<CteScanOperator>(node.cte, std::move(filter), runtime));
}

Result<OperatorPtr> MakeRecursiveUnion(const planner::PhysicalRecursiveUnion& node, Runtime& runtime) {
  if (node.distinct) RETURN_IF_ERROR(RowKeys::CheckHashable(runtime, node.types));
  ASSIGN_OR_RETURN(OperatorPtr start, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(OperatorPtr step, BuildOperator(*node.children[1], runtime));
  return OperatorPtr(std::make_unique<RecursiveUnionOperator>(node, std::move(start), std::move(step), runtime));
}

Result<OperatorPtr> MakeWorkTableScan(const planner::PhysicalWorkTableScan& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(Predicate filter, Predicate::Make(node.filter, runtime));
  return OperatorPtr(std::make_unique<WorkTableScanOperator>(node.table, std::move(filter), runtime));
}

}  // namespace internal
}  // namespace phantom::engine
