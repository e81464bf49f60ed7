#include "engine/evaluator.h"

#include "catalog/function.h"
#include "engine/evaluator_internal.h"

namespace phantom::engine {

using planner::ExprKind;

namespace internal {

namespace {

class ConstantEvaluator final : public Evaluator {
 public:
  ConstantEvaluator(types::Type type, const types::Value& value, Runtime& runtime)
      : Evaluator(type, runtime.LayoutOf(type)), value_(type, runtime.LayoutOf(type), 1) {
    if (value.is_null()) {
      value_.SetNull(0);
    } else {
      value_.SetValue(0, value);
    }
    value_.SetConstant();
  }

 protected:
  Status Compute(const Batch&, const types::Vector*& result) override {
    result = &value_;
    return Status::Ok();
  }

 private:
  types::Vector value_;
};

class InputEvaluator final : public Evaluator {
 public:
  InputEvaluator(const planner::InputRef& ref, Runtime& runtime)
      : Evaluator(ref.type, runtime.LayoutOf(ref.type)), index_(ref.index) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    PHANTOM_DCHECK(static_cast<size_t>(index_) < batch.columns.size());
    result = batch.columns[index_];
    return Status::Ok();
  }

 private:
  const int index_;
};

// $n: read when the statement is run, so that a kept plan sees new values.
class ParamEvaluator final : public OwningEvaluator {
 public:
  ParamEvaluator(types::Type type, int number, Runtime& runtime)
      : OwningEvaluator(type, runtime, 1), number_(number) {}

 protected:
  Status Compute(const Batch&, const types::Vector*& result) override {
    if (epoch_ != runtime_.run_epoch) {
      const std::span<const types::Value> parameters = runtime_.context.parameters;
      if (number_ < 1 || static_cast<size_t>(number_) > parameters.size()) {
        return Errorf(sqlstate::kUndefinedObject, "no value found for parameter %d", number_);
      }
      const types::Value& value = parameters[number_ - 1];
      result_.Reset();
      if (value.is_null()) {
        result_.SetNull(0);
      } else {
        result_.SetValue(0, value);
      }
      result_.SetConstant();
      runtime_.NoteHeld(result_.memory_bytes());
      epoch_ = runtime_.run_epoch;
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  const int number_;
  uint64_t epoch_ = 0;
};

class ExecParamEvaluator final : public Evaluator {
 public:
  ExecParamEvaluator(const planner::ExecParam& param, Runtime& runtime)
      : Evaluator(param.type, runtime.LayoutOf(param.type)), slot_(param.slot), runtime_(runtime) {}

 protected:
  Status Compute(const Batch&, const types::Vector*& result) override {
    result = &runtime_.Param(slot_);
    return Status::Ok();
  }

 private:
  const int slot_;
  Runtime& runtime_;
};

class CaseTestEvaluator final : public Evaluator {
 public:
  CaseTestEvaluator(const planner::CaseTest& test, Runtime& runtime)
      : Evaluator(test.type, runtime.LayoutOf(test.type)), slot_(test.slot), runtime_(runtime) {
    runtime.EnsureCaseSlot(slot_);
  }

 protected:
  Status Compute(const Batch&, const types::Vector*& result) override {
    result = runtime_.case_slots[slot_];
    PHANTOM_DCHECK(result != nullptr);
    return Status::Ok();
  }

 private:
  const int slot_;
  Runtime& runtime_;
};

class FunctionEvaluator final : public OwningEvaluator {
 public:
  FunctionEvaluator(const planner::FunctionCall& call, KernelCall kernel, std::vector<EvaluatorPtr> args,
                    Runtime& runtime)
      : OwningEvaluator(call.type, runtime), kernel_(std::move(kernel)), args_(std::move(args)), values_(args_.size()) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    for (size_t i = 0; i < args_.size(); ++i) {
      RETURN_IF_ERROR(args_[i]->Evaluate(batch, values_[i]));
      if (kernel_.is_strict() && values_[i]->is_constant() && values_[i]->IsNull(0)) {
        result = &null();
        return Status::Ok();
      }
    }
    RETURN_IF_ERROR(kernel_.Run(values_, batch.rows, result_));
    result = &result_;
    return Status::Ok();
  }

 private:
  KernelCall kernel_;
  std::vector<EvaluatorPtr> args_;
  std::vector<const types::Vector*> values_;
};

}  // namespace

Result<KernelCall> KernelCall::Make(const catalog::FunctionRow& function, std::vector<types::Type> arg_types,
                                    types::Type result_type, Oid collation, Runtime& runtime) {
  const KernelEntry* entry = FindKernel(KernelKind::kScalar, function.oid, function.source);
  if (entry == nullptr) {
    return Error(sqlstate::kFeatureNotSupported,
                 "function " + std::string(function.name) + " is not supported");
  }
  KernelCall call;
  call.kernel_ = entry->scalar;
  call.strict_ = function.strict;
  call.volatile_ = function.volatility == catalog::Volatility::kVolatile;
  call.arg_types_ = std::make_unique<std::vector<types::Type>>(std::move(arg_types));
  call.context_ = std::make_unique<KernelContext>();
  call.context_->execution = &runtime.context;
  call.context_->format = runtime.context.format;
  call.context_->result_type = result_type;
  call.context_->arg_types = *call.arg_types_;
  call.context_->collation = collation;
  call.context_->function = function.oid;
  call.context_->function_name = function.name;
  return call;
}

Status KernelCall::Run(std::span<const types::Vector* const> args, const Rows& rows, types::Vector& result) {
  result.Reset();
  if (!volatile_) {
    bool constant = true;
    for (const types::Vector* arg : args) constant = constant && arg->is_constant();
    if (constant) {
      RETURN_IF_ERROR(kernel_(*context_, args, Rows{nullptr, 1}, result));
      result.SetConstant();
      return Status::Ok();
    }
  }
  return kernel_(*context_, args, rows, result);
}

Result<EvaluatorPtr> CompileFunction(const planner::FunctionCall& call, Runtime& runtime) {
  std::vector<types::Type> arg_types;
  for (const planner::Expr* arg : call.args) arg_types.push_back(arg->type);
  Oid collation = call.collation;
  for (const planner::Expr* arg : call.args) {
    if (collation == 0) collation = arg->collation;
  }
  Result<KernelCall> made = KernelCall::Make(*call.function, std::move(arg_types), call.type, collation, runtime);
  if (!made.ok()) return std::move(made).status().At(call.location);
  KernelCall kernel = std::move(*made);
  kernel.context().variadic_array = call.variadic;
  kernel.context().explicit_cast = call.form == planner::CallForm::kExplicitCast;
  ASSIGN_OR_RETURN(std::vector<EvaluatorPtr> args, CompileAll(call.args, runtime));
  return EvaluatorPtr(std::make_unique<FunctionEvaluator>(call, std::move(kernel), std::move(args), runtime));
}

}  // namespace internal

Result<EvaluatorPtr> Compile(const planner::Expr& expr, Runtime& runtime) {
  using namespace internal;
  switch (expr.kind) {
    case ExprKind::kConst: {
      const auto& constant = *planner::As<planner::ConstExpr>(&expr);
      if (runtime.literals == nullptr) {
        runtime.constants.push_back(&constant);
      } else {
        for (size_t i = 0; i < runtime.literals->size(); ++i) {
          const LiteralBinding& binding = (*runtime.literals)[i];
          if (binding.location != expr.location || binding.type.oid != expr.type.oid) continue;
          return EvaluatorPtr(std::make_unique<ParamEvaluator>(expr.type, static_cast<int>(i + 1), runtime));
        }
      }
      return EvaluatorPtr(std::make_unique<ConstantEvaluator>(expr.type, constant.value, runtime));
    }
    case ExprKind::kInputRef:
      return EvaluatorPtr(std::make_unique<InputEvaluator>(*planner::As<planner::InputRef>(&expr), runtime));
    case ExprKind::kParam:
      return EvaluatorPtr(std::make_unique<ParamEvaluator>(expr.type, planner::As<planner::ParamExpr>(&expr)->number, runtime));
    case ExprKind::kExecParam:
      return EvaluatorPtr(std::make_unique<ExecParamEvaluator>(*planner::As<planner::ExecParam>(&expr), runtime));
    case ExprKind::kCaseTest:
      return EvaluatorPtr(std::make_unique<CaseTestEvaluator>(*planner::As<planner::CaseTest>(&expr), runtime));
    case ExprKind::kFunction:
      return CompileFunction(*planner::As<planner::FunctionCall>(&expr), runtime);
    case ExprKind::kBool:
    case ExprKind::kCase:
    case ExprKind::kCoalesce:
    case ExprKind::kMinMax:
    case ExprKind::kNullIf:
    case ExprKind::kNullTest:
    case ExprKind::kBooleanTest:
    case ExprKind::kDistinct:
    case ExprKind::kRowCompare:
      return CompileLogic(expr, runtime);
    case ExprKind::kScalarArray:
    case ExprKind::kArray:
    case ExprKind::kRow:
    case ExprKind::kSubscript:
    case ExprKind::kFieldSelect:
    case ExprKind::kFieldStore:
      return CompileNested(expr, runtime);
    case ExprKind::kCast:
      return CompileCast(*planner::As<planner::CastExpr>(&expr), runtime);
    case ExprKind::kSubPlan:
      return CompileSubPlan(*planner::As<planner::SubPlanExpr>(&expr), runtime);
    case ExprKind::kSqlValue:
      return CompileSqlValue(*planner::As<planner::SqlValueExpr>(&expr), runtime);
    case ExprKind::kCurrentOf:
      return CompileCurrentOf(*planner::As<planner::CurrentOfExpr>(&expr), runtime);
    case ExprKind::kColumnRef:
    case ExprKind::kWholeRow:
    case ExprKind::kAggregate:
    case ExprKind::kWindow:
    case ExprKind::kSubquery:
    case ExprKind::kGrouping:
    case ExprKind::kDefault:
      break;
  }
  return Errorf(sqlstate::kInternalError, "expression of kind %d in a physical plan", static_cast<int>(expr.kind));
}

Result<std::vector<EvaluatorPtr>> CompileAll(std::span<planner::Expr* const> exprs, Runtime& runtime) {
  std::vector<EvaluatorPtr> compiled;
  compiled.reserve(exprs.size());
  for (const planner::Expr* expr : exprs) {
    ASSIGN_OR_RETURN(EvaluatorPtr evaluator, Compile(*expr, runtime));
    compiled.push_back(std::move(evaluator));
  }
  return compiled;
}

Result<types::Value> EvaluateScalar(const planner::Expr& expr, Runtime& runtime) {
  if (const auto* constant = planner::DynAs<planner::ConstExpr>(&expr)) return constant->value;
  const size_t constants = runtime.constants.size();
  ASSIGN_OR_RETURN(EvaluatorPtr evaluator, Compile(expr, runtime));
  // A kept execution comes here with every run.
  runtime.constants.resize(constants);
  const types::Vector* result = nullptr;
  RETURN_IF_ERROR(evaluator->Evaluate(Batch{{}, {nullptr, 1}}, result));
  if (result->IsNull(0)) return types::Value::Null(expr.type);
  return types::Value::FromSlot(expr.type, result->layout(), result->row_slot(0));
}

Result<types::Value> EvaluateConstant(const planner::Expr& expr, ExecutionContext& context) {
  Runtime runtime(context, 0, 0, 0);
  return EvaluateScalar(expr, runtime);
}

Result<Predicate> Predicate::Make(const planner::Expr* condition, Runtime& runtime) {
  Predicate predicate;
  if (condition == nullptr) return predicate;
  if (const auto* conjunction = planner::DynAs<planner::BoolExpr>(condition);
      conjunction != nullptr && conjunction->op == planner::BoolOp::kAnd) {
    ASSIGN_OR_RETURN(predicate.parts_, CompileAll(conjunction->args, runtime));
  } else {
    ASSIGN_OR_RETURN(EvaluatorPtr part, Compile(*condition, runtime));
    predicate.parts_.push_back(std::move(part));
  }
  return predicate;
}

Status Predicate::Filter(Batch& batch) {
  int list = 0;
  for (const EvaluatorPtr& part : parts_) {
    if (batch.rows.count == 0) break;
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(part->Evaluate(batch, value));
    if (value->is_constant()) {
      if (value->IsNull(0) || !value->Get<bool>(0)) batch.rows = {nullptr, 0};
      continue;
    }
    const types::UnifiedView view = value->View();
    types::SelIndex* out = lists_[list].data();
    size_t count = 0;
    const Rows& rows = batch.rows;
    if (view.selection == nullptr && view.validity == nullptr) {
      const bool* truth = reinterpret_cast<const bool*>(view.data);
      for (size_t i = 0; i < rows.count; ++i) {
        const uint32_t row = rows[i];
        out[count] = row;
        count += truth[row];
      }
    } else {
      for (size_t i = 0; i < rows.count; ++i) {
        const uint32_t row = rows[i];
        out[count] = row;
        count += internal::IsTrue(view, row);
      }
    }
    batch.rows = {out, count};
    list ^= 1;
  }
  return Status::Ok();
}

}  // namespace phantom::engine
