#include "session/check.h"

#include <chrono>
#include <deque>
#include <thread>

#include "catalog/catalog.h"
#include "catalog/object_loader.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "catalog/system_tables.h"
#include "common/blocking_region.h"
#include "engine/row_index_key.h"
#include "engine/runtime.h"
#include "session/instance.h"
#include "session/session_state.h"
#include "session/type_hooks.h"
#include "txn/check.h"
#include "txn/prepared.h"
#include "txn/snapshot.h"
#include "txn/transaction.h"

namespace phantom::session {

namespace {

using Report = std::function<void(const std::string& object, const txn::CheckProblem& problem)>;

// Kept from what would disturb the check, until called again with null. False: the table is gone.
using Hold = std::function<Result<bool>(const catalog::Table*)>;

txn::LockMode ModeToHold(const catalog::Table& table) {
  return table.is_system() ? txn::LockMode::kAccessShare : txn::LockMode::kShareUpdateExclusive;
}

// One database, seen by a transaction of its own.
class DatabaseCheck {
 public:
  // `pace` (txn::CheckOptions) and `hold` are for a database in use.
  DatabaseCheck(catalog::SharedCatalog& shared, const catalog::Database& database, const Report& report,
                std::function<Status(uint64_t)> pace = {}, Hold hold = {})
      : manager_(shared.manager()),
        database_(database),
        report_(report),
        pace_(std::move(pace)),
        hold_(std::move(hold)),
        catalog_(shared, database.oid),
        hooks_(catalog_),
        transaction_(manager_.Begin()),
        snapshot_(transaction_->TakeSnapshot()) {
    catalog_.Begin(*transaction_);
    format_.hooks = &hooks_;
    context_.transaction = transaction_.get();
    context_.snapshot = &snapshot_;
    context_.catalog = &catalog_;
    context_.format = &format_;
  }
  ~DatabaseCheck() {
    static_cast<void>(transaction_->Abort().ok());
    catalog_.End(false);
  }

  Status CheckSystemTables(bool shared) {
    const catalog::SystemTables& tables = catalog::SystemTables::Get();
    const SpaceId space = shared ? SpaceId(0) : database_.space;
    if (hold_) RETURN_IF_ERROR(Take("the tree directory", txn::CheckDirectory(manager_, space, Options())));
    for (const Oid oid : tables.StoredTables(shared)) {
      const catalog::TableRef table = tables.Find(oid);
      RETURN_IF_ERROR(Held(*table, [&] { return CheckSystemTable(*table, space); }));
    }
    return Status::Ok();
  }

  // A table by its OID; false when it is no table.
  Result<bool> CheckOne(Oid oid) {
    const catalog::SystemTables& tables = catalog::SystemTables::Get();
    for (const bool shared : {true, false}) {
      for (const Oid stored : tables.StoredTables(shared)) {
        if (stored != oid) continue;
        const catalog::TableRef table = tables.Find(oid);
        const SpaceId space = shared ? SpaceId(0) : database_.space;
        RETURN_IF_ERROR(Held(*table, [&] { return CheckSystemTable(*table, space); }));
        return true;
      }
    }
    ASSIGN_OR_RETURN(const catalog::TableRef table, catalog_.TableByOid(oid));
    if (table == nullptr || table->is_system() || table->kind != catalog::RelationKind::kTable) return false;
    RETURN_IF_ERROR(CheckUser(table));
    return true;
  }

  Status CheckUserTables() {
    ASSIGN_OR_RETURN(const std::vector<Oid> tables, catalog_.UserTables());
    for (const Oid oid : tables) {
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog_.TableByOid(oid));
      if (table != nullptr) RETURN_IF_ERROR(CheckUser(table));
    }
    return Status::Ok();
  }

 private:
  txn::CheckOptions Options() const { return {hold_ ? &snapshot_ : nullptr, pace_}; }

  // A table that cannot be read to its end is a problem of that table only; a check that was cancelled has ended.
  Status Take(const std::string& object, const Result<txn::CheckReport>& checked) {
    if (!checked.ok()) {
      if (checked.status().sqlstate() == sqlstate::kQueryCanceled) return checked.status();
      report_(object, {checked.status().message(), {}, {}, {}});
      return Status::Ok();
    }
    for (const txn::CheckProblem& problem : checked->problems) report_(object, problem);
    if (checked->problems.size() == txn::CheckReport::kProblemsMax) {
      report_(object, {"further problems are not listed", {}, {}, {}});
    }
    return Status::Ok();
  }

  Status Held(const catalog::Table& table, const std::function<Result<txn::CheckReport>()>& check) {
    const std::string object = table.schema_name + "." + table.name;
    if (!hold_) return Take(object, check());
    ASSIGN_OR_RETURN(const bool there, hold_(&table));
    Status status;
    if (there) {
      snapshot_ = transaction_->TakeSnapshot();
      status = Take(object, check());
      // Nothing is to be kept for its sake any longer.
      snapshot_ = transaction_->TakeSnapshot();
    }
    RETURN_IF_ERROR(hold_(nullptr).status());
    return status;
  }

  Status CheckUser(const catalog::TableRef& table) {
    return Held(*table, [&]() -> Result<txn::CheckReport> {
      // Locked by now; it may have been truncated or dropped before.
      ASSIGN_OR_RETURN(const catalog::TableRef locked, catalog_.TableByOid(table->oid));
      if (locked == nullptr) return txn::CheckReport();
      return CheckUserTable(*locked);
    });
  }

  Result<txn::CheckReport> CheckSystemTable(const catalog::Table& table, SpaceId space) {
    ASSIGN_OR_RETURN(const txn::RowTable rows, txn::RowTable::Open(manager_, space, TreeId(table.oid), table.layout));
    std::deque<txn::Index> opened;
    std::vector<txn::CheckedIndex> indexes;
    for (const catalog::SystemIndex& index : catalog::SystemTables::Get().Indexes(table.oid)) {
      ASSIGN_OR_RETURN(txn::Index entries, txn::Index::Open(manager_, space, TreeId(index.oid)));
      opened.push_back(std::move(entries));
      txn::CheckedIndex& checked = indexes.emplace_back();
      checked.index = &opened.back();
      checked.name = catalog::SystemTables::Get().Find(index.oid)->name;
      checked.unique = index.unique;
      checked.key_of = [&table, &index](std::string_view row) -> Result<std::optional<std::string>> {
        const types::RowReader reader(table.layout, row);
        std::string key;
        for (uint32_t k = 0; k < index.columns.size(); ++k) {
          index.codec.Append(k, reader.GetValue(static_cast<uint32_t>(index.columns[k]) - 1), key);
        }
        return std::optional<std::string>(std::move(key));
      };
    }
    return txn::CheckTable(manager_, rows, indexes, Options());
  }

  Result<txn::CheckReport> CheckUserTable(const catalog::Table& table) {
    ASSIGN_OR_RETURN(const txn::RowTable rows, txn::RowTable::Open(manager_, table.space, table.tree, table.layout));
    engine::Runtime runtime(context_, 0, 0, 0);
    std::deque<txn::Index> opened;
    std::vector<txn::CheckedIndex> indexes;
    for (const catalog::Index& index : table.indexes) {
      if (!index.valid) continue;  // unfinished: it may lack entries
      ASSIGN_OR_RETURN(txn::Index entries, txn::Index::Open(manager_, table.space, index.tree));
      opened.push_back(std::move(entries));
      ASSIGN_OR_RETURN(std::shared_ptr<engine::RowIndexKey> key, engine::RowIndexKey::Make(table, index.oid, runtime));
      txn::CheckedIndex& checked = indexes.emplace_back();
      checked.index = &opened.back();
      checked.name = index.name;
      checked.unique = index.unique;
      checked.key_of = [&rows, key](std::string_view row) -> Result<std::optional<std::string>> {
        RETURN_IF_ERROR(key->Compute(rows, row));
        if (!key->indexed()) return std::optional<std::string>();
        return std::optional<std::string>(key->key());
      };
      // A primary key has no NULLs.
      if (index.unique && !index.primary && !index.nulls_not_distinct) {
        checked.key_has_null = [&rows, key](std::string_view row) {
          return key->Compute(rows, row).ok() && key->has_null();
        };
      }
    }
    return txn::CheckTable(manager_, rows, indexes, Options());
  }

  txn::TransactionManager& manager_;
  const catalog::Database& database_;
  const Report& report_;
  const std::function<Status(uint64_t)> pace_;
  const Hold hold_;
  catalog::Catalog catalog_;
  CatalogTypeHooks hooks_;
  std::unique_ptr<txn::Transaction> transaction_;
  txn::Snapshot snapshot_;
  types::FormatContext format_;
  engine::ExecutionContext context_;
};

Result<std::vector<catalog::Database>> Databases(txn::TransactionManager& manager) {
  const std::unique_ptr<txn::Transaction> transaction = manager.Begin();
  catalog::SystemStore shared(manager, SpaceId(0));
  shared.SetTransaction(transaction.get());
  Result<std::vector<catalog::Row>> rows = shared.All(catalog::oid::kPgDatabase);
  static_cast<void>(transaction->Abort().ok());
  if (!rows.ok()) return rows.status();
  std::vector<catalog::Database> databases;
  for (const catalog::Row& row : *rows) databases.push_back(catalog::MakeDatabase(row));
  return databases;
}

}  // namespace

Status CheckTables(store::Store& store, const std::function<void(const std::string&)>& report) {
  txn::TransactionOptions options;
  options.purge_interval_ms = 0;
  options.background_undo = false;
  ASSIGN_OR_RETURN(const std::unique_ptr<txn::TransactionManager> manager,
                   txn::TransactionManager::Create(store, options));
  ASSIGN_OR_RETURN(const std::unique_ptr<catalog::SharedCatalog> shared, catalog::SharedCatalog::Open(*manager));
  ASSIGN_OR_RETURN(const std::vector<catalog::Database> databases, Databases(*manager));
  bool first = true;
  // What prepared transactions have changed is as in a database in use; tables that they keep others from are left out.
  const bool in_use = !manager->prepared().List().empty();
  for (const catalog::Database& database : databases) {
    txn::LockHolder holder(manager->locks(), 0);
    const Hold hold = [&](const catalog::Table* held) -> Result<bool> {
      holder.ReleaseAllTransaction();
      if (held == nullptr) return true;
      const bool shared_table = catalog::SystemTables::Get().IsShared(held->oid);
      txn::LockRequest request;
      request.policy = txn::WaitPolicy::kSkip;
      return holder.Acquire(txn::LockTag::Relation(shared_table ? Oid(0) : database.oid, held->oid), ModeToHold(*held),
                            request);
    };
    const auto in_database = [&](const std::string& object, const txn::CheckProblem& problem) {
      report("database \"" + database.name + "\", table \"" + object + "\": " + problem.text);
    };
    const Report report_problem = in_database;
    DatabaseCheck check(*shared, database, report_problem, {}, in_use ? hold : Hold());
    // The shared tables are seen from every database, and looked at from one.
    if (first) RETURN_IF_ERROR(check.CheckSystemTables(/*shared=*/true));
    first = false;
    RETURN_IF_ERROR(check.CheckSystemTables(/*shared=*/false));
    if (const Status read = check.CheckUserTables(); !read.ok()) {
      report("database \"" + database.name + "\": " + read.message());
    }
  }
  return Status::Ok();
}

Status CheckInUse(SessionState& state, Oid table, const Report& report) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Database> database,
                   state.catalog.DatabaseByOid(state.database_oid));
  if (database == nullptr) return Error(sqlstate::kUndefinedDatabase, "database does not exist");
  engine::ExecutionContext execution;
  execution.cancelled = &state.control->cancelled;
  execution.timed_out = &state.control->timed_out;
  // The rest belongs to those who work meanwhile.
  constexpr uint64_t kBytesAtOnce = 1 << 20;
  uint64_t bytes = 0;
  const auto pace = [&](uint64_t more) -> Status {
    bytes += more;
    if (bytes < kBytesAtOnce) return Status::Ok();
    bytes = 0;
    RETURN_IF_ERROR(execution.CheckCancelled());
    const BlockingRegion region;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return Status::Ok();
  };
  const size_t mark = state.locks->Mark();
  const auto hold = [&](const catalog::Table* held) -> Result<bool> {
    if (held == nullptr) {
      state.locks->ReleaseToMark(mark);
      return true;
    }
    const bool shared = catalog::SystemTables::Get().IsShared(held->oid);
    RETURN_IF_ERROR(state.locks->AcquireTable(shared ? Oid(0) : state.database_oid, held->oid, ModeToHold(*held)));
    return true;
  };
  DatabaseCheck check(state.instance.catalog(), *database, report, pace, hold);
  if (table != 0) {
    ASSIGN_OR_RETURN(const bool is_table, check.CheckOne(table));
    if (!is_table) return Errorf(sqlstate::kWrongObjectType, "relation with OID %u is not a table", table);
    return Status::Ok();
  }
  RETURN_IF_ERROR(check.CheckSystemTables(/*shared=*/true));
  RETURN_IF_ERROR(check.CheckSystemTables(/*shared=*/false));
  return check.CheckUserTables();
}

}  // namespace phantom::session
