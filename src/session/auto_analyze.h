// session/auto_analyze.h
//
// ANALYZE without being asked: a thread that looks at every database each autovacuum_naptime and analyzes, one after the
// other, the tables of which more than autovacuum_analyze_threshold + autovacuum_analyze_scale_factor * rows rows changed
// since the last time. Numbers of changes are kept in memory: after a restart, a table's size tells what it can.
//
// Nothing runs while `autovacuum` is off. A pass holds a session (user: the bootstrap superuser) only while there is a
// table to be analyzed.
//
// Thread safety: RequestStop() may be called from any thread.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/status.h"

namespace phantom::session {

class Instance;

class AutoAnalyze {
 public:
  // Starts the thread. The instance must outlive this.
  explicit AutoAnalyze(Instance& instance);
  // Stops and waits.
  ~AutoAnalyze();
  // No more tables; what is being analyzed is interrupted.
  void RequestStop();

  // One pass over all databases, by the caller's thread: for tests. Gives the number of tables analyzed.
  static Result<int> RunOnce(Instance& instance);

 private:
  void Run();

  Instance& instance_;
  std::mutex mutex_;  // a leaf
  std::condition_variable changed_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace phantom::session
