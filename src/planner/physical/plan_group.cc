// Grouping: by hashing, or group by group over rows in an index's order; min() and max() from an index's end.
#include <algorithm>
#include <cmath>

#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/physical/physical_planner.h"

namespace phantom::planner {

using namespace types;

namespace {

// Can the calls be computed while the rows of a group go by?
bool CanStream(const LogicalAggregate& node) {
  return !node.groups.empty() && node.sets.empty() && node.grouping_calls.empty() &&
         std::none_of(node.aggregates.begin(), node.aggregates.end(),
                      [](const AggregateCall* call) { return call->distinct || !call->order_by.empty(); }) &&
         std::none_of(node.groups.begin(), node.groups.end(),
                      [](const Expr* group) { return IsVolatile(group) || ContainsSubquery(group); });
}

}  // namespace

Layout PhysicalPlanner::LayoutOf(const LogicalAggregate& node, const Layout& input) {
  Layout layout;
  int at = 0;
  for (const Expr* group : node.groups) {
    auto* column = DynAs<ColumnRef>(group);
    std::string name;
    if (column != nullptr) {
      for (const LayoutColumn& from : input) {
        if (from.id == ColumnId{column->rel, column->column}) name = from.name;
      }
    }
    layout.push_back({{node.rel, at++}, group->type, group->collation, name});
  }
  for (const AggregateCall* call : node.aggregates) {
    layout.push_back({{node.rel, at++}, call->type, call->collation, std::string(call->function->name)});
  }
  for (size_t i = 0; i < node.grouping_calls.size(); ++i) layout.push_back({{node.rel, at++}, Type(kInt4Oid), 0, "grouping"});
  return layout;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanAggregate(LogicalAggregate& node, const Wanted* wanted) {
  Planned result;
  ASSIGN_OR_RETURN(bool extremes, PlanExtremes(node, result));
  if (extremes) return result;
  Columns need;
  ForEachExpr(node, [&](Expr*& expr) { Use(expr, need); });
  const PlannerSettings& cost = ctx_.planner.settings;
  const double rows = estimator_.Rows(node), input_rows = estimator_.Rows(*node.children[0]);
  const double steps = static_cast<double>(node.groups.size() + node.aggregates.size());
  // The rows of a group together: first the order that is wanted of the groups, then the other groups as they come.
  Wanted order{.strict = 0};
  bool gives_wanted = false;
  if (CanStream(node)) {
    std::vector<bool> taken(node.groups.size(), false);
    auto key_of = [&](size_t group) {
      Expr* expr = node.groups[group];
      return SortKey{.expr = expr, .less = binder_.resolver().SortOperator(expr->type.oid, 1)};
    };
    if (wanted != nullptr) {
      gives_wanted = std::all_of(wanted->keys.begin(), wanted->keys.end(), [&](const SortKey& key) {
        auto* column = DynAs<ColumnRef>(key.expr);
        if (column == nullptr || column->rel != node.rel || static_cast<size_t>(column->column) >= node.groups.size()) return false;
        SortKey below = key;
        below.expr = node.groups[static_cast<size_t>(column->column)];
        taken[static_cast<size_t>(column->column)] = true;
        order.keys.push_back(below);
        return true;
      });
      if (!gives_wanted) {
        order.keys.clear();
        taken.assign(taken.size(), false);
      }
      order.strict = std::min(order.keys.size(), wanted->strict);
      if (gives_wanted && wanted->limit >= 0) order.limit = wanted->limit * input_rows / std::max(1.0, rows);
    }
    for (size_t i = 0; i < node.groups.size(); ++i) {
      if (!taken[i] && !IsConstant(node.groups[i])) order.keys.push_back(key_of(i));
    }
    // Otherwise rows are hashed, and groups sorted when their order is wanted.
    order.otherwise = input_rows * cost.cpu_operator_cost * static_cast<double>(node.groups.size()) + rows * cost.cpu_tuple_cost;
    if (gives_wanted && wanted != nullptr && !wanted->keys.empty()) {
      order.otherwise += 2 * cost.cpu_operator_cost * rows * std::log2(std::max(2.0, rows));
    }
  }
  ASSIGN_OR_RETURN(Planned input, Plan(*node.children[0], need, order.keys.empty() ? nullptr : &order));
  auto* aggregate = New<PhysicalAggregate>();
  const bool sorted = !order.keys.empty() && input.ordered;
  aggregate->strategy = node.groups.empty() && node.sets.empty() ? AggregateStrategy::kPlain
                        : sorted                                 ? AggregateStrategy::kSorted
                                                                 : AggregateStrategy::kHash;
  ASSIGN_OR_RETURN(aggregate->groups, ResolveAll(node.groups, input.layout));
  for (const AggregateCall* call : node.aggregates) {
    ASSIGN_OR_RETURN(Expr * resolved, Resolve(call, input.layout));
    aggregate->aggregates.push_back(As<AggregateCall>(resolved));
  }
  aggregate->sets = node.sets;
  aggregate->grouping_calls = node.grouping_calls;
  result.layout = LayoutOf(node, input.layout);
  result.ordered = sorted && gives_wanted;
  aggregate->children = {input.node};
  const double work = input.node->cost.rows * cost.cpu_operator_cost * steps;
  const double total = input.node->cost.total + work;
  aggregate->cost = {sorted ? input.node->cost.startup : total, total + rows * cost.cpu_tuple_cost, rows, 0};
  Finish(aggregate, result.layout);
  result.node = aggregate;
  return result;
}

Result<bool> PhysicalPlanner::PlanExtremes(LogicalAggregate& node, Planned& result) {
  const PlannerSettings& cost = ctx_.planner.settings;
  if (!node.groups.empty() || !node.sets.empty() || node.aggregates.empty() || !node.grouping_calls.empty()) return false;
  struct Extreme {
    Expr* value = nullptr;
    SortKey key;
    LogicalScan* scan = nullptr;
  };
  std::vector<Extreme> extremes;
  for (const AggregateCall* call : node.aggregates) {
    const catalog::AggregateRow* row = ctx_.builtins.Aggregate(call->function->oid);
    if (row == nullptr || row->sort_operator == 0 || call->args.size() != 1 || call->filter != nullptr ||
        !call->order_by.empty() || call->within_group) {
      return false;
    }
    Extreme extreme;
    for (const catalog::AmopRow* amop : ctx_.builtins.AmopsOfOperator(row->sort_operator)) {
      if (amop->method != catalog::oid::kAmBtree || (amop->strategy != 1 && amop->strategy != 5)) continue;
      const bool descending = amop->strategy == 5;
      extreme.key = {call->args[0], binder_.resolver().SortOperator(call->args[0]->type.oid, 1), descending, descending};
    }
    if (extreme.key.expr == nullptr) return false;
    extremes.push_back(extreme);
  }
  // The table below projections.
  LogicalNode* below = node.children[0];
  for (; below->kind == LogicalKind::kProject; below = below->children[0]) {
    auto* project = As<LogicalProject>(below);
    for (Extreme& extreme : extremes) {
      extreme.key.expr = Copy(ctx_.arena, extreme.key.expr, [&](const Expr* e) -> Expr* {
        auto* column = DynAs<ColumnRef>(e);
        return column != nullptr && column->rel == project->rel ? project->exprs[static_cast<size_t>(column->column)] : nullptr;
      });
    }
    if (std::any_of(project->exprs.begin(), project->exprs.end(), [](const Expr* e) { return IsVolatile(e) || ReturnsSet(e); })) {
      return false;
    }
  }
  auto* scan = DynAs<LogicalScan>(below);
  if (scan == nullptr || scan->entry->table->indexes.empty()) return false;
  auto unfit = [](const Expr* expr) { return IsVolatile(expr) || ContainsSubquery(expr); };
  if (std::any_of(scan->filters.begin(), scan->filters.end(), unfit)) return false;
  RangeEntry& entry = *scan->entry;
  Columns read;
  for (const Expr* filter : scan->filters) Use(filter, read);
  Columns all = read;
  double ends = 0;
  for (Extreme& extreme : extremes) {
    if (unfit(extreme.key.expr)) return false;
    Columns needed = read;
    Use(extreme.key.expr, needed);
    Use(extreme.key.expr, all);
    extreme.scan = ctx_.arena.New<LogicalScan>();
    extreme.scan->entry = &entry;
    extreme.scan->filters = scan->filters;
    auto* present = ctx_.arena.New<NullTest>();
    present->arg = extreme.key.expr;
    present->is_null = false;
    present->type = kBoolOid;
    auto* column = DynAs<ColumnRef>(extreme.key.expr);
    const bool not_null = column != nullptr && column->rel == entry.rel && column->column >= 0 &&
                          entry.table->columns[static_cast<size_t>(column->column)].not_null;
    if (!not_null) extreme.scan->filters.push_back(present);
    const Wanted first{.keys = {extreme.key}, .limit = 1};
    ASSIGN_OR_RETURN(Path path, BestPath(entry, extreme.scan->filters, needed, &first));
    if (path.index == nullptr || !path.ordered) return false;
    ends += path.cost;
  }
  ASSIGN_OR_RETURN(Path whole, BestPath(entry, scan->filters, all, nullptr));
  if (ends >= whole.cost + estimator_.Rows(*scan) * cost.cpu_operator_cost * static_cast<double>(extremes.size())) return false;

  auto* values = New<PhysicalValues>();
  values->rows.emplace_back();
  for (const Extreme& extreme : extremes) {
    Columns free;
    Columns* saved = free_;
    free_ = &free;
    auto plan = [&]() -> Result<PhysicalNode*> {
      Columns needed;
      Use(extreme.key.expr, needed);
      const Wanted first{.keys = {extreme.key}, .limit = 1};
      ASSIGN_OR_RETURN(Planned rows, PlanScan(*extreme.scan, needed, &first));
      auto* project = New<PhysicalProject>();
      ASSIGN_OR_RETURN(Expr * value, Resolve(extreme.key.expr, rows.layout));
      project->exprs = {value};
      project->children = {rows.node};
      project->cost = rows.node->cost;
      auto* limit = New<PhysicalLimit>();
      limit->limit = ctx_.MakeConst(Value::Int8(1), kInt8Oid);
      limit->children = {project};
      limit->cost = {0, rows.node->cost.total, 1, 0};
      const Layout layout{{{0, 0}, value->type, value->collation, ""}};
      Finish(project, layout);
      Finish(limit, layout);
      return limit;
    };
    Result<PhysicalNode*> made = plan();
    free_ = saved;
    RETURN_IF_ERROR(made.status());
    auto* subplan = ctx_.arena.New<SubPlanExpr>();
    subplan->plan = made.value();
    subplan->id = static_cast<int>(plan_.subplan_names.size());
    subplan->type = extreme.key.expr->type;
    subplan->collation = extreme.key.expr->collation;
    subplan->depends_on_outer_params = !free.empty();
    if (!free.empty()) {
      PHANTOM_CHECK(free_ != nullptr);
      free_->insert(free.begin(), free.end());
    }
    plan_.subplan_names.push_back(Format("%s %d", free.empty() ? "InitPlan" : "SubPlan", subplan->id + 1));
    values->rows[0].push_back(subplan);
  }
  result.layout = LayoutOf(node, {});
  values->cost = {ends, ends + cost.cpu_tuple_cost, 1, 0};
  Finish(values, result.layout);
  result.node = values;
  return true;
}

}  // namespace phantom::planner
