// UNION, INTERSECT, EXCEPT.
#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;

namespace {
const char* OpName(SetOpKind op) {
  return op == SetOpKind::kUnion ? "UNION" : op == SetOpKind::kIntersect ? "INTERSECT" : "EXCEPT";
}
}  // namespace

Result<SetOpNode*> Binder::SetOperationTree(const ast::SelectStmt& select, Scope& scope, CommonTable* recursive_cte,
                                            bool top, std::vector<Target>* targets) {
  auto* node = ctx_.arena.New<SetOpNode>();
  // A side with clauses of its own (ORDER BY, LIMIT, WITH) is a query of its own.
  bool leaf = select.op == ast::SetOperation::kNone ||
              (!top && (!select.order_by.empty() || select.limit != nullptr || select.offset != nullptr ||
                        !select.locking.empty() || select.with != nullptr));
  if (select.into != nullptr && !top) {
    return Error(sqlstate::kSyntaxError, "INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT")
        .At(select.into->relation->location);
  }
  if (leaf) {
    Scope* parent = &scope;
    ASSIGN_OR_RETURN(node->query, Select(select, parent, false));
    for (const Target& target : node->query->targets) {
      if (!target.junk) targets->push_back(target);
    }
    node->rel = ctx_.NewRel(nullptr, nullptr);
    for (const Target& target : *targets) {
      node->columns.push_back({target.name, target.expr->type, target.expr->collation, false});
    }
    return node;
  }
  node->op = static_cast<SetOpKind>(select.op);
  node->all = select.all;
  const char* name = OpName(node->op);
  std::vector<Target> left, right;
  ASSIGN_OR_RETURN(node->left, SetOperationTree(*select.left, scope, nullptr, false, &left));
  if (recursive_cte != nullptr) {
    // The recursive side sees the query itself with the columns of the starting side.
    RETURN_IF_ERROR(ResolveUnknownTargets(left));
    RETURN_IF_ERROR(CteColumns(*recursive_cte, left, recursive_location_));
    AddSearchCycleColumns(*recursive_cte, true);
    scope.ctes.push_back(recursive_cte);
  }
  ASSIGN_OR_RETURN(node->right, SetOperationTree(*select.right, scope, nullptr, false, &right));
  if (recursive_cte != nullptr) std::erase(scope.ctes, recursive_cte);
  if (left.size() != right.size()) {
    int32_t location = -1;
    for (const Target& target : right) {
      int32_t at = LocationOf(target.expr);
      if (location < 0) location = at;
    }
    return Errorf(sqlstate::kSyntaxError, "each %s query must have the same number of columns", name).At(location);
  }
  node->rel = ctx_.NewRel(nullptr, nullptr);
  // Literals in leaves take the common type at once; other conversions are the node's.
  auto set_side = [&](SetOpNode* side, size_t column, Type type) -> Status {
    if (side->query == nullptr || side->query->set_operation != nullptr) {
      side->columns[column].type.typmod = side->columns[column].type.typmod;
      return Status::Ok();
    }
    size_t at = 0;
    for (Target& target : side->query->targets) {
      if (target.junk) continue;
      if (at++ != column) continue;
      if (target.expr->type.oid == kUnknownOid) {
        ASSIGN_OR_RETURN(target.expr, coerce_.ToCommon(target.expr, type.oid, name));
        side->columns[column].type = target.expr->type;
        for (RangeEntry* entry : side->query->entries) (void)entry;
      }
    }
    return Status::Ok();
  };
  for (size_t i = 0; i < left.size(); ++i) {
    Expr* pair[] = {left[i].expr, right[i].expr};
    int which = 0;
    ASSIGN_OR_RETURN(Oid oid, coerce_.CommonType(pair, name, &which));
    Type type(oid, coerce_.CommonTypmod(pair, oid));
    for (Expr* side : pair) {
      if (side->type.oid != oid && side->type.oid != kUnknownOid && !coerce_.CanCoerce(side->type.oid, oid, CoercionContext::kImplicit)) {
        return Errorf(sqlstate::kCannotCoerce, "%s could not convert type %s to %s", name,
                      ctx_.TypeName(side->type.oid).c_str(), ctx_.TypeName(oid).c_str())
            .At(LocationOf(side));
      }
    }
    if (recursive_cte != nullptr && recursive_cte->recursive) {
      const RangeColumn& started = recursive_cte->columns[i];
      if (started.type.oid != oid || (started.type.typmod != type.typmod && started.type.typmod >= 0)) {
        return Errorf(sqlstate::kDatatypeMismatch,
                      "recursive query \"%s\" column %zu has type %s in non-recursive term but type %s overall",
                      recursive_cte->name.c_str(), i + 1, ctx_.TypeName(started.type).c_str(), ctx_.TypeName(type).c_str())
            .Hint("Cast the output of the non-recursive term to the correct type.")
            .At(LocationOf(left[i].expr));
      }
    }
    RETURN_IF_ERROR(set_side(node->left, i, type));
    RETURN_IF_ERROR(set_side(node->right, i, type));
    if (!node->all || node->op != SetOpKind::kUnion) {
      RETURN_IF_ERROR(resolver_.EqualOrError(oid, LocationOf(pair[static_cast<size_t>(which)])).status());
    }
    const catalog::TypeRow* row = ctx_.TypeOf(oid);
    RangeColumn column{.name = left[i].name, .type = type, .collation = row == nullptr ? 0 : row->collation};
    node->columns.push_back(column);
    auto* stand_in = ctx_.MakeColumn(node->rel, static_cast<int>(i), type, column.collation,
                                     LocationOf(pair[static_cast<size_t>(which)]));
    targets->push_back({.expr = stand_in, .name = left[i].name});
  }
  return node;
}

Result<Query*> Binder::SetOperationQuery(const ast::SelectStmt& select, Scope& scope) {
  Query& query = *scope.query;
  CommonTable* recursive = recursive_cte_;
  recursive_cte_ = nullptr;
  std::vector<Target> targets;
  ASSIGN_OR_RETURN(query.set_operation, SetOperationTree(select, scope, recursive, true, &targets));
  query.targets = std::move(targets);
  // ORDER BY may name output columns only.
  RangeEntry* output = ctx_.arena.New<RangeEntry>();
  output->kind = RangeKind::kResult;
  output->rel = query.set_operation->rel;
  output->columns = query.set_operation->columns;
  ctx_.entries[static_cast<size_t>(output->rel)] = output;
  ctx_.scopes[static_cast<size_t>(output->rel)] = &scope;
  ScopeItem item{.entry = output, .rel_visible = false};
  scope.items.push_back(item);
  size_t visible = query.targets.size();
  RETURN_IF_ERROR(OrderBy(scope, select.order_by, query.targets, ExprUse::kOrderBy, true, query.order_by));
  if (query.targets.size() > visible) {
    return Error(sqlstate::kFeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause")
        .Detail("Only result column names can be used, not expressions or functions.")
        .Hint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.")
        .At(LocationOf(query.targets[visible].expr));
  }
  scope.items.clear();
  ctx_.entries[static_cast<size_t>(output->rel)] = nullptr;
  ctx_.scopes[static_cast<size_t>(output->rel)] = nullptr;
  ASSIGN_OR_RETURN(query.offset, LimitExpr(scope, select.offset, "OFFSET", ExprUse::kOffset));
  ASSIGN_OR_RETURN(query.limit, LimitExpr(scope, select.limit, "LIMIT", ExprUse::kLimit));
  query.with_ties = select.limit_option == ast::LimitOption::kWithTies;
  RETURN_IF_ERROR(RowMarks(select.locking, query, scope, false));
  return &query;
}

}  // namespace phantom::planner
