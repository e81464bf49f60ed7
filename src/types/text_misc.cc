// Text of the lesser types: money, tid, pg_lsn, xid8.
#include "types/text_misc.h"

#include <cstdlib>

#include "types/ascii.h"
#include "types/datetime_fields.h"
#include "types/input_error.h"
#include "types/text_format.h"

namespace phantom::types {

Result<int64_t> ParseMoney(std::string_view text) {
  size_t at = 0;
  auto skip = [&] {
    while (at < text.size() && IsSpace(text[at])) ++at;
  };
  auto take = [&](char c) {
    if (at == text.size() || text[at] != c) return false;
    ++at;
    return true;
  };
  skip();
  take('$');
  skip();
  bool negative = take('-') || take('(');
  if (!negative) take('+');
  skip();
  take('$');
  skip();
  // Built negative, so that the least value fits.
  int64_t value = 0;
  int decimals = 0;
  bool dot = false;
  auto add = [&](int digit) {
    return !__builtin_mul_overflow(value, 10, &value) && !__builtin_sub_overflow(value, digit, &value);
  };
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (IsDigit(c) && (!dot || decimals < 2)) {
      if (!add(c - '0')) return ValueOutOfRange("money", text);
      decimals += dot;
    } else if (c == '.' && !dot) {
      dot = true;
    } else if (c != ',') {
      break;
    }
  }
  if (at < text.size() && IsDigit(text[at]) && text[at] >= '5' && __builtin_sub_overflow(value, 1, &value)) {
    return ValueOutOfRange("money", text);
  }
  for (; decimals < 2; ++decimals) {
    if (!add(0)) return ValueOutOfRange("money", text);
  }
  while (at < text.size() && IsDigit(text[at])) ++at;
  for (; at < text.size(); ++at) {
    if (text[at] == '-') {
      negative = true;
    } else if (!IsSpace(text[at]) && text[at] != ')' && text[at] != '+' && text[at] != '$') {
      return InvalidSyntax("money", text);
    }
  }
  if (negative) return value;
  if (value == INT64_MIN) return ValueOutOfRange("money", text);
  return -value;
}

void AppendMoney(int64_t value, std::string& out) {
  if (value < 0) out.push_back('-');
  out.push_back('$');
  auto magnitude = value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  char buffer[24];
  std::string_view whole(buffer, static_cast<size_t>(FormatUint64(magnitude / 100, buffer) - buffer));
  for (size_t i = 0; i < whole.size(); ++i) {
    if (i != 0 && (whole.size() - i) % 3 == 0) out.push_back(',');
    out.push_back(whole[i]);
  }
  out.append(Format(".%02d", static_cast<int>(magnitude % 100)));
}

Result<int64_t> ParseTid(std::string_view text) {
  std::string_view rest = TrimSpace(text);
  int64_t block = 0, offset = 0;
  bool overflow = false;
  auto take = [&](char c) {
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  };
  bool fits = take('(') && ReadInt(&rest, &block, &overflow) && take(',') && ReadInt(&rest, &offset, &overflow) &&
              take(')') && rest.empty() && !overflow;
  if (!fits || block < INT32_MIN || block > UINT32_MAX || offset < 0 || offset > UINT16_MAX) {
    return InvalidSyntax("tid", text);
  }
  return static_cast<int64_t>(static_cast<uint32_t>(block)) << 16 | offset;
}

void AppendTid(int64_t tid, std::string& out) {
  out.append(Format("(%u,%u)", static_cast<uint32_t>(tid >> 16), static_cast<uint32_t>(tid & 0xffff)));
}

Result<int64_t> ParseLsn(std::string_view text) {
  size_t slash = text.find('/');
  auto part = [](std::string_view digits, uint64_t* value) {
    if (digits.empty() || digits.size() > 8) return false;
    *value = 0;
    for (char c : digits) {
      if (HexDigit(c) < 0) return false;
      *value = *value * 16 + static_cast<uint64_t>(HexDigit(c));
    }
    return true;
  };
  uint64_t high = 0, low = 0;
  if (slash == std::string_view::npos || !part(text.substr(0, slash), &high) || !part(text.substr(slash + 1), &low)) {
    return InvalidSyntax("pg_lsn", text);
  }
  return static_cast<int64_t>(high << 32 | low);
}

void AppendLsn(int64_t lsn, std::string& out) {
  out.append(Format("%X/%X", static_cast<uint32_t>(static_cast<uint64_t>(lsn) >> 32), static_cast<uint32_t>(lsn)));
}

uint64_t ParseXid(std::string_view text) { return std::strtoull(std::string(text).c_str(), nullptr, 0); }

}  // namespace phantom::types
