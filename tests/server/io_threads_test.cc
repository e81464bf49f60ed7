// How many threads it takes to run tasks that block.
#include "server/io_threads.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include "common/mutex.h"

namespace phantom::server {

TEST_CASE("a task that blocks, however long, takes one thread beside the one that runs in its place") {
  constexpr int kTasks = 12;
  boost::asio::io_context io;
  auto work = boost::asio::make_work_guard(io);
  IoThreads threads(io, 1, 100);
  threads.Start();
  Mutex mutex{LockRank::kLockWait};
  ConditionVariable changed;
  int blocked = 0, ended = 0;
  bool go_on = false;
  // Two rounds: long before it blocks, the second time.
  for (const int64_t before_ms : {int64_t{0}, 3 * IoThreads::kLongTaskMs}) {
    for (int i = 0; i < kTasks; ++i) {
      boost::asio::post(io, [&, before_ms] {
        const IoThreads::Task task;
        if (before_ms != 0) std::this_thread::sleep_for(std::chrono::milliseconds(before_ms));
        const BlockingRegion region;
        MutexLock lock(mutex);
        ++blocked;
        changed.notify_all();
        while (!go_on) changed.wait(lock);
        ++ended;
        changed.notify_all();
      });
    }
    {
      MutexLock lock(mutex);
      while (blocked < kTasks) changed.wait(lock);
    }
    // Long enough to be taken for long ones.
    std::this_thread::sleep_for(std::chrono::milliseconds(5 * IoThreads::kLongTaskMs));
    CHECK(threads.thread_count() <= kTasks + 1);
    MutexLock lock(mutex);
    go_on = true;
    changed.notify_all();
    while (ended < kTasks) changed.wait(lock);
    blocked = ended = 0;
    go_on = false;
  }
  work.reset();
  io.stop();
  threads.Join();
}

}  // namespace phantom::server
