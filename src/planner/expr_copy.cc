// Copying and comparing expressions.
#include "planner/expr_util.h"

namespace phantom::planner {

namespace {

Expr* CopyNode(NodeArena& arena, const Expr* expr) {
  switch (expr->kind) {
#define PHANTOM_COPY(kind_name, type_name) \
  case ExprKind::kind_name:                \
    return arena.New<type_name>(*static_cast<const type_name*>(expr));
    PHANTOM_COPY(kConst, ConstExpr)
    PHANTOM_COPY(kColumnRef, ColumnRef)
    PHANTOM_COPY(kWholeRow, WholeRowRef)
    PHANTOM_COPY(kInputRef, InputRef)
    PHANTOM_COPY(kParam, ParamExpr)
    PHANTOM_COPY(kExecParam, ExecParam)
    PHANTOM_COPY(kFunction, FunctionCall)
    PHANTOM_COPY(kAggregate, AggregateCall)
    PHANTOM_COPY(kWindow, WindowCall)
    PHANTOM_COPY(kBool, BoolExpr)
    PHANTOM_COPY(kCase, CaseExpr)
    PHANTOM_COPY(kCaseTest, CaseTest)
    PHANTOM_COPY(kCoalesce, CoalesceExpr)
    PHANTOM_COPY(kMinMax, MinMaxExpr)
    PHANTOM_COPY(kNullIf, NullIfExpr)
    PHANTOM_COPY(kNullTest, NullTest)
    PHANTOM_COPY(kBooleanTest, BooleanTest)
    PHANTOM_COPY(kDistinct, DistinctExpr)
    PHANTOM_COPY(kScalarArray, ScalarArrayExpr)
    PHANTOM_COPY(kArray, ArrayExpr)
    PHANTOM_COPY(kRow, RowExpr)
    PHANTOM_COPY(kRowCompare, RowCompareExpr)
    PHANTOM_COPY(kSubscript, SubscriptExpr)
    PHANTOM_COPY(kFieldSelect, FieldSelect)
    PHANTOM_COPY(kFieldStore, FieldStore)
    PHANTOM_COPY(kCast, CastExpr)
    PHANTOM_COPY(kSubquery, SubqueryExpr)
    PHANTOM_COPY(kSubPlan, SubPlanExpr)
    PHANTOM_COPY(kSqlValue, SqlValueExpr)
    PHANTOM_COPY(kGrouping, GroupingCall)
    PHANTOM_COPY(kCurrentOf, CurrentOfExpr)
    PHANTOM_COPY(kDefault, DefaultExpr)
#undef PHANTOM_COPY
  }
  return nullptr;
}

// What a node says besides its children.
bool SameNode(const Expr* left, const Expr* right) {
  switch (left->kind) {
    case ExprKind::kConst: {
      const auto &a = As<ConstExpr>(left)->value, &b = As<ConstExpr>(right)->value;
      if (a.is_null() || b.is_null()) return a.is_null() == b.is_null();
      return a == b;
    }
    case ExprKind::kColumnRef:
      return As<ColumnRef>(left)->rel == As<ColumnRef>(right)->rel &&
             As<ColumnRef>(left)->column == As<ColumnRef>(right)->column;
    case ExprKind::kWholeRow:
      return As<WholeRowRef>(left)->rel == As<WholeRowRef>(right)->rel;
    case ExprKind::kInputRef:
      return As<InputRef>(left)->index == As<InputRef>(right)->index;
    case ExprKind::kParam:
      return As<ParamExpr>(left)->number == As<ParamExpr>(right)->number;
    case ExprKind::kExecParam:
      return As<ExecParam>(left)->slot == As<ExecParam>(right)->slot;
    case ExprKind::kFunction:
      return As<FunctionCall>(left)->function == As<FunctionCall>(right)->function;
    case ExprKind::kAggregate: {
      auto *a = As<AggregateCall>(left), *b = As<AggregateCall>(right);
      if (a->function != b->function || a->distinct != b->distinct || a->star != b->star || a->query != b->query ||
          a->order_by.size() != b->order_by.size() || (a->filter == nullptr) != (b->filter == nullptr)) {
        return false;
      }
      for (size_t i = 0; i < a->order_by.size(); ++i) {
        const SortKey &x = a->order_by[i], &y = b->order_by[i];
        if (x.less != y.less || x.descending != y.descending || x.nulls_first != y.nulls_first) return false;
      }
      return true;
    }
    case ExprKind::kWindow:
      return As<WindowCall>(left)->function == As<WindowCall>(right)->function &&
             As<WindowCall>(left)->window == As<WindowCall>(right)->window &&
             (As<WindowCall>(left)->filter == nullptr) == (As<WindowCall>(right)->filter == nullptr);
    case ExprKind::kBool:
      return As<BoolExpr>(left)->op == As<BoolExpr>(right)->op;
    case ExprKind::kCase:
      return (As<CaseExpr>(left)->arg == nullptr) == (As<CaseExpr>(right)->arg == nullptr) &&
             As<CaseExpr>(left)->whens.size() == As<CaseExpr>(right)->whens.size();
    case ExprKind::kCaseTest:
      return true;  // of corresponding enclosing nodes
    case ExprKind::kMinMax:
      return As<MinMaxExpr>(left)->greatest == As<MinMaxExpr>(right)->greatest;
    case ExprKind::kNullIf:
      return As<NullIfExpr>(left)->equal == As<NullIfExpr>(right)->equal;
    case ExprKind::kNullTest:
      return As<NullTest>(left)->is_null == As<NullTest>(right)->is_null;
    case ExprKind::kBooleanTest:
      return As<BooleanTest>(left)->test == As<BooleanTest>(right)->test;
    case ExprKind::kDistinct:
      return As<DistinctExpr>(left)->equal == As<DistinctExpr>(right)->equal &&
             As<DistinctExpr>(left)->negated == As<DistinctExpr>(right)->negated;
    case ExprKind::kScalarArray:
      return As<ScalarArrayExpr>(left)->function == As<ScalarArrayExpr>(right)->function &&
             As<ScalarArrayExpr>(left)->any == As<ScalarArrayExpr>(right)->any;
    case ExprKind::kRowCompare:
      return As<RowCompareExpr>(left)->op == As<RowCompareExpr>(right)->op &&
             As<RowCompareExpr>(left)->compare == As<RowCompareExpr>(right)->compare;
    case ExprKind::kSubscript: {
      auto *a = As<SubscriptExpr>(left), *b = As<SubscriptExpr>(right);
      if (a->slice != b->slice || a->indexes.size() != b->indexes.size()) return false;
      for (size_t i = 0; i < a->indexes.size(); ++i) {
        if ((a->indexes[i].lower == nullptr) != (b->indexes[i].lower == nullptr)) return false;
        if ((a->indexes[i].upper == nullptr) != (b->indexes[i].upper == nullptr)) return false;
      }
      return true;
    }
    case ExprKind::kFieldSelect:
      return As<FieldSelect>(left)->field == As<FieldSelect>(right)->field;
    case ExprKind::kFieldStore:
      return As<FieldStore>(left)->fields == As<FieldStore>(right)->fields;
    case ExprKind::kCast:
      return As<CastExpr>(left)->method == As<CastExpr>(right)->method;
    case ExprKind::kSubquery:
    case ExprKind::kSubPlan:
    case ExprKind::kDefault:
      return false;  // only identical nodes are equal
    case ExprKind::kSqlValue:
      return As<SqlValueExpr>(left)->op == As<SqlValueExpr>(right)->op;
    case ExprKind::kGrouping:
      return As<GroupingCall>(left)->query == As<GroupingCall>(right)->query;
    case ExprKind::kCurrentOf:
      return As<CurrentOfExpr>(left)->cursor == As<CurrentOfExpr>(right)->cursor;
    case ExprKind::kArray:
    case ExprKind::kRow:
    case ExprKind::kCoalesce:
      return true;
  }
  return false;
}

}  // namespace

bool Equal(const Expr* left, const Expr* right) {
  if (left == right) return true;
  if (left == nullptr || right == nullptr) return false;
  if (left->kind != right->kind || left->type.oid != right->type.oid || !SameNode(left, right)) return false;
  if (left->type.typmod != right->type.typmod && left->kind == ExprKind::kConst) return false;
  std::vector<const Expr*> a, b;
  ForEachChild(left, [&](const Expr* child) { a.push_back(child); });
  ForEachChild(right, [&](const Expr* child) { b.push_back(child); });
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!Equal(a[i], b[i])) return false;
  }
  return true;
}

Expr* Copy(NodeArena& arena, const Expr* expr, const ReplaceFn& replace) {
  if (expr == nullptr) return nullptr;
  if (replace != nullptr) {
    if (Expr* other = replace(expr)) return other;
  }
  Expr* copy = CopyNode(arena, expr);
  ForEachChild(copy, [&](Expr*& child) { child = Copy(arena, child, replace); });
  if (auto* subquery = DynAs<SubqueryExpr>(copy)) {
    for (Expr*& left : subquery->left) left = Copy(arena, left, replace);
  }
  return copy;
}

}  // namespace phantom::planner
