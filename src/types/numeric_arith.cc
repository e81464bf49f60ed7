// Addition to division, rounding and the integer functions. Each has a 128-bit path and one on GMP.
#include <algorithm>

#include "types/numeric.h"
#include "types/numeric_big.h"

namespace phantom::types {
namespace {

constexpr int kSignificantDigitsMin = 16;  // of a quotient
constexpr int kDisplayScaleMax = 1000;
constexpr int kGroupDigits = 4;  // PostgreSQL computes in base 10^4, and its result scales show it

Status DivisionByZero() { return Error(sqlstate::kDivisionByZero, "division by zero"); }

// Brings both mantissas to the larger scale and returns that.
int Align(const Numeric& a, const Numeric& b, BigInt* x, BigInt* y) {
  *x = BigInt(a);
  *y = BigInt(b);
  int scale = std::max(a.dscale(), b.dscale());
  ScaleBy(*x, scale - a.dscale());
  ScaleBy(*y, scale - b.dscale());
  return scale;
}

// a + b (or a - b when subtract is set) where either is NaN or infinite.
Numeric AddSpecial(const Numeric& a, const Numeric& b, bool subtract) {
  if (a.is_nan() || b.is_nan()) return Numeric::NaN();
  bool b_negative = b.is_negative() != subtract;
  if (!a.is_infinite()) return Numeric::Infinity(b_negative);
  if (b.is_infinite() && a.is_negative() != b_negative) return Numeric::NaN();
  return a;
}

// Inline values of different scales; false when the result is not inline.
bool TryAddScaled(const Numeric& a, const Numeric& b, bool subtract, Numeric* out) {
  if (!a.is_inline() || !b.is_inline()) return false;
  int scale = std::max(a.inline_scale(), b.inline_scale());
  auto scaled = [scale](const Numeric& v, int128_t* to) {
    uint128_t m;
    if (__builtin_mul_overflow(v.magnitude(), kPowerOfTen128[scale - v.inline_scale()], &m) || m >> 120 != 0) {
      return false;
    }
    *to = v.is_negative() ? -static_cast<int128_t>(m) : static_cast<int128_t>(m);
    return true;
  };
  int128_t x, y;
  if (!scaled(a, &x) || !scaled(b, &y)) return false;
  int128_t sum = subtract ? x - y : x + y;
  uint128_t magnitude = sum < 0 ? -static_cast<uint128_t>(sum) : static_cast<uint128_t>(sum);
  if (magnitude >> 120 != 0) return false;
  *out = Numeric::FromMagnitude(sum < 0, magnitude, scale);
  return true;
}

Result<Numeric> AddOrSub(const Numeric& a, const Numeric& b, bool subtract, Arena& arena) {
  Numeric out;
  if (TryAddScaled(a, b, subtract, &out)) return out;
  if (!a.is_finite() || !b.is_finite()) return AddSpecial(a, b, subtract);
  BigInt x, y;
  int scale = Align(a, b, &x, &y);
  subtract ? x -= y : x += y;
  return MakeNumeric(x, scale, arena);
}

// Weight of the first base-10^4 digit of a value that is not zero, and that digit.
void FirstGroup(const Numeric& value, int* weight, int* digit) {
  if (value.is_zero()) {
    *weight = *digit = 0;
    return;
  }
  int digits = value.is_inline() ? DigitCount128(value.magnitude()) : static_cast<int>(DigitCount(BigInt(value)));
  int top = digits - value.dscale() - 1;  // exponent of the first decimal digit
  *weight = top >= 0 ? top / kGroupDigits : -((-top - 1) / kGroupDigits) - 1;
  int take = top - *weight * kGroupDigits + 1;  // decimal digits in the group
  if (value.is_inline()) {
    uint128_t m = value.magnitude();
    m = digits >= take ? m / kPowerOfTen128[digits - take] : m * kPowerOfTen128[take - digits];
    *digit = static_cast<int>(m);
  } else {
    BigInt m(value);
    ScaleBy(m, take - digits, false);
    *digit = std::abs(static_cast<int>(mpz_get_si(m.get())));
  }
}

int DivisionScale(const Numeric& a, const Numeric& b) {
  int weight_a, weight_b, digit_a, digit_b;
  FirstGroup(a, &weight_a, &digit_a);
  FirstGroup(b, &weight_b, &digit_b);
  int quotient_weight = weight_a - weight_b - (digit_a <= digit_b ? 1 : 0);
  int scale = kSignificantDigitsMin - quotient_weight * kGroupDigits;
  scale = std::max({scale, a.dscale(), b.dscale(), 0});
  return std::min(scale, kDisplayScaleMax);
}

// a / b at a scale, for finite values and b != 0.
Result<Numeric> DivideAt(const Numeric& a, const Numeric& b, int scale, bool round, Arena& arena) {
  int shift = scale + b.dscale() - a.dscale();  // quotient = a * 10^shift / b
  if (a.is_inline() && b.is_inline() && shift >= 0 && shift < kPowersOfTen128 && scale <= Numeric::kInlineScaleMax) {
    uint128_t x, y = b.magnitude();
    if (!__builtin_mul_overflow(a.magnitude(), kPowerOfTen128[shift], &x)) {
      uint128_t quotient = x / y, remainder = x - quotient * y;
      if (round && remainder >= y - remainder) ++quotient;
      if (quotient >> 120 == 0) return Numeric::FromMagnitude(a.is_negative() != b.is_negative(), quotient, scale);
    }
  }
  BigInt x(a), y(b);
  shift >= 0 ? ScaleBy(x, shift) : ScaleBy(y, -shift);
  return MakeNumeric(DivideRounded(x, y, round), scale, arena);
}

// Division where either is NaN or infinite.
Result<Numeric> DivideSpecial(const Numeric& a, const Numeric& b) {
  if (a.is_nan() || b.is_nan()) return Numeric::NaN();
  if (!a.is_infinite()) return Numeric();
  if (b.is_infinite()) return Numeric::NaN();
  if (b.is_zero()) return DivisionByZero();
  return Numeric::Infinity(a.is_negative() != b.is_negative());
}

}  // namespace

Result<Numeric> NumericAddSlow(const Numeric& a, const Numeric& b, Arena& arena) {
  return AddOrSub(a, b, false, arena);
}

Result<Numeric> NumericSubSlow(const Numeric& a, const Numeric& b, Arena& arena) {
  return AddOrSub(a, b, true, arena);
}

Result<Numeric> NumericMulSlow(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!a.is_finite() || !b.is_finite()) {
    if (a.is_nan() || b.is_nan() || a.is_zero() || b.is_zero()) return Numeric::NaN();
    return Numeric::Infinity((SignOf(a) < 0) != (SignOf(b) < 0));
  }
  BigInt product(a);
  product *= BigInt(b);
  int scale = a.dscale() + b.dscale();
  if (scale > Numeric::kScaleMax) {
    ScaleBy(product, Numeric::kScaleMax - scale);
    scale = Numeric::kScaleMax;
  }
  return MakeNumeric(product, scale, arena);
}

Result<Numeric> NumericDiv(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!a.is_finite() || !b.is_finite()) return DivideSpecial(a, b);
  if (b.is_zero()) return DivisionByZero();
  return DivideAt(a, b, DivisionScale(a, b), true, arena);
}

Result<Numeric> NumericDivTrunc(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!a.is_finite() || !b.is_finite()) return DivideSpecial(a, b);
  if (b.is_zero()) return DivisionByZero();
  return DivideAt(a, b, 0, false, arena);
}

Result<Numeric> NumericMod(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!a.is_finite() || !b.is_finite()) {
    if (a.is_nan() || b.is_nan()) return Numeric::NaN();
    if (!a.is_infinite()) return CopyNumeric(a, arena);
    if (b.is_zero()) return DivisionByZero();
    return Numeric::NaN();
  }
  if (b.is_zero()) return DivisionByZero();
  BigInt x, y;
  int scale = Align(a, b, &x, &y);
  BigInt remainder;
  mpz_tdiv_r(remainder.get(), x.get(), y.get());
  return MakeNumeric(remainder, scale, arena);
}

Result<Numeric> NumericNeg(const Numeric& a, Arena& arena) {
  if (a.is_inline()) return Numeric::FromMagnitude(!a.is_negative(), a.magnitude(), a.inline_scale());
  if (a.is_nan()) return a;
  if (a.is_infinite()) return Numeric::Infinity(!a.is_negative());
  BigInt value(a);
  mpz_neg(value.get(), value.get());
  return MakeNumeric(value, a.dscale(), arena);
}

Result<Numeric> NumericAbs(const Numeric& a, Arena& arena) {
  if (!a.is_negative()) return CopyNumeric(a, arena);
  return NumericNeg(a, arena);
}

// Rounding ------------------------------------------------------------------------------------------------------------

namespace {

enum class Rounding { kHalfAway, kTruncate, kCeil, kFloor };

// Rounds a finite value to `scale` digits after the point (negative: before it).
Result<Numeric> RoundTo(const Numeric& a, int32_t scale, Rounding mode, Arena& arena) {
  int drop = a.dscale() - scale;
  bool up = (mode == Rounding::kCeil && !a.is_negative()) || (mode == Rounding::kFloor && a.is_negative());
  if (a.is_inline()) {
    uint128_t magnitude = a.magnitude();
    int32_t result_scale = std::max(scale, 0);
    if (drop <= 0) {
      if (scale <= Numeric::kInlineScaleMax &&
          !__builtin_mul_overflow(magnitude, kPowerOfTen128[-drop], &magnitude) && magnitude >> 120 == 0) {
        return Numeric::FromMagnitude(a.is_negative(), magnitude, scale);
      }
    } else {
      uint128_t kept = 0;
      if (drop < kPowersOfTen128) {
        kept = magnitude / kPowerOfTen128[drop];
        bool rest = kept * kPowerOfTen128[drop] != magnitude;
        if (mode == Rounding::kHalfAway) {
          kept = DivideByPowerRounded(magnitude, drop);
        } else if (up && rest) {
          ++kept;
        }
      }
      int zeros = scale < 0 ? -scale : 0;
      if (zeros < kPowersOfTen128 && !__builtin_mul_overflow(kept, kPowerOfTen128[zeros], &kept) &&
          kept >> 120 == 0) {
        return Numeric::FromMagnitude(a.is_negative(), kept, result_scale);
      }
      if (kept == 0) return Numeric();
    }
  }
  BigInt value(a);
  if (drop <= 0) {
    ScaleBy(value, -drop);
    return MakeNumeric(value, scale, arena);
  }
  BigInt power = PowerOfTen(static_cast<uint32_t>(drop));
  if (mode == Rounding::kHalfAway) {
    value = DivideRounded(value, power);
  } else if (mode == Rounding::kCeil) {
    mpz_cdiv_q(value.get(), value.get(), power.get());
  } else if (mode == Rounding::kFloor) {
    mpz_fdiv_q(value.get(), value.get(), power.get());
  } else {
    mpz_tdiv_q(value.get(), value.get(), power.get());
  }
  if (scale < 0) ScaleBy(value, -scale);
  return MakeNumeric(value, std::max(scale, 0), arena);
}

}  // namespace

Result<Numeric> NumericRound(const Numeric& a, int32_t scale, Arena& arena) {
  if (!a.is_finite()) return a;
  scale = std::clamp(scale, -Numeric::kIntegerDigitsMax - 1, Numeric::kScaleMax);
  return RoundTo(a, scale, Rounding::kHalfAway, arena);
}

Result<Numeric> NumericTrunc(const Numeric& a, int32_t scale, Arena& arena) {
  if (!a.is_finite()) return a;
  scale = std::clamp(scale, -Numeric::kIntegerDigitsMax, Numeric::kScaleMax);
  return RoundTo(a, scale, Rounding::kTruncate, arena);
}

Result<Numeric> NumericCeil(const Numeric& a, Arena& arena) {
  if (!a.is_finite()) return a;
  return RoundTo(a, 0, Rounding::kCeil, arena);
}

Result<Numeric> NumericFloor(const Numeric& a, Arena& arena) {
  if (!a.is_finite()) return a;
  return RoundTo(a, 0, Rounding::kFloor, arena);
}

Result<Numeric> ApplyNumericTypmod(Numeric value, int32_t typmod, Arena& arena) {
  if (typmod < 4 || value.is_nan()) return value;
  int32_t precision = ((typmod - 4) >> 16) & 0xffff;
  int32_t scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
  int32_t digits_max = precision - scale;
  auto overflow = [&](std::string detail) {
    return Error(sqlstate::kNumericValueOutOfRange, "numeric field overflow")
        .Detail(Format("A field with precision %d, scale %d %s", precision, scale, detail.c_str()));
  };
  if (value.is_infinite()) return overflow("cannot hold an infinite value.");
  if (value.is_inline() && value.inline_scale() == scale) {
    // As many digits as there is room for, and none to be dropped.
    constexpr int32_t kWordDigits = 18;
    if (precision <= kWordDigits && value.magnitude() < static_cast<uint64_t>(kPowerOfTen128[precision])) return value;
  } else {
    ASSIGN_OR_RETURN(value, RoundTo(value, scale, Rounding::kHalfAway, arena));
  }
  if (!value.is_zero() && DecimalPosition(value) > digits_max) {
    return overflow(Format("must round to an absolute value less than %s%d.", digits_max != 0 ? "10^" : "",
                           digits_max != 0 ? digits_max : 1));
  }
  return value;
}

// Integer functions ---------------------------------------------------------------------------------------------------

Result<Numeric> NumericFactorial(int64_t n, Arena& arena) {
  constexpr int64_t kArgumentMax = 32177;  // its factorial is the last with few enough digits
  if (n < 0) return Error(sqlstate::kNumericValueOutOfRange, "factorial of a negative number is undefined");
  if (n > kArgumentMax) return NumericOverflow();
  BigInt product;
  mpz_fac_ui(product.get(), static_cast<unsigned long>(n));
  return MakeNumeric(product, 0, arena);
}

Result<Numeric> NumericGcd(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!a.is_finite() || !b.is_finite()) return Numeric::NaN();
  BigInt x, y;
  int scale = Align(a, b, &x, &y);
  mpz_gcd(x.get(), x.get(), y.get());
  return MakeNumeric(x, scale, arena);
}

Result<Numeric> NumericLcm(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!a.is_finite() || !b.is_finite()) return Numeric::NaN();
  BigInt x, y;
  int scale = Align(a, b, &x, &y);
  mpz_lcm(x.get(), x.get(), y.get());
  return MakeNumeric(x, scale, arena);
}

Result<int32_t> NumericWidthBucket(const Numeric& operand, const Numeric& low, const Numeric& high, int32_t count) {
  auto invalid = [](const char* message) {
    return Error(sqlstate::kInvalidArgumentForWidthBucketFunction, message);
  };
  if (count <= 0) return invalid("count must be greater than zero");
  if (operand.is_nan() || low.is_nan() || high.is_nan()) {
    return invalid("operand, lower bound, and upper bound cannot be NaN");
  }
  if (low.is_infinite() || high.is_infinite()) return invalid("lower and upper bounds must be finite");
  int direction = CompareNumeric(high, low);
  if (direction == 0) return invalid("lower bound cannot equal upper bound");
  if (CompareNumeric(operand, low) * direction < 0) return 0;
  if (CompareNumeric(operand, high) * direction >= 0) {
    if (count == INT32_MAX) return Error(sqlstate::kNumericValueOutOfRange, "integer out of range");
    return count + 1;
  }
  // floor((operand - low) * count / (high - low)) + 1
  int scale = std::max({operand.dscale(), low.dscale(), high.dscale()});
  auto scaled = [scale](const Numeric& v) {
    BigInt big(v);
    ScaleBy(big, scale - v.dscale());
    return big;
  };
  BigInt base = scaled(low), position = scaled(operand), width = scaled(high);
  position -= base;
  width -= base;
  position *= BigInt(count);
  mpz_fdiv_q(position.get(), position.get(), width.get());
  return static_cast<int32_t>(mpz_get_si(position.get())) + 1;
}

}  // namespace phantom::types
