// session/read_lock_rows.h
//
// What serializable transactions have read, as rows of pg_locks: mode SIReadLock.
#pragma once
#include <string>

#include "common/status.h"

namespace phantom::session {

class SessionState;

// Of the session's database; relations of others have no names here.
Status AppendReadLocks(SessionState& state, std::string* rows);

}  // namespace phantom::session
