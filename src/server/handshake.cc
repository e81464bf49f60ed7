#include "server/handshake.h"

#include "common/scram_secret.h"
#include "server/connection.h"
#include "server/tls.h"
#include "session/instance.h"
#include "session/session.h"
#include "session/session_registry.h"
#include "wire/backend_messages.h"
#include "wire/frontend_messages.h"

namespace phantom::server {

Handshake::Step Handshake::Refuse(Status status) {
  refusal_ = status.error().fatal ? std::move(status) : std::move(status).Fatal();
  return Step::kRefuse;
}

Handshake::Step Handshake::Advance(wire::FrameReader& input, std::string& output) {
  for (;;) {
    const bool starting = expected_ == Expected::kStartup;
    Result<std::optional<wire::Frame>> frame = starting ? input.NextStartup() : input.Next(false);
    // Who does not even begin like a client gets no answer.
    if (!frame.ok()) return starting ? Step::kClose : Refuse(std::move(frame).status());
    if (!frame->has_value()) return Step::kRead;
    const std::optional<Step> step = starting ? TakeStartup(**frame, input, output) : TakeSasl(**frame, output);
    if (step) return *step;
  }
}

std::optional<Handshake::Step> Handshake::TakeStartup(const wire::Frame& frame, const wire::FrameReader& input,
                                                      std::string& output) {
  Result<wire::StartupPacket> packet = wire::ParseStartup(frame.body);
  if (!packet.ok()) return Refuse(std::move(packet).status());
  startup_ = std::move(packet).value();
  switch (startup_.kind) {
    case wire::StartupKind::kCancel:
      context_.instance.sessions().Cancel(startup_.pid, startup_.cancel_key);
      return Step::kClose;
    case wire::StartupKind::kStartup:
      return Begin(output);
    case wire::StartupKind::kGssRequest:
      break;
    case wire::StartupKind::kSslRequest:
      if (encrypted_ || tls_refused_) break;
      if (input.buffered_bytes() > 0) {
        return Refuse(Error(sqlstate::kProtocolViolation, "received unencrypted data after SSL request")
                          .Detail("This could be either a client-software bug or evidence of an attempted "
                                  "man-in-the-middle attack."));
      }
      tls_refused_ = context_.tls == nullptr;
      if (tls_refused_) break;
      output += 'S';
      return Step::kEncrypt;
  }
  output += 'N';
  return std::nullopt;
}

std::optional<Handshake::Step> Handshake::Begin(std::string& output) {
  if (context_.shutting_down) {
    return Refuse(Error(sqlstate::kCannotConnectNow, "the database system is shutting down"));
  }
  if (context_.connections > context_.connections_max) {
    return Refuse(Error(sqlstate::kTooManyConnections, "sorry, too many clients already"));
  }
  if (startup_.replication) {
    return Refuse(Error(sqlstate::kFeatureNotSupported, "replication connections are not supported"));
  }
  if (startup_.minor_version > 0 || !startup_.unknown_options.empty()) {
    wire::AppendNegotiateProtocolVersion(output, 0, startup_.unknown_options);
  }
  if (trusted_) return Finish();

  std::optional<ScramSecret> secret;
  if (Result<std::string> verifier = context_.instance.PasswordVerifier(startup_.user); verifier.ok()) {
    secret = ScramSecret::Parse(*verifier);
  }
  const std::string certificate_hash = encrypted_ ? context_.tls->certificate_hash() : std::string();
  std::vector<std::string_view> mechanisms;
  if (!certificate_hash.empty()) mechanisms.push_back(wire::kScramSha256Plus);
  mechanisms.push_back(wire::kScramSha256);
  exchange_.emplace(startup_.user, std::move(secret), certificate_hash);
  wire::AppendAuthenticationSasl(output, mechanisms);
  expected_ = Expected::kSaslInitial;
  return std::nullopt;
}

std::optional<Handshake::Step> Handshake::TakeSasl(const wire::Frame& frame, std::string& output) {
  if (frame.type != 'p') {
    return Refuse(Errorf(sqlstate::kProtocolViolation, "expected SASL response, got message type %d",
                         static_cast<unsigned char>(frame.type)));
  }
  if (expected_ == Expected::kSaslInitial) {
    Result<wire::SaslInitialResponse> initial = wire::ParseSaslInitialResponse(frame.body);
    if (!initial.ok()) return Refuse(std::move(initial).status());
    Result<std::string> reply = exchange_->First(initial->mechanism, initial->data);
    if (!reply.ok()) return Refuse(std::move(reply).status());
    wire::AppendAuthenticationSaslContinue(output, *reply);
    expected_ = Expected::kSaslFinal;
    return std::nullopt;
  }
  Result<std::string> reply = exchange_->Final(frame.body);
  if (!reply.ok()) return Refuse(std::move(reply).status());
  wire::AppendAuthenticationSaslFinal(output, *reply);
  return Finish();
}

Handshake::Step Handshake::Finish() {
  if (Status status = wire::ParseCommandLineOptions(startup_.options, &settings_); !status.ok()) {
    return Refuse(std::move(status));
  }
  return Step::kDone;
}

session::ConnectionOptions Handshake::TakeOptions() {
  session::ConnectionOptions options;
  options.user = std::move(startup_.user);
  options.database = std::move(startup_.database);
  options.settings = std::move(settings_);
  for (auto& setting : startup_.settings) options.settings.push_back(std::move(setting));
  return options;
}

}  // namespace phantom::server
