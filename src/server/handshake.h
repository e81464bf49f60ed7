// server/handshake.h
//
// What a client and the server say to each other before there is a session: whether to encrypt, the startup packet, the
// password (PostgreSQL 15, chapter 55.2.1). No sockets: messages are taken from a reader, replies left in a buffer, and the
// connection is told what to do next.
//
// Thread safety: none; one owner at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/status.h"
#include "wire/framing.h"
#include "wire/scram.h"
#include "wire/startup.h"

namespace phantom::session {
struct ConnectionOptions;
}

namespace phantom::server {

struct ConnectionContext;

class Handshake {
 public:
  enum class Step : uint8_t {
    kRead,     // write the replies, read more, and call Advance() again
    kEncrypt,  // write the replies, begin TLS, call NoteEncrypted(), and Advance() again
    kRefuse,   // send TakeRefusal() and close
    kClose,    // write the replies and close: there is nothing to serve
    kDone,     // open a session with TakeOptions(); what is left in the buffer goes out before the session's own replies
  };

  // `trusted`: this client need not show a password. The context must outlive the handshake.
  Handshake(ConnectionContext& context, bool trusted) : context_(context), trusted_(trusted) {}

  Step Advance(wire::FrameReader& input, std::string& output);
  void NoteEncrypted() { encrypted_ = true; }

  // After kRefuse. Fatal.
  Status TakeRefusal() { return std::move(refusal_); }
  // After kDone: user, database and settings.
  session::ConnectionOptions TakeOptions();

 private:
  enum class Expected : uint8_t { kStartup, kSaslInitial, kSaslFinal };

  // Takes one message; nothing: the next one follows.
  std::optional<Step> TakeStartup(const wire::Frame& frame, const wire::FrameReader& input, std::string& output);
  std::optional<Step> TakeSasl(const wire::Frame& frame, std::string& output);
  // The client wants a session.
  std::optional<Step> Begin(std::string& output);
  Step Finish();
  Step Refuse(Status status);

  ConnectionContext& context_;
  const bool trusted_;
  bool encrypted_ = false;
  bool tls_refused_ = false;
  Expected expected_ = Expected::kStartup;
  wire::StartupPacket startup_;
  std::optional<wire::ScramExchange> exchange_;
  std::vector<std::pair<std::string, std::string>> settings_;
  Status refusal_;
};

}  // namespace phantom::server
