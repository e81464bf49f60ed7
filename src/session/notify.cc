// LISTEN, UNLISTEN, NOTIFY, and what they mean at the end of the transaction.
#include <algorithm>

#include "parser/ast_utility.h"
#include "session/session_state.h"

namespace phantom::session {

using parser::Cast;

namespace {
constexpr size_t kChannelBytesMax = 63;
constexpr size_t kPayloadBytesMax = 7999;
}  // namespace

Status SessionState::Notify(std::string_view channel, std::string_view payload) {
  if (channel.empty()) return Error(sqlstate::kInvalidParameterValue, "channel name cannot be empty");
  if (channel.size() > kChannelBytesMax) return Error(sqlstate::kInvalidParameterValue, "channel name too long");
  if (payload.size() > kPayloadBytesMax) return Error(sqlstate::kInvalidParameterValue, "payload string too long");
  // One transaction says the same thing once.
  const bool said = std::any_of(pending_notifications.begin(), pending_notifications.end(),
                                [&](const auto& n) { return n.channel == channel && n.payload == payload; });
  if (!said) pending_notifications.push_back({std::string(channel), std::string(payload), block.savepoint_depth()});
  return Status::Ok();
}

Result<UtilityResult> SessionState::RunListen(const parser::Node& node) {
  const size_t depth = block.savepoint_depth();
  switch (node.kind) {
    case parser::NodeKind::kListenStmt:
      listen_actions.push_back(
          {ListenAction::Kind::kListen, std::string(Cast<parser::ListenStmt>(node).channel), depth});
      return UtilityResult{"LISTEN"};
    case parser::NodeKind::kUnlistenStmt: {
      const std::string_view channel = Cast<parser::UnlistenStmt>(node).channel;
      listen_actions.push_back(
          {parser::IsNull(channel) ? ListenAction::Kind::kUnlistenAll : ListenAction::Kind::kUnlisten,
           std::string(channel), depth});
      return UtilityResult{"UNLISTEN"};
    }
    default: {
      const auto& notify = Cast<parser::NotifyStmt>(node);
      RETURN_IF_ERROR(Notify(notify.channel, notify.payload));
      return UtilityResult{"NOTIFY"};
    }
  }
}

void SessionState::PublishNotifications() {
  NotificationHub& hub = instance.notifications();
  for (const ListenAction& action : std::exchange(listen_actions, {})) {
    switch (action.kind) {
      case ListenAction::Kind::kListen:
        hub.Listen(action.channel, control);
        listening = true;
        break;
      case ListenAction::Kind::kUnlisten:
        hub.Unlisten(action.channel, *control);
        break;
      case ListenAction::Kind::kUnlistenAll:
        hub.UnlistenAll(*control);
        listening = false;
        break;
    }
  }
  if (pending_notifications.empty()) return;
  std::vector<Notification> notifications;
  for (PendingNotification& pending : pending_notifications) {
    notifications.push_back({control->pid, std::move(pending.channel), std::move(pending.payload)});
  }
  pending_notifications.clear();
  hub.Publish(std::move(notifications));
}

}  // namespace phantom::session
