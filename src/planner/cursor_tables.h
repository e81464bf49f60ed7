// planner/cursor_tables.h
//
// What a cursor's plan notes of the rows it walks through, so that UPDATE and DELETE ... WHERE CURRENT OF find them.
#pragma once
#include <vector>

#include "planner/binder/bind_context.h"
#include "planner/query.h"

namespace phantom::planner {

// Adds the ctids of the tables a cursor over the query can be updated through as last result columns: those locked FOR
// UPDATE or SHARE; else the only table of a plain scan.
void AddCursorTables(BindContext& context, Query& query, std::vector<CursorTable>& tables);

}  // namespace phantom::planner
