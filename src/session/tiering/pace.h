// session/tiering/pace.h
//
// How fast the background works: so many bytes a second, fewer while others want the cores (a sleep that ends late
// says so), none once it is told to stop.
//
// Thread safety: Stop() from any thread; the rest by the one that works.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

namespace phantom::session {

class Pace {
 public:
  // 0: as fast as can be.
  void SetRate(uint64_t bytes_per_second) { rate_ = bytes_per_second; }

  // Sleeps off a part of what the bytes cost, so that who holds a snapshot meanwhile does not hold it long. False: stop.
  bool Spend(uint64_t bytes);
  // Sleeps off the rest. False: stop.
  bool Settle();
  // False: stop.
  bool Sleep(std::chrono::nanoseconds time);

  void Stop();
  bool stopped() const;

  // Since asked last.
  std::chrono::nanoseconds TakeSlept() { return std::exchange(slept_, {}); }
  uint64_t TakeSlowed() { return std::exchange(slowed_, 0); }

 private:
  using Clock = std::chrono::steady_clock;

  mutable std::mutex mutex_;  // a leaf
  std::condition_variable changed_;
  bool stopped_ = false;

  uint64_t rate_ = 0;
  uint64_t divisor_ = 1;      // of the rate
  int sleeps_in_time_ = 0;    // in a row
  std::chrono::nanoseconds debt_{0};
  std::chrono::nanoseconds slept_{0};
  uint64_t slowed_ = 0;
};

}  // namespace phantom::session
