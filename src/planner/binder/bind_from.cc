// FROM: tables, views, subqueries, functions, joins.
#include <algorithm>

#include "catalog/stored_sql.h"
#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

RangeEntry* Binder::NewEntry(Scope& scope, RangeKind kind, std::string_view name) {
  auto* entry = ctx_.arena.New<RangeEntry>();
  entry->kind = kind;
  entry->name = name;
  entry->rel = ctx_.NewRel(entry, &scope);
  if (scope.query != nullptr) scope.query->entries.push_back(entry);
  return entry;
}

Status Binder::ApplyAlias(RangeEntry& entry, const ast::Alias* alias) {
  if (alias == nullptr) return Status::Ok();
  entry.name = alias->name;
  if (ctx_.stored_text && entry.kind != RangeKind::kJoin && entry.table != nullptr) {
    entry.aliased = !catalog::IsEntryMarker(entry.name);
    bool by_number = !alias->columns.empty();
    for (std::string_view name : alias->columns) {
      auto [column, plain] = catalog::ReadColumnAlias(name);
      if (column > 0 && static_cast<size_t>(column) <= entry.columns.size()) {
        entry.columns[static_cast<size_t>(column) - 1].name = plain;
      } else {
        by_number = false;
      }
    }
    if (by_number || alias->columns.empty()) return Status::Ok();
  }
  entry.aliased = true;
  size_t live = 0;
  for (const RangeColumn& column : entry.columns) live += !column.dropped;
  if (alias->columns.size() > live) {
    return Errorf(sqlstate::kInvalidColumnReference, "table \"%s\" has %zu columns available but %zu columns specified",
                  entry.name.c_str(), live, alias->columns.size());
  }
  size_t next = 0;
  for (RangeColumn& column : entry.columns) {
    if (next == alias->columns.size()) break;
    if (column.dropped) continue;
    column.name = alias->columns[next++];
    entry.column_aliases.push_back(column.name);
  }
  return Status::Ok();
}

CommonTable* Binder::FindCte(Scope& scope, std::string_view name, Scope** where) {
  for (Scope* level = &scope; level != nullptr; level = level->parent) {
    for (CommonTable* cte : level->ctes) {
      if (cte->name == name) {
        if (where != nullptr) *where = level;
        return cte;
      }
    }
  }
  return nullptr;
}

Result<RangeEntry*> Binder::TableEntry(Scope& scope, const catalog::TableRef& table, std::string_view alias,
                                       int32_t location) {
  RangeEntry* entry = NewEntry(scope, RangeKind::kTable, alias.empty() ? std::string_view(table->name) : alias);
  entry->table = table;
  entry->location = location;
  for (const catalog::Column& column : table->columns) {
    entry->columns.push_back({column.name, column.type, column.collation, column.dropped});
  }
  ctx_.Use(table);
  return entry;
}

// A view's query, bound with the view owner's rights, takes the place of the view.
Status Binder::ExpandView(RangeEntry& entry, const catalog::Table& view) {
  if (ctx_.for_text) return Status::Ok();
  ASSIGN_OR_RETURN(Query * query, ViewQuery(view));
  entry.kind = RangeKind::kSubquery;
  entry.subquery = query;
  // The view's columns have the types they were made with.
  size_t next = 0;
  for (Target& target : entry.subquery->targets) {
    if (target.junk) continue;
    if (next >= entry.columns.size()) break;
    const RangeColumn& column = entry.columns[next++];
    if (target.expr->type != column.type) {
      ASSIGN_OR_RETURN(Expr * converted, coerce_.ToTarget(target.expr, column.type, CoercionContext::kAssignment,
                                                          CallForm::kImplicitCast, -1));
      if (converted != nullptr && entry.subquery->set_operation == nullptr) target.expr = converted;
    }
  }
  return Status::Ok();
}

Result<RangeEntry*> Binder::FromTable(const ast::RangeVar& node, Scope& scope) {
  if (IsNull(node.schema)) {
    Scope* where = nullptr;
    if (CommonTable* cte = FindCte(scope, node.name, &where)) return FromCte(node, *cte, scope);
  }
  catalog::QualifiedName name{.name = node.name, .location = node.location};
  if (!IsNull(node.schema)) name.schema = node.schema;
  if (!IsNull(node.catalog)) {
    ASSIGN_OR_RETURN(auto database, ctx_.catalog.DatabaseByOid(ctx_.catalog.database()));
    if (database != nullptr && database->name != node.catalog) {
      return Errorf(sqlstate::kFeatureNotSupported, "cross-database references are not implemented: \"%s.%s.%s\"",
                    std::string(node.catalog).c_str(), std::string(node.schema).c_str(), std::string(node.name).c_str())
          .At(node.location);
    }
  }
  // Its columns are not looked at before nobody can change them any more.
  ASSIGN_OR_RETURN(catalog::TableRef table, ctx_.catalog.OpenTableIfExists(name, txn::LockMode::kAccessShare));
  if (table == nullptr) {
    if (IsNull(node.schema)) {
      for (Scope* level = &scope; level != nullptr; level = level->parent) {
        if (std::find(level->future_ctes.begin(), level->future_ctes.end(), node.name) == level->future_ctes.end()) continue;
        return Errorf(sqlstate::kUndefinedTable, "relation \"%s\" does not exist", std::string(node.name).c_str())
            .Detail(Format("There is a WITH item named \"%s\", but it cannot be referenced from this part of the query.",
                           std::string(node.name).c_str()))
            .Hint("Use WITH RECURSIVE, or re-order the WITH items to remove forward references.")
            .At(node.location);
      }
    }
    auto missing = ctx_.catalog.TableOrError(name);
    if (!missing.ok()) return std::move(missing).status().At(node.location);
    table = missing.value();
  }
  if (table->kind == catalog::RelationKind::kIndex || table->kind == catalog::RelationKind::kCompositeType) {
    return Errorf(sqlstate::kWrongObjectType, "cannot open relation \"%s\"", table->name.c_str())
        .Detail(table->kind == catalog::RelationKind::kIndex ? "This operation is not supported for indexes."
                                                             : "This operation is not supported for composite types.")
        .At(node.location);
  }
  ASSIGN_OR_RETURN(RangeEntry * entry, TableEntry(scope, table, {}, node.location));
  ctx_.Use(table).privileges |= kPrivilegeSelect;
  if (table->is_view()) RETURN_IF_ERROR(ExpandView(*entry, *table));
  entry->only = !node.include_children;
  Status status = ApplyAlias(*entry, node.alias);
  if (!status.ok()) return std::move(status).At(node.location);
  return entry;
}

Result<RangeEntry*> Binder::FromCte(const ast::RangeVar& node, CommonTable& cte, Scope& scope) {
  RangeEntry* entry = NewEntry(scope, cte.query == nullptr ? RangeKind::kWorkTable : RangeKind::kCte, cte.name);
  entry->cte = &cte;
  entry->location = node.location;
  ++cte.references;
  if (cte.query == nullptr) cte.recursive = true;
  if (cte.query != nullptr && cte.query->command != CommandKind::kSelect && !cte.query->has_returning) {
    return Errorf(sqlstate::kFeatureNotSupported, "WITH query \"%s\" does not have a RETURNING clause", cte.name.c_str())
        .At(node.location);
  }
  entry->columns = cte.columns;
  Status status = ApplyAlias(*entry, node.alias);
  if (!status.ok()) return std::move(status).At(node.location);
  return entry;
}

Result<RangeEntry*> Binder::FromSubquery(const ast::RangeSubselect& node, Scope& scope) {
  auto* select = DynCast<ast::SelectStmt>(node.subquery);
  if (select == nullptr) return Error(sqlstate::kInternalError, "subquery in FROM is not a SELECT");
  if (node.alias == nullptr) {
    bool values = !select->values.empty();
    return Error(sqlstate::kSyntaxError, values ? "VALUES in FROM must have an alias" : "subquery in FROM must have an alias")
        .Hint(values ? "For example, FROM (VALUES ...) [AS] foo." : "For example, FROM (SELECT ...) [AS] foo.")
        .At(node.location);
  }
  ExprUse saved = scope.use;
  bool saved_lateral = scope.lateral_active;
  scope.use = ExprUse::kFromSubselect;
  scope.lateral_active = node.lateral;
  // Without LATERAL the subquery sees outer queries, but not this FROM's items.
  std::vector<ScopeItem> hidden;
  if (!node.lateral) hidden.swap(scope.items);
  auto query = Select(*select, &scope);
  if (!node.lateral) hidden.swap(scope.items);
  scope.use = saved;
  scope.lateral_active = saved_lateral;
  RETURN_IF_ERROR(query.status());
  RangeEntry* entry = NewEntry(scope, RangeKind::kSubquery, node.alias->name);
  entry->subquery = query.value();
  entry->lateral = node.lateral;
  entry->location = node.location;
  for (const Target& target : entry->subquery->targets) {
    if (!target.junk) entry->columns.push_back({target.name, target.expr->type, target.expr->collation, false});
  }
  Status status = ApplyAlias(*entry, node.alias);
  if (!status.ok()) return std::move(status).At(node.location);
  return entry;
}

Result<RangeEntry*> Binder::FromFunction(const ast::RangeFunction& node, Scope& scope) {
  RangeEntry* entry = NewEntry(scope, RangeKind::kFunction, "");
  entry->lateral = true;
  entry->ordinality = node.ordinality;
  bool saved_lateral = scope.lateral_active;
  scope.lateral_active = true;
  Status failed;
  for (const ast::RangeFunctionItem& item : node.functions) {
    std::string name = FigureColumnName(item.function);
    // unnest(a, b, c) in ROWS FROM style: one unnest for each argument.
    std::vector<const ast::Node*> calls = {item.function};
    auto* call_node = DynCast<ast::FuncCall>(item.function);
    std::vector<ast::FuncCall> split;
    if (call_node != nullptr && call_node->name.size() == 1 && call_node->name[0] == "unnest" && call_node->args.size() > 1 &&
        call_node->order_by.empty() && call_node->over == nullptr && !call_node->variadic && !call_node->distinct) {
      calls.clear();
      split.reserve(call_node->args.size());
      for (const ast::Node* const& arg : call_node->args) {
        ast::FuncCall one = *call_node;
        one.args = ast::NodeList(&arg, 1);
        split.push_back(one);
        calls.push_back(&split.back());
      }
    }
    for (const ast::Node* call_item : calls) {
      scope.last_set_function = nullptr;
      auto bound = Expression(scope, call_item, ExprUse::kFromFunction);
      if (!bound.ok()) {
        failed = std::move(bound).status();
        break;
      }
      Expr* expr = bound.value();
      if (expr->type.oid == kUnknownOid) {
        auto text = coerce_.ToType(expr, kTextOid, -1, CoercionContext::kImplicit, CallForm::kImplicitCast, -1);
        if (!text.ok()) {
          failed = std::move(text).status();
          break;
        }
        expr = text.value();
      }
      TableFunction function;
      function.call = expr;
      ast::ListOf<ast::ColumnDef> defs = !item.columns.empty() ? item.columns : node.columns;
      auto* call = DynAs<FunctionCall>(expr);
      const catalog::TypeRow* row = ctx_.TypeOf(coerce_.BaseType(expr->type.oid));
      auto at = LocationOf(expr);
      bool has_out = call != nullptr && !call->function->modes.empty() && expr->type.oid == kRecordOid &&
                     std::any_of(call->function->modes.begin(), call->function->modes.end(), [](auto mode) {
                       return mode != catalog::ArgumentMode::kIn && mode != catalog::ArgumentMode::kVariadic;
                     });
      if (!defs.empty()) {
        if (expr->type.oid != kRecordOid) {
          failed = Error(sqlstate::kSyntaxError, "a column definition list is only allowed for functions returning \"record\"").At(at);
          break;
        }
        if (has_out) {
          failed = Error(sqlstate::kSyntaxError, "a column definition list is redundant for a function with OUT parameters").At(at);
          break;
        }
        function.composite = true;
        for (const ast::ColumnDef* def : defs) {
          Oid collation = 0;
          auto type = ResolveTypeName(*def->type, &collation);
          if (!type.ok()) {
            failed = std::move(type).status();
            break;
          }
          function.columns.push_back(type.value());
          function.names.emplace_back(def->name);
          entry->columns.push_back({std::string(def->name), type.value(), collation, false});
        }
      } else if (has_out) {
        function.composite = true;
        for (RangeColumn& column : OutColumns(*call)) {
          function.columns.push_back(column.type);
          function.names.push_back(column.name);
          entry->columns.push_back(std::move(column));
        }
      } else if (row != nullptr && row->kind == catalog::TypeKind::kComposite) {
        function.composite = true;
        auto table = ctx_.catalog.TableByOid(row->relation);
        if (!table.ok()) {
          failed = std::move(table).status();
          break;
        }
        for (const catalog::Column& column : table.value()->columns) {
          if (column.dropped) continue;
          function.columns.push_back(column.type);
          function.names.push_back(column.name);
          entry->columns.push_back({column.name, column.type, column.collation, false});
        }
      } else if (expr->type.oid == kRecordOid) {
        failed = Error(sqlstate::kSyntaxError, "a column definition list is required for functions returning \"record\"").At(at);
        break;
      } else {
        function.columns.push_back(expr->type);
        // A scalar function's column has the function's name; a lone alias names both.
        std::string column = name;
        if (call != nullptr && call->function->modes.size() > 0 && call->function->names.size() == call->function->modes.size()) {
          for (size_t i = 0; i < call->function->modes.size(); ++i) {
            auto mode = call->function->modes[i];
            if (mode != catalog::ArgumentMode::kIn && mode != catalog::ArgumentMode::kVariadic && !call->function->names[i].empty()) {
              column = call->function->names[i];
            }
          }
        }
        if (column == name && node.alias != nullptr && node.functions.size() == 1 && calls.size() == 1) column = node.alias->name;
        function.names.push_back(column);
        entry->columns.push_back({column, expr->type, expr->collation, false});
      }
      if (!failed.ok()) break;
      entry->functions.push_back(std::move(function));
    }
    if (!failed.ok()) break;
    if (entry->name.empty()) entry->name = name;
  }
  scope.lateral_active = saved_lateral;
  RETURN_IF_ERROR(std::move(failed));
  if (node.ordinality) entry->columns.push_back({"ordinality", kInt8Oid, 0, false});
  RETURN_IF_ERROR(ApplyAlias(*entry, node.alias));
  return entry;
}

Status Binder::CheckNameConflict(const std::vector<ScopeItem>& left, const std::vector<ScopeItem>& right) {
  for (const ScopeItem& a : left) {
    if (!a.rel_visible) continue;
    for (const ScopeItem& b : right) {
      if (!b.rel_visible || a.entry->name != b.entry->name) continue;
      // The same name of tables of two schemas is fine, as both can be qualified.
      if (a.entry->table != nullptr && b.entry->table != nullptr && !a.entry->aliased && !b.entry->aliased &&
          a.entry->table->oid != b.entry->table->oid) {
        continue;
      }
      return Errorf(sqlstate::kDuplicateAlias, "table name \"%s\" specified more than once", a.entry->name.c_str());
    }
  }
  return Status::Ok();
}

Result<FromNode*> Binder::FromItem(const ast::Node& node, Scope& scope, std::vector<ScopeItem>& items) {
  using Kind = ast::NodeKind;
  auto* result = ctx_.arena.New<FromNode>();
  switch (node.kind) {
    case Kind::kRangeVar: {
      ASSIGN_OR_RETURN(result->entry, FromTable(static_cast<const ast::RangeVar&>(node), scope));
      break;
    }
    case Kind::kRangeSubselect: {
      ASSIGN_OR_RETURN(result->entry, FromSubquery(static_cast<const ast::RangeSubselect&>(node), scope));
      break;
    }
    case Kind::kRangeFunction: {
      ASSIGN_OR_RETURN(result->entry, FromFunction(static_cast<const ast::RangeFunction&>(node), scope));
      break;
    }
    case Kind::kJoinExpr:
      return FromJoin(static_cast<const ast::JoinExpr&>(node), scope, items);
    case Kind::kRangeTableSample:
      return Error(sqlstate::kFeatureNotSupported, "TABLESAMPLE is not supported").At(node.location);
    case Kind::kRangeTableFunc:
      return Error(sqlstate::kFeatureNotSupported, "unsupported XML feature")
          .Detail("This functionality requires the server to be built with libxml support.");
    default:
      return Errorf(sqlstate::kInternalError, "unrecognized node type: %d", static_cast<int>(node.kind));
  }
  items.push_back({.entry = result->entry});
  return result;
}

Result<FromNode*> Binder::FromJoin(const ast::JoinExpr& join, Scope& scope, std::vector<ScopeItem>& items) {
  auto* result = ctx_.arena.New<FromNode>();
  result->join = true;
  switch (join.type) {
    case ast::JoinType::kInner:
      result->type = JoinType::kInner;
      break;
    case ast::JoinType::kLeft:
      result->type = JoinType::kLeft;
      break;
    case ast::JoinType::kFull:
      result->type = JoinType::kFull;
      break;
    case ast::JoinType::kRight:
      result->type = JoinType::kRight;
      break;
  }
  std::vector<ScopeItem> left_items, right_items;
  ASSIGN_OR_RETURN(result->left, FromItem(*join.left, scope, left_items));
  // LATERAL on the right sees the left, unless the join would make it wrong.
  bool lateral_ok = result->type == JoinType::kInner || result->type == JoinType::kLeft;
  size_t mark = scope.items.size();
  for (ScopeItem item : left_items) {
    item.lateral_only = true;
    item.lateral_ok = lateral_ok;
    scope.items.push_back(item);
  }
  auto right = FromItem(*join.right, scope, right_items);
  scope.items.resize(mark);
  RETURN_IF_ERROR(right.status());
  result->right = right.value();
  RETURN_IF_ERROR(CheckNameConflict(left_items, right_items));

  // The columns visible through each side.
  struct Visible {
    std::string name;
    Expr* expr;
    bool not_in_star;
  };
  auto columns_of = [&](std::vector<ScopeItem>& side) {
    std::vector<Visible> columns;
    for (ScopeItem& item : side) {
      if (!item.columns_visible) continue;
      for (size_t i = 0; i < item.entry->columns.size(); ++i) {
        if (item.entry->columns[i].dropped) continue;
        size_t used = ctx_.used_columns.size();
        columns.push_back({item.entry->columns[i].name, ColumnAt(*item.entry, static_cast<int>(i), -1),
                           item.entry->columns[i].not_in_star});
        ctx_.used_columns.resize(used);
      }
    }
    return columns;
  };
  std::vector<Visible> left_columns = columns_of(left_items), right_columns = columns_of(right_items);
  std::vector<std::string> using_names;
  for (std::string_view name : join.using_columns) using_names.emplace_back(name);
  if (join.natural) {
    for (const Visible& column : left_columns) {
      bool common = std::any_of(right_columns.begin(), right_columns.end(), [&](const Visible& other) { return other.name == column.name; });
      if (common) using_names.push_back(column.name);
    }
  }
  std::vector<RangeColumn> merged_columns;
  std::vector<Expr*> merged_exprs;
  std::vector<bool> left_used(left_columns.size()), right_used(right_columns.size());
  for (size_t u = 0; u < using_names.size(); ++u) {
    const std::string& name = using_names[u];
    for (size_t other = 0; other < u; ++other) {
      if (using_names[other] == name) {
        return Errorf(sqlstate::kDuplicateColumn, "column name \"%s\" appears more than once in USING clause", name.c_str());
      }
    }
    auto find = [&](std::vector<Visible>& columns, const char* side) -> Result<int> {
      int found = -1;
      for (size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].name != name) continue;
        if (found >= 0) {
          return Errorf(sqlstate::kAmbiguousColumn, "common column name \"%s\" appears more than once in %s table", name.c_str(), side);
        }
        found = static_cast<int>(i);
      }
      if (found < 0) {
        return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" specified in USING clause does not exist in %s table", name.c_str(), side);
      }
      return found;
    };
    ASSIGN_OR_RETURN(int l, find(left_columns, "left"));
    ASSIGN_OR_RETURN(int r, find(right_columns, "right"));
    left_used[static_cast<size_t>(l)] = right_used[static_cast<size_t>(r)] = true;
    Expr* left_expr = left_columns[static_cast<size_t>(l)].expr;
    Expr* right_expr = right_columns[static_cast<size_t>(r)].expr;
    ASSIGN_OR_RETURN(Expr * equal, MakeOperator("=", Copy(ctx_.arena, left_expr), Copy(ctx_.arena, right_expr), -1));
    ASSIGN_OR_RETURN(equal, coerce_.ToBoolean(equal, "JOIN/USING"));
    result->on = ctx_.And(result->on, equal);
    MarkColumnsUsed(equal);
    // The merged column: whichever side surely has it.
    Expr* pair[] = {left_expr, right_expr};
    ASSIGN_OR_RETURN(Oid type, coerce_.CommonType(pair, "JOIN/USING"));
    int32_t typmod = coerce_.CommonTypmod(pair, type);
    auto convert = [&](Expr* expr) -> Result<Expr*> {
      ASSIGN_OR_RETURN(Expr * copy, coerce_.ToType(Copy(ctx_.arena, expr), type, typmod, CoercionContext::kImplicit,
                                                   CallForm::kImplicitCast, -1));
      return copy;
    };
    Expr* merged;
    if (result->type == JoinType::kFull) {
      auto* coalesce = ctx_.arena.New<CoalesceExpr>();
      coalesce->args.resize(2);
      ASSIGN_OR_RETURN(coalesce->args[0], convert(left_expr));
      ASSIGN_OR_RETURN(coalesce->args[1], convert(right_expr));
      coalesce->type = Type(type, typmod);
      coalesce->collation = left_expr->collation;
      merged = coalesce;
    } else if (result->type == JoinType::kRight) {
      ASSIGN_OR_RETURN(merged, convert(right_expr));
    } else {
      // An inner join's merged column is the left one, unless only the right has the common type already.
      bool take_right = result->type == JoinType::kInner && left_expr->type.oid != type && right_expr->type.oid == type;
      ASSIGN_OR_RETURN(merged, convert(take_right ? right_expr : left_expr));
    }
    merged_columns.push_back({name, merged->type, merged->collation, false});
    merged_exprs.push_back(merged);
  }
  result->using_names = using_names;
  size_t using_count = merged_columns.size();
  auto rest = [&](std::vector<Visible>& columns, const std::vector<bool>& used) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (used[i]) continue;
      merged_columns.push_back(
          {columns[i].name, columns[i].expr->type, columns[i].expr->collation, false, columns[i].not_in_star});
      merged_exprs.push_back(columns[i].expr);
    }
  };
  rest(left_columns, left_used);
  rest(right_columns, right_used);

  if (join.on != nullptr) {
    // ON sees both sides, outer queries, and what LATERAL lets it see.
    std::vector<ScopeItem> visible = left_items;
    visible.insert(visible.end(), right_items.begin(), right_items.end());
    std::vector<ScopeItem> saved = std::move(scope.items);
    scope.items = visible;
    bool saved_lateral = scope.lateral_active;
    auto on = Expression(scope, join.on, ExprUse::kJoinOn);
    if (on.ok()) on = coerce_.ToBoolean(on.value(), "JOIN/ON");
    scope.lateral_active = saved_lateral;
    scope.items = std::move(saved);
    RETURN_IF_ERROR(on.status());
    result->on = on.value();
  }
  RangeEntry* entry = NewEntry(scope, RangeKind::kJoin, join.alias != nullptr ? join.alias->name : std::string_view("unnamed_join"));
  entry->columns = merged_columns;
  entry->join_columns = merged_exprs;
  if (join.alias != nullptr) {
    RETURN_IF_ERROR(ApplyAlias(*entry, join.alias));
    result->entry = entry;
    items.push_back({.entry = entry});
    return result;
  }
  // Relations of both sides stay visible by name; their columns are seen through the join.
  for (std::vector<ScopeItem>* side : {&left_items, &right_items}) {
    for (ScopeItem item : *side) {
      item.columns_visible = false;
      if (item.rel_visible) items.push_back(item);
    }
  }
  if (join.using_alias != nullptr) {
    RangeEntry* alias = NewEntry(scope, RangeKind::kJoin, join.using_alias->name);
    alias->aliased = true;
    alias->columns.assign(merged_columns.begin(), merged_columns.begin() + static_cast<ptrdiff_t>(using_count));
    alias->join_columns.assign(merged_exprs.begin(), merged_exprs.begin() + static_cast<ptrdiff_t>(using_count));
    result->using_alias = alias;
    items.push_back({.entry = alias, .columns_visible = false});
  }
  items.push_back({.entry = entry, .rel_visible = false});
  return result;
}

Status Binder::From(ast::NodeList from, Scope& scope) {
  for (const ast::Node* node : from) {
    std::vector<ScopeItem> items;
    // Items to the left are visible to LATERAL only until the whole FROM is done.
    size_t mark = scope.items.size();
    ASSIGN_OR_RETURN(FromNode * item, FromItem(*node, scope, items));
    std::vector<ScopeItem> before(scope.items.begin(), scope.items.begin() + static_cast<ptrdiff_t>(mark));
    RETURN_IF_ERROR(CheckNameConflict(before, items));
    for (ScopeItem& added : items) {
      added.lateral_only = true;
      scope.items.push_back(added);
    }
    if (scope.query->from == nullptr) {
      scope.query->from = item;
    } else {
      auto* cross = ctx_.arena.New<FromNode>();
      cross->join = true;
      cross->comma = true;
      cross->left = scope.query->from;
      cross->right = item;
      scope.query->from = cross;
    }
  }
  for (ScopeItem& item : scope.items) {
    item.lateral_only = false;
    item.lateral_ok = true;
  }
  return Status::Ok();
}

}  // namespace phantom::planner
