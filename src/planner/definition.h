// planner/definition.h
//
// Definitions to and from their stored form (catalog/stored_sql.h): what DDL keeps of a view's query or an expression, and
// what clients are shown of it. docs/decisions/0014-stored-definitions.md.
//
// Thread safety: functions may be called from any thread; a PlannerContext belongs to one call at a time.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "types/type.h"

namespace phantom::catalog {
struct Table;
}
namespace phantom::parser {
struct Node;
}

namespace phantom::planner {

struct PlannerContext;

struct DefinitionStyle {
  bool pretty = false;
  int wrap_column = 0;  // negative: lists are not broken
};

// The stored form of a view's query, and what the query itself names (not what views in it do).
struct StoredQuery {
  std::string sql;
  std::vector<Oid> relations;
  std::vector<std::pair<Oid, int>> columns;  // (relation, attnum)
};
Result<StoredQuery> StoreQuery(const parser::Node& query, const PlannerContext& context);

// A view's query as clients are shown it, without semicolon.
Result<std::string> ShowView(const catalog::Table& view, DefinitionStyle style, const PlannerContext& context);

// What can be changed through a relation, by PostgreSQL's command numbers as bits (pg_relation_is_updatable).
struct Updatable {
  int commands = 0;
  std::vector<bool> columns;  // by number - 1
};
Result<Updatable> DescribeUpdatable(const catalog::Table& table, const PlannerContext& context);
// Why a view of this query could not be changed through; empty when it could.
Result<std::string> WhyNotUpdatable(const parser::Node& query, const PlannerContext& context);

struct ShownExpression {
  std::string text;
  bool is_call = false;  // needs no parentheses as an index's key
};
// `sql`: an expression with the names of now, over the columns of `table` (may be null) or, in a domain's constraints, VALUE
// of `value_type`.
Result<ShownExpression> ShowExpression(std::string_view sql, const catalog::Table* table, DefinitionStyle style,
                                       const PlannerContext& context, types::Type value_type = {});

}  // namespace phantom::planner
