#include "session/tiering/storage_rows.h"

#include <algorithm>

#include "catalog/catalog.h"
#include "session/instance.h"
#include "session/row_writer.h"
#include "session/session_state.h"
#include "session/tiering/move_log.h"
#include "store/store.h"
#include "store/tiered_tree.h"
#include "txn/chunk_policy.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

namespace {

constexpr int64_t kPageBytes = 8192;

// Calls fn(table, rows) for every table, kept from being dropped meanwhile.
template <typename Fn>
Status ForTables(SessionState& state, Fn fn) {
  ASSIGN_OR_RETURN(const std::vector<Oid> tables, state.catalog.ReachableTables());
  for (const Oid oid : tables) {
    ASSIGN_OR_RETURN(catalog::TableRef table, state.catalog.TableByOid(oid));
    if (table == nullptr) continue;
    RETURN_IF_ERROR(state.catalog.LockTable(oid, txn::LockMode::kAccessShare));
    ASSIGN_OR_RETURN(table, state.catalog.TableByOid(oid));
    if (table == nullptr) continue;
    ASSIGN_OR_RETURN(const txn::RowTable rows, txn::RowTable::Open(state.instance.transactions(), table->space,
                                                                   table->tree, table->layout));
    RETURN_IF_ERROR(fn(*table, rows));
  }
  return Status::Ok();
}

int64_t AtLeastZero(double value) { return std::max<int64_t>(0, static_cast<int64_t>(value)); }

}  // namespace

Result<std::optional<std::string>> StorageRows(SessionState& state) {
  RowWriter out;
  RETURN_IF_ERROR(ForTables(state, [&](const catalog::Table& table, const txn::RowTable& rows) -> Status {
    txn::ChunkLook all;
    int64_t cold_chunks = 0;
    const uint64_t chunks = rows.ChunkCount();
    for (uint64_t chunk = 0; chunk < chunks; ++chunk) {
      ASSIGN_OR_RETURN(const txn::ChunkLook look, rows.LookAt(chunk));
      cold_chunks += look.cold;
      all.rows += look.rows;
      all.bytes += look.bytes;
      all.dead += look.dead;
      all.overlaid += look.overlaid;
    }
    ASSIGN_OR_RETURN(const txn::RowTable::Size size, rows.EstimateSize());
    const auto cold_rows = static_cast<double>(all.rows), cold_bytes = static_cast<double>(all.bytes);
    out.Number(table.oid).Add("table");
    out.Number(AtLeastZero(size.rows - (cold_rows - static_cast<double>(std::min(all.rows, all.dead)))));
    out.Number(AtLeastZero(size.pages * kPageBytes - cold_bytes)).Number(static_cast<int64_t>(chunks) - cold_chunks);
    out.Number(static_cast<int64_t>(all.rows)).Number(static_cast<int64_t>(all.bytes)).Number(cold_chunks);
    out.Number(static_cast<int64_t>(all.overlaid)).Number(static_cast<int64_t>(all.dead)).Null(3).End();
    for (const catalog::Index& index : table.indexes) {
      ASSIGN_OR_RETURN(const catalog::TableRef relation, state.catalog.TableByOid(index.oid));
      if (relation == nullptr) continue;
      out.Number(index.oid).Add("index").Number(AtLeastZero(relation->estimated_rows));
      out.Number(std::max<int64_t>(relation->estimated_pages, 1) * kPageBytes).Null(6);
      ASSIGN_OR_RETURN(const std::shared_ptr<store::TieredTree> entries, state.instance.store().OpenTiered(table.space, index.tree));
      uint64_t runs = 0, run_entries = 0, run_bytes = 0;
      if (const std::shared_ptr<const store::RunList> list = entries->runs(); list != nullptr) {
        for (const std::shared_ptr<const store::Run>& run : *list) {
          ++runs;
          run_entries += run->info.entries;
          run_bytes += run->info.bytes;
        }
      }
      out.Number(static_cast<int64_t>(runs)).Number(static_cast<int64_t>(run_entries)).Number(static_cast<int64_t>(run_bytes)).End();
    }
    return Status::Ok();
  }));
  return std::optional(out.Take());
}

Result<std::optional<std::string>> SegmentColumnRows(SessionState& state) {
  RowWriter out;
  RETURN_IF_ERROR(ForTables(state, [&](const catalog::Table& table, const txn::RowTable& rows) -> Status {
    for (const txn::SegmentColumn& column : rows.SegmentColumns()) {
      out.Number(table.oid).Number(column.column).Add(std::string(column.encoding));
      out.Number(static_cast<int64_t>(column.vectors)).Number(static_cast<int64_t>(column.bytes)).End();
    }
    return Status::Ok();
  }));
  return std::optional(out.Take());
}

Result<std::optional<std::string>> CompactionRows(SessionState& state) {
  RowWriter out;
  for (const MoveCounts& work : state.instance.moves().All()) {
    out.Add(work.work).Number(static_cast<int64_t>(work.queued)).Number(static_cast<int64_t>(work.done));
    out.Number(static_cast<int64_t>(work.bytes)).Add(Format("%.3f", work.seconds)).Number(static_cast<int64_t>(work.gave_way));
    out.Number(static_cast<int64_t>(work.slowed)).Time(work.last_us);
    out.Add(work.last_error.empty() ? Field() : Field(work.last_error)).End();
  }
  return std::optional(out.Take());
}

}  // namespace phantom::session
