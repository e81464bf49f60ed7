// session/notification_hub.h
//
// LISTEN and NOTIFY: who listens to which channel, and delivery of what a transaction sent when it commits. Kept in
// memory: notifications to sessions that do not exist are for nobody (PostgreSQL 15, NOTIFY). What listeners have not taken yet is
// bounded: one who stays in a transaction for long makes others' NOTIFY fail in the end.
//
// Thread safety: all methods may be called from any thread. Delivery happens without the hub's lock.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "common/status.h"
#include "session/session_registry.h"

namespace phantom::session {

class NotificationHub {
 public:
  static constexpr uint64_t kQueuedBytesMax = uint64_t{256} << 20;

  void Listen(const std::string& channel, const std::shared_ptr<SessionControl>& listener);
  void Unlisten(const std::string& channel, const SessionControl& listener);
  void UnlistenAll(const SessionControl& listener);
  std::vector<std::string> ChannelsOf(const SessionControl& listener) const;

  // 54000 when so much more for listeners would be too much. Asked before the commit: others may do the same at once.
  Status CheckRoom(uint64_t bytes) const;
  // How full the queue is, from 0 to 1.
  double usage() const;
  static uint64_t BytesOf(const std::string& channel, const std::string& payload) {
    return sizeof(Notification) + channel.size() + payload.size();
  }

  // Hands each notification to every listener of its channel, in order.
  void Publish(std::vector<Notification> notifications);

 private:
  using Listeners = std::map<int32_t, std::shared_ptr<SessionControl>>;
  mutable Mutex mutex_{LockRank::kServer};
  // One commit's notifications reach everybody before the next one's. Taken before mutex_.
  std::mutex publishing_;
  std::map<std::string, Listeners> channels_;
  // Of notifications that somebody has not taken yet. Theirs too: they may outlive the hub.
  std::shared_ptr<std::atomic<uint64_t>> queued_bytes_ = std::make_shared<std::atomic<uint64_t>>(0);
};

}  // namespace phantom::session
