// CREATE INDEX, REINDEX and DROP INDEX CONCURRENTLY: in several transactions, between which writers of the table go on.
//
// An index is made in these steps, each committed before the next; what a failure or a crash leaves behind is an index that
// is not valid, which writers keep up to date if it is ready, and nobody reads.
//   1. It is put into the catalogs, neither ready nor valid. Whoever wrote the table without knowing it is waited for.
//   2. Its keys are looked through: bad ones are found while it costs nobody anything. It becomes ready. Whoever wrote the
//      table without keeping it up to date is waited for.
//   3. The rows that are there get their entries, beside writers who make theirs (fill_index.cc).
//   4. Whoever has an older snapshot is waited for: he could look for row versions that it lacks. It becomes valid.
// Dropping goes the other way: not valid, and readers are waited for; dead, and writers are waited for; gone.
#include <algorithm>

#include "catalog/index_swap.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "session/ddl/runner.h"
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

}  // namespace

txn::LockHolder& DdlRunner::Locks() { return catalog_.store().transaction()->locks(); }

Status DdlRunner::WaitForLockers(Oid table, txn::LockMode mode) {
  return catalog_.shared().manager().locks().WaitForLockers(Locks(), txn::LockTag::Relation(catalog_.database(), table), mode);
}

Status DdlRunner::NextState(Oid index, IndexState state) {
  RETURN_IF_ERROR(catalog_.SetIndexState(index, state));
  return context_.next_transaction();
}

Status DdlRunner::BuildConcurrently(Oid table, Oid index) {
  ASSIGN_OR_RETURN(const SessionLock lock, SessionLock::Take(Locks(), catalog_.database(), table));
  RETURN_IF_ERROR(context_.next_transaction());
  RETURN_IF_ERROR(WaitForLockers(table, txn::LockMode::kShare));
  RETURN_IF_ERROR(FillConcurrently(table, index));
  return catalog_.SetIndexState(index, IndexState::kValid);
}

// ---- DROP INDEX CONCURRENTLY ------------------------------------------------------------------------------------------

Status DdlRunner::DropConcurrently(Oid table, const std::vector<Oid>& indexes) {
  // Readers go first: until they have gone writers keep it up to date for them.
  RETURN_IF_ERROR(WaitForLockers(table, txn::LockMode::kAccessExclusive));
  std::vector<catalog::ObjectAddress> objects;
  for (const Oid index : indexes) {
    RETURN_IF_ERROR(catalog_.SetIndexState(index, IndexState::kDead));
    objects.push_back({catalog::oid::kPgClass, index});
  }
  RETURN_IF_ERROR(context_.next_transaction());
  RETURN_IF_ERROR(WaitForLockers(table, txn::LockMode::kAccessExclusive));
  return catalog_.DropObjects(objects, false);
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
  ASSIGN_OR_RETURN(const SessionLock table_lock, SessionLock::Take(Locks(), catalog_.database(), table));
  ASSIGN_OR_RETURN(const SessionLock index_lock, SessionLock::Take(Locks(), catalog_.database(), index->oid));
  ASSIGN_OR_RETURN(const catalog::TableRef indexed, catalog_.OpenByOid(table));
  const catalog::Index* known = indexed->FindIndex(index->oid);
  // An earlier attempt may have come half way.
  RETURN_IF_ERROR(NextState(index->oid, known == nullptr ? IndexState::kDead
                                        : known->ready   ? IndexState::kReady
                                                         : IndexState::kPlanned));
  RETURN_IF_ERROR(DropConcurrently(table, {index->oid}));
  return result;
}

// ---- REINDEX CONCURRENTLY ---------------------------------------------------------------------------------------------

// A new index is made beside each old one; when all are complete the new ones take the old ones' places, and those go.
Status DdlRunner::ReindexConcurrently(Oid table_oid, Oid index_oid) {
  RETURN_IF_ERROR(catalog_.LockTable(table_oid, txn::LockMode::kShareUpdateExclusive));
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.TableByOid(table_oid));
  if (table == nullptr) return Status::Ok();
  if (table->persistence == catalog::Persistence::kTemporary) return ReindexTable(table_oid, index_oid);
  std::vector<SessionLock> locks;
  const auto keep = [&](Oid relation) -> Status {
    ASSIGN_OR_RETURN(SessionLock lock, SessionLock::Take(Locks(), catalog_.database(), relation));
    locks.push_back(std::move(lock));
    return Status::Ok();
  };
  RETURN_IF_ERROR(keep(table_oid));
  struct Rebuilt {
    Oid old;
    Oid fresh;
    bool deferrable;
  };
  std::vector<Rebuilt> all;
  std::vector<Oid> old_ones;
  for (const catalog::Index& index : table->indexes) {
    if (index_oid != 0 && index.oid != index_oid) continue;
    if (index_oid == 0 && !index.valid) {
      context_.warning(Errorf(sqlstate::kIndexCorrupted, "cannot reindex invalid index \"%s.%s\" concurrently, skipping",
                              table->schema_name.c_str(), index.name.c_str()));
      continue;
    }
    RETURN_IF_ERROR(keep(index.oid));
    ASSIGN_OR_RETURN(const std::string name, catalog_.ChooseRelationName(index.name, "", "ccnew", table->schema));
    ASSIGN_OR_RETURN(const Oid fresh, catalog_.CopyIndex(index, name));
    RETURN_IF_ERROR(keep(fresh));
    all.push_back({index.oid, fresh, !index.immediate});
    old_ones.push_back(index.oid);
  }
  if (all.empty()) return Status::Ok();
  RETURN_IF_ERROR(context_.next_transaction());
  RETURN_IF_ERROR(WaitForLockers(table_oid, txn::LockMode::kShare));
  for (const Rebuilt& rebuilt : all) RETURN_IF_ERROR(FillConcurrently(table_oid, rebuilt.fresh));
  for (const Rebuilt& rebuilt : all) {
    // Who decides later whether a key is taken looks into one of the two only: there must be nobody who writes.
    if (rebuilt.deferrable) RETURN_IF_ERROR(catalog_.LockTable(table_oid, txn::LockMode::kShareRowExclusive));
    ASSIGN_OR_RETURN(const catalog::TableRef old, catalog_.OpenByOid(rebuilt.old));
    ASSIGN_OR_RETURN(const std::string name, catalog_.ChooseRelationName(old->name, "", "ccold", old->schema));
    RETURN_IF_ERROR(catalog::SwapIndexes(catalog_, rebuilt.fresh, rebuilt.old, name));
  }
  RETURN_IF_ERROR(context_.next_transaction());
  RETURN_IF_ERROR(DropConcurrently(table_oid, old_ones));
  return context_.next_transaction();
}

}  // namespace phantom::session
