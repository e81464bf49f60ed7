// int2, int4 and int8: arithmetic, comparison within and across sizes, bits, casts.
#include <limits>
#include <numeric>

#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"

namespace phantom::engine {

namespace {

template <typename T>
constexpr const char* kOutOfRange = "bigint out of range";
template <>
constexpr const char* kOutOfRange<int16_t> = "smallint out of range";
template <>
constexpr const char* kOutOfRange<int32_t> = "integer out of range";

template <typename T>
[[gnu::cold, gnu::noinline]] Status OutOfRange() {
  return Error(sqlstate::kNumericValueOutOfRange, kOutOfRange<T>);
}
[[gnu::cold, gnu::noinline]] Status DivisionByZero() { return Error(sqlstate::kDivisionByZero, "division by zero"); }

// A is the left argument's type, B the right one's, R the result's: the wider of the two.
template <typename R, typename A, typename B>
Status Add(KernelContext&, A a, B b, R& out) {
  return __builtin_add_overflow(a, b, &out) ? OutOfRange<R>() : Status::Ok();
}
template <typename R, typename A, typename B>
Status Subtract(KernelContext&, A a, B b, R& out) {
  return __builtin_sub_overflow(a, b, &out) ? OutOfRange<R>() : Status::Ok();
}
template <typename R, typename A, typename B>
Status Multiply(KernelContext&, A a, B b, R& out) {
  return __builtin_mul_overflow(a, b, &out) ? OutOfRange<R>() : Status::Ok();
}
template <typename R, typename A, typename B>
Status Divide(KernelContext&, A a, B b, R& out) {
  if (b == 0) return DivisionByZero();
  if (b == -1) return __builtin_sub_overflow(R{0}, a, &out) ? OutOfRange<R>() : Status::Ok();
  out = static_cast<R>(a / b);
  return Status::Ok();
}
template <typename T>
Status Modulo(KernelContext&, T a, T b, T& out) {
  if (b == 0) return DivisionByZero();
  out = b == -1 ? T{0} : static_cast<T>(a % b);
  return Status::Ok();
}
template <typename T>
Status Negate(KernelContext&, T a, T& out) {
  return __builtin_sub_overflow(T{0}, a, &out) ? OutOfRange<T>() : Status::Ok();
}
template <typename T>
Status Absolute(KernelContext& context, T a, T& out) {
  if (a < 0) return Negate<T>(context, a, out);
  out = a;
  return Status::Ok();
}
template <typename To, typename From>
Status Narrow(KernelContext&, From a, To& out) {
  if (a < std::numeric_limits<To>::min() || a > std::numeric_limits<To>::max()) return OutOfRange<To>();
  out = static_cast<To>(a);
  return Status::Ok();
}

// Greatest common divisor of magnitudes; the only result that does not fit is that of the two most negative values.
template <typename T>
Status Gcd(KernelContext&, T a, T b, T& out) {
  using U = std::make_unsigned_t<T>;
  const U magnitude = std::gcd(a < 0 ? U{0} - static_cast<U>(a) : static_cast<U>(a),
                               b < 0 ? U{0} - static_cast<U>(b) : static_cast<U>(b));
  if (magnitude > static_cast<U>(std::numeric_limits<T>::max())) return OutOfRange<T>();
  out = static_cast<T>(magnitude);
  return Status::Ok();
}
template <typename T>
Status Lcm(KernelContext& context, T a, T b, T& out) {
  if (a == 0 || b == 0) {
    out = 0;
    return Status::Ok();
  }
  T divisor;
  RETURN_IF_ERROR(Gcd<T>(context, a, b, divisor));
  RETURN_IF_ERROR((Multiply<T, T, T>(context, a / divisor, b, out)));
  return Absolute<T>(context, out, out);
}

// Shift counts are taken modulo the width, as the processors PostgreSQL runs on do.
template <typename T>
T ShiftLeft(T a, int32_t b) {
  using U = std::make_unsigned_t<T>;
  constexpr int kMask = sizeof(T) == 8 ? 63 : 31;
  return static_cast<T>(static_cast<U>(static_cast<uint64_t>(static_cast<U>(a)) << (b & kMask)));
}
template <typename T>
T ShiftRight(T a, int32_t b) {
  constexpr int kMask = sizeof(T) == 8 ? 63 : 31;
  return static_cast<T>(static_cast<int64_t>(a) >> (b & kMask));
}

using S = int16_t;
using I = int32_t;
using L = int64_t;

#define COMPARISONS(prefix, A, B)                                                          \
  KernelEntry::Scalar(prefix "eq", Strict<[](A a, B b) { return a == b; }, bool, A, B>),   \
  KernelEntry::Scalar(prefix "ne", Strict<[](A a, B b) { return a != b; }, bool, A, B>),   \
  KernelEntry::Scalar(prefix "lt", Strict<[](A a, B b) { return a < b; }, bool, A, B>),    \
  KernelEntry::Scalar(prefix "le", Strict<[](A a, B b) { return a <= b; }, bool, A, B>),   \
  KernelEntry::Scalar(prefix "gt", Strict<[](A a, B b) { return (a > b); }, bool, A, B>),  \
  KernelEntry::Scalar(prefix "ge", Strict<[](A a, B b) { return (a >= b); }, bool, A, B>)

#define ARITHMETIC(prefix, R, A, B)                                       \
  KernelEntry::Scalar(prefix "pl", Strict<Add<R, A, B>, R, A, B>),        \
  KernelEntry::Scalar(prefix "mi", Strict<Subtract<R, A, B>, R, A, B>),   \
  KernelEntry::Scalar(prefix "mul", Strict<Multiply<R, A, B>, R, A, B>),  \
  KernelEntry::Scalar(prefix "div", Strict<Divide<R, A, B>, R, A, B>)

#define ONE_SIZE(prefix, T)                                                                                    \
  KernelEntry::Scalar(prefix "mod", Strict<Modulo<T>, T, T, T>),                                               \
  KernelEntry::Scalar(prefix "um", Strict<Negate<T>, T, T>),                                                   \
  KernelEntry::Scalar(prefix "up", Strict<[](T a) { return a; }, T, T>),                                       \
  KernelEntry::Scalar(prefix "abs", Strict<Absolute<T>, T, T>),                                                \
  KernelEntry::Scalar(prefix "and", Strict<[](T a, T b) { return static_cast<T>(a & b); }, T, T, T>),          \
  KernelEntry::Scalar(prefix "or", Strict<[](T a, T b) { return static_cast<T>(a | b); }, T, T, T>),           \
  KernelEntry::Scalar(prefix "xor", Strict<[](T a, T b) { return static_cast<T>(a ^ b); }, T, T, T>),          \
  KernelEntry::Scalar(prefix "not", Strict<[](T a) { return static_cast<T>(~a); }, T, T>),                     \
  KernelEntry::Scalar(prefix "shl", Strict<ShiftLeft<T>, T, T, I>),                                            \
  KernelEntry::Scalar(prefix "shr", Strict<ShiftRight<T>, T, T, I>),                                           \
  KernelEntry::Scalar(prefix "larger", Strict<[](T a, T b) { return (a > b) ? a : b; }, T, T, T>),               \
  KernelEntry::Scalar(prefix "smaller", Strict<[](T a, T b) { return (a < b) ? a : b; }, T, T, T>)

template <typename T, typename U = T>
I Order(T a, U b) {
  return a < b ? -1 : (a > b);
}

constexpr KernelEntry kTable[] = {
    COMPARISONS("int2", S, S), COMPARISONS("int4", I, I), COMPARISONS("int8", L, L), COMPARISONS("int24", S, I),
    COMPARISONS("int42", I, S), COMPARISONS("int28", S, L), COMPARISONS("int82", L, S), COMPARISONS("int48", I, L),
    COMPARISONS("int84", L, I),
    ARITHMETIC("int2", S, S, S), ARITHMETIC("int4", I, I, I), ARITHMETIC("int8", L, L, L), ARITHMETIC("int24", I, S, I),
    ARITHMETIC("int42", I, I, S), ARITHMETIC("int28", L, S, L), ARITHMETIC("int82", L, L, S),
    ARITHMETIC("int48", L, I, L), ARITHMETIC("int84", L, L, I),
    ONE_SIZE("int2", S), ONE_SIZE("int4", I), ONE_SIZE("int8", L),
    KernelEntry::Scalar("int4inc", Strict<[](KernelContext& context, I a, I& out) { return Add<I, I, I>(context, a, 1, out); }, I, I>),
    KernelEntry::Scalar("int8inc", Strict<[](KernelContext& context, L a, L& out) { return Add<L, L, L>(context, a, 1, out); }, L, L>),
    KernelEntry::Scalar("int8dec", Strict<[](KernelContext& context, L a, L& out) { return Subtract<L, L, L>(context, a, 1, out); }, L, L>),
    KernelEntry::Scalar("int4gcd", Strict<Gcd<I>, I, I, I>),
    KernelEntry::Scalar("int8gcd", Strict<Gcd<L>, L, L, L>),
    KernelEntry::Scalar("int4lcm", Strict<Lcm<I>, I, I, I>),
    KernelEntry::Scalar("int8lcm", Strict<Lcm<L>, L, L, L>),
    KernelEntry::Scalar("btint2cmp", Strict<Order<S>, I, S, S>),
    KernelEntry::Scalar("btint4cmp", Strict<Order<I>, I, I, I>),
    KernelEntry::Scalar("btint8cmp", Strict<Order<L>, I, L, L>),
    KernelEntry::Scalar("btint24cmp", Strict<Order<S, I>, I, S, I>),
    KernelEntry::Scalar("btint42cmp", Strict<Order<I, S>, I, I, S>),
    KernelEntry::Scalar("btint28cmp", Strict<Order<S, L>, I, S, L>),
    KernelEntry::Scalar("btint82cmp", Strict<Order<L, S>, I, L, S>),
    KernelEntry::Scalar("btint48cmp", Strict<Order<I, L>, I, I, L>),
    KernelEntry::Scalar("btint84cmp", Strict<Order<L, I>, I, L, I>),
    KernelEntry::Scalar("i2toi4", Strict<[](S a) { return I{a}; }, I, S>),
    KernelEntry::Scalar("i4toi2", Strict<Narrow<S, I>, S, I>),
    KernelEntry::Scalar("int28", Strict<[](S a) { return L{a}; }, L, S>),
    KernelEntry::Scalar("int82", Strict<Narrow<S, L>, S, L>),
    KernelEntry::Scalar("int48", Strict<[](I a) { return L{a}; }, L, I>),
    KernelEntry::Scalar("int84", Strict<Narrow<I, L>, I, L>),
    KernelEntry::Scalar("i8tooid", Strict<[](KernelContext&, L a, I& out) {
                          if (a < 0 || (a > std::numeric_limits<uint32_t>::max())) {
                            return Error(sqlstate::kNumericValueOutOfRange, "OID out of range");
                          }
                          out = static_cast<I>(static_cast<uint32_t>(a));
                          return Status::Ok();
                        }, I, L>),
    KernelEntry::Scalar("oidtoi8", Strict<[](I a) { return L{static_cast<uint32_t>(a)}; }, L, I>),
    KernelEntry::Scalar("int4_bool", Strict<[](I a) { return a != 0; }, bool, I>),
    KernelEntry::Scalar("bool_int4", Strict<[](bool a) { return I{a}; }, I, bool>),
};

}  // namespace

std::span<const KernelEntry> IntegerKernels() { return kTable; }

}  // namespace phantom::engine
