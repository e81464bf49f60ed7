// planner/planner.h
//
// The door to this room: a statement's syntax tree in, a physical plan out; and bound expressions for DDL.
// Errors are PostgreSQL's, with the byte offset in the query text.
//
// Thread safety: functions may be called from any thread; a PlannerContext belongs to one call at a time.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/statistics.h"
#include "common/status.h"
#include "planner/physical_plan.h"

namespace phantom::catalog {
class Catalog;
}
namespace phantom::types {
struct FormatContext;
}
namespace phantom::parser {
struct Node;
}

namespace phantom::planner {

// What the planner asks of the engine: the value of an expression without columns, parameters or volatile functions.
// The implementation must fail, not guess, where evaluation fails; the planner then leaves the expression as it is.
class ExpressionService {
 public:
  virtual ~ExpressionService() = default;
  virtual Result<types::Value> Evaluate(const Expr& expr) = 0;
};

// Where statistics come from. Null answers: nothing known.
using catalog::ColumnStatistics;
class StatisticsSource {
 public:
  virtual ~StatisticsSource() = default;
  // Rows now in the table, as well as is cheaply known; < 0: unknown.
  virtual double RowCount(const catalog::Table& table) = 0;
  virtual std::shared_ptr<const ColumnStatistics> Column(const catalog::Table& table, int attnum) = 0;
};

// The planner's settings (enable_*, cost constants), by PostgreSQL's names and defaults.
struct PlannerSettings {
  bool enable_seqscan = true;
  bool enable_indexscan = true;
  bool enable_indexonlyscan = true;
  bool enable_hashjoin = true;
  bool enable_nestloop = true;
  bool enable_hashagg = true;
  bool enable_sort = true;
  bool enable_material = true;
  bool enable_memoize = true;
  int join_collapse_limit = 8;
  double random_page_cost = 4.0;
  double seq_page_cost = 1.0;
  double cpu_tuple_cost = 0.01;
  double cpu_index_tuple_cost = 0.005;
  double cpu_operator_cost = 0.0025;
  double cursor_tuple_fraction = 0.1;
  bool transform_null_equals = false;
};

struct PlannerContext {
  catalog::Catalog* catalog = nullptr;
  const types::FormatContext* format = nullptr;
  ExpressionService* service = nullptr;      // null: nothing is folded
  StatisticsSource* statistics = nullptr;    // null: PostgreSQL's defaults
  PlannerSettings settings;
  bool for_cursor = false;                   // of DECLARE CURSOR: the plan notes its tables' rows (cursor_tables)
};

// Plans SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE, or the query inside DECLARE CURSOR / CREATE TABLE AS / COPY (query).
// `statement` is the statement node itself (not a RawStmt). param_types: types given by the client, 0 for unknown; those not given are
// inferred; the plan's param_types hold all. 42P18 when one cannot be inferred.
Result<std::unique_ptr<PhysicalPlan>> PlanStatement(const parser::Node& statement, std::span<const Oid> param_types,
                                                    const PlannerContext& context);

// An expression bound outside a query, with what owns its nodes.
struct BoundExpression {
  std::unique_ptr<NodeArena> nodes;
  Expr* expr = nullptr;
  std::string stored_sql;         // what the catalog keeps of it (catalog/stored_sql.h)
  std::vector<std::shared_ptr<const void>> pinned;
  std::vector<int> columns;       // columns of the table it uses (attnum), ascending
  std::vector<Oid> functions;     // what it depends on besides: user types and relations (regclass constants, subqueries)
  std::vector<Oid> types;
  std::vector<Oid> relations;
  bool is_volatile = false;
  bool is_immutable = true;
};

enum class ExpressionUse : uint8_t {
  kCheck,            // boolean; columns of the table
  kDefault,          // assigned to `target`; no columns
  kGenerated,        // assigned to `target`; columns; must be immutable (42P17)
  kIndexExpression,  // columns; must be immutable (42P17)
  kIndexPredicate,   // boolean; columns; must be immutable
  kAlterUsing,       // ALTER COLUMN TYPE ... USING: assigned to `target`; columns
  kExecuteParam,     // EXECUTE's arguments and other utility parameters: assigned to `target`; no columns
  kDomainCheck,      // boolean; VALUE is CaseTest slot 0 of type `value_type`
};

// Binds an expression over the columns of `table` (may be null), as InputRef(attnum - 1) over its full row. `target` (oid 0: as it is) is the type
// the result is coerced to; target_name names the column in the error then.
Result<BoundExpression> BindExpression(const parser::Node& expression, ExpressionUse use, const catalog::Table* table,
                                       types::Type target, std::string_view target_name, const PlannerContext& context,
                                       types::Type value_type = {});

// The table's checks, generated columns and index keys, bound over its full row. `next_case_slot` numbers the CaseTest
// slots of all expressions that are evaluated together: what is bound takes the next ones.
Result<TableRules> BindTableRules(const catalog::Table& table, NodeArena& nodes,
                                  std::vector<std::shared_ptr<const void>>& pinned, const PlannerContext& context,
                                  int& next_case_slot);
// The default of a column (by index), a NULL when it has none.
Result<Expr*> BindColumnDefault(const catalog::Table& table, int column, NodeArena& nodes,
                                std::vector<std::shared_ptr<const void>>& pinned, const PlannerContext& context,
                                int& next_case_slot);

// Result columns of a query without planning it (CREATE VIEW, CREATE TABLE AS), and what it uses.
struct QueryDescription {
  std::vector<ResultColumn> columns;
  std::vector<Oid> collations;
  std::vector<UsedTable> tables;
  std::vector<std::pair<Oid, int>> used_columns;  // (table, attnum)
  std::vector<types::Type> param_types;
};
Result<QueryDescription> DescribeQuery(const parser::Node& statement, std::span<const Oid> param_types,
                                       const PlannerContext& context);

}  // namespace phantom::planner
