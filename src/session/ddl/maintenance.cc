// REINDEX and CLUSTER.
#include <algorithm>

#include "catalog/stored_sql.h"
#include "catalog/system_store.h"
#include "catalog/system_tables.h"
#include "session/ddl/runner.h"

namespace phantom::session {

using parser::ReindexObject;

Status DdlRunner::ReindexTable(Oid oid, Oid index_oid) {
  RETURN_IF_ERROR(catalog_.LockTable(oid, txn::LockMode::kAccessExclusive));
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.TableByOid(oid));
  if (table == nullptr) return Status::Ok();
  const auto wanted = [&](const catalog::Index& index) { return index_oid == 0 || index.oid == index_oid; };
  for (const catalog::Index& index : table->indexes) {
    if (wanted(index)) RETURN_IF_ERROR(catalog_.ReplaceIndexStorage(index));
  }
  ASSIGN_OR_RETURN(table, catalog_.OpenByOid(oid));
  for (const catalog::Index& index : table->indexes) {
    if (wanted(index)) RETURN_IF_ERROR(BuildIndex(*table, index));
  }
  return Status::Ok();
}

Status DdlRunner::ReindexSystemTables() {
  for (const bool shared : {false, true}) {
    for (const Oid table : catalog::SystemTables::Get().StoredTables(shared)) {
      RETURN_IF_ERROR(catalog_.store().RepairIndexes(table));
    }
  }
  return Status::Ok();
}

Result<DdlResult> DdlRunner::ReindexMany(const parser::ReindexStmt& statement, bool concurrently) {
  const bool schema_only = statement.object == ReindexObject::kSchema;
  const char* const what = schema_only                                   ? "REINDEX SCHEMA"
                           : statement.object == ReindexObject::kSystem ? "REINDEX SYSTEM"
                                                                        : "REINDEX DATABASE";
  if (context_.in_transaction_block) {
    return Errorf(sqlstate::kActiveSqlTransaction, "%s cannot run inside a transaction block", what);
  }
  const Status system_beside = Error(sqlstate::kFeatureNotSupported, "cannot reindex system catalogs concurrently");
  if (concurrently && statement.object == ReindexObject::kSystem) return system_beside;
  std::vector<Oid> schemas;
  if (schema_only) {
    ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Schema> schema, catalog_.SchemaOrError(statement.name));
    RETURN_IF_ERROR(CheckOwnsObject({catalog::oid::kPgNamespace, schema->oid}));
    if (schema->oid == catalog::oid::kSchemaPgCatalog) {
      if (concurrently) {
        context_.warning(Error(sqlstate::kFeatureNotSupported, "cannot reindex system catalogs concurrently, skipping all"));
        return DdlResult{"REINDEX"};
      }
      RETURN_IF_ERROR(ReindexSystemTables());
      return DdlResult{"REINDEX"};
    }
    schemas.push_back(schema->oid);
  } else {
    ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Database> database,
                     catalog_.DatabaseByOid(catalog_.database()));
    if (!parser::IsNull(statement.name) && database->name != statement.name) {
      return Error(sqlstate::kFeatureNotSupported, "can only reindex the currently open database");
    }
    RETURN_IF_ERROR(CheckOwnsObject({catalog::oid::kPgDatabase, catalog_.database()}));
    if (statement.object == ReindexObject::kSystem) {
      RETURN_IF_ERROR(ReindexSystemTables());
      return DdlResult{"REINDEX"};
    }
  }
  if (concurrently && !schema_only) {
    context_.warning(Error(sqlstate::kFeatureNotSupported, "cannot reindex system catalogs concurrently, skipping all"));
  }
  ASSIGN_OR_RETURN(const std::vector<Oid> tables, catalog_.ReachableTables());
  // Each table in a transaction of its own, so that none is locked for longer than it takes.
  for (const Oid oid : tables) {
    ASSIGN_OR_RETURN(const catalog::TableRef table, catalog_.TableByOid(oid));
    if (table == nullptr || (schema_only && table->schema != schemas.front())) continue;
    RETURN_IF_ERROR(concurrently ? ReindexConcurrently(oid, 0) : ReindexTable(oid));
    RETURN_IF_ERROR(context_.next_transaction());
  }
  return DdlResult{"REINDEX"};
}

Result<DdlResult> DdlRunner::Reindex(const parser::ReindexStmt& statement) {
  bool concurrently = false;
  for (const parser::DefElem* option : statement.params) {
    if (option->name == "concurrently") {
      ASSIGN_OR_RETURN(concurrently, OptionBool(*option));
      if (concurrently && context_.in_transaction_block) {
        return Error(sqlstate::kActiveSqlTransaction, "REINDEX CONCURRENTLY cannot run inside a transaction block");
      }
    } else if (option->name == "tablespace") {
      ASSIGN_OR_RETURN(const std::string name, OptionText(*option));
      if (name != "pg_default") {
        return Errorf(sqlstate::kUndefinedObject, "tablespace \"%s\" does not exist", name.c_str());
      }
    } else if (option->name != "verbose") {
      return Errorf(sqlstate::kSyntaxError, "unrecognized REINDEX option \"%s\"", std::string(option->name).c_str())
          .At(option->location);
    }
  }
  if (statement.relation == nullptr) return ReindexMany(statement, concurrently);
  const catalog::QualifiedName name = NameOf(*statement.relation);
  ASSIGN_OR_RETURN(catalog::TableRef relation, catalog_.TableOrError(name));
  const bool wants_index = statement.object == ReindexObject::kIndex;
  if (wants_index != (relation->kind == catalog::RelationKind::kIndex)) {
    return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not %s", relation->name.c_str(),
                  wants_index ? "an index" : "a table or materialized view");
  }
  RETURN_IF_ERROR(CheckOwnsTable(*relation));
  const Oid table = wants_index ? relation->indexed_table : relation->oid;
  if (relation->is_system() && concurrently) {
    return Error(sqlstate::kFeatureNotSupported, "cannot reindex system catalogs concurrently");
  }
  if (relation->is_system()) {
    if (!relation->is_view()) RETURN_IF_ERROR(catalog_.store().RepairIndexes(table));
    return DdlResult{"REINDEX"};
  }
  RETURN_IF_ERROR(catalog_.LockTable(table, concurrently ? txn::LockMode::kShareUpdateExclusive
                                                         : txn::LockMode::kAccessExclusive));
  const Oid before = relation->oid;
  ASSIGN_OR_RETURN(relation, catalog_.TableOrError(name));
  if (relation->oid != before) return Reindex(statement);
  const Oid index = wants_index ? relation->oid : 0;
  RETURN_IF_ERROR(concurrently ? ReindexConcurrently(table, index) : ReindexTable(table, index));
  return DdlResult{"REINDEX"};
}

// ---- CLUSTER ------------------------------------------------------------------------------------

Status DdlRunner::ClusterTable(Oid oid, std::string_view index_name) {
  RETURN_IF_ERROR(catalog_.LockTable(oid, txn::LockMode::kAccessExclusive));
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.TableByOid(oid));
  if (table == nullptr) return Status::Ok();
  std::string name(index_name);
  if (name.empty()) {
    const auto clustered = std::find_if(table->indexes.begin(), table->indexes.end(),
                                        [](const catalog::Index& index) { return index.clustered; });
    if (clustered == table->indexes.end()) {
      return Errorf(sqlstate::kUndefinedObject, "there is no previously clustered index for table \"%s\"",
                    table->name.c_str());
    }
    name = clustered->name;
  }
  ASSIGN_OR_RETURN(const catalog::Index* index, IndexToClusterOn(*table, name));
  std::string order;
  for (const catalog::IndexKey& key : index->keys) {
    if (!order.empty()) order += ", ";
    order += key.column > 0 ? catalog::Quoted(table->column(key.column).name) : "(" + key.expression_sql + ")";
    order += key.descending ? " DESC" : " ASC";
    order += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  RETURN_IF_ERROR(catalog_.SetClusteredIndex(*table, index->oid));
  ASSIGN_OR_RETURN(table, catalog_.TableByOid(oid));
  return RewriteTable(*table, *table, std::vector<std::string>(table->columns.size()), order);
}

Result<DdlResult> DdlRunner::Cluster(const parser::ClusterStmt& statement) {
  for (const parser::DefElem* option : statement.params) {
    if (option->name != "verbose") {
      return Errorf(sqlstate::kSyntaxError, "unrecognized CLUSTER option \"%s\"", std::string(option->name).c_str())
          .At(option->location);
    }
  }
  if (statement.relation != nullptr) {
    ASSIGN_OR_RETURN(const catalog::TableRef table,
                     OpenForAlter(*statement.relation, txn::LockMode::kAccessExclusive, false));
    if (table->kind != catalog::RelationKind::kTable) {
      return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not a table or materialized view", table->name.c_str());
    }
    RETURN_IF_ERROR(ClusterTable(table->oid, parser::IsNull(statement.index) ? "" : statement.index));
    return DdlResult{"CLUSTER"};
  }
  if (context_.in_transaction_block) {
    return Error(sqlstate::kActiveSqlTransaction, "CLUSTER cannot run inside a transaction block");
  }
  ASSIGN_OR_RETURN(const std::vector<Oid> tables, catalog_.ReachableTables());
  for (const Oid oid : tables) {
    ASSIGN_OR_RETURN(const catalog::TableRef table, catalog_.TableByOid(oid));
    if (table == nullptr) continue;
    const bool clustered =
        std::any_of(table->indexes.begin(), table->indexes.end(), [](const auto& index) { return index.clustered; });
    if (!clustered || !CheckOwnsTable(*table).ok()) continue;
    RETURN_IF_ERROR(ClusterTable(oid, ""));
  }
  return DdlResult{"CLUSTER"};
}

}  // namespace phantom::session
