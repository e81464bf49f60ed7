// UPDATE, DELETE, MERGE.
#include <algorithm>

#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

Status Binder::UpdateTargets(Scope& scope, ast::ListOf<ast::ResTarget> nodes, RangeEntry& target,
                             std::vector<ColumnAssignment>& out, ExprUse use) {
  const catalog::Table& table = *target.table;
  // Sources of SET (a, b) = ... shared by their columns.
  std::vector<std::pair<const ast::Node*, Expr*>> sources;
  for (const ast::ResTarget* node : nodes) {
    int number = table.FindColumn(node->name);
    if (number == 0) {
      return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist",
                    std::string(node->name).c_str(), table.name.c_str())
          .At(node->location);
    }
    // Where the value will be stored, as far as views are looked through, decides over defaults.
    auto [stored_table, stored_column] = StoredColumn(target, number - 1);
    if (stored_table == nullptr) {
      stored_table = &table;
      stored_column = number - 1;
    }
    const catalog::Column& column = stored_table->columns[static_cast<size_t>(stored_column)];
    ctx_.used_columns.emplace_back(table.oid, number);
    const ast::Node* source = node->value;
    int part = -1;
    if (auto* multi = DynCast<ast::MultiAssignRef>(source)) {
      part = multi->column - 1;
      source = multi->source;
      if (auto* row = DynCast<ast::RowExpr>(source)) {
        if (row->args.size() != static_cast<size_t>(multi->column_count)) {
          return Error(sqlstate::kSyntaxError, "number of columns does not match number of values").At(row->location);
        }
        source = row->args[static_cast<size_t>(part)];
        part = -1;
      } else if (source->kind != ast::NodeKind::kSubLink) {
        return Error(sqlstate::kFeatureNotSupported,
                     "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
            .At(source->location);
      } else {
        auto& link = static_cast<const ast::SubLink&>(*source);
        Expr* shared = nullptr;
        for (auto& [from, expr] : sources) {
          if (from == source) shared = expr;
        }
        if (shared == nullptr) {
          ast::SubLink whole = link;
          whole.type = ast::SubLinkType::kMultiExpr;
          ASSIGN_OR_RETURN(shared, Expression(scope, &whole, use));
          sources.emplace_back(source, shared);
          size_t visible = 0;
          for (const Target& t : As<SubqueryExpr>(shared)->query->targets) visible += !t.junk;
          if (visible != static_cast<size_t>(multi->column_count)) {
            return Error(sqlstate::kSyntaxError, "number of columns does not match number of values").At(link.location);
          }
        }
        // Each column reads its part of one evaluation; planned as one join.
        auto* column_of = ctx_.arena.New<SubqueryExpr>(*As<SubqueryExpr>(shared));
        column_of->column = part;
        int at = 0;
        for (const Target& t : column_of->query->targets) {
          if (t.junk) continue;
          if (at++ == part) {
            column_of->type = t.expr->type;
            column_of->collation = t.expr->collation;
          }
        }
        ASSIGN_OR_RETURN(Expr * value, AssignValue(scope, target, column_of, column.name, number - 1, node->indirection,
                                                   ColumnAt(target, number - 1, -1), node->location, use));
        out.push_back({number - 1, value});
        continue;
      }
    }
    Expr* value;
    if (source->kind == ast::NodeKind::kSetToDefault) {
      if (!node->indirection.empty()) {
        return Error(sqlstate::kFeatureNotSupported, "cannot set an array element to DEFAULT").At(source->location);
      }
      if (column.generated != 0) continue;
      if (target.view_base != nullptr) {
        value = ctx_.MakeNull(column.type);  // of the view's column, which has none
      } else {
        ASSIGN_OR_RETURN(value, ColumnDefault(table, number - 1));
      }
    } else {
      if (column.generated != 0) {
        return Errorf(sqlstate::kGeneratedAlways, "column \"%s\" can only be updated to DEFAULT", column.name.c_str())
            .Detail(Format("Column \"%s\" is a generated column.", column.name.c_str()));
      }
      if (column.identity == 'a') {
        return Errorf(sqlstate::kGeneratedAlways, "column \"%s\" can only be updated to DEFAULT", column.name.c_str())
            .Detail(Format("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", column.name.c_str()));
      }
      ASSIGN_OR_RETURN(value, Expression(scope, source, use));
      // Later parts of the same column build on the earlier ones.
      Expr* current = nullptr;
      auto earlier = std::find_if(out.begin(), out.end(), [&](const ColumnAssignment& a) { return a.column == number - 1; });
      if (!node->indirection.empty()) {
        current = earlier != out.end() ? earlier->value : ColumnAt(target, number - 1, -1);
      }
      ASSIGN_OR_RETURN(value, AssignValue(scope, target, value, column.name, number - 1, node->indirection, current,
                                          node->location, use));
      RETURN_IF_ERROR(BindDomainChecks(value));
      if (earlier != out.end() && !node->indirection.empty()) {
        earlier->value = value;
        continue;
      }
    }
    for (const ColumnAssignment& other : out) {
      if (other.column == number - 1) {
        return Errorf(sqlstate::kSyntaxError, "multiple assignments to same column \"%s\"", column.name.c_str());
      }
    }
    out.push_back({number - 1, value});
  }
  return Status::Ok();
}

Result<Query*> Binder::Update(const ast::UpdateStmt& update, Scope* parent) {
  Scope scope;
  scope.parent = parent;
  scope.query = ctx_.arena.New<Query>();
  Query& query = *scope.query;
  query.command = CommandKind::kUpdate;
  if (update.with != nullptr) RETURN_IF_ERROR(With(*update.with, scope));
  ASSIGN_OR_RETURN(query.target, TargetTable(scope, *update.relation, kPrivilegeUpdate));
  query.from = ctx_.arena.New<FromNode>();
  query.from->entry = query.target;
  scope.items.push_back({.entry = query.target, .lateral_only = true, .lateral_ok = false});
  RETURN_IF_ERROR(From(update.from, scope));
  if (update.where != nullptr) {
    ASSIGN_OR_RETURN(Expr * where, Expression(scope, update.where, ExprUse::kWhere));
    ASSIGN_OR_RETURN(query.where, coerce_.ToBoolean(where, "WHERE"));
    ctx_.Use(query.target->table).privileges |= kPrivilegeSelect;
  }
  RETURN_IF_ERROR(UpdateTargets(scope, update.targets, *query.target, query.assignments, ExprUse::kUpdateSource));
  if (!update.returning.empty()) RETURN_IF_ERROR(Returning(scope, update.returning, query));
  query.has_subqueries = scope.has_subqueries;
  RETURN_IF_ERROR(RewriteViewTargets(query));
  return &query;
}

Result<Query*> Binder::Delete(const ast::DeleteStmt& node, Scope* parent) {
  Scope scope;
  scope.parent = parent;
  scope.query = ctx_.arena.New<Query>();
  Query& query = *scope.query;
  query.command = CommandKind::kDelete;
  if (node.with != nullptr) RETURN_IF_ERROR(With(*node.with, scope));
  ASSIGN_OR_RETURN(query.target, TargetTable(scope, *node.relation, kPrivilegeDelete));
  query.from = ctx_.arena.New<FromNode>();
  query.from->entry = query.target;
  scope.items.push_back({.entry = query.target, .lateral_only = true, .lateral_ok = false});
  RETURN_IF_ERROR(From(node.using_clause, scope));
  if (node.where != nullptr) {
    ASSIGN_OR_RETURN(Expr * where, Expression(scope, node.where, ExprUse::kWhere));
    ASSIGN_OR_RETURN(query.where, coerce_.ToBoolean(where, "WHERE"));
    ctx_.Use(query.target->table).privileges |= kPrivilegeSelect;
  }
  if (!node.returning.empty()) RETURN_IF_ERROR(Returning(scope, node.returning, query));
  query.has_subqueries = scope.has_subqueries;
  RETURN_IF_ERROR(RewriteViewTargets(query));
  return &query;
}

Result<Query*> Binder::Merge(const ast::MergeStmt& merge, Scope* parent) {
  Scope scope;
  scope.parent = parent;
  scope.query = ctx_.arena.New<Query>();
  Query& query = *scope.query;
  query.command = CommandKind::kMerge;
  if (merge.with != nullptr) RETURN_IF_ERROR(With(*merge.with, scope));
  uint32_t privileges = 0;
  for (const ast::MergeWhenClause* when : merge.when_clauses) {
    if (when->command == ast::CommandType::kInsert) privileges |= kPrivilegeInsert;
    if (when->command == ast::CommandType::kUpdate) privileges |= kPrivilegeUpdate;
    if (when->command == ast::CommandType::kDelete) privileges |= kPrivilegeDelete;
  }
  ASSIGN_OR_RETURN(query.target, TargetTable(scope, *merge.relation, privileges, true));
  const ast::Node* source_node = merge.source;
  std::vector<ScopeItem> source_items;
  ASSIGN_OR_RETURN(FromNode * source, FromItem(*source_node, scope, source_items));
  std::vector<ScopeItem> target_items = {{.entry = query.target}};
  RETURN_IF_ERROR(CheckNameConflict(target_items, source_items));
  auto* target = ctx_.arena.New<FromNode>();
  target->entry = query.target;
  // Source LEFT JOIN target: source rows without a target are NOT MATCHED.
  query.from = ctx_.arena.New<FromNode>();
  query.from->join = true;
  query.from->type = JoinType::kLeft;
  query.from->left = source;
  query.from->right = target;
  scope.items = target_items;
  scope.items.insert(scope.items.end(), source_items.begin(), source_items.end());
  ASSIGN_OR_RETURN(Expr * on, Expression(scope, merge.join_condition, ExprUse::kJoinOn));
  ASSIGN_OR_RETURN(query.from->on, coerce_.ToBoolean(on, "JOIN/ON"));
  bool final_matched = false, final_not_matched = false;
  for (const ast::MergeWhenClause* node : merge.when_clauses) {
    bool& final_seen = node->matched ? final_matched : final_not_matched;
    if (final_seen) {
      return Error(sqlstate::kSyntaxError, "unreachable WHEN clause specified after unconditional WHEN clause").At(node->location);
    }
    if (node->condition == nullptr) final_seen = true;
    MergeWhen when;
    when.matched = node->matched;
    // A row not matched has no target: its columns may not be named.
    scope.items = source_items;
    if (node->matched) scope.items.insert(scope.items.begin(), target_items.begin(), target_items.end());
    if (node->condition != nullptr) {
      ASSIGN_OR_RETURN(Expr * condition, Expression(scope, node->condition, ExprUse::kMergeWhen));
      ASSIGN_OR_RETURN(when.condition, coerce_.ToBoolean(condition, "WHEN"));
    }
    switch (node->command) {
      case ast::CommandType::kNothing:
        break;
      case ast::CommandType::kDelete:
        when.action = PhysicalMerge::Action::kDelete;
        break;
      case ast::CommandType::kUpdate:
        when.action = PhysicalMerge::Action::kUpdate;
        RETURN_IF_ERROR(UpdateTargets(scope, node->targets, *query.target, when.assignments, ExprUse::kUpdateSource));
        break;
      default: {
        when.action = PhysicalMerge::Action::kInsert;
        const catalog::Table& table = *query.target->table;
        std::vector<int> columns;
        std::vector<const ast::ResTarget*> written;
        RETURN_IF_ERROR(InsertColumns(table, node->targets, columns, written));
        if (node->values.size() > columns.size()) {
          return Error(sqlstate::kSyntaxError, "INSERT has more expressions than target columns").At(node->location);
        }
        if (!node->targets.empty() && node->values.size() < columns.size()) {
          return Error(sqlstate::kSyntaxError, "INSERT has more target columns than expressions").At(node->location);
        }
        for (size_t i = 0; i < node->values.size(); ++i) {
          const catalog::Column& column = table.columns[static_cast<size_t>(columns[i])];
          Expr* value;
          if (node->values[i]->kind == ast::NodeKind::kSetToDefault) {
            ASSIGN_OR_RETURN(value, ColumnDefault(table, columns[i]));
          } else {
            ASSIGN_OR_RETURN(value, Expression(scope, node->values[i], ExprUse::kValuesSingle));
            ASSIGN_OR_RETURN(value, AssignValue(scope, *query.target, value, column.name, columns[i], {}, nullptr, -1,
                                                ExprUse::kInsertTarget));
          }
          when.assignments.push_back({columns[i], value});
        }
        for (size_t i = 0; i < table.columns.size(); ++i) {
          const catalog::Column& column = table.columns[i];
          if (column.dropped || column.generated != 0) continue;
          bool given = std::any_of(when.assignments.begin(), when.assignments.end(),
                                   [&](const ColumnAssignment& a) { return a.column == static_cast<int>(i); });
          if (given) continue;
          ASSIGN_OR_RETURN(Expr * value, ColumnDefault(table, static_cast<int>(i)));
          when.assignments.push_back({static_cast<int>(i), value});
        }
      }
    }
    query.merge_actions.push_back(std::move(when));
  }
  query.has_subqueries = scope.has_subqueries;
  return &query;
}

}  // namespace phantom::planner
