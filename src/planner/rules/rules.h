// planner/rules/rules.h
//
// Rewrites of logical plans, one file a rule, in the order they are applied.
#pragma once
#include <vector>

#include "planner/binder/bind_context.h"
#include "planner/logical_plan.h"

namespace phantom::planner {

class Estimator;

// Evaluates what depends on nothing, and simplifies AND, OR, NOT, CASE, COALESCE. What fails to evaluate stays.
void FoldConstants(BindContext& context, Expr*& expr);
void FoldConstants(BindContext& context, LogicalNode& node);

// NOT expr without the NOT, where operators have negators (a < b for NOT a >= b) and AND and OR change places.
Expr* Negate(BindContext& context, Expr* expr);

// The expression as a condition: it may be false where it was null. So one null operand of an AND settles it.
Expr* TruthOnly(BindContext& context, Expr* expr);

// What an OR over several relations asks of one of them; null when it asks nothing.
Expr* OrRestriction(NodeArena& arena, Expr* condition, RelId rel);

// EXISTS, IN, NOT IN and scalar subqueries of WHERE become semi, anti and left joins where that is sound; what is left is
// evaluated row by row.
Result<LogicalNode*> UnnestSubqueries(BindContext& context, LogicalNode* node);

// RIGHT joins become LEFT ones; outer joins whose null-extended rows cannot survive become inner ones; conditions go down
// to where their columns come from.
LogicalNode* PushDown(BindContext& context, LogicalNode* node, std::vector<Expr*> conditions = {});

// Orders inner joins by estimated cost: dynamic programming for few relations, greedy for many.
LogicalNode* OrderJoins(BindContext& context, LogicalNode* node, Estimator& estimator);

// Is the condition certainly not true when all columns of these relations are null?
bool RejectsNulls(const Expr* condition, const std::set<RelId>& rels);

}  // namespace phantom::planner
