#include "types/numeric_key.h"

#include <algorithm>
#include <vector>

#include "types/numeric_big.h"

namespace phantom::types {
namespace {

constexpr char kNegativeInfinity = 0x10, kNegative = 0x20, kZero = 0x30, kPositive = 0x40, kInfinity = 0x50,
               kNaN = 0x60;
// Exponents in [-64, 63] take one byte; others a marker and three.
constexpr int kShortExponent = 64;
constexpr int kExponentBias = 1 << 23;

void AppendExponent(int exponent, std::string& key) {
  if (exponent >= -kShortExponent && exponent < kShortExponent) {
    key.push_back(static_cast<char>(0x80 + exponent));
    return;
  }
  key.push_back(static_cast<char>(exponent < 0 ? 0x3f : 0xc0));
  auto biased = static_cast<uint32_t>(exponent + kExponentBias);
  key.push_back(static_cast<char>(biased >> 16));
  key.push_back(static_cast<char>(biased >> 8));
  key.push_back(static_cast<char>(biased));
}

}  // namespace

// The magnitude as 0.d1d2d3... * 10^exponent: the exponent, then the digits two a byte (value + 1), ended by a zero
// byte. Negative values have all bytes behind the first complemented.
void AppendNumericKey(const Numeric& value, std::string& key) {
  if (value.is_nan()) return key.push_back(kNaN);
  if (value.is_infinite()) return key.push_back(value.is_negative() ? kNegativeInfinity : kInfinity);
  if (value.is_zero()) return key.push_back(kZero);
  char inline_digits[40];
  std::vector<char> big_digits;
  const char* begin;
  const char* end;
  if (value.is_inline()) {
    char* at = inline_digits + sizeof(inline_digits);
    end = at;
    uint128_t magnitude = value.magnitude();
    while (magnitude >> 64 != 0) {
      *--at = static_cast<char>(magnitude % 10);
      magnitude /= 10;
    }
    for (auto low = static_cast<uint64_t>(magnitude); low != 0; low /= 10) *--at = static_cast<char>(low % 10);
    begin = at;
  } else {
    BigInt big(value);
    mpz_abs(big.get(), big.get());
    big_digits.resize(mpz_sizeinbase(big.get(), 10) + 2);
    mpz_get_str(big_digits.data(), 10, big.get());
    size_t count = std::char_traits<char>::length(big_digits.data());
    for (size_t i = 0; i < count; ++i) big_digits[i] = static_cast<char>(big_digits[i] - '0');
    begin = big_digits.data();
    end = begin + count;
  }
  int exponent = static_cast<int>(end - begin) - value.dscale();
  while (end > begin && end[-1] == 0) --end;
  key.push_back(value.is_negative() ? kNegative : kPositive);
  size_t from = key.size();
  AppendExponent(exponent, key);
  for (const char* at = begin; at < end; at += 2) {
    int pair = at[0] * 10 + (at + 1 < end ? at[1] : 0);
    key.push_back(static_cast<char>(pair + 1));
  }
  key.push_back('\0');
  if (value.is_negative()) {
    for (size_t i = from; i < key.size(); ++i) key[i] = static_cast<char>(~key[i]);
  }
}

}  // namespace phantom::types
