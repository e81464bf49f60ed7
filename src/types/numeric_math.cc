// sqrt, exp, ln, log and power: computed in binary fixed point on GMP with enough guard bits that the result, rounded
// to the scale PostgreSQL would choose, is right.
#include <algorithm>
#include <cmath>

#include "types/numeric.h"
#include "types/numeric_big.h"

namespace phantom::types {
namespace {

constexpr int kSignificantDigitsMin = 16;
constexpr int kDisplayScaleMax = 1000;
constexpr double kLog10E = 0.434294481903252;
constexpr double kExpArgumentMax = 6000;  // of a result that PostgreSQL still computes
constexpr double kExpFuzz = 3.01 / 3;             // room for an estimate's error
constexpr int kGroupDigits = 4;

int ClampScale(int scale, int at_least) { return std::min(std::max({scale, at_least, 0}), kDisplayScaleMax); }

Status PowerError(const char* message) { return Error(sqlstate::kInvalidArgumentForPowerFunction, message); }
Status LogError(bool zero) {
  return Error(sqlstate::kInvalidArgumentForLog,
               zero ? "cannot take logarithm of zero" : "cannot take logarithm of a negative number");
}

// Bits for so many decimal digits, with room for accumulated errors.
unsigned long BitsFor(int digits) { return static_cast<unsigned long>(std::max(digits, 0) * 3.3219281) + 64; }

// value (a finite numeric) as fixed point with `bits` fractional bits.
BigInt ToFixed(const Numeric& value, unsigned long bits) {
  BigInt fixed(value);
  fixed <<= bits;
  return value.dscale() == 0 ? fixed : DivideRounded(fixed, PowerOfTen(static_cast<uint32_t>(value.dscale())));
}

// Fixed point to an integer mantissa at a decimal scale.
BigInt FromFixed(BigInt fixed, unsigned long bits, int scale) {
  if (scale > 0) fixed *= PowerOfTen(static_cast<uint32_t>(scale));
  BigInt one(1);
  one <<= bits;
  return DivideRounded(fixed, one);
}

void MulFixed(BigInt& a, const BigInt& b, unsigned long bits) {
  a *= b;
  a >>= bits;
}

// atanh(1/n) = sum of 1/((2k+1) n^(2k+1)).
BigInt AtanhInverse(unsigned long n, unsigned long bits) {
  BigInt term(1);
  term <<= bits;
  mpz_tdiv_q_ui(term.get(), term.get(), n);
  BigInt sum = term, part;
  for (unsigned long k = 3; !term.is_zero(); k += 2) {
    mpz_tdiv_q_ui(term.get(), term.get(), n * n);
    mpz_tdiv_q_ui(part.get(), term.get(), k);
    sum += part;
  }
  return sum;
}

// ln 2 = 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749).
BigInt Ln2(unsigned long bits) {
  unsigned long inner = bits + 16;
  BigInt a = AtanhInverse(26, inner), b = AtanhInverse(4801, inner), c = AtanhInverse(8749, inner);
  a *= BigInt(18);
  b *= BigInt(2);
  c *= BigInt(8);
  a -= b;
  a += c;
  a >>= 16;
  return a;
}

// e^x for fixed-point x with result in the same fixed point (2^-bits absolute error or so, relative to 2^exponent): the
// result is mantissa * 2^exponent.
BigInt ExpFixed(const BigInt& x, unsigned long bits, long* exponent) {
  BigInt ln2 = Ln2(bits + 32), rest = x, quotient;
  rest <<= 32;
  mpz_fdiv_qr(quotient.get(), rest.get(), rest.get(), ln2.get());
  *exponent = mpz_get_si(quotient.get());
  // rest in [0, ln 2): halve it some times, sum the series, square back.
  unsigned long halvings = 8 + static_cast<unsigned long>(std::sqrt(static_cast<double>(bits)) / 2);
  unsigned long inner = bits + halvings * 2 + 32;
  rest <<= inner - (bits + 32);
  rest >>= halvings;
  BigInt one(1);
  one <<= inner;
  BigInt sum = one, term = one;
  for (unsigned long k = 1; !term.is_zero(); ++k) {
    MulFixed(term, rest, inner);
    mpz_tdiv_q_ui(term.get(), term.get(), k);
    sum += term;
  }
  for (unsigned long i = 0; i < halvings; ++i) {
    BigInt copy = sum;
    MulFixed(sum, copy, inner);
  }
  sum >>= inner - bits;
  return sum;
}

// ln of a positive finite value, fixed point with an absolute error near 2^-bits.
BigInt LnFixed(const Numeric& value, unsigned long bits) {
  // value = m * 2^k with m in [1/2, 1): m = mantissa / 10^dscale / 2^k.
  BigInt mantissa(value);
  BigInt divisor = PowerOfTen(static_cast<uint32_t>(value.dscale()));
  long k = static_cast<long>(mpz_sizeinbase(mantissa.get(), 2)) -
           static_cast<long>(mpz_sizeinbase(divisor.get(), 2));
  unsigned long roots = 4 + static_cast<unsigned long>(std::sqrt(static_cast<double>(bits)) / 3);
  unsigned long inner = bits + roots + 48;
  long shift = static_cast<long>(inner) - k;
  shift >= 0 ? mantissa <<= static_cast<unsigned long>(shift) : divisor <<= static_cast<unsigned long>(-shift);
  BigInt m = DivideRounded(mantissa, divisor);  // in (1/2, 2)
  for (unsigned long i = 0; i < roots; ++i) {
    m <<= inner;
    mpz_sqrt(m.get(), m.get());
  }
  // ln m = 2 atanh((m-1)/(m+1))
  BigInt one(1);
  one <<= inner;
  BigInt z = m, denominator = m;
  z -= one;
  denominator += one;
  z <<= inner;
  mpz_tdiv_q(z.get(), z.get(), denominator.get());
  BigInt square = z;
  MulFixed(square, z, inner);
  BigInt sum = z, term = z, part;
  for (unsigned long n = 3; !term.is_zero(); n += 2) {
    term *= square;
    mpz_tdiv_q_2exp(term.get(), term.get(), inner);
    mpz_tdiv_q_ui(part.get(), term.get(), n);
    sum += part;
  }
  sum <<= roots + 1;
  BigInt ln2 = Ln2(inner);
  ln2 *= BigInt(k);
  sum += ln2;
  sum >>= inner - bits;
  return sum;
}

// The decimal weight of ln(value), as PostgreSQL estimates it: it decides result scales.
int LnWeight(const Numeric& value) {
  if (SignOf(value) <= 0) return 0;
  Arena arena;
  Numeric low = Numeric::FromMagnitude(false, 9, 1), high = Numeric::FromMagnitude(false, 11, 1);
  if (CompareNumeric(value, low) >= 0 && CompareNumeric(value, high) <= 0) {
    Result<Numeric> x = NumericSub(value, Numeric::FromInt64(1), arena);
    if (!x.ok() || x->is_zero()) return 0;
    // Weight of the most significant decimal digit.
    return DecimalPosition(*x) - 1;
  }
  // The first two base-10^4 digits.
  int top = DecimalPosition(value) - 1;
  int weight = top >= 0 ? top / kGroupDigits : -((-top - 1) / kGroupDigits) - 1;
  BigInt digits(value);
  // Keep the digits down to 10^(4 * (weight - 1)).
  int exponent = (weight - 1) * kGroupDigits;
  ScaleBy(digits, -value.dscale() - exponent, false);
  double d = mpz_get_d(digits.get());
  double ln = std::log(d) + exponent * 2.302585092994046;
  return static_cast<int>(std::log10(std::abs(ln)));
}

// e^x at a scale, x as fixed point.
Result<Numeric> ExpAt(const BigInt& x, unsigned long bits, int scale, bool negative, Arena& arena) {
  long exponent = 0;
  BigInt result = ExpFixed(x, bits, &exponent);
  if (exponent >= 0) {
    result <<= static_cast<unsigned long>(exponent);
  } else {
    bits += static_cast<unsigned long>(-exponent);
  }
  BigInt decimal = FromFixed(result, bits, scale);
  if (negative) mpz_neg(decimal.get(), decimal.get());
  return MakeNumeric(decimal, scale, arena);
}

Numeric ZeroAt(int scale, Arena& arena) { return MakeNumeric(BigInt(), scale, arena).value(); }

bool IsIntegral(const Numeric& value) {
  return value.is_infinite() || (value.is_finite() && NumericMinScale(value).value_or(1) == 0);
}

bool IsOdd(const Numeric& integral) {
  BigInt value(integral);
  ScaleBy(value, -integral.dscale(), false);
  return mpz_odd_p(value.get()) != 0;
}

}  // namespace

Result<Numeric> NumericSqrt(const Numeric& a, Arena& arena) {
  if (a.is_nan()) return a;
  if (SignOf(a) < 0) return PowerError("cannot take square root of a negative number");
  if (a.is_infinite()) return a;
  int weight = 0;
  if (!a.is_zero()) {
    int top = DecimalPosition(a) - 1;
    weight = top >= 0 ? top / kGroupDigits : -((-top - 1) / kGroupDigits) - 1;
  }
  int scale = ClampScale(kSignificantDigitsMin - ((weight + 1) * kGroupDigits / 2 - 1), a.dscale());
  // Root at one digit more, then rounded; the digit more cannot be an exact half unless the root is exact.
  BigInt value(a);
  ScaleBy(value, 2 * (scale + 1) - a.dscale(), false);
  mpz_sqrt(value.get(), value.get());
  ScaleBy(value, -1);
  return MakeNumeric(value, scale, arena);
}

Result<Numeric> NumericExp(const Numeric& a, Arena& arena) {
  if (a.is_nan()) return a;
  if (a.is_infinite()) return a.is_negative() ? Numeric() : a;
  double rough = RoughDouble(a);
  double weight = std::clamp(rough * kLog10E, -2000.0, 2000.0);
  int scale = ClampScale(kSignificantDigitsMin - static_cast<int>(weight), a.dscale());
  if (std::abs(rough) >= kExpArgumentMax) {
    if (rough > 0) return NumericOverflow();
    return ZeroAt(scale, arena);
  }
  unsigned long bits = BitsFor(scale + std::max(static_cast<int>(rough * kLog10E), 0) + 8);
  return ExpAt(ToFixed(a, bits), bits, scale, false, arena);
}

Result<Numeric> NumericLn(const Numeric& a, Arena& arena) {
  if (a.is_nan()) return a;
  if (SignOf(a) <= 0) return LogError(a.is_zero());
  if (a.is_infinite()) return a;
  int scale = ClampScale(kSignificantDigitsMin - LnWeight(a), a.dscale());
  unsigned long bits = BitsFor(scale + 8);
  return MakeNumeric(FromFixed(LnFixed(a, bits), bits, scale), scale, arena);
}

Result<Numeric> NumericLog(const Numeric& base, const Numeric& a, Arena& arena) {
  if (base.is_nan() || a.is_nan()) return Numeric::NaN();
  if (base.is_finite() && a.is_finite() && SignOf(base) == 0) return LogError(true);
  if (SignOf(base) < 0 || SignOf(a) < 0) return LogError(false);
  if (SignOf(base) == 0 || SignOf(a) == 0) return LogError(true);
  if (base.is_infinite()) return a.is_infinite() ? Numeric::NaN() : Numeric();
  if (a.is_infinite()) return a;
  int base_weight = LnWeight(base), weight = LnWeight(a);
  int scale = ClampScale(kSignificantDigitsMin - (weight - base_weight), std::max(base.dscale(), a.dscale()));
  // A tiny logarithm of the base needs as many digits more.
  unsigned long bits = BitsFor(scale + std::abs(base_weight) * 2 + std::abs(weight) + 24);
  BigInt numerator = LnFixed(a, bits), denominator = LnFixed(base, bits);
  if (denominator.is_zero()) return Error(sqlstate::kDivisionByZero, "division by zero");
  numerator *= PowerOfTen(static_cast<uint32_t>(scale));
  return MakeNumeric(DivideRounded(numerator, denominator), scale, arena);
}

Result<Numeric> NumericLog10(const Numeric& a, Arena& arena) { return NumericLog(Numeric::FromInt64(10), a, arena); }

namespace {

// pow() where either argument is NaN or infinite: POSIX rules.
Result<Numeric> PowerSpecial(const Numeric& a, const Numeric& b) {
  Numeric one = Numeric::FromInt64(1);
  if (a.is_nan()) return b.is_finite() && b.is_zero() ? one : Numeric::NaN();
  if (b.is_nan()) return a.is_finite() && CompareNumeric(a, one) == 0 ? one : Numeric::NaN();
  int sign_a = SignOf(a), sign_b = SignOf(b);
  if (sign_a == 0 && sign_b < 0) return PowerError("zero raised to a negative power is undefined");
  if (sign_a < 0 && !IsIntegral(b)) {
    return PowerError("a negative number raised to a non-integer power yields a complex result");
  }
  if (a.is_finite() && CompareNumeric(a, one) == 0) return one;
  if (sign_b == 0) return one;
  if (sign_a == 0 && sign_b > 0) return Numeric();
  if (b.is_infinite()) {
    bool above_one = true;
    if (a.is_finite()) {
      if (CompareNumeric(a, Numeric::FromInt64(-1)) == 0) return one;
      above_one = CompareNumeric(a, one) > 0 || CompareNumeric(a, Numeric::FromInt64(-1)) < 0;
    }
    return above_one == (sign_b > 0) ? Numeric::Infinity() : Numeric();
  }
  if (sign_b < 0) return Numeric();
  return Numeric::Infinity(sign_a < 0 && IsOdd(b));
}

// base^exponent at a scale for an integer exponent, base not zero.
Result<Numeric> PowerOfInteger(const Numeric& base, int64_t exponent, int scale, Arena& arena) {
  // log10 of the result, from the first 16 digits.
  BigInt digits(base);
  int count = static_cast<int>(DigitCount(digits));
  int dropped = std::max(count - 16, 0);
  ScaleBy(digits, -dropped, false);
  double log10_base = std::log10(std::abs(mpz_get_d(digits.get()))) + dropped - base.dscale();
  double weight = static_cast<double>(exponent) * log10_base;
  if (weight > 3.0 * 32767 * kGroupDigits) return NumericOverflow();
  if (weight + 1 < -scale || weight + 1 < -kDisplayScaleMax) return ZeroAt(scale, arena);

  auto times = static_cast<uint64_t>(std::abs(exponent));
  constexpr double kExactDigitsMax = 40000;
  if (static_cast<double>(times) * count < kExactDigitsMax) {
    BigInt power(base);
    mpz_pow_ui(power.get(), power.get(), times);
    int64_t power_scale = static_cast<int64_t>(times) * base.dscale();
    if (exponent > 0) {
      ScaleBy(power, scale - static_cast<int>(power_scale));
      return MakeNumeric(power, scale, arena);
    }
    return MakeNumeric(DivideRounded(PowerOfTen(static_cast<uint32_t>(power_scale + scale)), power), scale, arena);
  }
  int result_digits = std::max(static_cast<int>(weight), 0) + scale + 24;
  unsigned long bits = BitsFor(result_digits + static_cast<int>(std::log10(static_cast<double>(times))));
  Result<Numeric> magnitude = NumericAbs(base, arena);
  BigInt x = LnFixed(*magnitude, bits);
  x *= BigInt(exponent);
  if (weight > Numeric::kIntegerDigitsMax + 10.0) return NumericOverflow();
  return ExpAt(x, bits, scale, base.is_negative() && times % 2 == 1, arena);
}

}  // namespace

Result<Numeric> NumericPower(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!a.is_finite() || !b.is_finite()) return PowerSpecial(a, b);
  int sign_a = SignOf(a);
  if (sign_a == 0 && SignOf(b) < 0) return PowerError("zero raised to a negative power is undefined");

  if (IsIntegral(b)) {
    BigInt exponent(b);
    ScaleBy(exponent, -b.dscale(), false);
    if (mpz_fits_sint_p(exponent.get())) {
      int64_t n = mpz_get_si(exponent.get());
      int scale = ClampScale(kSignificantDigitsMin, a.dscale());
      if (n == 0) return NumericRound(Numeric::FromInt64(1), scale, arena);
      if (sign_a == 0) return ZeroAt(scale, arena);
      return PowerOfInteger(a, n, scale, arena);
    }
  }
  if (sign_a == 0) return ZeroAt(kSignificantDigitsMin, arena);
  if (sign_a < 0 && !IsIntegral(b)) {
    return PowerError("a negative number raised to a non-integer power yields a complex result");
  }
  bool negative = sign_a < 0 && IsOdd(b);
  ASSIGN_OR_RETURN(Numeric base, NumericAbs(a, arena));

  int ln_weight = LnWeight(base);
  // The estimate of the result's weight decides its scale, so it is PostgreSQL's: both factors' product at the scale that
  // gives ln about 8 digits.
  int rough_scale = std::max(8 - ln_weight, 0);
  unsigned long rough_bits = BitsFor(rough_scale + 8);
  BigInt rough_product = FromFixed(LnFixed(base, rough_bits), rough_bits, rough_scale);
  rough_product *= BigInt(b);
  ScaleBy(rough_product, -b.dscale());
  double rough = mpz_get_d(rough_product.get()) * std::pow(10.0, -rough_scale);
  if (std::abs(rough) > kExpArgumentMax * kExpFuzz) {
    if (rough > 0) return NumericOverflow();
    return ZeroAt(kDisplayScaleMax, arena);
  }
  bool beyond_exp = std::abs(rough) >= kExpArgumentMax;
  rough *= kLog10E;
  int scale = ClampScale(kSignificantDigitsMin - static_cast<int>(rough), std::max(a.dscale(), b.dscale()));
  if (beyond_exp) {
    if (rough > 0) return NumericOverflow();
    return ZeroAt(scale, arena);
  }
  int digits = scale + std::max(static_cast<int>(rough), 0) + std::max(DecimalPosition(b), 0) + 24;
  unsigned long bits = BitsFor(digits);
  BigInt x = LnFixed(base, bits);
  x *= BigInt(b);
  x = DivideRounded(x, PowerOfTen(static_cast<uint32_t>(b.dscale())));
  return ExpAt(x, bits, scale, negative, arena);
}

}  // namespace phantom::types
