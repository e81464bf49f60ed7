#include "planner/expr_util.h"

#include <algorithm>

#include "catalog/function.h"
#include "planner/query_util.h"

namespace phantom::planner {

void ForEachChild(Expr* expr, const std::function<void(Expr*&)>& visit) {
  auto one = [&](Expr*& child) {
    if (child != nullptr) visit(child);
  };
  auto all = [&](std::vector<Expr*>& children) {
    for (Expr*& child : children) one(child);
  };
  auto keys = [&](std::vector<SortKey>& list) {
    for (SortKey& key : list) one(key.expr);
  };
  switch (expr->kind) {
    case ExprKind::kConst:
    case ExprKind::kColumnRef:
    case ExprKind::kWholeRow:
    case ExprKind::kInputRef:
    case ExprKind::kParam:
    case ExprKind::kExecParam:
    case ExprKind::kCaseTest:
    case ExprKind::kSqlValue:
    case ExprKind::kCurrentOf:
    case ExprKind::kDefault:
      return;
    case ExprKind::kFunction:
      return all(As<FunctionCall>(expr)->args);
    case ExprKind::kAggregate: {
      auto* node = As<AggregateCall>(expr);
      all(node->args);
      keys(node->order_by);
      return one(node->filter);
    }
    case ExprKind::kWindow: {
      auto* node = As<WindowCall>(expr);
      all(node->args);
      return one(node->filter);
    }
    case ExprKind::kBool:
      return all(As<BoolExpr>(expr)->args);
    case ExprKind::kCase: {
      auto* node = As<CaseExpr>(expr);
      one(node->arg);
      for (CaseExpr::When& when : node->whens) {
        one(when.condition);
        one(when.result);
      }
      return one(node->otherwise);
    }
    case ExprKind::kCoalesce:
      return all(As<CoalesceExpr>(expr)->args);
    case ExprKind::kMinMax:
      return all(As<MinMaxExpr>(expr)->args);
    case ExprKind::kNullIf: {
      auto* node = As<NullIfExpr>(expr);
      bool shared = node->left_compared == node->left;
      one(node->left);
      if (shared) {
        node->left_compared = node->left;
      } else {
        one(node->left_compared);
      }
      return one(node->right);
    }
    case ExprKind::kNullTest:
      return one(As<NullTest>(expr)->arg);
    case ExprKind::kBooleanTest:
      return one(As<BooleanTest>(expr)->arg);
    case ExprKind::kDistinct:
      one(As<DistinctExpr>(expr)->left);
      return one(As<DistinctExpr>(expr)->right);
    case ExprKind::kScalarArray:
      one(As<ScalarArrayExpr>(expr)->scalar);
      return one(As<ScalarArrayExpr>(expr)->array);
    case ExprKind::kArray:
      return all(As<ArrayExpr>(expr)->elements);
    case ExprKind::kRow:
      return all(As<RowExpr>(expr)->fields);
    case ExprKind::kRowCompare:
      all(As<RowCompareExpr>(expr)->left);
      return all(As<RowCompareExpr>(expr)->right);
    case ExprKind::kSubscript: {
      auto* node = As<SubscriptExpr>(expr);
      one(node->container);
      for (SubscriptExpr::Index& index : node->indexes) {
        one(index.lower);
        one(index.upper);
      }
      return one(node->assigned);
    }
    case ExprKind::kFieldSelect:
      return one(As<FieldSelect>(expr)->arg);
    case ExprKind::kFieldStore:
      one(As<FieldStore>(expr)->arg);
      return all(As<FieldStore>(expr)->values);
    case ExprKind::kCast: {
      auto* node = As<CastExpr>(expr);
      one(node->arg);
      one(node->element);
      for (CastExpr::Check& check : node->checks) one(check.condition);
      return;
    }
    case ExprKind::kSubquery:
      one(As<SubqueryExpr>(expr)->test);
      return;
    case ExprKind::kSubPlan: {
      auto* node = As<SubPlanExpr>(expr);
      all(node->args);
      one(node->test);
      return all(node->hash_left);
    }
    case ExprKind::kGrouping:
      return all(As<GroupingCall>(expr)->args);
  }
}

void ForEachChild(const Expr* expr, const std::function<void(const Expr*)>& visit) {
  ForEachChild(const_cast<Expr*>(expr), [&](Expr*& child) { visit(child); });
}

void Walk(const Expr* expr, const std::function<bool(const Expr*)>& visit) {
  if (expr == nullptr || !visit(expr)) return;
  ForEachChild(expr, [&](const Expr* child) { Walk(child, visit); });
}

bool Contains(const Expr* expr, const std::function<bool(const Expr*)>& test) {
  bool found = false;
  Walk(expr, [&](const Expr* node) {
    if (found) return false;
    found = test(node);
    return !found;
  });
  return found;
}

bool ReturnsSet(const Expr* expr) {
  return Contains(expr, [](const Expr* node) {
    auto* call = DynAs<FunctionCall>(node);
    return call != nullptr && call->returns_set;
  });
}

bool IsVolatile(const Expr* expr) {
  return Contains(expr, [](const Expr* node) {
    if (auto* call = DynAs<FunctionCall>(node)) return call->function->volatility == catalog::Volatility::kVolatile;
    if (auto* subquery = DynAs<SubqueryExpr>(node)) return QueryIsVolatile(*subquery->query);
    return false;
  });
}

bool ContainsSubquery(const Expr* expr) {
  return Contains(expr, [](const Expr* node) {
    return node->kind == ExprKind::kSubquery || node->kind == ExprKind::kSubPlan;
  });
}

bool ContainsAggregate(const Expr* expr) {
  return Contains(expr, [](const Expr* node) { return node->kind == ExprKind::kAggregate; });
}

bool IsConstant(const Expr* expr) { return expr->kind == ExprKind::kConst; }
bool IsConstNull(const Expr* expr) {
  auto* node = DynAs<ConstExpr>(expr);
  return node != nullptr && node->value.is_null();
}
bool IsConstTrue(const Expr* expr) {
  auto* node = DynAs<ConstExpr>(expr);
  return node != nullptr && !node->value.is_null() && node->value.AsBool();
}
bool IsConstFalseOrNull(const Expr* expr) {
  auto* node = DynAs<ConstExpr>(expr);
  return node != nullptr && (node->value.is_null() || !node->value.AsBool());
}

void CollectColumns(const Expr* expr, std::set<ColumnId>& columns) {
  Walk(expr, [&](const Expr* node) {
    if (auto* column = DynAs<ColumnRef>(node)) columns.insert({column->rel, column->column});
    if (auto* subquery = DynAs<SubqueryExpr>(node)) {
      ForEachQueryExpr(*subquery->query, [&](Expr*& inner) { CollectColumns(inner, columns); });
    }
    return true;
  });
}

void CollectRels(const Expr* expr, std::set<RelId>& rels) {
  Walk(expr, [&](const Expr* node) {
    if (auto* column = DynAs<ColumnRef>(node)) rels.insert(column->rel);
    if (auto* row = DynAs<WholeRowRef>(node)) rels.insert(row->rel);
    if (auto* subquery = DynAs<SubqueryExpr>(node)) {
      ForEachQueryExpr(*subquery->query, [&](Expr*& inner) { CollectRels(inner, rels); });
    }
    return true;
  });
}

void SplitAnd(Expr* expr, std::vector<Expr*>& conjuncts) {
  if (expr == nullptr) return;
  auto* node = DynAs<BoolExpr>(expr);
  if (node != nullptr && node->op == BoolOp::kAnd) {
    for (Expr* arg : node->args) SplitAnd(arg, conjuncts);
    return;
  }
  conjuncts.push_back(expr);
}

Expr* JoinAnd(NodeArena& arena, std::span<Expr* const> conjuncts) {
  if (conjuncts.empty()) return nullptr;
  if (conjuncts.size() == 1) return conjuncts[0];
  auto* node = arena.New<BoolExpr>();
  node->type = types::kBoolOid;
  node->args.assign(conjuncts.begin(), conjuncts.end());
  return node;
}

Expr* FactorOr(NodeArena& arena, Expr* expr) {
  auto* node = DynAs<BoolExpr>(expr);
  if (node == nullptr || node->op != BoolOp::kOr || node->args.size() < 2) return expr;
  std::vector<std::vector<Expr*>> branches;
  for (Expr* arg : node->args) SplitAnd(arg, branches.emplace_back());
  auto holds = [](const std::vector<Expr*>& conjuncts, const Expr* wanted) {
    return std::any_of(conjuncts.begin(), conjuncts.end(), [&](const Expr* one) { return Equal(one, wanted); });
  };
  std::vector<Expr*> common;
  for (Expr* candidate : branches[0]) {
    const bool everywhere = std::all_of(branches.begin(), branches.end(),
                                        [&](const std::vector<Expr*>& branch) { return holds(branch, candidate); });
    if (everywhere && !holds(common, candidate)) common.push_back(candidate);
  }
  if (common.empty()) return expr;
  std::vector<Expr*> rest;
  for (std::vector<Expr*>& branch : branches) {
    std::erase_if(branch, [&](const Expr* conjunct) { return holds(common, conjunct); });
    // a OR (a AND b) is a.
    if (branch.empty()) return JoinAnd(arena, common);
    rest.push_back(JoinAnd(arena, branch));
  }
  auto* either = arena.New<BoolExpr>();
  either->op = BoolOp::kOr;
  either->type = types::kBoolOid;
  either->args = std::move(rest);
  common.push_back(either);
  return JoinAnd(arena, common);
}

}  // namespace phantom::planner
