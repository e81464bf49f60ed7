// session/timer_queue.h
//
// One thread that calls functions when their time has come (statement_timeout and others). Functions are short and do
// not block.
//
// Thread safety: all methods may be called from any thread. Functions run without the lock held.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace phantom::session {

class TimerQueue {
 public:
  using TimerId = uint64_t;

  TimerQueue();
  ~TimerQueue();

  TimerId Schedule(int64_t delay_ms, std::function<void()> action);
  // A function that has already begun is not waited for.
  void Cancel(TimerId id);

 private:
  void Run();

  // A leaf: nothing is called under it.
  std::mutex mutex_;
  std::condition_variable changed_;
  TimerId next_id_ = 1;
  // By (due time in steady milliseconds, id).
  std::map<std::pair<int64_t, TimerId>, std::function<void()>> due_;
  std::map<TimerId, int64_t> times_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace phantom::session
