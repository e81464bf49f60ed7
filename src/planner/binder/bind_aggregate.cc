// Aggregates: which query they belong to and where they may stand; GROUPING.
#include "planner/binder/binder.h"
#include "planner/expr_util.h"
#include "planner/query_util.h"

namespace phantom::planner {

using namespace types;

namespace {

// Errors for places that take neither aggregates nor window functions. Empty: name the place by ExprUseName.
const char* Place(ExprUse use) {
  switch (use) {
    case ExprUse::kJoinOn:
    case ExprUse::kJoinUsing:
      return "JOIN conditions";
    case ExprUse::kFromFunction:
      return "functions in FROM";
    case ExprUse::kWindowFrameRange:
    case ExprUse::kWindowFrameRows:
    case ExprUse::kWindowFrameGroups:
      return use == ExprUse::kWindowFrameRange ? "window RANGE" : use == ExprUse::kWindowFrameRows ? "window ROWS" : "window GROUPS";
    case ExprUse::kMergeWhen:
      return "MERGE WHEN conditions";
    case ExprUse::kCheck:
    case ExprUse::kDomainCheck:
      return "check constraints";
    case ExprUse::kColumnDefault:
    case ExprUse::kFunctionDefault:
      return "DEFAULT expressions";
    case ExprUse::kIndexExpression:
      return "index expressions";
    case ExprUse::kIndexPredicate:
      return "index predicates";
    case ExprUse::kAlterTransform:
      return "transform expressions";
    case ExprUse::kExecuteParameter:
      return "EXECUTE parameters";
    case ExprUse::kGenerated:
      return "column generation expressions";
    case ExprUse::kCallArgument:
      return "CALL arguments";
    default:
      return ExprUseName(use);
  }
}

bool AggregateAllowed(ExprUse use) {
  switch (use) {
    case ExprUse::kHaving:
    case ExprUse::kSelectTarget:
    case ExprUse::kOrderBy:
    case ExprUse::kDistinctOn:
    case ExprUse::kWindowPartition:
    case ExprUse::kWindowOrder:
    case ExprUse::kFromSubselect:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<Expr*> Binder::MakeAggregate(Scope& scope, const Candidate& candidate, std::vector<Expr*> args,
                                    const std::vector<Oid>& declared, Type result, const ast::FuncCall& node) {
  auto* call = ctx_.arena.New<AggregateCall>();
  call->function = candidate.function;
  call->star = node.star;
  call->distinct = node.distinct;
  call->variadic = node.variadic;
  call->type = result;
  call->location = node.location;
  (void)declared;
  size_t direct = node.within_group ? args.size() - node.order_by.size() : args.size();
  if (node.within_group) {
    // A variadic ordered-set aggregate may have folded its arguments into an array; those built in do not.
    call->within_group = true;
    for (size_t i = 0; i < node.order_by.size(); ++i) {
      std::vector<Target> keys = {{.expr = args[direct + i]}};
      ASSIGN_OR_RETURN(SortTarget sort, SortItem(*node.order_by[i], 0, keys));
      call->order_by.push_back({keys[0].expr, sort.less, sort.descending, sort.nulls_first});
      call->arg_types.push_back(keys[0].expr->type);
    }
    args.resize(direct);
    call->args = std::move(args);
  } else {
    call->args = std::move(args);
    for (Expr* arg : call->args) call->arg_types.push_back(arg->type);
    std::vector<Target> keys;
    for (Expr* arg : call->args) keys.push_back({.expr = arg});
    size_t arg_count = keys.size();
    std::vector<SortTarget> sorts;
    ExprUse saved = scope.use;
    RETURN_IF_ERROR(OrderBy(scope, node.order_by, keys, saved, false, sorts));
    for (const SortTarget& sort : sorts) {
      const Target& key = keys[static_cast<size_t>(sort.target)];
      if (call->distinct && static_cast<size_t>(sort.target) >= arg_count) {
        return Error(sqlstate::kInvalidColumnReference,
                     "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
            .At(LocationOf(key.expr));
      }
      call->order_by.push_back({key.expr, sort.less, sort.descending, sort.nulls_first});
    }
    if (call->distinct) {
      if (call->args.empty()) {
        return Error(sqlstate::kWrongObjectType, "DISTINCT specified, but aggregate has no arguments").At(node.location);
      }
      for (Expr* arg : call->args) {
        RETURN_IF_ERROR(resolver_.EqualOrError(arg->type.oid, LocationOf(arg)).status());
        if (resolver_.SortOperator(arg->type.oid, 1) == nullptr) {
          return Errorf(sqlstate::kUndefinedFunction, "could not identify an ordering operator for type %s",
                        ctx_.TypeName(arg->type.oid).c_str())
              .Detail("Aggregates with DISTINCT must be able to sort their inputs.")
              .At(LocationOf(arg));
        }
      }
    }
  }
  if (node.filter != nullptr) {
    ASSIGN_OR_RETURN(Expr * filter, Expression(scope, node.filter, ExprUse::kFilter));
    ASSIGN_OR_RETURN(call->filter, coerce_.ToBoolean(filter, "FILTER"));
  }
  // The query it belongs to: the innermost one among those whose columns its arguments name; with none, this one.
  Scope* owner = nullptr;
  auto depth_of = [&](Scope* wanted) {
    int depth = 0;
    for (Scope* level = &scope; level != nullptr; level = level->parent, ++depth) {
      if (level == wanted) return depth;
    }
    return -1;
  };
  int owner_depth = -1;
  Status status;
  auto note = [&](Scope* found) {
    int depth = depth_of(found);
    if (depth >= 0 && (owner_depth < 0 || depth < owner_depth)) {
      owner_depth = depth;
      owner = found;
    }
  };
  std::set<RelId> rels;
  CollectRels(call, rels);
  for (RelId rel : rels) note(ctx_.scopes[static_cast<size_t>(rel)]);
  if (owner == nullptr) owner = &scope;
  // Aggregates inside: of the same query they are nested, of an outer one they are that query's constants.
  auto check_inside = [&](const Expr* inside) {
    Walk(inside, [&](const Expr* inner) {
      if (!status.ok()) return false;
      if (auto* nested = DynAs<AggregateCall>(inner); nested != nullptr && nested != call && nested->query == owner->query) {
        status = Error(sqlstate::kGroupingError, "aggregate function calls cannot be nested").At(nested->location);
      } else if (inner->kind == ExprKind::kWindow && owner == &scope) {
        status = Error(sqlstate::kGroupingError, "aggregate function calls cannot contain window function calls")
                     .At(inner->location);
      } else if (auto* set = DynAs<FunctionCall>(inner); set != nullptr && set->returns_set) {
        status = Error(sqlstate::kFeatureNotSupported, "aggregate function calls cannot contain set-returning function calls")
                     .Hint("You might be able to move the set-returning function into a LATERAL FROM item.")
                     .At(set->location);
      }
      return true;
    });
  };
  ForEachChild(static_cast<const Expr*>(call), check_inside);
  RETURN_IF_ERROR(status);
  if (!AggregateAllowed(owner->use)) {
    return Errorf(sqlstate::kGroupingError, "aggregate functions are not allowed in %s", Place(owner->use)).At(node.location);
  }
  if (owner->use == ExprUse::kFromSubselect) {
    return Error(sqlstate::kGroupingError, "aggregate functions are not allowed in FROM clause of their own query level")
        .At(node.location);
  }
  call->query = owner->query;
  owner->has_aggregates = true;
  return call;
}

Result<Expr*> Binder::Grouping(Scope& scope, const ast::GroupingFunc& node) {
  constexpr size_t kGroupingArgumentsMax = 31;
  if (node.args.size() > kGroupingArgumentsMax) {
    return Error(sqlstate::kTooManyArguments, "GROUPING must have fewer than 32 arguments").At(node.location);
  }
  auto* call = ctx_.arena.New<GroupingCall>();
  call->type = kInt4Oid;
  call->location = node.location;
  for (const ast::Node* item : node.args) {
    ASSIGN_OR_RETURN(Expr * arg, Transform(scope, item));
    call->args.push_back(arg);
  }
  std::set<RelId> rels;
  CollectRels(call, rels);
  Scope* owner = nullptr;
  for (Scope* level = &scope; level != nullptr && owner == nullptr; level = level->parent) {
    for (RelId rel : rels) {
      if (ctx_.scopes[static_cast<size_t>(rel)] == level) owner = level;
    }
  }
  if (owner == nullptr) owner = &scope;
  if (!AggregateAllowed(owner->use)) {
    return Errorf(sqlstate::kGroupingError, "grouping operations are not allowed in %s", Place(owner->use)).At(node.location);
  }
  call->query = owner->query;
  owner->has_aggregates = true;
  return call;
}

Result<Expr*> Binder::MakeWindowCall(Scope& scope, const catalog::FunctionRow* function, std::vector<Expr*> args,
                                     Type result, const ast::FuncCall& node) {
  auto* call = ctx_.arena.New<WindowCall>();
  call->function = function;
  call->args = std::move(args);
  call->star = node.star;
  call->variadic = node.variadic;
  call->aggregate = function->kind == catalog::FunctionKind::kAggregate;
  call->type = result;
  call->location = node.location;
  if (node.distinct) {
    return Error(sqlstate::kFeatureNotSupported, "DISTINCT is not implemented for window functions").At(node.location);
  }
  if (!node.order_by.empty()) {
    return Error(sqlstate::kFeatureNotSupported, "aggregate ORDER BY is not implemented for window functions").At(node.location);
  }
  if (node.filter != nullptr) {
    if (!call->aggregate) {
      return Error(sqlstate::kFeatureNotSupported, "FILTER is not implemented for non-aggregate window functions").At(node.location);
    }
    ASSIGN_OR_RETURN(Expr * filter, Expression(scope, node.filter, ExprUse::kFilter));
    ASSIGN_OR_RETURN(call->filter, coerce_.ToBoolean(filter, "FILTER"));
  }
  for (Expr* arg : call->args) {
    bool nested = Contains(arg, [](const Expr* e) { return e->kind == ExprKind::kWindow; });
    if (nested) {
      return Error(sqlstate::kWindowingError, "window function calls cannot be nested").At(node.location);
    }
    if (ReturnsSet(arg)) {
      return Error(sqlstate::kFeatureNotSupported, "window function calls cannot contain set-returning function calls")
          .Hint("You might be able to move the set-returning function into a LATERAL FROM item.")
          .At(LocationOf(arg));
    }
  }
  switch (scope.use) {
    case ExprUse::kSelectTarget:
    case ExprUse::kOrderBy:
    case ExprUse::kDistinctOn:
      break;
    case ExprUse::kWindowPartition:
    case ExprUse::kWindowOrder:
    case ExprUse::kWindowFrameRange:
    case ExprUse::kWindowFrameRows:
    case ExprUse::kWindowFrameGroups:
      return Error(sqlstate::kWindowingError, "window functions are not allowed in window definitions").At(node.location);
    default:
      return Errorf(sqlstate::kWindowingError, "window functions are not allowed in %s", Place(scope.use)).At(node.location);
  }
  ASSIGN_OR_RETURN(call->window, Window(scope, *node.over));
  scope.has_windows = true;
  return call;
}

}  // namespace phantom::planner
