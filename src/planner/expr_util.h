// planner/expr_util.h
//
// Walking, comparing, copying and asking about bound expressions.
#pragma once
#include <functional>
#include <set>
#include <span>
#include <vector>

#include "planner/expr.h"
#include "planner/logical_plan.h"

namespace phantom::planner {

// Calls `visit` with the address of each direct child expression, in evaluation order. Subqueries: their test and left side,
// not the query.
void ForEachChild(Expr* expr, const std::function<void(Expr*&)>& visit);
void ForEachChild(const Expr* expr, const std::function<void(const Expr*)>& visit);

// Depth first, parents before children; `visit` returns false to leave a subtree out.
void Walk(const Expr* expr, const std::function<bool(const Expr*)>& visit);
// Is there a node for which `test` holds?
bool Contains(const Expr* expr, const std::function<bool(const Expr*)>& test);

// Structural equality; locations, forms and names do not count.
bool Equal(const Expr* left, const Expr* right);

// A copy whose nodes may be changed. `replace` is asked for each node first, before its children; non-null: takes its place.
using ReplaceFn = std::function<Expr*(const Expr*)>;
Expr* Copy(NodeArena& arena, const Expr* expr, const ReplaceFn& replace = nullptr);

bool ReturnsSet(const Expr* expr);          // a set-returning call anywhere in it
bool IsVolatile(const Expr* expr);          // a volatile function anywhere in it (subqueries included)
bool ContainsSubquery(const Expr* expr);
bool ContainsAggregate(const Expr* expr);   // outside subqueries
bool IsConstant(const Expr* expr);          // ConstExpr
bool IsConstNull(const Expr* expr);
bool IsConstTrue(const Expr* expr);
bool IsConstFalseOrNull(const Expr* expr);

// Columns the expression reads, those inside its subqueries included.
void CollectColumns(const Expr* expr, std::set<ColumnId>& columns);
void CollectRels(const Expr* expr, std::set<RelId>& rels);

// Appends the conjuncts of an And tree.
void SplitAnd(Expr* expr, std::vector<Expr*>& conjuncts);
Expr* JoinAnd(NodeArena& arena, std::span<Expr* const> conjuncts);  // null when empty
// Takes what all branches of an OR ask for out of it: (a AND b) OR (a AND c) becomes a AND (b OR c), so that a can be a
// join's key or go down by itself. Other expressions are returned as they are.
Expr* FactorOr(NodeArena& arena, Expr* expr);

}  // namespace phantom::planner
