// Views as targets of INSERT, UPDATE and DELETE: a view that takes rows of one relation as they are stands for that
// relation (PostgreSQL's rules for automatically updatable views).
#include <algorithm>

#include "planner/binder/binder.h"
#include "planner/expr_util.h"
#include "planner/query_util.h"
#include "types/text_format.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

namespace {

// WITH (security_invoker): the view's tables are used with the rights of who uses the view.
bool HasSecurityInvoker(const catalog::Table& view) {
  constexpr std::string_view kOption = "security_invoker=";
  for (const std::string& option : view.options) {
    bool on = false;
    if (option.starts_with(kOption) && TryParseBool(std::string_view(option).substr(kOption.size()), &on)) return on;
  }
  return false;
}

}  // namespace

Result<Query*> Binder::ViewQuery(const catalog::Table& view) {
  constexpr size_t kViewDepthMax = 64;
  if (std::find(ctx_.view_stack.begin(), ctx_.view_stack.end(), view.oid) != ctx_.view_stack.end() ||
      ctx_.view_stack.size() > kViewDepthMax) {
    return Errorf(sqlstate::kInvalidObjectDefinition, "infinite recursion detected in rules for relation \"%s\"",
                  view.name.c_str());
  }
  ASSIGN_OR_RETURN(std::string sql, ctx_.catalog.ViewQuery(view));
  ASSIGN_OR_RETURN(const ast::Node* node, ParseQueryText(sql, ctx_.pinned));
  auto* select = DynCast<ast::SelectStmt>(node);
  if (select == nullptr) return Error(sqlstate::kInternalError, "stored view is not a query");
  ctx_.view_stack.push_back(view.oid);
  Oid saved_check = ctx_.check_as;
  if (!HasSecurityInvoker(view)) ctx_.check_as = view.owner;
  bool saved_variable = ctx_.params_variable, saved_stored = ctx_.stored_text;
  ctx_.params_variable = false;
  ctx_.stored_text = !view.is_system();
  Result<Query*> query = Select(*select, nullptr);
  ctx_.stored_text = saved_stored;
  ctx_.params_variable = saved_variable;
  ctx_.check_as = saved_check;
  ctx_.view_stack.pop_back();
  if (!query.ok()) {
    // The error's place is in the view's text, which the client does not see.
    Status status = std::move(query).status();
    status.mutable_error().location = -1;
    return status;
  }
  return query;
}

namespace {

const char* RefusalOf(const Query& query) {
  if (query.distinct || query.has_distinct_on) return "Views containing DISTINCT are not automatically updatable.";
  if (!query.groups.empty() || query.has_grouping_sets) return "Views containing GROUP BY are not automatically updatable.";
  if (query.having != nullptr) return "Views containing HAVING are not automatically updatable.";
  if (query.set_operation != nullptr) {
    return "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable.";
  }
  if (!query.ctes.empty()) return "Views containing WITH are not automatically updatable.";
  if (query.limit != nullptr || query.offset != nullptr) {
    return "Views containing LIMIT or OFFSET are not automatically updatable.";
  }
  if (query.grouped || query.has_aggregates) return "Views that return aggregate functions are not automatically updatable.";
  if (query.has_windows) return "Views that return window functions are not automatically updatable.";
  if (query.has_set_functions) return "Views that return set-returning functions are not automatically updatable.";
  const FromNode* from = query.from;
  bool one_relation = from != nullptr && !from->join && from->entry->table != nullptr &&
                      (from->entry->table->is_view() || from->entry->table->kind == catalog::RelationKind::kTable);
  if (!one_relation) return "Views that do not select from a single table or view are not automatically updatable.";
  return nullptr;
}

}  // namespace

std::string Binder::NotUpdatable(const Query& query) {
  if (const char* refusal = RefusalOf(query)) return refusal;
  for (const Target& target : query.targets) {
    auto* column = DynAs<ColumnRef>(target.expr);
    if (!target.junk && column != nullptr && column->rel == query.from->entry->rel && column->column >= 0) return "";
  }
  return "Views that have no updatable columns are not automatically updatable.";
}

Result<ViewBase*> Binder::AnalyzeView(const catalog::Table& view) {
  auto* base = ctx_.arena.New<ViewBase>();
  ASSIGN_OR_RETURN(base->query, ViewQuery(view));
  base->refusal = RefusalOf(*base->query);
  if (base->refusal != nullptr) return base;
  base->entry = base->query->from->entry;
  bool any = false;
  for (const Target& target : base->query->targets) {
    if (target.junk) continue;
    auto* column = DynAs<ColumnRef>(target.expr);
    base->columns.push_back(-1);
    base->reasons.push_back(nullptr);
    if (target.expr->kind == ExprKind::kWholeRow) {
      base->reasons.back() = "View columns that return whole-row references are not updatable.";
    } else if (column == nullptr || column->rel != base->entry->rel) {
      base->reasons.back() = "View columns that are not columns of their base relation are not updatable.";
    } else if (column->column < 0) {
      base->reasons.back() = "View columns that refer to system columns are not updatable.";
    } else {
      base->columns.back() = column->column;
      any = true;
    }
  }
  base->any_column = any;
  if (base->entry->table->is_view()) {
    Oid saved_check = ctx_.check_as;
    if (!HasSecurityInvoker(view)) ctx_.check_as = view.owner;
    Result<ViewBase*> inner = AnalyzeView(*base->entry->table);
    ctx_.check_as = saved_check;
    RETURN_IF_ERROR(inner.status());
    base->entry->kind = RangeKind::kTable;
    base->entry->subquery = nullptr;
    base->entry->view_base = inner.value();
  }
  return base;
}

std::pair<const catalog::Table*, int> Binder::StoredColumn(const RangeEntry& entry, int column) {
  const RangeEntry* at = &entry;
  while (at->view_base != nullptr) {
    const ViewBase& base = *at->view_base;
    if (base.refusal != nullptr || column < 0 || static_cast<size_t>(column) >= base.columns.size()) return {nullptr, -1};
    column = base.columns[static_cast<size_t>(column)];
    if (column < 0) return {nullptr, -1};
    at = base.entry;
  }
  return {at->table.get(), column};
}

namespace {

// The row that was to be inserted into the view becomes that of the relation behind it.
void ReplaceExcluded(BindContext& context, Query& query, const ViewBase& base, const std::vector<const Expr*>& outputs) {
  OnConflict& conflict = *query.on_conflict;
  const RangeEntry& before = *conflict.excluded;
  auto* excluded = context.arena.New<RangeEntry>(*base.entry);
  excluded->name = before.name;
  excluded->aliased = true;
  excluded->rel = context.NewRel(excluded, context.scopes[static_cast<size_t>(before.rel)]);
  auto output = [&](int column) {
    return Copy(context.arena, outputs[static_cast<size_t>(column)], [&](const Expr* node) -> Expr* {
      auto* ref = DynAs<ColumnRef>(node);
      if (ref == nullptr || ref->rel != base.entry->rel) return nullptr;
      auto* moved = context.arena.New<ColumnRef>(*ref);
      moved->rel = excluded->rel;
      return moved;
    });
  };
  auto replace = [&](const Expr* node) -> Expr* {
    if (auto* ref = DynAs<ColumnRef>(node); ref != nullptr && ref->rel == before.rel && ref->column >= 0) {
      return output(ref->column);
    }
    if (auto* whole = DynAs<WholeRowRef>(node); whole != nullptr && whole->rel == before.rel) {
      auto* row = context.arena.New<RowExpr>();
      row->type = whole->type;
      for (size_t i = 0; i < outputs.size(); ++i) {
        row->fields.push_back(output(static_cast<int>(i)));
        row->names.push_back(before.columns[i].name);
      }
      return row;
    }
    return nullptr;
  };
  for (ColumnAssignment& assignment : conflict.assignments) assignment.value = Copy(context.arena, assignment.value, replace);
  if (conflict.where != nullptr) conflict.where = Copy(context.arena, conflict.where, replace);
  conflict.excluded = excluded;
}

}  // namespace

// One level: the view's place in the query is taken by the relation it selects from.
Status Binder::RewriteViewTarget(Query& query, bool cascaded) {
  RangeEntry& view_entry = *query.target;
  const catalog::Table& view = *view_entry.table;
  ViewBase& base = *view_entry.view_base;
  bool inserts = query.command == CommandKind::kInsert, deletes = query.command == CommandKind::kDelete;
  const char* refusal = base.refusal;
  if (refusal == nullptr && !deletes && !base.any_column) {
    refusal = "Views that have no updatable columns are not automatically updatable.";
  }
  if (refusal != nullptr) {
    const char* action = inserts ? "INSERT" : deletes ? "DELETE" : "UPDATE";
    return Errorf(sqlstate::kObjectNotInPrerequisiteState, "cannot %s view \"%s\"",
                  inserts ? "insert into" : deletes ? "delete from" : "update", view.name.c_str())
        .Detail(refusal)
        .Hint(Format("To enable %s the view, provide an INSTEAD OF %s trigger or an unconditional ON %s DO INSTEAD rule.",
                     inserts ? "inserting into" : deletes ? "deleting from" : "updating", action, action));
  }
  auto base_column = [&](int& column) -> Status {
    const char* reason = base.reasons[static_cast<size_t>(column)];
    if (reason != nullptr) {
      return Errorf(sqlstate::kFeatureNotSupported, "cannot %s column \"%s\" of view \"%s\"",
                    inserts ? "insert into" : "update", view.columns[static_cast<size_t>(column)].name.c_str(),
                    view.name.c_str())
          .Detail(reason);
    }
    column = base.columns[static_cast<size_t>(column)];
    return Status::Ok();
  };
  for (int& column : query.insert_columns) RETURN_IF_ERROR(base_column(column));
  for (ColumnAssignment& assignment : query.assignments) RETURN_IF_ERROR(base_column(assignment.column));
  if (query.on_conflict != nullptr) {
    for (ColumnAssignment& assignment : query.on_conflict->assignments) RETURN_IF_ERROR(base_column(assignment.column));
  }
  auto no_twice = [&](auto first, auto last, auto number) -> Status {
    for (auto a = first; a != last; ++a) {
      for (auto b = first; b != a; ++b) {
        if (number(*a) != number(*b)) continue;
        return Errorf(sqlstate::kSyntaxError, "multiple assignments to same column \"%s\"",
                      base.entry->table->columns[static_cast<size_t>(number(*a))].name.c_str());
      }
    }
    return Status::Ok();
  };
  RETURN_IF_ERROR(no_twice(query.insert_columns.begin(), query.insert_columns.end(), [](int column) { return column; }));
  RETURN_IF_ERROR(no_twice(query.assignments.begin(), query.assignments.end(),
                           [](const ColumnAssignment& assignment) { return assignment.column; }));
  // What the view says of its columns takes the place of their names, everywhere in the statement.
  std::vector<const Expr*> outputs;
  for (const Target& target : base.query->targets) {
    if (!target.junk) outputs.push_back(target.expr);
  }
  const RelId view_rel = view_entry.rel;
  auto replace = [&](const Expr* node) -> Expr* {
    if (auto* column = DynAs<ColumnRef>(node); column != nullptr && column->rel == view_rel) {
      if (column->column >= 0) return Copy(ctx_.arena, outputs[static_cast<size_t>(column->column)]);
      auto* system = ctx_.arena.New<ColumnRef>(*column);
      system->rel = base.entry->rel;
      return system;
    }
    if (auto* whole = DynAs<WholeRowRef>(node); whole != nullptr && whole->rel == view_rel) {
      auto* row = ctx_.arena.New<RowExpr>();
      row->type = whole->type;
      for (size_t i = 0; i < outputs.size(); ++i) {
        row->fields.push_back(Copy(ctx_.arena, outputs[i]));
        row->names.push_back(view_entry.columns[i].name);
      }
      return row;
    }
    return nullptr;
  };
  ForEachQuery(query, [&](Query& inner) {
    ForEachQueryExpr(inner, [&](Expr*& expr) { expr = Copy(ctx_.arena, expr, replace); });
  });
  if (OnConflict* conflict = query.on_conflict; conflict != nullptr) {
    for (Expr*& expr : conflict->inferred) expr = Copy(ctx_.arena, expr, replace);
    if (conflict->inferred_where != nullptr) conflict->inferred_where = Copy(ctx_.arena, conflict->inferred_where, replace);
    if (conflict->excluded != nullptr) ReplaceExcluded(ctx_, query, base, outputs);
  }
  // Its condition limits what is changed; with a check option, what may come of it.
  cascaded = cascaded || view.check_option == 'c';
  if (!deletes && base.query->where != nullptr && (cascaded || view.check_option != 0)) {
    query.view_checks.insert(query.view_checks.begin(), {view.name, Copy(ctx_.arena, base.query->where)});
  }
  if (!inserts) query.where = ctx_.And(query.where, base.query->where);
  query.has_subqueries = query.has_subqueries || base.query->has_subqueries;
  if (query.from != nullptr) {
    std::function<void(FromNode*)> put = [&](FromNode* node) {
      if (node == nullptr) return;
      if (node->entry == &view_entry) node->entry = base.entry;
      put(node->left);
      put(node->right);
    };
    put(query.from);
  }
  std::replace(query.entries.begin(), query.entries.end(), &view_entry, base.entry);
  // The base is used with the rights of the view's owner.
  UsedTable& view_use = ctx_.Use(view_entry.table);
  const uint32_t privileges = view_use.privileges;
  Oid saved_check = ctx_.check_as;
  if (!HasSecurityInvoker(view)) ctx_.check_as = view.owner;
  UsedTable& use = ctx_.Use(base.entry->table);
  use.written = true;
  use.privileges |= privileges;
  query.target = base.entry;
  Status status = query.target->view_base != nullptr ? RewriteViewTarget(query, cascaded) : Status::Ok();
  ctx_.check_as = saved_check;
  return status;
}

Status Binder::RewriteViewTargets(Query& query) {
  if (query.target->view_base == nullptr) return Status::Ok();
  RETURN_IF_ERROR(RewriteViewTarget(query, false));
  const catalog::Table& table = *query.target->table;
  if (table.is_system()) {
    return Errorf(sqlstate::kInsufficientPrivilege, "permission denied for table %s", table.name.c_str());
  }
  if (query.command == CommandKind::kInsert) return FillDefaults(query);
  return Status::Ok();
}

// What was not named gets its default.
Status Binder::FillDefaults(Query& query) {
  const catalog::Table& table = *query.target->table;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const catalog::Column& column = table.columns[i];
    if (column.dropped || column.generated != 0) continue;
    if (std::find(query.insert_columns.begin(), query.insert_columns.end(), static_cast<int>(i)) != query.insert_columns.end()) {
      continue;
    }
    ASSIGN_OR_RETURN(Expr * value, ColumnDefault(table, static_cast<int>(i)));
    query.insert_columns.push_back(static_cast<int>(i));
    query.targets.push_back({.expr = value, .name = column.name});
  }
  return Status::Ok();
}

}  // namespace phantom::planner
