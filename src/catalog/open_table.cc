#include "catalog/open_table.h"

#include <utility>

namespace phantom::catalog {

namespace {

template <typename Opened>
Result<Opened> AsOf(const Table& table, Result<Opened> opened) {
  if (opened.ok() && table.persistence == Persistence::kTemporary) opened->SetPrivate();
  return opened;
}

}  // namespace

Result<txn::RowTable> OpenRows(txn::TransactionManager& manager, const Table& table) {
  return AsOf(table, txn::RowTable::Open(manager, table.space, table.tree, table.layout, table.oid));
}

Result<txn::Index> OpenIndex(txn::TransactionManager& manager, const Table& table, TreeId tree) {
  return AsOf(table, txn::Index::Open(manager, table.space, tree));
}

}  // namespace phantom::catalog
