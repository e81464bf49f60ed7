// INSERT, UPDATE, DELETE, MERGE, row locks, and the statement's root.
#include <algorithm>

#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/physical/physical_planner.h"

namespace phantom::planner {

using namespace types;

// The conditions to test again on rows that changed meanwhile, as far as they ask for what the child of relations `rels` has;
// what subqueries read inside is their own.
Result<Expr*> PhysicalPlanner::ResolveRechecks(const std::vector<Expr*>& conditions, const std::set<RelId>& rels,
                                               const Layout& layout) {
  std::vector<Expr*> kept;
  for (Expr* condition : conditions) {
    if (condition->kind == ExprKind::kCurrentOf) continue;
    const bool nested = ContainsSubquery(condition);
    Columns used;
    Use(condition, used);
    const bool there = std::all_of(used.begin(), used.end(), [&](ColumnId id) {
      return (nested && !rels.contains(id.rel)) ||
             std::any_of(layout.begin(), layout.end(), [&](const LayoutColumn& column) { return column.id == id; });
    });
    if (there) kept.push_back(condition);
  }
  return ResolveAnd(kept, layout);
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanLockRows(LogicalLockRows& node, const Columns& required) {
  plan_.has_row_marks = true;
  Columns need = required;
  for (const Expr* condition : node.rechecks) Use(condition, need);
  for (const LogicalLockRows::OuterJoin& join : node.outer_joins) {
    for (const Expr* condition : join.on) Use(condition, need);
  }
  std::set<RelId> available = OutputRels(*node.children[0]);
  std::vector<RowMark> marks;
  for (const RowMark& mark : node.marks) {
    if (!available.contains(mark.entry->rel)) continue;
    need.insert({mark.entry->rel, kRowIdColumn});
    marks.push_back(mark);
  }
  ASSIGN_OR_RETURN(Planned input, Plan(*node.children[0], need));
  if (marks.empty()) return input;
  auto* lock = New<PhysicalLockRows>();
  for (const RowMark& mark : marks) {
    RowLock row{.use = UseOf(*mark.entry), .strength = mark.strength, .wait = mark.wait};
    for (size_t i = 0; i < input.layout.size(); ++i) {
      const ColumnId& id = input.layout[i].id;
      row.columns.push_back(id.rel == mark.entry->rel ? id.column : kNoColumn);
      if (id.rel == mark.entry->rel && id.column == kRowIdColumn) row.row_id_index = static_cast<int>(i);
    }
    lock->locks.push_back(std::move(row));
  }
  ASSIGN_OR_RETURN(lock->recheck, ResolveRechecks(node.rechecks, available, input.layout));
  for (const LogicalLockRows::OuterJoin& join : node.outer_joins) {
    OuterJoinRecheck& made = lock->outer_joins.emplace_back();
    ASSIGN_OR_RETURN(made.on, ResolveRechecks(join.on, available, input.layout));
    for (size_t i = 0; i < input.layout.size(); ++i) {
      if (join.nullable.contains(input.layout[i].id.rel)) made.nullable.push_back(static_cast<int>(i));
    }
  }
  lock->children = {input.node};
  lock->cost = input.node->cost;
  Finish(lock, input.layout);
  input.node = lock;
  return input;
}

Status PhysicalPlanner::PlanInsert(LogicalModify& node, PhysicalInsert& insert) {
  Query& query = *node.query;
  ASSIGN_OR_RETURN(Planned source, PlanExact(*node.children[0], node.inputs));
  insert.children = {source.node};
  insert.columns = query.insert_columns;
  insert.cost = source.node->cost;
  // Over the existing row and the one proposed, both whole.
  if (query.on_conflict != nullptr) {
    insert.conflict = query.on_conflict->action;
    insert.arbiters = query.on_conflict->arbiters;
    std::vector<int> all;
    for (size_t i = 0; i < query.target->columns.size(); ++i) all.push_back(static_cast<int>(i));
    Layout both = LayoutOfEntry(*query.target, all);
    if (query.on_conflict->excluded != nullptr) {
      Layout excluded = LayoutOfEntry(*query.on_conflict->excluded, all);
      both.insert(both.end(), excluded.begin(), excluded.end());
    }
    for (const ColumnAssignment& assignment : query.on_conflict->assignments) {
      ASSIGN_OR_RETURN(Expr * value, Resolve(assignment.value, both));
      insert.assignments.push_back({assignment.column, value});
    }
    if (query.on_conflict->where != nullptr) {
      ASSIGN_OR_RETURN(insert.conflict_where, Resolve(query.on_conflict->where, both));
    }
  }
  return Status::Ok();
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanModify(LogicalModify& node) {
  Query& query = *node.query;
  RangeEntry& target = *query.target;
  const catalog::Table& table = *target.table;
  plan_.modifies = true;
  PhysicalNode* made = nullptr;
  Planned result;
  std::vector<int> all;
  for (size_t i = 0; i < table.columns.size(); ++i) all.push_back(static_cast<int>(i));
  Layout new_row = LayoutOfEntry(target, all);
  // What a deleted row had is the scan's to say.
  if (query.command != CommandKind::kDelete) {
    const std::vector<int> system = {kRowIdColumn, kCtidColumn, kXminColumn, kXmaxColumn};
    for (LayoutColumn& column : LayoutOfEntry(target, system)) new_row.push_back(std::move(column));
  }

  auto view_checks = [&]() -> Result<std::vector<ViewCheck>> {
    std::vector<ViewCheck> checks;
    for (const ViewCheck& check : query.view_checks) {
      ASSIGN_OR_RETURN(Expr * condition, Resolve(check.condition, new_row));
      checks.push_back({check.view, condition});
    }
    return checks;
  };
  // System columns of the new row that RETURNING may name.
  auto returning = [&](const Layout& layout) -> Result<std::vector<Expr*>> {
    std::vector<Expr*> exprs;
    for (size_t i = 0; i < query.returning.size(); ++i) {
      const Target& item = query.returning[i];
      Expr* expr = Copy(ctx_.arena, item.expr, [&](const Expr* e) -> Expr* {
        auto* column = DynAs<ColumnRef>(e);
        if (column == nullptr || column->rel != target.rel) return nullptr;
        if (column->column == kTableOidColumn) return ctx_.MakeConst(Value::OidValue(table.oid), kOidOid);
        if (column->column != kCminColumn && column->column != kCmaxColumn) return nullptr;
        const int32_t zero = 0;
        return ctx_.MakeConst(Value::FromSlot(kCidOid, &zero), kCidOid);
      });
      ASSIGN_OR_RETURN(Expr * resolved, Resolve(expr, layout));
      exprs.push_back(resolved);
      result.layout.push_back({{node.rel, static_cast<int>(i)}, expr->type, expr->collation, item.name});
    }
    return exprs;
  };
  ASSIGN_OR_RETURN(TableRules rules, BindTableRules(table, ctx_.arena, ctx_.pinned, ctx_.planner, ctx_.next_case_slot));
  for (const auto& key : rules.indexes) ctx_.Pin(key.index);

  if (query.command == CommandKind::kInsert) {
    auto* insert = New<PhysicalInsert>();
    insert->use = UseOf(target);
    insert->rules = std::move(rules);
    RETURN_IF_ERROR(PlanInsert(node, *insert));
    ASSIGN_OR_RETURN(insert->view_checks, view_checks());
    insert->has_returning = query.has_returning;
    ASSIGN_OR_RETURN(insert->returning, returning(new_row));
    made = insert;
  } else {
    Columns need;
    need.insert({target.rel, kRowIdColumn});
    for (size_t i = 0; i < table.columns.size(); ++i) {
      if (!table.columns[i].dropped) need.insert({target.rel, static_cast<int>(i)});
    }
    ForEachExpr(node, [&](Expr*& expr) { Use(expr, need); });
    for (const Expr* condition : node.rechecks) Use(condition, need);
    std::set<RelId> available = OutputRels(*node.children[0]);
    ASSIGN_OR_RETURN(Planned input, Plan(*node.children[0], need));
    int row_id_index = 0;
    std::vector<int> target_columns;
    for (size_t i = 0; i < input.layout.size(); ++i) {
      const ColumnId& id = input.layout[i].id;
      bool own = id.rel == target.rel;
      if (own && id.column == kRowIdColumn) row_id_index = static_cast<int>(i);
      target_columns.push_back(own && (id.column >= 0 || id.column == kXminColumn) ? id.column : kNoColumn);
    }
    ASSIGN_OR_RETURN(Expr * recheck, ResolveRechecks(node.rechecks, available, input.layout));
    auto assignments = [&](const std::vector<ColumnAssignment>& from) -> Result<std::vector<ColumnAssignment>> {
      std::vector<ColumnAssignment> resolved;
      for (const ColumnAssignment& assignment : from) {
        ASSIGN_OR_RETURN(Expr * value, Resolve(assignment.value, input.layout));
        resolved.push_back({assignment.column, value});
      }
      return resolved;
    };
    // Resolve looks from the left: the row's new columns hide the old ones of the input.
    Layout after = new_row;
    after.insert(after.end(), input.layout.begin(), input.layout.end());
    if (query.command == CommandKind::kUpdate) {
      auto* update = New<PhysicalUpdate>();
      update->use = UseOf(target);
      update->rules = std::move(rules);
      update->row_id_index = row_id_index;
      update->target_columns = std::move(target_columns);
      ASSIGN_OR_RETURN(update->assignments, assignments(query.assignments));
      update->recheck = recheck;
      ASSIGN_OR_RETURN(update->view_checks, view_checks());
      update->has_returning = query.has_returning;
      ASSIGN_OR_RETURN(update->returning, returning(after));
      made = update;
    } else if (query.command == CommandKind::kDelete) {
      auto* remove = New<PhysicalDelete>();
      remove->use = UseOf(target);
      remove->rules = std::move(rules);
      remove->row_id_index = row_id_index;
      remove->target_columns = std::move(target_columns);
      remove->recheck = recheck;
      remove->has_returning = query.has_returning;
      ASSIGN_OR_RETURN(remove->returning, returning(after));
      made = remove;
    } else {
      auto* merge = New<PhysicalMerge>();
      merge->use = UseOf(target);
      merge->rules = std::move(rules);
      merge->row_id_index = row_id_index;
      merge->target_columns = std::move(target_columns);
      merge->recheck = recheck;
      for (const MergeWhen& when : query.merge_actions) {
        PhysicalMerge::When action{.matched = when.matched, .action = when.action};
        if (when.condition != nullptr) {
          ASSIGN_OR_RETURN(action.condition, Resolve(when.condition, input.layout));
        }
        ASSIGN_OR_RETURN(action.assignments, assignments(when.assignments));
        merge->actions.push_back(std::move(action));
      }
      made = merge;
    }
    made->children = {input.node};
    made->cost = input.node->cost;
  }
  if (!query.has_returning) made->cost.rows = 0;
  Finish(made, result.layout);
  result.node = made;
  return result;
}

namespace {

// A statement whose one row comes by a unique index (or one VALUES row) needs no pipeline.
bool IsPointSource(const PhysicalNode* node) {
  if (node->kind != PhysicalKind::kIndexScan) return false;
  auto* scan = As<PhysicalIndexScan>(node);
  return scan->access.unique;
}

bool HasSubPlan(const Expr* expr) { return expr != nullptr && ContainsSubquery(expr); }

}  // namespace

Status PhysicalPlanner::PlanRoot(Query& query) {
  RelId rel = ctx_.NewRel(nullptr, nullptr);
  ASSIGN_OR_RETURN(LogicalNode * logical, Rewritten(query, rel));
  const std::vector<Target>& targets = query.command == CommandKind::kSelect ? query.targets : query.returning;
  std::vector<ColumnId> columns;
  if (query.command == CommandKind::kSelect || query.has_returning) {
    int at = 0;
    for (const Target& target : targets) {
      if (target.junk) continue;
      columns.push_back({rel, at++});
      plan_.columns.push_back({target.name, target.expr->type, target.origin_table, target.origin_column});
    }
  }
  // A cursor's ctids are computed, but nobody's to see.
  plan_.columns.resize(plan_.columns.size() - plan_.cursor_tables.size());
  ASSIGN_OR_RETURN(Planned root, PlanExact(*logical, columns));
  plan_.root = root.node;
  plan_.command = query.command;
  if (query.command != CommandKind::kSelect) plan_.modifies = true;

  // The direct path.
  auto point_of = [&](PhysicalNode* node) {
    auto* scan = As<PhysicalIndexScan>(node);
    auto* point = ctx_.arena.New<PhysicalPointSelect>();
    point->id = scan->id;
    point->types = scan->types;
    point->column_names = scan->column_names;
    point->cost = scan->cost;
    point->use = scan->use;
    point->access = scan->access;
    point->columns = scan->columns;
    point->filter = scan->filter;
    return point;
  };
  PhysicalNode* node = root.node;
  if (IsPointSource(node) && !HasSubPlan(As<PhysicalIndexScan>(node)->filter)) {
    plan_.root = point_of(node);
    plan_.point = true;
  } else if (node->kind == PhysicalKind::kProject && IsPointSource(node->children[0])) {
    auto* project = As<PhysicalProject>(node);
    bool plain = std::none_of(project->exprs.begin(), project->exprs.end(), HasSubPlan) &&
                 !HasSubPlan(As<PhysicalIndexScan>(node->children[0])->filter);
    if (plain) {
      PhysicalPointSelect* point = point_of(node->children[0]);
      point->id = node->id;
      point->project = true;
      point->exprs = project->exprs;
      point->types = node->types;
      point->column_names = node->column_names;
      plan_.root = point;
      plan_.point = true;
    }
  } else if ((node->kind == PhysicalKind::kUpdate || node->kind == PhysicalKind::kDelete) && IsPointSource(node->children[0]) &&
             !HasSubPlan(As<PhysicalIndexScan>(node->children[0])->filter)) {
    node->children[0] = point_of(node->children[0]);
    plan_.point = true;
  } else if (node->kind == PhysicalKind::kInsert && node->children[0]->kind == PhysicalKind::kValues &&
             As<PhysicalValues>(node->children[0])->rows.size() == 1) {
    plan_.point = true;
  }
  return Status::Ok();
}

}  // namespace phantom::planner
