// catalog/open_table.h
//
// A user's table's rows, and its indexes' entries, for reading and writing them. A temporary table is known as nobody else's, so
// that serializable transactions are not watched there.
#pragma once
#include "catalog/table.h"
#include "txn/index.h"
#include "txn/row_table.h"

namespace phantom::catalog {

// The table must outlive what is opened.
Result<txn::RowTable> OpenRows(txn::TransactionManager& manager, const Table& table);
// `tree`: the index's.
Result<txn::Index> OpenIndex(txn::TransactionManager& manager, const Table& table, TreeId tree);

}  // namespace phantom::catalog
