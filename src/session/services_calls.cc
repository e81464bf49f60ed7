// Functions of the server and the session, by the name of their implementation (pg_proc.prosrc).
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <thread>

#include "catalog/shared_catalog.h"
#include "catalog/system_tables.h"
#include "common/blocking_region.h"
#include "engine/text_rows.h"
#include "session/check.h"
#include "session/notification_hub.h"
#include "session/services.h"
#include "session/session_state.h"
#include "store/space_size.h"
#include "store/store.h"
#include "txn/check.h"
#include "txn/serializable.h"
#include "txn/sequence.h"
#include "txn/table_size.h"
#include "types/format_context.h"
#include "types/text_format.h"
#include "types/value.h"

namespace phantom::session {

namespace {

using Text = std::optional<std::string>;
using Args = std::span<const Text>;

int64_t IntegerOf(const Text& text) {
  int64_t value = 0;
  if (text.has_value()) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

// The numbers of an array's text.
std::vector<int32_t> NumbersOf(std::string_view array) {
  std::vector<int32_t> numbers;
  const char* at = array.data();
  const char* const end = at + array.size();
  while (at != end) {
    int32_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error == std::errc()) numbers.push_back(number);
    at = error == std::errc() ? next : at + 1;
  }
  return numbers;
}

Text BoolText(bool value) { return std::string(value ? "t" : "f"); }

Text LsnText(Lsn lsn) {
  return Format("%X/%X", static_cast<unsigned>(lsn.value >> 32), static_cast<unsigned>(lsn.value & 0xffffffff));
}

Result<Text> TimestampText(int64_t us) {
  std::string text;
  types::FormatContext iso;
  RETURN_IF_ERROR(types::AppendText(types::Type(types::kTimestamptzOid), &us, iso, text));
  return Text(std::move(text));
}

txn::LockTag AdvisoryTag(const SessionState& state, std::string_view function, Args args) {
  if (function.ends_with("_int4")) {
    return txn::LockTag::Advisory(state.database_oid, static_cast<int32_t>(IntegerOf(args[0])),
                                  static_cast<int32_t>(IntegerOf(args[1])));
  }
  return txn::LockTag::Advisory(state.database_oid, IntegerOf(args[0]));
}

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// pg_advisory_lock_int8, pg_try_advisory_xact_lock_shared_int4, pg_advisory_unlock_int8, ...
Result<Text> Advisory(SessionState& state, std::string_view function, Args args) {
  if (function == "pg_advisory_unlock_all") {
    state.locks->ReleaseAllSession();
    return Text("");
  }
  const txn::LockMode mode = Contains(function, "_shared") ? txn::LockMode::kShare : txn::LockMode::kExclusive;
  const txn::LockTag tag = AdvisoryTag(state, function, args);
  if (Contains(function, "_unlock")) {
    const bool held = state.locks->ReleaseSession(tag, mode);
    if (!held) {
      state.Warning(sqlstate::kWarning, Format("you don't own a lock of type %s",
                                               mode == txn::LockMode::kShare ? "ShareLock" : "ExclusiveLock"));
    }
    return BoolText(held);
  }
  const bool only_try = Contains(function, "_try_");
  txn::LockRequest request;
  request.policy = only_try ? txn::WaitPolicy::kSkip : txn::WaitPolicy::kWait;
  request.for_session = !Contains(function, "_xact_");
  ASSIGN_OR_RETURN(const bool held, state.locks->Acquire(tag, mode, request));
  return only_try ? BoolText(held) : Text("");
}

// Another session, as far as the current user may signal it. Null when there is none (a WARNING was sent). `end`: it is to be ended,
// else its query is.
Result<std::shared_ptr<SessionControl>> SignalTarget(SessionState& state, int32_t pid, bool end) {
  constexpr Oid kSignalBackend = 4200;  // pg_signal_backend
  std::shared_ptr<SessionControl> target = state.instance.sessions().Find(pid);
  if (target == nullptr) {
    state.Warning(sqlstate::kWarning, Format("PID %d is not a PostgreSQL backend process", pid));
    return target;
  }
  const Oid owner = target->ReadActivity().user_oid;
  if (state.superuser) return target;
  ASSIGN_OR_RETURN(const auto role, state.catalog.RoleByOid(owner));
  // Who has not said yet who he is might be one.
  if (role == nullptr || role->superuser) {
    return Error(sqlstate::kInsufficientPrivilege, end ? "must be a superuser to terminate superuser process"
                                                       : "must be a superuser to cancel superuser query");
  }
  ASSIGN_OR_RETURN(bool may, state.catalog.HasPrivilegesOf(state.current_user, owner));
  if (!may) {
    ASSIGN_OR_RETURN(may, state.catalog.HasPrivilegesOf(state.current_user, kSignalBackend));
  }
  if (!may) {
    return Errorf(sqlstate::kInsufficientPrivilege,
                  "must be a member of the role whose %s or member of pg_signal_backend",
                  end ? "process is being terminated" : "query is being canceled");
  }
  return target;
}

// Waits until the function is true: then true, or false once the time has passed. 57014. `event`: what pg_stat_activity says.
template <typename Happened>
Result<bool> Nap(SessionState& state, double seconds, const WaitEvent& event, Happened happened) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(std::min(seconds, 1e9));
  const BlockingRegion region;
  struct Shown {
    Shown(SessionControl& c, const WaitEvent& e) : control(c) { control.wait_event.store(&e, std::memory_order_relaxed); }
    ~Shown() { control.wait_event.store(nullptr, std::memory_order_relaxed); }
    SessionControl& control;
  } shown(*state.control, event);
  while (true) {
    if (happened()) return true;
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return false;
    if (state.control->cancelled.load(std::memory_order_acquire)) {
      return Error(sqlstate::kQueryCanceled, state.control->timed_out.load()
                                                 ? "canceling statement due to statement timeout"
                                                 : "canceling statement due to user request");
    }
    // Short naps, so that a cancel is seen soon.
    std::this_thread::sleep_for(std::min<std::chrono::duration<double>>(deadline - now, std::chrono::milliseconds(5)));
  }
}

constexpr WaitEvent kPgSleep{"Timeout", "PgSleep"};
constexpr WaitEvent kBackendTermination{"IPC", "BackendTermination"};

Result<Text> Sleep(SessionState& state, double seconds) {
  if (!(seconds > 0)) return Text("");
  RETURN_IF_ERROR(Nap(state, seconds, kPgSleep, [] { return false; }).status());
  return Text("");
}

Result<Text> CancelBackend(SessionState& state, int32_t pid) {
  ASSIGN_OR_RETURN(const auto target, SignalTarget(state, pid, false));
  if (target != nullptr) target->Cancel();
  return BoolText(target != nullptr);
}

Result<Text> TerminateBackend(SessionState& state, int32_t pid, int64_t timeout_ms) {
  if (timeout_ms < 0) return Error(sqlstate::kNumericValueOutOfRange, "\"timeout\" must not be negative");
  ASSIGN_OR_RETURN(const auto target, SignalTarget(state, pid, true));
  if (target == nullptr) return BoolText(false);
  target->Terminate(Error(sqlstate::kAdminShutdown, "terminating connection due to administrator command").Fatal());
  if (timeout_ms == 0) return BoolText(true);
  ASSIGN_OR_RETURN(const bool gone, Nap(state, static_cast<double>(timeout_ms) / 1000, kBackendTermination,
                                        [&] { return state.instance.sessions().Find(pid) == nullptr; }));
  if (!gone) {
    state.Warning(sqlstate::kWarning, Format("backend with PID %d did not terminate within %lld millisecond%s", pid,
                                             static_cast<long long>(timeout_ms), timeout_ms == 1 ? "" : "s"));
  }
  return BoolText(gone);
}

Result<Text> Transactions(SessionState& state, std::string_view function, Args args) {
  txn::Transaction& transaction = state.block.transaction();
  if (function == "pg_current_xact_id") {
    ASSIGN_OR_RETURN(const TxnId id, transaction.EnsureId());
    return Text(std::to_string(id.value));
  }
  if (function == "pg_current_xact_id_if_assigned") {
    return transaction.id() ? Text(std::to_string(transaction.id().value)) : Text();
  }
  txn::TransactionManager& manager = transaction.manager();
  const TxnId id(static_cast<uint64_t>(IntegerOf(args[0])));
  if (!id) return Text();
  if (id > manager.last_id()) {
    return Errorf(sqlstate::kInvalidParameterValue, "transaction ID %llu is in the future",
                  static_cast<unsigned long long>(id.value));
  }
  switch (manager.FateOf(id)) {
    case txn::TransactionManager::Fate::kInProgress:
      return Text("in progress");
    case txn::TransactionManager::Fate::kCommitted:
      return Text("committed");
    case txn::TransactionManager::Fate::kAborted:
      return Text("aborted");
    case txn::TransactionManager::Fate::kUnknown:
      break;
  }
  return Text();
}

// pg_database_size, pg_tablespace_size, by OID or name. All databases are in the default tablespace; what they share is the
// global one.
Result<Text> SizeOf(SessionState& state, std::string_view function, const Text& which) {
  constexpr Oid kDefaultTablespace = 1663, kGlobalTablespace = 1664;
  store::Store& store = state.instance.store();
  const bool by_name = function.ends_with("_name");
  if (function.starts_with("pg_database_size")) {
    std::shared_ptr<const catalog::Database> database;
    if (by_name) {
      ASSIGN_OR_RETURN(database, state.catalog.FindDatabase(*which));
      if (database == nullptr) return Error(sqlstate::kUndefinedDatabase, "database \"" + *which + "\" does not exist");
    } else {
      ASSIGN_OR_RETURN(database, state.catalog.DatabaseByOid(static_cast<Oid>(IntegerOf(which))));
      if (database == nullptr) return Text();
    }
    return Text(std::to_string(store::SpaceBytes(store, database->space)));
  }
  Oid tablespace = by_name ? (*which == "pg_default" ? kDefaultTablespace : *which == "pg_global" ? kGlobalTablespace : 0)
                           : static_cast<Oid>(IntegerOf(which));
  if (tablespace != kDefaultTablespace && tablespace != kGlobalTablespace) {
    if (by_name) return Error(sqlstate::kUndefinedObject, "tablespace \"" + *which + "\" does not exist");
    return Text();
  }
  uint64_t bytes = 0;
  for (const SpaceId space : store.ListSpaces()) {
    const bool shared = space.value == 0;
    if (shared == (tablespace == kGlobalTablespace)) bytes += store::SpaceBytes(store, space);
  }
  return Text(std::to_string(bytes));
}

// A table's rows with its long values, or an index; nothing for what has no storage of its own.
Result<Text> RelationBytes(SessionState& state, Oid oid) {
  ASSIGN_OR_RETURN(catalog::TableRef table, state.catalog.TableByOid(oid));
  if (table == nullptr || !table->tree) return Text();
  if (!table->is_system()) {
    // Not to be dropped meanwhile.
    RETURN_IF_ERROR(state.locks->AcquireTable(state.database_oid, oid, txn::LockMode::kAccessShare));
    ASSIGN_OR_RETURN(table, state.catalog.TableByOid(oid));
    if (table == nullptr) return Text();
  }
  SpaceId space = table->space;
  if (table->is_system() && !catalog::SystemTables::Get().IsShared(oid)) {
    space = catalog::SharedCatalog::SpaceOf(state.database_oid);
  }
  store::Store& store = state.instance.store();
  const Result<uint64_t> bytes = table->kind == catalog::RelationKind::kTable
                                     ? txn::TableBytes(store, space, table->tree)
                                     : store::TreeBytes(store, space, table->tree);
  if (bytes.ok()) return Text(std::to_string(*bytes));
  return bytes.status().sqlstate() == sqlstate::kUndefinedFile ? Text() : Result<Text>(bytes.status());
}

// phantom_check(relation): object, file, rows, problem.
Result<Text> CheckRows(SessionState& state, const Text& relation) {
  if (!state.superuser) return Error(sqlstate::kInsufficientPrivilege, "permission denied for function phantom_check");
  std::string rows;
  const auto field = [&](const std::string& text) {
    engine::AppendRowField(text.empty() ? std::nullopt : std::optional<std::string_view>(text), rows);
  };
  RETURN_IF_ERROR(CheckInUse(state, relation.has_value() ? static_cast<Oid>(IntegerOf(relation)) : 0,
                             [&](const std::string& object, const txn::CheckProblem& problem) {
                               field(problem.index.empty() ? object
                                                           : object.substr(0, object.find('.') + 1) + problem.index);
                               field(problem.file);
                               field(problem.rows);
                               field(problem.text);
                               engine::EndRow(rows);
                             }));
  return Text(std::move(rows));
}

Result<Text> SettingFlags(const Text& name) {
  const int index = FindSetting(*name);
  if (index < 0) return Text();
  const uint32_t flags = SettingRows()[static_cast<size_t>(index)].flags;
  constexpr std::pair<uint32_t, const char*> kShown[] = {
      {setting_flag::kExplain, "EXPLAIN"},           {setting_flag::kNoShowAll, "NO_SHOW_ALL"},
      {setting_flag::kNoReset, "NO_RESET"},          {setting_flag::kNoResetAll, "NO_RESET_ALL"},
      {setting_flag::kNotInSample, "NOT_IN_SAMPLE"}, {setting_flag::kRuntimeComputed, "RUNTIME_COMPUTED"},
  };
  std::string array;
  for (const auto& [flag, shown] : kShown) {
    if ((flags & flag) != 0) array += (array.empty() ? "" : ",") + std::string(shown);
  }
  return Text("{" + array + "}");
}

}  // namespace

Result<std::optional<std::string>> Services::Call(std::string_view function,
                                                  std::span<const std::optional<std::string>> args) {
  Instance& instance = state_.instance;
  if (Contains(function, "advisory")) return Advisory(state_, function, args);
  if (function == "pg_backend_pid") return Text(std::to_string(state_.control->pid));
  if (function == "pg_notify") {
    RETURN_IF_ERROR(state_.Notify(args[0].value_or(""), args[1].value_or("")));
    return Text("");
  }
  if (function == "pg_notification_queue_usage") return Text(Format("%.17g", instance.notifications().usage()));
  if (function == "pg_sleep") {
    ASSIGN_OR_RETURN(const double seconds, types::ParseFloat8(*args[0]));
    return Sleep(state_, seconds);
  }
  if (function == "pg_cancel_backend") return CancelBackend(state_, static_cast<int32_t>(IntegerOf(args[0])));
  if (function == "pg_terminate_backend") {
    return TerminateBackend(state_, static_cast<int32_t>(IntegerOf(args[0])), IntegerOf(args[1]));
  }
  if (function.starts_with("pg_current_xact_id") || function == "pg_xact_status") {
    return Transactions(state_, function, args);
  }
  if (function == "pg_blocking_pids" || function == "pg_safe_snapshot_blocking_pids") {
    std::string array;
    const auto process = static_cast<int32_t>(IntegerOf(args[0]));
    txn::TransactionManager& transactions = instance.transactions();
    for (const int32_t pid : function == "pg_blocking_pids" ? transactions.locks().BlockingProcesses(process)
                                                            : transactions.serializable().SafeSnapshotBlockers(process)) {
      array += (array.empty() ? "" : ",") + std::to_string(pid);
    }
    return Text("{" + array + "}");
  }
  if (function == "pg_isolation_test_session_is_blocked") {
    const std::vector<int32_t> interesting = NumbersOf(*args[1]);
    const auto process = static_cast<int32_t>(IntegerOf(args[0]));
    const std::vector<int32_t> blocking = instance.transactions().locks().BlockingProcesses(process);
    if (std::ranges::find_first_of(blocking, interesting) != blocking.end()) return BoolText(true);
    return BoolText(!instance.transactions().serializable().SafeSnapshotBlockers(process).empty());
  }
  if (function == "current_of") {
    ASSIGN_OR_RETURN(const int64_t ctid, state_.CurrentOf(*args[0], static_cast<Oid>(IntegerOf(args[1]))));
    return Text(std::to_string(ctid));
  }
  if (function == "pg_export_snapshot") {
    ASSIGN_OR_RETURN(std::string id, state_.ExportSnapshot());
    return Text(std::move(id));
  }
  if (function == "pg_is_in_recovery") return BoolText(false);
  if (function == "pg_current_wal_lsn" || function == "pg_current_wal_insert_lsn" || function == "pg_switch_wal") {
    return LsnText(instance.store().Stats().appended);
  }
  if (function == "pg_current_wal_flush_lsn") return LsnText(instance.store().log().durable());
  if (function == "pg_postmaster_start_time" || function == "pg_conf_load_time")
    return TimestampText(instance.start_us());
  if (function == "pg_reload_conf") return BoolText(true);
  if (function == "pg_stat_get_db_numbackends") {
    const auto connected = instance.sessions().List();
    const auto database = static_cast<Oid>(IntegerOf(args[0]));
    return Text(std::to_string(std::count_if(connected.begin(), connected.end(), [database](const auto& activity) {
      return activity.database_oid == database;
    })));
  }
  if (Contains(function, "database_size") || Contains(function, "tablespace_size")) return SizeOf(state_, function, args[0]);
  if (function == "pg_sequence_last_value") {
    ASSIGN_OR_RETURN(const catalog::TableRef sequence, state_.catalog.TableByOid(static_cast<Oid>(IntegerOf(args[0]))));
    if (sequence == nullptr || sequence->kind != catalog::RelationKind::kSequence) {
      return Error(sqlstate::kWrongObjectType, "\"" + *args[0] + "\" is not a sequence");
    }
    ASSIGN_OR_RETURN(const txn::SequenceValue value,
                     instance.catalog().sequences().Read(sequence->space, sequence->tree, sequence->oid));
    return value.is_called ? Text(std::to_string(value.last_value)) : std::optional<std::string>();
  }
  if (function == "pg_my_temp_schema") return Text(std::to_string(state_.catalog.temporary_schema()));
  if (function == "pg_is_other_temp_schema") {
    ASSIGN_OR_RETURN(const auto schema, state_.catalog.SchemaByOid(static_cast<Oid>(IntegerOf(args[0]))));
    return BoolText(schema != nullptr && schema->oid != state_.catalog.temporary_schema() &&
                    schema->name.starts_with("pg_temp_"));
  }
  if (function == "pg_settings_get_flags") return SettingFlags(args[0]);
  if (function == "relation_bytes") return RelationBytes(state_, static_cast<Oid>(IntegerOf(args[0])));
  if (function == "phantom_check") return CheckRows(state_, args[0]);
  return CallRows(function, args);
}

}  // namespace phantom::session
