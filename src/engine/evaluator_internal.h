// engine/evaluator_internal.h
//
// What the files that implement evaluators share.
#pragma once
#include "engine/evaluator.h"

namespace phantom::engine::internal {

Result<EvaluatorPtr> CompileFunction(const planner::FunctionCall& call, Runtime& runtime);
Result<EvaluatorPtr> CompileLogic(const planner::Expr& expr, Runtime& runtime);   // Bool, Case, Coalesce, tests, ...
Result<EvaluatorPtr> CompileNested(const planner::Expr& expr, Runtime& runtime);  // arrays, rows, subscripts
Result<EvaluatorPtr> CompileCast(const planner::CastExpr& cast, Runtime& runtime);
Result<EvaluatorPtr> CompileSubPlan(const planner::SubPlanExpr& subplan, Runtime& runtime);
Result<EvaluatorPtr> CompileSqlValue(const planner::SqlValueExpr& value, Runtime& runtime);
Result<EvaluatorPtr> CompileCurrentOf(const planner::CurrentOfExpr& current, Runtime& runtime);

// An evaluator that writes its result to a vector of its own.
class OwningEvaluator : public Evaluator {
 public:
  OwningEvaluator(types::Type type, Runtime& runtime)
      : OwningEvaluator(type, runtime, runtime.batch_rows_max) {}
  OwningEvaluator(types::Type type, Runtime& runtime, uint32_t capacity)
      : Evaluator(type, runtime.LayoutOf(type)), runtime_(runtime), result_(runtime.MakeVector(type, capacity)) {}

 protected:
  Runtime& runtime_;
  types::Vector result_;
};

// A kernel with its context, called on vectors: what functions, comparisons and casts are made of.
class KernelCall {
 public:
  // 0A000 when the function has no kernel.
  static Result<KernelCall> Make(const catalog::FunctionRow& function, std::vector<types::Type> arg_types,
                                 types::Type result_type, Oid collation, Runtime& runtime);

  bool is_strict() const { return strict_; }
  bool is_volatile() const { return volatile_; }
  KernelContext& context() { return *context_; }

  // Computes into `result` (reset by this call); constant when all arguments are and the function is not volatile.
  Status Run(std::span<const types::Vector* const> args, const Rows& rows, types::Vector& result);

 private:
  ScalarKernel kernel_ = nullptr;
  bool strict_ = false;
  bool volatile_ = false;
  std::unique_ptr<std::vector<types::Type>> arg_types_;
  std::unique_ptr<KernelContext> context_;
};

// Whether row `row` of a boolean vector is true.
inline bool IsTrue(const types::UnifiedView& view, uint32_t row) {
  const uint32_t slot = view.index(row);
  return view.slot_valid(slot) && view.slot<bool>(slot);
}

}  // namespace phantom::engine::internal
