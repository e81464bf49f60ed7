// common/utf8.h
//
// UTF-8, one character at a time. Functions that take text known to be valid (everything stored is) do not check it again.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace phantom::utf8 {

// Bytes of the character that starts with this byte; 1 for a byte that starts none.
inline size_t CharBytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF8 ? 4 : 1;
}

// Characters in valid text.
size_t Length(std::string_view text);

// Byte offset of character `index` (from 0); text.size() when there are fewer.
size_t Offset(std::string_view text, size_t index);

// Decodes the character at `at` of valid text and moves `at` past it.
char32_t Next(std::string_view text, size_t& at);

// Appends a character (<= 0x10FFFF).
void Append(char32_t character, std::string& out);

}  // namespace phantom::utf8
