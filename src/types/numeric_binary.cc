// The wire's binary form of numeric: digits in base 10^4, the weight of the first, sign and display scale.
#include <algorithm>
#include <vector>

#include "types/numeric.h"
#include "types/numeric_big.h"

namespace phantom::types {
namespace {

constexpr uint16_t kPositive = 0, kNegative = 0x4000, kNaN = 0xc000, kInfinity = 0xd000, kMinusInfinity = 0xf000;
constexpr int kInfinityScale = 0x20;  // what PostgreSQL sends
constexpr uint16_t kScaleMask = 0x3fff;
constexpr int kGroupDigits = 4, kGroup = 10000;

void AppendWord(uint16_t value, std::string& out) {
  char bytes[2];
  StoreBE<uint16_t>(bytes, value);
  out.append(bytes, 2);
}

void AppendHeader(size_t groups, int weight, uint16_t sign, int dscale, std::string& out) {
  AppendWord(static_cast<uint16_t>(groups), out);
  AppendWord(static_cast<uint16_t>(weight), out);
  AppendWord(sign, out);
  AppendWord(static_cast<uint16_t>(dscale), out);
}

Status BadBinary(const char* what) {
  return Error(sqlstate::kInvalidBinaryRepresentation, Format("invalid %s in external \"numeric\" value", what));
}

}  // namespace

void AppendNumericBinary(const Numeric& value, std::string& out) {
  if (!value.is_finite()) {
    if (value.is_nan()) return AppendHeader(0, 0, kNaN, 0, out);
    return AppendHeader(0, 0, value.is_negative() ? kMinusInfinity : kInfinity, kInfinityScale, out);
  }
  // Groups from the decimal point in both directions, most significant first.
  std::string text = NumericText(value);
  if (text[0] == '-') text.erase(0, 1);
  size_t point = std::min(text.find('.'), text.size());
  std::string digits = text.substr(0, point);
  digits.insert(0, (kGroupDigits - digits.size() % kGroupDigits) % kGroupDigits, '0');
  int weight = static_cast<int>(digits.size()) / kGroupDigits - 1;
  if (point < text.size()) digits.append(text, point + 1);
  digits.append((kGroupDigits - digits.size() % kGroupDigits) % kGroupDigits, '0');
  std::vector<uint16_t> groups;
  for (size_t i = 0; i < digits.size(); i += kGroupDigits) {
    int group = 0;
    for (size_t k = i; k < i + kGroupDigits; ++k) group = group * 10 + (digits[k] - '0');
    groups.push_back(static_cast<uint16_t>(group));
  }
  size_t first = 0;
  while (first < groups.size() && groups[first] == 0) ++first;
  weight -= static_cast<int>(first);
  while (groups.size() > first && groups.back() == 0) groups.pop_back();
  if (groups.size() == first) weight = 0;
  AppendHeader(groups.size() - first, weight, value.is_negative() ? kNegative : kPositive, value.dscale(), out);
  for (size_t i = first; i < groups.size(); ++i) AppendWord(groups[i], out);
}

Result<Numeric> ParseNumericBinary(std::string_view bytes, Arena& arena) {
  auto insufficient = [] { return Error(sqlstate::kProtocolViolation, "insufficient data left in message"); };
  if (bytes.size() < 8) return insufficient();
  auto word = [&](size_t i) { return LoadBE<uint16_t>(bytes.data() + i * 2); };
  size_t groups = word(0);
  auto weight = static_cast<int16_t>(word(1));
  uint16_t sign = word(2), dscale = word(3);
  if (sign != kPositive && sign != kNegative && sign != kNaN && sign != kInfinity && sign != kMinusInfinity) {
    return BadBinary("sign");
  }
  if ((dscale & kScaleMask) != dscale) return BadBinary("scale");
  if (bytes.size() < 8 + groups * 2) return insufficient();
  if (bytes.size() > 8 + groups * 2) {
    return Error(sqlstate::kInvalidBinaryRepresentation, "incorrect binary data format");
  }
  for (size_t i = 0; i < groups; ++i) {
    if (word(4 + i) >= kGroup) return BadBinary("digit");
  }
  if (sign == kNaN) return Numeric::NaN();
  if (sign == kInfinity || sign == kMinusInfinity) return Numeric::Infinity(sign == kMinusInfinity);
  // value = D * 10^shift at the display scale, cutting what lies behind it.
  int shift = kGroupDigits * (weight - static_cast<int>(groups) + 1) + dscale;
  constexpr size_t kInlineGroups = Numeric::kInlineScaleMax / kGroupDigits;
  if (groups <= kInlineGroups && dscale <= Numeric::kInlineScaleMax && shift > -kPowersOfTen128) {
    uint128_t magnitude = 0;
    for (size_t i = 0; i < groups; ++i) magnitude = magnitude * kGroup + word(4 + i);
    bool fits = true;
    if (shift < 0) {
      magnitude /= kPowerOfTen128[-shift];
    } else if (magnitude != 0) {
      fits = shift < kPowersOfTen128 && !__builtin_mul_overflow(magnitude, kPowerOfTen128[shift], &magnitude);
    }
    if (fits && magnitude >> 120 == 0) return Numeric::FromMagnitude(sign == kNegative, magnitude, dscale);
  }
  BigInt value;
  for (size_t i = 0; i < groups; ++i) {
    mpz_mul_ui(value.get(), value.get(), kGroup);
    mpz_add_ui(value.get(), value.get(), word(4 + i));
  }
  if (!value.is_zero()) ScaleBy(value, shift, false);
  if (sign == kNegative) mpz_neg(value.get(), value.get());
  return MakeNumeric(value, dscale, arena);
}

}  // namespace phantom::types
