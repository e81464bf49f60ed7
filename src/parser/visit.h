// parser/visit.h
//
// Walks over syntax trees.
#pragma once
#include "common/function_ref.h"
#include "parser/ast.h"

namespace phantom::parser {

// Calls `visit` for the node and everything below it, a node before its parts.
void ForEachNode(const Node* node, FunctionRef<void(const Node&)> visit);
// As above, but goes below a node only if `visit` says so.
void ForEachNodeWhile(const Node* node, FunctionRef<bool(const Node&)> visit);

}  // namespace phantom::parser
