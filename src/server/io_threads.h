// server/io_threads.h
//
// The threads that run one I/O context: one running thread, and spare ones that take over while it blocks
// (BlockingRegion) or runs a long statement, so that a core never stands idle and new requests never wait behind an
// analytical query. There is an I/O context a core: connections stay on theirs, and no thread is woken for another's work.
//
// A thread counts as running unless it is parked, blocked, or its task has run longer than kLongTaskMs. When fewer than
// `running_max` run, a parked thread is woken or a new one started; a thread that finds too many running after its task
// parks itself.
//
// Thread safety: all methods may be called from any thread. The mutex is a leaf and never held while waiting for
// anything but a permit to run.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/blocking_region.h"

namespace boost::asio {
class io_context;
}

namespace phantom::server {

class IoThreads : public BlockingScheduler {
 public:
  static constexpr int64_t kLongTaskMs = 10;
  static constexpr int64_t kMonitorIntervalMs = 5;

  // At most `threads_max` threads: as many tasks can block at once without stopping the server.
  IoThreads(boost::asio::io_context& io, int running_max, int threads_max);
  ~IoThreads() override;

  void Start();
  // Requires that the I/O context was stopped or has run out of work.
  void Join();

  void EnterBlocking() override;
  void LeaveBlocking() override;

  // Those there are, running, blocked or parked.
  size_t thread_count();

  // Marks the calling thread as busy with a session's work while it lives. Does nothing on other threads.
  class Task {
   public:
    Task();
    ~Task();
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
  };

 private:
  struct Slot {
    explicit Slot(IoThreads& owner) : threads(owner) {}
    IoThreads& threads;
    std::atomic<int64_t> task_start_ms{0};  // 0: no task; or one of those below
    int64_t before_blocking = 0;            // what that was; its thread's
  };
  static constexpr int64_t kReplaced = -1;  // the task is long: a spare thread runs in its place
  static constexpr int64_t kBlocked = -2;   // the same, or it was replaced before

  // One thread fewer runs: a spare one takes over.
  void GiveWay();
  void Spawn();  // requires mutex_
  void Work(Slot& slot);
  void Monitor();

  boost::asio::io_context& io_;
  const int running_max_;
  const int threads_max_;
  std::mutex mutex_;
  std::condition_variable permit_given_;
  std::condition_variable stopping_;
  std::atomic<int> running_{0};
  int parked_ = 0;
  int permits_ = 0;
  bool stopped_ = false;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::thread> threads_;
  std::thread monitor_;
};

}  // namespace phantom::server
