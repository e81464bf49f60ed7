// Target lists, ORDER BY, DISTINCT, LIMIT.
#include <algorithm>
#include <functional>

#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

std::string FigureColumnName(const ast::Node* node) {
  // A weak name (a cast's type, CASE) gives way to a better one further in.
  std::function<int(const ast::Node*, std::string&)> figure = [&](const ast::Node* n, std::string& name) -> int {
    if (n == nullptr) return 0;
    using Kind = ast::NodeKind;
    switch (n->kind) {
      case Kind::kColumnRef: {
        auto* ref = static_cast<const ast::ColumnRef*>(n);
        if (ref->names.empty()) return 0;
        name = ref->names.back();
        return 2;
      }
      case Kind::kIndirection: {
        auto* indirection = static_cast<const ast::Indirection*>(n);
        for (size_t i = indirection->steps.size(); i-- > 0;) {
          if (indirection->steps[i].kind == ast::IndirectionStep::Kind::kField) {
            name = indirection->steps[i].field;
            return 2;
          }
        }
        return figure(indirection->arg, name);
      }
      case Kind::kFuncCall:
        name = static_cast<const ast::FuncCall*>(n)->name.back();
        return 2;
      case Kind::kOperatorExpr:
        if (static_cast<const ast::OperatorExpr*>(n)->op == ast::OperatorExprKind::kNullIf) {
          name = "nullif";
          return 2;
        }
        return 0;
      case Kind::kTypeCast: {
        auto* cast = static_cast<const ast::TypeCast*>(n);
        int strength = figure(cast->arg, name);
        if (strength <= 1 && cast->type != nullptr) {
          name = cast->type->names.back();
          return 1;
        }
        return strength;
      }
      case Kind::kCollateClause:
        return figure(static_cast<const ast::CollateClause*>(n)->arg, name);
      case Kind::kGroupingFunc:
        name = "grouping";
        return 2;
      case Kind::kSubLink: {
        auto* link = static_cast<const ast::SubLink*>(n);
        switch (link->type) {
          case ast::SubLinkType::kExists:
            name = "exists";
            return 2;
          case ast::SubLinkType::kArray:
            name = "array";
            return 2;
          case ast::SubLinkType::kExpr: {
            auto* select = DynCast<ast::SelectStmt>(link->subselect);
            while (select != nullptr && select->op != ast::SetOperation::kNone) select = select->left;
            if (select == nullptr) return 0;
            if (!select->targets.empty()) {
              const ast::ResTarget* target = select->targets[0];
              if (!IsNull(target->name)) {
                name = target->name;
                return 2;
              }
              return figure(target->value, name);
            }
            return 0;
          }
          default:
            return 0;
        }
      }
      case Kind::kCaseExpr: {
        int strength = figure(static_cast<const ast::CaseExpr*>(n)->default_result, name);
        if (strength <= 1) {
          name = "case";
          return 1;
        }
        return strength;
      }
      case Kind::kArrayExpr:
        name = "array";
        return 2;
      case Kind::kRowExpr:
        name = "row";
        return 2;
      case Kind::kCoalesceExpr:
        name = "coalesce";
        return 2;
      case Kind::kMinMaxExpr:
        name = static_cast<const ast::MinMaxExpr*>(n)->op == ast::MinMaxOp::kGreatest ? "greatest" : "least";
        return 2;
      case Kind::kSqlValueFunction: {
        static constexpr const char* kNames[] = {
            "current_date",      "current_time",   "current_time",   "current_timestamp", "current_timestamp",
            "localtime",         "localtime",      "localtimestamp", "localtimestamp",    "current_role",
            "current_user",      "user",           "session_user",   "current_catalog",   "current_schema"};
        name = kNames[static_cast<int>(static_cast<const ast::SqlValueFunction*>(n)->op)];
        return 2;
      }
      default:
        return 0;
    }
  };
  std::string name;
  if (figure(node, name) > 0) return name;
  return "?column?";
}

void Binder::SetOrigin(Target& target) {
  auto* column = DynAs<ColumnRef>(target.expr);
  if (column == nullptr || column->column < 0) return;
  const RangeEntry* entry = ctx_.entries[static_cast<size_t>(column->rel)];
  if (entry == nullptr) return;
  auto at = static_cast<size_t>(column->column);
  if (entry->table != nullptr) {
    target.origin_table = entry->table->oid;
    target.origin_column = static_cast<int16_t>(column->column + 1);
    return;
  }
  const Query* source = entry->kind == RangeKind::kSubquery ? entry->subquery
                        : entry->kind == RangeKind::kCte    ? entry->cte->query
                                                            : nullptr;
  if (source == nullptr) return;
  const std::vector<Target>& from = source->command == CommandKind::kSelect ? source->targets : source->returning;
  if (at < from.size()) {
    target.origin_table = from[at].origin_table;
    target.origin_column = from[at].origin_column;
  }
}

Result<Target> Binder::MakeTarget(Scope& scope, const ast::ResTarget& node, ExprUse use) {
  Target target;
  ASSIGN_OR_RETURN(target.expr, Expression(scope, node.value, use));
  target.name = IsNull(node.name) ? FigureColumnName(node.value) : std::string(node.name);
  SetOrigin(target);
  return target;
}

Status Binder::Targets(Scope& scope, ast::ListOf<ast::ResTarget> nodes, std::vector<Target>& targets, ExprUse use) {
  for (const ast::ResTarget* node : nodes) {
    auto* ref = DynCast<ast::ColumnRef>(node->value);
    if (ref != nullptr && ref->star) {
      ExprUse saved = scope.use;
      scope.use = use;
      Status status = ExpandStar(scope, *ref, targets, use);
      scope.use = saved;
      RETURN_IF_ERROR(std::move(status));
      continue;
    }
    auto* steps = DynCast<ast::Indirection>(node->value);
    if (steps != nullptr && !steps->steps.empty() && steps->steps.back().kind == ast::IndirectionStep::Kind::kStar) {
      ast::Indirection inner = *steps;
      inner.steps = steps->steps.first(steps->steps.size() - 1);
      ExprUse saved = scope.use;
      scope.use = use;
      auto row = inner.steps.empty() ? Transform(scope, inner.arg) : Indirect(scope, inner);
      scope.use = saved;
      RETURN_IF_ERROR(row.status());
      RETURN_IF_ERROR(ExpandRow(row.value(), node->location, targets));
      continue;
    }
    ASSIGN_OR_RETURN(Target target, MakeTarget(scope, *node, use));
    targets.push_back(std::move(target));
  }
  constexpr size_t kTargetsMax = 1664;
  if (targets.size() > kTargetsMax) {
    return Errorf(sqlstate::kTooManyColumns, "target lists can have at most %zu entries", kTargetsMax);
  }
  return Status::Ok();
}

Status Binder::ResolveUnknownTargets(std::vector<Target>& targets) {
  for (Target& target : targets) {
    if (target.expr->type.oid != kUnknownOid) continue;
    ASSIGN_OR_RETURN(target.expr, coerce_.ToType(target.expr, kTextOid, -1, CoercionContext::kImplicit,
                                                 CallForm::kImplicitCast, -1));
  }
  return Status::Ok();
}

Result<int> Binder::FindTargetSql99(Scope& scope, const ast::Node& node, std::vector<Target>& targets, ExprUse use) {
  ASSIGN_OR_RETURN(Expr * expr, Expression(scope, &node, use));
  for (size_t i = 0; i < targets.size(); ++i) {
    // Implicit conversions put around the target later do not matter.
    const Expr* target = targets[i].expr;
    if (Equal(expr, target)) return static_cast<int>(i);
  }
  targets.push_back({.expr = expr, .junk = true});
  return static_cast<int>(targets.size()) - 1;
}

Result<int> Binder::FindTargetSql92(Scope& scope, const ast::Node& node, std::vector<Target>& targets, ExprUse use) {
  auto check = [&](int at) -> Result<int> {
    const Target& target = targets[static_cast<size_t>(at)];
    if (use == ExprUse::kGroupBy) {
      const Expr* bad = nullptr;
      Walk(target.expr, [&](const Expr* e) {
        if (bad == nullptr && ((e->kind == ExprKind::kAggregate && As<AggregateCall>(e)->query == scope.query) || e->kind == ExprKind::kWindow)) bad = e;
        return bad == nullptr;
      });
      if (bad != nullptr) {
        if (bad->kind == ExprKind::kAggregate) {
          return Error(sqlstate::kGroupingError, "aggregate functions are not allowed in GROUP BY").At(bad->location);
        }
        return Error(sqlstate::kWindowingError, "window functions are not allowed in GROUP BY").At(bad->location);
      }
    }
    return at;
  };
  auto* ref = DynCast<ast::ColumnRef>(&node);
  if (ref != nullptr && !ref->star && ref->names.size() == 1) {
    std::string_view name = ref->names[0];
    bool take_output = true;
    if (use == ExprUse::kGroupBy) {
      // GROUP BY prefers an input column.
      auto column = FindColumn(scope, name, ref->location, true);
      RETURN_IF_ERROR(column.status());
      take_output = column.value() == nullptr;
    }
    if (take_output) {
      int found = -1;
      for (size_t i = 0; i < targets.size(); ++i) {
        if (targets[i].junk || targets[i].name != name) continue;
        if (found >= 0) {
          if (!Equal(targets[static_cast<size_t>(found)].expr, targets[i].expr)) {
            return Errorf(sqlstate::kAmbiguousColumn, "%s \"%s\" is ambiguous", ExprUseName(use), std::string(name).c_str())
                .At(ref->location);
          }
          continue;
        }
        found = static_cast<int>(i);
      }
      if (found >= 0) return check(found);
    }
  }
  if (auto* constant = DynCast<ast::Constant>(&node)) {
    if (constant->type != ast::ConstantType::kInteger) {
      return Errorf(sqlstate::kSyntaxError, "non-integer constant in %s", ExprUseName(use)).At(constant->location);
    }
    int wanted = constant->integer;
    int position = 0;
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].junk) continue;
      if (++position == wanted) return check(static_cast<int>(i));
    }
    return Errorf(sqlstate::kInvalidColumnReference, "%s position %d is not in select list", ExprUseName(use), wanted)
        .At(constant->location);
  }
  return FindTargetSql99(scope, node, targets, use);
}

Result<SortTarget> Binder::SortItem(const ast::SortBy& node, int at, std::vector<Target>& targets) {
  Target& target = targets[static_cast<size_t>(at)];
  if (target.expr->type.oid == kUnknownOid) {
    ASSIGN_OR_RETURN(target.expr, coerce_.ToType(target.expr, kTextOid, -1, CoercionContext::kImplicit,
                                                 CallForm::kImplicitCast, -1));
  }
  SortTarget sort{.target = at};
  int32_t location = node.location >= 0 ? node.location : LocationOf(target.expr);
  if (node.direction == ast::SortByDir::kUsing) {
    ASSIGN_OR_RETURN(const catalog::OperatorRow* op,
                     resolver_.Operator(node.using_op, target.expr->type.oid, target.expr->type.oid, node.location));
    const catalog::AmopRow* order = nullptr;
    for (const catalog::AmopRow* amop : ctx_.builtins.AmopsOfOperator(op->oid)) {
      if (amop->method == catalog::oid::kAmBtree && (amop->strategy == 1 || amop->strategy == 5)) order = amop;
    }
    if (order == nullptr) {
      return Errorf(sqlstate::kWrongObjectType, "operator %s is not a valid ordering operator",
                    std::string(node.using_op.back()).c_str())
          .Hint("Ordering operators must be \"<\" or \">\" members of btree operator families.")
          .At(node.location);
    }
    sort.descending = order->strategy == 5;
    const catalog::AmopRow* less = ctx_.builtins.Amop(order->family, order->left, order->right, 1);
    sort.less = less == nullptr ? op : ctx_.builtins.Operator(less->operator_oid);
  } else {
    ASSIGN_OR_RETURN(sort.less, resolver_.LessOrError(target.expr->type.oid, location));
    sort.descending = node.direction == ast::SortByDir::kDesc;
  }
  sort.nulls_first = node.nulls == ast::SortByNulls::kDefault ? sort.descending : node.nulls == ast::SortByNulls::kFirst;
  return sort;
}

Status Binder::OrderBy(Scope& scope, ast::ListOf<ast::SortBy> nodes, std::vector<Target>& targets, ExprUse use,
                       bool sql92, std::vector<SortTarget>& out) {
  for (const ast::SortBy* node : nodes) {
    auto at = sql92 ? FindTargetSql92(scope, *node->node, targets, use) : FindTargetSql99(scope, *node->node, targets, use);
    RETURN_IF_ERROR(at.status());
    ASSIGN_OR_RETURN(SortTarget sort, SortItem(*node, at.value(), targets));
    bool seen = std::any_of(out.begin(), out.end(), [&](const SortTarget& other) {
      return other.target == sort.target;
    });
    if (!seen) out.push_back(sort);
  }
  return Status::Ok();
}

Status Binder::DistinctClause(Scope& scope, const ast::SelectStmt& select, Query& query) {
  if (!select.distinct) return Status::Ok();
  if (select.distinct_on.empty()) {
    query.distinct = true;
    for (const SortTarget& sort : query.order_by) {
      const Target& target = query.targets[static_cast<size_t>(sort.target)];
      if (!target.junk) continue;
      // An ORDER BY expression outside the list has no one value for a distinct row.
      return Error(sqlstate::kInvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
          .At(LocationOf(target.expr));
    }
    // What GROUP BY added is in query.groups and must not make rows distinct.
    std::erase_if(query.targets, [](const Target& target) { return target.junk; });
    bool any = false;
    for (Target& target : query.targets) {
      any = true;
      RETURN_IF_ERROR(resolver_.EqualOrError(target.expr->type.oid, LocationOf(target.expr)).status());
    }
    if (!any) return Error(sqlstate::kSyntaxError, "SELECT DISTINCT must have at least one column");
    return Status::Ok();
  }
  query.has_distinct_on = true;
  std::vector<int> wanted;
  for (const ast::Node* node : select.distinct_on) {
    ASSIGN_OR_RETURN(int at, FindTargetSql92(scope, *node, query.targets, ExprUse::kDistinctOn));
    if (query.targets[static_cast<size_t>(at)].expr->type.oid == kUnknownOid) {
      RETURN_IF_ERROR(ResolveUnknownTargets(query.targets));
    }
    if (std::find(wanted.begin(), wanted.end(), at) == wanted.end()) wanted.push_back(at);
  }
  // ORDER BY must begin with the DISTINCT ON expressions, in any order.
  bool skipped = false;
  for (const SortTarget& sort : query.order_by) {
    bool in_distinct = std::find(wanted.begin(), wanted.end(), sort.target) != wanted.end();
    if (in_distinct) {
      if (skipped) {
        return Error(sqlstate::kInvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
            .At(LocationOf(query.targets[static_cast<size_t>(sort.target)].expr));
      }
      query.distinct_on.push_back(sort);
    } else {
      skipped = true;
    }
  }
  for (int at : wanted) {
    bool have = std::any_of(query.distinct_on.begin(), query.distinct_on.end(),
                            [&](const SortTarget& sort) { return sort.target == at; });
    if (have) continue;
    if (skipped) {
      return Error(sqlstate::kInvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
          .At(LocationOf(query.targets[static_cast<size_t>(at)].expr));
    }
    SortTarget sort{.target = at};
    const Expr* expr = query.targets[static_cast<size_t>(at)].expr;
    ASSIGN_OR_RETURN(sort.less, resolver_.LessOrError(expr->type.oid, LocationOf(expr)));
    query.distinct_on.push_back(sort);
  }
  return Status::Ok();
}

Result<Expr*> Binder::LimitExpr(Scope& scope, const ast::Node* node, const char* name, ExprUse use) {
  if (node == nullptr) return static_cast<Expr*>(nullptr);
  ASSIGN_OR_RETURN(Expr * expr, Expression(scope, node, use));
  ASSIGN_OR_RETURN(expr, coerce_.ToSpecific(expr, kInt8Oid, name));
  std::set<RelId> rels;
  CollectRels(expr, rels);
  for (RelId rel : rels) {
    if (ctx_.scopes[static_cast<size_t>(rel)] == &scope) {
      return Errorf(sqlstate::kInvalidColumnReference, "argument of %s must not contain variables", name).At(LocationOf(expr));
    }
  }
  return expr;
}

}  // namespace phantom::planner
