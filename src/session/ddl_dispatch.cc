#include "session/ddl_dispatch.h"

#include <chrono>
#include <thread>

#include "catalog/oids.h"
#include "common/blocking_region.h"
#include "parser/ast_table.h"
#include "session/ddl/ddl.h"
#include "session/services.h"
#include "txn/prepared.h"

namespace phantom::session {

namespace {

// Sessions that have just gone may still be on their way out.
constexpr int64_t kLeaveWaitMs = 5000;
constexpr int64_t kLeavePollMs = 10;

std::string UsersOf(int sessions, size_t prepared) {
  if (sessions > 0 && prepared > 0) {
    return Format("There are %d other session(s) and %zu prepared transaction(s) using the database.", sessions, prepared);
  }
  if (sessions == 1) return "There is 1 other session using the database.";
  if (sessions > 0) return Format("There are %d other sessions using the database.", sessions);
  if (prepared == 1) return "There is 1 prepared transaction using the database.";
  return Format("There are %zu prepared transactions using the database.", prepared);
}

Status LeaveAlone(SessionState& state, const catalog::Database& database, bool force, const char* refusal) {
  // New sessions of the database wait for this lock, and find it gone.
  RETURN_IF_ERROR(state.locks
                      ->Acquire(txn::LockTag::Object(0, catalog::oid::kPgDatabase, database.oid),
                                txn::LockMode::kAccessExclusive, txn::LockRequest())
                      .status());
  SessionRegistry& sessions = state.instance.sessions();
  const txn::PreparedTransactions& all_prepared = state.instance.transactions().prepared();
  if (force) {
    if (const size_t prepared = all_prepared.CountIn(database.oid); prepared > 0) {
      return Errorf(sqlstate::kObjectInUse, "database \"%s\" is being used by prepared transactions",
                    database.name.c_str())
          .Detail(UsersOf(0, prepared));
    }
    for (const Activity& other : sessions.List()) {
      if (other.database_oid != database.oid || other.pid == state.control->pid) continue;
      ASSIGN_OR_RETURN(const bool superuser, state.catalog.IsSuperuser(other.user_oid));
      if (superuser && !state.superuser) {
        return Error(sqlstate::kInsufficientPrivilege, "must be a superuser to terminate superuser process");
      }
      ASSIGN_OR_RETURN(const bool member, state.catalog.HasPrivilegesOf(state.current_user, other.user_oid));
      if (!member) {
        return Error(sqlstate::kInsufficientPrivilege,
                     "must be a member of the role whose process is being terminated or member of pg_signal_backend");
      }
      if (const std::shared_ptr<SessionControl> control = sessions.Find(other.pid)) {
        control->Terminate(
            Error(sqlstate::kAdminShutdown, "terminating connection due to administrator command").Fatal());
      }
    }
  }
  const BlockingRegion region;
  for (int64_t waited = 0;; waited += kLeavePollMs) {
    const int others = sessions.Count(database.oid, 0, state.control->pid);
    const size_t prepared = all_prepared.CountIn(database.oid);
    if (others == 0 && prepared == 0) return Status::Ok();
    if (state.control->cancelled.load(std::memory_order_acquire)) {
      return Error(sqlstate::kQueryCanceled, "canceling statement due to user request");
    }
    if (waited >= kLeaveWaitMs) {
      return Errorf(sqlstate::kObjectInUse, refusal, database.name.c_str()).Detail(UsersOf(others, prepared));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kLeavePollMs));
  }
}

}  // namespace

DdlContext MakeDdlContext(SessionState& state, Portal& portal) {
  const Statement& statement = *portal.statement;
  return DdlContext{
      .catalog = state.catalog,
      .planner = state.MakePlannerContext(),
      .fill_execution = [&state, &portal](engine::ExecutionContext& context) { state.FillContext(&context, portal); },
      .query_text = statement.source->text,
      .begin = statement.begin,
      .length = statement.length,
      .parameter_types = statement.param_types,
      .in_transaction_block = state.block.in_block() || state.in_multi_statement(),
      .next_transaction = [&state] { return state.NextTransaction(); },
      .on_commit = [&state](Oid table, bool drop) { state.AddOnCommit(table, drop); },
      .leave_alone =
          [&state](const catalog::Database& database, bool force, const char* refusal) {
            return LeaveAlone(state, database, force, refusal);
          },
      .warning = [&state](const Status& warning) { state.Report(Severity::kWarning, warning); },
      .setting_to_keep = [&state](const parser::VariableSetStmt& set) { return state.SettingToKeep(set); },
  };
}

namespace {

// CREATE TABLE AS EXECUTE: the prepared query takes EXECUTE's place, with its arguments as parameters.
Result<UtilityResult> CreateTableAsExecute(SessionState& state, Portal& portal, const parser::CreateTableAsStmt& create,
                                           const parser::ExecuteStmt& execute) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Statement> prepared, state.PreparedFor(execute));
  if (prepared->node == nullptr || !IsPlannable(prepared->node) || prepared->node->kind != parser::NodeKind::kSelectStmt) {
    return Error(sqlstate::kWrongObjectType, "prepared statement is not a SELECT");
  }
  ASSIGN_OR_RETURN(portal.parameters, state.ExecuteArguments(*prepared, execute.params));
  parser::CreateTableAsStmt statement = create;
  statement.query = prepared->node;
  DdlContext context = MakeDdlContext(state, portal);
  context.query_text = prepared->source->text;
  context.parameter_types = prepared->param_types;
  ASSIGN_OR_RETURN(DdlResult result, RunDdlStatement(statement, context));
  UtilityResult utility;
  utility.tag = create.into->skip_data ? "SELECT 0" : std::move(result.tag);
  return utility;
}

}  // namespace

Result<UtilityResult> RunDdl(SessionState& state, Portal& portal) {
  const parser::Node& node = *portal.statement->node;
  if (!IsDdl(node.kind)) {
    return Errorf(sqlstate::kFeatureNotSupported, "this statement is not supported (%s)",
                  std::string(parser::NodeKindName(node.kind)).c_str());
  }
  if (state.block.modes().read_only && !MayRunReadOnly(node)) {
    return Errorf(sqlstate::kReadOnlySqlTransaction, "cannot execute %s in a read-only transaction",
                  CommandTag(node).c_str());
  }
  if (const auto* create = parser::DynCast<parser::CreateTableAsStmt>(&node)) {
    if (const auto* execute = parser::DynCast<parser::ExecuteStmt>(create->query)) {
      return CreateTableAsExecute(state, portal, *create, *execute);
    }
  }
  DdlContext context = MakeDdlContext(state, portal);
  ASSIGN_OR_RETURN(DdlResult result, RunDdlStatement(node, context));
  UtilityResult utility;
  utility.tag = std::move(result.tag);
  return utility;
}

void SessionState::AddOnCommit(Oid table, bool drop) {
  on_commit.push_back({table, drop, block.savepoint_depth(), true});
}

Status SessionState::RunOnCommit() {
  for (const OnCommit& action : on_commit) {
    if (action.drop) {
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog.TableByOid(action.table));
      if (table == nullptr) continue;
      RETURN_IF_ERROR(catalog.DropObjects({{catalog::oid::kPgClass, action.table, 0}}, true));
    } else {
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog.TableByOid(action.table));
      if (table != nullptr) RETURN_IF_ERROR(EmptyTable(action.table, catalog));
    }
  }
  std::erase_if(on_commit, [](const OnCommit& action) { return action.drop; });
  for (OnCommit& action : on_commit) action.fresh = false;
  return Status::Ok();
}

Status DropTemporaryObjects(SessionState& state) { return state.catalog.DropTemporaryObjects(); }

}  // namespace phantom::session
