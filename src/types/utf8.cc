#include "types/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "types/text_format.h"

namespace phantom::types {

namespace {

// The length that a character's first byte announces; 1 for a byte that begins none.
size_t AnnouncedLength(uint8_t first) {
  if ((first & 0xE0) == 0xC0) return 2;
  if ((first & 0xF0) == 0xE0) return 3;
  if ((first & 0xF8) == 0xF0) return 4;
  return 1;
}

// How many of the first bytes are plain ASCII without NUL, in steps of eight.
size_t AsciiPrefix(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
    if (((word | (word - kOnes)) & kHighs) != 0) break;  // a high bit, or a byte that borrowed
  }
  return at;
}

Status InvalidBytes(std::string_view text) {
  size_t count = std::min(AnnouncedLength(static_cast<uint8_t>(text[0])), text.size());
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += Format(i == 0 ? "0x%02x" : " 0x%02x", static_cast<uint8_t>(text[i]));
  return Error(sqlstate::kCharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": " + bytes);
}

}  // namespace

// Unicode 15, table 3-7.
size_t ValidUtf8Length(std::string_view text) {
  if (text.empty()) return 0;
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  auto continues = [&](size_t i, uint8_t low, uint8_t high) { return byte(i) >= low && byte(i) <= high; };
  uint8_t first = byte(0);
  if (first < 0x80) return 1;
  size_t length = AnnouncedLength(first);
  if (length == 1 || first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (!continues(1, low, high)) return 0;
  for (size_t i = 2; i < length; ++i)
    if (!continues(i, 0x80, 0xBF)) return 0;
  return length;
}

void AppendUtf8(uint32_t code, std::string& out) {
  auto tail = [&](int shift) { out.push_back(static_cast<char>(0x80 | (code >> shift & 0x3f))); };
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xc0 | code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | code >> 12));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xf0 | code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

Status CheckUtf8(std::string_view text) {
  while (!text.empty()) {
    text.remove_prefix(AsciiPrefix(text));
    if (text.empty()) break;
    size_t length = text[0] == '\0' ? 0 : ValidUtf8Length(text);
    if (length == 0) return InvalidBytes(text);
    text.remove_prefix(length);
  }
  return Status::Ok();
}

}  // namespace phantom::types
