#include "session/session.h"

#include "session/session_state.h"

namespace phantom::session {

Session::Session(std::unique_ptr<SessionState> state) : state_(std::move(state)) {}
Session::~Session() = default;

void Session::Ready(ResultSink& sink) { state_->Ready(sink); }
Progress Session::SimpleQuery(std::string text, ResultSink& sink) { return state_->SimpleQuery(std::move(text), sink); }

void Session::Parse(std::string_view name, std::string_view query, std::span<const Oid> parameter_types, ResultSink& sink) {
  state_->Parse(name, query, parameter_types, sink);
}
void Session::Bind(std::string portal, std::string_view statement, std::span<const int16_t> parameter_formats,
                   std::span<const BoundValue> values, std::span<const int16_t> result_formats, ResultSink& sink) {
  state_->Bind(std::move(portal), statement, parameter_formats, values, result_formats, sink);
}
void Session::DescribeStatement(std::string_view name, ResultSink& sink) { state_->DescribeStatement(name, sink); }
void Session::DescribePortal(std::string_view name, ResultSink& sink) { state_->DescribePortal(name, sink); }
Progress Session::Execute(std::string_view portal, int32_t row_limit, ResultSink& sink) {
  return state_->Execute(portal, row_limit, sink);
}

Progress Session::CallFunction(Oid function, std::span<const int16_t> argument_formats,
                               std::span<const BoundValue> arguments, int16_t result_format, ResultSink& sink) {
  return state_->CallFunction(function, argument_formats, arguments, result_format, sink);
}

void Session::CloseStatement(std::string_view name, ResultSink& sink) {
  if (name.empty()) {
    state_->RetireUnnamed();
  } else if (const auto found = state_->statements.find(name); found != state_->statements.end()) {
    state_->statements.erase(found);
  }
  sink.CloseComplete();
}

void Session::ClosePortal(std::string_view name, ResultSink& sink) {
  state_->DropPortal(name);
  sink.CloseComplete();
}

void Session::Sync(ResultSink& sink) { state_->Sync(sink); }
Progress Session::Continue(ResultSink& sink) { return state_->Continue(sink); }
Progress Session::CopyData(std::string_view bytes, ResultSink& sink) { return state_->CopyInput(bytes, sink); }
Progress Session::CopyDone(ResultSink& sink) { return state_->CopyEnd(sink); }

Progress Session::CopyFail(std::string_view message, ResultSink& sink) {
  return state_->CopyAbort(Errorf(sqlstate::kQueryCanceled, "COPY from stdin failed: %s", std::string(message).c_str()),
                           sink);
}

Progress Session::CopyViolation(const Status& error, ResultSink& sink) { return state_->CopyAbort(error, sink); }

void Session::ProtocolError(const Status& error, bool skip_to_sync, ResultSink& sink) {
  state_->sink = &sink;
  sink.Error(error);
  if (error.error().fatal) {
    state_->control->Terminate(error);
    return;
  }
  state_->block.Fail();
  if (skip_to_sync) {
    state_->skip_to_sync = true;
  } else {
    state_->Ready(sink);
  }
}

bool Session::skipping_to_sync() const { return state_->skip_to_sync; }

void Session::DeliverNotifications(ResultSink& sink) {
  if (!state_->control->has_notifications() || state_->block.status() != 'I' || state_->block.active()) return;
  for (const auto& notification : state_->control->TakeNotifications()) {
    sink.Notification(notification->sender_pid, notification->channel, notification->payload);
  }
}

Lsn Session::DurableLsn() const { return state_->block.durable(); }

bool Session::in_transaction() const { return state_->block.active() || state_->block.in_block(); }

int64_t Session::IdleTimeoutMs() const {
  static const int kInTransaction = FindSetting("idle_in_transaction_session_timeout");
  static const int kIdle = FindSetting("idle_session_timeout");
  return state_->settings.GetInteger(in_transaction() ? kInTransaction : kIdle);
}

Status Session::IdleTimeoutError() const {
  if (in_transaction()) {
    return Error(sqlstate::kIdleInTransactionSessionTimeout,
                 "terminating connection due to idle-in-transaction timeout")
        .Fatal();
  }
  return Error(sqlstate::kIdleSessionTimeout, "terminating connection due to idle-session timeout").Fatal();
}

void Session::Cancel() { state_->control->Cancel(); }
void Session::RequestTermination(Status reason) { state_->control->Terminate(std::move(reason)); }
std::optional<Status> Session::TerminationReason() const { return state_->control->TerminationReason(); }
void Session::SetWakeUp(std::function<void()> wake_up) { state_->control->SetWakeUp(std::move(wake_up)); }
int32_t Session::pid() const { return state_->control->pid; }
int32_t Session::cancel_key() const { return state_->control->cancel_key; }
const Settings& Session::settings() const { return state_->settings; }
const types::ByteEncoding* Session::encoding() const { return state_->encoding; }

const char* SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return "DEBUG";
    case Severity::kLog:
      return "LOG";
    case Severity::kInfo:
      return "INFO";
    case Severity::kNotice:
      return "NOTICE";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kError:
      return "ERROR";
    case Severity::kFatal:
      return "FATAL";
    case Severity::kPanic:
      return "PANIC";
  }
  return "";
}

}  // namespace phantom::session
