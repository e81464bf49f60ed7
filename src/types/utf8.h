// types/utf8.h
//
// UTF-8 by characters: what lengths and truncation of text types count. Requires valid UTF-8 (all text in the database
// was checked on its way in).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace phantom::types {

// Bytes of the character that begins with this byte.
constexpr size_t Utf8Length(char first) {
  auto c = static_cast<unsigned char>(first);
  return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

inline size_t Utf8CharCount(std::string_view text) {
  size_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

// Bytes of the first `chars` characters (all, when there are fewer).
inline size_t Utf8Prefix(std::string_view text, size_t chars) {
  size_t at = 0;
  while (at < text.size() && chars-- > 0) at += Utf8Length(text[at]);
  return at < text.size() ? at : text.size();
}

// The longest prefix of whole characters within so many bytes.
inline size_t Utf8ClipBytes(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text.size();
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return bytes;
}

// Bytes of the valid character at the front, or 0 when there is none.
size_t ValidUtf8Length(std::string_view text);

// Appends a code point (at most 0x10ffff).
void AppendUtf8(uint32_t code, std::string& out);

}  // namespace phantom::types
