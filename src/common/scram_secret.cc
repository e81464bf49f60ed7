#include "common/scram_secret.h"

#include <openssl/evp.h>

#include <charconv>
#include <cstring>

#include "common/check.h"

namespace phantom {

namespace {

constexpr std::string_view kScheme = "SCRAM-SHA-256";

bool DecodeKey(std::string_view text, Sha256Digest* key) {
  const std::optional<std::string> bytes = Base64Decode(text);
  if (!bytes.has_value() || bytes->size() != key->size()) return false;
  std::memcpy(key->data(), bytes->data(), key->size());
  return true;
}

}  // namespace

ScramSecret ScramSecret::Build(std::string_view password, std::string salt, int iterations) {
  Sha256Digest salted;
  PHANTOM_CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                                  reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
                                  iterations, EVP_sha256(), static_cast<int>(salted.size()), salted.data()) == 1);
  ScramSecret secret;
  secret.iterations = iterations;
  secret.salt = std::move(salt);
  secret.stored_key = Sha256(AsText(HmacSha256(AsText(salted), "Client Key")));
  secret.server_key = HmacSha256(AsText(salted), "Server Key");
  return secret;
}

std::optional<ScramSecret> ScramSecret::Parse(std::string_view text) {
  const auto take = [&text](char separator) {
    const size_t end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
  };
  ScramSecret secret;
  if (take('$') != kScheme) return std::nullopt;
  const std::string_view iterations = take(':');
  const auto [end, error] =
      std::from_chars(iterations.data(), iterations.data() + iterations.size(), secret.iterations);
  if (error != std::errc() || end != iterations.data() + iterations.size() || secret.iterations < 1)
    return std::nullopt;
  std::optional<std::string> salt = Base64Decode(take('$'));
  if (!salt.has_value() || salt->empty()) return std::nullopt;
  secret.salt = std::move(*salt);
  if (!DecodeKey(take(':'), &secret.stored_key) || !DecodeKey(text, &secret.server_key)) return std::nullopt;
  return secret;
}

std::string ScramSecret::ToText() const {
  return std::string(kScheme) + "$" + std::to_string(iterations) + ":" + Base64Encode(salt) + "$" +
         Base64Encode(AsText(stored_key)) + ":" + Base64Encode(AsText(server_key));
}

std::string MakePasswordVerifier(std::string_view password) {
  if (ScramSecret::Parse(password).has_value()) return std::string(password);
  return ScramSecret::Build(password, RandomBytes(ScramSecret::kSaltBytes)).ToText();
}

}  // namespace phantom
