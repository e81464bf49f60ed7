#include "session/services.h"

#include "catalog/catalog.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "engine/evaluator.h"
#include "session/session_state.h"
#include "session/setting_checks.h"
#include "txn/row_table.h"
#include "txn/sequence.h"

namespace phantom::session {

namespace {

// How far a guess at a table's rows may be from what ANALYZE counted to be taken for the same.
constexpr double kGuessTolerance = 1.1;

Severity SeverityOf(std::string_view name) {
  constexpr Severity kAll[] = {Severity::kDebug, Severity::kLog, Severity::kInfo, Severity::kNotice,
                               Severity::kWarning};
  for (const Severity severity : kAll) {
    if (name == SeverityName(severity)) return severity;
  }
  return Severity::kNotice;
}

Result<catalog::TableRef> FindSequence(SessionState& state, Oid sequence) {
  // Not to be changed or dropped before the transaction ends.
  RETURN_IF_ERROR(state.catalog.LockTable(sequence, txn::LockMode::kRowExclusive));
  ASSIGN_OR_RETURN(catalog::TableRef table, state.catalog.OpenByOid(sequence));
  if (table->kind != catalog::RelationKind::kSequence) {
    return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not a sequence", table->name.c_str());
  }
  state.catalog.store().NoteUse(*table);
  return table;
}

// USAGE, SELECT or UPDATE, whatever will do.
Status CheckSequencePrivilege(SessionState& state, const catalog::Table& sequence, catalog::AclMode any_of) {
  Status status = Status::Ok();
  for (catalog::AclMode bit = 1; bit <= catalog::acl::kUsage; bit <<= 1) {
    if ((any_of & bit) == 0) continue;
    status = state.catalog.CheckTablePrivilege(sequence, bit, state.current_user);
    if (status.ok()) return status;
  }
  return status;
}

txn::SequenceOptions OptionsOf(const catalog::SequenceParameters& parameters) {
  txn::SequenceOptions options;
  options.increment = parameters.increment;
  options.minimum = parameters.minimum;
  options.maximum = parameters.maximum;
  options.cache = parameters.cache;
  options.cycle = parameters.cycle;
  return options;
}

}  // namespace

Result<std::string> Services::GetSetting(std::string_view name) { return state_.ShowSetting(name); }

Status Services::SetSetting(std::string_view name, std::string_view value, bool is_local) {
  RETURN_IF_ERROR(state_.SetSetting(name, value, is_local ? SettingScope::kLocal : SettingScope::kSession));
  state_.ApplySettings();
  return Status::Ok();
}

std::string Services::CurrentUser() {
  Result<std::shared_ptr<const catalog::Role>> role = state_.catalog.RoleByOid(state_.current_user);
  return role.ok() && *role != nullptr ? (*role)->name : std::string();
}

std::string Services::SessionUser() { return state_.session_role_name; }
std::string Services::CurrentDatabase() { return state_.database_name; }
Oid Services::CurrentUserOid() { return state_.current_user; }
Oid Services::CurrentDatabaseOid() { return state_.database_oid; }

std::vector<std::string> Services::SearchPath(bool include_implicit) {
  std::vector<std::string> names;
  Result<std::vector<Oid>> path = state_.catalog.SearchPath(include_implicit);
  if (!path.ok()) return names;
  for (const Oid oid : *path) {
    Result<std::shared_ptr<const catalog::Schema>> schema = state_.catalog.SchemaByOid(oid);
    if (schema.ok() && *schema != nullptr) names.push_back((*schema)->name);
  }
  return names;
}

int32_t Services::BackendPid() { return state_.control->pid; }
std::string Services::ClientAddress() { return state_.options.client_address; }
int32_t Services::ClientPort() { return state_.options.client_port; }
void Services::Notice(std::string_view severity, const Status& notice) { state_.Report(SeverityOf(severity), notice); }

Result<int64_t> Services::NextValue(Oid sequence) {
  ASSIGN_OR_RETURN(const catalog::TableRef table, FindSequence(state_, sequence));
  RETURN_IF_ERROR(CheckSequencePrivilege(state_, *table, catalog::acl::kUsage | catalog::acl::kUpdate));
  if (state_.block.modes().read_only && table->persistence != catalog::Persistence::kTemporary) {
    return Error(sqlstate::kReadOnlySqlTransaction, "cannot execute nextval() in a read-only transaction");
  }
  CachedSequence& cached = sequences_[sequence];
  last_sequence_ = sequence;
  const txn::SequenceOptions options = OptionsOf(table->sequence);
  if (cached.has_last && cached.last != cached.limit && cached.tree == table->tree && cached.options == options) {
    cached.last += options.increment;
    return cached.last;
  }
  txn::SequenceStore& store = state_.instance.catalog().sequences();
  ASSIGN_OR_RETURN(const txn::SequenceRange range,
                   store.Next(table->space, table->tree, sequence, options, table->name));
  state_.block.Observe(store.logged());
  cached.last = range.first;
  cached.limit = range.last;
  cached.has_last = true;
  cached.tree = table->tree;
  cached.options = options;
  return cached.last;
}

Result<int64_t> Services::CurrentValue(Oid sequence) {
  ASSIGN_OR_RETURN(const catalog::TableRef table, FindSequence(state_, sequence));
  RETURN_IF_ERROR(CheckSequencePrivilege(state_, *table, catalog::acl::kUsage | catalog::acl::kSelect));
  const auto cached = sequences_.find(sequence);
  if (cached == sequences_.end() || !cached->second.has_last) {
    return Errorf(sqlstate::kObjectNotInPrerequisiteState,
                  "currval of sequence \"%s\" is not yet defined in this session", table->name.c_str());
  }
  return cached->second.last;
}

Result<int64_t> Services::LastValue() {
  const auto cached = sequences_.find(last_sequence_);
  if (cached == sequences_.end() || !cached->second.has_last) {
    return Error(sqlstate::kObjectNotInPrerequisiteState, "lastval is not yet defined in this session");
  }
  return CurrentValue(last_sequence_);
}

Status Services::SetValue(Oid sequence, int64_t value, bool is_called) {
  ASSIGN_OR_RETURN(const catalog::TableRef table, FindSequence(state_, sequence));
  RETURN_IF_ERROR(CheckSequencePrivilege(state_, *table, catalog::acl::kUpdate));
  if (state_.block.modes().read_only && table->persistence != catalog::Persistence::kTemporary) {
    return Error(sqlstate::kReadOnlySqlTransaction, "cannot execute setval() in a read-only transaction");
  }
  const catalog::SequenceParameters& parameters = table->sequence;
  if (value < parameters.minimum || value > parameters.maximum) {
    return Errorf(sqlstate::kNumericValueOutOfRange,
                  "setval: value %lld is out of bounds for sequence \"%s\" (%lld..%lld)", static_cast<long long>(value),
                  table->name.c_str(), static_cast<long long>(parameters.minimum),
                  static_cast<long long>(parameters.maximum));
  }
  txn::SequenceStore& store = state_.instance.catalog().sequences();
  RETURN_IF_ERROR(store.Set(table->space, table->tree, sequence, value, is_called));
  state_.block.Observe(store.logged());
  CachedSequence& cached = sequences_[sequence];
  cached.limit = cached.last = value;
  if (is_called) cached.has_last = true;
  if (!is_called) cached.limit = cached.last;
  return Status::Ok();
}

void Services::ForgetSequences() {
  sequences_.clear();
  last_sequence_ = 0;
}

void Services::FillContext(engine::ExecutionContext* context) {
  context->transaction = state_.block.active() ? &state_.block.transaction() : nullptr;
  context->catalog = &state_.catalog;
  context->format = &state_.format;
  context->cancelled = &state_.control->cancelled;
  context->timed_out = &state_.control->timed_out;
  context->transaction_start_us = state_.block.start_us();
  context->statement_start_us = state_.statement_start_us;
}

Result<types::Value> Services::Evaluate(const planner::Expr& expr) {
  // Folding may not touch the outside: no snapshot, no session.
  engine::ExecutionContext context;
  FillContext(&context);
  return engine::EvaluateConstant(expr, context);
}

Result<types::Value> Services::EvaluateNow(const planner::Expr& expr) {
  const txn::Snapshot snapshot = state_.block.transaction().TakeSnapshot();
  engine::ExecutionContext context;
  FillContext(&context);
  context.snapshot = &snapshot;
  context.session = this;
  context.env = &state_.instance.env();
  return engine::EvaluateConstant(expr, context);
}

double Services::RowCount(const catalog::Table& table) {
  if (table.kind != catalog::RelationKind::kTable || table.is_system()) return table.estimated_rows;
  Result<txn::RowTable> rows = txn::RowTable::Open(state_.instance.transactions(), table.space, table.tree, table.layout);
  if (!rows.ok()) return table.estimated_rows;
  Result<txn::RowTable::Size> size = rows->EstimateSize();
  if (!size.ok()) return table.estimated_rows;
  // What ANALYZE counted is better than a guess from a few pages, until the table has clearly changed.
  const double guess = size->rows;
  const bool close = guess <= table.estimated_rows * kGuessTolerance && table.estimated_rows <= guess * kGuessTolerance;
  return table.estimated_rows >= 0 && close ? table.estimated_rows : guess;
}

std::shared_ptr<const planner::ColumnStatistics> Services::Column(const catalog::Table& table, int attnum) {
  if (table.is_system()) return nullptr;
  Result<std::shared_ptr<const catalog::TableStatistics>> all = state_.catalog.StatisticsOf(table.oid);
  if (!all.ok()) return nullptr;
  const auto found = (*all)->find(attnum);
  return found == (*all)->end() ? nullptr : found->second;
}

}  // namespace phantom::session
