// common/scram_secret.h
//
// What the server keeps of a password: PostgreSQL's text form of a SCRAM-SHA-256 secret,
// "SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>" with the binary parts in base64 (RFC 5803, RFC 7677).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/crypto.h"

namespace phantom {

struct ScramSecret {
  static constexpr int kIterations = 4096;
  static constexpr size_t kSaltBytes = 16;

  int iterations = kIterations;
  std::string salt;
  Sha256Digest stored_key{};
  Sha256Digest server_key{};

  // Derives the keys. The password is used as the client sent it; ASCII needs no preparation.
  static ScramSecret Build(std::string_view password, std::string salt, int iterations = kIterations);
  // No value when the text is not a secret.
  static std::optional<ScramSecret> Parse(std::string_view text);
  std::string ToText() const;
};

// The text to store for CREATE ROLE ... PASSWORD: the password's secret under a fresh salt, or the given text when it
// is a secret already.
std::string MakePasswordVerifier(std::string_view password);

}  // namespace phantom
