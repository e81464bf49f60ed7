// A database on a simulated disk, with its catalogs.
#pragma once
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/shared_catalog.h"
#include "io/sim_env.h"
#include "must.h"
#include "store/store.h"
#include "txn/transaction.h"

namespace phantom::catalog {

class Notices : public NoticeSink {
 public:
  void Notice(const Status& notice) override {
    messages.push_back(notice.message());
    if (!notice.error().detail.empty()) messages.push_back(notice.error().detail);
  }
  std::vector<std::string> messages;
};

class CatalogFixture {
 public:
  CatalogFixture() {
    Open();
    Connect();
  }
  ~CatalogFixture() { Close(); }

  void Open() {
    store::StoreOptions options;
    options.checkpoint_thread = false;
    options.buffer_pool_bytes = 16 << 20;
    store = Must(store::Store::Open(env, "data", options));
    txn::TransactionOptions transaction_options;
    transaction_options.purge_interval_ms = 0;
    transaction_options.background_undo = false;
    manager = Must(txn::TransactionManager::Create(*store, transaction_options));
    shared = Must(SharedCatalog::Open(*manager));
  }
  void Connect() {
    catalog = std::make_unique<Catalog>(*shared, oid::kDatabasePostgres);
    catalog->SetNoticeSink(&notices);
    Begin();
  }
  void Close() {
    if (transaction != nullptr && transaction->active()) (void)transaction->Abort().ok();
    if (catalog != nullptr) catalog->End(false);
    transaction.reset();
    catalog.reset();
    shared.reset();
    manager.reset();
    if (store != nullptr) (void)store->Close().ok();
    store.reset();
  }
  void Begin() {
    transaction = manager->Begin();
    catalog->Begin(*transaction);
  }
  void Commit() {
    Must(transaction->Commit());
    catalog->End(true);
    Begin();
  }
  void Abort() {
    Must(transaction->Abort());
    catalog->End(false);
    Begin();
  }

  static ColumnDefinition MakeColumn(std::string name, Oid type) {
    ColumnDefinition column;
    column.name = std::move(name);
    column.type = {type};
    return column;
  }
  // A table of two integer columns, the first its key.
  Oid MakeTable(const std::string& name) {
    TableDefinition definition;
    definition.name = name;
    definition.schema = Must(catalog->CreationSchema("", Persistence::kPermanent));
    definition.columns = {MakeColumn("a", types::kInt4Oid), MakeColumn("b", types::kInt4Oid)};
    ConstraintDefinition key;
    key.kind = ConstraintKind::kPrimaryKey;
    key.columns = {1};
    definition.constraints = {key};
    return Must(catalog->CreateTable(definition));
  }
  TableRef Table(const std::string& name) { return Must(catalog->FindTable({"", name, -1})); }

  io::SimEnv env{1};
  std::unique_ptr<store::Store> store;
  std::unique_ptr<txn::TransactionManager> manager;
  std::unique_ptr<SharedCatalog> shared;
  Notices notices;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<txn::Transaction> transaction;
};

}  // namespace phantom::catalog
