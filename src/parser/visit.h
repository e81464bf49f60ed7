// parser/visit.h
//
// Walks over syntax trees.
#pragma once
#include "common/function_ref.h"
#include "parser/ast.h"

namespace phantom::parser {

// Calls `visit` for the node, and for its parts if `visit` says so, and so on.
void ForEachNodeWhile(const Node* node, FunctionRef<bool(const Node&)> visit);

}  // namespace phantom::parser
