#include "session/tiering/move_log.h"

#include <algorithm>

namespace phantom::session {

MoveCounts& MoveLog::Of(std::string_view work) {
  auto found = std::ranges::find(works_, work, &MoveCounts::work);
  if (found != works_.end()) return *found;
  MoveCounts& added = works_.emplace_back();
  added.work = work;
  return added;
}

void MoveLog::NoteQueue(const std::vector<std::pair<std::string_view, uint64_t>>& queued) {
  MutexLock lock(mutex_);
  for (MoveCounts& work : works_) work.queued = 0;
  for (const auto& [work, chunks] : queued) Of(work).queued = chunks;
}

void MoveLog::Add(const MoveCounts& counts) {
  MutexLock lock(mutex_);
  MoveCounts& work = Of(counts.work);
  work.done += counts.done;
  work.bytes += counts.bytes;
  work.seconds += counts.seconds;
  work.gave_way += counts.gave_way;
  work.slowed += counts.slowed;
  if (counts.last_us != 0) work.last_us = counts.last_us;
  if (!counts.last_error.empty()) work.last_error = counts.last_error;
}

std::vector<MoveCounts> MoveLog::All() const {
  MutexLock lock(mutex_);
  return works_;
}

}  // namespace phantom::session
