// catalog/shared_catalog.h
//
// What all sessions' catalogs have in common: the transaction manager, the OID counter, sequences, and the caches of
// committed objects, one a database, each with a version that every commit of DDL raises.
//
// A session loads an object it misses from the system tables and offers it to the shared cache together with the version
// it saw before; when DDL has committed in between, the offer is dropped. DDL clears the cache when it commits, after
// it is visible and before its locks go, so who has locked a table sees it as it is.
//
// Thread safety: all methods may be called from any thread.
// Lock order: mutex_ has rank kCatalogCache; nothing is called while it is held.
#pragma once
#include <atomic>
#include <map>
#include <optional>
#include <string_view>
#include <memory>
#include <vector>

#include "catalog/object_cache.h"
#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"

namespace phantom::txn {
class SequenceStore;
class Transaction;
class TransactionManager;
}  // namespace phantom::txn

namespace phantom::catalog {

// One database's shared cache.
class DatabaseCache {
 public:
  explicit DatabaseCache(Oid database) : database_(database), mutex_(LockRank::kCatalogCache) {}

  Oid database() const { return database_; }
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  // DDL committed: forgets everything.
  void Invalidate();

  // Null or nullopt: not cached.
  TableRef FindTable(Oid oid);
  std::optional<Oid> FindTableName(const NameKey& name);
  TypeRef FindType(Oid oid);
  std::shared_ptr<const TableStatistics> FindStatistics(Oid table);
  // Kept unless the version has moved on.
  void OfferTable(const TableRef& table, uint64_t version);
  void OfferTableName(const NameKey& name, Oid oid, uint64_t version);
  void OfferType(const TypeRef& type, uint64_t version);
  void OfferStatistics(Oid table, const std::shared_ptr<const TableStatistics>& statistics, uint64_t version);

 private:
  const Oid database_;
  std::atomic<uint64_t> version_{1};
  Mutex mutex_;
  ObjectCache cache_;
};

class SharedCatalog {
 public:
  // Opens the catalogs, making the first databases (template1, template0, postgres) in a new store. `superuser` names
  // the bootstrap role then.
  static Result<std::unique_ptr<SharedCatalog>> Open(txn::TransactionManager& manager,
                                                     std::string_view superuser = "postgres");
  ~SharedCatalog();

  txn::TransactionManager& manager() { return *manager_; }
  txn::SequenceStore& sequences() { return *sequences_; }
  DatabaseCache& cache(Oid database);
  // Raised by commits that change roles or databases.
  uint64_t shared_version() const { return shared_version_.load(std::memory_order_acquire); }
  void InvalidateShared();
  // The last commit that has changed what sessions keep of the catalogs, or a later one.
  Lsn last_change() const { return Lsn(last_change_.load(std::memory_order_acquire)); }
  void NoteChange();

  // An OID greater than any given out before, in this run or an earlier one, from kFirstUserOid up.
  Oid AllocateOid();

  // The page space of a database.
  static SpaceId SpaceOf(Oid database) { return SpaceId(database); }

  // Fills a new space with the system tables' trees and the rows a fresh database is born with.
  Status InitializeDatabase(txn::Transaction& transaction, Oid database);
  // Fills a new space with a copy of another database's objects and rows, as the transaction sees them.
  Status CopyDatabase(txn::Transaction& transaction, Oid from, Oid to);

 private:
  explicit SharedCatalog(txn::TransactionManager& manager);
  Status Bootstrap(std::string_view superuser);
  bool IsBootstrapped();
  Result<Oid> FindHighestOid();
  Status OpenOidCounter();

  txn::TransactionManager* manager_;
  std::unique_ptr<txn::SequenceStore> sequences_;
  // OIDs taken from the stored counter and not yet given out: the next one above the end of the range.
  std::atomic<uint64_t> free_oids_{0};
  std::atomic<uint64_t> shared_version_{1};
  std::atomic<uint64_t> last_change_{0};
  Mutex mutex_;
  std::map<Oid, std::unique_ptr<DatabaseCache>> caches_;
};

}  // namespace phantom::catalog
