#include <algorithm>

#include "parser/parser.h"
#include "planner/binder/binder.h"
#include "planner/expr_util.h"
#include "planner/query_util.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

namespace {
// A parsed tree and its text, pinned by who refers to nodes of it.
struct ParsedCatalogText {
  std::string sql;
  parser::ParsedText parsed;
};
}  // namespace

Result<const ast::Node*> ParseQueryText(std::string_view sql, std::vector<std::shared_ptr<const void>>& keep) {
  auto text = std::make_shared<ParsedCatalogText>();
  text->sql = sql;
  ASSIGN_OR_RETURN(text->parsed, parser::Parse(text->sql));
  if (text->parsed.statements.size() != 1) {
    return Error(sqlstate::kInternalError, "stored query is not one statement");
  }
  const ast::Node* node = text->parsed.statements[0].node;
  keep.push_back(text);
  return node;
}

Result<const ast::Node*> ParseExpressionText(std::string_view sql, std::vector<std::shared_ptr<const void>>& keep) {
  std::string query = "SELECT (";
  query += sql;
  query += ")";
  ASSIGN_OR_RETURN(const ast::Node* node, ParseQueryText(query, keep));
  auto* select = DynCast<ast::SelectStmt>(node);
  if (select == nullptr || select->targets.size() != 1) {
    return Error(sqlstate::kInternalError, "stored expression is not an expression");
  }
  return select->targets[0]->value;
}

Result<Query*> Binder::Statement(const ast::Node& statement, Scope* parent) {
  using Kind = ast::NodeKind;
  switch (statement.kind) {
    case Kind::kSelectStmt:
      return Select(static_cast<const ast::SelectStmt&>(statement), parent);
    case Kind::kInsertStmt:
      return Insert(static_cast<const ast::InsertStmt&>(statement), parent);
    case Kind::kUpdateStmt:
      return Update(static_cast<const ast::UpdateStmt&>(statement), parent);
    case Kind::kDeleteStmt:
      return Delete(static_cast<const ast::DeleteStmt&>(statement), parent);
    case Kind::kMergeStmt:
      return Merge(static_cast<const ast::MergeStmt&>(statement), parent);
    default:
      return Errorf(sqlstate::kInternalError, "unrecognized statement type: %d", static_cast<int>(statement.kind));
  }
}

Result<Query*> Binder::Select(const ast::SelectStmt& select, Scope* parent, bool resolve_unknowns,
                              std::span<const ast::LockingClause* const> outer_locking) {
  constexpr int kQueryDepthMax = 400;
  if (++query_depth_ > kQueryDepthMax) {
    --query_depth_;
    return Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded")
        .Hint("Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's "
              "stack depth limit is adequate.");
  }
  Scope scope;
  scope.parent = parent;
  scope.resolve_unknowns = resolve_unknowns;
  scope.query = ctx_.arena.New<Query>();
  scope.locked_from_parent = !outer_locking.empty();
  Result<Query*> result = scope.query;
  Status status;
  if (select.with != nullptr) status = With(*select.with, scope);
  if (!status.ok()) {
    --query_depth_;
    return status;
  }
  if (!select.values.empty()) {
    result = ValuesQuery(select, scope);
  } else if (select.op != ast::SetOperation::kNone) {
    result = SetOperationQuery(select, scope);
  } else {
    result = SimpleSelect(select, scope);
  }
  --query_depth_;
  if (!result.ok()) return result;
  for (const ast::LockingClause* locking : outer_locking) {
    RETURN_IF_ERROR(RowMarks(ast::ListOf<ast::LockingClause>(&locking, 1), *result.value(), scope, true));
  }
  for (Target& target : result.value()->targets) RETURN_IF_ERROR(BindDomainChecks(target.expr));
  // The scopes of its relations end here.
  for (RangeEntry* entry : result.value()->entries) {
    Scope*& slot = ctx_.scopes[static_cast<size_t>(entry->rel)];
    if (slot == &scope) slot = nullptr;
  }
  return result;
}

Result<Query*> Binder::SimpleSelect(const ast::SelectStmt& select, Scope& scope) {
  Query& query = *scope.query;
  if (select.into != nullptr) {
    return Error(sqlstate::kSyntaxError, "SELECT ... INTO is not allowed here").At(select.into->relation->location);
  }
  scope.window_defs = select.windows;
  RETURN_IF_ERROR(From(select.from, scope));
  RETURN_IF_ERROR(Targets(scope, select.targets, query.targets, ExprUse::kSelectTarget));
  if (select.where != nullptr) {
    ASSIGN_OR_RETURN(Expr * where, Expression(scope, select.where, ExprUse::kWhere));
    ASSIGN_OR_RETURN(query.where, coerce_.ToBoolean(where, "WHERE"));
  }
  if (select.having != nullptr) {
    ASSIGN_OR_RETURN(Expr * having, Expression(scope, select.having, ExprUse::kHaving));
    ASSIGN_OR_RETURN(query.having, coerce_.ToBoolean(having, "HAVING"));
  }
  RETURN_IF_ERROR(OrderBy(scope, select.order_by, query.targets, ExprUse::kOrderBy, true, query.order_by));
  RETURN_IF_ERROR(GroupBy(scope, select, query));
  RETURN_IF_ERROR(DistinctClause(scope, select, query));
  ASSIGN_OR_RETURN(query.offset, LimitExpr(scope, select.offset, "OFFSET", ExprUse::kOffset));
  ASSIGN_OR_RETURN(query.limit, LimitExpr(scope, select.limit, "LIMIT", ExprUse::kLimit));
  query.with_ties = select.limit_option == ast::LimitOption::kWithTies;
  if (query.with_ties && query.limit != nullptr && IsConstNull(query.limit)) {
    return Error(sqlstate::kInvalidRowCountInLimitClause, "row count cannot be null in FETCH FIRST ... WITH TIES clause");
  }
  RETURN_IF_ERROR(WindowClause(scope, query.targets));
  if (scope.resolve_unknowns) RETURN_IF_ERROR(ResolveUnknownTargets(query.targets));
  query.has_windows = scope.has_windows;
  query.has_set_functions = false;
  for (const Target& target : query.targets) query.has_set_functions = query.has_set_functions || ReturnsSet(target.expr);
  query.has_subqueries = scope.has_subqueries;
  RETURN_IF_ERROR(RowMarks(select.locking, query, scope, false));
  RETURN_IF_ERROR(CheckGrouping(scope, query));
  return &query;
}

Result<Query*> Binder::ValuesQuery(const ast::SelectStmt& select, Scope& scope) {
  Query& query = *scope.query;
  query.values_only = true;
  RangeEntry* entry = NewEntry(scope, RangeKind::kValues, "*VALUES*");
  size_t width = select.values[0].size();
  for (const ast::NodeList& list : select.values) {
    if (list.size() != width) {
      int32_t location = -1;
      for (const ast::Node* item : list) location = location < 0 ? parser::ExpressionLocation(item) : location;
      return Error(sqlstate::kSyntaxError, "VALUES lists must all be the same length").At(location);
    }
    std::vector<Expr*> row;
    for (const ast::Node* item : list) {
      ASSIGN_OR_RETURN(Expr * value, Expression(scope, item, ExprUse::kValues));
      row.push_back(value);
    }
    entry->values.push_back(std::move(row));
  }
  for (size_t i = 0; i < width; ++i) {
    std::vector<Expr*> column;
    for (auto& row : entry->values) column.push_back(row[i]);
    ASSIGN_OR_RETURN(Oid type, coerce_.CommonType(column, "VALUES"));
    for (auto& row : entry->values) {
      ASSIGN_OR_RETURN(row[i], coerce_.ToCommon(row[i], type, "VALUES"));
    }
    for (size_t r = 0; r < column.size(); ++r) column[r] = entry->values[r][i];
    RangeColumn info{.name = "column" + std::to_string(i + 1), .type = Type(type, coerce_.CommonTypmod(column, type)),
                     .collation = column[0]->collation};
    entry->columns.push_back(info);
  }
  query.from = ctx_.arena.New<FromNode>();
  query.from->entry = entry;
  scope.items.push_back({.entry = entry});
  RETURN_IF_ERROR(ExpandEntry(scope.items.back(), -1, query.targets));
  RETURN_IF_ERROR(OrderBy(scope, select.order_by, query.targets, ExprUse::kOrderBy, true, query.order_by));
  ASSIGN_OR_RETURN(query.offset, LimitExpr(scope, select.offset, "OFFSET", ExprUse::kOffset));
  ASSIGN_OR_RETURN(query.limit, LimitExpr(scope, select.limit, "LIMIT", ExprUse::kLimit));
  query.with_ties = select.limit_option == ast::LimitOption::kWithTies;
  if (!select.locking.empty()) {
    return Error(sqlstate::kFeatureNotSupported, "SELECT FOR UPDATE/SHARE cannot be applied to VALUES");
  }
  query.has_subqueries = scope.has_subqueries;
  if (scope.has_aggregates) {
    return Error(sqlstate::kGroupingError, "aggregate functions are not allowed in VALUES");
  }
  return &query;
}

Status Binder::LockEntry(Query& query, RangeEntry* entry, LockStrength strength, LockWait wait, bool pushed) {
  if (entry->kind == RangeKind::kTable) {
    for (RowMark& mark : query.row_marks) {
      if (mark.entry != entry) continue;
      mark.strength = std::max(mark.strength, strength);
      mark.wait = std::max(mark.wait, wait);
      mark.pushed = mark.pushed && pushed;
      return Status::Ok();
    }
    query.row_marks.push_back({entry, strength, wait, pushed});
    UsedTable& use = ctx_.Use(entry->table);
    use.row_locked = true;
    use.privileges |= kPrivilegeUpdate;
    return Status::Ok();
  }
  if (entry->kind == RangeKind::kSubquery && entry->subquery->set_operation == nullptr) {
    Query& inner = *entry->subquery;
    if (inner.grouped || inner.distinct || inner.has_distinct_on || inner.has_windows) {
      return Errorf(sqlstate::kFeatureNotSupported, "%s is not allowed with %s", LockClause(strength),
                    inner.grouped ? "GROUP BY clause" : inner.has_windows ? "window functions" : "DISTINCT clause");
    }
    for (RangeEntry* nested : inner.entries) {
      if (nested->kind == RangeKind::kTable || nested->kind == RangeKind::kSubquery) {
        RETURN_IF_ERROR(LockEntry(inner, nested, strength, wait, true));
      }
    }
  }
  return Status::Ok();
}

Status Binder::RowMarks(ast::ListOf<ast::LockingClause> locking, Query& query, Scope& scope, bool pushed) {
  (void)scope;
  for (const ast::LockingClause* clause : locking) {
    auto strength = static_cast<LockStrength>(static_cast<int>(clause->strength) - 1);
    auto wait = static_cast<LockWait>(clause->wait);
    auto refuse = [&](const char* what) {
      return Errorf(sqlstate::kFeatureNotSupported, "%s is not allowed with %s", LockClause(strength), what);
    };
    if (query.set_operation != nullptr) return refuse("UNION/INTERSECT/EXCEPT");
    if (query.distinct || query.has_distinct_on) return refuse("DISTINCT clause");
    if (!query.groups.empty() || query.has_grouping_sets) return refuse("GROUP BY clause");
    if (query.having != nullptr) return refuse("HAVING clause");
    if (scope.has_aggregates) return refuse("aggregate functions");
    if (scope.has_windows) return refuse("window functions");
    if (query.has_set_functions) return refuse("set-returning functions in the target list");
    if (clause->relations.empty()) {
      for (RangeEntry* entry : query.entries) {
        if (entry->kind == RangeKind::kTable || entry->kind == RangeKind::kSubquery) {
          RETURN_IF_ERROR(LockEntry(query, entry, strength, wait, pushed));
        }
      }
      continue;
    }
    for (const ast::RangeVar* relation : clause->relations) {
      if (!IsNull(relation->schema) || !IsNull(relation->catalog)) {
        return Errorf(sqlstate::kSyntaxError, "%s must specify unqualified relation names", LockClause(strength))
            .At(relation->location);
      }
      RangeEntry* found = nullptr;
      for (RangeEntry* entry : query.entries) {
        if (entry->name == relation->name) found = entry;
      }
      if (found == nullptr) {
        return Errorf(sqlstate::kUndefinedTable, "relation \"%s\" in %s clause not found in FROM clause",
                      std::string(relation->name).c_str(), LockClause(strength))
            .At(relation->location);
      }
      const char* kind = found->kind == RangeKind::kJoin ? "a join"
                         : found->kind == RangeKind::kFunction ? "a function"
                         : found->kind == RangeKind::kValues ? "VALUES"
                         : found->kind == RangeKind::kCte || found->kind == RangeKind::kWorkTable ? "a WITH query"
                                                                                                   : nullptr;
      if (kind != nullptr) {
        return Errorf(sqlstate::kFeatureNotSupported, "%s cannot be applied to %s", LockClause(strength), kind)
            .At(relation->location);
      }
      RETURN_IF_ERROR(LockEntry(query, found, strength, wait, pushed));
    }
  }
  return Status::Ok();
}

}  // namespace phantom::planner
