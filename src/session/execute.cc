// The steps of a statement: parse, analyze, plan, lock, start.
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "engine/executor.h"
#include "engine/memory_broker.h"
#include "parser/ast_select.h"
#include "parser/ast_utility.h"
#include "planner/physical_plan.h"
#include "planner/planner.h"
#include "session/services.h"
#include "session/session_state.h"
#include "types/type.h"
#include "types/type_table.h"

namespace phantom::session {

// The planner's bits are the catalog's.
static_assert(planner::kPrivilegeInsert == catalog::acl::kInsert &&
              planner::kPrivilegeSelect == catalog::acl::kSelect &&
              planner::kPrivilegeUpdate == catalog::acl::kUpdate && planner::kPrivilegeDelete == catalog::acl::kDelete);

namespace {

// Plans are made again at most this often when DDL commits while their tables are being locked.
constexpr int kPlanAttemptsMax = 10;
// A statement may hold work_mem for this many of its operators.
constexpr size_t kOperatorsAtOnce = 8;

ColumnDescription Describe(const planner::ResultColumn& column, catalog::Catalog& catalog) {
  ColumnDescription description;
  description.name = column.name;
  description.table = column.origin_table;
  description.number = column.origin_column;
  description.type = column.type.oid;
  description.typmod = column.type.typmod;
  // A domain is described as its base type.
  while (description.type >= types::kFirstDescribedOid) {
    const catalog::TypeRef type = catalog.TypeByOid(description.type);
    if (type == nullptr || type->kind != catalog::TypeKind::kDomain) {
      description.type_size = type != nullptr ? type->length : -1;
      return description;
    }
    description.type = type->base_type;
    description.typmod = type->typmod;
  }
  description.type_size = types::TypeLength(description.type);
  return description;
}

const char* CommandName(planner::CommandKind command) {
  switch (command) {
    case planner::CommandKind::kSelect:
      return "SELECT";
    case planner::CommandKind::kInsert:
      return "INSERT";
    case planner::CommandKind::kUpdate:
      return "UPDATE";
    case planner::CommandKind::kDelete:
      return "DELETE";
    case planner::CommandKind::kMerge:
      return "MERGE";
  }
  return "";
}

bool SameColumns(const std::vector<ColumnDescription>& a, const std::vector<ColumnDescription>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].name != b[i].name || a[i].type != b[i].type || a[i].typmod != b[i].typmod) return false;
  }
  return true;
}

}  // namespace

Status CheckResult(const Statement& statement, const std::vector<ColumnDescription>& columns) {
  if (!statement.analyzed || statement.result_may_change || SameColumns(columns, statement.columns)) return Status::Ok();
  return Error(sqlstate::kFeatureNotSupported, "cached plan must not change result type");
}

bool IsPlannable(const parser::Node* node) {
  if (node == nullptr) return false;
  switch (node->kind) {
    case parser::NodeKind::kSelectStmt:
      return parser::Cast<parser::SelectStmt>(*node).into == nullptr;
    case parser::NodeKind::kInsertStmt:
    case parser::NodeKind::kUpdateStmt:
    case parser::NodeKind::kDeleteStmt:
    case parser::NodeKind::kMergeStmt:
      return true;
    default:
      return false;
  }
}

bool IsTransactionExit(const parser::Node* node) {
  const auto* transaction = parser::DynCast<parser::TransactionStmt>(node);
  if (transaction == nullptr) return false;
  return transaction->command == parser::TransactionCommand::kCommit ||
         transaction->command == parser::TransactionCommand::kPrepare ||
         transaction->command == parser::TransactionCommand::kRollback ||
         transaction->command == parser::TransactionCommand::kRollbackTo;
}

Result<std::shared_ptr<const QueryText>> SessionState::ParseText(std::string text) {
  auto query = std::make_shared<QueryText>();
  query->text = std::move(text);
  parser::ParseOptions parse_options;
  static const int kConformingStrings = FindSetting("standard_conforming_strings");
  static const int kBackslashQuote = FindSetting("backslash_quote");
  parse_options.standard_conforming_strings = settings.GetBool(kConformingStrings);
  const std::string& quote = settings.GetString(kBackslashQuote);
  parse_options.backslash_quote = quote == "on"    ? parser::BackslashQuote::kOn
                                  : quote == "off" ? parser::BackslashQuote::kOff
                                                   : parser::BackslashQuote::kSafeEncoding;
  ASSIGN_OR_RETURN(query->parsed, parser::Parse(query->text, parse_options));
  return std::shared_ptr<const QueryText>(std::move(query));
}

Status SessionState::BeginStatement(const parser::Node* node) {
  if (block.failed()) {
    if (IsTransactionExit(node)) return Status::Ok();
    return Error(sqlstate::kInFailedSqlTransaction,
                 "current transaction is aborted, commands ignored until end of transaction block");
  }
  RETURN_IF_ERROR(block.Ensure(NowUs()));
  format.now = block.start_us();
  ApplySettings();
  return Status::Ok();
}

planner::PlannerContext SessionState::MakePlannerContext() {
  planner::PlannerContext context;
  context.catalog = &catalog;
  context.format = &format;
  context.service = services.get();
  context.statistics = services.get();
  static const int kSeqScan = FindSetting("enable_seqscan");
  static const int kIndexScan = FindSetting("enable_indexscan");
  static const int kIndexOnlyScan = FindSetting("enable_indexonlyscan");
  static const int kHashJoin = FindSetting("enable_hashjoin");
  static const int kNestLoop = FindSetting("enable_nestloop");
  static const int kHashAgg = FindSetting("enable_hashagg");
  static const int kSort = FindSetting("enable_sort");
  static const int kMaterial = FindSetting("enable_material");
  static const int kMemoize = FindSetting("enable_memoize");
  static const int kJoinCollapse = FindSetting("join_collapse_limit");
  static const int kRandomPage = FindSetting("random_page_cost");
  static const int kSeqPage = FindSetting("seq_page_cost");
  static const int kCpuTuple = FindSetting("cpu_tuple_cost");
  static const int kCpuIndexTuple = FindSetting("cpu_index_tuple_cost");
  static const int kCpuOperator = FindSetting("cpu_operator_cost");
  static const int kCursorFraction = FindSetting("cursor_tuple_fraction");
  static const int kNullEquals = FindSetting("transform_null_equals");
  planner::PlannerSettings& to = context.settings;
  to.enable_seqscan = settings.GetBool(kSeqScan);
  to.enable_indexscan = settings.GetBool(kIndexScan);
  to.enable_indexonlyscan = settings.GetBool(kIndexOnlyScan);
  to.enable_hashjoin = settings.GetBool(kHashJoin);
  to.enable_nestloop = settings.GetBool(kNestLoop);
  to.enable_hashagg = settings.GetBool(kHashAgg);
  to.enable_sort = settings.GetBool(kSort);
  to.enable_material = settings.GetBool(kMaterial);
  to.enable_memoize = settings.GetBool(kMemoize);
  to.join_collapse_limit = static_cast<int>(settings.GetInteger(kJoinCollapse));
  to.random_page_cost = settings.GetReal(kRandomPage);
  to.seq_page_cost = settings.GetReal(kSeqPage);
  to.cpu_tuple_cost = settings.GetReal(kCpuTuple);
  to.cpu_index_tuple_cost = settings.GetReal(kCpuIndexTuple);
  to.cpu_operator_cost = settings.GetReal(kCpuOperator);
  to.cursor_tuple_fraction = settings.GetReal(kCursorFraction);
  to.transform_null_equals = settings.GetBool(kNullEquals);
  return context;
}

Status SessionState::Analyze(Statement& statement) {
  if (statement.node == nullptr) {
    statement.param_types = statement.given_types;
    statement.analyzed = true;
    return Status::Ok();
  }
  if (!IsPlannable(statement.node)) {
    ASSIGN_OR_RETURN(auto columns, UtilityColumns(statement));
    statement.returns_rows = columns.has_value();
    statement.columns = columns.has_value() ? std::move(*columns) : std::vector<ColumnDescription>();
    if (!statement.analyzed) {
      ASSIGN_OR_RETURN(statement.param_types, UtilityParameters(statement));
    }
    statement.analyzed = true;
    return Status::Ok();
  }
  if (IsGood(statement)) return Status::Ok();
  const std::vector<Oid> types = statement.analyzed ? statement.param_types : statement.given_types;
  if (statement.shareable) {
    ASSIGN_OR_RETURN(const bool taken, TakeShared(statement, types));
    if (taken) return Status::Ok();
  }

  planner::PlannerContext context = MakePlannerContext();
  context.for_cursor = statement.for_cursor;
  uint64_t catalog_version = catalog.version();
  const uint64_t withheld = catalog.indexes_withheld();
  bool reads_now = false;
  format.now_read = &reads_now;
  Result<std::unique_ptr<planner::PhysicalPlan>> planned = planner::PlanStatement(*statement.node, types, context);
  // What was found and what was not may not have fitted together: DDL has committed meanwhile. The locks taken stay.
  for (int attempt = 1; !planned.ok() && catalog.version() != catalog_version && attempt < kPlanAttemptsMax; ++attempt) {
    catalog_version = catalog.version();
    planned = planner::PlanStatement(*statement.node, types, context);
  }
  format.now_read = nullptr;
  RETURN_IF_ERROR(planned.status());
  // A plan that does without an index for the sake of an old snapshot is not kept for later ones.
  if (catalog.indexes_withheld() != withheld) catalog_version = 0;
  std::shared_ptr<const planner::PhysicalPlan> plan = std::move(planned).value();
  std::vector<ColumnDescription> columns;
  for (const planner::ResultColumn& column : plan->columns) columns.push_back(Describe(column, catalog));
  RETURN_IF_ERROR(CheckResult(statement, columns));
  statement.columns = std::move(columns);
  statement.returns_rows = plan->command == planner::CommandKind::kSelect || !plan->columns.empty();
  statement.param_types.clear();
  for (const types::Type& type : plan->param_types) statement.param_types.push_back(type.oid);
  statement.plan = std::move(plan);
  statement.catalog_version = catalog_version;
  statement.environment = Environment();
  statement.reads_now = reads_now;
  statement.table_rows.clear();
  statement.analyzed = true;
  if (!statement.shareable) return Status::Ok();
  // Nothing is better than a point plan, whatever the size of its table.
  if (!statement.plan->point) {
    for (const planner::UsedTable& used : statement.plan->tables) {
      statement.table_rows.push_back(services->RowCount(*used.table));
    }
  }
  if (MayShare(statement)) {
    instance.plans().Keep(PlanCache::KeyOf(statement.source->text, types, *statement.environment), Shared(statement, types));
  }
  return Status::Ok();
}

Status SessionState::LockTables(const planner::PhysicalPlan& plan) {
  for (const planner::UsedTable& used : plan.tables) {
    // System tables change under their own rules and are not worth a lock a query.
    if (used.table->is_system()) continue;
    const txn::LockMode mode = used.written      ? txn::LockMode::kRowExclusive
                               : used.row_locked ? txn::LockMode::kRowShare
                                                 : txn::LockMode::kAccessShare;
    catalog.store().NoteUse(*used.table);
    RETURN_IF_ERROR(locks->AcquireTable(database_oid, used.table->oid, mode));
  }
  return Status::Ok();
}

Status SessionState::EnsurePlan(Statement& statement) {
  for (int attempt = 0; attempt < kPlanAttemptsMax; ++attempt) {
    const uint64_t version = catalog.version();
    RETURN_IF_ERROR(Analyze(statement));
    RETURN_IF_ERROR(LockTables(*statement.plan));
    // DDL may have committed while a lock was awaited.
    if (catalog.version() == version) break;
    statement.catalog_version = 0;
  }
  const planner::PhysicalPlan& plan = *statement.plan;
  if ((plan.modifies || plan.has_row_marks) && block.modes().read_only) {
    bool temporary_only = true;
    for (const planner::UsedTable& used : plan.tables) {
      if ((used.written || used.row_locked) && used.table->persistence != catalog::Persistence::kTemporary) {
        temporary_only = false;
      }
    }
    if (!temporary_only) {
      return Errorf(sqlstate::kReadOnlySqlTransaction, "cannot execute %s in a read-only transaction",
                    plan.command == planner::CommandKind::kSelect && plan.has_row_marks ? "SELECT FOR UPDATE"
                                                                                        : CommandName(plan.command));
    }
  }
  for (const planner::UsedTable& used : plan.tables) {
    const Oid role = used.check_as != 0 ? used.check_as : current_user;
    if (used.privileges == 0) continue;
    RETURN_IF_ERROR(catalog.CheckTablePrivilege(*used.table, used.privileges, role));
  }
  return Status::Ok();
}

size_t SessionState::WorkMemBytes() const {
  static const int kWorkMem = FindSetting("work_mem");
  return static_cast<size_t>(settings.GetInteger(kWorkMem)) * 1024;
}

void SessionState::FillContext(engine::ExecutionContext* context, Portal& portal) {
  context->transaction = &block.transaction();
  context->snapshot = &portal.snapshot;
  context->catalog = &catalog;
  portal.format = format;
  context->format = &portal.format;
  context->parameters = portal.parameters;
  context->session = services.get();
  // A portal that is run again keeps its plan's: settings have not changed since.
  if (portal.memory == nullptr) {
    const size_t work_bytes = WorkMemBytes();
    portal.memory = std::make_unique<engine::MemoryBroker>(work_bytes, work_bytes * kOperatorsAtOnce);
  }
  context->memory = portal.memory.get();
  context->env = &instance.env();
  context->temp_directory = instance.temp_directory();
  context->cancelled = &control->cancelled;
  context->timed_out = &control->timed_out;
  context->transaction_start_us = block.start_us();
  context->statement_start_us = statement_start_us;
  context->instrument = false;
  if (portal.literals != nullptr) {
    context->query_text = current_query;  // a simple query that is run by the plan of another text
  } else if (portal.source != nullptr) {
    context->query_text = portal.source->text;
  }
  context->deferred = &deferred;
}

std::unique_ptr<Portal> SessionState::MakePortal(std::shared_ptr<Statement> statement) {
  std::unique_ptr<Portal> portal;
  if (statement->plan != nullptr) {
    if (statement->idle == nullptr || statement->idle->plan != statement->plan) {
      statement->idle = idle_portals_.PlaceOf(statement->plan);
    }
    portal = std::move(statement->idle->portal);
  }
  if (portal == nullptr) portal = std::make_unique<Portal>();
  portal->source = statement->source;
  portal->statement = std::move(statement);
  portal->transaction_serial = block.serial();
  portal->savepoint_depth = block.savepoint_depth();
  portal->created_us = statement_start_us;
  return portal;
}

void SessionState::AddPortal(std::string_view name, std::unique_ptr<Portal> portal) {
  if (idle_entry_.empty()) {
    portals.emplace(name, std::move(portal));
    return;
  }
  idle_entry_.key() = name;
  idle_entry_.mapped() = std::move(portal);
  portals.insert(std::move(idle_entry_));
}

std::unique_ptr<Portal> SessionState::TakePortal(Portals::iterator entry) {
  idle_entry_ = portals.extract(entry);
  return std::move(idle_entry_.mapped());
}

void SessionState::RetirePortal(std::unique_ptr<Portal> portal) {
  const std::shared_ptr<Statement> statement = portal->statement;
  if (statement == nullptr || statement->idle == nullptr || portal->plan != statement->idle->plan) return;
  if (portal->Recycle()) statement->idle->portal = std::move(portal);
}

Status SessionState::StartPortal(Portal& portal) {
  Statement& statement = *portal.statement;
  portal.started = true;
  if (statement.node == nullptr) return Status::Ok();
  if (!IsPlannable(statement.node)) {
    ASSIGN_OR_RETURN(UtilityResult result, RunUtility(statement, portal));
    portal.tag = std::move(result.tag);
    portal.rows = std::move(result.rows);
    portal.task = std::move(result.task);
    if (portal.formats.empty()) portal.formats = std::move(result.formats);
    if (result.portal != nullptr) {
      // EXECUTE: what it names runs here.
      Portal& inner = *result.portal;
      portal.statement = inner.statement;
      portal.parameters = std::move(inner.parameters);
      portal.columns = portal.statement->columns;
      return StartPortal(portal);
    }
    return Status::Ok();
  }
  RETURN_IF_ERROR(EnsurePlan(statement));
  return StartPlan(portal);
}

Status SessionState::StartPlan(Portal& portal) {
  const Statement& statement = *portal.statement;
  if (portal.plan != statement.plan) {
    portal.idle_execution.reset();
    portal.memory.reset();
    portal.plan = statement.plan;
    portal.columns = statement.columns;
  }
  RETURN_IF_ERROR(block.AwaitSnapshot());
  portal.snapshot = block.transaction().TakeSnapshot();
  control->snapshot_xmin.store(portal.snapshot.finished_below().value, std::memory_order_relaxed);
  FillContext(&portal.context, portal);
  portal.execution = std::move(portal.idle_execution);
  if (portal.execution == nullptr) {
    ASSIGN_OR_RETURN(portal.execution, engine::PreparedExecution::Create(*portal.plan, portal.context, portal.literals));
  }
  return portal.execution->Open();
}

void SessionState::DropPortal(std::string_view name) {
  const auto found = portals.find(name);
  if (found == portals.end()) return;
  RetirePortal(TakePortal(found));
}

}  // namespace phantom::session
