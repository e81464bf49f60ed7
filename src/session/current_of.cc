// WHERE CURRENT OF: the place of the row a cursor stands on (PostgreSQL 15, DECLARE).
#include "planner/physical_plan.h"
#include "session/session_state.h"

namespace phantom::session {

Result<int64_t> SessionState::CurrentOf(std::string_view cursor_name, Oid table_oid) {
  const std::string name(cursor_name);
  const auto refuse = [&](const char* what) {
    return Errorf(sqlstate::kInvalidCursorState, "cursor \"%s\" %s", name.c_str(), what);
  };
  const auto found = portals.find(name);
  if (found == portals.end()) return Errorf(sqlstate::kUndefinedCursor, "cursor \"%s\" does not exist", name.c_str());
  const Portal& cursor = *found->second;
  if (cursor.plan == nullptr || cursor.plan->command != planner::CommandKind::kSelect) {
    return refuse("is not a SELECT query");
  }
  if (cursor.transaction_serial != block.serial()) {
    return refuse("is held from a previous transaction");
  }
  ASSIGN_OR_RETURN(const catalog::TableRef table, catalog.TableByOid(table_oid));
  const std::string table_name = table != nullptr ? table->name : "";
  const std::vector<planner::CursorTable>& tables = cursor.plan->cursor_tables;
  size_t at = tables.size();
  for (size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].table != table_oid) continue;
    if (at != tables.size()) {
      return Errorf(sqlstate::kInvalidCursorState, "cursor \"%s\" has multiple FOR UPDATE/SHARE references to table \"%s\"",
                    name.c_str(), table_name.c_str());
    }
    at = i;
  }
  if (at == tables.size()) {
    return cursor.plan->has_row_marks
               ? Errorf(sqlstate::kInvalidCursorState,
                        "cursor \"%s\" does not have a FOR UPDATE/SHARE reference to table \"%s\"", name.c_str(),
                        table_name.c_str())
               : Errorf(sqlstate::kInvalidCursorState, "cursor \"%s\" is not a simply updatable scan of table \"%s\"",
                        name.c_str(), table_name.c_str());
  }
  if (cursor.rows == nullptr || cursor.position == 0 || cursor.position > cursor.rows->end() ||
      cursor.position - 1 < cursor.rows->begin()) {
    return refuse("is not positioned on a row");
  }
  uint32_t row = 0;
  ASSIGN_OR_RETURN(const types::Chunk* chunk, cursor.rows->Find(cursor.position - 1, &row));
  const types::Vector& places = chunk->column(static_cast<uint32_t>(cursor.plan->columns.size() + at));
  if (places.IsNull(row)) return refuse("is not positioned on a row");
  return places.Get<int64_t>(row);
}

}  // namespace phantom::session
