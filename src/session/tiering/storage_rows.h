// session/tiering/storage_rows.h
//
// Rows of phantom_storage, phantom_segment_columns and phantom_compaction (docs/STORAGE.md), as the functions under these views
// return them.
//
// Thread safety: the session's thread.
#pragma once
#include <optional>
#include <string>

#include "common/status.h"

namespace phantom::session {

class SessionState;

// Tables and indexes of the session's database, but those of other sessions.
Result<std::optional<std::string>> StorageRows(SessionState& state);
Result<std::optional<std::string>> SegmentColumnRows(SessionState& state);
// What the server's mover has done and has to do, in all databases.
Result<std::optional<std::string>> CompactionRows(SessionState& state);

}  // namespace phantom::session
