// Negation brought down to the comparisons, and conditions of which only the truth counts.
#include "planner/expr_util.h"
#include "planner/rules/rules.h"

namespace phantom::planner {

using namespace types;

namespace {

const catalog::OperatorRow* Negator(BindContext& context, const catalog::OperatorRow* op) {
  return op == nullptr || op->negator == 0 ? nullptr : context.builtins.Operator(op->negator);
}

Expr* Not(BindContext& context, Expr* expr) {
  auto* node = context.arena.New<BoolExpr>();
  node->op = BoolOp::kNot;
  node->type = kBoolOid;
  node->args = {expr};
  return node;
}

TruthTest Opposite(TruthTest test) {
  switch (test) {
    case TruthTest::kTrue: return TruthTest::kNotTrue;
    case TruthTest::kNotTrue: return TruthTest::kTrue;
    case TruthTest::kFalse: return TruthTest::kNotFalse;
    case TruthTest::kNotFalse: return TruthTest::kFalse;
    case TruthTest::kUnknown: return TruthTest::kNotUnknown;
    case TruthTest::kNotUnknown: return TruthTest::kUnknown;
  }
  return test;
}

}  // namespace

Expr* Negate(BindContext& context, Expr* expr) {
  switch (expr->kind) {
    case ExprKind::kConst: {
      auto& value = As<ConstExpr>(expr)->value;
      return value.is_null() ? context.MakeNull(kBoolOid) : static_cast<Expr*>(context.MakeBool(!value.AsBool()));
    }
    case ExprKind::kBool: {
      auto* node = As<BoolExpr>(expr);
      if (node->op == BoolOp::kNot) return node->args[0];
      auto* turned = context.arena.New<BoolExpr>();
      turned->op = node->op == BoolOp::kAnd ? BoolOp::kOr : BoolOp::kAnd;
      turned->type = kBoolOid;
      for (Expr* arg : node->args) turned->args.push_back(Negate(context, arg));
      return turned;
    }
    case ExprKind::kFunction: {
      auto* call = As<FunctionCall>(expr);
      const catalog::OperatorRow* negator = Negator(context, call->op);
      const catalog::FunctionRow* function = negator == nullptr ? nullptr : context.builtins.Function(negator->function);
      if (function == nullptr || call->returns_set) break;
      auto* turned = context.arena.New<FunctionCall>(*call);
      turned->op = negator;
      turned->function = function;
      return turned;
    }
    case ExprKind::kScalarArray: {
      auto* in = As<ScalarArrayExpr>(expr);
      const catalog::OperatorRow* negator = Negator(context, in->op);
      const catalog::FunctionRow* function = negator == nullptr ? nullptr : context.builtins.Function(negator->function);
      if (function == nullptr) break;
      auto* turned = context.arena.New<ScalarArrayExpr>(*in);
      turned->op = negator;
      turned->function = function;
      turned->any = !in->any;
      return turned;
    }
    case ExprKind::kNullTest: {
      // Of a row "is null" and "is not null" can both be false.
      if (As<NullTest>(expr)->row) break;
      auto* turned = context.arena.New<NullTest>(*As<NullTest>(expr));
      turned->is_null = !turned->is_null;
      return turned;
    }
    case ExprKind::kBooleanTest: {
      auto* turned = context.arena.New<BooleanTest>(*As<BooleanTest>(expr));
      turned->test = Opposite(turned->test);
      return turned;
    }
    default:
      break;
  }
  return Not(context, expr);
}

Expr* TruthOnly(BindContext& context, Expr* expr) {
  if (IsConstFalseOrNull(expr)) return context.MakeBool(false);
  auto* node = DynAs<BoolExpr>(expr);
  if (node == nullptr || node->op == BoolOp::kNot) return expr;
  std::vector<Expr*> kept;
  for (Expr* arg : node->args) {
    Expr* part = TruthOnly(context, arg);
    if (IsConstFalseOrNull(part)) {
      if (node->op == BoolOp::kAnd) return part;
      continue;
    }
    if (IsConstTrue(part)) {
      if (node->op == BoolOp::kOr) return part;
      continue;
    }
    kept.push_back(part);
  }
  if (kept.empty()) return context.MakeBool(node->op == BoolOp::kAnd);
  if (kept.size() == 1) return kept[0];
  auto* result = context.arena.New<BoolExpr>(*node);
  result->args = std::move(kept);
  return result;
}

}  // namespace phantom::planner
