#include "session/timer_queue.h"

#include <chrono>

namespace phantom::session {

namespace {

using Clock = std::chrono::steady_clock;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace

TimerQueue::TimerQueue() : thread_([this] { Run(); }) {}

TimerQueue::~TimerQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

TimerQueue::TimerId TimerQueue::Schedule(int64_t delay_ms, std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  const TimerId id = next_id_++;
  const int64_t due = NowMs() + delay_ms;
  const bool first = due_.empty() || due < due_.begin()->first.first;
  due_.emplace(std::pair(due, id), std::move(action));
  times_[id] = due;
  if (first) changed_.notify_one();
  return id;
}

void TimerQueue::Cancel(TimerId id) {
  const std::lock_guard lock(mutex_);
  const auto found = times_.find(id);
  if (found == times_.end()) return;
  due_.erase({found->second, id});
  times_.erase(found);
}

void TimerQueue::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (due_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = due_.begin();
    if (first->first.first > NowMs()) {
      changed_.wait_until(lock, Clock::time_point(std::chrono::milliseconds(first->first.first)));
      continue;
    }
    const std::function<void()> action = std::move(first->second);
    times_.erase(first->first.second);
    due_.erase(first);
    lock.unlock();
    action();
    lock.lock();
  }
}

}  // namespace phantom::session
