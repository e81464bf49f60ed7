// CREATE INDEX, REINDEX and DROP INDEX CONCURRENTLY: in several transactions, between which writers of the table go on.
//
// An index is made in these steps, each committed before the next; what a failure or a crash leaves behind is an index that
// is not valid, which writers keep up to date if it is ready, and nobody reads.
//   1. It is put into the catalogs, neither ready nor valid. Whoever wrote the table without knowing it is waited for.
//   2. Its keys are looked through: bad ones are found while it costs nobody anything. It becomes ready. Whoever wrote the
//      table without keeping it up to date is waited for.
//   3. The rows that are there get their entries, beside writers who make theirs (txn::Index::Fill).
//   4. Whoever has an older snapshot is waited for: he could look for row versions that it lacks. It becomes valid.
// Dropping goes the other way: not valid, and readers are waited for; dead, and writers are waited for; gone.
#include <algorithm>

#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "session/ddl/runner.h"
#include "txn/index.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

using IndexState = catalog::Catalog::IndexState;

namespace {

// Keeps a relation from being changed by others over several transactions.
class SessionLock {
 public:
  static Result<SessionLock> Take(txn::LockHolder& holder, Oid database, Oid relation) {
    const txn::LockTag tag = txn::LockTag::Relation(database, relation);
    txn::LockRequest request;
    request.for_session = true;
    RETURN_IF_ERROR(holder.Acquire(tag, kMode, request).status());
    return SessionLock(holder, tag);
  }
  SessionLock(SessionLock&& other) noexcept : holder_(std::exchange(other.holder_, nullptr)), tag_(other.tag_) {}
  SessionLock& operator=(SessionLock&&) = delete;
  ~SessionLock() {
    if (holder_ != nullptr) holder_->ReleaseSession(tag_, kMode);
  }

 private:
  static constexpr txn::LockMode kMode = txn::LockMode::kShareUpdateExclusive;
  SessionLock(txn::LockHolder& holder, const txn::LockTag& tag) : holder_(&holder), tag_(tag) {}

  txn::LockHolder* holder_;
  txn::LockTag tag_;
};

txn::LockHolder& LocksOf(catalog::Catalog& catalog) { return catalog.store().transaction()->locks(); }

}  // namespace

Status DdlRunner::WaitForLockers(Oid table, txn::LockMode mode) {
  return catalog_.shared().manager().locks().WaitForLockers(LocksOf(catalog_),
                                                            txn::LockTag::Relation(catalog_.database(), table), mode);
}

Status DdlRunner::NextState(Oid index, IndexState state) {
  RETURN_IF_ERROR(catalog_.SetIndexState(index, state));
  return context_.next_transaction();
}

Status DdlRunner::BuildConcurrently(Oid table, Oid index) {
  ASSIGN_OR_RETURN(const SessionLock lock, SessionLock::Take(LocksOf(catalog_), catalog_.database(), table));
  RETURN_IF_ERROR(context_.next_transaction());
  RETURN_IF_ERROR(WaitForLockers(table, txn::LockMode::kShare));
  RETURN_IF_ERROR(FillConcurrently(table, index));
  return catalog_.SetIndexState(index, IndexState::kValid);
}

// From an index that everybody knows to one that is complete. Ends in a new transaction.
Status DdlRunner::FillConcurrently(Oid table_oid, Oid index_oid) {
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.OpenByOid(table_oid));
  const catalog::Index* index = table->FindIndex(index_oid);
  if (index == nullptr) return Errorf(sqlstate::kInternalError, "cache lookup failed for index %u", index_oid);
  std::string last;
  bool has_last = false;
  RETURN_IF_ERROR(ForEachKey(*table, *index, [&](const KeyedRow& row) -> Status {
    RETURN_IF_ERROR(txn::Index::CheckKey(row.key));
    if (!row.must_differ) return Status::Ok();
    if (has_last && last == row.key) return DuplicateKey(*table, *index, row, true);
    last = row.key;
    has_last = true;
    return Status::Ok();
  }));
  RETURN_IF_ERROR(NextState(index_oid, IndexState::kReady));
  RETURN_IF_ERROR(WaitForLockers(table_oid, txn::LockMode::kShare));

  txn::TransactionManager& manager = catalog_.shared().manager();
  txn::Transaction& transaction = *catalog_.store().transaction();
  ASSIGN_OR_RETURN(table, catalog_.OpenByOid(table_oid));
  index = table->FindIndex(index_oid);
  if (index == nullptr) return Errorf(sqlstate::kInternalError, "cache lookup failed for index %u", index_oid);
  ASSIGN_OR_RETURN(txn::Index entries, txn::Index::Open(manager, table->space, index->tree));
  ASSIGN_OR_RETURN(const txn::RowTable rows, txn::RowTable::Open(manager, table->space, table->tree, table->layout));
  RETURN_IF_ERROR(ForEachKey(*table, *index, [&](const KeyedRow& row) -> Status {
    ASSIGN_OR_RETURN(const txn::Index::Filled filled,
                     entries.Fill(transaction, row.key, row.row, rows, row.must_differ));
    return filled == txn::Index::Filled::kDone ? Status::Ok() : DuplicateKey(*table, *index, row, false);
  }));
  // Later than the filling's own view: whoever has an older one may miss something.
  const Lsn filled_at = transaction.TakeCatalogSnapshot().read_lsn();
  RETURN_IF_ERROR(context_.next_transaction());
  return manager.WaitForOlderSnapshots(LocksOf(catalog_), filled_at);
}

// ---- DROP INDEX CONCURRENTLY ------------------------------------------------------------------------------------------

Status DdlRunner::DropConcurrently(Oid table, Oid index) {
  // Readers go first: until they have gone writers keep it up to date for them.
  RETURN_IF_ERROR(WaitForLockers(table, txn::LockMode::kAccessExclusive));
  RETURN_IF_ERROR(NextState(index, IndexState::kDead));
  RETURN_IF_ERROR(WaitForLockers(table, txn::LockMode::kAccessExclusive));
  return catalog_.DropObjects({{catalog::oid::kPgClass, index}}, false);
}

Result<DdlResult> DdlRunner::DropIndexConcurrently(const parser::DropStmt& statement) {
  const DdlResult result{"DROP INDEX"};
  if (context_.in_transaction_block) {
    return Error(sqlstate::kActiveSqlTransaction, "DROP INDEX CONCURRENTLY cannot run inside a transaction block");
  }
  if (statement.objects.size() != 1) {
    return Error(sqlstate::kFeatureNotSupported, "DROP INDEX CONCURRENTLY does not support dropping multiple objects");
  }
  if (statement.behavior == parser::DropBehavior::kCascade) {
    return Error(sqlstate::kFeatureNotSupported, "DROP INDEX CONCURRENTLY does not support CASCADE");
  }
  ASSIGN_OR_RETURN(const std::optional<catalog::ObjectAddress> object,
                   LockNamed(parser::ObjectType::kIndex, *statement.objects.front(), statement.missing_ok,
                             txn::LockMode::kShareUpdateExclusive));
  if (!object) return result;
  ASSIGN_OR_RETURN(const catalog::TableRef index, catalog_.OpenByOid(object->oid));
  if (index->persistence == catalog::Persistence::kTemporary) {
    RETURN_IF_ERROR(catalog_.LockTable(index->indexed_table, txn::LockMode::kAccessExclusive));
    RETURN_IF_ERROR(catalog_.DropObjects({*object}, false));
    return result;
  }
  RETURN_IF_ERROR(catalog_.CheckMayDrop({*object}));
  const Oid table = index->indexed_table;
  ASSIGN_OR_RETURN(const SessionLock table_lock, SessionLock::Take(LocksOf(catalog_), catalog_.database(), table));
  ASSIGN_OR_RETURN(const SessionLock index_lock, SessionLock::Take(LocksOf(catalog_), catalog_.database(), index->oid));
  ASSIGN_OR_RETURN(const catalog::TableRef indexed, catalog_.OpenByOid(table));
  const catalog::Index* known = indexed->FindIndex(index->oid);
  // An earlier attempt may have come half way.
  RETURN_IF_ERROR(NextState(index->oid, known == nullptr ? IndexState::kDead
                                        : known->ready   ? IndexState::kReady
                                                         : IndexState::kPlanned));
  RETURN_IF_ERROR(DropConcurrently(table, index->oid));
  return result;
}

// ---- REINDEX CONCURRENTLY ---------------------------------------------------------------------------------------------

// A new index is made beside the old one; then they change their entries, and the one with the old ones goes.
Status DdlRunner::ReindexConcurrently(Oid table_oid, Oid index_oid) {
  RETURN_IF_ERROR(catalog_.LockTable(table_oid, txn::LockMode::kShareUpdateExclusive));
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.TableByOid(table_oid));
  if (table == nullptr) return Status::Ok();
  if (table->persistence == catalog::Persistence::kTemporary) return ReindexTable(table_oid, index_oid);
  ASSIGN_OR_RETURN(const SessionLock lock, SessionLock::Take(LocksOf(catalog_), catalog_.database(), table_oid));
  struct Rebuilt {
    Oid index;
    Oid fresh;
    bool deferrable;
  };
  std::vector<Rebuilt> all;
  for (const catalog::Index& index : table->indexes) {
    if (index_oid != 0 && index.oid != index_oid) continue;
    if (index_oid == 0 && !index.valid) {
      context_.warning(Errorf(sqlstate::kIndexCorrupted, "cannot reindex invalid index \"%s.%s\" concurrently, skipping",
                              table->schema_name.c_str(), index.name.c_str()));
      continue;
    }
    ASSIGN_OR_RETURN(const std::string name, catalog_.ChooseRelationName(index.name, "", "ccnew", table->schema));
    ASSIGN_OR_RETURN(const Oid fresh, catalog_.CopyIndex(index, name));
    all.push_back({index.oid, fresh, !index.immediate});
  }
  if (all.empty()) return Status::Ok();
  RETURN_IF_ERROR(context_.next_transaction());
  RETURN_IF_ERROR(WaitForLockers(table_oid, txn::LockMode::kShare));
  for (const Rebuilt& rebuilt : all) RETURN_IF_ERROR(FillConcurrently(table_oid, rebuilt.fresh));
  for (const Rebuilt& rebuilt : all) {
    // Who decides later whether a key is taken looks into one of the two only: there must be nobody who writes.
    if (rebuilt.deferrable) RETURN_IF_ERROR(catalog_.LockTable(table_oid, txn::LockMode::kShareRowExclusive));
    RETURN_IF_ERROR(catalog_.SwapIndexStorage(rebuilt.index, rebuilt.fresh));
    RETURN_IF_ERROR(catalog_.SetIndexState(rebuilt.index, IndexState::kValid));
    ASSIGN_OR_RETURN(const catalog::TableRef index, catalog_.OpenByOid(rebuilt.index));
    ASSIGN_OR_RETURN(const std::string name, catalog_.ChooseRelationName(index->name, "", "ccold", index->schema));
    RETURN_IF_ERROR(catalog_.RenameObject({catalog::oid::kPgClass, rebuilt.fresh}, name));
    RETURN_IF_ERROR(context_.next_transaction());
  }
  for (const Rebuilt& rebuilt : all) {
    RETURN_IF_ERROR(DropConcurrently(table_oid, rebuilt.fresh));
    RETURN_IF_ERROR(context_.next_transaction());
  }
  return Status::Ok();
}

}  // namespace phantom::session
