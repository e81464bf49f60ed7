#include "catalog/index_swap.h"

#include <optional>
#include <string>
#include <vector>

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/system_store.h"

namespace phantom::catalog {

namespace {

// What either depends on, and what depends on either; a constraint goes over to the fresh one.
Status SwapDependencies(Catalog& catalog, Oid fresh, Oid old) {
  SystemStore& store = catalog.store();
  struct Side {
    Oid index;
    int object;  // whose OID becomes the other one's
    Row row;
  };
  std::vector<Side> sides;
  const auto collect = [&](Oid index) -> Status {
    ASSIGN_OR_RETURN(std::vector<Row> uses,
                     store.Find(oid::kPgDepend, index_oid::kDependByDependent, {oid::kPgClass, index}));
    for (Row& row : uses) sides.push_back({index, pg_depend::objid, std::move(row)});
    ASSIGN_OR_RETURN(std::vector<Row> users,
                     store.Find(oid::kPgDepend, index_oid::kDependByReferenced, {oid::kPgClass, index}));
    for (Row& row : users) sides.push_back({index, pg_depend::refobjid, std::move(row)});
    return Status::Ok();
  };
  RETURN_IF_ERROR(collect(fresh));
  RETURN_IF_ERROR(collect(old));
  for (const Side& side : sides) {
    Row changed = side.row;
    changed.SetInt(side.object, side.index == fresh ? old : fresh);
    RETURN_IF_ERROR(store.Update(side.row, changed));
    const bool uses = side.object == pg_depend::objid;
    const Oid other_class = side.row.GetOid(uses ? pg_depend::refclassid : pg_depend::classid);
    if (side.index == fresh || other_class != oid::kPgConstraint) continue;
    const Oid constraint = side.row.GetOid(uses ? pg_depend::refobjid : pg_depend::objid);
    RETURN_IF_ERROR(catalog.UpdateObject({oid::kPgConstraint, constraint}, [&](Row& row) {
      if (row.GetOid(pg_constraint::conindid) == old) row.SetInt(pg_constraint::conindid, fresh);
    }));
  }
  return Status::Ok();
}

}  // namespace

Status SwapIndexes(Catalog& catalog, Oid fresh, Oid old, std::string_view old_name) {
  SystemStore& store = catalog.store();
  ASSIGN_OR_RETURN(const TableRef replaced, catalog.OpenByOid(old));
  const std::string name = replaced->name;
  RETURN_IF_ERROR(catalog.UpdateObject({oid::kPgClass, old}, [&](Row& row) { row.SetText(pg_class::relname, old_name); }));
  RETURN_IF_ERROR(catalog.UpdateObject({oid::kPgClass, fresh}, [&](Row& row) { row.SetText(pg_class::relname, name); }));

  ASSIGN_OR_RETURN(const std::optional<Row> old_row, store.FindOne(oid::kPgIndex, index_oid::kIndexByOid, {old}));
  ASSIGN_OR_RETURN(const std::optional<Row> fresh_row, store.FindOne(oid::kPgIndex, index_oid::kIndexByOid, {fresh}));
  if (!old_row || !fresh_row) return Errorf(sqlstate::kInternalError, "cache lookup failed for index %u", old_row ? fresh : old);
  Row leaving = *old_row, coming = *fresh_row;
  // Who decides about duplicates, and when, changes with the constraint.
  for (const int flag : {pg_index::indisunique, pg_index::indisprimary, pg_index::indisexclusion, pg_index::indimmediate}) {
    leaving.SetBool(flag, fresh_row->Bool(flag));
    coming.SetBool(flag, old_row->Bool(flag));
  }
  for (const int flag : {pg_index::indisclustered, pg_index::indisreplident}) {
    leaving.SetBool(flag, false);
    coming.SetBool(flag, old_row->Bool(flag));
  }
  leaving.SetBool(pg_index::indisvalid, false);
  coming.SetBool(pg_index::indisvalid, true);
  RETURN_IF_ERROR(store.Update(*old_row, leaving));
  RETURN_IF_ERROR(store.Update(*fresh_row, coming));

  RETURN_IF_ERROR(SwapDependencies(catalog, fresh, old));
  ASSIGN_OR_RETURN(const std::optional<Row> comment,
                   store.FindOne(oid::kPgDescription, index_oid::kDescriptionByObject, {old, oid::kPgClass, 0}));
  if (comment) {
    Row moved = *comment;
    moved.SetInt(pg_description::objoid, fresh);
    RETURN_IF_ERROR(store.Update(*comment, moved));
  }
  ASSIGN_OR_RETURN(std::vector<Row> statistics, store.Find(oid::kPgStatistic, index_oid::kStatisticByColumn, {old}));
  for (Row& row : statistics) {
    row.SetInt(pg_statistic::starelid, fresh);
    RETURN_IF_ERROR(store.Insert(row));
  }
  catalog.Changed();
  return Status::Ok();
}

}  // namespace phantom::catalog
