// session/in_catalog.h
//
// Look-ups in a database's catalog outside any session, each in a transaction of its own that changes nothing.
#pragma once
#include <memory>

#include "catalog/catalog.h"
#include "session/instance.h"
#include "txn/transaction.h"

namespace phantom::session {

// look_up(catalog)'s result. Shared catalogs are seen in any database; template1 is always there.
template <typename LookUp>
auto InCatalog(Instance& instance, Oid database, LookUp look_up) {
  catalog::Catalog catalog(instance.catalog(), database);
  const std::unique_ptr<txn::Transaction> transaction = instance.transactions().Begin();
  catalog.Begin(*transaction);
  auto result = look_up(catalog);
  static_cast<void>(transaction->Abort().ok());
  catalog.End(false);
  return result;
}

}  // namespace phantom::session
