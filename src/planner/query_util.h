// planner/query_util.h
//
// Visiting everything in a bound query.
#pragma once
#include <functional>
#include <set>

#include "planner/query.h"

namespace phantom::planner {

// Visits every top expression that is the query's own, so that it may be replaced.
void ForEachOwnExpr(Query& query, const std::function<void(Expr*&)>& visit);
// The same of the query, its FROM subqueries, CTEs and set operation branches included (subqueries inside
// expressions are left to the visitor).
void ForEachQueryExpr(Query& query, const std::function<void(Expr*&)>& visit);
// Visits the query and all queries within it, also those inside expressions.
void ForEachQuery(Query& query, const std::function<void(Query&)>& visit);

// The relations of a FROM tree, and those of them whose rows an outer join may fill with nulls.
void RelsBelow(const FromNode* node, std::set<RelId>& rels);
void NullableRels(const FromNode* node, std::set<RelId>& rels);

// As written: "FOR UPDATE".
const char* LockClause(LockStrength strength);

bool QueryIsVolatile(const Query& query);
// Does the query (or one within it) refer to columns of relations outside it?
bool IsCorrelated(const Query& query);

}  // namespace phantom::planner
