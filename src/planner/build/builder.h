// planner/build/builder.h
//
// From a bound query to relational algebra, clause by clause in SQL's order: FROM, WHERE, GROUP BY, HAVING, windows,
// targets, DISTINCT, ORDER BY, locks, LIMIT. Subqueries in expressions stay SubqueryExpr for the rules.
// Consumes the query: its expressions are rewritten.
#pragma once
#include <functional>
#include <map>
#include <vector>

#include "planner/binder/bind_context.h"
#include "planner/logical_plan.h"

namespace phantom::planner {

class Builder {
 public:
  explicit Builder(BindContext& context) : ctx_(context) {}

  // The query's visible columns become (rel, 0), (rel, 1), ...
  Result<LogicalNode*> Build(Query& query, RelId rel);
  // FROM and WHERE alone, of a query without CTEs: the columns are those of its relations.
  Result<LogicalNode*> BuildRows(Query& query);

 private:
  using Definitions = std::vector<LogicalWith*>;
  Result<LogicalNode*> BuildSelect(Query& query, RelId rel);
  Result<LogicalNode*> BuildModify(Query& query, RelId rel);
  Result<LogicalNode*> BuildFrom(FromNode* from);
  Result<LogicalNode*> BuildEntry(RangeEntry& entry);
  Result<LogicalNode*> BuildSetOperation(SetOpNode& node);
  Result<LogicalNode*> BuildRecursive(CommonTable& cte, RelId rel);
  // `side`'s columns converted to the types of `columns`; `from` is the relation that then has them.
  Result<LogicalNode*> BuildSide(SetOpNode& side, const std::vector<RangeColumn>& columns, std::vector<ColumnId>& inputs);
  LogicalNode* Ordered(Query& query, LogicalNode* node, RelId targets);
  Status DefineCtes(Query& query, Definitions& definitions);
  LogicalNode* Aggregate(Query& query, LogicalNode* node);
  LogicalNode* Windows(Query& query, LogicalNode* node);
  LogicalNode* SetFunctions(Query& query, LogicalNode* node);
  LogicalNode* Filter(LogicalNode* child, Expr* condition);
  // Row locks (row_locks.cc). Locked subqueries that do no more than choose rows become part of the query.
  Status PullUpLocked(Query& query);
  LogicalLockRows* LockRows(Query& query);
  void RecheckJoins(const FromNode* node, LogicalLockRows& lock);
  std::vector<Expr*> Rechecks(Expr* condition);
  void ExpandWholeRows(Query& query);
  Expr* NullUnlessThere(RangeEntry& entry, RowExpr* row, std::map<RelId, int>& presence);
  int AddPresence(RangeEntry& entry);

  BindContext& ctx_;
};

// Replaces nodes for which `replace` gives another, everywhere in the expression and in queries within it.
void Rewrite(Expr*& expr, const std::function<Expr*(Expr*)>& replace);

// A column of an operator's own.
Expr* MakeColumnOf(BindContext& context, RelId rel, int column, const Expr* like);

}  // namespace phantom::planner
