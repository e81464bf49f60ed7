// sum, avg, variance and standard deviation of exact numbers and intervals; sum of floats and money.
#include <algorithm>
#include <cmath>

#include "engine/aggregate_adapters.h"
#include "engine/functions/tables.h"
#include "types/interval.h"
#include "types/numeric.h"

namespace phantom::engine {

namespace {

using types::int128_t;
using types::Interval;
using types::Numeric;

Status OutOfRange(const char* what) { return Errorf(sqlstate::kNumericValueOutOfRange, "%s out of range", what); }

// ---- Of integers --------------------------------------------------------------------------------

// The sum of 2^64 bigints fits.
struct IntegerSum {
  int128_t sum = 0;
  int64_t count = 0;
};

template <typename T>
Status AddInteger(AggregateContext&, IntegerSum& state, T value) {
  state.sum += value;
  ++state.count;
  return Status::Ok();
}
template <typename T>
Status RemoveInteger(AggregateContext&, IntegerSum& state, T value) {
  state.sum -= value;
  --state.count;
  return Status::Ok();
}
Status MergeIntegers(AggregateContext&, IntegerSum& into, IntegerSum& from) {
  into.sum += from.sum;
  into.count += from.count;
  return Status::Ok();
}
Status SumAsBigint(AggregateContext&, IntegerSum& state, Writer<int64_t>& out) {
  if (state.count == 0) {
    out.SetNull();
    return Status::Ok();
  }
  if (state.sum != static_cast<int64_t>(state.sum)) return OutOfRange("bigint");
  out.Set(static_cast<int64_t>(state.sum));
  return Status::Ok();
}
Status SumAsNumeric(AggregateContext&, IntegerSum& state, Writer<Numeric>& out) {
  if (state.count == 0) {
    out.SetNull();
  } else {
    out.Set(types::NumericFromInt128(state.sum, 0, out.arena()));
  }
  return Status::Ok();
}
Status AverageOfIntegers(AggregateContext&, IntegerSum& state, Writer<Numeric>& out) {
  if (state.count == 0) {
    out.SetNull();
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(Numeric average, types::NumericDiv(types::NumericFromInt128(state.sum, 0, out.arena()),
                                                      Numeric::FromInt64(state.count), out.arena()));
  out.Set(average);
  return Status::Ok();
}

// ---- Of numerics --------------------------------------------------------------------------------

// A running total: a 128-bit mantissa at the largest scale seen, carried over into an arbitrary numeric when it is full.
class NumericTotal {
 public:
  Status Add(const Numeric& value, Arena& arena) {
    if (!value.is_inline()) return Carry(value, arena);
    int128_t mantissa = value.signed_mantissa();
    const int scale = value.inline_scale();
    if (scale != scale_ && !Align(scale, mantissa)) return Carry(value, arena);
    int128_t sum;
    if (__builtin_add_overflow(mantissa_, mantissa, &sum)) return Carry(value, arena);
    mantissa_ = sum;
    return Status::Ok();
  }
  Status Add(const NumericTotal& other, Arena& arena) {
    int128_t mantissa = other.mantissa_, sum;
    if (!other.carried_ && (other.scale_ == scale_ || Align(other.scale_, mantissa)) &&
        !__builtin_add_overflow(mantissa_, mantissa, &sum)) {
      mantissa_ = sum;
      return Status::Ok();
    }
    ASSIGN_OR_RETURN(Numeric total, other.Value(arena));
    return Carry(total, arena);
  }
  Result<Numeric> Value(Arena& arena) const {
    const Numeric rest = types::NumericFromInt128(mantissa_, scale_, arena);
    return carried_ ? types::NumericAdd(carry_, rest, arena) : Result<Numeric>(rest);
  }

 private:
  // Brings `mantissa` and the total to the larger of both scales; false when one would not fit.
  bool Align(int scale, int128_t& mantissa) {
    int128_t& smaller = scale < scale_ ? mantissa : mantissa_;
    int128_t scaled = smaller;
    for (int i = std::min(scale, scale_); i < std::max(scale, scale_); ++i) {
      if (__builtin_mul_overflow(scaled, int128_t{10}, &scaled)) return false;
    }
    smaller = scaled;
    scale_ = std::max(scale, scale_);
    return true;
  }
  Status Carry(const Numeric& value, Arena& arena) {
    ASSIGN_OR_RETURN(Numeric total, Value(arena));
    ASSIGN_OR_RETURN(carry_, types::NumericAdd(total, value, arena));
    carried_ = true;
    mantissa_ = 0;
    return Status::Ok();
  }

  int128_t mantissa_ = 0;
  int scale_ = 0;
  bool carried_ = false;
  Numeric carry_;
};

struct NumericSum {
  NumericTotal total;
  int64_t count = 0;
};

Status AddNumeric(AggregateContext& context, NumericSum& state, const Numeric& value) {
  ++state.count;
  return state.total.Add(value, *context.arena);
}
Status MergeNumerics(AggregateContext& context, NumericSum& into, NumericSum& from) {
  into.count += from.count;
  return into.total.Add(from.total, *context.arena);
}
Status SumOfNumerics(AggregateContext& context, NumericSum& state, Writer<Numeric>& out) {
  if (state.count == 0) {
    out.SetNull();
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(Numeric sum, state.total.Value(out.arena()));
  out.Set(out.heap().Add(sum));
  return Status::Ok();
}
Status AverageOfNumerics(AggregateContext& context, NumericSum& state, Writer<Numeric>& out) {
  if (state.count == 0) {
    out.SetNull();
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(Numeric sum, state.total.Value(out.arena()));
  ASSIGN_OR_RETURN(Numeric average, types::NumericDiv(sum, Numeric::FromInt64(state.count), out.arena()));
  out.Set(out.heap().Add(average));
  return Status::Ok();
}

// ---- Variance of exact numbers ------------------------------------------------------------------

struct NumericSquares {
  NumericTotal sum;
  NumericTotal squares;
  int64_t count = 0;
};

Status AddSquare(AggregateContext& context, NumericSquares& state, const Numeric& value) {
  ++state.count;
  RETURN_IF_ERROR(state.sum.Add(value, *context.arena));
  ASSIGN_OR_RETURN(Numeric square, types::NumericMul(value, value, *context.arena));
  return state.squares.Add(square, *context.arena);
}
template <typename T>
Status AddIntegerSquare(AggregateContext& context, NumericSquares& state, T value) {
  return AddSquare(context, state, Numeric::FromInt64(value));
}
Status MergeSquares(AggregateContext& context, NumericSquares& into, NumericSquares& from) {
  into.count += from.count;
  RETURN_IF_ERROR(into.sum.Add(from.sum, *context.arena));
  return into.squares.Add(from.squares, *context.arena);
}

// (count * squares - sum^2) / (count * (count - 1)), or / count^2 for a whole population; its root for a deviation.
template <bool kSample, bool kRoot>
Status Variance(AggregateContext&, NumericSquares& state, Writer<Numeric>& out) {
  if (state.count == 0 || (kSample && state.count == 1)) {
    out.SetNull();
    return Status::Ok();
  }
  Arena& arena = out.arena();
  ASSIGN_OR_RETURN(Numeric sum, state.sum.Value(arena));
  ASSIGN_OR_RETURN(Numeric squares, state.squares.Value(arena));
  if (!sum.is_finite() || !squares.is_finite()) {
    out.Set(Numeric::NaN());
    return Status::Ok();
  }
  const Numeric count = Numeric::FromInt64(state.count);
  ASSIGN_OR_RETURN(Numeric scaled, types::NumericMul(count, squares, arena));
  ASSIGN_OR_RETURN(Numeric squared, types::NumericMul(sum, sum, arena));
  ASSIGN_OR_RETURN(Numeric spread, types::NumericSub(scaled, squared, arena));
  if (types::SignOf(spread) <= 0) {
    out.Set(Numeric());
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(Numeric divisor, types::NumericMul(count, Numeric::FromInt64(state.count - kSample), arena));
  ASSIGN_OR_RETURN(Numeric variance, types::NumericDiv(spread, divisor, arena));
  if (kRoot) {
    ASSIGN_OR_RETURN(Numeric root, types::NumericSqrt(variance, arena));
    ASSIGN_OR_RETURN(variance, types::NumericRound(root, variance.dscale(), arena));
  }
  out.Set(out.heap().Add(variance));
  return Status::Ok();
}

// ---- Of floats and money ------------------------------------------------------------------------

template <typename T>
struct PlainSum {
  T sum = 0;
  bool any = false;
};
template <typename T>
Status AddPlain(AggregateContext&, PlainSum<T>& state, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    const T sum = state.any ? state.sum + value : value;
    if (std::isinf(sum) && !std::isinf(state.sum) && !std::isinf(value)) {
      return Error(sqlstate::kNumericValueOutOfRange, "value out of range: overflow");
    }
    state.sum = sum;
  } else if (__builtin_add_overflow(state.sum, value, &state.sum)) {
    return OutOfRange("money");
  }
  state.any = true;
  return Status::Ok();
}
template <typename T>
Status MergePlain(AggregateContext& context, PlainSum<T>& into, PlainSum<T>& from) {
  return from.any ? AddPlain<T>(context, into, from.sum) : Status::Ok();
}
template <typename T>
Status FinishPlain(AggregateContext&, PlainSum<T>& state, Writer<T>& out) {
  state.any ? out.Set(state.sum) : out.SetNull();
  return Status::Ok();
}

// ---- Of intervals -------------------------------------------------------------------------------

struct IntervalSum {
  Interval sum;
  int64_t count = 0;
};
Status AddInterval(AggregateContext&, IntervalSum& state, const Interval& value) {
  ++state.count;
  Interval& sum = state.sum;
  if (__builtin_add_overflow(sum.months, value.months, &sum.months) ||
      __builtin_add_overflow(sum.days, value.days, &sum.days) ||
      __builtin_add_overflow(sum.micros, value.micros, &sum.micros)) {
    return Error(sqlstate::kDatetimeFieldOverflow, "interval out of range");
  }
  return Status::Ok();
}
Status MergeIntervals(AggregateContext& context, IntervalSum& into, IntervalSum& from) {
  into.count += from.count - 1;
  return AddInterval(context, into, from.sum);
}
Status SumOfIntervals(AggregateContext&, IntervalSum& state, Writer<Interval>& out) {
  state.count == 0 ? out.SetNull() : out.Set(state.sum);
  return Status::Ok();
}
// Division as interval / number: what is left of months goes to days (of 30), of days to time (of 24 hours).
Status AverageOfIntervals(AggregateContext&, IntervalSum& state, Writer<Interval>& out) {
  if (state.count == 0) {
    out.SetNull();
    return Status::Ok();
  }
  constexpr int64_t kDayMicros = 86'400'000'000;
  const Interval& sum = state.sum;
  Interval average;
  average.months = static_cast<int32_t>(sum.months / state.count);
  average.days = static_cast<int32_t>(sum.days / state.count);
  const double count = static_cast<double>(state.count);
  const double month_days =
      std::rint((static_cast<double>(sum.months) / count - average.months) * 30 * 1e6) / 1e6;
  const double whole_days = std::trunc(month_days);
  const double rest_days = std::rint((static_cast<double>(sum.days) / count - average.days + month_days - whole_days) * 86400 * 1e6) / 1e6 / 86400;
  average.days += static_cast<int32_t>(whole_days);
  average.micros = static_cast<int64_t>(std::rint(static_cast<double>(sum.micros) / count +
                                                  rest_days * static_cast<double>(kDayMicros)));
  out.Set(average);
  return Status::Ok();
}

// ---- Tables -------------------------------------------------------------------------------------

template <auto Finish, typename R, typename T>
constexpr AggregateKernel kOfIntegers = [] {
  AggregateKernel kernel = StrictAggregate<IntegerSum, AddInteger<T>, MergeIntegers, Finish, R, T>();
  kernel.remove = Removal<IntegerSum, RemoveInteger<T>, T>;
  return kernel;
}();
template <auto Finish>
constexpr AggregateKernel kOfNumerics = StrictAggregate<NumericSum, AddNumeric, MergeNumerics, Finish, Numeric, Numeric>();
template <typename T>
constexpr AggregateKernel kPlain = [] {
  AggregateKernel kernel = StrictAggregate<PlainSum<T>, AddPlain<T>, MergePlain<T>, FinishPlain<T>, T, T>();
  kernel.inexact = std::is_floating_point_v<T>;
  return kernel;
}();
template <auto Finish>
constexpr AggregateKernel kOfIntervals =
    StrictAggregate<IntervalSum, AddInterval, MergeIntervals, Finish, Interval, Interval>();
template <bool kSample, bool kRoot, typename T>
constexpr AggregateKernel kVarianceOf =
    StrictAggregate<NumericSquares, AddIntegerSquare<T>, MergeSquares, Variance<kSample, kRoot>, Numeric, T>();
template <bool kSample, bool kRoot>
constexpr AggregateKernel kVarianceOf<kSample, kRoot, Numeric> =
    StrictAggregate<NumericSquares, AddSquare, MergeSquares, Variance<kSample, kRoot>, Numeric, Numeric>();

// pg_proc lists them for bigint, integer, smallint, then (two later) numeric.
#define VARIANCE(first, kSample, kRoot)                                              \
  KernelEntry::Aggregate(first, &kVarianceOf<kSample, kRoot, int64_t>),              \
      KernelEntry::Aggregate((first) + 1, &kVarianceOf<kSample, kRoot, int32_t>),    \
      KernelEntry::Aggregate((first) + 2, &kVarianceOf<kSample, kRoot, int16_t>),    \
      KernelEntry::Aggregate((first) + 5, &kVarianceOf<kSample, kRoot, Numeric>)

constexpr KernelEntry kTable[] = {
    KernelEntry::Aggregate(2107, &kOfIntegers<SumAsNumeric, Numeric, int64_t>),
    KernelEntry::Aggregate(2108, &kOfIntegers<SumAsBigint, int64_t, int32_t>),
    KernelEntry::Aggregate(2109, &kOfIntegers<SumAsBigint, int64_t, int16_t>),
    KernelEntry::Aggregate(2110, &kPlain<float>),
    KernelEntry::Aggregate(2111, &kPlain<double>),
    KernelEntry::Aggregate(2112, &kPlain<int64_t>),
    KernelEntry::Aggregate(2113, &kOfIntervals<SumOfIntervals>),
    KernelEntry::Aggregate(2114, &kOfNumerics<SumOfNumerics>),
    KernelEntry::Aggregate(2100, &kOfIntegers<AverageOfIntegers, Numeric, int64_t>),
    KernelEntry::Aggregate(2101, &kOfIntegers<AverageOfIntegers, Numeric, int32_t>),
    KernelEntry::Aggregate(2102, &kOfIntegers<AverageOfIntegers, Numeric, int16_t>),
    KernelEntry::Aggregate(2103, &kOfNumerics<AverageOfNumerics>),
    KernelEntry::Aggregate(2106, &kOfIntervals<AverageOfIntervals>),
    VARIANCE(2718, false, false),  // var_pop
    VARIANCE(2641, true, false),   // var_samp
    VARIANCE(2148, true, false),   // variance
    VARIANCE(2724, false, true),   // stddev_pop
    VARIANCE(2712, true, true),    // stddev_samp
    VARIANCE(2154, true, true),    // stddev
};

}  // namespace

std::span<const KernelEntry> AggregateSumKernels() { return kTable; }

}  // namespace phantom::engine
