#include "session/notification_hub.h"

namespace phantom::session {

void NotificationHub::Listen(const std::string& channel, const std::shared_ptr<SessionControl>& listener) {
  const MutexLock lock(mutex_);
  channels_[channel][listener->pid] = listener;
}

void NotificationHub::Unlisten(const std::string& channel, const SessionControl& listener) {
  const MutexLock lock(mutex_);
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return;
  found->second.erase(listener.pid);
  if (found->second.empty()) channels_.erase(found);
}

void NotificationHub::UnlistenAll(const SessionControl& listener) {
  for (const std::string& channel : ChannelsOf(listener)) Unlisten(channel, listener);
}

std::vector<std::string> NotificationHub::ChannelsOf(const SessionControl& listener) const {
  const MutexLock lock(mutex_);
  std::vector<std::string> channels;
  for (const auto& [channel, listeners] : channels_) {
    if (listeners.contains(listener.pid)) channels.push_back(channel);
  }
  return channels;
}

Status NotificationHub::CheckRoom(uint64_t bytes) const {
  if (queued_bytes_->load() + bytes <= kQueuedBytesMax) return Status::Ok();
  const MutexLock lock(mutex_);
  if (channels_.empty()) return Status::Ok();
  return Error(sqlstate::kProgramLimitExceeded, "too many notifications in the NOTIFY queue");
}

double NotificationHub::usage() const {
  return static_cast<double>(queued_bytes_->load()) / static_cast<double>(kQueuedBytesMax);
}

void NotificationHub::Publish(std::vector<Notification> notifications) {
  const std::lock_guard in_order(publishing_);
  for (Notification& notification : notifications) {
    Listeners listeners;
    {
      const MutexLock lock(mutex_);
      const auto found = channels_.find(notification.channel);
      if (found != channels_.end()) listeners = found->second;
    }
    if (listeners.empty()) continue;
    const uint64_t bytes = BytesOf(notification.channel, notification.payload);
    queued_bytes_->fetch_add(bytes);
    const std::shared_ptr<const Notification> queued(new Notification(std::move(notification)),
                                                     [used = queued_bytes_, bytes](const Notification* taken) {
                                                       used->fetch_sub(bytes);
                                                       delete taken;
                                                     });
    for (const auto& [pid, listener] : listeners) listener->Notify(queued);
  }
}

}  // namespace phantom::session
