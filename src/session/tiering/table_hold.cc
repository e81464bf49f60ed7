#include "session/tiering/table_hold.h"

#include "catalog/catalog.h"
#include "catalog/oids.h"
#include "catalog/shared_catalog.h"
#include "session/in_catalog.h"
#include "session/instance.h"
#include "txn/transaction.h"

namespace phantom::session {

// No session's: what it holds is shown under process 0.
TableHold::TableHold(Instance& instance, Oid database, Oid table)
    : instance_(instance),
      database_tag_(txn::LockTag::Object(0, catalog::oid::kPgDatabase, database)),
      table_tag_(txn::LockTag::Relation(database, table)),
      holder_(instance.transactions().locks(), 0) {}

Result<std::unique_ptr<TableHold>> TableHold::Try(Instance& instance, Oid database, Oid table) {
  std::unique_ptr<TableHold> hold(new TableHold(instance, database, table));
  txn::LockRequest request;
  request.policy = txn::WaitPolicy::kSkip;
  ASSIGN_OR_RETURN(const bool open, hold->holder_.Acquire(hold->database_tag_, txn::LockMode::kRowExclusive, request));
  if (!open) return std::unique_ptr<TableHold>();
  ASSIGN_OR_RETURN(const bool held,
                   hold->holder_.Acquire(hold->table_tag_, txn::LockMode::kShareUpdateExclusive, request));
  if (!held || !instance.transactions().HasSpace(catalog::SharedCatalog::SpaceOf(database))) {
    return std::unique_ptr<TableHold>();
  }
  ASSIGN_OR_RETURN(hold->table_,
                   InCatalog(instance, database, [&](catalog::Catalog& catalog) { return catalog.TableByOid(table); }));
  if (hold->table_ == nullptr || hold->table_->kind != catalog::RelationKind::kTable) return std::unique_ptr<TableHold>();
  ASSIGN_OR_RETURN(txn::RowTable rows, txn::RowTable::Open(instance.transactions(), hold->table_->space,
                                                           hold->table_->tree, hold->table_->layout));
  hold->rows_ = std::make_unique<txn::RowTable>(std::move(rows));
  return hold;
}

bool TableHold::IsAwaited() const {
  const txn::LockManager& locks = instance_.transactions().locks();
  return locks.IsAwaited(table_tag_) || locks.IsAwaited(database_tag_);
}

}  // namespace phantom::session
