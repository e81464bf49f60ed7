#include "session/check.h"

#include <deque>

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/object_loader.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "catalog/system_tables.h"
#include "engine/row_index_key.h"
#include "engine/runtime.h"
#include "session/type_hooks.h"
#include "txn/check.h"
#include "txn/snapshot.h"
#include "txn/transaction.h"

namespace phantom::session {

namespace {

using Report = std::function<void(const std::string&)>;

// One database, seen by a transaction of its own.
class DatabaseCheck {
 public:
  DatabaseCheck(catalog::SharedCatalog& shared, const catalog::Database& database, const Report& report)
      : manager_(shared.manager()),
        database_(database),
        report_(report),
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

  void CheckSystemTables(bool shared) {
    const catalog::SystemTables& tables = catalog::SystemTables::Get();
    for (const Oid oid : tables.StoredTables(shared)) {
      const catalog::TableRef table = tables.Find(oid);
      Take(*table, CheckSystemTable(*table, shared ? SpaceId(0) : database_.space));
    }
  }

  Status CheckUserTables() {
    ASSIGN_OR_RETURN(const std::vector<catalog::Row> relations, catalog_.store().All(catalog::oid::kPgClass));
    for (const catalog::Row& relation : relations) {
      if (relation.Char(catalog::pg_class::relkind) != static_cast<char>(catalog::RelationKind::kTable)) continue;
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog_.TableByOid(relation.GetOid(catalog::pg_class::oid)));
      if (table != nullptr && !table->is_system()) Take(*table, CheckUserTable(*table));
    }
    return Status::Ok();
  }

 private:
  void Problem(const catalog::Table& table, const std::string& text) {
    report_("database \"" + database_.name + "\", table \"" + table.schema_name + "." + table.name + "\": " + text);
  }

  // A table that cannot be read to its end is a problem of that table only.
  void Take(const catalog::Table& table, const Result<txn::CheckReport>& checked) {
    if (!checked.ok()) return Problem(table, checked.status().message());
    for (const std::string& problem : checked->problems) Problem(table, problem);
    if (checked->problems.size() == txn::CheckReport::kProblemsMax) Problem(table, "further problems are not listed");
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
    return txn::CheckTable(manager_, rows, indexes);
  }

  Result<txn::CheckReport> CheckUserTable(const catalog::Table& table) {
    ASSIGN_OR_RETURN(const txn::RowTable rows, txn::RowTable::Open(manager_, table.space, table.tree, table.layout));
    engine::Runtime runtime(context_, 0, 0, 0);
    std::deque<txn::Index> opened;
    std::vector<txn::CheckedIndex> indexes;
    for (const catalog::Index& index : table.indexes) {
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
    return txn::CheckTable(manager_, rows, indexes);
  }

  txn::TransactionManager& manager_;
  const catalog::Database& database_;
  const Report& report_;
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
  for (const catalog::Database& database : databases) {
    DatabaseCheck check(*shared, database, report);
    // The shared tables are seen from every database, and looked at from one.
    if (first) check.CheckSystemTables(/*shared=*/true);
    first = false;
    check.CheckSystemTables(/*shared=*/false);
    if (const Status read = check.CheckUserTables(); !read.ok()) {
      report("database \"" + database.name + "\": " + read.message());
    }
  }
  return Status::Ok();
}

}  // namespace phantom::session
