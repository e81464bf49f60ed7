#include "server/io_threads.h"

#include <boost/asio/io_context.hpp>
#include <chrono>

namespace phantom::server {

namespace {

thread_local void* thread_slot = nullptr;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

IoThreads::IoThreads(boost::asio::io_context& io, int running_max, int threads_max)
    : io_(io), running_max_(running_max), threads_max_(threads_max < running_max ? running_max : threads_max) {}

IoThreads::~IoThreads() { Join(); }

void IoThreads::Start() {
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < running_max_; ++i) {
    ++running_;
    Spawn();
  }
  monitor_ = std::thread([this] { Monitor(); });
}

void IoThreads::Join() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  permit_given_.notify_all();
  stopping_.notify_all();
  if (monitor_.joinable()) monitor_.join();
  // No thread spawns others once `stopped_` is set.
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void IoThreads::Spawn() {
  slots_.push_back(std::make_unique<Slot>(*this));
  threads_.emplace_back([this, slot = slots_.back().get()] { Work(*slot); });
}

size_t IoThreads::thread_count() {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

void IoThreads::EnterBlocking() {
  Slot& slot = *static_cast<Slot*>(thread_slot);
  // The monitor leaves it alone from now on.
  slot.before_blocking = slot.task_start_ms.exchange(kBlocked);
  if (slot.before_blocking != kReplaced) GiveWay();
}

void IoThreads::GiveWay() {
  const std::lock_guard lock(mutex_);
  if (--running_ >= running_max_ || stopped_) return;
  if (parked_ > permits_) {
    ++running_;
    ++permits_;
    permit_given_.notify_one();
  } else if (static_cast<int>(threads_.size()) < threads_max_) {
    ++running_;
    Spawn();
  }
}

void IoThreads::LeaveBlocking() {
  Slot& slot = *static_cast<Slot*>(thread_slot);
  if (slot.before_blocking != kReplaced) ++running_;
  slot.task_start_ms.store(slot.before_blocking > 0 ? NowMs() : slot.before_blocking);
}

void IoThreads::Work(Slot& slot) {
  thread_slot = &slot;
  SetThreadBlockingScheduler(this);
  while (io_.run_one() > 0) {
    if (running_.load(std::memory_order_relaxed) <= running_max_) continue;
    std::unique_lock lock(mutex_);
    if (running_ <= running_max_ || stopped_) continue;
    --running_;
    ++parked_;
    permit_given_.wait(lock, [this] { return permits_ > 0 || stopped_; });
    --parked_;
    if (permits_ > 0) --permits_;
  }
  SetThreadBlockingScheduler(nullptr);
}

void IoThreads::Monitor() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    stopping_.wait_for(lock, std::chrono::milliseconds(kMonitorIntervalMs));
    const int64_t now = NowMs();
    // EnterBlocking may add slots, so they are counted first.
    const size_t count = slots_.size();
    for (size_t i = 0; i < count && !stopped_; ++i) {
      Slot& slot = *slots_[i];
      int64_t start = slot.task_start_ms.load(std::memory_order_relaxed);
      if (start <= 0 || now - start < kLongTaskMs) continue;
      if (!slot.task_start_ms.compare_exchange_strong(start, kReplaced)) continue;
      lock.unlock();
      GiveWay();
      lock.lock();
    }
  }
}

IoThreads::Task::Task() {
  if (thread_slot != nullptr) static_cast<Slot*>(thread_slot)->task_start_ms.store(NowMs(), std::memory_order_relaxed);
}

IoThreads::Task::~Task() {
  if (thread_slot == nullptr) return;
  Slot& slot = *static_cast<Slot*>(thread_slot);
  if (slot.task_start_ms.exchange(0) == kReplaced) ++slot.threads.running_;
}

}  // namespace phantom::server
