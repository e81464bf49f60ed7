// Operators and the constructs written like them: IN, BETWEEN, IS DISTINCT FROM, NULLIF, ANY/ALL over arrays, rows.
#include <algorithm>

#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
using catalog::OperatorRow;
using parser::DynCast;

Result<Expr*> Binder::MakeOperator(std::string_view name, Expr* left, Expr* right, int32_t location) {
  return MakeOperator(ast::NameList(&name, 1), left, right, location);
}

Result<Expr*> Binder::MakeOperator(ast::NameList name, Expr* left, Expr* right, int32_t location) {
  Oid left_type = left == nullptr ? 0 : left->type.oid;
  ASSIGN_OR_RETURN(const OperatorRow* op, resolver_.Operator(name, left_type, right->type.oid, location));
  const catalog::FunctionRow* function = resolver_.FunctionOf(op);
  if (function == nullptr) {
    return Errorf(sqlstate::kUndefinedFunction, "operator is only a shell: %s",
                  resolver_.OperatorSignature(name, left_type, right->type.oid).c_str())
        .At(location);
  }
  std::vector<Oid> actual, declared;
  auto* call = ctx_.arena.New<FunctionCall>();
  if (left != nullptr) {
    call->args.push_back(left);
    actual.push_back(left_type);
    declared.push_back(op->left);
  }
  call->args.push_back(right);
  actual.push_back(right->type.oid);
  declared.push_back(op->right);
  ASSIGN_OR_RETURN(Oid result, coerce_.ResolvePolymorphic(actual, declared, op->result));
  Oid collation = 0;
  for (size_t i = 0; i < call->args.size(); ++i) {
    ASSIGN_OR_RETURN(call->args[i], coerce_.ToType(call->args[i], declared[i], -1, CoercionContext::kImplicit,
                                                   CallForm::kImplicitCast, -1));
    if (collation == 0) collation = call->args[i]->collation;
  }
  call->function = function;
  call->op = op;
  call->form = CallForm::kOperator;
  call->type = Type(result);
  call->returns_set = function->returns_set;
  const catalog::TypeRow* row = ctx_.TypeOf(result);
  call->collation = row != nullptr && row->collation != 0 ? (collation != 0 ? collation : row->collation) : 0;
  call->location = location;
  return call;
}

Result<Expr*> Binder::Operation(Scope& scope, const ast::OperatorExpr& node) {
  using Kind = ast::OperatorExprKind;
  switch (node.op) {
    case Kind::kOp:
    case Kind::kLike:
    case Kind::kILike:
    case Kind::kSimilar:
      break;
    case Kind::kOpAny:
    case Kind::kOpAll: {
      ASSIGN_OR_RETURN(Expr * left, Transform(scope, node.left));
      ASSIGN_OR_RETURN(Expr * right, Transform(scope, node.right));
      return OperatorOverArray(node.name, node.op == Kind::kOpAny, left, right, node.location);
    }
    case Kind::kDistinct:
    case Kind::kNotDistinct:
      return Distinct(scope, node);
    case Kind::kNullIf:
      return NullIf(scope, node);
    case Kind::kIn:
      return In(scope, node);
    case Kind::kBetween:
    case Kind::kNotBetween:
    case Kind::kBetweenSymmetric:
    case Kind::kNotBetweenSymmetric:
      return Between(scope, node);
  }
  // transform_null_equals: x = NULL is meant as x IS NULL.
  auto is_null_literal = [](const ast::Node* side) {
    auto* constant = DynCast<ast::Constant>(side);
    return constant != nullptr && constant->type == ast::ConstantType::kNull;
  };
  if (ctx_.planner.settings.transform_null_equals && node.name.size() == 1 && node.name[0] == "=" &&
      (is_null_literal(node.left) || is_null_literal(node.right))) {
    auto* test = ctx_.arena.New<NullTest>();
    ASSIGN_OR_RETURN(test->arg, Transform(scope, is_null_literal(node.right) ? node.left : node.right));
    test->type = kBoolOid;
    test->location = node.location;
    return test;
  }
  // (a, b) op (SELECT x, y ...) is a row comparison with the subquery's row.
  auto* left_row = DynCast<ast::RowExpr>(node.left);
  auto* sublink = DynCast<ast::SubLink>(node.right);
  if (left_row != nullptr && sublink != nullptr && sublink->type == ast::SubLinkType::kExpr) {
    ast::SubLink compare = *sublink;
    compare.type = ast::SubLinkType::kRowCompare;
    compare.test = node.left;
    compare.op = node.name;
    compare.location = node.location;
    return SubLink(scope, compare);
  }
  const bool rows = left_row != nullptr && DynCast<ast::RowExpr>(node.right) != nullptr;
  ASSIGN_OR_RETURN(Expr * left, rows ? Operand(scope, node.left) : Transform(scope, node.left));
  const Expr* last_set = scope.last_set_function;
  ASSIGN_OR_RETURN(Expr * right, rows ? Operand(scope, node.right) : Transform(scope, node.right));
  if (rows) return RowCompare(node.name, As<RowExpr>(left), As<RowExpr>(right), node.location);
  ASSIGN_OR_RETURN(Expr * result, MakeOperator(node.name, left, right, node.location));
  if (auto* call = DynAs<FunctionCall>(result); call != nullptr && call->returns_set) {
    RETURN_IF_ERROR(CheckSetFunction(scope, result, last_set, node.location));
  }
  return result;
}

Result<Expr*> Binder::OperatorOverArray(ast::NameList name, bool any, Expr* scalar, Expr* array, int32_t location) {
  Oid array_type = array->type.oid;
  Oid element = kUnknownOid;
  if (array_type != kUnknownOid) {
    element = coerce_.ElementOf(array_type);
    if (element == 0) {
      return Error(sqlstate::kWrongObjectType, "op ANY/ALL (array) requires array on right side").At(location);
    }
  }
  ASSIGN_OR_RETURN(const OperatorRow* op, resolver_.Operator(name, scalar->type.oid, element, location));
  const catalog::FunctionRow* function = resolver_.FunctionOf(op);
  std::vector<Oid> actual = {scalar->type.oid, element};
  std::vector<Oid> declared = {op->left, op->right};
  ASSIGN_OR_RETURN(Oid result, coerce_.ResolvePolymorphic(actual, declared, op->result));
  if (result != kBoolOid) {
    return Error(sqlstate::kWrongObjectType, "op ANY/ALL (array) requires operator to yield boolean").At(location);
  }
  if (function->returns_set) {
    return Error(sqlstate::kWrongObjectType, "op ANY/ALL (array) requires operator not to return a set").At(location);
  }
  Oid target;
  if (IsPolymorphic(declared[1])) {
    target = array_type;
  } else {
    target = coerce_.ArrayOf(declared[1]);
    if (target == 0) {
      return Errorf(sqlstate::kUndefinedObject, "could not find array type for data type %s",
                    ctx_.TypeName(declared[1]).c_str())
          .At(location);
    }
  }
  auto* node = ctx_.arena.New<ScalarArrayExpr>();
  ASSIGN_OR_RETURN(node->scalar, coerce_.ToType(scalar, declared[0], -1, CoercionContext::kImplicit,
                                                CallForm::kImplicitCast, -1));
  ASSIGN_OR_RETURN(node->array, coerce_.ToType(array, target, -1, CoercionContext::kImplicit,
                                               CallForm::kImplicitCast, -1));
  node->function = function;
  node->op = op;
  node->any = any;
  node->type = kBoolOid;
  node->location = location;
  return node;
}

// x IN (a, b, c): ANY over an array of what has a common type with x; what refers to columns stays an OR of comparisons.
Result<Expr*> Binder::In(Scope& scope, const ast::OperatorExpr& node) {
  bool any = node.name[0] == "=";
  auto& list = parser::Cast<ast::ListNode>(*node.right);
  ASSIGN_OR_RETURN(Expr * left, Operand(scope, node.left));
  bool row = left->kind == ExprKind::kRow;
  std::vector<Expr*> values, plain;
  for (const ast::Node* item : list.items) {
    ASSIGN_OR_RETURN(Expr * value, Operand(scope, item));
    row = row || value->kind == ExprKind::kRow;
    values.push_back(value);
    if (!Contains(value, [](const Expr* e) { return e->kind == ExprKind::kColumnRef || e->kind == ExprKind::kSubquery || e->kind == ExprKind::kWholeRow; })) {
      plain.push_back(value);
    }
  }
  std::vector<Expr*> tests;
  std::vector<Expr*> rest = values;
  if (plain.size() > 1 && !row) {
    std::vector<Expr*> all = {left};
    all.insert(all.end(), plain.begin(), plain.end());
    ASSIGN_OR_RETURN(Oid common, coerce_.CommonType(all, nullptr));
    bool fits = common != 0 && common != kRecordOid;
    for (Expr* value : plain) {
      fits = fits && (value->type.oid == kUnknownOid || coerce_.CanCoerce(value->type.oid, common, CoercionContext::kImplicit));
    }
    Oid array_type = fits ? coerce_.ArrayOf(common) : 0;
    if (array_type != 0) {
      auto* array = ctx_.arena.New<ArrayExpr>();
      for (Expr* value : plain) {
        ASSIGN_OR_RETURN(value, coerce_.ToCommon(value, common, "IN"));
        array->elements.push_back(value);
      }
      array->element = Type(common);
      array->type = Type(array_type);
      array->collation = array->elements[0]->collation;
      ASSIGN_OR_RETURN(Expr * test, OperatorOverArray(node.name, any, left, array, node.location));
      tests.push_back(test);
      rest.clear();
      for (Expr* value : values) {
        if (std::find(plain.begin(), plain.end(), value) == plain.end()) rest.push_back(value);
      }
    }
  }
  for (Expr* value : rest) {
    Expr* copy = Copy(ctx_.arena, left);
    Expr* test;
    if (row) {
      if (copy->kind != ExprKind::kRow || value->kind != ExprKind::kRow) {
        RETURN_IF_ERROR(CloseRow(copy));
        RETURN_IF_ERROR(CloseRow(value));
        ASSIGN_OR_RETURN(test, MakeOperator(node.name, copy, value, node.location));
      } else {
        ASSIGN_OR_RETURN(test, RowCompare(node.name, As<RowExpr>(copy), As<RowExpr>(value), node.location));
      }
    } else {
      ASSIGN_OR_RETURN(test, MakeOperator(node.name, copy, value, node.location));
    }
    ASSIGN_OR_RETURN(test, coerce_.ToBoolean(test, "IN"));
    tests.push_back(test);
  }
  if (tests.size() == 1) return tests[0];
  return MakeBool(any ? BoolOp::kOr : BoolOp::kAnd, std::move(tests), node.location);
}

Result<Expr*> Binder::Between(Scope& scope, const ast::OperatorExpr& node) {
  using Kind = ast::OperatorExprKind;
  auto& bounds = parser::Cast<ast::ListNode>(*node.right);
  auto side = [&](std::string_view op, const ast::Node* bound) -> Result<Expr*> {
    ASSIGN_OR_RETURN(Expr * left, Operand(scope, node.left));
    ASSIGN_OR_RETURN(Expr * right, Operand(scope, bound));
    if (left->kind == ExprKind::kRow && right->kind == ExprKind::kRow) {
      return RowCompare(ast::NameList(&op, 1), As<RowExpr>(left), As<RowExpr>(right), node.location);
    }
    RETURN_IF_ERROR(CloseRow(left));
    RETURN_IF_ERROR(CloseRow(right));
    ASSIGN_OR_RETURN(Expr * test, MakeOperator(op, left, right, node.location));
    return coerce_.ToBoolean(test, "BETWEEN");
  };
  auto pair = [&](bool inside, const ast::Node* low, const ast::Node* high) -> Result<Expr*> {
    ASSIGN_OR_RETURN(Expr * first, side(inside ? ">=" : "<", low));
    ASSIGN_OR_RETURN(Expr * second, side(inside ? "<=" : ">", high));
    return MakeBool(inside ? BoolOp::kAnd : BoolOp::kOr, {first, second}, node.location);
  };
  const ast::Node *low = bounds.items[0], *high = bounds.items[1];
  switch (node.op) {
    case Kind::kBetween:
      return pair(true, low, high);
    case Kind::kNotBetween:
      return pair(false, low, high);
    default: {
      bool inside = node.op == Kind::kBetweenSymmetric;
      ASSIGN_OR_RETURN(Expr * one, pair(inside, low, high));
      ASSIGN_OR_RETURN(Expr * two, pair(inside, high, low));
      return MakeBool(inside ? BoolOp::kOr : BoolOp::kAnd, {one, two}, node.location);
    }
  }
}

Result<Expr*> Binder::MakeDistinct(Expr* left, Expr* right, int32_t location) {
  ASSIGN_OR_RETURN(Expr * equal, MakeOperator("=", left, right, location));
  auto* call = As<FunctionCall>(equal);
  if (call->type.oid != kBoolOid) {
    return Error(sqlstate::kDatatypeMismatch, "IS DISTINCT FROM requires = operator to yield boolean").At(location);
  }
  auto* node = ctx_.arena.New<DistinctExpr>();
  node->equal = call->function;
  node->op = call->op;
  node->left = call->args[0];
  node->right = call->args[1];
  node->type = kBoolOid;
  node->location = location;
  return node;
}

Result<Expr*> Binder::Distinct(Scope& scope, const ast::OperatorExpr& node) {
  bool negated = node.op == ast::OperatorExprKind::kNotDistinct;
  ASSIGN_OR_RETURN(Expr * left, Operand(scope, node.left));
  ASSIGN_OR_RETURN(Expr * right, Operand(scope, node.right));
  // Against a NULL literal it is a null test.
  auto null_literal = [](Expr* e) { return e->kind == ExprKind::kConst && e->type.oid == kUnknownOid && IsConstNull(e); };
  if (null_literal(right) || null_literal(left)) {
    auto* test = ctx_.arena.New<NullTest>();
    test->arg = null_literal(right) ? left : right;
    RETURN_IF_ERROR(CloseRow(test->arg));
    test->is_null = negated;
    test->type = kBoolOid;
    test->location = node.location;
    return test;
  }
  Expr* result;
  if (left->kind == ExprKind::kRow && right->kind == ExprKind::kRow) {
    ASSIGN_OR_RETURN(result, RowDistinct(As<RowExpr>(left), As<RowExpr>(right), node.location));
    if (negated) result = MakeBool(BoolOp::kNot, {result}, node.location);
    return result;
  }
  RETURN_IF_ERROR(CloseRow(left));
  RETURN_IF_ERROR(CloseRow(right));
  ASSIGN_OR_RETURN(result, MakeDistinct(left, right, node.location));
  As<DistinctExpr>(result)->negated = negated;
  return result;
}

Result<Expr*> Binder::NullIf(Scope& scope, const ast::OperatorExpr& node) {
  ASSIGN_OR_RETURN(Expr * left, Transform(scope, node.left));
  ASSIGN_OR_RETURN(Expr * right, Transform(scope, node.right));
  ASSIGN_OR_RETURN(Expr * equal, MakeOperator(node.name, left, right, node.location));
  auto* call = As<FunctionCall>(equal);
  if (call->type.oid != kBoolOid) {
    return Error(sqlstate::kDatatypeMismatch, "NULLIF requires = operator to yield boolean").At(node.location);
  }
  auto* result = ctx_.arena.New<NullIfExpr>();
  result->equal = call->function;
  result->op = call->op;
  // The result has the type of the left side as the operator takes it, as in PostgreSQL.
  result->left = result->left_compared = call->args[0];
  result->right = call->args[1];
  result->type = result->left->type;
  if (left->type.oid == result->left->type.oid) result->type = left->type;
  result->collation = result->left->collation;
  result->location = node.location;
  return result;
}

}  // namespace phantom::planner
