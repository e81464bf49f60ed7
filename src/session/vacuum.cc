// VACUUM and ANALYZE: which tables, in what order, with which locks.
#include <algorithm>

#include "catalog/oids.h"
#include "engine/context.h"
#include "parser/ast_expr.h"
#include "parser/ast_table.h"
#include "parser/ast_utility.h"
#include "session/ddl/ddl.h"
#include "session/ddl_dispatch.h"
#include "session/session_state.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

namespace {

struct Target {
  Oid table;
  std::vector<int> columns;  // empty: all
};

bool IsOn(const parser::DefElem& option) {
  const auto* value = parser::DynCast<parser::Constant>(option.arg);
  if (value == nullptr) return true;
  switch (value->type) {
    case parser::ConstantType::kBoolean: return value->boolean;
    case parser::ConstantType::kInteger: return value->integer != 0;
    default: return value->text != "false" && value->text != "off";
  }
}

// Most of what VACUUM can be told is about page formats that are not ours; what it does here is complete without. FREEZE
// moves rows to segments.
Status CheckOption(const parser::DefElem& option, bool is_vacuum) {
  constexpr std::string_view kOfBoth[] = {"verbose", "skip_locked"};
  constexpr std::string_view kOfVacuum[] = {"analyze",  "freeze",   "full",        "disable_page_skipping", "index_cleanup",
                                            "truncate", "parallel", "process_toast"};
  const auto among = [&](auto& names) { return std::find(std::begin(names), std::end(names), option.name) != std::end(names); };
  if (!among(kOfBoth) && !(is_vacuum && among(kOfVacuum))) {
    return Errorf(sqlstate::kSyntaxError, "unrecognized %s option \"%s\"", is_vacuum ? "VACUUM" : "ANALYZE",
                  std::string(option.name).c_str())
        .At(option.location);
  }
  if (option.name != "parallel") return Status::Ok();
  const auto* workers = parser::DynCast<parser::Constant>(option.arg);
  if (workers == nullptr) {
    return Error(sqlstate::kSyntaxError, "parallel option requires a value between 0 and 1024").At(option.location);
  }
  if (workers->type != parser::ConstantType::kInteger || workers->integer < 0 || workers->integer > 1024) {
    return Error(sqlstate::kSyntaxError, "parallel workers for vacuum must be between 0 and 1024").At(option.location);
  }
  return Status::Ok();
}

// Every table of the database that is the session's to look at.
Result<std::vector<Target>> AllTables(SessionState& state) {
  ASSIGN_OR_RETURN(const std::vector<Oid> tables, state.catalog.ReachableTables());
  std::vector<Target> targets;
  for (const Oid table : tables) targets.push_back({table, {}});
  return targets;
}

// The table, after everybody who is about to drop or rename it; null: it would have to be waited for.
Result<catalog::TableRef> NamedTable(SessionState& state, const parser::RangeVar& name, bool skip_locked) {
  const size_t held = state.locks->Mark();
  for (;;) {
    ASSIGN_OR_RETURN(const catalog::TableRef table, state.catalog.TableOrError({name.schema, name.name}));
    txn::LockRequest request;
    if (skip_locked) request.policy = txn::WaitPolicy::kSkip;
    ASSIGN_OR_RETURN(const bool locked, state.locks->Acquire(txn::LockTag::Relation(state.database_oid, table->oid),
                                                             txn::LockMode::kAccessShare, request));
    if (!locked) return catalog::TableRef();
    Result<catalog::TableRef> now = state.catalog.TableOrError({name.schema, name.name});
    state.locks->ReleaseToMark(held);
    if (!now.ok() || (*now)->oid == table->oid) return now;
  }
}

Result<std::vector<Target>> NamedTables(SessionState& state, const parser::VacuumStmt& statement, const char* verb,
                                        bool skip_locked) {
  std::vector<Target> targets;
  for (const parser::VacuumRelation* item : statement.relations) {
    if (item->relation == nullptr) continue;
    ASSIGN_OR_RETURN(const catalog::TableRef table, NamedTable(state, *item->relation, skip_locked));
    if (table == nullptr) {
      state.Warning(sqlstate::kLockNotAvailable, Format("skipping %s of \"%s\" --- lock not available", verb,
                                                        std::string(item->relation->name).c_str()));
      continue;
    }
    if (table->kind != catalog::RelationKind::kTable) {
      state.Warning(sqlstate::kWrongObjectType, Format("skipping \"%s\" --- cannot %s non-tables or special system tables",
                                                       table->name.c_str(), verb));
      continue;
    }
    Target target{table->oid, {}};
    for (const std::string_view name : item->columns) {
      const int column = table->FindColumn(name);
      if (column == 0) {
        return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist",
                      std::string(name).c_str(), table->name.c_str());
      }
      if (std::ranges::find(target.columns, column) != target.columns.end()) {
        return Errorf(sqlstate::kDuplicateColumn, "column \"%s\" of relation \"%s\" appears more than once",
                      std::string(name).c_str(), table->name.c_str());
      }
      target.columns.push_back(column);
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

// The table's owner and the database's may; others are told and go without.
Result<bool> MayMaintain(SessionState& state, const catalog::Table& table, const char* verb) {
  if (state.superuser) return true;
  ASSIGN_OR_RETURN(bool may, state.catalog.HasPrivilegesOf(state.current_user, table.owner));
  if (may) return true;
  ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Database> database,
                   state.catalog.DatabaseByOid(state.database_oid));
  if (database != nullptr) {
    ASSIGN_OR_RETURN(may, state.catalog.HasPrivilegesOf(state.current_user, database->owner));
  }
  if (!may) {
    state.Warning(sqlstate::kInsufficientPrivilege,
                  table.is_system() ? Format("skipping \"%s\" --- only superuser or database owner can %s it",
                                             table.name.c_str(), verb)
                                    : Format("skipping \"%s\" --- only table or database owner can %s it",
                                             table.name.c_str(), verb));
  }
  return may;
}

// Locks a table that somebody may have dropped meanwhile; null: it is left out, of which the user is told when he has named it.
Result<catalog::TableRef> LockTable(SessionState& state, Oid table, const std::string& name, bool named, bool skip_locked,
                                    const char* verb) {
  txn::LockRequest request;
  if (skip_locked) request.policy = txn::WaitPolicy::kSkip;
  ASSIGN_OR_RETURN(const bool locked, state.locks->Acquire(txn::LockTag::Relation(state.database_oid, table),
                                                           txn::LockMode::kShareUpdateExclusive, request));
  if (!locked) {
    if (named) state.Warning(sqlstate::kLockNotAvailable, Format("skipping %s of \"%s\" --- lock not available", verb, name.c_str()));
    return catalog::TableRef();
  }
  ASSIGN_OR_RETURN(catalog::TableRef found, state.catalog.TableByOid(table));
  if (found == nullptr && named) {
    state.Warning(sqlstate::kUndefinedTable, Format("skipping %s of \"%s\" --- relation no longer exists", verb, name.c_str()));
  }
  return found;
}

// Every row that everybody sees goes to segments, those of the last chunk too.
Status FreezeTable(SessionState& state, const DdlContext& context, const catalog::Table& table) {
  engine::ExecutionContext execution;
  context.fill_execution(execution);
  ASSIGN_OR_RETURN(txn::RowTable rows, txn::RowTable::Open(state.block.transaction().manager(), table.space, table.tree,
                                                           table.layout));
  const uint64_t chunks = rows.ChunkCount();
  for (uint64_t chunk = 0; chunk < chunks; ++chunk) {
    RETURN_IF_ERROR(execution.CheckCancelled());
    RETURN_IF_ERROR(rows.Freeze(chunk).status());
  }
  return Status::Ok();
}

}  // namespace

Result<UtilityResult> RunVacuum(SessionState& state, const parser::VacuumStmt& statement) {
  const char* verb = statement.is_vacuum ? "vacuum" : "analyze";
  const bool in_block = state.block.in_block() || state.in_multi_statement();
  if (statement.is_vacuum && in_block) {
    return Error(sqlstate::kActiveSqlTransaction, "VACUUM cannot run inside a transaction block");
  }
  bool analyze = !statement.is_vacuum, verbose = false, freeze = false, skip_locked = false;
  for (const parser::DefElem* option : statement.options) {
    RETURN_IF_ERROR(CheckOption(*option, statement.is_vacuum));
    if (option->name == "analyze") analyze = IsOn(*option);
    if (option->name == "verbose") verbose = IsOn(*option);
    if (option->name == "freeze") freeze = IsOn(*option);
    if (option->name == "skip_locked") skip_locked = IsOn(*option);
  }
  const bool all = statement.relations.empty();
  if (!analyze) {
    for (const parser::VacuumRelation* item : statement.relations) {
      if (item->columns.empty()) continue;
      return Error(sqlstate::kFeatureNotSupported, "ANALYZE option must be specified when a column list is provided");
    }
  }
  ASSIGN_OR_RETURN(const std::vector<Target> targets,
                   all ? AllTables(state) : NamedTables(state, statement, verb, skip_locked));
  if (statement.is_vacuum) RETURN_IF_ERROR(state.block.transaction().manager().RunPurge());

  Portal portal;
  portal.statement = std::make_shared<Statement>();
  portal.statement->source = std::make_shared<QueryText>();
  DdlContext context = MakeDdlContext(state, portal);
  static const int kTarget = FindSetting("default_statistics_target");
  const int default_target = static_cast<int>(state.settings.GetInteger(kTarget));
  for (const Target& target : targets) {
    ASSIGN_OR_RETURN(catalog::TableRef table, state.catalog.TableByOid(target.table));
    if (table == nullptr) continue;  // dropped meanwhile
    ASSIGN_OR_RETURN(const bool may, MayMaintain(state, *table, verb));
    if (verbose && may && !table->is_system()) {
      if (statement.is_vacuum) {
        ASSIGN_OR_RETURN(const auto database, state.catalog.DatabaseByOid(state.database_oid));
        state.Report(Severity::kInfo, Error(sqlstate::kSuccessfulCompletion,
                                            Format("vacuuming \"%s.%s.%s\"", database->name.c_str(),
                                                   table->schema_name.c_str(), table->name.c_str())));
      }
      if (analyze) {
        state.Report(Severity::kInfo, Error(sqlstate::kSuccessfulCompletion,
                                            Format("analyzing \"%s.%s\"", table->schema_name.c_str(), table->name.c_str())));
      }
    }
    // The system tables' own rows are mostly built in: the planner knows their size.
    if (!may || table->is_system()) continue;
    ASSIGN_OR_RETURN(table, LockTable(state, target.table, table->name, !all, skip_locked, verb));
    if (table == nullptr) continue;
    if (freeze) RETURN_IF_ERROR(FreezeTable(state, context, *table));
    RETURN_IF_ERROR(analyze ? AnalyzeTable(*table, target.columns, default_target, context) : CountRows(*table, context));
    // Each table in a transaction of its own, so that none is locked for longer than it takes.
    if (!in_block) RETURN_IF_ERROR(state.NextTransaction());
  }
  return UtilityResult{statement.is_vacuum ? "VACUUM" : "ANALYZE"};
}

}  // namespace phantom::session
