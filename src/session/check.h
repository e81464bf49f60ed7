// session/check.h
//
// Verifies tables, system tables included, against their indexes: those of every database in a store that is used by nobody else
// (`phantomdb check`), or those of a session's database while it is in use (phantom_check()).
//
// Thread safety: one thread.
#pragma once
#include <functional>
#include <string>

#include "common/ids.h"
#include "common/status.h"

namespace phantom::store {
class Store;
}
namespace phantom::txn {
struct CheckProblem;
}

namespace phantom::session {

class SessionState;

// The store must be sound by its own check; what a crash left undone is undone first. `report` receives a line for each problem, naming database, table and index. Fails when the catalog cannot be read.
Status CheckTables(store::Store& store, const std::function<void(const std::string&)>& report);

// One table, or (0) all of the session's database and the shared ones. `object` is schema.table or schema.index. Holds SHARE UPDATE
// EXCLUSIVE on one table after the other, so that its rows stay where they are. 57014, 58030; 42809 when it is not a table.
Status CheckInUse(SessionState& state, Oid table,
                  const std::function<void(const std::string& object, const txn::CheckProblem& problem)>& report);

}  // namespace phantom::session
