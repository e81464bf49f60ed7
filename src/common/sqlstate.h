// common/sqlstate.h
//
// SQLSTATE codes: five characters [0-9A-Z] packed into 32 bits.
// The list is PostgreSQL 15's (appendix A); names drop the ERRCODE_ prefix.
#pragma once
#include <cstdint>
#include <string>

namespace phantom {

enum class SqlState : uint32_t {};

// Packs five characters, six bits each, first character lowest.
constexpr SqlState MakeSqlState(const char (&code)[6]) {
  uint32_t packed = 0;
  for (int i = 4; i >= 0; --i) packed = packed << 6 | static_cast<uint32_t>(code[i] - '0');
  return static_cast<SqlState>(packed);
}

// The five characters of a code, e.g. "42P01".
inline std::string SqlStateText(SqlState state) {
  std::string text(5, '0');
  uint32_t packed = static_cast<uint32_t>(state);
  for (char& c : text) {
    c = static_cast<char>('0' + (packed & 63));
    packed >>= 6;
  }
  return text;
}

namespace sqlstate {
#define PHANTOM_SQLSTATE(name, code) inline constexpr SqlState name = MakeSqlState(code);
#include "common/sqlstates.inc"
#undef PHANTOM_SQLSTATE
}  // namespace sqlstate

}  // namespace phantom
