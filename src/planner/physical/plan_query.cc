// Operators over one input: projections, grouping, windows, sorting, limits; set operations and CTEs.
#include <algorithm>
#include <cmath>

#include "planner/build/builder.h"
#include "planner/cost/access_cost.h"
#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/physical/physical_planner.h"
#include "planner/rules/rules.h"

namespace phantom::planner {

using namespace types;

Result<LogicalNode*> PhysicalPlanner::Rewritten(Query& query, RelId rel) {
  Builder builder(ctx_);
  ASSIGN_OR_RETURN(LogicalNode * node, builder.Build(query, rel));
  FoldConstants(ctx_, *node);
  ASSIGN_OR_RETURN(node, UnnestSubqueries(ctx_, node));
  node = PushDown(ctx_, node);
  estimator_.NoteColumns(*node);
  node = OrderJoins(ctx_, node, estimator_);
  return node;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::Plan(LogicalNode& node, const Columns& required, const Wanted* wanted) {
  switch (node.kind) {
    case LogicalKind::kScan:
      return PlanScan(*As<LogicalScan>(&node), required, wanted);
    case LogicalKind::kValues:
      return PlanValues(*As<LogicalValues>(&node));
    case LogicalKind::kFunctionScan:
      return PlanFunctionScan(*As<LogicalFunctionScan>(&node), required);
    case LogicalKind::kCteScan: {
      auto* scan = As<LogicalCteScan>(&node);
      return PlanCteScan(*scan->entry, *scan->cte, scan->filters, false);
    }
    case LogicalKind::kWorkTableScan: {
      auto* scan = As<LogicalWorkTableScan>(&node);
      return PlanCteScan(*scan->entry, *scan->cte, scan->filters, true);
    }
    case LogicalKind::kFilter:
      return PlanFilter(*As<LogicalFilter>(&node), required, wanted);
    case LogicalKind::kProject:
      return PlanProject(*As<LogicalProject>(&node), required, wanted);
    case LogicalKind::kProjectSet:
      return PlanProjectSet(*As<LogicalProjectSet>(&node), required);
    case LogicalKind::kJoin:
      return PlanJoin(*As<LogicalJoin>(&node), required);
    case LogicalKind::kAggregate:
      return PlanAggregate(*As<LogicalAggregate>(&node), wanted);
    case LogicalKind::kWindow:
      return PlanWindow(*As<LogicalWindow>(&node), required);
    case LogicalKind::kSort:
      return PlanSort(*As<LogicalSort>(&node), required, nullptr, wanted);
    case LogicalKind::kLimit:
      return PlanLimit(*As<LogicalLimit>(&node), required);
    case LogicalKind::kDistinctOn:
      return PlanDistinctOn(*As<LogicalDistinctOn>(&node), required, wanted);
    case LogicalKind::kSetOp:
      return PlanSetOp(*As<LogicalSetOp>(&node));
    case LogicalKind::kRecursiveUnion:
      return PlanRecursive(*As<LogicalRecursiveUnion>(&node));
    case LogicalKind::kWith:
      return PlanWith(*As<LogicalWith>(&node), required, wanted);
    case LogicalKind::kLockRows:
      return PlanLockRows(*As<LogicalLockRows>(&node), required);
    case LogicalKind::kModify:
      return PlanModify(*As<LogicalModify>(&node));
  }
  return Errorf(sqlstate::kInternalError, "unexpected plan node");
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanExact(LogicalNode& node, const std::vector<ColumnId>& columns) {
  Columns required(columns.begin(), columns.end());
  ASSIGN_OR_RETURN(Planned planned, Plan(node, required));
  return Project(std::move(planned), columns);
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanFilter(LogicalFilter& node, const Columns& required,
                                                             const Wanted* wanted) {
  Columns need = required;
  for (const Expr* condition : node.conditions) Use(condition, need);
  Wanted below;
  if (wanted != nullptr) {
    below = *wanted;
    // So many rows are left of more.
    if (below.limit > 0) below.limit *= estimator_.Rows(*node.children[0]) / std::max(1.0, estimator_.Rows(node));
    wanted = &below;
  }
  ASSIGN_OR_RETURN(Planned input, Plan(*node.children[0], need, wanted));
  return AddFilter(std::move(input), node.conditions, estimator_.Rows(node));
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanProject(LogicalProject& node, const Columns& required,
                                                              const Wanted* wanted) {
  // Only what is asked for is computed, but volatile functions run all the same.
  std::vector<size_t> kept;
  for (size_t i = 0; i < node.exprs.size(); ++i) {
    if (required.contains({node.rel, static_cast<int>(i)}) || IsVolatile(node.exprs[i])) kept.push_back(i);
  }
  Columns need;
  for (size_t i : kept) Use(node.exprs[i], need);
  Wanted below;
  if (wanted != nullptr) {
    below.limit = wanted->limit;
    below.strict = wanted->strict;
    below.otherwise = wanted->otherwise;
    for (const SortKey& key : wanted->keys) {
      SortKey copy = key;
      copy.expr = Copy(ctx_.arena, key.expr, [&](const Expr* e) -> Expr* {
        auto* column = DynAs<ColumnRef>(e);
        return column != nullptr && column->rel == node.rel ? node.exprs[static_cast<size_t>(column->column)] : nullptr;
      });
      below.keys.push_back(copy);
    }
    bool pure = std::none_of(below.keys.begin(), below.keys.end(), [](const SortKey& key) {
      return IsVolatile(key.expr) || ContainsSubquery(key.expr) || ReturnsSet(key.expr);
    });
    if (!pure) wanted = nullptr;
  }
  ASSIGN_OR_RETURN(Planned input, Plan(*node.children[0], need, wanted == nullptr ? nullptr : &below));
  auto* project = New<PhysicalProject>();
  Planned result;
  bool identity = kept.size() == input.layout.size();
  for (size_t k = 0; k < kept.size(); ++k) {
    const Expr* expr = node.exprs[kept[k]];
    ASSIGN_OR_RETURN(Expr * resolved, Resolve(expr, input.layout));
    auto* ref = DynAs<InputRef>(resolved);
    identity = identity && ref != nullptr && ref->index == static_cast<int>(k);
    project->exprs.push_back(resolved);
    result.layout.push_back({{node.rel, static_cast<int>(kept[k])}, expr->type, expr->collation,
                             kept[k] < node.names.size() ? node.names[kept[k]] : std::string()});
  }
  result.ordered = input.ordered;
  if (identity) {
    result.node = input.node;
    return result;
  }
  project->children = {input.node};
  project->cost = input.node->cost;
  project->cost.total += input.node->cost.rows * ctx_.planner.settings.cpu_operator_cost * static_cast<double>(kept.size());
  Finish(project, result.layout);
  result.node = project;
  return result;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanProjectSet(LogicalProjectSet& node, const Columns& required) {
  Columns need = required;
  for (const Expr* expr : node.exprs) Use(expr, need);
  ASSIGN_OR_RETURN(Planned input, Plan(*node.children[0], need));
  auto* project = New<PhysicalProjectSet>();
  Planned result;
  for (size_t i = 0; i < input.layout.size(); ++i) {
    if (!required.contains(input.layout[i].id)) continue;
    auto* ref = ctx_.arena.New<InputRef>();
    ref->index = static_cast<int>(i);
    ref->type = input.layout[i].type;
    ref->collation = input.layout[i].collation;
    project->exprs.push_back(ref);
    result.layout.push_back(input.layout[i]);
  }
  for (size_t i = 0; i < node.exprs.size(); ++i) {
    ASSIGN_OR_RETURN(Expr * expr, Resolve(node.exprs[i], input.layout));
    project->exprs.push_back(expr);
    result.layout.push_back({{node.rel, static_cast<int>(i)}, expr->type, expr->collation, ""});
  }
  project->children = {input.node};
  project->cost = input.node->cost;
  project->cost.rows = estimator_.Rows(node);
  Finish(project, result.layout);
  result.node = project;
  return result;
}

PhysicalPlanner::Planned PhysicalPlanner::AddSort(Planned input, std::vector<SortKey> keys) {
  if (keys.empty()) return input;
  auto* sort = New<PhysicalSort>();
  sort->keys = std::move(keys);
  sort->children = {input.node};
  double n = std::max(2.0, input.node->cost.rows);
  sort->cost = input.node->cost;
  sort->cost.startup = sort->cost.total += SortCost(ctx_.planner.settings, n);
  Finish(sort, input.layout);
  input.node = sort;
  input.ordered = true;
  return input;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanWindow(LogicalWindow& node, const Columns& required) {
  Columns need = required;
  ForEachExpr(node, [&](Expr*& expr) { Use(expr, need); });
  ASSIGN_OR_RETURN(Planned input, Plan(*node.children[0], need));
  std::vector<SortKey> keys;
  for (Expr* key : node.partition) {
    SortKey sort{.expr = key, .less = binder_.resolver().SortOperator(key->type.oid, 1)};
    keys.push_back(sort);
  }
  keys.insert(keys.end(), node.order.begin(), node.order.end());
  ASSIGN_OR_RETURN(std::vector<SortKey> sorted, ResolveKeys(keys, input.layout));
  input = AddSort(std::move(input), std::move(sorted));
  auto* window = New<PhysicalWindow>();
  ASSIGN_OR_RETURN(window->partition, ResolveAll(node.partition, input.layout));
  ASSIGN_OR_RETURN(window->order, ResolveKeys(node.order, input.layout));
  window->frame = node.frame;
  if (node.frame.start_offset != nullptr) {
    ASSIGN_OR_RETURN(window->frame.start_offset, Resolve(node.frame.start_offset, {}));
  }
  if (node.frame.end_offset != nullptr) {
    ASSIGN_OR_RETURN(window->frame.end_offset, Resolve(node.frame.end_offset, {}));
  }
  Planned result;
  result.layout = input.layout;
  for (size_t i = 0; i < node.calls.size(); ++i) {
    ASSIGN_OR_RETURN(Expr * call, Resolve(node.calls[i], input.layout));
    window->calls.push_back(As<WindowCall>(call));
    result.layout.push_back({{node.rel, static_cast<int>(i)}, call->type, call->collation, std::string(node.calls[i]->function->name)});
  }
  window->children = {input.node};
  window->cost = input.node->cost;
  window->cost.total += input.node->cost.rows * ctx_.planner.settings.cpu_tuple_cost;
  Finish(window, result.layout);
  result.node = window;
  return result;
}

namespace {

// How many rows a limit takes from below; < 0: all.
double RowsOf(const LogicalLimit& limit) {
  constexpr double kUnknownLimit = 100;
  if (limit.limit == nullptr) return -1;
  auto* count = DynAs<ConstExpr>(limit.limit);
  auto* skip = DynAs<ConstExpr>(limit.offset);
  double rows = count != nullptr && !count->value.is_null() ? static_cast<double>(count->value.AsInt64()) : kUnknownLimit;
  if (skip != nullptr && !skip->value.is_null()) rows += static_cast<double>(skip->value.AsInt64());
  return rows;
}

}  // namespace

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanSort(LogicalSort& node, const Columns& required,
                                                           const LogicalLimit* limit, const Wanted* above) {
  Columns need = required;
  for (const SortKey& key : node.keys) Use(key.expr, need);
  Wanted wanted{.keys = node.keys};
  if (above != nullptr) wanted.limit = above->limit;
  bool top = limit != nullptr && limit->limit != nullptr && !limit->with_ties;
  if (top) {
    wanted.limit = RowsOf(*limit);
  }
  ASSIGN_OR_RETURN(Planned input, Plan(*node.children[0], need, &wanted));
  if (input.ordered) return input;
  ASSIGN_OR_RETURN(std::vector<SortKey> keys, ResolveKeys(node.keys, input.layout));
  if (!top) return AddSort(std::move(input), std::move(keys));
  auto* sort = New<PhysicalTopN>();
  sort->keys = std::move(keys);
  ASSIGN_OR_RETURN(sort->limit, Resolve(limit->limit, {}));
  if (limit->offset != nullptr) {
    ASSIGN_OR_RETURN(sort->offset, Resolve(limit->offset, {}));
  }
  sort->children = {input.node};
  double n = std::max(2.0, input.node->cost.rows);
  sort->cost = input.node->cost;
  sort->cost.startup = sort->cost.total += TopCost(ctx_.planner.settings, n, wanted.limit);
  sort->cost.rows = std::min(n, std::max(1.0, wanted.limit));
  Finish(sort, input.layout);
  input.node = sort;
  input.ordered = true;
  return input;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanLimit(LogicalLimit& node, const Columns& required) {
  LogicalNode* child = node.children[0];
  Columns need = required;
  for (const SortKey& key : node.ties_keys) Use(key.expr, need);
  Planned input;
  if (child->kind == LogicalKind::kSort) {
    ASSIGN_OR_RETURN(input, PlanSort(*As<LogicalSort>(child), need, &node, nullptr));
    if (input.node->kind == PhysicalKind::kTopN) return input;
  } else {
    // Any rows will do, but no more than these.
    Wanted few{.limit = RowsOf(node)};
    ASSIGN_OR_RETURN(input, Plan(*child, need, &few));
  }
  auto* limit = New<PhysicalLimit>();
  if (node.limit != nullptr) {
    ASSIGN_OR_RETURN(limit->limit, Resolve(node.limit, {}));
  }
  if (node.offset != nullptr) {
    ASSIGN_OR_RETURN(limit->offset, Resolve(node.offset, {}));
  }
  limit->with_ties = node.with_ties;
  ASSIGN_OR_RETURN(limit->ties_keys, ResolveKeys(node.ties_keys, input.layout));
  limit->children = {input.node};
  double rows = estimator_.Rows(node);
  double fraction = input.node->cost.rows > 0 ? std::min(1.0, rows / input.node->cost.rows) : 1;
  limit->cost = input.node->cost;
  limit->cost.total = limit->cost.startup + (limit->cost.total - limit->cost.startup) * fraction;
  limit->cost.rows = rows;
  Finish(limit, input.layout);
  input.node = limit;
  return input;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanDistinctOn(LogicalDistinctOn& node, const Columns& required,
                                                                 const Wanted* wanted) {
  Columns need = required;
  for (const SortKey& key : node.keys) Use(key.expr, need);
  const double rows = estimator_.Rows(*node.children[0]), given = estimator_.Rows(node);
  // The sort below decides the order; a limit above asks for so many of the groups.
  Wanted below;
  if (wanted != nullptr && wanted->limit >= 0) below.limit = wanted->limit * rows / given;
  ASSIGN_OR_RETURN(Planned input, Plan(*node.children[0], need, &below));
  auto* unique = New<PhysicalUnique>();
  ASSIGN_OR_RETURN(unique->keys, ResolveKeys(node.keys, input.layout));
  unique->children = {input.node};
  unique->cost = input.node->cost;
  unique->cost.rows = given;
  Finish(unique, input.layout);
  input.node = unique;
  return input;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanSetOp(LogicalSetOp& node) {
  Planned result;
  for (size_t i = 0; i < node.types.size(); ++i) {
    const catalog::TypeRow* row = ctx_.TypeOf(node.types[i].oid);
    result.layout.push_back({{node.rel, static_cast<int>(i)}, node.types[i], row == nullptr ? 0 : row->collation, ""});
  }
  std::vector<PhysicalNode*> children;
  PlanCost cost{.rows = 0};
  for (size_t k = 0; k < node.children.size(); ++k) {
    ASSIGN_OR_RETURN(Planned child, PlanExact(*node.children[k], node.inputs[k]));
    children.push_back(child.node);
    cost.total += child.node->cost.total;
    cost.rows += child.node->cost.rows;
    if (k == 0) {
      for (size_t i = 0; i < result.layout.size(); ++i) result.layout[i].name = child.layout[i].name;
    }
  }
  cost.rows = estimator_.Rows(node);
  auto distinct = [&](PhysicalNode* child) -> PhysicalNode* {
    auto* aggregate = New<PhysicalAggregate>();
    for (size_t i = 0; i < node.types.size(); ++i) {
      auto* ref = ctx_.arena.New<InputRef>();
      ref->index = static_cast<int>(i);
      ref->type = node.types[i];
      ref->collation = result.layout[i].collation;
      aggregate->groups.push_back(ref);
    }
    // Rows without columns are all alike: at most one.
    aggregate->strategy = AggregateStrategy::kHash;
    aggregate->children = {child};
    aggregate->cost = cost;
    Finish(aggregate, result.layout);
    return aggregate;
  };
  if (node.op == SetOpKind::kUnion) {
    auto* append = New<PhysicalAppend>();
    append->children = std::move(children);
    append->cost = cost;
    Finish(append, result.layout);
    result.node = node.all ? append : distinct(append);
    return result;
  }
  auto* set = New<PhysicalSetOp>();
  set->except = node.op == SetOpKind::kExcept;
  set->all = node.all;
  set->children = std::move(children);
  set->cost = cost;
  Finish(set, result.layout);
  result.node = set;
  return result;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanRecursive(LogicalRecursiveUnion& node) {
  auto* recursive = New<PhysicalRecursiveUnion>();
  recursive->table = node.table;
  recursive->distinct = node.distinct;
  Planned result;
  for (size_t k = 0; k < 2; ++k) {
    ASSIGN_OR_RETURN(Planned child, PlanExact(*node.children[k], node.inputs[k]));
    recursive->children.push_back(child.node);
    if (k == 0) {
      for (size_t i = 0; i < node.types.size(); ++i) {
        result.layout.push_back({{node.rel, static_cast<int>(i)}, node.types[i], child.layout[i].collation, child.layout[i].name});
      }
      recursive->cost = child.node->cost;
    }
  }
  recursive->cost.rows = estimator_.Rows(node);
  Finish(recursive, result.layout);
  result.node = recursive;
  return result;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanWith(LogicalWith& node, const Columns& required, const Wanted* wanted) {
  auto* with = New<PhysicalWith>();
  with->cte = node.cte->id;
  with->name = node.cte->name;
  with->modifies = node.cte->modifies;
  if (node.cte->modifies) plan_.modifies = true;
  ASSIGN_OR_RETURN(Planned definition, PlanExact(*node.children[0], node.outputs));
  ASSIGN_OR_RETURN(Planned body, Plan(*node.children[1], required, wanted));
  with->children = {definition.node, body.node};
  with->cost = body.node->cost;
  with->cost.total += definition.node->cost.total;
  Finish(with, body.layout);
  body.node = with;
  return body;
}

}  // namespace phantom::planner
