// session/check.h
//
// Verifies the tables of every database, system tables included, against their indexes. The store must be sound by its
// own check and used by nobody else; what a crash left undone is undone first.
//
// Thread safety: one thread.
#pragma once
#include <functional>
#include <string>

#include "common/status.h"

namespace phantom::store {
class Store;
}

namespace phantom::session {

// `report` receives a line for each problem, naming database, table and index. Fails when the catalog cannot be read.
Status CheckTables(store::Store& store, const std::function<void(const std::string&)>& report);

}  // namespace phantom::session
