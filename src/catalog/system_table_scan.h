// catalog/system_table_scan.h
//
// Rows of a system table for queries: the built-in ones, then the stored ones the snapshot sees.
//
// Thread safety: one thread at a time; the catalog and the snapshot must outlive it.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/table.h"
#include "common/status.h"
#include "types/chunk.h"

namespace phantom::txn {
class Snapshot;
}

namespace phantom::catalog {

// Stored lists of privileges name roles by number: clients see names. Rewrites the first `count` rows of those
// columns of stored rows; `columns` says which of the table's columns the vectors are.
Status ShowAcls(Catalog& catalog, const Table& table, std::span<const uint32_t> columns, std::span<types::Vector> vectors,
                uint32_t count);

class SystemTableScan {
 public:
  // Columns by position (attribute number - 1), in the order wanted. Requires table.is_system() and that it is no view.
  SystemTableScan(Catalog& catalog, const Table& table, std::vector<uint32_t> columns, const txn::Snapshot& snapshot);
  ~SystemTableScan();

  // Fills `out` with the next rows, at most kVectorSize; no rows is the end. What it holds stays valid until the next
  // call. row_ids, unless null, has room for kVectorSize and gets numbers that tell the rows apart.
  Status Next(types::Chunk& out, RowId* row_ids = nullptr);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phantom::catalog
