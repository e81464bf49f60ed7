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

void NotificationHub::Publish(const std::vector<Notification>& notifications) {
  const std::lock_guard in_order(publishing_);
  for (const Notification& notification : notifications) {
    Listeners listeners;
    {
      const MutexLock lock(mutex_);
      const auto found = channels_.find(notification.channel);
      if (found != channels_.end()) listeners = found->second;
    }
    for (const auto& [pid, listener] : listeners) listener->Notify(notification);
  }
}

}  // namespace phantom::session
