// Queries that a DDL statement needs run: planned and executed inside its transaction.
#include "catalog/stored_sql.h"
#include "engine/context.h"
#include "engine/executor.h"
#include "parser/parser.h"
#include "planner/physical_plan.h"
#include "session/ddl/runner.h"
#include "catalog/system_store.h"
#include "txn/snapshot.h"
#include "txn/transaction.h"

namespace phantom::session {

std::string DdlRunner::TableSql(const catalog::Table& table) {
  return catalog::Quoted(table.schema_name) + '.' + catalog::Quoted(table.name);
}

Status DdlRunner::RunQuery(const parser::Node& query, std::span<const Oid> types, View view,
                           const std::function<Status(const types::Chunk&)>& rows) {
  ASSIGN_OR_RETURN(std::unique_ptr<planner::PhysicalPlan> plan,
                   planner::PlanStatement(query, types, context_.planner));
  for (const planner::UsedTable& used : plan->tables) {
    txn::LockMode mode = used.written      ? txn::LockMode::kRowExclusive
                         : used.row_locked ? txn::LockMode::kRowShare
                                           : txn::LockMode::kAccessShare;
    RETURN_IF_ERROR(catalog_.LockTable(used.table->oid, mode));
    Oid role = used.check_as != 0 ? used.check_as : catalog_.current_role();
    RETURN_IF_ERROR(catalog_.CheckTablePrivilege(*used.table, used.privileges, role));
  }
  engine::ExecutionContext execution;
  context_.fill_execution(execution);
  txn::Transaction& transaction = *catalog_.store().transaction();
  if (view != View::kLatest) RETURN_IF_ERROR(transaction.AwaitSafeSnapshot());
  const txn::Snapshot snapshot = view == View::kLatest ? transaction.TakeCatalogSnapshot() : transaction.TakeSnapshot();
  execution.transaction = &transaction;
  execution.snapshot = &snapshot;
  execution.catalog = &catalog_;
  ASSIGN_OR_RETURN(std::unique_ptr<engine::PreparedExecution> prepared,
                   engine::PreparedExecution::Create(*plan, execution));
  RETURN_IF_ERROR(prepared->Open());
  types::Chunk chunk;
  for (const planner::ResultColumn& column : plan->columns) chunk.AddColumn(types::Vector(column.type));
  for (;;) {
    Status next = prepared->Next(chunk);
    if (next.ok() && chunk.empty()) break;
    if (next.ok()) next = rows(chunk);
    if (!next.ok()) {
      (void)prepared->Close().ok();
      return next;
    }
  }
  return prepared->Close();
}

Status DdlRunner::RunSql(const std::string& sql, const std::function<Status(const types::Chunk&)>& rows) {
  ASSIGN_OR_RETURN(parser::ParsedText parsed, parser::Parse(sql));
  Status status = RunQuery(*parsed.statements.front().node, {}, View::kLatest, rows);
  // Positions in a text the client never saw mean nothing to it.
  if (!status.ok()) status.mutable_error().location = -1;
  return status;
}

Result<bool> DdlRunner::AnyRow(const std::string& sql) {
  bool any = false;
  RETURN_IF_ERROR(RunSql(sql, [&](const types::Chunk& chunk) {
    any |= !chunk.empty();
    return Status::Ok();
  }));
  return any;
}

}  // namespace phantom::session
