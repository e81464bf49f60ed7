// session/ddl/ddl.h
//
// Statements that define and change objects: from syntax tree to the catalog's operations (catalog/catalog.h), with the
// work on rows they bring along: filling CREATE TABLE AS, building indexes, checking new constraints, rewriting tables.
// Names are resolved and expressions bound here, through the planner; errors carry byte offsets in the query text.
//
// A statement runs inside the session's transaction, between the catalog's Begin and End, and is undone with it.
//
// Thread safety: the session's thread.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "common/status.h"
#include "parser/ast.h"
#include "planner/planner.h"

namespace phantom::engine {
struct ExecutionContext;
}

namespace phantom::parser {
struct VariableSetStmt;
}

namespace phantom::session {

// What a statement may use of its session.
struct DdlContext {
  catalog::Catalog& catalog;
  planner::PlannerContext planner;
  // Fills the engine's context for a query the statement needs run: transaction, formats, memory, cancellation. The
  // snapshot and the catalog are set by who runs the query.
  std::function<void(engine::ExecutionContext&)> fill_execution;
  // The text the tree's locations count in, and the statement's own part of it.
  std::string_view query_text;
  int32_t begin = 0;
  int32_t length = 0;
  // Types of the parameters of a query given (CREATE TABLE AS); their values are in the engine's context.
  std::vector<Oid> parameter_types;
  // BEGIN was given, or the statement is one of several in a request.
  bool in_transaction_block = false;
  // Commits what was done so far and begins another transaction: for statements that refuse to run in a block.
  std::function<Status()> next_transaction;
  // What ON COMMIT says of a temporary table made now: the session acts on it when the transaction commits.
  std::function<void(Oid table, bool drop)> on_commit;
  // Waits until no session but this one uses the database, having ended the others when `force`; 55006 when they stay.
  // `refusal` is the message's format, for the database's name.
  std::function<Status(const catalog::Database& database, bool force, const char* refusal)> leave_alone;
  // Tells the client something is not as it asked; what is only remarkable goes to the catalog's notices.
  std::function<void(const Status& warning)> warning;
  // The value that ALTER ROLE or ALTER DATABASE ... SET gives a parameter, checked, in the form they keep.
  std::function<Result<std::string>(const parser::VariableSetStmt& set)> setting_to_keep;
};

struct DdlResult {
  std::string tag;  // "CREATE TABLE", "SELECT 10"
};

// Is the statement one of ours?
bool IsDdl(parser::NodeKind kind);

// "ALTER TABLE", "DROP VIEW": what the statement is called.
std::string CommandTag(const parser::Node& statement);
// May it run in a read-only transaction?
bool MayRunReadOnly(const parser::Node& statement);

Result<DdlResult> RunDdlStatement(const parser::Node& statement, DdlContext& context);

// ANALYZE: samples the table's rows, and writes what they say of its columns (all, or those of these attribute numbers)
// to pg_statistic, the number of rows and pages to pg_class. The caller holds the table's lock.
Status AnalyzeTable(const catalog::Table& table, std::span<const int> columns, int default_target, DdlContext& context);
// VACUUM's part of that: how many rows and pages there are. Those of a large table are estimated.
Status CountRows(const catalog::Table& table, DdlContext& context);

// TRUNCATE's work for ON COMMIT DELETE ROWS.
Status EmptyTable(Oid table, catalog::Catalog& catalog);

}  // namespace phantom::session
