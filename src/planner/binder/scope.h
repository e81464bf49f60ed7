// planner/binder/scope.h
//
// What names mean at one query level while it is being bound.
#pragma once
#include <string_view>
#include <vector>

#include "parser/ast_select.h"
#include "planner/query.h"

namespace phantom::planner {

namespace ast = parser;
using parser::IsNull;

// Where an expression stands: decides what it may contain and how errors name the place.
enum class ExprUse : uint8_t {
  kNone,
  kOther,
  kJoinOn,
  kJoinUsing,
  kFromSubselect,
  kFromFunction,
  kWhere,
  kHaving,
  kFilter,
  kWindowPartition,
  kWindowOrder,
  kWindowFrameRange,
  kWindowFrameRows,
  kWindowFrameGroups,
  kSelectTarget,
  kInsertTarget,
  kUpdateSource,
  kUpdateTarget,
  kMergeWhen,
  kGroupBy,
  kOrderBy,
  kDistinctOn,
  kLimit,
  kOffset,
  kReturning,
  kValues,
  kValuesSingle,
  kCheck,
  kDomainCheck,
  kColumnDefault,
  kFunctionDefault,
  kIndexExpression,
  kIndexPredicate,
  kAlterTransform,
  kExecuteParameter,
  kGenerated,
  kCallArgument,
};

// A relation in scope. Columns of a relation inside a join without alias are visible through the join's item.
struct ScopeItem {
  RangeEntry* entry = nullptr;
  bool rel_visible = true;
  bool columns_visible = true;
  bool lateral_only = false;  // visible to LATERAL items of the same FROM only
  bool lateral_ok = true;     // ...and whether the join's kind allows that
  FromNode* join_using = nullptr;
};

struct Scope {
  Scope* parent = nullptr;
  Query* query = nullptr;
  std::vector<ScopeItem> items;
  std::vector<CommonTable*> ctes;
  std::vector<std::string_view> future_ctes;  // of the WITH list being bound: not yet usable
  ast::ListOf<ast::WindowDef> window_defs;                // WINDOW clause
  std::vector<const ast::WindowDef*> pending_windows;     // OVER (...), numbered after those
  ExprUse use = ExprUse::kNone;
  bool lateral_active = false;
  bool has_aggregates = false;
  bool has_windows = false;
  bool has_set_functions = false;
  bool has_subqueries = false;
  bool resolve_unknowns = true;      // unknown literals of the targets become text
  bool locked_from_parent = false;
  const Expr* last_set_function = nullptr;
  const Expr* last_aggregate = nullptr;
  // Expressions outside queries: columns of a table as InputRefs over its full row; a domain's VALUE.
  const catalog::Table* table = nullptr;
  RelId table_rel = 0;
  const Expr* domain_value = nullptr;
};

// "WHERE", "JOIN conditions": how errors name the place.
const char* ExprUseName(ExprUse use);

}  // namespace phantom::planner
