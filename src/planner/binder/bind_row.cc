// Row constructors, and rows compared field by field.
#include <algorithm>

#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
using catalog::OperatorRow;
using parser::DynCast;

Result<Expr*> Binder::OpenRow(Scope& scope, const ast::RowExpr& node) {
  auto* result = ctx_.arena.New<RowExpr>();
  result->implicit = node.form == ast::CoercionForm::kImplicitCast;
  result->location = node.location;
  result->type = kRecordOid;
  for (const ast::Node* item : node.args) {
    // ROW(t.*) spreads the columns.
    auto* ref = DynCast<ast::ColumnRef>(item);
    if (ref != nullptr && ref->star) {
      std::vector<Target> columns;
      RETURN_IF_ERROR(ExpandStar(scope, *ref, columns, scope.use));
      for (Target& column : columns) result->fields.push_back(column.expr);
      continue;
    }
    auto* steps = DynCast<ast::Indirection>(item);
    if (steps != nullptr && !steps->steps.empty() && steps->steps.back().kind == ast::IndirectionStep::Kind::kStar) {
      ast::Indirection inner = *steps;
      inner.steps = steps->steps.first(steps->steps.size() - 1);
      ASSIGN_OR_RETURN(Expr * row, inner.steps.empty() ? Transform(scope, inner.arg) : Indirect(scope, inner));
      std::vector<Target> columns;
      RETURN_IF_ERROR(ExpandRow(row, node.location, columns));
      for (Target& column : columns) result->fields.push_back(column.expr);
      continue;
    }
    ASSIGN_OR_RETURN(Expr * field, Transform(scope, item));
    result->fields.push_back(field);
  }
  constexpr size_t kRowFieldsMax = 1664;
  if (result->fields.size() > kRowFieldsMax) {
    return Errorf(sqlstate::kTooManyColumns, "ROW expressions can have at most %zu entries", kRowFieldsMax).At(node.location);
  }
  for (size_t i = 0; i < result->fields.size(); ++i) result->names.push_back("f" + std::to_string(i + 1));
  return result;
}

Result<Expr*> Binder::Row(Scope& scope, const ast::RowExpr& node) {
  ASSIGN_OR_RETURN(Expr * row, OpenRow(scope, node));
  RETURN_IF_ERROR(CloseRow(row));
  return row;
}

Result<Expr*> Binder::Operand(Scope& scope, const ast::Node* node) {
  if (auto* row = DynCast<ast::RowExpr>(node)) return OpenRow(scope, *row);
  return Transform(scope, node);
}

Status Binder::CloseRow(Expr* expr) {
  auto* row = DynAs<RowExpr>(expr);
  if (row == nullptr) return Status::Ok();
  for (Expr*& field : row->fields) {
    if (field->type.oid != kUnknownOid) continue;
    ASSIGN_OR_RETURN(field, coerce_.ToType(field, kTextOid, -1, CoercionContext::kImplicit, CallForm::kImplicitCast, -1));
  }
  return Status::Ok();
}

Result<Expr*> Binder::RowDistinct(RowExpr* left, RowExpr* right, int32_t location) {
  if (left->fields.size() != right->fields.size()) {
    return Error(sqlstate::kSyntaxError, "unequal number of entries in row expressions").At(location);
  }
  std::vector<Expr*> tests;
  for (size_t i = 0; i < left->fields.size(); ++i) {
    ASSIGN_OR_RETURN(Expr * test, MakeDistinct(left->fields[i], right->fields[i], location));
    tests.push_back(test);
  }
  if (tests.empty()) return ctx_.MakeBool(false);
  if (tests.size() == 1) return tests[0];
  return MakeBool(BoolOp::kOr, std::move(tests), location);
}

Result<Expr*> Binder::RowCompare(ast::NameList name, RowExpr* left, RowExpr* right, int32_t location) {
  size_t count = left->fields.size();
  if (count != right->fields.size()) {
    return Error(sqlstate::kSyntaxError, "unequal number of entries in row expressions").At(location);
  }
  if (count == 0) return Error(sqlstate::kFeatureNotSupported, "cannot compare rows of zero length").At(location);
  std::vector<Expr*> tests;
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(Expr * test, MakeOperator(name, left->fields[i], right->fields[i], location));
    auto* call = As<FunctionCall>(test);
    if (call->type.oid != kBoolOid) {
      return Errorf(sqlstate::kDatatypeMismatch, "row comparison operator must yield type boolean, not type %s",
                    ctx_.TypeName(call->type.oid).c_str())
          .At(location);
    }
    if (call->returns_set) {
      return Error(sqlstate::kDatatypeMismatch, "row comparison operator must not return a set").At(location);
    }
    tests.push_back(test);
  }
  if (count == 1) return tests[0];
  // The operators' common meaning in a btree family: strategy 1 < 2 <= 3 = 4 >= 5 >; equality's negator is <>.
  unsigned meanings = ~0u;
  constexpr unsigned kNotEqual = 1u << 6;
  for (Expr* test : tests) {
    const OperatorRow* op = As<FunctionCall>(test)->op;
    unsigned mine = 0;
    for (const catalog::AmopRow* amop : ctx_.builtins.AmopsOfOperator(op->oid)) {
      if (amop->method == catalog::oid::kAmBtree) mine |= 1u << amop->strategy;
    }
    if (mine == 0 && op->negator != 0) {
      for (const catalog::AmopRow* amop : ctx_.builtins.AmopsOfOperator(op->negator)) {
        if (amop->method == catalog::oid::kAmBtree && amop->strategy == 3) mine |= kNotEqual;
      }
    }
    meanings &= mine;
  }
  if (meanings == 0) {
    return Errorf(sqlstate::kFeatureNotSupported, "could not determine interpretation of row comparison operator %s",
                  std::string(name.back()).c_str())
        .Hint("Row comparison operators must be associated with btree operator families.")
        .At(location);
  }
  if (meanings & (1u << 3)) return MakeBool(BoolOp::kAnd, std::move(tests), location);
  if (meanings & kNotEqual) return MakeBool(BoolOp::kOr, std::move(tests), location);
  auto* node = ctx_.arena.New<RowCompareExpr>();
  bool less = meanings & (1u << 1), less_equal = meanings & (1u << 2), greater_equal = meanings & (1u << 4);
  node->op = less ? RowCompareOp::kLess
             : less_equal ? RowCompareOp::kLessEqual
             : greater_equal ? RowCompareOp::kGreaterEqual
                             : RowCompareOp::kGreater;
  bool ascending = less || less_equal;
  for (Expr* test : tests) {
    auto* call = As<FunctionCall>(test);
    node->operators.push_back(call->op);
    node->left.push_back(call->args[0]);
    node->right.push_back(call->args[1]);
    const catalog::AmopRow* amop = nullptr;
    for (const catalog::AmopRow* candidate : ctx_.builtins.AmopsOfOperator(call->op->oid)) {
      if (candidate->method == catalog::oid::kAmBtree) amop = candidate;
    }
    auto member = [&](int16_t strategy) -> const catalog::FunctionRow* {
      const catalog::AmopRow* row = ctx_.builtins.Amop(amop->family, amop->left, amop->right, strategy);
      return row == nullptr ? nullptr : ctx_.builtins.Function(ctx_.builtins.Operator(row->operator_oid)->function);
    };
    node->compare.push_back(member(ascending ? 1 : 5));
    node->equal.push_back(member(3));
  }
  node->type = kBoolOid;
  node->location = location;
  return node;
}

}  // namespace phantom::planner
