// Operators between dates, times, timestamps and intervals, casts between them, their typmods and comparisons across
// types (PostgreSQL 15, chapter 9.9).
#include <cmath>

#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/civil.h"
#include "types/datetime.h"
#include "types/datetime_math.h"
#include "types/format_context.h"

namespace phantom::engine {

namespace {

using types::Interval;
using types::TimeTz;
using types::TimeZone;
using D = int32_t;  // date
using T = int64_t;  // time, timestamp, timestamptz
using I = int32_t;
using types::kMicrosPerDay;
using types::kMicrosPerSecond;

const TimeZone& Zone(const KernelContext& context) { return context.format->time_zone; }

// Kernels of Result<R> f(a...), and of Result<R> f(a..., session's zone).
template <auto F, typename R, typename... A>
Status Call(KernelContext&, const A&... args, R& out) {
  ASSIGN_OR_RETURN(out, F(args...));
  return Status::Ok();
}
template <auto F, typename R, typename... A>
Status CallInZone(KernelContext& context, const A&... args, R& out) {
  ASSIGN_OR_RETURN(out, F(args..., Zone(context)));
  return Status::Ok();
}
template <auto F, typename R, typename... A>
constexpr ScalarKernel kCall = Strict<Call<F, R, A...>, R, A...>;
template <auto F, typename R, typename... A>
constexpr ScalarKernel kCallInZone = Strict<CallInZone<F, R, A...>, R, A...>;

int64_t TimeOfDay(int64_t micros) {
  const int64_t rest = micros % kMicrosPerDay;
  return rest < 0 ? rest + kMicrosPerDay : rest;
}

// ---- Dates --------------------------------------------------------------------------------------

Status DateOutOfRange() { return Error(sqlstate::kDatetimeValueOutOfRange, "date out of range"); }

Result<D> AddDays(D date, I days) {
  if (!types::IsFiniteDate(date)) return date;
  const int64_t result = int64_t{date} + days;
  if (!types::IsValidDate(result)) return DateOutOfRange();
  return static_cast<D>(result);
}
Result<D> SubtractDays(D date, I days) {
  if (!types::IsFiniteDate(date)) return date;
  const int64_t result = int64_t{date} - days;
  if (!types::IsValidDate(result)) return DateOutOfRange();
  return static_cast<D>(result);
}
Result<I> DaysBetween(D a, D b) {
  if (!types::IsFiniteDate(a) || !types::IsFiniteDate(b)) {
    return Error(sqlstate::kDatetimeValueOutOfRange, "cannot subtract infinite dates");
  }
  return static_cast<I>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}
Result<T> AddIntervalToDate(D date, const Interval& interval) {
  ASSIGN_OR_RETURN(const T timestamp, types::DateToTimestamp(date));
  return types::AddToTimestamp(timestamp, interval);
}
Result<T> SubtractFromTimestamp(T timestamp, const Interval& interval) {
  ASSIGN_OR_RETURN(const Interval negated, types::NegateInterval(interval));
  return types::AddToTimestamp(timestamp, negated);
}
Result<T> SubtractFromTimestampTz(T timestamp, const Interval& interval, const TimeZone& zone) {
  ASSIGN_OR_RETURN(const Interval negated, types::NegateInterval(interval));
  return types::AddToTimestampTz(timestamp, negated, zone);
}
Result<T> SubtractIntervalFromDate(D date, const Interval& interval) {
  ASSIGN_OR_RETURN(const T timestamp, types::DateToTimestamp(date));
  return SubtractFromTimestamp(timestamp, interval);
}
Result<T> AddTimeToDate(D date, T time) {
  ASSIGN_OR_RETURN(T timestamp, types::DateToTimestamp(date));
  if (types::IsFiniteTimestamp(timestamp)) {
    timestamp += time;
    if (!types::IsValidTimestamp(timestamp)) return types::TimestampOutOfRange();
  }
  return timestamp;
}
Result<T> AddTimeTzToDate(D date, const TimeTz& time) {
  ASSIGN_OR_RETURN(T timestamp, types::DateToTimestamp(date));
  if (types::IsFiniteTimestamp(timestamp)) {
    timestamp += time.micros + int64_t{time.zone_west} * kMicrosPerSecond;
    if (!types::IsValidTimestamp(timestamp)) {
      return Error(sqlstate::kDatetimeValueOutOfRange, "date out of range for timestamp");
    }
  }
  return timestamp;
}
Result<D> TimestampTzToDate(T timestamp, const TimeZone& zone) {
  ASSIGN_OR_RETURN(const T local, types::UtcToLocal(timestamp, zone));
  return types::TimestampToDate(local);
}

// ---- Times --------------------------------------------------------------------------------------

Interval TimeToInterval(const T& time) { return {0, 0, time}; }
Interval TimeMinusTime(const T& a, const T& b) { return {0, 0, a - b}; }
T IntervalToTime(const Interval& interval) { return TimeOfDay(interval.micros); }
// Only the interval's time counts; it is brought below a day first, so nothing overflows.
T TimePlusInterval(const T& time, const Interval& interval) { return TimeOfDay(time + interval.micros % kMicrosPerDay); }
T TimeMinusInterval(const T& time, const Interval& interval) { return TimeOfDay(time - interval.micros % kMicrosPerDay); }
TimeTz TimeTzPlusInterval(const TimeTz& time, const Interval& interval) {
  return {TimePlusInterval(time.micros, interval), time.zone_west};
}
TimeTz TimeTzMinusInterval(const TimeTz& time, const Interval& interval) {
  return {TimeMinusInterval(time.micros, interval), time.zone_west};
}
T TimeTzToTime(const TimeTz& time) { return time.micros; }

Status TimestampToTime(KernelContext&, T timestamp, T& out, bool& null) {
  null = !types::IsFiniteTimestamp(timestamp);
  if (!null) out = TimeOfDay(timestamp);
  return Status::Ok();
}
Status TimestampTzToTime(KernelContext& context, T timestamp, T& out, bool& null) {
  null = !types::IsFiniteTimestamp(timestamp);
  if (null) return Status::Ok();
  ASSIGN_OR_RETURN(const T local, types::UtcToLocal(timestamp, Zone(context)));
  out = TimeOfDay(local);
  return Status::Ok();
}
Status TimestampTzToTimeTz(KernelContext& context, T timestamp, TimeTz& out, bool& null) {
  null = !types::IsFiniteTimestamp(timestamp);
  if (null) return Status::Ok();
  ASSIGN_OR_RETURN(const T local, types::UtcToLocal(timestamp, Zone(context)));
  out = {TimeOfDay(local), -Zone(context).At(timestamp).seconds_east};
  return Status::Ok();
}
// The offset is today's at that time of day.
Status TimeToTimeTz(KernelContext& context, T time, TimeTz& out) {
  ASSIGN_OR_RETURN(const T now, types::UtcToLocal(context.format->ReadNow(), Zone(context)));
  const T local = types::FloorDiv(now, kMicrosPerDay) * kMicrosPerDay + time;
  out = {time, -types::OffsetAtLocal(Zone(context), local)};
  return Status::Ok();
}

// ---- Typmods ------------------------------------------------------------------------------------

T ScaleTime(const T& time, const I& typmod) { return types::RoundTimeToTypmod(time, typmod); }
T ScaleTimestamp(const T& timestamp, const I& typmod) { return types::RoundTimestampToTypmod(timestamp, typmod); }
TimeTz ScaleTimeTz(const TimeTz& time, const I& typmod) {
  return {types::RoundTimeToTypmod(time.micros, typmod), time.zone_west};
}
Interval ScaleInterval(const Interval& interval, const I& typmod) { return types::FitIntervalToTypmod(interval, typmod); }

// ---- Intervals ----------------------------------------------------------------------------------

Result<Interval> MultiplyFrom(double factor, const Interval& interval) {
  return types::MultiplyInterval(interval, factor);
}
Result<Interval> TimestampTzAge(T a, T b, const TimeZone& zone) {
  ASSIGN_OR_RETURN(const T local_a, types::UtcToLocal(a, zone));
  ASSIGN_OR_RETURN(const T local_b, types::UtcToLocal(b, zone));
  return types::TimestampAge(local_a, local_b);
}
bool FiniteDate(const D& date) { return types::IsFiniteDate(date); }
bool FiniteTimestamp(const T& timestamp) { return types::IsFiniteTimestamp(timestamp); }
bool FiniteInterval(const Interval&) { return true; }

// ---- OVERLAPS -----------------------------------------------------------------------------------

// Do the spans [a, b] and [c, d] overlap? Ends in either order; a NULL end may leave the answer open.
template <typename V, auto Less>
Status Overlaps(KernelContext&, const V* a, const V* b, const V* c, const V* d, Writer<bool>& out) {
  const auto order = [](const V*& begin, const V*& end) {
    if (begin == nullptr || (end != nullptr && Less(*end, *begin))) std::swap(begin, end);
    return begin != nullptr;
  };
  if (!order(a, b) || !order(c, d)) {
    out.SetNull();
    return Status::Ok();
  }
  if (Less(*c, *a)) {
    std::swap(a, c);
    std::swap(b, d);
  }
  // Now a <= c: they overlap when a = c or c lies before a's end.
  if (!Less(*a, *c)) {
    b == nullptr || d == nullptr ? out.SetNull() : out.Set(true);
  } else if (b == nullptr) {
    out.SetNull();
  } else if (Less(*c, *b)) {
    out.Set(true);
  } else if (d == nullptr) {
    out.SetNull();
  } else {
    out.Set(false);
  }
  return Status::Ok();
}
bool LessMicros(const T& a, const T& b) { return a < b; }
bool LessTimeTz(const TimeTz& a, const TimeTz& b) {
  const T x = a.micros + int64_t{a.zone_west} * kMicrosPerSecond, y = b.micros + int64_t{b.zone_west} * kMicrosPerSecond;
  return x != y ? x < y : a.zone_west < b.zone_west;
}
template <typename V, auto Less>
constexpr ScalarKernel kOverlaps = Nullable<Overlaps<V, Less>, bool, V, V, V, V>;

// OVERLAPS with interval ends, which count from their beginnings. kFirst, kSecond: which ends are intervals.
template <auto AddInterval, bool kFirst, bool kSecond>
Status OverlapsFor(KernelContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                   types::Vector& result) {
  constexpr bool kIsInterval[4] = {false, kFirst, false, kSecond};
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    T values[4] = {};
    const T* moments[4] = {};
    for (size_t a = 0; a < 4; ++a) {
      if (args[a]->IsNull(row) || (kIsInterval[a] && moments[a - 1] == nullptr)) continue;
      if (kIsInterval[a]) {
        RETURN_IF_ERROR(AddInterval(context, values[a - 1], args[a]->Get<Interval>(row), values[a]));
      } else {
        values[a] = args[a]->Get<T>(row);
      }
      moments[a] = &values[a];
    }
    Writer<bool> out(result, row);
    RETURN_IF_ERROR((Overlaps<T, LessMicros>(context, moments[0], moments[1], moments[2], moments[3], out)));
  }
  return Status::Ok();
}
Status AddToTime(KernelContext&, T time, const Interval& interval, T& out) {
  out = TimePlusInterval(time, interval);
  return Status::Ok();
}

// ---- Functions that pg_proc defines by SQL text -------------------------------------------------

template <auto F, typename R, typename A, typename B>
Status SwapArguments(KernelContext&, const A& a, const B& b, R& out) {
  ASSIGN_OR_RETURN(out, F(b, a));
  return Status::Ok();
}
Result<T> TimePlus(T time, const Interval& interval) { return TimePlusInterval(time, interval); }
Result<TimeTz> TimeTzPlus(const TimeTz& time, const Interval& interval) { return TimeTzPlusInterval(time, interval); }
Status IntervalPlusTimestampTz(KernelContext& context, const Interval& interval, T timestamp, T& out) {
  ASSIGN_OR_RETURN(out, types::AddToTimestampTz(timestamp, interval, Zone(context)));
  return Status::Ok();
}
Status DateTimeTz(KernelContext& context, D date, T time, T& out) {
  ASSIGN_OR_RETURN(const T local, AddTimeToDate(date, time));
  ASSIGN_OR_RETURN(out, types::LocalToUtc(local, Zone(context)));
  return Status::Ok();
}
// Midnight of the transaction's day, local.
Result<T> Today(const KernelContext& context) {
  const T now = context.execution != nullptr ? context.execution->transaction_start_us : context.format->ReadNow();
  ASSIGN_OR_RETURN(const T local, types::UtcToLocal(now, Zone(context)));
  return types::FloorDiv(local, kMicrosPerDay) * kMicrosPerDay;
}
Status AgeOfTimestamp(KernelContext& context, T timestamp, Interval& out) {
  ASSIGN_OR_RETURN(const T today, Today(context));
  ASSIGN_OR_RETURN(out, types::TimestampAge(today, timestamp));
  return Status::Ok();
}
Status AgeOfTimestampTz(KernelContext& context, T timestamp, Interval& out) {
  ASSIGN_OR_RETURN(const T local, types::UtcToLocal(timestamp, Zone(context)));
  return AgeOfTimestamp(context, local, out);
}

#define OVERLAPS_FOR(both, second, first, ADD)                                 \
  KernelEntry::Scalar(both, OverlapsFor<ADD, true, true>),                     \
      KernelEntry::Scalar(second, OverlapsFor<ADD, false, true>),              \
      KernelEntry::Scalar(first, OverlapsFor<ADD, true, false>)

// ---- Comparisons across types -------------------------------------------------------------------

int Compare(T a, T b) { return a < b ? -1 : (a > b); }
int DateWithTimestamp(KernelContext&, D a, T b) { return Compare(types::DateToTimestampClamped(a), b); }
int DateWithTimestampTz(KernelContext& context, D a, T b) {
  return Compare(types::LocalToUtcClamped(types::DateToTimestampClamped(a), Zone(context)), b);
}
int TimestampWithTimestampTz(KernelContext& context, T a, T b) {
  return Compare(types::LocalToUtcClamped(a, Zone(context)), b);
}
template <auto Order, typename A, typename B>
int Swapped(KernelContext& context, A a, B b) {
  return -Order(context, b, a);
}

#define ACROSS(left, right, A, B, ORDER)                                                                              \
  RELATION(left "_eq_" right, A, B, (ORDER), ==), RELATION(left "_ne_" right, A, B, (ORDER), !=),                     \
      RELATION(left "_lt_" right, A, B, (ORDER), <), RELATION(left "_le_" right, A, B, (ORDER), <=),                  \
      RELATION(left "_gt_" right, A, B, (ORDER), >), RELATION(left "_ge_" right, A, B, (ORDER), >=),                  \
      KernelEntry::Scalar(left "_cmp_" right, Strict<[](KernelContext& context, const A& a, const B& b, I& out) {     \
                            out = (ORDER)(context, a, b);                                                             \
                            return Status::Ok();                                                                      \
                          }, I, A, B>)
#define RELATION(name, A, B, ORDER, op)                                                                               \
  KernelEntry::Scalar(name, Strict<[](KernelContext& context, const A& a, const B& b, bool& out) {                    \
                        out = (ORDER(context, a, b) op 0);                                                            \
                        return Status::Ok();                                                                          \
                      }, bool, A, B>)

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("date_pli", kCall<AddDays, D, D, I>),
    KernelEntry::Scalar("date_mii", kCall<SubtractDays, D, D, I>),
    KernelEntry::Scalar("date_mi", kCall<DaysBetween, I, D, D>),
    KernelEntry::Scalar("date_pl_interval", kCall<AddIntervalToDate, T, D, Interval>),
    KernelEntry::Scalar("date_mi_interval", kCall<SubtractIntervalFromDate, T, D, Interval>),
    KernelEntry::Scalar("datetime_timestamp", kCall<AddTimeToDate, T, D, T>),
    KernelEntry::Scalar("datetimetz_timestamptz", kCall<AddTimeTzToDate, T, D, TimeTz>),
    KernelEntry::Scalar("date_timestamp", kCall<types::DateToTimestamp, T, D>),
    KernelEntry::Scalar("timestamp_date", kCall<types::TimestampToDate, D, T>),
    KernelEntry::Scalar("date_timestamptz", kCallInZone<types::DateToTimestampTz, T, D>),
    KernelEntry::Scalar("timestamptz_date", kCallInZone<TimestampTzToDate, D, T>),
    KernelEntry::Scalar("timestamp_timestamptz", kCallInZone<types::LocalToUtc, T, T>),
    KernelEntry::Scalar("timestamptz_timestamp", kCallInZone<types::UtcToLocal, T, T>),
    KernelEntry::Scalar("timestamp_time", Strict<TimestampToTime, T, T>),
    KernelEntry::Scalar("timestamptz_time", Strict<TimestampTzToTime, T, T>),
    KernelEntry::Scalar("timestamptz_timetz", Strict<TimestampTzToTimeTz, TimeTz, T>),
    KernelEntry::Scalar("time_timetz", Strict<TimeToTimeTz, TimeTz, T>),
    KernelEntry::Scalar("timetz_time", Strict<TimeTzToTime, T, TimeTz>),
    KernelEntry::Scalar("time_interval", Strict<TimeToInterval, Interval, T>),
    KernelEntry::Scalar("interval_time", Strict<IntervalToTime, T, Interval>),
    KernelEntry::Scalar("time_mi_time", Strict<TimeMinusTime, Interval, T, T>),
    KernelEntry::Scalar("time_pl_interval", Strict<TimePlusInterval, T, T, Interval>),
    KernelEntry::Scalar("time_mi_interval", Strict<TimeMinusInterval, T, T, Interval>),
    KernelEntry::Scalar("timetz_pl_interval", Strict<TimeTzPlusInterval, TimeTz, TimeTz, Interval>),
    KernelEntry::Scalar("timetz_mi_interval", Strict<TimeTzMinusInterval, TimeTz, TimeTz, Interval>),
    KernelEntry::Scalar("timestamp_pl_interval", kCall<types::AddToTimestamp, T, T, Interval>),
    KernelEntry::Scalar("timestamp_mi_interval", kCall<SubtractFromTimestamp, T, T, Interval>),
    KernelEntry::Scalar("timestamptz_pl_interval", kCallInZone<types::AddToTimestampTz, T, T, Interval>),
    KernelEntry::Scalar("timestamptz_mi_interval", kCallInZone<SubtractFromTimestampTz, T, T, Interval>),
    KernelEntry::Scalar("timestamp_mi", kCall<types::SubtractTimestamps, Interval, T, T>),
    KernelEntry::Scalar("timestamp_age", kCall<types::TimestampAge, Interval, T, T>),
    KernelEntry::Scalar("timestamptz_age", kCallInZone<TimestampTzAge, Interval, T, T>),
    KernelEntry::Scalar("interval_um", kCall<types::NegateInterval, Interval, Interval>),
    KernelEntry::Scalar("interval_pl", kCall<types::AddIntervals, Interval, Interval, Interval>),
    KernelEntry::Scalar("interval_mi", kCall<types::SubtractIntervals, Interval, Interval, Interval>),
    KernelEntry::Scalar("interval_mul", kCall<types::MultiplyInterval, Interval, Interval, double>),
    KernelEntry::Scalar("mul_d_interval", kCall<MultiplyFrom, Interval, double, Interval>),
    KernelEntry::Scalar("interval_div", kCall<types::DivideInterval, Interval, Interval, double>),
    KernelEntry::Scalar("interval_justify_hours", kCall<types::JustifyHours, Interval, Interval>),
    KernelEntry::Scalar("interval_justify_days", kCall<types::JustifyDays, Interval, Interval>),
    KernelEntry::Scalar("interval_justify_interval", kCall<types::JustifyInterval, Interval, Interval>),
    KernelEntry::Scalar("time_scale", Strict<ScaleTime, T, T, I>),
    KernelEntry::Scalar("timetz_scale", Strict<ScaleTimeTz, TimeTz, TimeTz, I>),
    KernelEntry::Scalar("timestamp_scale", Strict<ScaleTimestamp, T, T, I>),
    KernelEntry::Scalar("timestamptz_scale", Strict<ScaleTimestamp, T, T, I>),
    KernelEntry::Scalar("interval_scale", Strict<ScaleInterval, Interval, Interval, I>),
    KernelEntry::Scalar("date_finite", Strict<FiniteDate, bool, D>),
    KernelEntry::Scalar("timestamp_finite", Strict<FiniteTimestamp, bool, T>),
    KernelEntry::Scalar("interval_finite", Strict<FiniteInterval, bool, Interval>),
    KernelEntry::Scalar("overlaps_time", kOverlaps<T, LessMicros>),
    KernelEntry::Scalar("overlaps_timestamp", kOverlaps<T, LessMicros>),
    KernelEntry::Scalar("overlaps_timetz", kOverlaps<TimeTz, LessTimeTz>),
    OVERLAPS_FOR(1309, 1310, 1311, AddToTime),
    OVERLAPS_FOR(2042, 2043, 2044, (Call<types::AddToTimestamp, T, T, Interval>)),
    OVERLAPS_FOR(1305, 1306, 1307, (CallInZone<types::AddToTimestampTz, T, T, Interval>)),
    KernelEntry::Scalar(2546, Strict<SwapArguments<AddIntervalToDate, T, Interval, D>, T, Interval, D>),
    KernelEntry::Scalar(2550, Strict<SwapArguments<AddDays, D, I, D>, D, I, D>),
    KernelEntry::Scalar(1848, Strict<SwapArguments<TimePlus, T, Interval, T>, T, Interval, T>),
    KernelEntry::Scalar(2547, Strict<SwapArguments<TimeTzPlus, TimeTz, Interval, TimeTz>, TimeTz, Interval, TimeTz>),
    KernelEntry::Scalar(2548, Strict<SwapArguments<types::AddToTimestamp, T, Interval, T>, T, Interval, T>),
    KernelEntry::Scalar(2549, Strict<IntervalPlusTimestampTz, T, Interval, T>),
    KernelEntry::Scalar(1296, Strict<SwapArguments<AddTimeToDate, T, T, D>, T, T, D>),
    KernelEntry::Scalar(1298, Strict<SwapArguments<AddTimeTzToDate, T, TimeTz, D>, T, TimeTz, D>),
    KernelEntry::Scalar(1176, Strict<DateTimeTz, T, D, T>),
    KernelEntry::Scalar(2059, Strict<AgeOfTimestamp, Interval, T>),
    KernelEntry::Scalar(1386, Strict<AgeOfTimestampTz, Interval, T>),
    ACROSS("date", "timestamp", D, T, DateWithTimestamp),
    ACROSS("date", "timestamptz", D, T, DateWithTimestampTz),
    ACROSS("timestamp", "timestamptz", T, T, TimestampWithTimestampTz),
    ACROSS("timestamp", "date", T, D, (Swapped<DateWithTimestamp, T, D>)),
    ACROSS("timestamptz", "date", T, D, (Swapped<DateWithTimestampTz, T, D>)),
    ACROSS("timestamptz", "timestamp", T, T, (Swapped<TimestampWithTimestampTz, T, T>)),
};

}  // namespace

std::span<const KernelEntry> DatetimeArithmeticKernels() { return kTable; }

}  // namespace phantom::engine
