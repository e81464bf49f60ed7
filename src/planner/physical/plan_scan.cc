// Leaves of the plan: tables, values, functions, CTEs.
#include <algorithm>

#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/physical/physical_planner.h"

namespace phantom::planner {

using namespace types;

Layout PhysicalPlanner::LayoutOfEntry(const RangeEntry& entry, const std::vector<int>& columns) {
  Layout layout;
  for (int column : columns) {
    LayoutColumn info{.id = {entry.rel, column}};
    if (column >= 0) {
      const RangeColumn& from = entry.columns[static_cast<size_t>(column)];
      info.type = from.type;
      info.collation = from.collation;
      info.name = from.name;
    } else {
      info.type = column == kRowIdColumn     ? Type(kInt8Oid)
                  : column == kCtidColumn    ? Type(kTidOid)
                  : column == kTableOidColumn ? Type(kOidOid)
                  : column == kXminColumn || column == kXmaxColumn ? Type(kXidOid)
                                                                   : Type(kCidOid);
      info.name = column == kTableOidColumn ? "tableoid" : "ctid";
    }
    layout.push_back(std::move(info));
  }
  return layout;
}

void PhysicalPlanner::Finish(PhysicalNode* node, const Layout& layout) {
  node->types.clear();
  node->column_names.clear();
  double width = 0;
  for (const LayoutColumn& column : layout) {
    node->types.push_back(column.type);
    const RangeEntry* entry = column.id.rel > 0 && static_cast<size_t>(column.id.rel) < ctx_.entries.size()
                                  ? ctx_.entries[static_cast<size_t>(column.id.rel)]
                                  : nullptr;
    node->column_names.push_back(entry != nullptr && !column.name.empty() ? entry->name + "." + column.name : column.name);
    width += estimator_.Width(column.id, column.type);
  }
  node->cost.width = static_cast<int>(width);
}

namespace {

// What the condition `ctid = value` or `ctid = ANY (values)` compares the ctid of the table's rows with; null for other conditions.
Expr* PlaceOf(const Expr* condition, const RangeEntry& entry) {
  if (entry.table->kind != catalog::RelationKind::kTable || entry.table->is_system()) return nullptr;
  const auto fixed = [&](const Expr* value) {
    std::set<RelId> rels;
    CollectRels(value, rels);
    return !rels.contains(entry.rel) && !IsVolatile(value);
  };
  const auto is_ctid = [&](const Expr* expr) {
    auto* column = DynAs<ColumnRef>(expr);
    return column != nullptr && column->rel == entry.rel && column->column == kCtidColumn;
  };
  if (auto* in = DynAs<ScalarArrayExpr>(condition)) {
    return in->any && in->function->source == "tideq" && is_ctid(in->scalar) && fixed(in->array) ? in->array : nullptr;
  }
  auto* call = DynAs<FunctionCall>(condition);
  if (call == nullptr || call->function->source != "tideq" || call->args.size() != 2) return nullptr;
  for (size_t side = 0; side < 2; ++side) {
    if (is_ctid(call->args[side]) && fixed(call->args[1 - side])) return call->args[1 - side];
  }
  return nullptr;
}

}  // namespace

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanRowScan(LogicalScan& node, const Columns& needed, size_t place) {
  RangeEntry& entry = *node.entry;
  auto* scan = New<PhysicalSeqScan>();
  scan->use = UseOf(entry);
  for (ColumnId id : needed) scan->columns.push_back(id.column);
  std::stable_partition(scan->columns.begin(), scan->columns.end(), [](int column) { return column >= 0; });
  Planned result;
  result.layout = LayoutOfEntry(entry, scan->columns);
  ASSIGN_OR_RETURN(scan->ctid, Resolve(PlaceOf(node.filters[place], entry), {}));
  std::vector<Expr*> rest = node.filters;
  rest.erase(rest.begin() + static_cast<ptrdiff_t>(place));
  ASSIGN_OR_RETURN(scan->filter, ResolveAnd(rest, result.layout));
  scan->cost = {0, ctx_.planner.settings.random_page_cost + ctx_.planner.settings.cpu_tuple_cost, 1, 0};
  Finish(scan, result.layout);
  result.node = scan;
  return result;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanScan(LogicalScan& node, const Columns& required,
                                                           const Wanted* wanted) {
  RangeEntry& entry = *node.entry;
  Columns needed;
  for (ColumnId id : required) {
    if (id.rel == entry.rel) needed.insert(id);
  }
  for (const Expr* filter : node.filters) {
    Columns used;
    Use(filter, used);
    for (ColumnId id : used) {
      if (id.rel == entry.rel) needed.insert(id);
    }
  }
  // A condition that names the row's place is enough to find it.
  auto place = std::find_if(node.filters.begin(), node.filters.end(),
                            [&](const Expr* filter) { return PlaceOf(filter, entry) != nullptr; });
  if (place != node.filters.end()) return PlanRowScan(node, needed, static_cast<size_t>(place - node.filters.begin()));
  std::vector<int> columns;
  for (ColumnId id : needed) columns.push_back(id.column);
  // Ordinary columns in table order, then system columns.
  std::stable_partition(columns.begin(), columns.end(), [](int column) { return column >= 0; });
  Layout layout = LayoutOfEntry(entry, columns);
  ASSIGN_OR_RETURN(Path path, BestPath(entry, node.filters, needed, wanted));
  double rows = estimator_.Rows(node);
  Planned result;
  result.layout = layout;
  if (path.index == nullptr) {
    auto* scan = New<PhysicalSeqScan>();
    scan->use = UseOf(entry);
    scan->columns = columns;
    ASSIGN_OR_RETURN(scan->filter, ResolveAnd(node.filters, layout));
    result.node = scan;
  } else {
    auto* scan = New<PhysicalIndexScan>();
    scan->use = UseOf(entry);
    scan->access = path.access;
    scan->access.index = std::shared_ptr<const catalog::Index>(entry.table, path.index);
    for (IndexCondition& condition : scan->access.conditions) {
      if (condition.value == nullptr) continue;
      ASSIGN_OR_RETURN(condition.value, Resolve(condition.value, {}));
    }
    scan->columns = columns;
    std::vector<Expr*> rest;
    for (size_t i = 0; i < node.filters.size(); ++i) {
      if (!path.used[i]) rest.push_back(node.filters[i]);
    }
    ASSIGN_OR_RETURN(scan->filter, ResolveAnd(rest, layout));
    scan->index_only = path.index_only;
    if (path.access.unique) rows = 1;
    result.node = scan;
    result.ordered = path.ordered;
  }
  result.node->cost = {0, path.cost, rows, 0};
  Finish(result.node, layout);
  return result;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanValues(LogicalValues& node) {
  auto* values = New<PhysicalValues>();
  Planned result;
  for (size_t i = 0; i < node.types.size(); ++i) {
    result.layout.push_back({{node.rel, static_cast<int>(i)}, node.types[i], 0, "column" + std::to_string(i + 1)});
  }
  for (const std::vector<Expr*>& row : node.rows) {
    ASSIGN_OR_RETURN(std::vector<Expr*> resolved, ResolveAll(row, {}));
    values->rows.push_back(std::move(resolved));
  }
  double rows = static_cast<double>(node.rows.size());
  values->cost = {0, rows * ctx_.planner.settings.cpu_operator_cost * 5, rows, 0};
  Finish(values, result.layout);
  result.node = values;
  return result;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanFunctionScan(LogicalFunctionScan& node, const Columns& required) {
  (void)required;
  RangeEntry& entry = *node.entry;
  auto* scan = New<PhysicalFunctionScan>();
  scan->alias = entry.name;
  scan->ordinality = entry.ordinality;
  for (const TableFunction& function : entry.functions) {
    TableFunction copy = function;
    ASSIGN_OR_RETURN(copy.call, Resolve(function.call, {}));
    scan->functions.push_back(std::move(copy));
  }
  std::vector<int> columns;
  for (size_t i = 0; i < entry.columns.size(); ++i) columns.push_back(static_cast<int>(i));
  Planned result;
  result.layout = LayoutOfEntry(entry, columns);
  ASSIGN_OR_RETURN(scan->filter, ResolveAnd(node.filters, result.layout));
  double rows = estimator_.Rows(node);
  scan->cost = {0, rows * ctx_.planner.settings.cpu_tuple_cost, rows, 0};
  Finish(scan, result.layout);
  result.node = scan;
  return result;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanCteScan(RangeEntry& entry, CommonTable& cte, std::vector<Expr*>& filters,
                                                              bool work_table) {
  std::vector<int> columns;
  for (size_t i = 0; i < entry.columns.size(); ++i) columns.push_back(static_cast<int>(i));
  Planned result;
  result.layout = LayoutOfEntry(entry, columns);
  ASSIGN_OR_RETURN(Expr * filter, ResolveAnd(filters, result.layout));
  if (work_table) {
    auto* scan = New<PhysicalWorkTableScan>();
    scan->table = cte.id;
    scan->name = cte.name;
    scan->alias = entry.name;
    scan->filter = filter;
    result.node = scan;
  } else {
    auto* scan = New<PhysicalCteScan>();
    scan->cte = cte.id;
    scan->name = cte.name;
    scan->alias = entry.name;
    scan->filter = filter;
    result.node = scan;
  }
  double rows = (work_table ? 100 : estimator_.CommonTableRows(&cte)) * estimator_.Selectivity(filters);
  result.node->cost = {0, rows * ctx_.planner.settings.cpu_tuple_cost, std::max(1.0, rows), 0};
  Finish(result.node, result.layout);
  return result;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::AddFilter(Planned input, const std::vector<Expr*>& conditions, double rows) {
  if (conditions.empty()) return input;
  auto* filter = New<PhysicalFilter>();
  filter->children = {input.node};
  ASSIGN_OR_RETURN(filter->condition, ResolveAnd(conditions, input.layout));
  filter->one_time = !Contains(filter->condition, [](const Expr* e) { return e->kind == ExprKind::kInputRef; }) &&
                     std::none_of(conditions.begin(), conditions.end(), [](const Expr* e) { return IsVolatile(e); });
  filter->cost = input.node->cost;
  filter->cost.total += input.node->cost.rows * ctx_.planner.settings.cpu_operator_cost * static_cast<double>(conditions.size());
  filter->cost.rows = rows;
  Finish(filter, input.layout);
  input.node = filter;
  return input;
}

PhysicalPlanner::Planned PhysicalPlanner::Project(Planned input, const std::vector<ColumnId>& columns) {
  bool same = input.layout.size() == columns.size();
  for (size_t i = 0; same && i < columns.size(); ++i) same = input.layout[i].id == columns[i];
  if (same) return input;
  auto* project = New<PhysicalProject>();
  Layout layout;
  for (ColumnId id : columns) {
    for (size_t i = 0; i < input.layout.size(); ++i) {
      if (input.layout[i].id != id) continue;
      auto* ref = ctx_.arena.New<InputRef>();
      ref->index = static_cast<int>(i);
      ref->type = input.layout[i].type;
      ref->collation = input.layout[i].collation;
      project->exprs.push_back(ref);
      layout.push_back(input.layout[i]);
      break;
    }
  }
  PHANTOM_CHECK(layout.size() == columns.size());
  project->children = {input.node};
  project->cost = input.node->cost;
  Finish(project, layout);
  return {project, layout, input.ordered};
}

}  // namespace phantom::planner
