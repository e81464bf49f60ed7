// Text of boolean, the integers and the floats.
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "types/ascii.h"
#include "types/input_error.h"
#include "types/text_format.h"

namespace phantom::types {
namespace {

constexpr char kDigitPairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657"
    "58596061626364656667686970717273747576777879808182838485868788899091929394959697989900";

// [blanks] [sign] digits [blanks] within [-limit - 1, limit].
template <typename T>
Result<T> ParseInteger(std::string_view text, uint64_t limit, const char* type) {
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end && IsSpace(*at)) ++at;
  bool negative = false;
  if (at < end && (*at == '-' || *at == '+')) negative = *at++ == '-';
  if (at == end || !IsDigit(*at)) return InvalidSyntax(type, text);
  uint64_t value = 0;
  bool overflow = false;
  limit += negative ? 1 : 0;
  for (; at < end && IsDigit(*at); ++at) {
    auto digit = static_cast<uint64_t>(*at - '0');
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) overflow = true;
    if (value > limit) overflow = true;
    if (overflow) break;
  }
  if (overflow) return ValueOutOfRange(type, text);
  while (at < end && IsSpace(*at)) ++at;
  if (at != end) return InvalidSyntax(type, text);
  return static_cast<T>(negative ? -value : value);
}

// The words that strtod and PostgreSQL accept for NaN and the infinities, wholly in text.
template <typename T>
bool ParseSpecial(std::string_view text, T* value) {
  bool negative = false;
  if (EqualsIgnoreCase(text, "nan")) {
    *value = NAN;
    return true;
  }
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (!EqualsIgnoreCase(text, "infinity") && !EqualsIgnoreCase(text, "inf")) return false;
  *value = negative ? -INFINITY : INFINITY;
  return true;
}

double StringToFloat(const char* text, char** end, double) { return std::strtod(text, end); }
float StringToFloat(const char* text, char** end, float) { return std::strtof(text, end); }

template <typename T>
Result<T> ParseFloat(std::string_view text, const char* type) {
  std::string_view trimmed = TrimSpace(text);
  T value = 0;
  // The common form; signs, words, hexadecimal and out-of-range values go the long way.
  auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  if (error == std::errc() && end == trimmed.data() + trimmed.size() && std::isfinite(value)) return value;
  if (ParseSpecial(trimmed, &value)) return value;
  std::string copy(trimmed);
  errno = 0;
  char* stop = nullptr;
  value = StringToFloat(copy.c_str(), &stop, T{});
  if (stop == copy.c_str() || copy.size() != std::strlen(copy.c_str())) return InvalidSyntax(type, text);
  if (errno == ERANGE && (value == 0 || std::isinf(value))) {
    return Error(sqlstate::kNumericValueOutOfRange,
                 Format("\"%.*s\" is out of range for type %s", static_cast<int>(stop - copy.c_str()), copy.c_str(),
                        type));
  }
  // strtod also reads "nan(...)", which is not SQL.
  if (*stop != '\0' || !std::isfinite(value)) return InvalidSyntax(type, text);
  return value;
}

// Shortest digits that read back as the value; exponents are written as PostgreSQL does: from 1e-05 down and from
// 1e+15 (float4: 1e+06) up.
template <typename T>
void AppendShortest(T value, int exponent_max, std::string& out) {
  char buffer[40];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<size_t>(end - buffer));
  if (text.front() == '-') {
    out.push_back('-');
    text.remove_prefix(1);
  }
  size_t e = text.find('e');
  int exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  if (exponent < -4 || exponent >= exponent_max) {
    out.append(text);
    return;
  }
  std::string digits(1, text[0]);
  if (e > 2) digits.append(text.substr(2, e - 2));
  if (exponent < 0) {
    out.append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
    return;
  }
  auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    out.append(digits).append(whole - digits.size(), '0');
  } else {
    out.append(digits, 0, whole).append(".").append(digits, whole);
  }
}

template <typename T>
bool AppendFloatSpecial(T value, std::string& out) {
  if (std::isnan(value)) {
    out.append("NaN");
  } else if (std::isinf(value)) {
    out.append(value < 0 ? "-Infinity" : "Infinity");
  } else {
    return false;
  }
  return true;
}

}  // namespace

char* FormatUint64(uint64_t value, char* to) {
  char buffer[20];
  char* at = buffer + sizeof(buffer);
  while (value >= 100) {
    uint64_t quotient = value / 100;
    at -= 2;
    std::memcpy(at, kDigitPairs + (value - quotient * 100) * 2, 2);
    value = quotient;
  }
  if (value >= 10) {
    at -= 2;
    std::memcpy(at, kDigitPairs + value * 2, 2);
  } else {
    *--at = static_cast<char>('0' + value);
  }
  auto size = static_cast<size_t>(buffer + sizeof(buffer) - at);
  std::memcpy(to, at, size);
  return to + size;
}

char* FormatInt64(int64_t value, char* to) {
  auto magnitude = static_cast<uint64_t>(value);
  if (value < 0) {
    *to++ = '-';
    magnitude = -magnitude;
  }
  return FormatUint64(magnitude, to);
}

char* FormatInt32(int32_t value, char* to) { return FormatInt64(value, to); }

void AppendInt64(int64_t value, std::string& out) {
  char buffer[24];
  out.append(buffer, static_cast<size_t>(FormatInt64(value, buffer) - buffer));
}

Result<int16_t> ParseInt16(std::string_view text) { return ParseInteger<int16_t>(text, INT16_MAX, "smallint"); }
Result<int32_t> ParseInt32(std::string_view text) { return ParseInteger<int32_t>(text, INT32_MAX, "integer"); }
Result<int64_t> ParseInt64(std::string_view text) { return ParseInteger<int64_t>(text, INT64_MAX, "bigint"); }

Result<Oid> ParseOid(std::string_view text) {
  // A minus sign is allowed for old clients that took oids for signed.
  Result<int64_t> value = ParseInteger<int64_t>(text, INT64_MAX, "oid");
  if (!value.ok()) return std::move(value).status();
  if (*value > int64_t{UINT32_MAX} || *value < INT32_MIN) return ValueOutOfRange("oid", text);
  return static_cast<Oid>(*value);
}

bool TryParseBool(std::string_view text, bool* value) {
  auto prefix_of = [&](std::string_view word, size_t at_least) {
    return text.size() >= at_least && text.size() <= word.size() && EqualsIgnoreCase(text, word.substr(0, text.size()));
  };
  if (text == "1" || prefix_of("true", 1) || prefix_of("yes", 1) || prefix_of("on", 2)) {
    *value = true;
    return true;
  }
  if (text == "0" || prefix_of("false", 1) || prefix_of("no", 1) || prefix_of("off", 2)) {
    *value = false;
    return true;
  }
  return false;
}

Result<bool> ParseBool(std::string_view text) {
  bool value = false;
  if (!TryParseBool(TrimSpace(text), &value)) return InvalidSyntax("boolean", text);
  return value;
}

Result<double> ParseFloat8(std::string_view text) { return ParseFloat<double>(text, "double precision"); }
Result<float> ParseFloat4(std::string_view text) { return ParseFloat<float>(text, "real"); }

void AppendFloat8(double value, int extra_float_digits, std::string& out) {
  if (AppendFloatSpecial(value, out)) return;
  if (extra_float_digits > 0) return AppendShortest(value, 15, out);
  int digits = 15 + extra_float_digits;
  out.append(Format("%.*g", digits < 1 ? 1 : digits, value));
}

void AppendFloat4(float value, int extra_float_digits, std::string& out) {
  if (AppendFloatSpecial(value, out)) return;
  if (extra_float_digits > 0) return AppendShortest(value, 6, out);
  int digits = 6 + extra_float_digits;
  out.append(Format("%.*g", digits < 1 ? 1 : digits, static_cast<double>(value)));
}

}  // namespace phantom::types
