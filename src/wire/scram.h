// wire/scram.h
//
// The server's side of a SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), with channel binding "tls-server-end-point"
// (RFC 5929) for SCRAM-SHA-256-PLUS. Two rounds: client-first -> server-first, client-final -> server-final.
//
// A role without a secret, or that does not exist, runs the same exchange against a made-up secret and fails at its
// end, so that nobody learns which roles exist.
//
// Thread safety: none; one owner at a time.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/scram_secret.h"
#include "common/status.h"

namespace phantom::wire {

inline constexpr std::string_view kScramSha256 = "SCRAM-SHA-256";
inline constexpr std::string_view kScramSha256Plus = "SCRAM-SHA-256-PLUS";

class ScramExchange {
 public:
  // `secret` is the role's, if it has one; `certificate_hash` the hash of the server's certificate, empty without TLS.
  // Tests give the nonce.
  ScramExchange(std::string_view user, std::optional<ScramSecret> secret, std::string certificate_hash,
                std::string server_nonce = MakeNonce());

  // Takes the client's first message under the mechanism it chose and gives the server's. 08P01, fatal.
  Result<std::string> First(std::string_view mechanism, std::string_view client_first);
  // Takes the client's final message and gives the server's. 28P01 when the proof is wrong, 08P01 when the message is.
  Result<std::string> Final(std::string_view client_final);

 private:
  static std::string MakeNonce();

  const std::string user_;
  ScramSecret secret_;
  bool doomed_;  // there is no secret to match
  const std::string certificate_hash_;
  const std::string server_nonce_;
  bool channel_binding_ = false;
  char binding_flag_ = 'n';
  std::string client_first_bare_;
  std::string server_first_;
  std::string nonce_;
};

}  // namespace phantom::wire
