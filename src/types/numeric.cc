#include "types/numeric.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "types/hash.h"
#include "types/numeric_big.h"

namespace phantom::types {
namespace {

constexpr size_t kBigHeaderBytes = 4;
constexpr uint32_t kBigSign = 0x80000000u;

}  // namespace

int DigitCount128(uint128_t magnitude) {
  if (magnitude == 0) return 0;
  auto high = static_cast<uint64_t>(magnitude >> 64);
  int bits = high != 0 ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll(static_cast<uint64_t>(magnitude));
  int digits = bits * 1233 >> 12;  // log10(2) ~ 1233/4096; at most one too few
  return digits + (digits < kPowersOfTen128 && magnitude >= kPowerOfTen128[digits] ? 1 : 0);
}

uint128_t DivideByPowerRounded(uint128_t magnitude, int n) {
  if (n == 0) return magnitude;
  if (n >= kPowersOfTen128) return 0;
  uint128_t power = kPowerOfTen128[n];
  uint128_t quotient = magnitude / power;
  return magnitude - quotient * power >= power - power / 2 ? quotient + 1 : quotient;
}

// BigInt --------------------------------------------------------------------------------------------------------------

BigInt::BigInt(const Numeric& value) {
  mpz_init(value_);
  if (value.is_big()) {
    Bytes bytes = value.big_bytes();
    mpz_import(value_, (bytes.size() - kBigHeaderBytes) / 8, -1, 8, -1, 0, bytes.data() + kBigHeaderBytes);
  } else {
    uint64_t limbs[2] = {value.low_word(), static_cast<uint64_t>(value.magnitude() >> 64)};
    mpz_import(value_, 2, -1, 8, 0, 0, limbs);
  }
  if (value.is_negative()) mpz_neg(value_, value_);
}

BigInt PowerOfTen(uint32_t n) {
  BigInt power;
  mpz_ui_pow_ui(power.get(), 10, n);
  return power;
}

uint32_t DigitCount(const BigInt& value) {
  if (value.is_zero()) return 0;
  size_t digits = mpz_sizeinbase(value.get(), 10);  // exact or one too many
  BigInt power = PowerOfTen(static_cast<uint32_t>(digits - 1));
  return static_cast<uint32_t>(mpz_cmpabs(value.get(), power.get()) < 0 ? digits - 1 : digits);
}

BigInt DivideRounded(const BigInt& a, const BigInt& b, bool round) {
  BigInt quotient, remainder;
  mpz_tdiv_qr(quotient.get(), remainder.get(), a.get(), b.get());
  if (round) {
    remainder <<= 1;
    if (mpz_cmpabs(remainder.get(), b.get()) >= 0) {
      quotient += BigInt(a.sign() * b.sign());
    }
  }
  return quotient;
}

void ScaleBy(BigInt& value, int n, bool round) {
  if (n >= 0) {
    if (n > 0) value *= PowerOfTen(static_cast<uint32_t>(n));
  } else {
    value = DivideRounded(value, PowerOfTen(static_cast<uint32_t>(-n)), round);
  }
}

Status NumericOverflow() { return Error(sqlstate::kNumericValueOutOfRange, "value overflows numeric format"); }

Result<Numeric> MakeNumeric(const BigInt& value, int dscale, Arena& arena) {
  if (dscale > Numeric::kScaleMax) return NumericOverflow();
  size_t bits = mpz_sizeinbase(value.get(), 2);
  if (dscale <= Numeric::kInlineScaleMax && bits <= 120) {
    uint64_t limbs[2] = {0, 0};
    mpz_export(limbs, nullptr, -1, 8, 0, 0, value.get());
    return Numeric::FromMagnitude(value.sign() < 0, static_cast<uint128_t>(limbs[1]) << 64 | limbs[0], dscale);
  }
  // PostgreSQL counts in groups of 4 digits: 32768 of them before the point.
  size_t digits = mpz_sizeinbase(value.get(), 10);
  if (digits > static_cast<size_t>(Numeric::kIntegerDigitsMax + dscale) &&
      DigitCount(value) > static_cast<uint32_t>(Numeric::kIntegerDigitsMax + dscale)) {
    return NumericOverflow();
  }
  size_t limbs = (bits + 63) / 64;
  if (value.is_zero()) limbs = 0;
  size_t size = kBigHeaderBytes + limbs * 8;
  auto* bytes = static_cast<std::byte*>(arena.Allocate(size, 8));
  StoreLE<uint32_t>(bytes, static_cast<uint32_t>(dscale) | (value.sign() < 0 ? kBigSign : 0));
  mpz_export(bytes + kBigHeaderBytes, nullptr, -1, 8, -1, 0, value.get());
  return Numeric::FromBig({bytes, size});
}

// Numeric -------------------------------------------------------------------------------------------------------------

Numeric Numeric::FromBig(Bytes big) {
  Numeric n;
  n.low_ = reinterpret_cast<uint64_t>(big.data());
  uint64_t tag = kBigTag | ((LoadLE<uint32_t>(big.data()) & kBigSign) != 0 ? kSignBit : 0);
  n.high_ = tag << 56 | static_cast<uint32_t>(big.size());
  return n;
}

bool Numeric::IsValidBig(Bytes big) {
  if (big.size() < kBigHeaderBytes || (big.size() - kBigHeaderBytes) % 8 != 0) return false;
  auto header = LoadLE<uint32_t>(big.data());
  if ((header & ~kBigSign) > static_cast<uint32_t>(kScaleMax)) return false;
  return big.size() == kBigHeaderBytes || LoadLE<uint64_t>(big.data() + big.size() - 8) != 0;
}

int Numeric::dscale() const {
  if (is_inline()) return inline_scale();
  if (is_big()) return static_cast<int>(LoadLE<uint32_t>(big_bytes().data()) & ~kBigSign);
  return 0;
}

Numeric CopyNumeric(Numeric value, Arena& arena) {
  if (!value.is_big()) return value;
  Bytes bytes = value.big_bytes();
  auto* copy = static_cast<std::byte*>(arena.Allocate(bytes.size(), 8));
  std::memcpy(copy, bytes.data(), bytes.size());
  return Numeric::FromBig({copy, bytes.size()});
}

int SignOf(const Numeric& value) {
  if (value.is_nan()) return 1;
  if (value.is_infinite()) return value.is_negative() ? -1 : 1;
  if (value.is_inline()) return value.magnitude() == 0 ? 0 : value.is_negative() ? -1 : 1;
  if (value.big_bytes().size() == kBigHeaderBytes) return 0;
  return value.is_negative() ? -1 : 1;
}

int CompareNumeric(const Numeric& a, const Numeric& b) {
  if (a.is_inline() && b.is_inline()) [[likely]] {
    int difference = a.inline_scale() - b.inline_scale();
    int128_t x = a.signed_mantissa(), y = b.signed_mantissa();
    if (difference == 0) return x == y ? 0 : x < y ? -1 : 1;
    int sign_a = x == 0 ? 0 : x < 0 ? -1 : 1, sign_b = y == 0 ? 0 : y < 0 ? -1 : 1;
    if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
    // Bring the smaller scale up; overflow means that its side is larger in magnitude.
    uint128_t p = a.magnitude(), q = b.magnitude();
    if (difference > 0) {
      if (__builtin_mul_overflow(q, kPowerOfTen128[difference], &q)) return -sign_a;
    } else {
      if (__builtin_mul_overflow(p, kPowerOfTen128[-difference], &p)) return sign_a;
    }
    return p == q ? 0 : (p < q) == (sign_a > 0) ? -1 : 1;
  }
  auto rank = [](const Numeric& v) {
    return v.is_nan() ? 2 : v.is_infinite() ? (v.is_negative() ? -1 : 1) : 0;
  };
  if (rank(a) != 0 || rank(b) != 0) return rank(a) == rank(b) ? 0 : rank(a) < rank(b) ? -1 : 1;
  if (SignOf(a) != SignOf(b)) return SignOf(a) < SignOf(b) ? -1 : 1;
  BigInt x(a), y(b);
  int difference = a.dscale() - b.dscale();
  difference > 0 ? ScaleBy(y, difference) : ScaleBy(x, -difference);
  int order = mpz_cmp(x.get(), y.get());
  return order == 0 ? 0 : order < 0 ? -1 : 1;
}

uint64_t HashNumeric(const Numeric& value, uint64_t seed) {
  if (value.is_inline()) {
    uint128_t magnitude = value.magnitude();
    int scale = value.inline_scale();
    if (magnitude == 0) return HashInt64(0, seed);
    while (scale > 0 && magnitude % 10 == 0) {
      magnitude /= 10;
      --scale;
    }
    uint64_t high = static_cast<uint64_t>(magnitude >> 64) ^ static_cast<uint64_t>(scale) << 56;
    return HashInt64(static_cast<uint64_t>(magnitude), HashInt64(high + (value.is_negative() ? 1 : 0), seed));
  }
  if (!value.is_big()) return HashInt64(value.high_word(), seed);
  // Without trailing zeros after the point, as above, so that equal values of either form hash alike.
  Arena arena;
  Numeric trimmed = NumericTrimScale(value, arena);
  if (trimmed.is_inline()) return HashNumeric(trimmed, seed);
  return HashBytes(AsText(trimmed.big_bytes()), seed);
}

std::optional<int32_t> NumericScale(const Numeric& a) {
  if (!a.is_finite()) return std::nullopt;
  return a.dscale();
}

std::optional<int32_t> NumericMinScale(const Numeric& a) {
  if (!a.is_finite()) return std::nullopt;
  Arena arena;
  return NumericTrimScale(a, arena).dscale();
}

Numeric NumericTrimScale(const Numeric& a, Arena& arena) {
  if (a.is_inline()) {
    uint128_t magnitude = a.magnitude();
    int scale = magnitude == 0 ? 0 : a.inline_scale();
    while (scale > 0 && magnitude % 10 == 0) {
      magnitude /= 10;
      --scale;
    }
    return Numeric::FromMagnitude(a.is_negative(), magnitude, scale);
  }
  if (!a.is_big()) return a;
  BigInt value(a);
  if (value.is_zero()) return Numeric();
  int scale = a.dscale();
  while (scale > 0 && mpz_divisible_ui_p(value.get(), 10)) {
    mpz_divexact_ui(value.get(), value.get(), 10);
    --scale;
  }
  return MakeNumeric(value, scale, arena).value();  // fits: it did before
}

int DecimalPosition(const Numeric& value) {
  int digits = value.is_inline() ? DigitCount128(value.magnitude()) : static_cast<int>(DigitCount(BigInt(value)));
  return digits - value.dscale();
}

double RoughDouble(const Numeric& value) {
  if (value.is_inline()) {
    return (value.is_negative() ? -1 : 1) * static_cast<double>(value.magnitude()) *
           std::pow(10.0, -value.inline_scale());
  }
  if (value.is_nan()) return NAN;
  if (value.is_infinite()) return value.is_negative() ? -HUGE_VAL : HUGE_VAL;
  return std::strtod(NumericText(value).c_str(), nullptr);
}

// Conversions ---------------------------------------------------------------------------------------------------------

namespace {

// Rounds to an integer within [-limit-1, limit]; false when out of range.
bool RoundToInteger(const Numeric& value, int64_t limit, int64_t* out) {
  int128_t rounded;
  if (value.is_inline()) {
    auto magnitude = static_cast<int128_t>(DivideByPowerRounded(value.magnitude(), value.inline_scale()));
    rounded = value.is_negative() ? -magnitude : magnitude;
  } else {
    BigInt big(value);
    ScaleBy(big, -value.dscale());
    if (!mpz_fits_slong_p(big.get())) return false;
    rounded = mpz_get_si(big.get());
  }
  if (rounded > limit || rounded < -static_cast<int128_t>(limit) - 1) return false;
  *out = static_cast<int64_t>(rounded);
  return true;
}

Result<int64_t> ToInteger(const Numeric& value, int64_t limit, const char* type) {
  if (value.is_nan()) return Error(sqlstate::kFeatureNotSupported, Format("cannot convert NaN to %s", type));
  if (value.is_infinite()) return Error(sqlstate::kFeatureNotSupported, Format("cannot convert infinity to %s", type));
  int64_t integer = 0;
  if (!RoundToInteger(value, limit, &integer)) {
    return Error(sqlstate::kNumericValueOutOfRange, Format("%s out of range", type));
  }
  return integer;
}

}  // namespace

Result<int16_t> NumericToInt16(const Numeric& value) {
  ASSIGN_OR_RETURN(int64_t integer, ToInteger(value, INT16_MAX, "smallint"));
  return static_cast<int16_t>(integer);
}
Result<int32_t> NumericToInt32(const Numeric& value) {
  ASSIGN_OR_RETURN(int64_t integer, ToInteger(value, INT32_MAX, "integer"));
  return static_cast<int32_t>(integer);
}
Result<int64_t> NumericToInt64(const Numeric& value) { return ToInteger(value, INT64_MAX, "bigint"); }

Result<double> NumericToDouble(const Numeric& value) {
  if (!value.is_finite()) return RoughDouble(value);
  // Both exact: one rounding.
  if (value.is_inline() && value.magnitude() < (uint64_t{1} << 53) && value.inline_scale() <= 22) {
    double result = static_cast<double>(static_cast<uint64_t>(value.magnitude())) /
                    std::pow(10.0, value.inline_scale());
    return value.is_negative() ? -result : result;
  }
  std::string text = NumericText(value);
  double result = std::strtod(text.c_str(), nullptr);
  if (std::isinf(result) || (result == 0 && SignOf(value) != 0)) {
    return Error(sqlstate::kNumericValueOutOfRange,
                 Format("\"%s\" is out of range for type double precision", text.c_str()));
  }
  return result;
}

Result<float> NumericToFloat(const Numeric& value) {
  if (!value.is_finite()) return static_cast<float>(RoughDouble(value));
  std::string text = NumericText(value);
  float result = std::strtof(text.c_str(), nullptr);
  if (std::isinf(result) || (result == 0 && SignOf(value) != 0)) {
    return Error(sqlstate::kNumericValueOutOfRange, Format("\"%s\" is out of range for type real", text.c_str()));
  }
  return result;
}

namespace {

Result<Numeric> FromFloating(double value, int digits, Arena& arena) {
  if (std::isnan(value)) return Numeric::NaN();
  if (std::isinf(value)) return Numeric::Infinity(value < 0);
  return ParseNumeric(Format("%.*g", digits, value), arena);
}

}  // namespace

Result<Numeric> NumericFromDouble(double value, Arena& arena) { return FromFloating(value, 15, arena); }
Result<Numeric> NumericFromFloat(float value, Arena& arena) { return FromFloating(value, 6, arena); }

Numeric NumericFromInt128(int128_t value, int dscale, Arena& arena) {
  uint128_t magnitude = value < 0 ? -static_cast<uint128_t>(value) : static_cast<uint128_t>(value);
  if (magnitude >> 120 == 0 && dscale <= Numeric::kInlineScaleMax) {
    return Numeric::FromMagnitude(value < 0, magnitude, dscale);
  }
  BigInt big;
  uint64_t limbs[2] = {static_cast<uint64_t>(magnitude), static_cast<uint64_t>(magnitude >> 64)};
  mpz_import(big.get(), 2, -1, 8, 0, 0, limbs);
  if (value < 0) mpz_neg(big.get(), big.get());
  return MakeNumeric(big, dscale, arena).value();  // 128 bits always fit
}

}  // namespace phantom::types
