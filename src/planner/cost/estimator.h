// planner/cost/estimator.h
//
// How many rows an operator gives: from row counts and column statistics where there are any, from PostgreSQL's
// default selectivities otherwise.
//
// Thread safety: one per planning.
#pragma once
#include <map>
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
  // The fraction of pairs of rows a condition between relations lets through.
  double JoinSelectivity(const Expr* condition);
  double Groups(const std::vector<Expr*>& groups, double rows);
  // How many different values an expression has; 0: unknown.
  double Distinct(const Expr* expr);
  int Width(types::Type type);

  // Remembers what a relation's columns come from, so that columns of subqueries can be looked up.
  void NoteColumns(const LogicalNode& node);

 private:
  struct Origin {
    const catalog::Table* table = nullptr;
    int column = 0;
  };
  bool OriginOf(const Expr* expr, Origin& origin);
  std::shared_ptr<const ColumnStatistics> Statistics(const Origin& origin);
  double Comparison(const FunctionCall& call);
  bool IsUnique(const Origin& origin);

  BindContext& ctx_;
  std::map<ColumnId, const Expr*> projected_;
  std::map<const LogicalNode*, double> rows_;
};

}  // namespace phantom::planner
