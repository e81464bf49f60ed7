#include "session/session_registry.h"

#include <cstring>

#include "common/crypto.h"

namespace phantom::session {

void SessionControl::Cancel() {
  {
    const MutexLock lock(mutex_);
    if (!statement_running_) return;
    cancelled.store(true, std::memory_order_release);
  }
  Interrupt();
}

void SessionControl::TimeOut(uint64_t statement) {
  {
    const MutexLock lock(mutex_);
    if (!statement_running_ || statement_ != statement) return;
    timed_out.store(true, std::memory_order_release);
    cancelled.store(true, std::memory_order_release);
  }
  Interrupt();
}

void SessionControl::Terminate(Status reason) {
  {
    const MutexLock lock(mutex_);
    if (!termination_.has_value()) termination_ = std::move(reason);
    cancelled.store(true, std::memory_order_release);
  }
  Interrupt();
  WakeUp();
}

std::optional<Status> SessionControl::TerminationReason() const {
  const MutexLock lock(mutex_);
  return termination_;
}

void SessionControl::Notify(std::shared_ptr<const Notification> notification) {
  {
    const MutexLock lock(mutex_);
    notifications_.push_back(std::move(notification));
    has_notifications_.store(true, std::memory_order_release);
  }
  WakeUp();
}

std::deque<std::shared_ptr<const Notification>> SessionControl::TakeNotifications() {
  const MutexLock lock(mutex_);
  has_notifications_.store(false, std::memory_order_release);
  return std::exchange(notifications_, {});
}

uint64_t SessionControl::BeginStatement() {
  const MutexLock lock(mutex_);
  if (!termination_.has_value()) {
    cancelled.store(false, std::memory_order_relaxed);
    timed_out.store(false, std::memory_order_relaxed);
  }
  statement_running_ = true;
  return ++statement_;
}

void SessionControl::EndStatement() {
  const MutexLock lock(mutex_);
  statement_running_ = false;
  if (!termination_.has_value()) {
    cancelled.store(false, std::memory_order_relaxed);
    timed_out.store(false, std::memory_order_relaxed);
  }
}

void SessionControl::SetWakeUp(std::function<void()> wake_up) {
  const std::lock_guard lock(call_mutex_);
  wake_up_ = std::move(wake_up);
}

void SessionControl::SetInterrupt(std::function<void()> interrupt) {
  const std::lock_guard lock(call_mutex_);
  interrupt_ = std::move(interrupt);
}

void SessionControl::Interrupt() {
  const std::lock_guard lock(call_mutex_);
  if (interrupt_) interrupt_();
}

void SessionControl::WakeUp() {
  const std::lock_guard lock(call_mutex_);
  if (wake_up_) wake_up_();
}

void SessionControl::UpdateActivity(FunctionRef<void(Activity&)> change) {
  const MutexLock lock(mutex_);
  change(activity_);
}

Activity SessionControl::ReadActivity() const {
  const MutexLock lock(mutex_);
  Activity activity = activity_;
  activity.snapshot_xmin = snapshot_xmin.load(std::memory_order_relaxed);
  activity.wait = wait_event.load(std::memory_order_relaxed);
  return activity;
}

Result<std::shared_ptr<SessionControl>> SessionRegistry::Add() {
  const std::string random = RandomBytes(sizeof(int32_t));
  int32_t key = 0;
  std::memcpy(&key, random.data(), sizeof(key));
  const MutexLock lock(mutex_);
  if (static_cast<int>(sessions_.size()) >= sessions_max_) {
    return Error(sqlstate::kTooManyConnections, "sorry, too many clients already").Fatal();
  }
  while (next_pid_ <= 0 || sessions_.contains(next_pid_)) next_pid_ = next_pid_ <= 0 ? 1 : next_pid_ + 1;
  auto control = std::make_shared<SessionControl>(next_pid_++, key);
  sessions_[control->pid] = control;
  return control;
}

void SessionRegistry::Remove(int32_t pid) {
  const MutexLock lock(mutex_);
  sessions_.erase(pid);
}

std::shared_ptr<SessionControl> SessionRegistry::Find(int32_t pid) const {
  const MutexLock lock(mutex_);
  const auto found = sessions_.find(pid);
  return found == sessions_.end() ? nullptr : found->second;
}

void SessionRegistry::Cancel(int32_t pid, int32_t cancel_key) {
  const std::shared_ptr<SessionControl> control = Find(pid);
  if (control != nullptr && control->cancel_key == cancel_key) control->Cancel();
}

void SessionRegistry::TerminateAll(const Status& reason) {
  std::vector<std::shared_ptr<SessionControl>> all;
  {
    const MutexLock lock(mutex_);
    for (const auto& [pid, control] : sessions_) all.push_back(control);
  }
  for (const auto& control : all) control->Terminate(reason);
}

std::vector<Activity> SessionRegistry::List() const {
  std::vector<std::shared_ptr<SessionControl>> all;
  {
    const MutexLock lock(mutex_);
    for (const auto& [pid, control] : sessions_) all.push_back(control);
  }
  std::vector<Activity> activities;
  for (const auto& control : all) activities.push_back(control->ReadActivity());
  return activities;
}

int SessionRegistry::Count(Oid database, Oid role, int32_t except) const {
  int count = 0;
  const MutexLock lock(mutex_);
  for (const auto& [pid, control] : sessions_) {
    if (pid == except) continue;
    const auto [in_database, of_role] = control->place();
    count += (database == 0 || in_database == database) && (role == 0 || of_role == role);
  }
  return count;
}

size_t SessionRegistry::size() const {
  const MutexLock lock(mutex_);
  return sessions_.size();
}

}  // namespace phantom::session
