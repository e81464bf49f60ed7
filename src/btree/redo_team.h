// btree/redo_team.h
//
// Redo by several threads (docs/decisions/0022-redo-by-pages.md). The caller reads the log and deals each record, copied, to
// the threads whose pages it is about; each thread applies what it is dealt, in order. So every page sees its records in log
// order, whatever the number of threads, and a thread that reads a page keeps nobody waiting but its own share.
//
// Thread safety: one thread uses it. Lock order: the workers' mutexes have rank kScheduler; they are not held over work.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "wal/record.h"

namespace phantom::btree {

class BufferPool;

class RedoTeam {
 public:
  static constexpr uint32_t kThreadsMax = 64;

  // Threads start with the first record. 0: as many as there are cores, and some more, for those that read pages.
  RedoTeam(BufferPool& pool, uint32_t threads);
  // Stops; what has not been applied is not.
  ~RedoTeam();

  // Requires a record of type kChange or kPages. An error may be that of an earlier record.
  Status Apply(const wal::RecordView& record);
  // Until everything is applied. No thread has a page latched or is about to look at one then.
  Status Await();
  // The space's pages are gone. Requires Await() since the last record.
  void ForgetSpace(SpaceId space);
  // After the last record: awaits, and XX001 when a changed page was missing and not freed.
  Status Finish();

 private:
  class Worker;

  Status Start();
  Status DealPages(const wal::RecordView& record);

  BufferPool& pool_;
  const uint32_t threads_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace phantom::btree
