// session/tiering/move_log.h
//
// What moving has done since the server started, and what waits to be done: the rows of phantom_compaction.
//
// Thread safety: any thread.
// Lock order: mutex_ has rank kScheduler; nothing is called while it is held.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/mutex.h"

namespace phantom::session {

// One kind of work.
struct MoveCounts {
  std::string work;       // "freeze", "thaw", "rewrite", "trim"
  uint64_t queued = 0;    // chunks that wait for it
  uint64_t done = 0;      // chunks
  uint64_t bytes = 0;     // rows read or written, and segments
  double seconds = 0;     // working, sleeps left out
  uint64_t gave_way = 0;  // stopped for somebody who wanted the table, or found not to be possible yet
  uint64_t slowed = 0;    // times that it fell behind because others wanted the cores
  int64_t last_us = 0;    // end of the latest: microseconds since 2000-01-01 UTC; 0: none
  std::string last_error;
};

class MoveLog {
 public:
  // `queued` of every kind is set; kinds that are not named have none.
  void NoteQueue(const std::vector<std::pair<std::string_view, uint64_t>>& queued);
  // Adds what `counts` has of counters, and takes over its time and error unless they are empty.
  void Add(const MoveCounts& counts);
  std::vector<MoveCounts> All() const;

 private:
  MoveCounts& Of(std::string_view work);

  mutable Mutex mutex_{LockRank::kScheduler};
  std::vector<MoveCounts> works_;
};

}  // namespace phantom::session
