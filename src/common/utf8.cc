#include "common/utf8.h"

#include <cstring>

namespace phantom::utf8 {

size_t Length(std::string_view text) {
  size_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

size_t Offset(std::string_view text, size_t index) {
  size_t at = 0;
  while (index > 0 && at < text.size()) {
    at += CharBytes(text[at]);
    --index;
  }
  return at < text.size() ? at : text.size();
}

char32_t Next(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[at + i])); };
  const char32_t lead = byte(0);
  const size_t bytes = CharBytes(text[at]);
  if (bytes == 1 || at + bytes > text.size()) {
    ++at;
    return lead;
  }
  char32_t character = lead & (0x7F >> bytes);
  for (size_t i = 1; i < bytes; ++i) character = character << 6 | (byte(i) & 0x3F);
  at += bytes;
  return character;
}

void Append(char32_t c, std::string& out) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

}  // namespace phantom::utf8
