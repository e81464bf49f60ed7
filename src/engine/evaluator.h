// engine/evaluator.h
//
// Bound expressions, compiled. An Evaluator computes its expression for the rows of a batch and for no others, so an
// error is raised only for a row whose value SQL asks for. Results are vectors the evaluator owns (or the batch's own
// columns, or constants), valid until it is evaluated again; nothing is allocated per batch once buffers have grown.
//
// Thread safety: one thread; each worker compiles its own.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "common/status.h"
#include "engine/runtime.h"
#include "planner/expr.h"

namespace phantom::engine {

class Evaluator {
 public:
  Evaluator(types::Type type, types::Layout layout) : null_(type, layout, 1) { null_.SetConstantNull(); }
  virtual ~Evaluator() = default;

  // The expression's values at the batch's rows; elsewhere undefined.
  Status Evaluate(const Batch& batch, const types::Vector*& result) {
    if (batch.rows.count == 0) {
      result = &null_;
      return Status::Ok();
    }
    return Compute(batch, result);
  }

 protected:
  virtual Status Compute(const Batch& batch, const types::Vector*& result) = 0;
  const types::Vector& null() const { return null_; }

 private:
  types::Vector null_;  // a constant NULL of the type
};

using EvaluatorPtr = std::unique_ptr<Evaluator>;

// Compiles an expression of a physical plan. 0A000 when a function has no kernel. `expr` outlives the evaluator.
Result<EvaluatorPtr> Compile(const planner::Expr& expr, Runtime& runtime);
Result<std::vector<EvaluatorPtr>> CompileAll(std::span<planner::Expr* const> exprs, Runtime& runtime);

// An expression without InputRefs, evaluated once: for limits, bounds of index scans, single values.
Result<types::Value> EvaluateScalar(const planner::Expr& expr, Runtime& runtime);

// A condition: which rows of a batch it is true for. ANDed parts narrow the rows one after the other.
class Predicate {
 public:
  // A null expression is always true.
  static Result<Predicate> Make(const planner::Expr* condition, Runtime& runtime);

  bool always_true() const { return parts_.empty(); }
  // Replaces batch.rows by those for which the condition is true; the list lives in the predicate until the next call.
  Status Filter(Batch& batch);

 private:
  std::vector<EvaluatorPtr> parts_;
  RowList lists_[2];
};

// The planner's constant folding: the value of an expression without InputRefs and parameters. Raises what evaluating it
// raises; 0A000 for functions that need a session when the context has none.
Result<types::Value> EvaluateConstant(const planner::Expr& expr, ExecutionContext& context);

}  // namespace phantom::engine
