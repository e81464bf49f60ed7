// Functions that return sets: in a select list and in FROM.
#include <algorithm>

#include "engine/operator_internal.h"
#include "engine/set_call.h"
#include "planner/expr_util.h"
#include "types/record.h"

namespace phantom::engine::internal {

namespace {

class ProjectSetOperator final : public Operator {
 public:
  struct Item {
    std::unique_ptr<SetCall> set;  // null: a plain expression, repeated
    EvaluatorPtr plain;
    bool is_volatile = false;  // a plain expression evaluated for each row that comes out
    const types::Vector* value = nullptr;
    bool has_row = false;
  };

  ProjectSetOperator(const planner::PhysicalProjectSet& node, OperatorPtr child, std::vector<Item> items,
                     Runtime& runtime)
      : Operator(runtime),
        child_(std::move(child)),
        items_(std::move(items)),
        out_(runtime, node.types) {}

  Status Open() override {
    in_ = {};
    at_ = 0;
    started_ = false;
    slicer_.Restart();
    return child_->Open();
  }
  void SetBatchMax(uint64_t rows) override {
    max_ = static_cast<uint32_t>(std::min<uint64_t>(rows, types::kVectorSize));
    // A row may give any number of rows: when few are wanted they are read one by one.
    const uint64_t read = max_ < types::kVectorSize ? 1 : UINT64_MAX;
    slicer_.SetMax(read);
    child_->SetBatchMax(read);
  }

  Status Next(Batch& out) override {
    out_.Reset();
    uint32_t count = 0;
    while (count < max_) {
      if (!started_) {
        if (at_ == in_.rows.count) {
          RETURN_IF_ERROR(runtime_.context.CheckCancelled());
          // What was written refers to this input only by copies, but plain values are read from it.
          RETURN_IF_ERROR(slicer_.Next(*child_, in_));
          at_ = 0;
          if (in_.empty()) break;
          for (Item& item : items_) {
            if (item.plain != nullptr && !item.is_volatile) RETURN_IF_ERROR(item.plain->Evaluate(in_, item.value));
          }
        }
        for (Item& item : items_) {
          if (item.set != nullptr) RETURN_IF_ERROR(item.set->Start(in_, static_cast<types::SelIndex>(in_.rows[at_])));
        }
        started_ = true;
      }
      // Volatile expressions are evaluated at every attempt, in order with the sets: once more than there are rows.
      bool any = false;
      for (Item& item : items_) {
        if (item.is_volatile) {
          const auto row = static_cast<types::SelIndex>(in_.rows[at_]);
          RETURN_IF_ERROR(item.plain->Evaluate({in_.columns, {&row, 1}}, item.value));
        }
        if (item.set == nullptr) continue;
        ASSIGN_OR_RETURN(item.has_row, item.set->Advance());
        any = any || item.has_row;
      }
      if (!any) {
        started_ = false;
        ++at_;
        continue;
      }
      for (size_t c = 0; c < items_.size(); ++c) {
        Item& item = items_[c];
        if (item.set == nullptr) {
          CopyValue(*item.value, in_.rows[at_], out_[c], count);
        } else if (item.has_row) {
          item.set->CopyTo(out_[c], count);
        } else {
          out_[c].SetNull(count);
        }
      }
      ++count;
    }
    out = out_.batch(count);
    return Status::Ok();
  }

  Status Finish() override { return child_->Finish(); }

 private:
  OperatorPtr child_;
  BatchSlicer slicer_;
  uint32_t max_ = types::kVectorSize;
  std::vector<Item> items_;
  OutputColumns out_;
  Batch in_;
  size_t at_ = 0;
  bool started_ = false;
};

class FunctionScanOperator final : public Operator {
 public:
  struct Function {
    std::unique_ptr<SetCall> set;  // null: one row from `single`
    EvaluatorPtr single;
    const types::Vector* value = nullptr;
    bool composite = false;
    size_t columns = 0;
    bool has_row = false;
    bool done = false;
  };

  FunctionScanOperator(const planner::PhysicalFunctionScan& node, std::vector<Function> functions, Predicate filter,
                       Runtime& runtime)
      : Operator(runtime),
        node_(node),
        functions_(std::move(functions)),
        filter_(std::move(filter)),
        out_(runtime, node.types) {}

  Status Open() override {
    ordinal_ = 0;
    const Batch none{{}, {nullptr, 1}};
    for (Function& function : functions_) {
      function.done = false;
      if (function.set != nullptr) {
        RETURN_IF_ERROR(function.set->Start(none, 0));
      } else {
        RETURN_IF_ERROR(function.single->Evaluate(none, function.value));
      }
    }
    return Status::Ok();
  }

  void SetBatchMax(uint64_t rows) override {
    max_ = static_cast<uint32_t>(std::min<uint64_t>(rows, types::kVectorSize));
  }

  Status Next(Batch& out) override {
    do {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(Fill(out));
      if (out.empty()) break;
      RETURN_IF_ERROR(filter_.Filter(out));
    } while (out.empty());
    return Status::Ok();
  }

 private:
  Status Fill(Batch& out) {
    out_.Reset();
    uint32_t count = 0;
    while (count < max_) {
      bool any = false;
      for (Function& function : functions_) {
        if (function.set != nullptr) {
          ASSIGN_OR_RETURN(function.has_row, function.set->Advance());
        } else {
          function.has_row = !function.done;
          function.done = true;
        }
        any = any || function.has_row;
      }
      if (!any) break;
      size_t column = 0;
      for (Function& function : functions_) {
        WriteRow(function, column, count);
        column += function.columns;
      }
      ++ordinal_;
      if (node_.ordinality) out_[column].data<int64_t>()[count] = ordinal_;
      ++count;
    }
    out = out_.batch(count);
    return Status::Ok();
  }

  void WriteRow(Function& function, size_t first, uint32_t at) {
    if (!function.has_row) {
      for (size_t c = 0; c < function.columns; ++c) out_[first + c].SetNull(at);
    } else if (function.set != nullptr && !(function.composite && function.set->column_count() == 1)) {
      for (size_t c = 0; c < function.columns; ++c) {
        CopyValue(function.set->column(c), function.set->row(), out_[first + c], at);
      }
    } else if (function.composite) {
      const types::Vector& value = function.set != nullptr ? function.set->column(0) : *function.value;
      const uint32_t row = function.set != nullptr ? function.set->row() : 0;
      ExpandRecord(value, row, first, function.columns, at);
    } else {
      CopyValue(*function.value, 0, out_[first], at);
    }
  }

  void ExpandRecord(const types::Vector& value, uint32_t row, size_t first, size_t columns, uint32_t at) {
    if (value.IsNull(row)) {
      for (size_t c = 0; c < columns; ++c) out_[first + c].SetNull(at);
      return;
    }
    const types::RecordView record(value.Get<types::StringRef>(row).view());
    for (uint32_t c = 0; c < columns; ++c) {
      types::Vector& to = out_[first + c];
      if (c >= record.size() || record.IsNull(c)) {
        to.SetNull(at);
        continue;
      }
      record.Get(c, to.slot(at));
      if (to.layout() == types::Layout::kString) to.data<types::StringRef>()[at] = to.heap().Add(to.data<types::StringRef>()[at]);
      if (to.layout() == types::Layout::kNumeric) to.data<types::Numeric>()[at] = to.heap().Add(to.data<types::Numeric>()[at]);
    }
  }

  const planner::PhysicalFunctionScan& node_;
  std::vector<Function> functions_;
  Predicate filter_;
  OutputColumns out_;
  uint32_t max_ = types::kVectorSize;
  int64_t ordinal_ = 0;
};

}  // namespace

Result<OperatorPtr> MakeProjectSet(const planner::PhysicalProjectSet& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  std::vector<ProjectSetOperator::Item> items;
  for (const planner::Expr* expr : node.exprs) {
    ProjectSetOperator::Item& item = items.emplace_back();
    const auto* call = planner::DynAs<planner::FunctionCall>(expr);
    if (call != nullptr && call->returns_set) {
      ASSIGN_OR_RETURN(SetCall set, SetCall::Make(*call, {}, runtime));
      item.set = std::make_unique<SetCall>(std::move(set));
    } else {
      ASSIGN_OR_RETURN(item.plain, Compile(*expr, runtime));
      item.is_volatile = planner::IsVolatile(expr);
    }
  }
  return OperatorPtr(std::make_unique<ProjectSetOperator>(node, std::move(child), std::move(items), runtime));
}

Result<OperatorPtr> MakeFunctionScan(const planner::PhysicalFunctionScan& node, Runtime& runtime) {
  std::vector<FunctionScanOperator::Function> functions;
  for (const planner::TableFunction& entry : node.functions) {
    FunctionScanOperator::Function& function = functions.emplace_back();
    function.composite = entry.composite;
    function.columns = entry.columns.size();
    const auto* call = planner::DynAs<planner::FunctionCall>(entry.call);
    if (call != nullptr && call->returns_set) {
      ASSIGN_OR_RETURN(SetCall set, SetCall::Make(*call, entry.columns, runtime));
      function.set = std::make_unique<SetCall>(std::move(set));
    } else {
      ASSIGN_OR_RETURN(function.single, Compile(*entry.call, runtime));
    }
  }
  ASSIGN_OR_RETURN(Predicate filter, Predicate::Make(node.filter, runtime));
  return OperatorPtr(
      std::make_unique<FunctionScanOperator>(node, std::move(functions), std::move(filter), runtime));
}

}  // namespace phantom::engine::internal
