#include "session/tiering/placement.h"

#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/shared_catalog.h"
#include "common/log.h"
#include "session/in_catalog.h"
#include "session/instance.h"
#include "session/tiering/mode.h"
#include "session/tiering/table_hold.h"
#include "store/store.h"
#include "store/tiered_tree.h"
#include "txn/chunk_moves.h"
#include "txn/index.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

namespace {

enum class Wish { kStay, kFreeze, kThaw };

// The same for the same history, and different from one commit to the next.
Wish WishOf(TieringMode mode, TreeId tree, uint64_t chunk, uint64_t changes) {
  if (mode == TieringMode::kHot) return Wish::kThaw;
  if (mode == TieringMode::kCold) return Wish::kFreeze;
  uint64_t hash = (uint64_t{tree.value} << 32 ^ chunk << 24 ^ changes) * 0x9E3779B97F4A7C15u;
  hash ^= hash >> 29;
  switch (hash * 0xBF58476D1CE4E5B9u >> 62) {
    case 0:
      return Wish::kThaw;
    case 1:
      return Wish::kStay;
    default:
      return Wish::kFreeze;
  }
}

Status PlaceTable(TableHold& hold, TieringMode mode) {
  txn::RowTable& rows = hold.rows();
  const uint64_t changes = rows.changes();
  txn::MoveOptions options;
  options.give_up_ids = false;
  bool all = true;
  for (uint64_t chunk = 0; chunk < rows.ChunkCount(); ++chunk) {
    switch (WishOf(mode, rows.tree(), chunk, changes)) {
      case Wish::kStay:
        break;
      case Wish::kThaw:
        RETURN_IF_ERROR(rows.Thaw(chunk, options).status());
        break;
      case Wish::kFreeze: {
        ASSIGN_OR_RETURN(const bool frozen, rows.Freeze(chunk, options));
        if (frozen || rows.IsCold(chunk)) break;
        all = false;
        break;
      }
    }
  }
  // Where everything could not be moved there will be another try.
  if (all) rows.NotePlaced(changes);
  return Status::Ok();
}

// The entries of its indexes into runs. There are few runs at a time.
Status PlaceIndexes(Instance& instance, const catalog::Table& table, TieringMode mode, uint64_t changes) {
  constexpr size_t kRunsToMerge = 8;
  for (const catalog::Index& index : table.indexes) {
    if (WishOf(mode, index.tree, 0, changes) != Wish::kFreeze) continue;
    // Says what may leave the tree.
    RETURN_IF_ERROR(txn::Index::Open(instance.transactions(), table.space, index.tree).status());
    ASSIGN_OR_RETURN(const std::shared_ptr<store::TieredTree> entries,
                     instance.store().OpenTiered(table.space, index.tree));
    const auto go_on = [] { return true; };
    RETURN_IF_ERROR(entries->Flush(go_on).status());
    const std::shared_ptr<const store::RunList> runs = entries->runs();
    if (runs != nullptr && runs->size() >= kRunsToMerge) RETURN_IF_ERROR(entries->Merge(0, runs->size(), go_on).status());
  }
  return Status::Ok();
}

Status Place(Instance& instance, Oid database, TieringMode mode) {
  const std::vector<TreeId> trees = instance.transactions().UnplacedTables(catalog::SharedCatalog::SpaceOf(database));
  if (trees.empty()) return Status::Ok();
  // So that deletions are met in segments too.
  if (mode != TieringMode::kHot) RETURN_IF_ERROR(instance.transactions().RunPurge());
  std::vector<Oid> tables;
  RETURN_IF_ERROR(InCatalog(instance, database, [&](catalog::Catalog& catalog) -> Status {
    ASSIGN_OR_RETURN(const std::vector<Oid> all, catalog.UserTables());
    for (const Oid oid : all) {
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog.TableByOid(oid));
      if (table != nullptr && std::ranges::find(trees, table->tree) != trees.end()) tables.push_back(oid);
    }
    return Status::Ok();
  }));
  for (const Oid table : tables) {
    ASSIGN_OR_RETURN(const std::unique_ptr<TableHold> hold, TableHold::Try(instance, database, table));
    if (hold == nullptr) continue;
    RETURN_IF_ERROR(PlaceIndexes(instance, *hold->table(), mode, hold->rows().changes()));
    RETURN_IF_ERROR(PlaceTable(*hold, mode));
  }
  return Status::Ok();
}

}  // namespace

void PlaceRows(Instance& instance, Oid database, TieringMode mode) {
  const Status status = Place(instance, database, mode);
  if (!status.ok()) Log(LogLevel::kLog, "placing rows: %s", status.message().c_str());
}

}  // namespace phantom::session
