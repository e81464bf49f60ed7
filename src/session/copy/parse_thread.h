// session/copy/parse_thread.h
//
// A thread that parses the lines of COPY FROM while the session's reads and writes. Batches come back in the order in which they
// went in.
//
// Thread safety: used by the session's thread. Lock order: one mutex of rank kScheduler, a leaf, not held while parsing.
#pragma once
#include <deque>
#include <memory>
#include <thread>

#include "common/mutex.h"
#include "session/copy/row_parser.h"

namespace phantom::session {

class CopyParseThread {
 public:
  // The parser outlives the thread, and is its own meanwhile.
  explicit CopyParseThread(CopyRowParser& parser);
  // Stops after the batch at hand; the others are dropped.
  ~CopyParseThread();

  void Put(std::unique_ptr<CopyBatch> batch);
  // The oldest batch that was put and not taken, parsed: waits for it. Requires pending() > 0.
  std::unique_ptr<CopyBatch> Take();
  size_t pending() const { return pending_; }

 private:
  void Run();

  CopyRowParser& parser_;
  size_t pending_ = 0;  // the session's thread's own
  Mutex mutex_{LockRank::kScheduler};
  ConditionVariable changed_;
  std::deque<std::unique_ptr<CopyBatch>> lines_, rows_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace phantom::session
