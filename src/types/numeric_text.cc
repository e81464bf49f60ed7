#include <algorithm>
#include <cstring>
#include <vector>

#include "types/ascii.h"
#include "types/numeric.h"
#include "types/numeric_big.h"

namespace phantom::types {
namespace {

constexpr uint64_t kTen18 = 1000000000000000000u;
// Digits that surely fit in the inline magnitude: 10^36 < 2^120.
constexpr int kInlineDigits = 36;

Status BadSyntax(std::string_view text) {
  return Error(sqlstate::kInvalidTextRepresentation,
               Format("invalid input syntax for type numeric: \"%.*s\"", static_cast<int>(text.size()), text.data()));
}

// Reads NaN and the infinities; the length of what was read, or 0.
size_t ParseSpecial(std::string_view text, Numeric* out) {
  struct Word {
    const char* name;
    Numeric value;
  };
  const Word words[] = {{"nan", Numeric::NaN()},
                        {"infinity", Numeric::Infinity()},
                        {"+infinity", Numeric::Infinity()},
                        {"-infinity", Numeric::Infinity(true)},
                        {"inf", Numeric::Infinity()},
                        {"+inf", Numeric::Infinity()},
                        {"-inf", Numeric::Infinity(true)}};
  for (const Word& word : words) {
    if (StartsWithIgnoreCase(text, word.name)) {
      *out = word.value;
      return std::strlen(word.name);
    }
  }
  return 0;
}

struct Scanned {
  bool negative = false;
  std::string_view whole, fraction;
  int64_t exponent = 0;
  bool too_large = false;  // the exponent
  size_t end = 0;          // of what was read
};

// [sign] digits [. digits] [e [sign] digits]; false when text does not start so.
bool Scan(std::string_view text, Scanned* out) {
  size_t at = 0;
  auto digits = [&] {
    size_t from = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return text.substr(from, at - from);
  };
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) out->negative = text[at++] == '-';
  out->whole = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    out->fraction = digits();
  }
  if (out->whole.empty() && out->fraction.empty()) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool negative = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
    std::string_view exponent = digits();
    if (exponent.empty()) return false;
    for (char c : exponent) {
      out->exponent = out->exponent * 10 + (c - '0');
      if (out->exponent >= INT32_MAX / 2) {
        out->too_large = true;
        out->exponent = INT32_MAX / 2;
      }
    }
    if (negative) out->exponent = -out->exponent;
  }
  out->end = at;
  return true;
}

Result<Numeric> FromScanned(const Scanned& s, Arena& arena) {
  if (s.too_large) return NumericOverflow();
  int64_t dscale = std::max<int64_t>(static_cast<int64_t>(s.fraction.size()) - s.exponent, 0);
  // Zeros to put behind the digits (an exponent beyond the fraction).
  int64_t zeros = std::max<int64_t>(s.exponent - static_cast<int64_t>(s.fraction.size()), 0);
  std::string_view whole = s.whole;
  while (!whole.empty() && whole.front() == '0') whole.remove_prefix(1);
  std::string_view fraction = s.fraction;
  if (whole.empty()) {
    while (!fraction.empty() && fraction.front() == '0') fraction.remove_prefix(1);
  }
  bool zero = whole.empty() && fraction.empty();
  if (zero) zeros = 0;
  auto digits = static_cast<int64_t>(whole.size() + fraction.size());
  if (dscale > Numeric::kScaleMax) return NumericOverflow();
  if (digits + zeros - dscale > Numeric::kIntegerDigitsMax) return NumericOverflow();
  if (digits + zeros <= kInlineDigits && dscale <= Numeric::kInlineScaleMax) {
    uint128_t magnitude = 0;
    uint64_t part = 0, power = 1;
    auto add = [&](char c) {
      part = part * 10 + static_cast<uint64_t>(c - '0');
      power *= 10;
      if (power == kTen18) {
        magnitude = magnitude * power + part;
        part = 0;
        power = 1;
      }
    };
    for (char c : whole) add(c);
    for (char c : fraction) add(c);
    magnitude = (magnitude * power + part) * kPowerOfTen128[zeros];
    return Numeric::FromMagnitude(s.negative, magnitude, static_cast<int>(dscale));
  }
  std::string all;
  all.reserve(static_cast<size_t>(digits) + 2);
  all.append(whole).append(fraction);
  if (all.empty()) all = "0";
  BigInt value;
  mpz_set_str(value.get(), all.c_str(), 10);
  ScaleBy(value, static_cast<int>(zeros));
  if (s.negative) mpz_neg(value.get(), value.get());
  return MakeNumeric(value, static_cast<int>(dscale), arena);
}

// Writes the digits of a magnitude backwards, ending at end; returns the first.
char* DigitsBackwards(uint128_t magnitude, char* end) {
  auto part_backwards = [&end](uint64_t part, int at_least) {
    while (part != 0 || at_least > 0) {
      *--end = static_cast<char>('0' + part % 10);
      part /= 10;
      --at_least;
    }
  };
  while (magnitude >> 64 != 0) {
    uint128_t quotient = magnitude / kTen18;
    part_backwards(static_cast<uint64_t>(magnitude - quotient * kTen18), 18);
    magnitude = quotient;
  }
  part_backwards(static_cast<uint64_t>(magnitude), 0);
  return end;
}

void AppendDigits(bool negative, std::string_view digits, int dscale, std::string& out) {
  if (negative) out.push_back('-');
  auto scale = static_cast<size_t>(dscale);
  if (digits.size() > scale) {
    out.append(digits.substr(0, digits.size() - scale));
    if (scale != 0) {
      out.push_back('.');
      out.append(digits.substr(digits.size() - scale));
    }
    return;
  }
  out.push_back('0');
  if (scale != 0) {
    out.push_back('.');
    out.append(scale - digits.size(), '0');
    out.append(digits);
  }
}

}  // namespace

// Digits with at most a point among them, few enough for a word: most numbers there are. False: any other text.
static bool ParsePlain(std::string_view text, Numeric* number) {
  constexpr size_t kBytesMax = 19;  // 18 digits and the point
  const bool negative = !text.empty() && text.front() == '-';
  const size_t first = negative ? 1 : 0;
  if (text.size() <= first || text.size() - first > kBytesMax) return false;
  uint64_t magnitude = 0;
  size_t point = text.size();
  for (size_t at = first; at < text.size(); ++at) {
    const char c = text[at];
    if (c >= '0' && c <= '9') {
      magnitude = magnitude * 10 + static_cast<uint64_t>(c - '0');
    } else if (c == '.' && point == text.size()) {
      point = at;
    } else {
      return false;
    }
  }
  const bool has_point = point < text.size();
  const size_t digits = text.size() - first - (has_point ? 1 : 0);
  if (digits == 0 || digits == kBytesMax) return false;
  *number = Numeric::FromMagnitude(negative, magnitude, has_point ? static_cast<int>(text.size() - point - 1) : 0);
  return true;
}

Result<Numeric> ParseNumeric(std::string_view text, Arena& arena) {
  if (Numeric plain; ParsePlain(text, &plain)) return plain;
  std::string_view rest = TrimSpace(text);
  Numeric special;
  if (size_t size = ParseSpecial(rest, &special)) {
    if (size != rest.size()) return BadSyntax(text);
    return special;
  }
  Scanned scanned;
  if (!Scan(rest, &scanned) || scanned.end != rest.size()) return BadSyntax(text);
  return FromScanned(scanned, arena);
}

void AppendNumeric(const Numeric& value, std::string& out) {
  if (value.is_inline()) {
    char buffer[40];
    char* end = buffer + sizeof(buffer);
    char* begin = DigitsBackwards(value.magnitude(), end);
    AppendDigits(value.is_negative(), {begin, static_cast<size_t>(end - begin)}, value.inline_scale(), out);
    return;
  }
  if (value.is_nan()) {
    out.append("NaN");
  } else if (value.is_infinite()) {
    out.append(value.is_negative() ? "-Infinity" : "Infinity");
  } else {
    BigInt big(value);
    std::vector<char> buffer(mpz_sizeinbase(big.get(), 10) + 2);
    mpz_abs(big.get(), big.get());
    mpz_get_str(buffer.data(), 10, big.get());
    std::string_view digits(buffer.data());
    AppendDigits(value.is_negative(), digits == "0" ? "" : digits, value.dscale(), out);
  }
}

std::string NumericText(const Numeric& value) {
  std::string text;
  AppendNumeric(value, text);
  return text;
}

}  // namespace phantom::types
