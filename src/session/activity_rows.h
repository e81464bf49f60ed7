// session/activity_rows.h
//
// Who is there, what they do and which locks they hold or wait for: rows of pg_stat_activity and pg_locks (PostgreSQL 15,
// chapters 28.2 and 54.12), in the form of engine/text_rows.h.
//
// Thread safety: the session's thread.
#pragma once
#include <string>

#include "common/status.h"
#include "session/row_writer.h"

namespace phantom::session {

class SessionState;

// Of all sessions, or of the one with this process id.
Result<Field> ActivityRows(SessionState& state, const Field& pid);

std::string LockRows(SessionState& state);

}  // namespace phantom::session
