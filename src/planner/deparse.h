// planner/deparse.h
//
// Bound expressions and queries back to SQL text, as PostgreSQL's ruleutils prints them: operators in parentheses,
// conversions as casts, constants with their type where the text alone would not tell it. The same text serves three
// ends: EXPLAIN, definitions shown to clients, and the stored form of definitions (catalog/stored_sql.h), in which
// relations, columns and types are numbers. docs/decisions/0014-stored-definitions.md tells how they hang together.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "planner/expr.h"

namespace phantom::catalog {
class Catalog;
}
namespace phantom::types {
struct FormatContext;
}

namespace phantom::planner {

struct Query;
struct RangeEntry;

enum class TextForm : uint8_t {
  kLine,        // one line, every operator in parentheses: EXPLAIN
  kDefinition,  // broken into lines, every operator in parentheses: pg_get_viewdef(v)
  kPretty,      // broken into lines, parentheses only where needed: pg_get_viewdef(v, true)
  kStored,      // one line, names as markers
};

// Columns that were named through a join: PostgreSQL prints them so. The entry is the join's.
using JoinReferences = std::map<const Expr*, std::pair<const RangeEntry*, int>>;

// How an expression's references are called. Absent: by the query's names.
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
  TextForm form = TextForm::kLine;
  int wrap_column = 0;  // definitions: a list goes on a new line past it; negative: never
  const JoinReferences* joins = nullptr;
};

// `show_implicit`: also conversions at the very top that were not written.
std::string Deparse(const Expr* expr, const DeparseContext& context, bool show_implicit = true);
// Does the text look like a function's call, so that the grammar takes it without parentheses?
bool LooksLikeFunction(const Expr* expr);

// "ctid" and so on, by kCtidColumn and so on.
std::string SystemColumnName(int column);

// A query bound for its text (BindContext::for_text). `result_names`: what its columns are called, when not as in the query
// itself.
std::string DeparseQuery(const Query& query, const std::vector<std::string>& result_names, const DeparseContext& context);

}  // namespace phantom::planner
