// Filling an index that all who write its table keep up to date: the rows that are there get their entries, beside writers
// who make theirs (docs/decisions/0027-indexes-beside-writers.md).
#include <algorithm>
#include <utility>

#include "catalog/open_table.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "session/ddl/runner.h"
#include "txn/index.h"
#include "txn/index_load.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

// Whether a look at the keys may find what stands against the index: duplicates, keys that are too long, expressions that fail.
static bool MayFail(const catalog::Index& index) {
  if (index.unique || !index.predicate_sql.empty()) return true;
  return std::ranges::any_of(index.keys, [](const catalog::IndexKey& key) {
    const types::Layout layout = types::LayoutOf(key.type);
    return key.column == 0 || layout == types::Layout::kString || layout == types::Layout::kNumeric;
  });
}

// From an index that everybody knows to one that is complete. Ends in a new transaction.
Status DdlRunner::FillConcurrently(Oid table_oid, Oid index_oid) {
  const auto missing = [&] { return Errorf(sqlstate::kInternalError, "cache lookup failed for index %u", index_oid); };
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.OpenByOid(table_oid));
  const catalog::Index* index = table->FindIndex(index_oid);
  if (index == nullptr) return missing();
  if (MayFail(*index)) RETURN_IF_ERROR(LookThroughKeys(*table, *index));
  RETURN_IF_ERROR(NextState(index_oid, catalog::Catalog::IndexState::kReady));
  RETURN_IF_ERROR(WaitForLockers(table_oid, txn::LockMode::kShare));

  txn::TransactionManager& manager = catalog_.shared().manager();
  ASSIGN_OR_RETURN(table, catalog_.OpenByOid(table_oid));
  index = table->FindIndex(index_oid);
  if (index == nullptr) return missing();
  ASSIGN_OR_RETURN(txn::Index entries, catalog::OpenIndex(manager, *table, index->tree));
  ASSIGN_OR_RETURN(const txn::RowTable rows, catalog::OpenRows(manager, *table));
  const bool many = rows.EndRowId().value > txn::kIndexLoadEntriesMin;
  RETURN_IF_ERROR(many ? FillWithRun(*table, *index, entries, rows) : FillOneByOne(*table, *index, entries, rows));
  // Later than the filling's own view: whoever has an older one may miss something.
  const Lsn filled_at = catalog_.store().transaction()->TakeCatalogSnapshot().read_lsn();
  RETURN_IF_ERROR(context_.next_transaction());
  return manager.WaitForOlderSnapshots(Locks(), filled_at);
}

Status DdlRunner::LookThroughKeys(const catalog::Table& table, const catalog::Index& index) {
  std::string last;
  bool has_last = false;
  return ForEachKey(table, index, [&](const KeyedRow& row) -> Status {
    RETURN_IF_ERROR(txn::Index::CheckKey(row.key));
    if (!row.must_differ) return Status::Ok();
    if (has_last && last == row.key) return DuplicateKey(table, index, row, true);
    last = row.key;
    has_last = true;
    return Status::Ok();
  });
}

Status DdlRunner::FillOneByOne(const catalog::Table& table, const catalog::Index& index, txn::Index& entries,
                               const txn::RowTable& rows) {
  txn::Transaction& transaction = *catalog_.store().transaction();
  return ForEachKey(table, index, [&](const KeyedRow& row) -> Status {
    ASSIGN_OR_RETURN(const txn::Index::Filled filled,
                     entries.Fill(transaction, row.key, row.row, rows, row.must_differ));
    return filled == txn::Index::Filled::kDone ? Status::Ok() : DuplicateKey(table, index, row, false);
  });
}

// All entries at once, as a run under those that writers have made. Whether a key is taken twice shows afterwards, when the run
// is seen by whoever inserts.
Status DdlRunner::FillWithRun(const catalog::Table& table, const catalog::Index& index, txn::Index& entries,
                              const txn::RowTable& rows) {
  txn::Transaction& transaction = *catalog_.store().transaction();
  {
    // Marks that are made from now on stay until the run is under them.
    const txn::Snapshot held = transaction.TakeCatalogSnapshot();
    txn::IndexLoad load(entries);
    std::string last_key;
    RowId last_row;
    RETURN_IF_ERROR(ForEachKey(table, index, [&](const KeyedRow& row) -> Status {
      // Where the order of the type is coarser than that of keys, some come too late for the run.
      if (load.entries() > 0 && (row.key < last_key || (row.key == last_key && row.row <= last_row))) {
        return entries.Fill(transaction, row.key, row.row, rows, false).status();
      }
      last_key = row.key;
      last_row = row.row;
      return load.Add(row.key, row.row);
    }));
    RETURN_IF_ERROR(load.Publish(transaction));
  }
  if (!index.unique) return Status::Ok();
  std::vector<std::pair<std::string, RowId>> shared;  // keys that several rows seem to have, and one of those
  {
    const txn::Snapshot now = transaction.TakeCatalogSnapshot();
    txn::IndexScan scan(entries, now, {});
    txn::IndexEntry entry;
    std::string last_key;
    bool has_last = false;
    for (;;) {
      ASSIGN_OR_RETURN(const bool more, scan.Next(&entry));
      if (!more) break;
      if (entry.dead) continue;
      if (!has_last || entry.key != last_key) {
        last_key = entry.key;
        has_last = true;
      } else if (shared.empty() || shared.back().first != last_key) {
        shared.emplace_back(last_key, entry.row);
      }
    }
  }
  for (const auto& [key, row] : shared) RETURN_IF_ERROR(CheckShared(table, index, entries, rows, key, row));
  return Status::Ok();
}

Status DdlRunner::CheckShared(const catalog::Table& table, const catalog::Index& index, txn::Index& entries,
                              const txn::RowTable& rows, const std::string& key, RowId row) {
  bool must_differ = true;
  RETURN_IF_ERROR(ForEachKey(table, index, [&](const KeyedRow& found) {
    must_differ = found.must_differ || found.key != key;
    return Status::Ok();
  }, row));
  if (!must_differ) return Status::Ok();
  // Two rows must have it at one time: whoever is found first has it still after the other.
  txn::Transaction& transaction = *catalog_.store().transaction();
  RowId before, last = row;
  for (int look = 0; look < 3; ++look) {
    ASSIGN_OR_RETURN(const std::optional<RowId> other, entries.FindConflict(transaction, key, last, rows));
    if (!other) return Status::Ok();
    before = std::exchange(last, *other);
  }
  const auto report = [&](const KeyedRow& found) {
    return found.key == key ? DuplicateKey(table, index, found, false) : Status::Ok();
  };
  RETURN_IF_ERROR(ForEachKey(table, index, report, last));
  return ForEachKey(table, index, report, before);
}

}  // namespace phantom::session
