// Values, Filter, Project, Append, Materialize: operators that keep little.
#include "engine/lazy_filter.h"
#include "engine/operator_internal.h"
#include "engine/paged_rows.h"

namespace phantom::engine::internal {

namespace {

class ValuesOperator final : public Operator {
 public:
  ValuesOperator(const planner::PhysicalValues& node, std::vector<std::vector<EvaluatorPtr>> rows, Runtime& runtime)
      : Operator(runtime), rows_(std::move(rows)), out_(runtime, node.types) {}

  Status Open() override {
    at_ = 0;
    return Status::Ok();
  }

  Status Next(Batch& out) override {
    RETURN_IF_ERROR(runtime_.context.CheckCancelled());
    out_.Reset();
    uint32_t count = 0;
    const Batch none{{}, {nullptr, 1}};
    for (; at_ < rows_.size() && count < types::kVectorSize; ++at_, ++count) {
      for (size_t c = 0; c < out_.size(); ++c) {
        const types::Vector* value = nullptr;
        RETURN_IF_ERROR(rows_[at_][c]->Evaluate(none, value));
        CopyValue(*value, 0, out_[c], count);
      }
    }
    out = out_.batch(count);
    return Status::Ok();
  }

 private:
  std::vector<std::vector<EvaluatorPtr>> rows_;
  OutputColumns out_;
  size_t at_ = 0;
};

class FilterOperator final : public Operator {
 public:
  FilterOperator(OperatorPtr child, LazyFilter filter, Runtime& runtime)
      : Operator(runtime), child_(std::move(child)), filter_(std::move(filter)) {}

  Status Open() override {
    filter_.Restart();
    return child_->Open();
  }
  void SetBatchMax(uint64_t rows) override {
    filter_.SetMax(rows);
    child_max_ = rows;
  }

  Status Next(Batch& out) override {
    do {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      if (!filter_.has_rest()) {
        child_->SetBatchMax(child_max_);
        // The more rows are turned down, the more are looked at together.
        if (!filter_.is_volatile()) child_max_ = child_max_ > UINT64_MAX / 4 ? UINT64_MAX : child_max_ * 4;
        RETURN_IF_ERROR(child_->Next(out));
        if (out.empty()) break;
        filter_.Fill(out);
      }
      size_t tried = 0;
      RETURN_IF_ERROR(filter_.Next(out, tried));
    } while (out.empty());
    return Status::Ok();
  }

  Status Finish() override { return child_->Finish(); }

 private:
  OperatorPtr child_;
  LazyFilter filter_;
  uint64_t child_max_ = UINT64_MAX;
};

// A condition without columns: the child is not run unless it is true.
class GateOperator final : public Operator {
 public:
  GateOperator(OperatorPtr child, Predicate predicate, Runtime& runtime)
      : Operator(runtime), child_(std::move(child)), predicate_(std::move(predicate)) {}

  Status Open() override {
    Batch one{{}, {nullptr, 1}};
    RETURN_IF_ERROR(predicate_.Filter(one));
    open_ = !one.empty();
    return open_ ? child_->Open() : Status::Ok();
  }

  Status Next(Batch& out) override {
    out = {};
    return open_ ? child_->Next(out) : Status::Ok();
  }

  void SetBatchMax(uint64_t rows) override { child_->SetBatchMax(rows); }
  Status Finish() override { return open_ ? child_->Finish() : Status::Ok(); }

 private:
  OperatorPtr child_;
  Predicate predicate_;
  bool open_ = false;
};

class ProjectOperator final : public Operator {
 public:
  ProjectOperator(OperatorPtr child, std::vector<EvaluatorPtr> exprs, Runtime& runtime)
      : Operator(runtime),
        child_(std::move(child)),
        exprs_(std::move(exprs)),
        columns_(exprs_.size()) {}

  Status Open() override {
    slicer_.Restart();
    return child_->Open();
  }
  void SetBatchMax(uint64_t rows) override {
    slicer_.SetMax(rows);
    child_->SetBatchMax(rows);
  }

  Status Next(Batch& out) override {
    Batch in;
    RETURN_IF_ERROR(slicer_.Next(*child_, in));
    for (size_t i = 0; i < exprs_.size(); ++i) RETURN_IF_ERROR(exprs_[i]->Evaluate(in, columns_[i]));
    out = {columns_, in.rows};
    return Status::Ok();
  }

  Status Finish() override { return child_->Finish(); }

 private:
  OperatorPtr child_;
  BatchSlicer slicer_;
  std::vector<EvaluatorPtr> exprs_;
  std::vector<const types::Vector*> columns_;
};

class AppendOperator final : public Operator {
 public:
  AppendOperator(std::vector<OperatorPtr> children, Runtime& runtime)
      : Operator(runtime), children_(std::move(children)) {}

  Status Open() override {
    at_ = 0;
    return children_.empty() ? Status::Ok() : children_[0]->Open();
  }

  Status Next(Batch& out) override {
    out = {};
    while (at_ < children_.size()) {
      RETURN_IF_ERROR(children_[at_]->Next(out));
      if (!out.empty()) break;
      if (++at_ < children_.size()) RETURN_IF_ERROR(children_[at_]->Open());
    }
    return Status::Ok();
  }

  void SetBatchMax(uint64_t rows) override {
    for (OperatorPtr& child : children_) child->SetBatchMax(rows);
  }

  Status Finish() override {
    for (OperatorPtr& child : children_) RETURN_IF_ERROR(child->Finish());
    return Status::Ok();
  }

 private:
  std::vector<OperatorPtr> children_;
  size_t at_ = 0;
};

// Keeps rows as they are first read; a re-run with the same parameters replays them.
class MaterializeOperator final : public Operator {
 public:
  MaterializeOperator(const planner::PhysicalMaterialize& node, OperatorPtr child, Runtime& runtime)
      : Operator(runtime), child_(std::move(child)), rows_(runtime, node.types) {}

  Status Open() override {
    at_ = 0;
    if (run_epoch_ == runtime_.run_epoch && param_epoch_ == runtime_.param_epoch) return Status::Ok();
    run_epoch_ = runtime_.run_epoch;
    param_epoch_ = runtime_.param_epoch;
    rows_.Clear();
    complete_ = false;
    return child_->Open();
  }

  Status Next(Batch& out) override {
    // Rows are read whole: a piece of the buffer is complete before it is handed out.
    while (!complete_) {
      Batch in;
      RETURN_IF_ERROR(child_->Next(in));
      if (in.empty()) {
        complete_ = true;
      } else {
        RETURN_IF_ERROR(rows_.Append(in));
      }
    }
    out = {};
    return at_ < rows_.piece_count() ? reader_.Read(rows_, at_++, out) : Status::Ok();
  }

  Status Finish() override { return child_->Finish(); }

 private:
  OperatorPtr child_;
  PagedRows rows_;
  PagedRows::Reader reader_;
  size_t at_ = 0;
  bool complete_ = false;
  uint64_t run_epoch_ = 0, param_epoch_ = 0;
};

}  // namespace

Result<OperatorPtr> MakeValues(const planner::PhysicalValues& node, Runtime& runtime) {
  std::vector<std::vector<EvaluatorPtr>> rows;
  for (const std::vector<planner::Expr*>& row : node.rows) {
    ASSIGN_OR_RETURN(std::vector<EvaluatorPtr> compiled, CompileAll(row, runtime));
    rows.push_back(std::move(compiled));
  }
  return OperatorPtr(std::make_unique<ValuesOperator>(node, std::move(rows), runtime));
}

Result<OperatorPtr> MakeFilter(const planner::PhysicalFilter& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(Predicate predicate, Predicate::Make(node.condition, runtime));
  if (node.one_time) return OperatorPtr(std::make_unique<GateOperator>(std::move(child), std::move(predicate), runtime));
  return OperatorPtr(std::make_unique<FilterOperator>(
      std::move(child), LazyFilter(std::move(predicate), node.condition), runtime));
}

Result<OperatorPtr> MakeProject(const planner::PhysicalProject& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(std::vector<EvaluatorPtr> exprs, CompileAll(node.exprs, runtime));
  return OperatorPtr(std::make_unique<ProjectOperator>(std::move(child), std::move(exprs), runtime));
}

Result<OperatorPtr> MakeAppend(const planner::PhysicalAppend& node, Runtime& runtime) {
  std::vector<OperatorPtr> children;
  for (const planner::PhysicalNode* child : node.children) {
    ASSIGN_OR_RETURN(OperatorPtr built, BuildOperator(*child, runtime));
    children.push_back(std::move(built));
  }
  return OperatorPtr(std::make_unique<AppendOperator>(std::move(children), runtime));
}

Result<OperatorPtr> MakeMaterialize(const planner::PhysicalMaterialize& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  return OperatorPtr(std::make_unique<MaterializeOperator>(node, std::move(child), runtime));
}

}  // namespace phantom::engine::internal
