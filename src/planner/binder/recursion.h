// planner/binder/recursion.h
//
// Which WITH queries refer to themselves, and whether they do it where a recursive query may (PostgreSQL's rules and
// messages: 42P19, 0A000). Works on the syntax tree, before anything is bound.
#pragma once
#include <string_view>

#include "common/status.h"
#include "parser/ast_select.h"

namespace phantom::planner {

// Does the tree refer to a relation of this name without a schema, one that no WITH inside hides?
bool RefersTo(const parser::Node* node, std::string_view name);

// Requires RefersTo(cte.query, cte.name).
Status CheckRecursion(const parser::CommonTableExpr& cte);

}  // namespace phantom::planner
