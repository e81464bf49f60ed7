// planner/binder/binder.h
//
// Parse analysis: a statement's syntax tree to a Query, with PostgreSQL 15's rules for names, scopes, types and
// errors. The methods are spread over binder/*.cc by theme; every error is a Status with the byte offset it points at.
//
// Thread safety: one binder per statement, one thread.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parser/ast_select.h"
#include "parser/ast_table.h"
#include "planner/binder/bind_context.h"
#include "planner/binder/coerce.h"
#include "planner/binder/resolve.h"
#include "planner/binder/scope.h"

namespace phantom::planner {

class Binder {
 public:
  explicit Binder(BindContext& context) : ctx_(context), coerce_(context), resolver_(context, coerce_) {}

  // SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE. parent: the scope around a subquery.
  Result<Query*> Statement(const ast::Node& statement, Scope* parent = nullptr);
  // An expression for a place, literals of unknown type left as they are.
  Result<Expr*> Expression(Scope& scope, const ast::Node* node, ExprUse use);

  // After everything is bound: parameters of unknown type are errors (or text when `text_default`).
  Status FinishParameters();
  Result<types::Type> ResolveTypeName(const ast::TypeName& name, Oid* collation = nullptr);
  Result<Oid> ResolveCollation(ast::NameList name, int32_t location);
  // Coerces a value to a table column for storing it: 42804 "column ... is of type ... but expression is of type ...".
  Result<Expr*> CoerceToColumn(Expr* expr, std::string_view column, types::Type target, ExprUse use, int32_t location);
  Result<Expr*> ColumnDefault(const catalog::Table& table, int column);
  // Parses and binds text of the catalog over a table's columns, as ColumnRef(rel, column).
  Result<Expr*> StoredExpression(std::string_view sql, const catalog::Table& table, RelId rel);
  Status BindDomainChecks(Expr* expr);

  BindContext& context() { return ctx_; }
  Coercion& coercion() { return coerce_; }
  Resolver& resolver() { return resolver_; }

  // A view's query and what it lets through to the relation behind it.
  Result<ViewBase*> AnalyzeView(const catalog::Table& view);
  // Why a view of this query cannot be changed through (PostgreSQL's detail); empty: it can.
  static std::string NotUpdatable(const Query& query);
  // The table and column (from 0) that a column of a target is stored in, through views; (null, -1) when in none.
  static std::pair<const catalog::Table*, int> StoredColumn(const RangeEntry& entry, int column);
  // A relation of a table (or view, expanded) outside a FROM clause.
  Result<RangeEntry*> TableEntry(Scope& scope, const catalog::TableRef& table, std::string_view alias, int32_t location);

 private:
  // ---- Queries (bind_select.cc, bind_setop.cc, bind_cte.cc)
  Result<Query*> Select(const ast::SelectStmt& select, Scope* parent, bool resolve_unknowns = true,
                        std::span<const ast::LockingClause* const> outer_locking = {});
  Result<Query*> SimpleSelect(const ast::SelectStmt& select, Scope& scope);
  Result<Query*> ValuesQuery(const ast::SelectStmt& select, Scope& scope);
  Result<Query*> SetOperationQuery(const ast::SelectStmt& select, Scope& scope);
  Result<SetOpNode*> SetOperationTree(const ast::SelectStmt& select, Scope& scope, CommonTable* recursive_cte, bool top,
                                      std::vector<Target>* targets);
  Status With(const ast::WithClause& with, Scope& scope);
  Status BindCte(CommonTable& cte, const ast::CommonTableExpr& node, Scope& scope, bool recursive);
  // SEARCH and CYCLE (bind_search_cycle.cc): the value types of the mark; the columns they add, as the recursive term sees
  // them; and, when the query is bound, the query that computes them.
  Status BindCycleMark(CommonTable& cte, Scope& scope);
  static void AddSearchCycleColumns(CommonTable& cte, bool in_recursion);
  Status CheckSearchCycle(const CommonTable& cte, const ast::CommonTableExpr& node);
  Status SearchAndCycle(CommonTable& cte);
  Status CteColumns(CommonTable& cte, const std::vector<Target>& targets, int32_t location);
  Status RowMarks(ast::ListOf<ast::LockingClause> locking, Query& query, Scope& scope, bool pushed);
  Status LockEntry(Query& query, RangeEntry* entry, LockStrength strength, LockWait wait, bool pushed);
  Status ResolveUnknownTargets(std::vector<Target>& targets);

  // ---- FROM (bind_from.cc)
  Status From(ast::NodeList from, Scope& scope);
  Result<FromNode*> FromItem(const ast::Node& node, Scope& scope, std::vector<ScopeItem>& items);
  Result<FromNode*> FromJoin(const ast::JoinExpr& join, Scope& scope, std::vector<ScopeItem>& items);
  Result<RangeEntry*> FromTable(const ast::RangeVar& table, Scope& scope);
  Result<RangeEntry*> FromSubquery(const ast::RangeSubselect& subselect, Scope& scope);
  Result<RangeEntry*> FromFunction(const ast::RangeFunction& function, Scope& scope);
  Result<RangeEntry*> FromCte(const ast::RangeVar& name, CommonTable& cte, Scope& scope);
  Status ExpandView(RangeEntry& entry, const catalog::Table& view);
  Status ApplyAlias(RangeEntry& entry, const ast::Alias* alias);
  CommonTable* FindCte(Scope& scope, std::string_view name, Scope** where = nullptr);
  Status CheckNameConflict(const std::vector<ScopeItem>& left, const std::vector<ScopeItem>& right);
  RangeEntry* NewEntry(Scope& scope, RangeKind kind, std::string_view name);

  // ---- Columns (bind_column.cc)
  Result<Expr*> Column(Scope& scope, const ast::ColumnRef& ref);
  // Null when there is no such column.
  Result<Expr*> FindColumn(Scope& scope, std::string_view name, int32_t location, bool local_only = false);
  Result<Expr*> ColumnOf(ScopeItem& item, std::string_view name, int32_t location, ExprUse use);
  Expr* ColumnAt(RangeEntry& entry, int column, int32_t location);
  Result<ScopeItem*> FindRelation(Scope& scope, std::string_view schema, std::string_view name, int32_t location,
                                  Scope** where = nullptr);
  Status MissingRelation(Scope& scope, std::string_view schema, std::string_view name, int32_t location);
  Status MissingColumn(Scope& scope, std::string_view relation, std::string_view name, int32_t location);
  Result<Expr*> WholeRow(RangeEntry& entry, int32_t location);
  Result<Expr*> Field(Scope& scope, Expr* expr, std::string_view name, int32_t location);
  // The columns that a function's OUT parameters make of its record; none when it has no such parameters.
  std::vector<RangeColumn> OutColumns(const FunctionCall& call);
  // The call whose record a column holds: the expression itself, or what a subquery selects as that column. May be null.
  const FunctionCall* RecordSource(const Expr* expr) const;
  Status ExpandStar(Scope& scope, const ast::ColumnRef& ref, std::vector<Target>& targets, ExprUse use);
  Status ExpandEntry(ScopeItem& item, int32_t location, std::vector<Target>& targets);
  Status ExpandRow(Expr* expr, int32_t location, std::vector<Target>& targets);
  void MarkUsed(const RangeEntry& entry, int column);
  void MarkColumnsUsed(const Expr* expr);  // all columns of relations in it

  // ---- Expressions (bind_expr.cc, bind_operator.cc, bind_subscript.cc, bind_sublink.cc)
  Result<Expr*> Transform(Scope& scope, const ast::Node* node);
  Result<Expr*> TransformNode(Scope& scope, const ast::Node& node);
  Result<Expr*> Constant(const ast::Constant& constant);
  Result<Expr*> Parameter(const ast::ParamRef& param);
  Result<Expr*> Cast(Scope& scope, const ast::TypeCast& cast);
  Result<Expr*> Collate(Scope& scope, const ast::CollateClause& collate);
  Result<Expr*> Bool(Scope& scope, const ast::BoolExpr& node);
  Result<Expr*> Case(Scope& scope, const ast::CaseExpr& node);
  Result<Expr*> Coalesce(Scope& scope, const ast::CoalesceExpr& node);
  Result<Expr*> MinMax(Scope& scope, const ast::MinMaxExpr& node);
  Result<Expr*> Array(Scope& scope, const ast::ArrayExpr& node, Oid array_type, Oid element_type, int32_t typmod);
  Result<Expr*> Row(Scope& scope, const ast::RowExpr& node);
  // A row whose literals may still become what they are compared with; CloseRow makes text of those that did not.
  Result<Expr*> OpenRow(Scope& scope, const ast::RowExpr& node);
  Status CloseRow(Expr* expr);
  // An operand of a comparison: as Transform, but rows stay open.
  Result<Expr*> Operand(Scope& scope, const ast::Node* node);
  Result<Expr*> SqlValue(const ast::SqlValueFunction& node);
  Result<Expr*> Indirect(Scope& scope, const ast::Indirection& node);
  Result<Expr*> Subscript(Scope& scope, Expr* container, std::span<const ast::IndirectionStep> steps, Expr* assigned);
  Result<Expr*> Operation(Scope& scope, const ast::OperatorExpr& node);
  Result<Expr*> MakeOperator(ast::NameList name, Expr* left, Expr* right, int32_t location);
  Result<Expr*> MakeOperator(std::string_view name, Expr* left, Expr* right, int32_t location);
  Result<Expr*> OperatorOverArray(ast::NameList name, bool any, Expr* scalar, Expr* array, int32_t location);
  Result<Expr*> In(Scope& scope, const ast::OperatorExpr& node);
  Result<Expr*> Between(Scope& scope, const ast::OperatorExpr& node);
  Result<Expr*> Distinct(Scope& scope, const ast::OperatorExpr& node);
  Result<Expr*> NullIf(Scope& scope, const ast::OperatorExpr& node);
  Result<Expr*> RowCompare(ast::NameList name, RowExpr* left, RowExpr* right, int32_t location);
  Result<Expr*> RowDistinct(RowExpr* left, RowExpr* right, int32_t location);
  Result<Expr*> MakeDistinct(Expr* left, Expr* right, int32_t location);
  Result<Expr*> SubLink(Scope& scope, const ast::SubLink& node);
  Result<Expr*> Grouping(Scope& scope, const ast::GroupingFunc& node);
  Expr* MakeBool(BoolOp op, std::vector<Expr*> args, int32_t location);

  // ---- Functions (bind_function.cc, bind_aggregate.cc)
  Result<Expr*> Call(Scope& scope, const ast::FuncCall& node);
  Result<Expr*> MakeCall(Scope& scope, ast::NameList name, std::vector<Expr*> args, const ast::FuncCall* node,
                         int32_t location);
  Status AddDefaults(const catalog::FunctionRow& function, const Candidate& candidate, std::vector<Expr*>& args);
  Status CheckSetFunction(Scope& scope, Expr* call, const Expr* last_set_function, int32_t location);
  Result<Expr*> MakeAggregate(Scope& scope, const Candidate& candidate, std::vector<Expr*> args,
                              const std::vector<Oid>& declared, types::Type result, const ast::FuncCall& node);
  Result<Expr*> MakeWindowCall(Scope& scope, const catalog::FunctionRow* function, std::vector<Expr*> args,
                               types::Type result, const ast::FuncCall& node);
  Result<Expr*> InlineSqlFunction(Scope& scope, FunctionCall* call);
  Result<int> Window(Scope& scope, const ast::WindowDef& over);
  Status WindowClause(Scope& scope, std::vector<Target>& targets);
  Result<WindowDef> BuildWindow(Scope& scope, const ast::WindowDef& node, const WindowDef* base, std::vector<Target>& targets);
  Result<Expr*> FrameOffset(Scope& scope, const ast::Node& node, WindowDef& window, bool start);

  // ---- Clauses (bind_clause.cc, bind_group.cc)
  Status Targets(Scope& scope, ast::ListOf<ast::ResTarget> nodes, std::vector<Target>& targets, ExprUse use);
  Result<Target> MakeTarget(Scope& scope, const ast::ResTarget& node, ExprUse use);
  void SetOrigin(Target& target);
  // The target an ORDER BY / GROUP BY / DISTINCT ON item means (added as junk if need be).
  Result<int> FindTargetSql92(Scope& scope, const ast::Node& node, std::vector<Target>& targets, ExprUse use);
  Result<int> FindTargetSql99(Scope& scope, const ast::Node& node, std::vector<Target>& targets, ExprUse use);
  Result<SortTarget> SortItem(const ast::SortBy& node, int target, std::vector<Target>& targets);
  Status OrderBy(Scope& scope, ast::ListOf<ast::SortBy> nodes, std::vector<Target>& targets, ExprUse use, bool sql92,
                 std::vector<SortTarget>& out);
  Status GroupBy(Scope& scope, const ast::SelectStmt& select, Query& query);
  Status DistinctClause(Scope& scope, const ast::SelectStmt& select, Query& query);
  Result<Expr*> LimitExpr(Scope& scope, const ast::Node* node, const char* name, ExprUse use);
  Status CheckGrouping(Scope& scope, Query& query);

  // ---- Data modification (bind_insert.cc, bind_update.cc, bind_merge.cc)
  Result<Query*> Insert(const ast::InsertStmt& insert, Scope* parent);
  Result<Query*> Update(const ast::UpdateStmt& update, Scope* parent);
  Result<Query*> Delete(const ast::DeleteStmt& node, Scope* parent);
  Result<Query*> Merge(const ast::MergeStmt& merge, Scope* parent);
  Result<RangeEntry*> TargetTable(Scope& scope, const ast::RangeVar& name, uint32_t privileges, bool merges = false);
  Status InsertColumns(const catalog::Table& table, ast::ListOf<ast::ResTarget> nodes, std::vector<int>& columns,
                       std::vector<const ast::ResTarget*>& written);
  Result<Expr*> AssignValue(Scope& scope, RangeEntry& target, Expr* value, std::string_view column_name, int column,
                            std::span<const ast::IndirectionStep> steps, Expr* current, int32_t location, ExprUse use);
  Result<Expr*> AssignIndirection(Scope& scope, Expr* current, std::string_view name, types::Type type,
                                  std::span<const ast::IndirectionStep> steps, Expr* value, int32_t location, ExprUse use);
  Status UpdateTargets(Scope& scope, ast::ListOf<ast::ResTarget> nodes, RangeEntry& target,
                       std::vector<ColumnAssignment>& out, ExprUse use);
  Status Conflict(Scope& scope, const ast::OnConflictClause& node, Query& query);
  Status InferArbiters(Scope& scope, const ast::InferClause& infer, Query& query, OnConflict& conflict);
  Status Returning(Scope& scope, ast::ListOf<ast::ResTarget> nodes, Query& query);
  Status FillDefaults(Query& query);

  // ---- Views as targets (bind_view.cc)
  Result<Query*> ViewQuery(const catalog::Table& view);
  Status RewriteViewTarget(Query& query, bool cascaded);
  Status RewriteViewTargets(Query& query);

  BindContext& ctx_;
  Coercion coerce_;
  Resolver resolver_;
  int query_depth_ = 0;
  CommonTable* recursive_cte_ = nullptr;  // the set operation bound next is this recursive query's
  int32_t recursive_location_ = -1;
};

// The column name PostgreSQL gives an unnamed output expression.
std::string FigureColumnName(const ast::Node* node);

// Parses one query or expression of the catalog's text. The tree lives as long as `keep`.
Result<const ast::Node*> ParseQueryText(std::string_view sql, std::vector<std::shared_ptr<const void>>& keep);
Result<const ast::Node*> ParseExpressionText(std::string_view sql, std::vector<std::shared_ptr<const void>>& keep);

}  // namespace phantom::planner
