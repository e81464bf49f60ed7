#include "session/tiering/pace.h"

#include <algorithm>

namespace phantom::session {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::nanoseconds kSleepMin = 1ms;   // shorter ones are not worth a wake-up
constexpr std::chrono::nanoseconds kSleepMax = 20ms;  // at a time, with a snapshot held
constexpr std::chrono::nanoseconds kLate = 5ms;
constexpr uint64_t kDivisorMax = 8;
constexpr int kSleepsToSpeedUp = 50;

}  // namespace

bool Pace::Spend(uint64_t bytes) {
  if (rate_ == 0) return !stopped();
  debt_ += std::chrono::nanoseconds(static_cast<int64_t>(1e9 * static_cast<double>(bytes * divisor_) / static_cast<double>(rate_)));
  if (debt_ < kSleepMin) return !stopped();
  const std::chrono::nanoseconds part = std::min(debt_, kSleepMax);
  debt_ -= part;
  return Sleep(part);
}

bool Pace::Settle() { return Sleep(std::exchange(debt_, {})); }

bool Pace::Sleep(std::chrono::nanoseconds time) {
  if (time <= 0ns) return !stopped();
  const Clock::time_point begin = Clock::now();
  {
    std::unique_lock lock(mutex_);
    if (changed_.wait_until(lock, begin + time, [this] { return stopped_; })) return false;
  }
  const std::chrono::nanoseconds took = Clock::now() - begin;
  slept_ += took;
  if (took > time + kLate) {
    divisor_ = std::min(divisor_ * 2, kDivisorMax);
    sleeps_in_time_ = 0;
    ++slowed_;
  } else if (divisor_ > 1 && ++sleeps_in_time_ >= kSleepsToSpeedUp) {
    divisor_ /= 2;
    sleeps_in_time_ = 0;
  }
  return true;
}

void Pace::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool Pace::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

}  // namespace phantom::session
