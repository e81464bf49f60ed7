// numeric: arithmetic, rounding, logarithms and powers, casts from and to the other numbers.
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/numeric.h"

namespace phantom::engine {

namespace {

using types::Numeric;
using N = Numeric;
using I = int32_t;

// Kernels of Result<Numeric> f(a..., arena).
template <auto Compute, typename... A>
Status Call(KernelContext&, const A&... args, Writer<N>& out) {
  ASSIGN_OR_RETURN(N value, Compute(args..., out.arena()));
  out.Set(value);
  return Status::Ok();
}
template <auto Compute, typename... A>
constexpr ScalarKernel kCall = Strict<Call<Compute, A...>, N, A...>;

// Kernels of Result<T> f(numeric).
template <auto Compute, typename T>
Status Convert(KernelContext&, const N& a, T& out) {
  ASSIGN_OR_RETURN(out, Compute(a));
  return Status::Ok();
}
template <auto Compute, typename T>
constexpr ScalarKernel kConvert = Strict<Convert<Compute, T>, T, N>;

Result<N> Sign(const N& a, Arena&) {
  return a.is_nan() ? a : N::FromInt64(a.is_negative() ? -1 : a.is_zero() ? 0 : 1);
}
Result<N> Plus(const N& a, Arena&) { return a; }
Result<N> Round0(const N& a, Arena& arena) { return types::NumericRound(a, 0, arena); }
Result<N> Trunc0(const N& a, Arena& arena) { return types::NumericTrunc(a, 0, arena); }
Result<N> Increment(const N& a, Arena& arena) { return types::NumericAdd(a, N::FromInt64(1), arena); }
Result<N> Typmod(const N& a, I typmod, Arena& arena) { return types::ApplyNumericTypmod(a, typmod, arena); }
Result<N> TrimScale(const N& a, Arena& arena) { return types::NumericTrimScale(a, arena); }
Result<N> Factorial(int64_t n, Arena& arena) { return types::NumericFactorial(n, arena); }
template <typename T>
Result<N> FromInteger(T a, Arena&) {
  return N::FromInt64(a);
}

template <auto Compute>
Status ScaleOf(KernelContext&, const N& a, I& out, bool& null) {
  const std::optional<I> scale = Compute(a);
  null = !scale.has_value();
  out = scale.value_or(0);
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("numeric_add", kCall<types::NumericAdd, N, N>),
    KernelEntry::Scalar("numeric_sub", kCall<types::NumericSub, N, N>),
    KernelEntry::Scalar("numeric_mul", kCall<types::NumericMul, N, N>),
    KernelEntry::Scalar("numeric_div", kCall<types::NumericDiv, N, N>),
    KernelEntry::Scalar("numeric_div_trunc", kCall<types::NumericDivTrunc, N, N>),
    KernelEntry::Scalar("numeric_mod", kCall<types::NumericMod, N, N>),
    KernelEntry::Scalar("numeric_power", kCall<types::NumericPower, N, N>),
    KernelEntry::Scalar("numeric_log", kCall<types::NumericLog, N, N>),
    KernelEntry::Scalar("numeric_gcd", kCall<types::NumericGcd, N, N>),
    KernelEntry::Scalar("numeric_lcm", kCall<types::NumericLcm, N, N>),
    KernelEntry::Scalar("numeric_round", kCall<types::NumericRound, N, I>),
    KernelEntry::Scalar("numeric_trunc", kCall<types::NumericTrunc, N, I>),
    KernelEntry::Scalar(1708, kCall<Round0, N>),
    KernelEntry::Scalar(1710, kCall<Trunc0, N>),
    KernelEntry::Scalar("numeric", kCall<Typmod, N, I>),
    KernelEntry::Scalar("numeric_uminus", kCall<types::NumericNeg, N>),
    KernelEntry::Scalar("numeric_uplus", kCall<Plus, N>),
    KernelEntry::Scalar("numeric_abs", kCall<types::NumericAbs, N>),
    KernelEntry::Scalar("numeric_sign", kCall<Sign, N>),
    KernelEntry::Scalar("numeric_ceil", kCall<types::NumericCeil, N>),
    KernelEntry::Scalar("numeric_floor", kCall<types::NumericFloor, N>),
    KernelEntry::Scalar("numeric_sqrt", kCall<types::NumericSqrt, N>),
    KernelEntry::Scalar("numeric_exp", kCall<types::NumericExp, N>),
    KernelEntry::Scalar("numeric_ln", kCall<types::NumericLn, N>),
    KernelEntry::Scalar(1741, kCall<types::NumericLog10, N>),
    KernelEntry::Scalar(1481, kCall<types::NumericLog10, N>),
    KernelEntry::Scalar("numeric_inc", kCall<Increment, N>),
    KernelEntry::Scalar("numeric_trim_scale", kCall<TrimScale, N>),
    KernelEntry::Scalar("numeric_fac", kCall<Factorial, int64_t>),
    KernelEntry::Scalar("numeric_scale", Strict<ScaleOf<types::NumericScale>, I, N>),
    KernelEntry::Scalar("numeric_min_scale", Strict<ScaleOf<types::NumericMinScale>, I, N>),
    KernelEntry::Scalar("width_bucket_numeric", Strict<[](KernelContext&, const N& operand, const N& low, const N& high, I count, I& out) -> Status {
                          ASSIGN_OR_RETURN(out, types::NumericWidthBucket(operand, low, high, count));
                          return Status::Ok();
                        }, I, N, N, N, I>),
    KernelEntry::Scalar("int2_numeric", kCall<FromInteger<int16_t>, int16_t>),
    KernelEntry::Scalar("int4_numeric", kCall<FromInteger<int32_t>, int32_t>),
    KernelEntry::Scalar("int8_numeric", kCall<FromInteger<int64_t>, int64_t>),
    KernelEntry::Scalar("float4_numeric", kCall<types::NumericFromFloat, float>),
    KernelEntry::Scalar("float8_numeric", kCall<types::NumericFromDouble, double>),
    KernelEntry::Scalar("numeric_int2", kConvert<types::NumericToInt16, int16_t>),
    KernelEntry::Scalar("numeric_int4", kConvert<types::NumericToInt32, int32_t>),
    KernelEntry::Scalar("numeric_int8", kConvert<types::NumericToInt64, int64_t>),
    KernelEntry::Scalar("numeric_float4", kConvert<types::NumericToFloat, float>),
    KernelEntry::Scalar("numeric_float8", kConvert<types::NumericToDouble, double>),
};

}  // namespace

std::span<const KernelEntry> NumericKernels() { return kTable; }

}  // namespace phantom::engine
