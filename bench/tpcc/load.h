// bench/tpcc/load.h: TPC-C's tables and what is in them at first (clauses 1.3, 4.3.3).
#pragma once

#include "bench/tpcc/database.h"

namespace tpcc {

// Creates the tables, fills them by COPY and makes the indexes.
void Load(Database& database, int warehouses);

}  // namespace tpcc
