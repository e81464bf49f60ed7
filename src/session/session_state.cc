// How a session begins and ends, and what of it follows its transactions.
#include "session/session_state.h"

#include "catalog/catalog.h"
#include "catalog/shared_catalog.h"
#include "engine/executor.h"
#include "io/env.h"
#include "session/ddl_dispatch.h"
#include "session/notification_hub.h"
#include "session/services.h"
#include "session/tiering/mode.h"
#include "session/tiering/placement.h"
#include "session/type_hooks.h"

namespace phantom::session {

namespace {

// 1970-01-01 to 2000-01-01.
constexpr int64_t kEpochDifferenceUs = int64_t{946684800} * 1000000;

// Weaker ones first: of all, of the database, of the role, of the role in the database; then the client's.
Status ApplyStartupSettings(SessionState& state) {
  const struct {
    Oid database, role;
    SettingSource source;
  } kept[] = {{0, 0, SettingSource::kDatabase},
              {state.database_oid, 0, SettingSource::kDatabase},
              {0, state.login_user, SettingSource::kUser},
              {state.database_oid, state.login_user, SettingSource::kDatabaseUser}};
  for (const auto& place : kept) {
    ASSIGN_OR_RETURN(const auto settings, state.catalog.RoleSettings(place.database, place.role));
    // What no longer is a good value must not keep anybody out.
    for (const auto& [name, value] : settings) {
      static_cast<void>(state.settings.SetDefault(name, value, place.source, true).ok());
    }
  }
  for (const auto& [name, value] : state.options.settings) {
    Status status = state.settings.SetDefault(name, value, SettingSource::kClient, state.superuser);
    if (!status.ok()) return std::move(status).Fatal();
  }
  return Status::Ok();
}

// The role and the database of a new session, looked up in a transaction of its own.
Status LookUpIdentity(SessionState& state) {
  // DROP DATABASE waits for sessions that are opening, or they for it.
  state.control->SetPlace(state.database_oid, 0);
  RETURN_IF_ERROR(state.locks
                      ->Acquire(txn::LockTag::Object(0, catalog::oid::kPgDatabase, state.database_oid),
                                txn::LockMode::kRowExclusive, txn::LockRequest())
                      .status());
  ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Database> database,
                   state.catalog.DatabaseByOid(state.database_oid));
  if (database == nullptr) {
    return Errorf(sqlstate::kUndefinedDatabase, "database \"%s\" does not exist", state.database_name.c_str())
        .Detail("It seems to have just been dropped or renamed.");
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Role> role, state.catalog.FindRole(state.options.user));
  if (role == nullptr) {
    return Errorf(sqlstate::kInvalidAuthorizationSpecification, "role \"%s\" does not exist",
                  state.options.user.c_str());
  }
  if (!role->login) {
    return Errorf(sqlstate::kInvalidAuthorizationSpecification, "role \"%s\" is not permitted to log in",
                  role->name.c_str());
  }
  state.control->SetPlace(state.database_oid, role->oid);
  const SessionRegistry& sessions = state.instance.sessions();
  if (!role->superuser) {
    const int64_t reserved = state.instance.settings().GetInteger("superuser_reserved_connections");
    if (static_cast<int64_t>(sessions.size()) > sessions.sessions_max() - reserved) {
      return Error(sqlstate::kTooManyConnections,
                   "remaining connection slots are reserved for non-replication superuser connections");
    }
    if (role->connection_limit >= 0 && sessions.Count(0, role->oid, 0) > role->connection_limit) {
      return Errorf(sqlstate::kTooManyConnections, "too many connections for role \"%s\"", role->name.c_str());
    }
  }
  state.login_user = state.session_user = state.current_user = role->oid;
  state.session_role_name = role->name;
  state.roles_taken[role->name] = role;
  state.session_superuser = state.superuser = role->superuser;
  state.settings.SetInternal("is_superuser", role->superuser ? "on" : "off");
  state.settings.SetInternal("session_authorization", role->name);
  state.catalog.SetCurrentRole(role->oid);
  RETURN_IF_ERROR(state.catalog.CheckDatabasePrivilege(state.database_oid, catalog::acl::kConnect, role->oid));
  if (!role->superuser && database->connection_limit >= 0 &&
      sessions.Count(database->oid, 0, 0) > database->connection_limit) {
    return Errorf(sqlstate::kTooManyConnections, "too many connections for database \"%s\"", database->name.c_str());
  }
  return Status::Ok();
}

}  // namespace

SessionState::SessionState(Instance& instance_, std::shared_ptr<SessionControl> control_, Oid database)
    : instance(instance_),
      control(std::move(control_)),
      database_oid(database),
      settings(instance_.settings()),
      locks(std::make_unique<txn::LockHolder>(instance_.transactions().locks(), control->pid)),
      catalog(instance_.catalog(), database),
      block(instance_.transactions(), catalog, settings, *locks, *this),
      services(std::make_unique<Services>(*this)),
      type_hooks(std::make_unique<CatalogTypeHooks>(catalog)),
      tiering_mode_(TieringModeOf(instance_.settings())) {
  format.hooks = type_hooks.get();
  catalog.SetNoticeSink(this);
  locks->SetCancelFlags(&control->cancelled, &control->timed_out);
  control->SetInterrupt([holder = locks.get()] { holder->Interrupt(); });
}

SessionState::~SessionState() {
  sink = nullptr;
  control->SetInterrupt(nullptr);
  if (statement_timer_ != 0) instance.timers().Cancel(statement_timer_);
  task_.reset();
  simple_.reset();
  portals.clear();
  block.AbortAll();
  static_cast<void>(DropTemporaryTables().ok());
  block.AbortAll();
  instance.notifications().UnlistenAll(*control);
  instance.sessions().Remove(control->pid);
}

int64_t SessionState::NowUs() const { return instance.env().WallMicros() - kEpochDifferenceUs; }

bool SessionState::in_multi_statement() const {
  return simple_.has_value() && simple_->source->parsed.statements.size() > 1;
}

void SessionState::BeforeBegin() {
  if (IsForced(tiering_mode_)) [[unlikely]] PlaceRows(instance, database_oid, tiering_mode_);
}

Status SessionState::BeforeCommit() {
  RETURN_IF_ERROR(DecideDeferred(true));
  for (auto& [name, portal] : portals) {
    if (portal->transaction_serial != block.serial() || portal->execution == nullptr) continue;
    if (portal->is_holdable) {
      RETURN_IF_ERROR(portal->Materialize());
      RETURN_IF_ERROR(portal->CloseExecution());
      portal->transaction_serial = 0;
    }
  }
  DropPortalsOfTransaction();
  if (!pending_notifications.empty()) {
    uint64_t bytes = 0;
    for (const PendingNotification& pending : pending_notifications) {
      bytes += NotificationHub::BytesOf(pending.channel, pending.payload);
    }
    RETURN_IF_ERROR(instance.notifications().CheckRoom(bytes));
  }
  return on_commit.empty() ? Status::Ok() : RunOnCommit();
}

void SessionState::BeforeAbort() { DropPortalsOfTransaction(); }

Status SessionState::NextTransaction() {
  RETURN_IF_ERROR(block.FinishImplicit());
  RETURN_IF_ERROR(block.Ensure(NowUs()));
  format.now = block.start_us();
  return Status::Ok();
}

void SessionState::DropPortalsOfTransaction() {
  for (auto entry = portals.begin(); entry != portals.end();) {
    const bool running = executing_ && entry->first == running_;
    if (entry->second->transaction_serial != block.serial() || running) {
      ++entry;
      continue;
    }
    RetirePortal(TakePortal(entry++));
  }
}

void SessionState::AfterCommit() {
  deferred.Reset();
  ForgetExportedSnapshots();
  PublishNotifications();
  RestoreRoles();
  ApplySettings();
}

void SessionState::AfterAbort() {
  deferred.Reset();
  ForgetExportedSnapshots();
  pending_notifications.clear();
  listen_actions.clear();
  std::erase_if(on_commit, [](const OnCommit& action) { return action.fresh; });
  RestoreRoles();
  ApplySettings();
}

void SessionState::AfterSavepointRollback(size_t depth) {
  deferred.RollBackTo(depth);
  std::erase_if(portals, [&](const auto& entry) {
    const Portal& portal = *entry.second;
    const bool running = executing_ && entry.first == running_;
    return portal.transaction_serial == block.serial() && portal.savepoint_depth >= depth && !running;
  });
  std::erase_if(pending_notifications, [depth](const auto& each) { return each.depth >= depth; });
  std::erase_if(listen_actions, [depth](const auto& each) { return each.depth >= depth; });
  std::erase_if(on_commit, [depth](const auto& each) { return each.fresh && each.depth >= depth; });
  RestoreRoles();
  ApplySettings();
}

void SessionState::AfterSavepointRelease(size_t depth) {
  deferred.Release(depth);
  for (auto& [name, portal] : portals) portal->savepoint_depth = std::min(portal->savepoint_depth, depth);
  for (auto& each : pending_notifications) each.depth = std::min(each.depth, depth);
  for (auto& each : listen_actions) each.depth = std::min(each.depth, depth);
  for (auto& each : on_commit) each.depth = std::min(each.depth, depth);
}

Status SessionState::DropTemporaryTables() {
  if (catalog.temporary_schema() == 0) return Status::Ok();
  RETURN_IF_ERROR(block.Ensure(NowUs()));
  RETURN_IF_ERROR(DropTemporaryObjects(*this));
  return Status::Ok();
}

void SessionState::DiscardSequences() { services->ForgetSequences(); }

Result<std::unique_ptr<Session>> Session::Create(Instance& instance, ConnectionOptions options) {
  ASSIGN_OR_RETURN(const std::shared_ptr<SessionControl> control, instance.sessions().Add());
  // From here on the state's destructor takes the registration back; until then a failure must.
  Result<Oid> database = instance.FindDatabase(options.database);
  if (!database.ok()) {
    instance.sessions().Remove(control->pid);
    return std::move(database).status().Fatal();
  }
  auto state = std::make_unique<SessionState>(instance, control, *database);
  state->options = std::move(options);
  state->database_name = state->options.database;
  const auto open = [&]() -> Status {
    const int64_t now = state->NowUs();
    RETURN_IF_ERROR(state->block.Ensure(now));
    RETURN_IF_ERROR(LookUpIdentity(*state));
    RETURN_IF_ERROR(ApplyStartupSettings(*state));
    RETURN_IF_ERROR(state->block.FinishImplicit());
    state->ApplySettings();
    state->control->UpdateActivity([&](Activity& activity) {
      activity.pid = control->pid;
      activity.database_oid = state->database_oid;
      activity.database = state->database_name;
      activity.user_oid = state->login_user;
      activity.user = state->options.user;
      activity.client_address = state->options.client_address;
      activity.client_port = state->options.client_port;
      activity.tls = state->options.tls;
      activity.backend_start = now;
    });
    return Status::Ok();
  };
  if (Status status = open(); !status.ok()) return std::move(status).Fatal();
  return std::unique_ptr<Session>(new Session(std::move(state)));
}

}  // namespace phantom::session
