#include "session/instance.h"

#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/oids.h"
#include "catalog/shared_catalog.h"
#include "common/log.h"
#include "io/env.h"
#include "session/check.h"
#include "session/exported_snapshots.h"
#include "session/in_catalog.h"
#include "session/notification_hub.h"
#include "session/plan_cache.h"
#include "session/session_registry.h"
#include "session/settings.h"
#include "session/tiering/move_log.h"
#include "session/timer_queue.h"
#include "store/store.h"
#include "txn/prepared.h"
#include "txn/transaction.h"

namespace phantom::session {

namespace {

constexpr uint64_t kBlockBytes = 8192;
constexpr int64_t kEpochDifferenceUs = int64_t{946684800} * 1000000;
constexpr const char* kTempDirectory = "pgsql_tmp";

store::StoreOptions OptionsOf(const ServerSettings& settings) {
  store::StoreOptions options;
  options.buffer_pool_bytes = static_cast<uint64_t>(settings.GetInteger("shared_buffers")) * kBlockBytes;
  options.segment_cache_bytes = options.buffer_pool_bytes / 4;
  // PostgreSQL checkpoints at about half of it; out of place, checkpoints cost less, and a short log is replayed soon.
  options.checkpoint_log_bytes = (static_cast<uint64_t>(settings.GetInteger("max_wal_size")) << 20) / 8;
  options.checkpoint_interval_ms = static_cast<uint32_t>(settings.GetInteger("checkpoint_timeout") * 1000);
  return options;
}

txn::TransactionOptions TransactionOptionsOf(const ServerSettings& settings) {
  txn::TransactionOptions options;
  // As PostgreSQL counts them: of one transaction in one table.
  const int64_t per_transaction = settings.GetInteger("max_pred_locks_per_transaction");
  const int64_t per_relation = settings.GetInteger("max_pred_locks_per_relation");
  const int64_t most = per_relation < 0 ? per_transaction / -per_relation - 1 : per_relation;
  options.predicate_locks_max = static_cast<size_t>(std::max<int64_t>(most, 0));
  // As PostgreSQL counts: processes of its own making are none here.
  const int64_t holders = settings.GetInteger("max_connections") + settings.GetInteger("max_prepared_transactions");
  options.lock_objects_max = static_cast<uint64_t>(settings.GetInteger("max_locks_per_transaction")) * static_cast<uint64_t>(holders);
  options.row_lock_bytes_max = static_cast<uint64_t>(settings.GetInteger("phantom.row_lock_memory")) * 1024;
  return options;
}

}  // namespace

struct Instance::Parts {
  Parts(io::Env& env_, std::unique_ptr<ServerSettings> settings_, std::string temp_directory_)
      : env(env_),
        settings(std::move(settings_)),
        temp_directory(std::move(temp_directory_)),
        start_us(env_.WallMicros() - kEpochDifferenceUs),
        sessions(static_cast<int>(settings->GetInteger("max_connections"))) {}

  io::Env& env;
  const std::unique_ptr<ServerSettings> settings;
  const std::string temp_directory;
  const int64_t start_us;
  // In the order they build on each other; destroyed the other way round.
  std::unique_ptr<store::Store> store;
  std::unique_ptr<txn::TransactionManager> transactions;
  std::unique_ptr<catalog::SharedCatalog> catalog;
  SessionRegistry sessions;
  NotificationHub notifications;
  ExportedSnapshots exported_snapshots;
  TimerQueue timers;
  PlanCache plans;
  MoveLog moves;
};

Instance::Instance(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Instance::~Instance() = default;

Result<std::unique_ptr<Instance>> Instance::Open(io::Env& env, const std::string& directory,
                                                 std::unique_ptr<ServerSettings> settings) {
  RETURN_IF_ERROR(env.MakeDirectory(directory));
  auto parts = std::make_unique<Parts>(env, std::move(settings), directory + "/" + kTempDirectory);
  ASSIGN_OR_RETURN(parts->store, store::Store::Open(env, directory, OptionsOf(*parts->settings)));
  const store::Recovery& recovery = parts->store->recovery();
  if (recovery.created) {
    Log(LogLevel::kLog, "initialized a new database in directory \"%s\"", directory.c_str());
  } else if (!recovery.clean) {
    Log(LogLevel::kLog, "database system was not properly shut down; recovered automatically, undoing %zu transactions",
        recovery.losers.size());
  }
  ASSIGN_OR_RETURN(parts->transactions, txn::TransactionManager::Create(*parts->store, TransactionOptionsOf(*parts->settings)));
  ASSIGN_OR_RETURN(parts->catalog, catalog::SharedCatalog::Open(*parts->transactions));
  // Of prepared transactions that a restart has brought back nobody knows any more whether they did DDL.
  catalog::SharedCatalog& shared = *parts->catalog;
  parts->transactions->prepared().ForEach([&](const txn::PreparedInfo& info, txn::Transaction& transaction) {
    transaction.OnCommit([&shared, database = info.database] {
      shared.InvalidateShared();
      shared.cache(database).Invalidate();
    });
  });
  RETURN_IF_ERROR(env.MakeDirectory(parts->temp_directory));
  // What statements of an earlier life spilled is of no use to anybody.
  ASSIGN_OR_RETURN(const std::vector<std::string> leftovers, env.List(parts->temp_directory));
  for (const std::string& name : leftovers) RETURN_IF_ERROR(env.Remove(parts->temp_directory + "/" + name));
  return std::unique_ptr<Instance>(new Instance(std::move(parts)));
}

Status Instance::Close() {
  PHANTOM_CHECK(parts_->sessions.size() == 0);
  parts_->catalog.reset();
  parts_->transactions.reset();
  return parts_->store->Close();
}

Result<int64_t> Instance::Check(io::Env& env, const std::string& directory,
                                const std::function<void(const std::string&)>& report) {
  ASSIGN_OR_RETURN(const bool exists, env.Exists(directory));
  if (!exists) {
    return Errorf(sqlstate::kUndefinedFile, "data directory \"%s\" does not exist", directory.c_str());
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names, env.List(directory));
  if (names.empty()) return Errorf(sqlstate::kUndefinedFile, "directory \"%s\" is empty", directory.c_str());
  store::StoreOptions options;
  options.checkpoint_thread = false;
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Store> store, store::Store::Open(env, directory, options));
  int64_t faults = 0;
  const auto count = [&](const std::string& line) {
    ++faults;
    report(line);
  };
  RETURN_IF_ERROR(store->Check(count));
  // Nothing that reads rows, let alone undoes transactions, is to be let loose on damaged pages.
  if (faults != 0) {
    report("the tables were not compared with their indexes, because of the faults in their pages");
  } else {
    RETURN_IF_ERROR(CheckTables(*store, count));
    // That has rolled back what a crash left unfinished.
    if (!store->recovery().clean) RETURN_IF_ERROR(store->Check(count));
  }
  RETURN_IF_ERROR(store->Close());
  return faults;
}

io::Env& Instance::env() { return parts_->env; }
ServerSettings& Instance::settings() { return *parts_->settings; }
store::Store& Instance::store() { return *parts_->store; }
txn::TransactionManager& Instance::transactions() { return *parts_->transactions; }
catalog::SharedCatalog& Instance::catalog() { return *parts_->catalog; }
SessionRegistry& Instance::sessions() { return parts_->sessions; }
NotificationHub& Instance::notifications() { return parts_->notifications; }
ExportedSnapshots& Instance::exported_snapshots() { return parts_->exported_snapshots; }
TimerQueue& Instance::timers() { return parts_->timers; }
PlanCache& Instance::plans() { return parts_->plans; }
MoveLog& Instance::moves() { return parts_->moves; }
const std::string& Instance::temp_directory() const { return parts_->temp_directory; }
int64_t Instance::start_us() const { return parts_->start_us; }

Result<Oid> Instance::FindDatabase(std::string_view name) {
  return InCatalog(*this, catalog::oid::kDatabaseTemplate1, [&](catalog::Catalog& catalog) -> Result<Oid> {
    ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Database> database, catalog.FindDatabase(name));
    if (database == nullptr) {
      return Errorf(sqlstate::kUndefinedDatabase, "database \"%s\" does not exist", std::string(name).c_str());
    }
    if (!database->allow_connections) {
      return Errorf(sqlstate::kObjectNotInPrerequisiteState, "database \"%s\" is not currently accepting connections",
                    database->name.c_str());
    }
    return database->oid;
  });
}

Result<std::string> Instance::PasswordVerifier(std::string_view role_name) {
  return InCatalog(*this, catalog::oid::kDatabaseTemplate1, [&](catalog::Catalog& catalog) -> Result<std::string> {
    ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Role> role, catalog.FindRole(role_name));
    if (role == nullptr) {
      return Errorf(sqlstate::kInvalidAuthorizationSpecification, "role \"%s\" does not exist",
                    std::string(role_name).c_str());
    }
    if (role->valid_until.has_value() && *role->valid_until < env().WallMicros() - kEpochDifferenceUs) {
      return std::string();
    }
    return role->password;
  });
}

void Instance::WhenDurable(Lsn lsn, std::function<void()> done) {
  parts_->transactions->WhenDurable(lsn, std::move(done));
}
void Instance::WaitDurable(Lsn lsn) { parts_->transactions->WaitDurable(lsn); }
bool Instance::FlushAlone(Lsn lsn) { return parts_->transactions->FlushAlone(lsn); }

bool Instance::IsDurable(Lsn lsn) const { return parts_->transactions->IsDurable(lsn); }

}  // namespace phantom::session
