// ALTER TABLE's settings of storage, as the catalogs keep them.
#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/ddl/rows.h"
#include "catalog/system_store.h"

namespace phantom::catalog {

Status Catalog::SetColumnStorage(const Table& table, int column, char storage) {
  return UpdateAttribute(table.oid, column, [&](Row& row) { row.SetChar(pg_attribute::attstorage, storage); });
}

Status Catalog::SetColumnCompression(const Table& table, int column, char method) {
  return UpdateAttribute(table.oid, column, [&](Row& row) { row.SetChar(pg_attribute::attcompression, method); });
}

Result<std::vector<std::string>> Catalog::ColumnOptions(const Table& table, int column) {
  ASSIGN_OR_RETURN(std::optional<Row> row,
                   store_->FindOne(oid::kPgAttribute, index_oid::kAttributeByNumber, {table.oid, column}));
  if (!row || row->IsNull(pg_attribute::attoptions)) return std::vector<std::string>();
  return row->Texts(pg_attribute::attoptions);
}

Status Catalog::SetColumnOptions(const Table& table, int column, const std::vector<std::string>& options) {
  return UpdateAttribute(table.oid, column, [&](Row& row) {
    options.empty() ? row.SetNull(pg_attribute::attoptions) : row.SetTexts(pg_attribute::attoptions, options);
  });
}

Status Catalog::UpdateIndexRows(const Table& table, const std::function<void(Row&)>& change) {
  ASSIGN_OR_RETURN(const std::vector<Row> rows,
                   store_->Find(oid::kPgIndex, index_oid::kIndexByRelation, {table.oid}));
  for (const Row& row : rows) {
    Row changed = row;
    change(changed);
    RETURN_IF_ERROR(store_->Update(row, changed));
  }
  Changed();
  return Status::Ok();
}

Status Catalog::SetClusteredIndex(const Table& table, Oid index) {
  return UpdateIndexRows(
      table, [&](Row& row) { row.SetBool(pg_index::indisclustered, row.GetOid(pg_index::indexrelid) == index); });
}

Status Catalog::SetReplicaIdentity(const Table& table, char identity, Oid index) {
  RETURN_IF_ERROR(UpdateIndexRows(
      table, [&](Row& row) { row.SetBool(pg_index::indisreplident, row.GetOid(pg_index::indexrelid) == index); }));
  return UpdateClass(table.oid, [&](Row& row) { row.SetChar(pg_class::relreplident, identity); });
}

Status Catalog::SetPersistence(const Table& table, Persistence persistence) {
  const auto change = [&](Row& row) { row.SetChar(pg_class::relpersistence, static_cast<char>(persistence)); };
  for (const Index& index : table.indexes) RETURN_IF_ERROR(UpdateClass(index.oid, change));
  for (size_t i = 0; i < table.columns.size(); ++i) {
    ASSIGN_OR_RETURN(const Oid sequence, OwnedSequence(table.oid, static_cast<int>(i) + 1));
    if (sequence != 0) RETURN_IF_ERROR(UpdateClass(sequence, change));
  }
  return UpdateClass(table.oid, change);
}

Status Catalog::SetConstraintDeferrable(Oid constraint, bool deferrable, bool deferred) {
  return UpdateObject({oid::kPgConstraint, constraint}, [&](Row& row) {
    row.SetBool(pg_constraint::condeferrable, deferrable).SetBool(pg_constraint::condeferred, deferred);
  });
}

Status Catalog::DropColumnExpression(const Table& table, int column) {
  const ObjectAddress expression{oid::kPgAttrdef, table.column(column).default_oid};
  RETURN_IF_ERROR(ForgetDependencies(*store_, expression));  // it is a part of the column
  RETURN_IF_ERROR(DropObjects({expression}, false));
  return UpdateAttribute(table.oid, column, [](Row& row) { row.SetChar(pg_attribute::attgenerated, '\0'); });
}

}  // namespace phantom::catalog
