// types/encoding.h
//
// Character sets clients may speak: PostgreSQL's names and numbers (PostgreSQL 15, table 24.1), and conversion between
// UTF-8, which all text is stored in, and those of one byte a character.
//
// Thread safety: all functions may be called from any thread.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/status.h"

namespace phantom::types {

// All names, by number.
std::span<const std::string_view> EncodingNames();
inline constexpr int kEncodingSqlAscii = 0;
inline constexpr int kEncodingUtf8 = 6;

// The number of a name or of one of its synonyms; only letters and digits count, in any case. -1: no such encoding.
int FindEncoding(std::string_view name);

class ByteEncoding {
 public:
  // Null when text needs no conversion (UTF8, SQL_ASCII) or there is none.
  static const ByteEncoding* Get(int number);
  // Can a client speak it?
  static bool IsSupported(int number) {
    return number == kEncodingUtf8 || number == kEncodingSqlAscii || Get(number) != nullptr;
  }

  // Append the converted text. 22P05 for a character that the other side does not have.
  Status ToUtf8(std::string_view text, std::string& out) const;
  Status FromUtf8(std::string_view text, std::string& out) const;
  // For messages that must get through: what cannot be converted becomes '?'.
  std::string FromUtf8Lossy(std::string_view text) const;

 private:
  friend struct EncodingTable;
  std::string_view name_;
  std::array<char32_t, 128> characters_{};  // of the bytes from 0x80 up; 0: none
  std::unordered_map<char32_t, char> bytes_;
};

}  // namespace phantom::types
