// Expressions of the logical plan to expressions over positions; subqueries left in them to SubPlans.
#include <algorithm>

#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/physical/physical_planner.h"
#include "planner/query_util.h"

namespace phantom::planner {

void PhysicalPlanner::Use(const Expr* expr, Columns& columns) { CollectColumns(expr, columns); }

Result<Expr*> PhysicalPlanner::Resolve(const Expr* expr, const Layout& layout) {
  Status status;
  Expr* result = Copy(ctx_.arena, expr, [&](const Expr* node) -> Expr* {
    if (!status.ok()) return const_cast<Expr*>(node);
    if (auto* column = DynAs<ColumnRef>(node)) {
      ColumnId id{column->rel, column->column};
      for (size_t i = 0; i < layout.size(); ++i) {
        if (layout[i].id != id) continue;
        auto* ref = ctx_.arena.New<InputRef>();
        ref->index = static_cast<int>(i);
        ref->type = column->type;
        ref->collation = column->collation;
        ref->location = column->location;
        return ref;
      }
      // A column of an operator further out: it comes through a slot.
      if (free_ == nullptr) {
        status = Errorf(sqlstate::kInternalError, "column (%d, %d) not found in the plan", id.rel, id.column);
        return const_cast<Expr*>(node);
      }
      auto [slot, added] = slots_.try_emplace(id, plan_.exec_param_count);
      if (added) {
        ++plan_.exec_param_count;
        slot_types_[id] = column->type;
      }
      free_->insert(id);
      auto* param = ctx_.arena.New<ExecParam>();
      param->slot = slot->second;
      param->type = column->type;
      param->collation = column->collation;
      param->location = column->location;
      return param;
    }
    if (auto* subquery = DynAs<SubqueryExpr>(node)) {
      auto planned = ResolveSubquery(*subquery, layout);
      if (!planned.ok()) {
        status = std::move(planned).status();
        return const_cast<Expr*>(node);
      }
      return planned.value();
    }
    return nullptr;
  });
  RETURN_IF_ERROR(std::move(status));
  return result;
}

Result<std::vector<Expr*>> PhysicalPlanner::ResolveAll(const std::vector<Expr*>& exprs, const Layout& layout) {
  std::vector<Expr*> result;
  for (const Expr* expr : exprs) {
    ASSIGN_OR_RETURN(Expr * resolved, Resolve(expr, layout));
    result.push_back(resolved);
  }
  return result;
}

namespace {

// In function calls, as PostgreSQL counts them (pg_proc.procost): which of several conditions is asked first follows, and
// with it whether a condition guards another from failing.
double EvaluationCost(const Expr* expr) {
  constexpr double kSubqueryCost = 10000;
  constexpr double kArrayItems = 10;
  double cost = 0;
  Walk(expr, [&](const Expr* node) {
    if (auto* call = DynAs<FunctionCall>(node)) {
      cost += call->function->cost;
    } else if (auto* in = DynAs<ScalarArrayExpr>(node)) {
      auto* items = DynAs<ArrayExpr>(in->array);
      cost += in->function->cost * 0.5 * (items != nullptr ? static_cast<double>(items->elements.size()) : kArrayItems);
    } else if (node->kind == ExprKind::kSubquery || node->kind == ExprKind::kSubPlan) {
      cost += kSubqueryCost;
    } else if (auto* cast = DynAs<CastExpr>(node)) {
      cost += cast->method == CastMethod::kRelabel || cast->method == CastMethod::kCollate ? 0
              : cast->method == CastMethod::kViaIo                                        ? 2
                                                                                          : 1;
    } else if (node->kind == ExprKind::kDistinct || node->kind == ExprKind::kNullIf || node->kind == ExprKind::kRowCompare) {
      cost += 1;
    }
    return true;
  });
  return cost;
}

}  // namespace

Result<Expr*> PhysicalPlanner::ResolveAnd(const std::vector<Expr*>& conditions, const Layout& layout) {
  // Cheap tests first, otherwise as written.
  std::vector<std::pair<double, Expr*>> costs;
  for (Expr* condition : conditions) costs.emplace_back(EvaluationCost(condition), condition);
  std::stable_sort(costs.begin(), costs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Expr*> ordered;
  for (const auto& [cost, condition] : costs) ordered.push_back(condition);
  ASSIGN_OR_RETURN(std::vector<Expr*> resolved, ResolveAll(ordered, layout));
  return JoinAnd(ctx_.arena, resolved);
}

Result<std::vector<SortKey>> PhysicalPlanner::ResolveKeys(const std::vector<SortKey>& keys, const Layout& layout) {
  std::vector<SortKey> result;
  for (const SortKey& key : keys) {
    SortKey copy = key;
    ASSIGN_OR_RETURN(copy.expr, Resolve(key.expr, layout));
    result.push_back(copy);
  }
  return result;
}

namespace {

bool ReadsSlots(const Expr* expr, const std::vector<int>& slots) {
  return Contains(expr, [&](const Expr* node) {
    auto* test = DynAs<CaseTest>(node);
    return test != nullptr && std::find(slots.begin(), slots.end(), test->slot) != slots.end();
  });
}

}  // namespace

Result<Expr*> PhysicalPlanner::ResolveSubquery(const SubqueryExpr& expr, const Layout& layout) {
  // One query planned once, even when several expressions (SET (a, b) = ...) read its columns.
  auto found = subqueries_.find(expr.query);
  if (found == subqueries_.end()) {
    PlannedSubquery planned;
    size_t visible = 0;
    for (const Target& target : expr.query->targets) visible += !target.junk;
    RelId rel = expr.output_rel;
    Columns free;
    Columns* saved = free_;
    free_ = &free;
    // Planning may take the query apart.
    const bool is_volatile = QueryIsVolatile(*expr.query) || !expr.query->row_marks.empty();
    auto plan = [&]() -> Status {
      // EXISTS asks for rows, not for values: none are computed, not even volatile ones, where they do not make the rows.
      Query& query = *expr.query;
      const bool rows_only = expr.subquery == SubqueryKind::kExists && query.command == CommandKind::kSelect &&
                             query.set_operation == nullptr && !query.values_only && !query.grouped &&
                             !query.has_aggregates && !query.has_windows && !query.has_set_functions && !query.distinct &&
                             query.limit == nullptr && query.offset == nullptr && query.row_marks.empty();
      if (rows_only && std::any_of(query.targets.begin(), query.targets.end(),
                                   [](const Target& target) { return IsVolatile(target.expr); })) {
        query.targets.clear();
        query.order_by.clear();
      }
      ASSIGN_OR_RETURN(LogicalNode * logical, Rewritten(*expr.query, rel));
      std::vector<ColumnId> columns;
      if (expr.subquery != SubqueryKind::kExists) {
        for (size_t i = 0; i < visible; ++i) columns.push_back({rel, static_cast<int>(i)});
        ASSIGN_OR_RETURN(Planned result, PlanExact(*logical, columns));
        planned.plan = result.node;
        planned.layout = result.layout;
      } else {
        ASSIGN_OR_RETURN(Planned result, Plan(*logical, {}));
        planned.plan = result.node;
        planned.layout = result.layout;
      }
      return Status::Ok();
    };
    Status status = plan();
    free_ = saved;
    RETURN_IF_ERROR(std::move(status));
    planned.id = static_cast<int>(plan_.subplan_names.size());
    planned.free = std::move(free);
    planned.is_volatile = is_volatile;
    plan_.subplan_names.push_back(Format("%s %d", planned.free.empty() ? "InitPlan" : "SubPlan", planned.id + 1));
    found = subqueries_.emplace(expr.query, std::move(planned)).first;
  }
  const PlannedSubquery& planned = found->second;
  auto* node = ctx_.arena.New<SubPlanExpr>();
  node->subquery = expr.subquery == SubqueryKind::kMultiAssign ? SubqueryKind::kScalar : expr.subquery;
  node->plan = planned.plan;
  node->id = planned.id;
  node->column = expr.column;
  node->is_volatile = planned.is_volatile;
  node->type = expr.type;
  node->collation = expr.collation;
  node->location = expr.location;
  for (ColumnId id : planned.free) {
    bool here = std::any_of(layout.begin(), layout.end(), [&](const LayoutColumn& column) { return column.id == id; });
    if (!here) {
      // Set by someone further out.
      if (free_ == nullptr) return Errorf(sqlstate::kInternalError, "column (%d, %d) not found in the plan", id.rel, id.column);
      free_->insert(id);
      node->depends_on_outer_params = true;
      continue;
    }
    ASSIGN_OR_RETURN(Expr * arg, Resolve(ctx_.MakeColumn(id.rel, id.column, slot_types_[id], 0), layout));
    node->slots.push_back(slots_[id]);
    node->args.push_back(arg);
  }
  if (expr.test != nullptr) {
    std::map<int, int> slot_of;
    Expr* test = Copy(ctx_.arena, expr.test, [&](const Expr* inner) -> Expr* {
      auto* column = DynAs<ColumnRef>(inner);
      if (column == nullptr || column->rel != expr.output_rel) return nullptr;
      auto [slot, added] = slot_of.try_emplace(column->column, ctx_.next_case_slot);
      if (added) ++ctx_.next_case_slot;
      auto* value = ctx_.arena.New<CaseTest>();
      value->slot = slot->second;
      value->type = column->type;
      value->collation = column->collation;
      return value;
    });
    for (size_t i = 0; i < planned.layout.size(); ++i) {
      auto slot = slot_of.find(static_cast<int>(i));
      // Every column has a slot, read or not.
      node->test_slots.push_back(slot == slot_of.end() ? ctx_.next_case_slot++ : slot->second);
    }
    ASSIGN_OR_RETURN(node->test, Resolve(test, layout));
    // Plain equalities over an uncorrelated result can be looked up in a hash table.
    if (expr.subquery == SubqueryKind::kAny && node->slots.empty() && !node->depends_on_outer_params) {
      std::vector<Expr*> parts;
      SplitAnd(node->test, parts);
      std::map<size_t, std::pair<Expr*, const catalog::FunctionRow*>> keys;
      bool possible = parts.size() == planned.layout.size();
      for (Expr* part : parts) {
        auto* call = DynAs<FunctionCall>(part);
        if (call == nullptr || call->op == nullptr || !call->op->can_hash || call->op->name != "=" || call->args.size() != 2) {
          possible = false;
          break;
        }
        auto* right = DynAs<CaseTest>(call->args[1]);
        if (right == nullptr || ReadsSlots(call->args[0], node->test_slots)) {
          possible = false;
          break;
        }
        for (size_t i = 0; i < node->test_slots.size(); ++i) {
          if (node->test_slots[i] == right->slot) keys[i] = {call->args[0], call->function};
        }
      }
      if (possible && keys.size() == planned.layout.size()) {
        node->hashed = true;
        for (auto& [column, key] : keys) {
          node->hash_left.push_back(key.first);
          node->hash_equal.push_back(key.second);
        }
      }
    }
  }
  return node;
}

}  // namespace phantom::planner
