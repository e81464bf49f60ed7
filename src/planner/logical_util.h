// planner/logical_util.h
//
// Asking about logical plans: expressions of an operator, relations it gives, relations it needs from outside.
#pragma once
#include <functional>
#include <set>

#include "planner/logical_plan.h"

namespace phantom::planner {

// Visits the operator's own expressions (not its children's).
void ForEachExpr(LogicalNode& node, const std::function<void(Expr*&)>& visit);
// Visits the expressions of the operator and all below.
void ForEachExprInTree(LogicalNode& node, const std::function<void(Expr*&)>& visit);

// Relations whose columns the operator gives to its parent.
std::set<RelId> OutputRels(const LogicalNode& node);
// Relations that any operator of the tree makes, visible or not.
void DefinedRels(const LogicalNode& node, std::set<RelId>& rels);
// Relations the tree refers to but does not make: columns of outer queries.
std::set<RelId> FreeRels(LogicalNode& node);

// Is the operator's one row (at most) certain? Used for scalar subqueries.
bool AtMostOneRow(const LogicalNode& node);

}  // namespace phantom::planner
