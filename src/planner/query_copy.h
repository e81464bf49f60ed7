// planner/query_copy.h
//
// Copies of bound queries, to plan one query in several places: planning consumes it, and the names of columns are unique in
// a statement.
#pragma once
#include "planner/binder/bind_context.h"
#include "planner/query.h"

namespace phantom::planner {

// As the original, with relations and CTEs of its own; references to what is outside stay.
Query* CopyQuery(BindContext& context, const Query& query);
// A copy of an expression, its subqueries copied too.
Expr* CopyWithSubqueries(BindContext& context, const Expr* expr);

}  // namespace phantom::planner
