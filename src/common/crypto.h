// common/crypto.h
//
// The few cryptographic primitives the server needs, from OpenSSL.
//
// Thread safety: all functions may be called from any thread.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace phantom {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest Sha256(std::string_view data);
Sha256Digest HmacSha256(std::string_view key, std::string_view data);
inline std::string_view AsText(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// The digests SQL offers: 16, 28, 32, 48 and 64 bytes.
enum class DigestKind : uint8_t { kMd5, kSha224, kSha256, kSha384, kSha512 };
std::string Digest(DigestKind kind, std::string_view data);

// Without line breaks, padded.
std::string Base64Encode(std::string_view bytes);
std::optional<std::string> Base64Decode(std::string_view text);

// From the system's generator; a failure of that is a panic.
std::string RandomBytes(size_t count);

// In time that does not depend on the contents.
bool EqualInConstantTime(std::string_view a, std::string_view b);

}  // namespace phantom
