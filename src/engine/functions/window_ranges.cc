// in_range: is a row's value within an offset of the current row's? What RANGE frames are made of (PostgreSQL 15,
// chapter 38.16.3).
#include <cmath>
#include <limits>

#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/compare.h"
#include "types/datetime_math.h"
#include "types/format_context.h"
#include "types/numeric.h"

namespace phantom::engine {

namespace {

using types::Interval;
using types::Numeric;
using types::TimeTz;
using T = int64_t;

Status InvalidOffset() {
  return Error(sqlstate::kInvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function");
}

// value <= base +- offset (less) or value >= base +- offset.
template <typename V, typename O>
Status Integers(KernelContext&, const V& value, const V& base, const O& offset, const bool& subtract, const bool& less,
                bool& out) {
  if (offset < 0) return InvalidOffset();
  const __int128 bound = subtract ? static_cast<__int128>(base) - offset : static_cast<__int128>(base) + offset;
  out = less ? value <= bound : value >= bound;
  return Status::Ok();
}

template <typename V>
Status Floats(KernelContext&, const V& value, const V& base, const double& offset, const bool& subtract,
              const bool& less, bool& out) {
  if (std::isnan(offset) || offset < 0) return InvalidOffset();
  // NaN sorts above all and is only within reach of itself.
  if (std::isnan(value)) {
    out = std::isnan(base) ? true : !less;
    return Status::Ok();
  }
  if (std::isnan(base)) {
    out = less;
    return Status::Ok();
  }
  // Infinity on both sides would make NaN; whatever the offset, such a bound takes all.
  if (std::isinf(offset) && std::isinf(static_cast<double>(base)) && (subtract ? base > 0 : base < 0)) {
    out = true;
    return Status::Ok();
  }
  const double bound = subtract ? static_cast<double>(base) - offset : static_cast<double>(base) + offset;
  out = less ? static_cast<double>(value) <= bound : static_cast<double>(value) >= bound;
  return Status::Ok();
}

Status Numerics(KernelContext&, const Numeric& value, const Numeric& base, const Numeric& offset, const bool& subtract,
                const bool& less, bool& out) {
  if (offset.is_nan() || offset.is_negative()) return InvalidOffset();
  if (value.is_nan() || base.is_nan()) {
    out = value.is_nan() ? base.is_nan() || !less : less;
    return Status::Ok();
  }
  if (offset.is_infinite() && base.is_infinite() && base.is_negative() != subtract) {
    out = true;
    return Status::Ok();
  }
  Arena scratch;
  ASSIGN_OR_RETURN(const Numeric bound, subtract ? types::NumericSub(base, offset, scratch)
                                                 : types::NumericAdd(base, offset, scratch));
  const int order = types::CompareNumeric(value, bound);
  out = less ? order <= 0 : order >= 0;
  return Status::Ok();
}

Status CheckOffset(const Interval& offset) {
  return types::CompareInterval(offset, Interval{}) < 0 ? InvalidOffset() : Status::Ok();
}
Result<Interval> Signed(const Interval& offset, bool subtract) {
  if (!subtract) return offset;
  return types::NegateInterval(offset);
}

template <bool kZoned>
Status Timestamps(KernelContext& context, const T& value, const T& base, const Interval& offset, const bool& subtract,
                  const bool& less, bool& out) {
  RETURN_IF_ERROR(CheckOffset(offset));
  ASSIGN_OR_RETURN(const Interval step, Signed(offset, subtract));
  ASSIGN_OR_RETURN(const T bound, kZoned ? types::AddToTimestampTz(base, step, context.format->time_zone)
                                         : types::AddToTimestamp(base, step));
  out = less ? value <= bound : value >= bound;
  return Status::Ok();
}
Status Dates(KernelContext& context, const int32_t& value, const int32_t& base, const Interval& offset,
             const bool& subtract, const bool& less, bool& out) {
  ASSIGN_OR_RETURN(const T value_micros, types::DateToTimestamp(value));
  ASSIGN_OR_RETURN(const T base_micros, types::DateToTimestamp(base));
  return Timestamps<false>(context, value_micros, base_micros, offset, subtract, less, out);
}
Status Times(KernelContext&, const T& value, const T& base, const Interval& offset, const bool& subtract,
             const bool& less, bool& out) {
  // Only the time part counts, and there is no going round midnight.
  if (offset.micros < 0) return InvalidOffset();
  const __int128 bound = subtract ? static_cast<__int128>(base) - offset.micros : static_cast<__int128>(base) + offset.micros;
  out = less ? value <= bound : value >= bound;
  return Status::Ok();
}
Status ZonedTimes(KernelContext&, const TimeTz& value, const TimeTz& base, const Interval& offset, const bool& subtract,
                  const bool& less, bool& out) {
  if (offset.micros < 0) return InvalidOffset();
  TimeTz bound = base;
  if (subtract) {
    bound.micros -= offset.micros;
  } else if (__builtin_add_overflow(bound.micros, offset.micros, &bound.micros)) {
    out = less;
    return Status::Ok();
  }
  const int order = types::CompareTimeTz(value, bound);
  out = less ? order <= 0 : order >= 0;
  return Status::Ok();
}
Status Intervals(KernelContext&, const Interval& value, const Interval& base, const Interval& offset,
                 const bool& subtract, const bool& less, bool& out) {
  RETURN_IF_ERROR(CheckOffset(offset));
  ASSIGN_OR_RETURN(const Interval bound, subtract ? types::SubtractIntervals(base, offset)
                                                  : types::AddIntervals(base, offset));
  const int order = types::CompareInterval(value, bound);
  out = less ? order <= 0 : order >= 0;
  return Status::Ok();
}

template <auto F, typename V, typename O>
constexpr ScalarKernel kInRange = Strict<F, bool, V, V, O, bool, bool>;
template <typename V, typename O>
constexpr ScalarKernel kIntegers = kInRange<Integers<V, O>, V, O>;

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("in_range_int2_int2", kIntegers<int16_t, int16_t>),
    KernelEntry::Scalar("in_range_int2_int4", kIntegers<int16_t, int32_t>),
    KernelEntry::Scalar("in_range_int2_int8", kIntegers<int16_t, int64_t>),
    KernelEntry::Scalar("in_range_int4_int2", kIntegers<int32_t, int16_t>),
    KernelEntry::Scalar("in_range_int4_int4", kIntegers<int32_t, int32_t>),
    KernelEntry::Scalar("in_range_int4_int8", kIntegers<int32_t, int64_t>),
    KernelEntry::Scalar("in_range_int8_int8", kIntegers<int64_t, int64_t>),
    KernelEntry::Scalar("in_range_float4_float8", kInRange<Floats<float>, float, double>),
    KernelEntry::Scalar("in_range_float8_float8", kInRange<Floats<double>, double, double>),
    KernelEntry::Scalar("in_range_numeric_numeric", kInRange<Numerics, Numeric, Numeric>),
    KernelEntry::Scalar("in_range_date_interval", kInRange<Dates, int32_t, Interval>),
    KernelEntry::Scalar("in_range_timestamp_interval", kInRange<Timestamps<false>, T, Interval>),
    KernelEntry::Scalar("in_range_timestamptz_interval", kInRange<Timestamps<true>, T, Interval>),
    KernelEntry::Scalar("in_range_time_interval", kInRange<Times, T, Interval>),
    KernelEntry::Scalar("in_range_timetz_interval", kInRange<ZonedTimes, TimeTz, Interval>),
    KernelEntry::Scalar("in_range_interval_interval", kInRange<Intervals, Interval, Interval>),
};

}  // namespace

std::span<const KernelEntry> WindowRangeKernels() { return kTable; }

}  // namespace phantom::engine
