#include <algorithm>

#include "catalog/function.h"
#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/query_util.h"
#include "planner/rules/rules.h"
#include "types/civil.h"

namespace phantom::planner {

using namespace types;

namespace {

// May the node be evaluated now, its arguments being constants?
bool Foldable(const Expr* expr) {
  switch (expr->kind) {
    case ExprKind::kFunction: {
      auto* call = As<FunctionCall>(expr);
      return call->function->volatility == catalog::Volatility::kImmutable && !call->returns_set &&
             call->type.oid != kRecordOid;
    }
    case ExprKind::kCast:
      // Casts through text depend on settings for most types; only those between strings do not.
      return As<CastExpr>(expr)->method == CastMethod::kRelabel ||
             (As<CastExpr>(expr)->method == CastMethod::kViaIo && IsTextLike(As<CastExpr>(expr)->arg->type.oid) && IsTextLike(expr->type.oid));
    case ExprKind::kDistinct:
    case ExprKind::kScalarArray:
    case ExprKind::kArray:
    case ExprKind::kNullTest:
    case ExprKind::kBooleanTest:
    case ExprKind::kNullIf:
    case ExprKind::kMinMax:
      return true;
    default:
      return false;
  }
}

bool AllConstant(const Expr* expr) {
  bool all = true;
  ForEachChild(expr, [&](const Expr* child) { all = all && child->kind == ExprKind::kConst; });
  return all;
}

// A date against a timestamp is a date against a day: that is asked of an index, of statistics and of rows more cheaply.
void CompareDays(BindContext& context, Expr*& expr) {
  auto* call = As<FunctionCall>(expr);
  if (call->op == nullptr || call->args.size() != 2) return;
  const bool turned = call->args[0]->kind == ExprKind::kConst;
  auto* constant = DynAs<ConstExpr>(call->args[turned ? 0 : 1]);
  const Expr* date = call->args[turned ? 1 : 0];
  if (constant == nullptr || constant->value.is_null() || constant->type.oid != kTimestampOid || date->type.oid != kDateOid) return;
  const int64_t micros = constant->value.AsInt64();
  if (!IsFiniteTimestamp(micros)) return;
  int64_t day = micros / kMicrosPerDay;
  if (micros % kMicrosPerDay < 0) --day;
  std::string_view name = call->op->name;
  static constexpr std::string_view kComparisons[] = {"<", "<=", "=", "<>", ">=", ">"};
  if (std::ranges::find(kComparisons, name) == std::end(kComparisons)) return;
  if (day * kMicrosPerDay != micros) {
    // Past the day's beginning the day itself is below.
    const bool below = turned ? name.starts_with('>') : name.starts_with('<');
    if (name == "=" || name == "<>") return;
    name = below ? (turned ? ">=" : "<=") : (turned ? "<" : ">");
  }
  const auto days = static_cast<int32_t>(day);
  for (const catalog::OperatorRow* op : context.builtins.Operators(name)) {
    if (op->left != kDateOid || op->right != kDateOid) continue;
    auto* same = As<FunctionCall>(Copy(context.arena, call));
    same->op = op;
    same->function = context.builtins.Function(op->function);
    same->args[turned ? 0 : 1] = context.MakeConst(Value::FromSlot(Type(kDateOid), Layout::kInt32, &days), kDateOid, constant->location);
    expr = same;
    return;
  }
}

void FoldBool(BindContext& context, Expr*& expr) {
  auto* node = As<BoolExpr>(expr);
  if (node->op == BoolOp::kNot) {
    Expr* turned = Negate(context, node->args[0]);
    auto* negation = DynAs<BoolExpr>(turned);
    if (negation != nullptr && negation->op == BoolOp::kNot) return;
    expr = turned;
    if (negation != nullptr) FoldBool(context, expr);
    return;
  }
  bool is_and = node->op == BoolOp::kAnd;
  std::vector<Expr*> kept;
  bool null = false;
  for (Expr* arg : node->args) {
    auto* constant = DynAs<ConstExpr>(arg);
    if (constant == nullptr) {
      if (auto* same = DynAs<BoolExpr>(arg); same != nullptr && same->op == node->op) {
        kept.insert(kept.end(), same->args.begin(), same->args.end());
      } else {
        kept.push_back(arg);
      }
      continue;
    }
    if (constant->value.is_null()) {
      null = true;
    } else if (constant->value.AsBool() != is_and) {
      expr = context.MakeBool(!is_and);
      return;
    }
  }
  if (null) kept.push_back(context.MakeNull(kBoolOid));
  if (kept.empty()) {
    expr = context.MakeBool(is_and);
  } else if (kept.size() == 1) {
    expr = kept[0];
  } else {
    node->args = std::move(kept);
  }
}

void FoldCase(BindContext& context, Expr*& expr) {
  auto* node = As<CaseExpr>(expr);
  if (node->arg != nullptr) return;
  std::vector<CaseExpr::When> kept;
  for (CaseExpr::When& when : node->whens) {
    if (IsConstFalseOrNull(when.condition)) continue;
    if (IsConstTrue(when.condition)) {
      node->otherwise = when.result;
      break;
    }
    kept.push_back(when);
  }
  if (kept.empty()) {
    expr = node->otherwise == nullptr ? context.MakeNull(node->type) : node->otherwise;
    return;
  }
  node->whens = std::move(kept);
}

}  // namespace

void FoldConstants(BindContext& context, Expr*& expr) {
  if (expr == nullptr || expr->kind == ExprKind::kConst) return;
  if (expr->kind == ExprKind::kCase) {
    // Branches are folded only as far as the conditions leave them: what never runs must not fail.
    auto* node = As<CaseExpr>(expr);
    if (node->arg != nullptr) FoldConstants(context, node->arg);
    std::vector<CaseExpr::When> kept;
    for (CaseExpr::When& when : node->whens) {
      FoldConstants(context, when.condition);
      if (node->arg == nullptr && IsConstFalseOrNull(when.condition)) continue;
      FoldConstants(context, when.result);
      kept.push_back(when);
      if (node->arg == nullptr && IsConstTrue(when.condition)) {
        node->otherwise = when.result;
        kept.pop_back();
        break;
      }
    }
    node->whens = std::move(kept);
    if (node->otherwise != nullptr) FoldConstants(context, node->otherwise);
    if (node->whens.empty()) {
      expr = node->otherwise == nullptr ? context.MakeNull(node->type) : node->otherwise;
    } else {
      FoldCase(context, expr);
    }
    return;
  }
  if (auto* subquery = DynAs<SubqueryExpr>(expr)) {
    if (subquery->test != nullptr) FoldConstants(context, subquery->test);
    return;  // its query is folded when it is planned
  }
  ForEachChild(expr, [&](Expr*& child) { FoldConstants(context, child); });
  if (auto* null_if = DynAs<NullIfExpr>(expr)) {
    if (null_if->left_compared->kind == ExprKind::kConst && null_if->left->kind == ExprKind::kConst) null_if->left_compared = null_if->left;
  }
  switch (expr->kind) {
    case ExprKind::kBool:
      return FoldBool(context, expr);
    case ExprKind::kCoalesce: {
      auto* node = As<CoalesceExpr>(expr);
      std::vector<Expr*> kept;
      for (Expr* arg : node->args) {
        if (IsConstNull(arg)) continue;
        kept.push_back(arg);
        if (arg->kind == ExprKind::kConst) break;
      }
      if (kept.empty()) {
        expr = context.MakeNull(node->type);
      } else if (kept.size() == 1) {
        expr = kept[0];
      } else {
        node->args = std::move(kept);
      }
      return;
    }
    case ExprKind::kFunction: {
      // A strict call with a null argument is null, whatever the others are.
      auto* call = As<FunctionCall>(expr);
      if (call->function->strict && !call->returns_set && call->function->volatility != catalog::Volatility::kVolatile &&
          std::any_of(call->args.begin(), call->args.end(), [](Expr* arg) { return IsConstNull(arg); })) {
        expr = context.MakeNull(call->type, call->location);
        return;
      }
      CompareDays(context, expr);
      break;
    }
    default:
      break;
  }
  if (context.planner.service == nullptr || !Foldable(expr) || !AllConstant(expr)) return;
  auto value = context.planner.service->Evaluate(*expr);
  if (!value.ok()) return;  // the error belongs to the run, if it comes to that
  auto* constant = context.MakeConst(std::move(value).value(), expr->type, expr->location);
  constant->value.Retype(expr->type);
  constant->collation = expr->collation;
  expr = constant;
}

void FoldConstants(BindContext& context, LogicalNode& node) {
  ForEachExpr(node, [&](Expr*& expr) { FoldConstants(context, expr); });
  for (LogicalNode* child : node.children) FoldConstants(context, *child);
  auto split = [&](std::vector<Expr*>& from, bool truth_only) {
    std::vector<Expr*> conditions;
    for (Expr* condition : from) {
      if (truth_only) condition = TruthOnly(context, condition);
      if (!IsConstTrue(condition)) SplitAnd(FactorOr(context.arena, condition), conditions);
    }
    from = std::move(conditions);
  };
  if (auto* filter = DynAs<LogicalFilter>(&node)) split(filter->conditions, true);
  if (auto* join = DynAs<LogicalJoin>(&node)) {
    // NOT IN and IN as a value tell null from false.
    split(join->conditions, join->type != JoinType::kMark && !join->null_aware);
  }
}

}  // namespace phantom::planner
