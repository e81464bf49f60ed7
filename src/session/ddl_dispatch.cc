#include "session/ddl_dispatch.h"

#include "catalog/oids.h"
#include "parser/ast_table.h"
#include "session/ddl/ddl.h"
#include "session/services.h"

namespace phantom::session {

namespace {

// A portal to run a statement's inner queries in the session's name.
DdlContext MakeContext(SessionState& state, Portal& portal) {
  const Statement& statement = *portal.statement;
  return DdlContext{
      .catalog = state.catalog,
      .planner = state.MakePlannerContext(),
      .fill_execution = [&state, &portal](engine::ExecutionContext& context) { state.FillContext(&context, portal); },
      .query_text = statement.source->text,
      .begin = statement.begin,
      .length = statement.length,
      .in_transaction_block = state.block.in_block() || state.in_multi_statement(),
      .on_commit = [&state](Oid table, bool drop) { state.AddOnCommit(table, drop); },
  };
}

}  // namespace

Result<UtilityResult> RunDdl(SessionState& state, Portal& portal) {
  const parser::Node& node = *portal.statement->node;
  if (!IsDdl(node.kind)) {
    return Errorf(sqlstate::kFeatureNotSupported, "this statement is not supported (%s)",
                  std::string(parser::NodeKindName(node.kind)).c_str());
  }
  DdlContext context = MakeContext(state, portal);
  ASSIGN_OR_RETURN(DdlResult result, RunDdlStatement(node, context));
  if (state.block.modes().read_only && !parser::Is<parser::CreateTableStmt>(&node)) {
    return Errorf(sqlstate::kReadOnlySqlTransaction, "cannot execute %s in a read-only transaction",
                  result.tag.c_str());
  }
  UtilityResult utility;
  utility.tag = std::move(result.tag);
  return utility;
}

Status AnalyzeTables(SessionState& state, const parser::VacuumStmt& statement) {
  Portal portal;
  portal.statement = std::make_shared<Statement>();
  portal.statement->source = std::make_shared<QueryText>();
  DdlContext context = MakeContext(state, portal);
  for (const parser::VacuumRelation* target : statement.relations) {
    if (target->relation == nullptr) continue;
    ASSIGN_OR_RETURN(const catalog::TableRef table,
                     state.catalog.TableOrError({target->relation->schema, target->relation->name}));
    if (table->kind != catalog::RelationKind::kTable || table->is_system()) continue;
    RETURN_IF_ERROR(state.locks->AcquireTable(state.database_oid, table->oid, txn::LockMode::kShareUpdateExclusive));
    RETURN_IF_ERROR(AnalyzeTable(*table, context));
  }
  return Status::Ok();
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
