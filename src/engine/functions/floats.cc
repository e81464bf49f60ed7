// float4 and float8: arithmetic and comparison as PostgreSQL defines them (NaN equals itself and is greatest; overflow and
// underflow are errors), mathematical functions, casts.
#include <cmath>
#include <limits>

#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/compare.h"

namespace phantom::engine {

namespace {

using F = float;
using D = double;

[[gnu::cold, gnu::noinline]] Status Overflow() {
  return Error(sqlstate::kNumericValueOutOfRange, "value out of range: overflow");
}
[[gnu::cold, gnu::noinline]] Status Underflow() {
  return Error(sqlstate::kNumericValueOutOfRange, "value out of range: underflow");
}
[[gnu::cold, gnu::noinline]] Status DivisionByZero() { return Error(sqlstate::kDivisionByZero, "division by zero"); }
[[gnu::cold, gnu::noinline]] Status InputOutOfRange() {
  return Error(sqlstate::kNumericValueOutOfRange, "input is out of range");
}

template <typename R, typename A, typename B>
Status Add(KernelContext&, A a, B b, R& out) {
  out = a + b;
  return std::isinf(out) && !std::isinf(a) && !std::isinf(b) ? Overflow() : Status::Ok();
}
template <typename R, typename A, typename B>
Status Subtract(KernelContext&, A a, B b, R& out) {
  out = a - b;
  return std::isinf(out) && !std::isinf(a) && !std::isinf(b) ? Overflow() : Status::Ok();
}
template <typename R, typename A, typename B>
Status Multiply(KernelContext&, A a, B b, R& out) {
  out = a * b;
  if (std::isinf(out) && !std::isinf(a) && !std::isinf(b)) return Overflow();
  if (out == 0 && a != 0 && b != 0) return Underflow();
  return Status::Ok();
}
template <typename R, typename A, typename B>
Status Divide(KernelContext&, A a, B b, R& out) {
  if (b == 0 && !std::isnan(a)) return DivisionByZero();
  out = a / b;
  if (std::isinf(out) && !std::isinf(a)) return Overflow();
  if (out == 0 && a != 0 && !std::isinf(b)) return Underflow();
  return Status::Ok();
}

template <typename A, typename B>
int Order(A a, B b) {
  return types::CompareFloat8(a, b);
}

// A function of one number whose result must be finite when its argument is, and not vanish.
template <D (*Compute)(D)>
Status Checked(KernelContext&, D a, D& out) {
  out = Compute(a);
  return std::isinf(out) && !std::isinf(a) ? Overflow() : Status::Ok();
}
// Over [-1, 1] only.
template <D (*Compute)(D), int kUnit>
Status Inverse(KernelContext&, D a, D& out) {
  if (std::isnan(a)) {
    out = a;
    return Status::Ok();
  }
  if (a < -1 || a > 1) return InputOutOfRange();
  out = Compute(a);
  return Status::Ok();
}
// Of a finite angle only. The tangent of a right angle is infinite, and no overflow.
template <D (*Compute)(D)>
Status Angle(KernelContext&, D a, D& out) {
  if (std::isinf(a)) return InputOutOfRange();
  out = Compute(a);
  return Status::Ok();
}

Status Logarithm(D a, D (*compute)(D), D& out) {
  if (a == 0) return Error(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of zero");
  if (a < 0) return Error(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of a negative number");
  out = compute(a);
  return Status::Ok();
}

Status SquareRoot(KernelContext&, D a, D& out) {
  if (a < 0) return Error(sqlstate::kInvalidArgumentForPowerFunction, "cannot take square root of a negative number");
  out = std::sqrt(a);
  return Status::Ok();
}

Status Exponential(KernelContext&, D a, D& out) {
  out = std::exp(a);
  if (std::isinf(out) && !std::isinf(a)) return Overflow();
  if (out == 0 && !std::isinf(a)) return Underflow();
  return Status::Ok();
}

Status Power(KernelContext&, D a, D b, D& out) {
  if (a == 1 || b == 0) {  // also with NaN
    out = 1;
    return Status::Ok();
  }
  if (std::isnan(a) || std::isnan(b)) {
    out = std::numeric_limits<D>::quiet_NaN();
    return Status::Ok();
  }
  if (a == 0 && b < 0) {
    return Error(sqlstate::kInvalidArgumentForPowerFunction, "zero raised to a negative power is undefined");
  }
  if (a < 0 && std::floor(b) != b) {
    return Error(sqlstate::kInvalidArgumentForPowerFunction,
                 "a negative number raised to a non-integer power yields a complex result");
  }
  out = std::pow(a, b);
  if (std::isinf(a) || std::isinf(b)) return Status::Ok();
  if (std::isinf(out)) return Overflow();
  if (out == 0 && a != 0) return Underflow();
  return Status::Ok();
}

// Degrees with exact results where they are exact, as sind and its kin promise.
constexpr D kDegreesPerRadian = 57.29577951308232;
D SineOfQuadrant(D degrees) {  // 0 .. 90
  if (degrees <= 30) return std::sin(degrees / kDegreesPerRadian) / std::sin(30 / kDegreesPerRadian) / 2;
  const D rest = 1 - std::cos((90 - degrees) / kDegreesPerRadian);
  return 1 - rest / (1 - std::cos(60 / kDegreesPerRadian)) / 2;
}
D SineDegrees(D a) {
  a = std::fmod(a, 360);
  D sign = 1;
  if (a < 0) {
    a = -a;
    sign = -1;
  }
  if (a > 180) {
    a = 360 - a;
    sign = -sign;
  }
  return sign * SineOfQuadrant(a > 90 ? 180 - a : a);
}
D CosineDegrees(D a) {
  a = std::fabs(std::fmod(a, 360));
  if (a > 180) a = 360 - a;
  return a > 90 ? -SineOfQuadrant(a - 90) : SineOfQuadrant(90 - a);
}
D TangentDegrees(D a) {
  const D tangent = SineDegrees(a) / CosineDegrees(a);
  return tangent == 0 ? 0 : tangent;
}
D CotangentDegrees(D a) {
  const D cotangent = CosineDegrees(a) / SineDegrees(a);
  return cotangent == 0 ? 0 : cotangent;
}
D ArcSineDegrees(D a) {
  const D x = std::fabs(a);
  const D degrees = x <= 0.5 ? std::asin(x) / std::asin(0.5) * 30 : 90 - std::acos(x) / std::acos(0.5) * 60;
  return a < 0 ? -degrees : degrees;
}
D ArcCosineDegrees(D a) { return a >= 0 ? 90 - ArcSineDegrees(a) : 90 + ArcSineDegrees(-a); }
D ArcTangentDegrees(D a) { return std::atan(a) / std::atan(1.0) * 45; }

template <typename To, typename From>
Status ToInteger(const char* message, From a, To& out) {
  const From rounded = std::rint(a);
  // The bounds are powers of two and so exact.
  if (std::isnan(a) || rounded < static_cast<From>(std::numeric_limits<To>::min()) ||
      rounded >= -static_cast<From>(std::numeric_limits<To>::min())) {
    return Error(sqlstate::kNumericValueOutOfRange, message);
  }
  out = static_cast<To>(rounded);
  return Status::Ok();
}

Status Double2Float(KernelContext&, D a, F& out) {
  out = static_cast<F>(a);
  if (std::isinf(out) && !std::isinf(a)) return Overflow();
  if (out == 0 && a != 0) return Underflow();
  return Status::Ok();
}

Status WidthBucket(KernelContext&, D operand, D low, D high, int32_t count, int32_t& out) {
  const auto error = [](const char* message) {
    return Error(sqlstate::kInvalidArgumentForWidthBucketFunction, message);
  };
  if (count <= 0) return error("count must be greater than zero");
  if (std::isnan(operand) || std::isnan(low) || std::isnan(high)) {
    return error("operand, lower bound, and upper bound cannot be NaN");
  }
  if (std::isinf(low) || std::isinf(high)) return error("lower and upper bounds must be finite");
  if (low == high) return error("lower bound cannot equal upper bound");
  const bool ascending = low < high;
  const auto too_large = [] { return Error(sqlstate::kNumericValueOutOfRange, "integer out of range"); };
  if (ascending ? operand < low : operand > low) {
    out = 0;
  } else if (ascending ? operand >= high : operand <= high) {
    if (__builtin_add_overflow(count, 1, &out)) return too_large();
  } else {
    // Halved, so that the difference of two finite bounds is finite.
    const D share = std::isinf(high - low) ? (operand / 2 - low / 2) / (high / 2 - low / 2) : (operand - low) / (high - low);
    out = static_cast<int32_t>(count * share);
    if (out >= count) out = count - 1;
    ++out;
  }
  return Status::Ok();
}

#define COMPARISONS(prefix, A, B)                                                                \
  KernelEntry::Scalar(prefix "eq", Strict<[](A a, B b) { return Order(a, b) == 0; }, bool, A, B>), \
  KernelEntry::Scalar(prefix "ne", Strict<[](A a, B b) { return Order(a, b) != 0; }, bool, A, B>), \
  KernelEntry::Scalar(prefix "lt", Strict<[](A a, B b) { return Order(a, b) < 0; }, bool, A, B>),  \
  KernelEntry::Scalar(prefix "le", Strict<[](A a, B b) { return Order(a, b) <= 0; }, bool, A, B>), \
  KernelEntry::Scalar(prefix "gt", Strict<[](A a, B b) { return (Order(a, b) > 0); }, bool, A, B>), \
  KernelEntry::Scalar(prefix "ge", Strict<[](A a, B b) { return (Order(a, b) >= 0); }, bool, A, B>)

#define ARITHMETIC(prefix, R, A, B)                                       \
  KernelEntry::Scalar(prefix "pl", Strict<Add<R, A, B>, R, A, B>),        \
  KernelEntry::Scalar(prefix "mi", Strict<Subtract<R, A, B>, R, A, B>),   \
  KernelEntry::Scalar(prefix "mul", Strict<Multiply<R, A, B>, R, A, B>),  \
  KernelEntry::Scalar(prefix "div", Strict<Divide<R, A, B>, R, A, B>)

#define ONE_SIZE(prefix, T)                                                                                 \
  KernelEntry::Scalar(prefix "um", Strict<[](T a) { return -a; }, T, T>),                                   \
  KernelEntry::Scalar(prefix "up", Strict<[](T a) { return a; }, T, T>),                                    \
  KernelEntry::Scalar(prefix "abs", Strict<[](T a) -> T { return std::fabs(a); }, T, T>),                   \
  KernelEntry::Scalar(prefix "larger", Strict<[](T a, T b) { return (Order(a, b) >= 0) ? a : b; }, T, T, T>), \
  KernelEntry::Scalar(prefix "smaller", Strict<[](T a, T b) { return Order(a, b) <= 0 ? a : b; }, T, T, T>)

constexpr KernelEntry kTable[] = {
    COMPARISONS("float4", F, F), COMPARISONS("float8", D, D), COMPARISONS("float48", F, D), COMPARISONS("float84", D, F),
    ARITHMETIC("float4", F, F, F), ARITHMETIC("float8", D, D, D), ARITHMETIC("float48", D, F, D),
    ARITHMETIC("float84", D, D, F),
    ONE_SIZE("float4", F), ONE_SIZE("float8", D),
    KernelEntry::Scalar("btfloat4cmp", Strict<[](F a, F b) -> int32_t { return Order(a, b); }, int32_t, F, F>),
    KernelEntry::Scalar("btfloat8cmp", Strict<[](D a, D b) -> int32_t { return Order(a, b); }, int32_t, D, D>),
    KernelEntry::Scalar("btfloat48cmp", Strict<[](F a, D b) -> int32_t { return Order(a, b); }, int32_t, F, D>),
    KernelEntry::Scalar("btfloat84cmp", Strict<[](D a, F b) -> int32_t { return Order(a, b); }, int32_t, D, F>),
    KernelEntry::Scalar("dceil", Strict<[](D a) { return std::ceil(a); }, D, D>),
    KernelEntry::Scalar("dfloor", Strict<[](D a) { return std::floor(a); }, D, D>),
    KernelEntry::Scalar("dround", Strict<[](D a) { return std::rint(a); }, D, D>),
    KernelEntry::Scalar("dtrunc", Strict<[](D a) { return std::trunc(a); }, D, D>),
    KernelEntry::Scalar("dsign", Strict<[](D a) -> D { return (a > 0) ? 1 : a < 0 ? -1 : 0; }, D, D>),
    KernelEntry::Scalar("dsqrt", Strict<SquareRoot, D, D>),
    KernelEntry::Scalar("dcbrt", Strict<Checked<std::cbrt>, D, D>),
    KernelEntry::Scalar("dpow", Strict<Power, D, D, D>),
    KernelEntry::Scalar("dexp", Strict<Exponential, D, D>),
    KernelEntry::Scalar("dlog1", Strict<[](KernelContext&, D a, D& out) { return Logarithm(a, std::log, out); }, D, D>),
    KernelEntry::Scalar("dlog10", Strict<[](KernelContext&, D a, D& out) { return Logarithm(a, std::log10, out); }, D, D>),
    KernelEntry::Scalar("dsin", Strict<Angle<std::sin>, D, D>),
    KernelEntry::Scalar("dcos", Strict<Angle<std::cos>, D, D>),
    KernelEntry::Scalar("dtan", Strict<Angle<std::tan>, D, D>),
    KernelEntry::Scalar("dcot", Strict<Angle<[](D a) { return 1.0 / std::tan(a); }>, D, D>),
    KernelEntry::Scalar("dasin", Strict<Inverse<std::asin, 0>, D, D>),
    KernelEntry::Scalar("dacos", Strict<Inverse<std::acos, 0>, D, D>),
    KernelEntry::Scalar("datan", Strict<[](D a) { return std::atan(a); }, D, D>),
    KernelEntry::Scalar("datan2", Strict<[](D a, D b) { return std::atan2(a, b); }, D, D, D>),
    KernelEntry::Scalar("dsinh", Strict<[](D a) { return std::sinh(a); }, D, D>),
    KernelEntry::Scalar("dcosh", Strict<[](D a) { return std::cosh(a); }, D, D>),
    KernelEntry::Scalar("dtanh", Strict<[](D a) { return std::tanh(a); }, D, D>),
    KernelEntry::Scalar("dasinh", Strict<[](D a) { return std::asinh(a); }, D, D>),
    KernelEntry::Scalar("dacosh", Strict<[](KernelContext&, D a, D& out) {
                          if (a < 1) return InputOutOfRange();
                          out = std::acosh(a);
                          return Status::Ok();
                        }, D, D>),
    KernelEntry::Scalar("datanh", Strict<Inverse<std::atanh, 0>, D, D>),
    KernelEntry::Scalar("dsind", Strict<Angle<SineDegrees>, D, D>),
    KernelEntry::Scalar("dcosd", Strict<Angle<CosineDegrees>, D, D>),
    KernelEntry::Scalar("dtand", Strict<Angle<TangentDegrees>, D, D>),
    KernelEntry::Scalar("dcotd", Strict<Angle<CotangentDegrees>, D, D>),
    KernelEntry::Scalar("dasind", Strict<Inverse<ArcSineDegrees, 0>, D, D>),
    KernelEntry::Scalar("dacosd", Strict<Inverse<ArcCosineDegrees, 0>, D, D>),
    KernelEntry::Scalar("datand", Strict<[](D a) { return ArcTangentDegrees(a); }, D, D>),
    KernelEntry::Scalar("datan2d", Strict<[](D a, D b) { return std::atan2(a, b) / std::atan(1.0) * 45; }, D, D, D>),
    KernelEntry::Scalar("degrees", Strict<[](KernelContext& c, D a, D& out) { return Divide<D, D, D>(c, a, M_PI / 180, out); }, D, D>),
    KernelEntry::Scalar("radians", Strict<[](D a) { return a * (M_PI / 180); }, D, D>),
    KernelEntry::Scalar("dpi", Strict<[] { return M_PI; }, D>),
    KernelEntry::Scalar("width_bucket_float8", Strict<WidthBucket, int32_t, D, D, D, int32_t>),
    KernelEntry::Scalar("ftod", Strict<[](F a) -> D { return a; }, D, F>),
    KernelEntry::Scalar("dtof", Strict<Double2Float, F, D>),
    KernelEntry::Scalar("i2tof", Strict<[](int16_t a) -> F { return a; }, F, int16_t>),
    KernelEntry::Scalar("i4tof", Strict<[](int32_t a) -> F { return static_cast<F>(a); }, F, int32_t>),
    KernelEntry::Scalar("i8tof", Strict<[](int64_t a) -> F { return static_cast<F>(a); }, F, int64_t>),
    KernelEntry::Scalar("i2tod", Strict<[](int16_t a) -> D { return a; }, D, int16_t>),
    KernelEntry::Scalar("i4tod", Strict<[](int32_t a) -> D { return a; }, D, int32_t>),
    KernelEntry::Scalar("i8tod", Strict<[](int64_t a) -> D { return static_cast<D>(a); }, D, int64_t>),
    KernelEntry::Scalar("ftoi2", Strict<[](KernelContext&, F a, int16_t& out) { return ToInteger("smallint out of range", a, out); }, int16_t, F>),
    KernelEntry::Scalar("ftoi4", Strict<[](KernelContext&, F a, int32_t& out) { return ToInteger("integer out of range", a, out); }, int32_t, F>),
    KernelEntry::Scalar("ftoi8", Strict<[](KernelContext&, F a, int64_t& out) { return ToInteger("bigint out of range", a, out); }, int64_t, F>),
    KernelEntry::Scalar("dtoi2", Strict<[](KernelContext&, D a, int16_t& out) { return ToInteger("smallint out of range", a, out); }, int16_t, D>),
    KernelEntry::Scalar("dtoi4", Strict<[](KernelContext&, D a, int32_t& out) { return ToInteger("integer out of range", a, out); }, int32_t, D>),
    KernelEntry::Scalar("dtoi8", Strict<[](KernelContext&, D a, int64_t& out) { return ToInteger("bigint out of range", a, out); }, int64_t, D>),
};

}  // namespace

std::span<const KernelEntry> FloatKernels() { return kTable; }

}  // namespace phantom::engine
