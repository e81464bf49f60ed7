// planner/cost/estimator.h
//
// How many rows an operator gives: from row counts and column statistics where there are any, from PostgreSQL's
// default selectivities otherwise. estimator.cc: tables, columns, operators; selectivity.cc: conditions on rows;
// join_estimate.cc: conditions between relations, groups.
//
// Thread safety: one per planning.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "planner/binder/bind_context.h"
#include "planner/logical_plan.h"

namespace phantom::planner {

class Estimator {
 public:
  explicit Estimator(BindContext& context) : ctx_(context) {}

  double TableRows(const catalog::Table& table);
  double TablePages(const catalog::Table& table);
  double Rows(const LogicalNode& node);
  double Selectivity(const Expr* condition);
  double Selectivity(const std::vector<Expr*>& conditions);
  // Rows of an inner join of so many rows under the conditions between them.
  double JoinRows(double left, double right, const std::vector<Expr*>& conditions);
  // The fraction of pairs of rows the conditions between two relations let through. Equalities of several columns that
  // together are a key of one side count as one.
  double JoinSelectivity(const std::vector<Expr*>& conditions);
  // The fraction of the left's rows that have a partner among so many rows of the right.
  double SemiSelectivity(const std::vector<Expr*>& conditions, double left_rows, double right_rows,
                         const std::set<RelId>& right);
  double Groups(const std::vector<Expr*>& groups, double rows);
  // How many different values an expression has; 0: unknown.
  double Distinct(const Expr* expr);
  int Width(types::Type type);
  // Of a column, as ANALYZE measured it, else of its type.
  int Width(ColumnId id, types::Type type);
  int Width(const catalog::Table& table, int attribute);
  // How well a column's values follow the order of the rows: -1 to 1; 0: not, or unknown.
  double Correlation(const catalog::Table& table, int attribute);

  double CommonTableRows(const CommonTable* table);

  // Remembers what a relation's columns come from, so that columns of subqueries can be looked up.
  void NoteColumns(const LogicalNode& node);
  // The condition follows from what the relations were asked themselves: as a join's it rejects nothing.
  void NoteImplied(const Expr* condition) { implied_.insert(condition); }
  // The node has changed.
  void Forget(const LogicalNode& node) { rows_.erase(&node); }

 private:
  struct Origin {
    const catalog::Table* table = nullptr;
    int column = 0;
    RelId rel = 0;
  };
  bool OriginOf(const Expr* expr, Origin& origin);
  std::shared_ptr<const ColumnStatistics> Statistics(const Origin& origin);
  bool IsUnique(const Origin& origin);
  double JoinRowsOf(const LogicalJoin& join);

  double Comparison(const FunctionCall& call);
  double Equality(const Expr* column, const Expr* value);
  // LIKE, regular expressions and other operators without an order of their own, tried on the values statistics know.
  double Pattern(const FunctionCall& call);
  double InList(const ScalarArrayExpr& in);
  double OrSelectivity(Expr* condition);
  double EqualJoin(const FunctionCall& call);
  double CompositeEquality(const std::vector<const FunctionCall*>& equalities);

  BindContext& ctx_;
  std::map<ColumnId, const Expr*> projected_;
  std::map<ColumnId, ColumnId> renamed_;  // a common table's columns
  std::map<const CommonTable*, const LogicalWith*> common_tables_;
  std::map<const CommonTable*, double> common_table_rows_;
  std::map<const LogicalNode*, double> rows_;
  std::set<const Expr*> implied_;
  std::map<Oid, double> table_rows_;
  std::map<Oid, double> table_pages_;
};

}  // namespace phantom::planner
