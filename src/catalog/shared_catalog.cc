#include "catalog/shared_catalog.h"

#include <algorithm>
#include <optional>

#include "catalog/builtin/columns.h"
#include "catalog/builtin/data.h"
#include "catalog/system_store.h"
#include "catalog/system_tables.h"
#include "txn/index.h"
#include "txn/row_table.h"
#include "txn/sequence.h"
#include "txn/transaction.h"
#include "types/format_context.h"
#include "types/text_format.h"

namespace phantom::catalog {

void DatabaseCache::Invalidate() {
  MutexLock lock(mutex_);
  cache_.Clear();
  version_.fetch_add(1, std::memory_order_acq_rel);
}

void SharedCatalog::InvalidateShared() {
  NoteChange();
  shared_version_.fetch_add(1, std::memory_order_acq_rel);
}

void SharedCatalog::NoteChange() {
  const uint64_t now = manager_->last_commit().value;
  uint64_t known = last_change_.load(std::memory_order_relaxed);
  while (known < now && !last_change_.compare_exchange_weak(known, now)) {
  }
}

TableRef DatabaseCache::FindTable(Oid oid) {
  MutexLock lock(mutex_);
  auto found = cache_.tables.find(oid);
  return found == cache_.tables.end() ? nullptr : found->second;
}

std::optional<Oid> DatabaseCache::FindTableName(const NameKey& name) {
  MutexLock lock(mutex_);
  auto found = cache_.table_names.find(name);
  return found == cache_.table_names.end() ? std::nullopt : std::optional<Oid>(found->second);
}

TypeRef DatabaseCache::FindType(Oid oid) {
  MutexLock lock(mutex_);
  auto found = cache_.types.find(oid);
  return found == cache_.types.end() ? nullptr : found->second;
}

void DatabaseCache::OfferTable(const TableRef& table, uint64_t version) {
  MutexLock lock(mutex_);
  if (this->version() == version) cache_.tables[table->oid] = table;
}

void DatabaseCache::OfferTableName(const NameKey& name, Oid oid, uint64_t version) {
  MutexLock lock(mutex_);
  if (this->version() == version) cache_.table_names[name] = oid;
}

void DatabaseCache::OfferType(const TypeRef& type, uint64_t version) {
  MutexLock lock(mutex_);
  if (this->version() == version) cache_.types[type->oid] = type;
}

std::shared_ptr<const TableStatistics> DatabaseCache::FindStatistics(Oid table) {
  MutexLock lock(mutex_);
  auto found = cache_.statistics.find(table);
  return found == cache_.statistics.end() ? nullptr : found->second;
}

void DatabaseCache::OfferStatistics(Oid table, const std::shared_ptr<const TableStatistics>& statistics,
                                    uint64_t version) {
  MutexLock lock(mutex_);
  if (this->version() == version) cache_.statistics[table] = statistics;
}

SharedCatalog::SharedCatalog(txn::TransactionManager& manager)
    : manager_(&manager), sequences_(std::make_unique<txn::SequenceStore>(manager)), mutex_(LockRank::kCatalogCache) {}

SharedCatalog::~SharedCatalog() = default;

Result<std::unique_ptr<SharedCatalog>> SharedCatalog::Open(txn::TransactionManager& manager,
                                                           std::string_view superuser) {
  std::unique_ptr<SharedCatalog> shared(new SharedCatalog(manager));
  if (!shared->IsBootstrapped()) RETURN_IF_ERROR(shared->Bootstrap(superuser));
  RETURN_IF_ERROR(shared->OpenOidCounter());
  return shared;
}

// The counter is a sequence of its own tree among the shared ones: values are logged before they are used.
namespace {
constexpr TreeId kOidCounterTree(64);
constexpr Oid kOidCounter = 64;
constexpr int64_t kOidsAtOnce = 1024;
}  // namespace

Status SharedCatalog::OpenOidCounter() {
  if (txn::Index::Open(*manager_, SpaceId(0), kOidCounterTree).ok()) return Status::Ok();
  ASSIGN_OR_RETURN(const Oid highest, FindHighestOid());
  std::unique_ptr<txn::Transaction> transaction = manager_->Begin();
  RETURN_IF_ERROR(manager_->CreateIndexTree(*transaction, SpaceId(0), kOidCounterTree).status());
  RETURN_IF_ERROR(sequences_->Create(*transaction, SpaceId(0), kOidCounterTree, kOidCounter, int64_t{highest} + 1));
  ASSIGN_OR_RETURN(const Lsn committed, transaction->Commit());
  manager_->WaitDurable(committed);
  return Status::Ok();
}

Oid SharedCatalog::AllocateOid() {
  uint64_t range = free_oids_.load(std::memory_order_acquire);
  const auto next = [](uint64_t r) { return static_cast<Oid>(r); };
  const auto end = [](uint64_t r) { return static_cast<Oid>(r >> 32); };
  while (next(range) < end(range)) {
    if (free_oids_.compare_exchange_weak(range, range + 1, std::memory_order_acq_rel)) return next(range);
  }
  txn::SequenceOptions options;
  options.maximum = UINT32_MAX;
  options.cache = kOidsAtOnce;
  const Result<txn::SequenceRange> taken =
      sequences_->Next(SpaceId(0), kOidCounterTree, kOidCounter, options, "pg_oid_counter");
  PHANTOM_CHECK(taken.ok());
  const uint64_t fresh = static_cast<uint64_t>(taken->last + 1) << 32 | static_cast<uint64_t>(taken->first + 1);
  // What is given out only grows: the lower of two ranges taken at once is left unused.
  while (end(range) < end(fresh) && !free_oids_.compare_exchange_weak(range, fresh, std::memory_order_acq_rel)) {
  }
  return static_cast<Oid>(taken->first);
}

DatabaseCache& SharedCatalog::cache(Oid database) {
  MutexLock lock(mutex_);
  std::unique_ptr<DatabaseCache>& cache = caches_[database];
  if (cache == nullptr) cache = std::make_unique<DatabaseCache>(database);
  return *cache;
}

namespace {

// The built-in rows of a seeded table become its first stored rows.
Status Seed(SystemStore& store, Oid table_oid, std::string_view superuser) {
  TableRef table = SystemTables::Get().Find(table_oid);
  Arena arena;
  types::FormatContext format;
  TsvReader in(BuiltinRows(table_oid), arena);
  while (!in.at_end()) {
    Row row(*table);
    for (size_t i = 0; i < table->columns.size(); ++i) {
      std::string_view field;
      if (!in.Next(field)) continue;
      ASSIGN_OR_RETURN(types::Value value, types::ParseText(table->columns[i].type, field, format));
      row.SetValue(static_cast<int>(i) + 1, std::move(value));
    }
    if (table_oid == oid::kPgAuthid && row.GetOid(pg_authid::oid) == oid::kRolePostgres) {
      row.SetText(pg_authid::rolname, superuser);
    }
    RETURN_IF_ERROR(store.Insert(row));
  }
  return Status::Ok();
}

}  // namespace

Status SharedCatalog::InitializeDatabase(txn::Transaction& transaction, Oid database) {
  RETURN_IF_ERROR(SystemStore::CreateTrees(*manager_, transaction, SpaceOf(database), false));
  SystemStore store(*manager_, SpaceOf(database));
  store.SetTransaction(&transaction);
  return Seed(store, oid::kPgNamespace, "");
}

bool SharedCatalog::IsBootstrapped() {
  // A bootstrap is one transaction: the tree of pg_database is there when it was committed.
  TableRef table = SystemTables::Get().Find(oid::kPgDatabase);
  return txn::RowTable::Open(*manager_, SpaceId(0), TreeId(oid::kPgDatabase), table->layout).ok();
}

Status SharedCatalog::Bootstrap(std::string_view superuser) {
  std::unique_ptr<txn::Transaction> transaction = manager_->Begin();
  RETURN_IF_ERROR(SystemStore::CreateTrees(*manager_, *transaction, SpaceId(0), true));
  SystemStore store(*manager_, SpaceId(0));
  store.SetTransaction(transaction.get());
  for (Oid table : {oid::kPgAuthid, oid::kPgAuthMembers, oid::kPgDatabase, oid::kPgTablespace, oid::kPgShdescription}) {
    RETURN_IF_ERROR(Seed(store, table, superuser));
  }
  for (Oid database : {oid::kDatabaseTemplate1, oid::kDatabaseTemplate0, oid::kDatabasePostgres}) {
    if (!manager_->HasSpace(SpaceOf(database))) RETURN_IF_ERROR(manager_->CreateSpace(SpaceOf(database)));
    RETURN_IF_ERROR(InitializeDatabase(*transaction, database));
  }
  ASSIGN_OR_RETURN(Lsn committed, transaction->Commit());
  manager_->WaitDurable(committed);
  return Status::Ok();
}

Result<Oid> SharedCatalog::FindHighestOid() {
  std::unique_ptr<txn::Transaction> transaction = manager_->Begin();
  Oid highest = kFirstUserOid - 1;
  SystemStore shared(*manager_, SpaceId(0));
  shared.SetTransaction(transaction.get());
  ASSIGN_OR_RETURN(std::vector<Row> databases, shared.All(oid::kPgDatabase));
  ASSIGN_OR_RETURN(std::vector<Row> roles, shared.All(oid::kPgAuthid));
  for (const Row& role : roles) highest = std::max(highest, role.GetOid(pg_authid::oid));
  for (const Row& database : databases) {
    highest = std::max(highest, database.GetOid(pg_database::oid));
    SystemStore store(*manager_, SpaceOf(database.GetOid(pg_database::oid)));
    store.SetTransaction(transaction.get());
    for (Oid table : SystemTables::Get().StoredTables(false)) {
      if (SystemTables::Get().Find(table)->column(1).name != "oid") continue;
      ASSIGN_OR_RETURN(std::vector<Row> rows, store.All(table));
      for (const Row& row : rows) highest = std::max(highest, row.GetOid(1));
    }
  }
  RETURN_IF_ERROR(transaction->Abort());
  return highest;
}

}  // namespace phantom::catalog
