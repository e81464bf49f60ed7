// Dates and times from parts (make_*, to_timestamp), the current time, AT TIME ZONE.
#include <chrono>
#include <cmath>

#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "io/env.h"
#include "types/ascii.h"
#include "types/civil.h"
#include "types/datetime.h"
#include "types/datetime_math.h"
#include "types/format_context.h"

namespace phantom::engine {

namespace {

using types::Interval;
using types::StringRef;
using types::TimeTz;
using types::TimeZone;
using D = int32_t;
using T = int64_t;
using I = int32_t;
using types::kMicrosPerDay;
using types::kMicrosPerHour;
using types::kMicrosPerMinute;
using types::kMicrosPerSecond;

// ---- From parts ---------------------------------------------------------------------------------

// The day of a year, month and day; a negative year is before Christ.
Status DayOf(I year, I month, I day, int64_t& days) {
  int64_t civil_year = year < 0 ? int64_t{year} + 1 : year;  // 1 BC is 0
  if (year == 0 || month < 1 || month > 12 || day < 1 || day > types::DaysInMonth(civil_year, month)) {
    return Errorf(sqlstate::kDatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day);
  }
  if (!types::IsCalendarYear(civil_year, month)) {
    return Errorf(sqlstate::kDatetimeValueOutOfRange, "date out of range: %d-%02d-%02d", year, month, day);
  }
  days = types::DaysFromCivil(civil_year, month, day);
  return Status::Ok();
}

Status MakeDate(KernelContext&, I year, I month, I day, D& out) {
  int64_t days;
  RETURN_IF_ERROR(DayOf(year, month, day, days));
  if (!types::IsValidDate(days)) {
    return Errorf(sqlstate::kDatetimeValueOutOfRange, "date out of range: %d-%02d-%02d", year, month, day);
  }
  out = static_cast<D>(days);
  return Status::Ok();
}

Status TimeOf(I hour, I minute, double second, T& out) {
  const double micros = std::rint(second * 1000000.0);
  const bool in_range = hour >= 0 && hour <= 24 && minute >= 0 && minute <= 59 && !std::isnan(second) && micros >= 0 &&
                        micros <= 60.0 * kMicrosPerSecond;
  if (in_range) out = hour * kMicrosPerHour + minute * kMicrosPerMinute + static_cast<T>(micros);
  if (!in_range || out > kMicrosPerDay) {
    return Errorf(sqlstate::kDatetimeFieldOverflow, "time field value out of range: %d:%02d:%02g", hour, minute, second);
  }
  return Status::Ok();
}
Status MakeTime(KernelContext&, I hour, I minute, double second, T& out) { return TimeOf(hour, minute, second, out); }

Status LocalOf(I year, I month, I day, I hour, I minute, double second, T& out) {
  int64_t days;
  T time;
  RETURN_IF_ERROR(DayOf(year, month, day, days));
  RETURN_IF_ERROR(TimeOf(hour, minute, second, time));
  if (__builtin_mul_overflow(days, kMicrosPerDay, &out) || __builtin_add_overflow(out, time, &out) ||
      !types::IsValidTimestamp(out)) {
    return Errorf(sqlstate::kDatetimeValueOutOfRange, "timestamp out of range: %d-%02d-%02d %d:%02d:%02g", year, month,
                  day, hour, minute, second);
  }
  return Status::Ok();
}
Status MakeTimestamp(KernelContext&, I year, I month, I day, I hour, I minute, double second, T& out) {
  return LocalOf(year, month, day, hour, minute, second, out);
}
Status MakeTimestampTz(KernelContext& context, I year, I month, I day, I hour, I minute, double second, T& out) {
  RETURN_IF_ERROR(LocalOf(year, month, day, hour, minute, second, out));
  ASSIGN_OR_RETURN(out, types::LocalToUtc(out, context.format->time_zone));
  return Status::Ok();
}

// "+hh", "-hh:mm", "+hh:mm:ss", "-hhmm": seconds east; nullopt when it is none of these.
Result<std::optional<int32_t>> NumericZone(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::optional<int32_t>();
  int parts[3] = {0, 0, 0};
  size_t at = 1;
  int count = 0;
  size_t digits = 0;
  for (; count < 3; ++count) {
    digits = 0;
    while (at < text.size() && types::IsDigit(text[at]) && digits < 9) {
      parts[count] = parts[count] * 10 + (text[at++] - '0');
      ++digits;
    }
    if (digits == 0) return std::optional<int32_t>();
    if (at == text.size() || text[at] != ':') break;
    ++at;
  }
  if (at != text.size()) return std::optional<int32_t>();
  if (count == 0 && digits > 2) {
    parts[1] = parts[0] % 100;
    parts[0] /= 100;
  }
  if (parts[0] > 15 || parts[1] > 59 || parts[2] > 59) {
    return Error(sqlstate::kInvalidParameterValue, "numeric time zone \"" + std::string(text) + "\" out of range");
  }
  const int32_t seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  return std::optional<int32_t>(text[0] == '-' ? -seconds : seconds);
}

Status MakeTimestampAtZone(KernelContext&, I year, I month, I day, I hour, I minute, double second,
                           const StringRef& zone, T& out) {
  RETURN_IF_ERROR(LocalOf(year, month, day, hour, minute, second, out));
  const std::string_view name = zone.view();
  if (!name.empty() && types::IsDigit(name[0])) {
    return Error(sqlstate::kInvalidParameterValue,
                 "invalid input syntax for type numeric time zone: \"" + std::string(name) + "\"")
        .Hint("Numeric time zones must have \"-\" or \"+\" as first character.");
  }
  ASSIGN_OR_RETURN(std::optional<int32_t> east, NumericZone(name));
  if (!east) {
    ASSIGN_OR_RETURN(const types::NamedZone named, types::FindNamedZone(name));
    east = named.OffsetAtLocal(out);
  }
  out -= int64_t{*east} * kMicrosPerSecond;
  return types::IsValidTimestamp(out) ? Status::Ok() : types::TimestampOutOfRange();
}

Status MakeInterval(KernelContext&, I years, I months, I weeks, I days, I hours, I minutes, double seconds,
                    Interval& out) {
  if (std::isinf(seconds) || std::isnan(seconds)) return types::IntervalOutOfRange();
  const double micros = std::rint(seconds * 1000000.0);
  const int64_t all_months = int64_t{years} * 12 + months, all_days = int64_t{weeks} * 7 + days;
  if (all_months != static_cast<I>(all_months) || all_days != static_cast<I>(all_days) || std::fabs(micros) >= 9.2e18 ||
      __builtin_add_overflow(int64_t{hours} * kMicrosPerHour + int64_t{minutes} * kMicrosPerMinute,
                             static_cast<int64_t>(micros), &out.micros)) {
    return types::IntervalOutOfRange();
  }
  out.months = static_cast<I>(all_months);
  out.days = static_cast<I>(all_days);
  return Status::Ok();
}

// Seconds since 1970.
Status ToTimestamp(KernelContext&, double seconds, T& out) {
  if (std::isnan(seconds)) return Error(sqlstate::kDatetimeValueOutOfRange, "timestamp cannot be NaN");
  if (std::isinf(seconds)) {
    out = seconds < 0 ? types::kTimestampMinusInfinity : types::kTimestampInfinity;
    return Status::Ok();
  }
  const double micros = std::rint((seconds - -static_cast<double>(types::kUnixEpochSeconds)) * 1000000.0);
  if (!(micros >= static_cast<double>(types::kTimestampMin) && micros < static_cast<double>(types::kTimestampEnd))) {
    return Errorf(sqlstate::kDatetimeValueOutOfRange, "timestamp out of range: \"%g\"", seconds);
  }
  out = static_cast<T>(micros);
  return Status::Ok();
}

// ---- The current time ---------------------------------------------------------------------------

T ClockMicros(const KernelContext& context) {
  const auto since_1970 = [&context]() -> int64_t {
    if (context.execution != nullptr && context.execution->env != nullptr) return context.execution->env->WallMicros();
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  };
  return since_1970() + types::kUnixEpochSeconds * kMicrosPerSecond;
}

Status TransactionStart(KernelContext& context, T& out) {
  out = context.execution != nullptr ? context.execution->transaction_start_us : context.format->ReadNow();
  return Status::Ok();
}
Status StatementStart(KernelContext& context, T& out) {
  out = context.execution != nullptr ? context.execution->statement_start_us : context.format->ReadNow();
  return Status::Ok();
}
Status ClockTimestamp(KernelContext& context, T& out) {
  out = ClockMicros(context);
  return Status::Ok();
}
Status TimeOfDay(KernelContext& context, Writer<StringRef>& out) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const T now = ClockMicros(context);
  const types::ZoneOffset offset = context.format->time_zone.At(now);
  const T local = now + offset.seconds_east * kMicrosPerSecond;
  const types::CivilTime t = types::CivilFromTimestamp(local);
  out.SetText(Format("%s %s %02d %02d:%02d:%02d.%06d %d %.*s",
                     kDays[types::DayOfWeek(types::FloorDiv(local, kMicrosPerDay))], kMonths[t.month - 1], t.day, t.hour,
                     t.minute, t.second, t.micros, t.year, static_cast<int>(offset.abbreviation.size()),
                     offset.abbreviation.data()));
  return Status::Ok();
}

// ---- AT TIME ZONE -------------------------------------------------------------------------------

// The zone is nearly always a constant: it is looked up once.
struct ZoneState final : KernelState {
  std::string name;
  std::optional<types::NamedZone> zone;
};
Result<const types::NamedZone*> ZoneOf(KernelContext& context, const StringRef& name) {
  ZoneState& state = context.State<ZoneState>();
  if (!state.zone || state.name != name.view()) {
    ASSIGN_OR_RETURN(state.zone, types::FindNamedZone(name.view()));
    state.name = name.view();
  }
  return &*state.zone;
}
// Seconds east that an interval says.
Result<int64_t> ZoneOfInterval(KernelContext& context, const Interval& interval) {
  if (interval.months != 0 || interval.days != 0) {
    std::string text;
    types::AppendInterval(interval, *context.format, text);
    return Error(sqlstate::kInvalidParameterValue,
                 "interval time zone \"" + text + "\" must not include months or days");
  }
  return interval.micros / kMicrosPerSecond;
}
Status Shift(T timestamp, int64_t seconds, T& out) {
  out = timestamp + seconds * kMicrosPerSecond;
  return types::IsValidTimestamp(out) ? Status::Ok() : types::TimestampOutOfRange();
}
TimeTz MoveTimeTz(const TimeTz& time, int32_t seconds_east) {
  const int64_t micros = (time.micros + (int64_t{time.zone_west} + seconds_east) * kMicrosPerSecond) % kMicrosPerDay;
  return {micros < 0 ? micros + kMicrosPerDay : micros, -seconds_east};
}

Status LocalAtZone(KernelContext& context, const StringRef& name, T local, T& out) {
  out = local;
  if (!types::IsFiniteTimestamp(local)) return Status::Ok();
  ASSIGN_OR_RETURN(const types::NamedZone* zone, ZoneOf(context, name));
  return Shift(local, -zone->OffsetAtLocal(local), out);
}
Status UtcAtZone(KernelContext& context, const StringRef& name, T utc, T& out) {
  out = utc;
  if (!types::IsFiniteTimestamp(utc)) return Status::Ok();
  ASSIGN_OR_RETURN(const types::NamedZone* zone, ZoneOf(context, name));
  return Shift(utc, zone->OffsetAt(utc), out);
}
Status LocalAtInterval(KernelContext& context, const Interval& interval, T local, T& out) {
  out = local;
  if (!types::IsFiniteTimestamp(local)) return Status::Ok();
  ASSIGN_OR_RETURN(const int64_t east, ZoneOfInterval(context, interval));
  return Shift(local, -east, out);
}
Status UtcAtInterval(KernelContext& context, const Interval& interval, T utc, T& out) {
  out = utc;
  if (!types::IsFiniteTimestamp(utc)) return Status::Ok();
  ASSIGN_OR_RETURN(const int64_t east, ZoneOfInterval(context, interval));
  return Shift(utc, east, out);
}
Status TimeTzAtZone(KernelContext& context, const StringRef& name, const TimeTz& time, TimeTz& out) {
  ASSIGN_OR_RETURN(const types::NamedZone* zone, ZoneOf(context, name));
  out = MoveTimeTz(time, zone->OffsetAt(context.format->ReadNow()));
  return Status::Ok();
}
Status TimeTzAtInterval(KernelContext& context, const Interval& interval, const TimeTz& time, TimeTz& out) {
  ASSIGN_OR_RETURN(const int64_t east, ZoneOfInterval(context, interval));
  out = MoveTimeTz(time, static_cast<int32_t>(east));
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("make_date", Strict<MakeDate, D, I, I, I>),
    KernelEntry::Scalar("make_time", Strict<MakeTime, T, I, I, double>),
    KernelEntry::Scalar("make_timestamp", Strict<MakeTimestamp, T, I, I, I, I, I, double>),
    KernelEntry::Scalar("make_timestamptz", Strict<MakeTimestampTz, T, I, I, I, I, I, double>),
    KernelEntry::Scalar("make_timestamptz_at_timezone",
                        Strict<MakeTimestampAtZone, T, I, I, I, I, I, double, StringRef>),
    KernelEntry::Scalar("make_interval", Strict<MakeInterval, Interval, I, I, I, I, I, I, double>),
    KernelEntry::Scalar("float8_timestamptz", Strict<ToTimestamp, T, double>),
    KernelEntry::Scalar("now", Strict<TransactionStart, T>),
    KernelEntry::Scalar("statement_timestamp", Strict<StatementStart, T>),
    KernelEntry::Scalar("clock_timestamp", Strict<ClockTimestamp, T>),
    KernelEntry::Scalar("timeofday", Strict<TimeOfDay, StringRef>),
    KernelEntry::Scalar("timestamp_zone", Strict<LocalAtZone, T, StringRef, T>),
    KernelEntry::Scalar("timestamptz_zone", Strict<UtcAtZone, T, StringRef, T>),
    KernelEntry::Scalar("timestamp_izone", Strict<LocalAtInterval, T, Interval, T>),
    KernelEntry::Scalar("timestamptz_izone", Strict<UtcAtInterval, T, Interval, T>),
    KernelEntry::Scalar("timetz_zone", Strict<TimeTzAtZone, TimeTz, StringRef, TimeTz>),
    KernelEntry::Scalar("timetz_izone", Strict<TimeTzAtInterval, TimeTz, Interval, TimeTz>),
};

}  // namespace

std::span<const KernelEntry> DatetimeMakeKernels() { return kTable; }

}  // namespace phantom::engine
