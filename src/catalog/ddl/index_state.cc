// The lives of indexes that are built, rebuilt and dropped while their table is written.
#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/ddl/rows.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "txn/transaction.h"

namespace phantom::catalog {

Status Catalog::SetIndexState(Oid index, IndexState state) {
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgIndex, index_oid::kIndexByOid, {index}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for index %u", index);
  Row changed = *row;
  changed.SetBool(pg_index::indislive, state != IndexState::kDead);
  changed.SetBool(pg_index::indisready, state >= IndexState::kReady);
  changed.SetBool(pg_index::indisvalid, state == IndexState::kValid);
  if (state != IndexState::kValid) {
    changed.SetBool(pg_index::indisclustered, false).SetBool(pg_index::indisreplident, false);
  }
  if (changed.values() == row->values()) return Status::Ok();
  RETURN_IF_ERROR(store_->Update(*row, changed));
  Changed();
  return Status::Ok();
}

Result<Oid> Catalog::CopyIndex(const Index& index, std::string_view name) {
  ASSIGN_OR_RETURN(std::optional<Row> relation, store_->FindOne(oid::kPgClass, index_oid::kClassByOid, {index.oid}));
  ASSIGN_OR_RETURN(std::optional<Row> definition, store_->FindOne(oid::kPgIndex, index_oid::kIndexByOid, {index.oid}));
  if (!relation || !definition) return Errorf(sqlstate::kInternalError, "cache lookup failed for index %u", index.oid);
  const Oid oid = shared_->AllocateOid();
  ASSIGN_OR_RETURN(const TreeId tree, shared_->manager().CreateIndexTree(*transaction_, store_->space()));
  relation->SetInt(pg_class::oid, oid).SetText(pg_class::relname, name).SetInt(pg_class::relfilenode, tree.value);
  RETURN_IF_ERROR(store_->Insert(*relation));
  ASSIGN_OR_RETURN(std::vector<Row> attributes,
                   store_->Find(oid::kPgAttribute, index_oid::kAttributeByNumber, {index.oid}));
  for (Row& attribute : attributes) {
    attribute.SetInt(pg_attribute::attrelid, oid);
    RETURN_IF_ERROR(store_->Insert(attribute));
  }
  definition->SetInt(pg_index::indexrelid, oid).SetBool(pg_index::indisprimary, false);
  definition->SetBool(pg_index::indisvalid, false).SetBool(pg_index::indisready, false).SetBool(pg_index::indislive, true);
  definition->SetBool(pg_index::indisclustered, false).SetBool(pg_index::indisreplident, false);
  // Without the constraint nobody would decide later.
  if (!index.immediate) definition->SetBool(pg_index::indisunique, false).SetBool(pg_index::indimmediate, true);
  RETURN_IF_ERROR(store_->Insert(*definition));

  // It goes with the table and the columns it is over; what an index of a constraint depends on is the constraint.
  const ObjectAddress self{oid::kPgClass, oid};
  RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgClass, index.table}, DependencyKind::kAuto));
  for (const IndexKey& key : index.keys) {
    if (key.column <= 0) continue;
    RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgClass, index.table, key.column}, DependencyKind::kAuto));
  }
  ASSIGN_OR_RETURN(std::vector<Row> uses, store_->Find(oid::kPgDepend, index_oid::kDependByDependent,
                                                       {oid::kPgClass, index.oid}));
  for (const Row& use : uses) {
    const ObjectAddress on{use.GetOid(pg_depend::refclassid), use.GetOid(pg_depend::refobjid),
                           static_cast<int32_t>(use.Int(pg_depend::refobjsubid))};
    if (on.catalog == oid::kPgConstraint || (on.catalog == oid::kPgClass && on.column == 0)) continue;
    RETURN_IF_ERROR(RecordDependency(*store_, self, on, static_cast<DependencyKind>(use.Char(pg_depend::deptype))));
  }
  RETURN_IF_ERROR(RecordOwner(*store_, database_, self, relation->GetOid(pg_class::relowner)));
  Changed();
  return oid;
}

bool Catalog::IsIndexComplete(const Table& table, const Index& index) {
  if (transaction_ == nullptr || !transaction_->keeps_snapshot() || !transaction_->has_snapshot()) [[likely]] return true;
  if (shared_->manager().CompleteSince(table.space, index.tree) <= transaction_->snapshot_lsn()) return true;
  ++indexes_withheld_;
  return false;
}

}  // namespace phantom::catalog
