// session/session.h
//
// One connection's state and what its client can ask for, independent of the protocol's bytes: simple and extended
// query, COPY data, cancel. Results go to a ResultSink.
//
// A request runs until it is done, until the sink is full (kMore: flush, then Continue), or until the client owes
// COPY data (kCopyIn). A request that commits does not wait for the disk: before its reply may reach the client the
// log must be durable up to DurableLsn().
//
// Thread safety: one thread at a time, except Cancel(), RequestTermination() and the members the registry reads.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "session/result_sink.h"

namespace phantom::types {
class ByteEncoding;
}

namespace phantom::session {

class Instance;
class SessionState;
class Settings;

enum class Progress { kDone, kMore, kCopyIn };

struct ConnectionOptions {
  std::string user;
  std::string database;
  std::vector<std::pair<std::string, std::string>> settings;  // of the startup packet, in order
  std::string client_address;                                 // empty: local
  int32_t client_port = -1;
  bool tls = false;
};

class Session {
 public:
  // Looks the role and the database up and applies their settings. 3D000, 28000, 22023, 53300 (all fatal).
  static Result<std::unique_ptr<Session>> Create(Instance& instance, ConnectionOptions options);
  ~Session();

  // What is pending at the end of a request: ParameterStatus, notifications, ReadyForQuery.
  void Ready(ResultSink& sink);

  // A simple query: one or more statements. Ends with ReadyForQuery.
  Progress SimpleQuery(std::string text, ResultSink& sink);

  // The extended query protocol. After an error everything up to Sync is skipped.
  void Parse(std::string_view name, std::string_view query, std::span<const Oid> parameter_types, ResultSink& sink);
  using BoundValue = std::optional<std::string_view>;  // a parameter's bytes; nullopt is NULL
  void Bind(std::string portal, std::string_view statement, std::span<const int16_t> parameter_formats,
            std::span<const BoundValue> values, std::span<const int16_t> result_formats, ResultSink& sink);
  void DescribeStatement(std::string_view name, ResultSink& sink);
  void DescribePortal(std::string_view name, ResultSink& sink);
  Progress Execute(std::string_view portal, int32_t row_limit, ResultSink& sink);
  void CloseStatement(std::string_view name, ResultSink& sink);
  void ClosePortal(std::string_view name, ResultSink& sink);
  void Sync(ResultSink& sink);

  // The function call protocol: a function by OID. Ends with ReadyForQuery.
  Progress CallFunction(Oid function, std::span<const int16_t> argument_formats, std::span<const BoundValue> arguments,
                        int16_t result_format, ResultSink& sink);

  // Goes on with a request that returned kMore.
  Progress Continue(ResultSink& sink);

  // COPY FROM STDIN, after kCopyIn.
  Progress CopyData(std::string_view bytes, ResultSink& sink);
  Progress CopyDone(ResultSink& sink);
  Progress CopyFail(std::string_view message, ResultSink& sink);
  // The client sent something else instead of data.
  Progress CopyViolation(const Status& error, ResultSink& sink);

  // Reports an error the protocol's reader found and treats it as an error of the current request. In the extended
  // protocol (`skip_to_sync`) what follows is skipped until Sync, else ReadyForQuery follows.
  void ProtocolError(const Status& error, bool skip_to_sync, ResultSink& sink);
  bool skipping_to_sync() const;

  // Notifications that arrived while idle.
  void DeliverNotifications(ResultSink& sink);

  // The log must be durable up to here before the client may see what was delivered.
  Lsn DurableLsn() const;

  // Idle in a transaction, and what is due then: milliseconds until the idle timeout fires, 0 for never.
  bool in_transaction() const;
  int64_t IdleTimeoutMs() const;
  Status IdleTimeoutError() const;

  // From any thread: makes the running statement fail with 57014.
  void Cancel();
  // From any thread: the session ends with this (fatal) error as soon as it can.
  void RequestTermination(Status reason);
  std::optional<Status> TerminationReason() const;
  // Called, from any thread, when an idle connection has something to do (a notification, termination).
  void SetWakeUp(std::function<void()> wake_up);

  int32_t pid() const;
  int32_t cancel_key() const;
  const Settings& settings() const;
  // The client's encoding; null when text needs no conversion.
  const types::ByteEncoding* encoding() const;

  SessionState& state() { return *state_; }

 private:
  explicit Session(std::unique_ptr<SessionState> state);
  std::unique_ptr<SessionState> state_;
};

}  // namespace phantom::session
