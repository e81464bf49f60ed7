// planner/deparse.h
//
// Bound expressions back to SQL text, as PostgreSQL's ruleutils prints them: operators in parentheses, conversions as
// casts, constants with their type where the text alone would not tell it.
#pragma once
#include <functional>
#include <string>

#include "planner/expr.h"

namespace phantom::catalog {
class Catalog;
}
namespace phantom::types {
struct FormatContext;
}

namespace phantom::planner {

// How an expression's references are called.
struct DeparseNames {
  std::function<std::string(const ColumnRef&)> column;  // query tree
  std::function<std::string(int)> input;                // InputRef
  std::function<std::string(int)> slot;                 // ExecParam; absent: $n
  std::function<std::string(const SubPlanExpr&)> subplan;
};

struct DeparseContext {
  catalog::Catalog* catalog = nullptr;
  const types::FormatContext* format = nullptr;
  DeparseNames names;
  bool pretty = false;  // leaves out parentheses around the whole
};

std::string Deparse(const Expr* expr, const DeparseContext& context);

}  // namespace phantom::planner
