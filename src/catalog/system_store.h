// catalog/system_store.h
//
// The stored rows of system tables, read and written through a transaction, with their indexes kept in step. Look-ups
// see what was committed when they run, and the transaction's own changes.
//
// Thread safety: one thread at a time.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "catalog/row.h"
#include "catalog/system_tables.h"
#include "catalog/table.h"
#include "common/status.h"

namespace phantom::txn {
class Index;
class RowTable;
class Snapshot;
class Transaction;
class TransactionManager;
}  // namespace phantom::txn

namespace phantom::catalog {

// Indexes by which rows are looked up (pg_index OIDs). The comment names their columns.
namespace index_oid {
inline constexpr Oid kAttrdefByColumn = 2656;         // adrelid, adnum
inline constexpr Oid kAttributeByNumber = 2659;       // attrelid, attnum
inline constexpr Oid kAuthidByName = 2676;            // rolname
inline constexpr Oid kAuthidByOid = 2677;             // oid
inline constexpr Oid kAuthMembersByMember = 2695;     // member, roleid
inline constexpr Oid kAuthMembersByRole = 2694;       // roleid, member
inline constexpr Oid kClassByOid = 2662;              // oid
inline constexpr Oid kClassByName = 2663;             // relname, relnamespace
inline constexpr Oid kConstraintByOid = 2667;         // oid
inline constexpr Oid kConstraintByRelation = 2665;    // conrelid, contypid, conname
inline constexpr Oid kConstraintByName = 2664;        // conname, connamespace
inline constexpr Oid kConstraintByType = 2666;        // contypid
inline constexpr Oid kDatabaseByName = 2671;          // datname
inline constexpr Oid kDatabaseByOid = 2672;           // oid
inline constexpr Oid kDbRoleSetting = 2965;           // setdatabase, setrole
inline constexpr Oid kDependByDependent = 2673;       // classid, objid, objsubid
inline constexpr Oid kDependByReferenced = 2674;      // refclassid, refobjid, refobjsubid
inline constexpr Oid kDescriptionByObject = 2675;     // objoid, classoid, objsubid
inline constexpr Oid kDefaultAclByRole = 827;         // defaclrole, defaclnamespace, defaclobjtype
inline constexpr Oid kDefaultAclByOid = 828;          // oid
inline constexpr Oid kEnumByOid = 3502;               // oid
inline constexpr Oid kEnumByLabel = 3503;             // enumtypid, enumlabel
inline constexpr Oid kEnumByOrder = 3534;             // enumtypid, enumsortorder
inline constexpr Oid kIndexByRelation = 2678;         // indrelid
inline constexpr Oid kIndexByOid = 2679;              // indexrelid
inline constexpr Oid kNamespaceByName = 2684;         // nspname
inline constexpr Oid kNamespaceByOid = 2685;          // oid
inline constexpr Oid kRewriteByRelation = 2693;       // ev_class, rulename
inline constexpr Oid kRewriteByOid = 2692;            // oid
inline constexpr Oid kSequenceByOid = 5002;           // seqrelid
inline constexpr Oid kShdependByDependent = 1232;     // dbid, classid, objid, objsubid
inline constexpr Oid kShdependByReferenced = 1233;    // refclassid, refobjid
inline constexpr Oid kShdescriptionByObject = 2397;   // objoid, classoid
inline constexpr Oid kStatisticByColumn = 2696;       // starelid, staattnum, stainherit
inline constexpr Oid kTypeByOid = 2703;               // oid
inline constexpr Oid kTypeByName = 2704;              // typname, typnamespace
}  // namespace index_oid

// One column of a look-up key.
struct KeyPart {
  KeyPart(Oid oid) : number(oid) {}
  KeyPart(int number) : number(number) {}
  KeyPart(std::string_view text) : number(0), text(text) {}
  int64_t number;
  std::optional<std::string_view> text;
};

class SystemStore {
 public:
  SystemStore(txn::TransactionManager& manager, SpaceId database);
  ~SystemStore();

  // Borrowed until the next call; null between transactions.
  void SetTransaction(txn::Transaction* transaction) {
    transaction_ = transaction;
    used_temporary_ = false;
  }
  txn::Transaction* transaction() { return transaction_; }
  SpaceId space() const { return space_; }
  // Is shown every row that is written: new ones, and those that go.
  void SetObserver(std::function<void(const Row&)> observer) { observer_ = std::move(observer); }

  // Whether the transaction has had to do with temporary objects, by those who use a table and make or drop one.
  bool used_temporary() const { return used_temporary_; }
  void NoteUse(const Table& table) { used_temporary_ |= table.persistence == Persistence::kTemporary; }
  void NoteTemporary() { used_temporary_ = true; }

  // Stored rows whose index key begins with the parts.
  Result<std::vector<Row>> Find(Oid table, Oid index, std::initializer_list<KeyPart> key);
  // The first of them.
  Result<std::optional<Row>> FindOne(Oid table, Oid index, std::initializer_list<KeyPart> key);
  // All stored rows.
  Result<std::vector<Row>> All(Oid table);

  // Each keeps the indexes in step. 23505 when a unique key is taken; XX000 "tuple concurrently updated" (deleted) when
  // another transaction has changed the row since it was read. Of a relation's row the columns that are changed in passing
  // (its size, whether it has indexes) do not count: they are taken over.
  Status Insert(const Row& row);
  Status Update(const Row& before, const Row& after);  // same row id
  Status Delete(const Row& row);
  // As Update, but false, with nothing changed, when another transaction has changed the row.
  Result<bool> TryUpdate(const Row& before, const Row& after);

  // As long as it lives, look-ups see what was committed when it was made: for reading what must fit together. Changes made
  // meanwhile are not seen.
  class View {
   public:
    explicit View(SystemStore& store);
    // What that snapshot sees, as queries of system tables do.
    View(SystemStore& store, const txn::Snapshot& snapshot);
    ~View();
    View(const View&) = delete;
    View& operator=(const View&) = delete;

   private:
    SystemStore& store_;
    const txn::Snapshot* const before_;
    std::unique_ptr<txn::Snapshot> snapshot_;  // null: there is a view already, or it is the caller's
  };

  // Adds the index entries that stored rows of the table lack: REINDEX.
  Status RepairIndexes(Oid table);

  // Makes the trees of all stored tables, in the shared space or a database's.
  static Status CreateTrees(txn::TransactionManager& manager, txn::Transaction& transaction, SpaceId space, bool shared);

  // The stored part of a table for a scan: opened once, valid as long as this.
  Result<const txn::RowTable*> Open(Oid table);

 private:
  struct Handles;
  Result<Handles*> HandlesOf(Oid table);
  const txn::Snapshot& Look(txn::Snapshot& fresh) const;
  Result<std::optional<Row>> Newest(Handles& handles, RowId id) const;
  Status InsertEntries(Handles& handles, const Row& row, RowId id, const Row* before);
  Result<Row> Decode(const Handles& handles, std::string_view bytes, RowId id) const;

  txn::TransactionManager* manager_;
  SpaceId space_;
  txn::Transaction* transaction_ = nullptr;
  const txn::Snapshot* view_ = nullptr;
  std::function<void(const Row&)> observer_;
  bool used_temporary_ = false;
  std::unordered_map<Oid, std::unique_ptr<Handles>> handles_;
};

}  // namespace phantom::catalog
