// session/notification_hub.h
//
// LISTEN and NOTIFY: who listens to which channel, and delivery of what a transaction sent when it commits. Kept in
// memory: notifications to sessions that do not exist are for nobody (PostgreSQL 15, NOTIFY).
//
// Thread safety: all methods may be called from any thread. Delivery happens without the hub's lock.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "session/session_registry.h"

namespace phantom::session {

class NotificationHub {
 public:
  void Listen(const std::string& channel, const std::shared_ptr<SessionControl>& listener);
  void Unlisten(const std::string& channel, const SessionControl& listener);
  void UnlistenAll(const SessionControl& listener);
  std::vector<std::string> ChannelsOf(const SessionControl& listener) const;

  // Hands each notification to every listener of its channel, in order.
  void Publish(const std::vector<Notification>& notifications);

 private:
  using Listeners = std::map<int32_t, std::shared_ptr<SessionControl>>;
  mutable Mutex mutex_{LockRank::kServer};
  // One commit's notifications reach everybody before the next one's. Taken before mutex_.
  std::mutex publishing_;
  std::map<std::string, Listeners> channels_;
};

}  // namespace phantom::session
