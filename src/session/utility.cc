// Utility statements: which file runs which, what columns they give, and the small ones.
#include "catalog/catalog.h"
#include "catalog/system_store.h"
#include "parser/ast_select.h"
#include "parser/ast_table.h"
#include "parser/ast_utility.h"
#include "planner/planner.h"
#include "session/ddl_dispatch.h"
#include "session/session_state.h"
#include "store/store.h"
#include "types/oids.h"

namespace phantom::session {

using parser::Cast;
using parser::NodeKind;

namespace {

constexpr Oid kXmlOid = 142;

ColumnDescription TextColumn(std::string name, Oid type = types::kTextOid) {
  ColumnDescription column;
  column.name = std::move(name);
  column.type = type;
  column.type_size = types::TypeLength(type);
  return column;
}

// EXPLAIN's rows are text, or documents of the format asked for.
Oid ExplainType(const parser::ExplainStmt& explain) {
  Oid type = types::kTextOid;
  for (const parser::DefElem* option : explain.options) {
    if (option->name != "format") continue;
    const auto* value = parser::DynCast<parser::Constant>(option->arg);
    if (value == nullptr) continue;
    type = value->text == "json" ? types::kJsonOid : value->text == "xml" ? kXmlOid : types::kTextOid;
  }
  return type;
}

// The query in a statement that is no query itself; null: it has none.
const parser::Node* QueryIn(const parser::Node& node) {
  switch (node.kind) {
    case NodeKind::kExplainStmt: {
      const parser::Node* query = Cast<parser::ExplainStmt>(node).query;
      return IsPlannable(query) ? query : QueryIn(*query);
    }
    case NodeKind::kDeclareCursorStmt:
      return Cast<parser::DeclareCursorStmt>(node).query;
    case NodeKind::kCreateTableAsStmt: {
      const parser::Node* query = Cast<parser::CreateTableAsStmt>(node).query;
      return IsPlannable(query) ? query : nullptr;
    }
    default:
      return nullptr;
  }
}

txn::LockMode LockModeOf(int32_t mode) { return static_cast<txn::LockMode>(mode); }

}  // namespace

Result<std::optional<std::vector<ColumnDescription>>> SessionState::UtilityColumns(const Statement& statement) {
  using Columns = std::optional<std::vector<ColumnDescription>>;
  const parser::Node& node = *statement.node;
  switch (node.kind) {
    case NodeKind::kVariableShowStmt: {
      const std::string_view name = Cast<parser::VariableShowStmt>(node).name;
      if (name == "all") {
        return Columns({TextColumn("name"), TextColumn("setting"), TextColumn("description")});
      }
      return Columns({TextColumn(settings.CanonicalName(name))});
    }
    case NodeKind::kExplainStmt:
      return Columns({TextColumn("QUERY PLAN", ExplainType(Cast<parser::ExplainStmt>(node)))});
    case NodeKind::kFetchStmt: {
      const auto& fetch = Cast<parser::FetchStmt>(node);
      if (fetch.is_move) return Columns();
      const auto found = portals.find(fetch.name);
      if (found == portals.end()) return Columns();
      return Columns(found->second->columns);
    }
    case NodeKind::kExecuteStmt: {
      const auto found = statements.find(Cast<parser::ExecuteStmt>(node).name);
      if (found == statements.end() || block.failed()) return Columns();
      const std::shared_ptr<Statement> inner = found->second;
      RETURN_IF_ERROR(Analyze(*inner));
      return inner->returns_rows ? Columns(inner->columns) : Columns();
    }
    default:
      return Columns();
  }
}

Result<std::vector<Oid>> SessionState::UtilityParameters(const Statement& statement) {
  const parser::Node* query = statement.shareable ? QueryIn(*statement.node) : nullptr;
  parser::SelectStmt selected;
  if (const auto* into = parser::DynCast<parser::SelectStmt>(statement.node); into != nullptr && statement.shareable) {
    selected = *into;
    selected.into = nullptr;
    query = &selected;
  }
  if (query == nullptr) return statement.given_types;
  ASSIGN_OR_RETURN(const planner::QueryDescription described,
                   planner::DescribeQuery(*query, statement.given_types, MakePlannerContext()));
  std::vector<Oid> types;
  for (const types::Type& type : described.param_types) types.push_back(type.oid);
  return types;
}

Result<UtilityResult> SessionState::RunUtility(const Statement& statement, Portal& portal) {
  const parser::Node& node = *statement.node;
  switch (node.kind) {
    case NodeKind::kTransactionStmt:
      return RunTransaction(node);
    case NodeKind::kVariableSetStmt:
      return RunSet(node);
    case NodeKind::kConstraintsSetStmt:
      return RunSetConstraints(node);
    case NodeKind::kVariableShowStmt:
      return RunShow(node);
    case NodeKind::kDiscardStmt:
      return RunDiscard(node);
    case NodeKind::kPrepareStmt:
      return RunPrepare(node, statement);
    case NodeKind::kExecuteStmt:
      return RunExecute(node, portal);
    case NodeKind::kDeallocateStmt:
      return RunDeallocate(node);
    case NodeKind::kDeclareCursorStmt:
      return RunDeclareCursor(node, portal);
    case NodeKind::kFetchStmt:
      return RunFetch(node);
    case NodeKind::kClosePortalStmt:
      return RunClosePortal(node);
    case NodeKind::kListenStmt:
    case NodeKind::kUnlistenStmt:
    case NodeKind::kNotifyStmt:
      return RunListen(node);
    case NodeKind::kLockStmt:
      return RunLock(node);
    case NodeKind::kExplainStmt:
      return RunExplain(node, portal);
    case NodeKind::kVacuumStmt:
    case NodeKind::kCheckpointStmt:
      return RunMaintenance(node);
    case NodeKind::kCopyStmt:
      return RunCopy(node, portal);
    case NodeKind::kLoadStmt:
      return Errorf(sqlstate::kUndefinedFile, "could not access file \"%s\": No such file or directory",
                    std::string(Cast<parser::LoadStmt>(node).filename).c_str());
    default:
      RETURN_IF_ERROR(CheckNotInUse(node));
      return RunDdl(*this, portal);
  }
}

Result<UtilityResult> SessionState::RunLock(const parser::Node& node) {
  const auto& lock = Cast<parser::LockStmt>(node);
  if (!block.in_block() && !in_multi_statement()) {
    return Error(sqlstate::kNoActiveSqlTransaction, "LOCK TABLE can only be used in transaction blocks");
  }
  const txn::LockMode mode = LockModeOf(lock.mode);
  const auto check = [&](const catalog::Table& table) -> Status {
    if (table.kind != catalog::RelationKind::kTable && table.kind != catalog::RelationKind::kView) {
      return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not a table or view", table.name.c_str());
    }
    const catalog::AclMode any_write = catalog::acl::kUpdate | catalog::acl::kDelete | catalog::acl::kTruncate;
    catalog::AclMode allowed = any_write;
    if (mode == txn::LockMode::kAccessShare) allowed |= catalog::acl::kSelect;
    if (mode == txn::LockMode::kRowExclusive) allowed |= catalog::acl::kInsert;
    Status denied = catalog.CheckTablePrivilege(table, catalog::acl::kUpdate, current_user);
    for (catalog::AclMode bit = 1; !denied.ok() && bit <= catalog::acl::kTruncate; bit <<= 1) {
      if ((allowed & bit) != 0) denied = catalog.CheckTablePrivilege(table, bit, current_user);
    }
    return denied;
  };
  for (const parser::RangeVar* relation : lock.relations) {
    const catalog::QualifiedName name{relation->schema, relation->name};
    ASSIGN_OR_RETURN(catalog::TableRef table, catalog.TableOrError(name));
    for (;;) {
      RETURN_IF_ERROR(check(*table));
      txn::LockRequest request;
      request.policy = lock.nowait ? txn::WaitPolicy::kNoWait : txn::WaitPolicy::kWait;
      request.relation_name = table->name;
      ASSIGN_OR_RETURN(const bool held, locks->Acquire(txn::LockTag::Relation(database_oid, table->oid), mode, request));
      PHANTOM_CHECK(held);
      // While the lock was awaited the table may have gone, or another may have taken its name.
      catalog.store().NoteUse(*table);
      const Oid locked = table->oid;
      ASSIGN_OR_RETURN(table, catalog.TableOrError(name));
      if (table->oid == locked) break;
    }
  }
  return UtilityResult{"LOCK TABLE"};
}

Result<UtilityResult> SessionState::RunMaintenance(const parser::Node& node) {
  if (node.kind == NodeKind::kCheckpointStmt) {
    if (!superuser) {
      return Error(sqlstate::kInsufficientPrivilege,
                   "must be superuser or have privileges of pg_checkpoint to do CHECKPOINT");
    }
    RETURN_IF_ERROR(instance.store().Checkpoint());
    return UtilityResult{"CHECKPOINT"};
  }
  return RunVacuum(*this, Cast<parser::VacuumStmt>(node));
}

}  // namespace phantom::session
