// session/tiering/placement.h
//
// phantom.tiering = hot, cold or mixed: rows are put where the mode wants them as soon as they are committed, so that every
// later transaction meets them there. For tests of everything that reads and writes rows.
//
// Thread safety: any thread.
#pragma once
#include "common/ids.h"

namespace phantom::session {

class Instance;
enum class TieringMode : uint8_t;

// Moves what has been written in the database since the last time, as far as everybody sees it and nobody holds the
// tables. Requires a forced mode. What fails is logged.
void PlaceRows(Instance& instance, Oid database, TieringMode mode);

}  // namespace phantom::session
