// Subqueries in expressions.
#include "planner/binder/binder.h"
#include "planner/expr_util.h"
#include "planner/query_util.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

namespace {
// Places where no subquery may stand, with the error's words.
const char* SubqueryForbidden(ExprUse use) {
  switch (use) {
    case ExprUse::kCheck:
    case ExprUse::kDomainCheck:
      return "cannot use subquery in check constraint";
    case ExprUse::kColumnDefault:
    case ExprUse::kFunctionDefault:
      return "cannot use subquery in DEFAULT expression";
    case ExprUse::kIndexExpression:
      return "cannot use subquery in index expression";
    case ExprUse::kIndexPredicate:
      return "cannot use subquery in index predicate";
    case ExprUse::kAlterTransform:
      return "cannot use subquery in transform expression";
    case ExprUse::kExecuteParameter:
      return "cannot use subquery in EXECUTE parameter";
    case ExprUse::kGenerated:
      return "cannot use subquery in column generation expression";
    case ExprUse::kCallArgument:
      return "cannot use subquery in CALL argument";
    default:
      return nullptr;
  }
}
}  // namespace

Result<Expr*> Binder::SubLink(Scope& scope, const ast::SubLink& node) {
  using Kind = ast::SubLinkType;
  if (const char* message = SubqueryForbidden(scope.use)) {
    return Error(sqlstate::kFeatureNotSupported, message).At(node.location);
  }
  scope.has_subqueries = true;
  auto* select = DynCast<ast::SelectStmt>(node.subselect);
  if (select == nullptr) return Error(sqlstate::kSyntaxError, "subquery must be a SELECT").At(node.location);
  auto* result = ctx_.arena.New<SubqueryExpr>();
  result->location = node.location;
  ASSIGN_OR_RETURN(result->query, Select(*select, &scope));
  result->output_rel = ctx_.NewRel(nullptr, nullptr);
  std::vector<Target*> columns;
  for (Target& target : result->query->targets) {
    if (!target.junk) columns.push_back(&target);
  }
  auto output = [&](size_t i) -> Expr* {
    return ctx_.MakeColumn(result->output_rel, static_cast<int>(i), columns[i]->expr->type, columns[i]->expr->collation);
  };
  switch (node.type) {
    case Kind::kExists:
      result->subquery = SubqueryKind::kExists;
      result->type = kBoolOid;
      return result;
    case Kind::kExpr:
    case Kind::kArray: {
      if (columns.size() != 1) {
        return Error(sqlstate::kSyntaxError, columns.empty() ? "subquery must return a column" : "subquery must return only one column")
            .At(node.location);
      }
      result->type = columns[0]->expr->type;
      result->collation = columns[0]->expr->collation;
      if (node.type == Kind::kExpr) {
        result->subquery = SubqueryKind::kScalar;
        return result;
      }
      result->subquery = SubqueryKind::kArray;
      Oid element = result->type.oid;
      // An array's elements make one dimension more; the catalog's vectors count as values.
      const bool is_vector = element == kOidvectorOid || element == kInt2vectorOid;
      Oid array = !is_vector && coerce_.ElementOf(element) != 0 ? element : coerce_.ArrayOf(element);
      if (array == 0) {
        return Errorf(sqlstate::kUndefinedObject, "could not find array type for data type %s",
                      ctx_.TypeName(element).c_str())
            .At(node.location);
      }
      result->type = Type(array);
      return result;
    }
    case Kind::kMultiExpr:
      result->subquery = SubqueryKind::kMultiAssign;
      result->type = kRecordOid;
      return result;
    case Kind::kAny:
    case Kind::kAll:
    case Kind::kRowCompare: {
      ASSIGN_OR_RETURN(Expr * left, Operand(scope, node.test));
      std::vector<Expr*> left_fields;
      if (auto* row = DynAs<RowExpr>(left)) {
        left_fields = row->fields;
      } else {
        left_fields = {left};
      }
      if (left_fields.size() < columns.size()) {
        return Error(sqlstate::kSyntaxError, "subquery has too many columns").At(node.location);
      }
      if (left_fields.size() > columns.size()) {
        return Error(sqlstate::kSyntaxError, "subquery has too few columns").At(node.location);
      }
      static constexpr std::string_view kEquals[] = {"="};
      ast::NameList op = node.op.empty() ? ast::NameList(kEquals) : node.op;
      Expr* test;
      if (left_fields.size() == 1) {
        ASSIGN_OR_RETURN(test, MakeOperator(op, left_fields[0], output(0), node.location));
        if (test->type.oid != kBoolOid) {
          return Errorf(sqlstate::kDatatypeMismatch, "row comparison operator must yield type boolean, not type %s",
                        ctx_.TypeName(test->type.oid).c_str())
              .At(node.location);
        }
      } else {
        auto* left_row = ctx_.arena.New<RowExpr>();
        left_row->fields = left_fields;
        auto* right_row = ctx_.arena.New<RowExpr>();
        for (size_t i = 0; i < columns.size(); ++i) right_row->fields.push_back(output(i));
        ASSIGN_OR_RETURN(test, RowCompare(op, left_row, right_row, node.location));
      }
      result->subquery = node.type == Kind::kAny   ? SubqueryKind::kAny
                         : node.type == Kind::kAll ? SubqueryKind::kAll
                                                   : SubqueryKind::kRowCompare;
      result->test = test;
      result->left = left_fields;
      result->written_in = node.op.empty();
      result->type = kBoolOid;
      return result;
    }
    case Kind::kCte:
      break;
  }
  return Errorf(sqlstate::kInternalError, "unrecognized sublink type: %d", static_cast<int>(node.type));
}

}  // namespace phantom::planner
