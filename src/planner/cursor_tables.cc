#include "planner/cursor_tables.h"

#include <algorithm>

namespace phantom::planner {

void AddCursorTables(BindContext& context, Query& query, std::vector<CursorTable>& tables) {
  if (query.command != CommandKind::kSelect || query.grouped || query.has_windows || query.distinct ||
      query.has_distinct_on || query.set_operation != nullptr || query.has_set_functions) {
    return;
  }
  std::vector<Target> places;
  auto add = [&](const RangeEntry& entry, bool locked) {
    if (entry.kind != RangeKind::kTable || entry.table->kind != catalog::RelationKind::kTable) return;
    tables.push_back({entry.table->oid, locked});
    places.push_back({.expr = context.MakeColumn(entry.rel, kCtidColumn, types::kTidOid, 0), .name = "ctid"});
  };
  for (const RowMark& mark : query.row_marks) {
    if (!mark.pushed) add(*mark.entry, true);
  }
  // The order of a sort is not the table's: such a cursor needs FOR UPDATE.
  const bool plain = query.from != nullptr && !query.from->join && query.order_by.empty();
  if (query.row_marks.empty() && plain) add(*query.from->entry, false);
  if (places.empty()) return;
  // Visible targets come first.
  auto junk = std::find_if(query.targets.begin(), query.targets.end(), [](const Target& target) { return target.junk; });
  const int at = static_cast<int>(junk - query.targets.begin());
  query.targets.insert(junk, places.begin(), places.end());
  for (SortTarget& sort : query.order_by) {
    if (sort.target >= at) sort.target += static_cast<int>(places.size());
  }
}

}  // namespace phantom::planner
