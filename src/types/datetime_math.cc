#include "types/datetime_math.h"

#include <algorithm>
#include <cmath>

#include "types/civil.h"
#include "types/datetime.h"

namespace phantom::types {

namespace {

constexpr int32_t kMonthsPerYear = 12;
constexpr int32_t kDaysPerMonth = 30;
constexpr double kSecondsPerDay = 86400;

// Days of timestamps end earlier than those of dates.
constexpr int64_t kTimestampEndDays = kTimestampEnd / kMicrosPerDay;

// Takes whole units out of the remainder, towards zero.
int64_t TakeWhole(int64_t* remainder, int64_t unit) {
  const int64_t whole = *remainder / unit;
  *remainder -= whole * unit;
  return whole;
}

bool FitsInt32(double value) { return value >= -2147483648.0 && value < 2147483648.0; }
bool FitsInt64(double value) { return value >= -9223372036854775808.0 && value < 9223372036854775808.0; }

// Rounds to a millionth, so that a fraction that should be whole is.
double RoundToMicro(double value) { return std::rint(value * 1000000.0) / 1000000.0; }

// Gives days and time of an interval one sign.
void BalanceDays(Interval* interval) {
  if (interval->days > 0 && interval->micros < 0) {
    interval->micros += kMicrosPerDay;
    --interval->days;
  } else if (interval->days < 0 && interval->micros > 0) {
    interval->micros -= kMicrosPerDay;
    ++interval->days;
  }
}

// Multiplies or divides, as apply() does to one field.
template <typename Apply>
Result<Interval> Scale(const Interval& a, const Apply& apply) {
  Interval scaled;
  double part = apply(a.months);
  if (std::isnan(part) || !FitsInt32(part)) return IntervalOutOfRange();
  scaled.months = static_cast<int32_t>(part);
  part = apply(a.days);
  if (std::isnan(part) || !FitsInt32(part)) return IntervalOutOfRange();
  scaled.days = static_cast<int32_t>(part);
  const double days = RoundToMicro((apply(a.months) - scaled.months) * kDaysPerMonth);
  double seconds = RoundToMicro((apply(a.days) - scaled.days + days - static_cast<int>(days)) * kSecondsPerDay);
  if (std::fabs(seconds) >= kSecondsPerDay) {
    if (__builtin_add_overflow(scaled.days, static_cast<int>(seconds / kSecondsPerDay), &scaled.days)) {
      return IntervalOutOfRange();
    }
    seconds -= static_cast<int>(seconds / kSecondsPerDay) * kSecondsPerDay;
  }
  if (__builtin_add_overflow(scaled.days, static_cast<int32_t>(days), &scaled.days)) return IntervalOutOfRange();
  part = std::rint(apply(a.micros) + seconds * 1000000.0);
  if (std::isnan(part) || !FitsInt64(part)) return IntervalOutOfRange();
  scaled.micros = static_cast<int64_t>(part);
  return scaled;
}

// A local timestamp some months later.
Result<int64_t> AddMonths(int64_t local, int32_t months) {
  const int64_t days = FloorDiv(local, kMicrosPerDay);
  const CivilDate date = CivilFromDays(days);
  const int64_t month_number = int64_t{date.year} * kMonthsPerYear + (date.month - 1) + months;
  const int64_t year = FloorDiv(month_number, kMonthsPerYear);
  const int month = static_cast<int>(month_number - year * kMonthsPerYear) + 1;
  if (!IsCalendarYear(year, month)) return TimestampOutOfRange();
  const int64_t new_days = DaysFromCivil(year, month, std::min(date.day, DaysInMonth(year, month)));
  int64_t result;
  if (__builtin_mul_overflow(new_days, kMicrosPerDay, &result) ||
      __builtin_add_overflow(result, local - days * kMicrosPerDay, &result)) {
    return TimestampOutOfRange();
  }
  return result;
}

Result<int64_t> AddDays(int64_t local, int32_t days) {
  int64_t result;
  if (__builtin_add_overflow(local, int64_t{days} * kMicrosPerDay, &result)) return TimestampOutOfRange();
  return result;
}

}  // namespace

Status TimestampOutOfRange() { return Error(sqlstate::kDatetimeValueOutOfRange, "timestamp out of range"); }
Status IntervalOutOfRange() { return Error(sqlstate::kDatetimeValueOutOfRange, "interval out of range"); }

Result<int64_t> DateToTimestamp(int32_t date) {
  if (date == kDateInfinity) return kTimestampInfinity;
  if (date == kDateMinusInfinity) return kTimestampMinusInfinity;
  if (date >= kTimestampEndDays) {
    return Error(sqlstate::kDatetimeValueOutOfRange, "date out of range for timestamp");
  }
  return date * kMicrosPerDay;
}

int64_t DateToTimestampClamped(int32_t date) {
  if (date == kDateInfinity) return kTimestampInfinity;
  if (date == kDateMinusInfinity) return kTimestampMinusInfinity;
  return date >= kTimestampEndDays ? kTimestampInfinity - 1 : date * kMicrosPerDay;
}

Result<int32_t> TimestampToDate(int64_t timestamp) {
  if (timestamp == kTimestampInfinity) return kDateInfinity;
  if (timestamp == kTimestampMinusInfinity) return kDateMinusInfinity;
  return static_cast<int32_t>(FloorDiv(timestamp, kMicrosPerDay));
}

Result<int64_t> LocalToUtc(int64_t local, const TimeZone& zone) {
  if (!IsFiniteTimestamp(local)) return local;
  const int64_t utc = local - int64_t{OffsetAtLocal(zone, local)} * kMicrosPerSecond;
  if (!IsValidTimestamp(utc)) return TimestampOutOfRange();
  return utc;
}

int64_t LocalToUtcClamped(int64_t local, const TimeZone& zone) {
  if (!IsValidTimestamp(local)) return local;
  const int64_t utc = local - int64_t{OffsetAtLocal(zone, local)} * kMicrosPerSecond;
  return IsValidTimestamp(utc) ? utc : utc < 0 ? kTimestampMinusInfinity + 1 : kTimestampInfinity - 1;
}

Result<int64_t> UtcToLocal(int64_t utc, const TimeZone& zone) {
  if (!IsFiniteTimestamp(utc)) return utc;
  const int64_t local = utc + int64_t{zone.At(utc).seconds_east} * kMicrosPerSecond;
  if (!IsValidTimestamp(local)) return TimestampOutOfRange();
  return local;
}

Result<int64_t> DateToTimestampTz(int32_t date, const TimeZone& zone) {
  ASSIGN_OR_RETURN(const int64_t local, DateToTimestamp(date));
  Result<int64_t> utc = LocalToUtc(local, zone);
  if (!utc.ok()) return Error(sqlstate::kDatetimeValueOutOfRange, "date out of range for timestamp");
  return utc;
}

Result<Interval> NegateInterval(const Interval& a) { return SubtractIntervals({}, a); }

Result<Interval> AddIntervals(const Interval& a, const Interval& b) {
  Interval sum;
  if (__builtin_add_overflow(a.months, b.months, &sum.months) || __builtin_add_overflow(a.days, b.days, &sum.days) ||
      __builtin_add_overflow(a.micros, b.micros, &sum.micros)) {
    return IntervalOutOfRange();
  }
  return sum;
}

Result<Interval> SubtractIntervals(const Interval& a, const Interval& b) {
  Interval difference;
  if (__builtin_sub_overflow(a.months, b.months, &difference.months) ||
      __builtin_sub_overflow(a.days, b.days, &difference.days) ||
      __builtin_sub_overflow(a.micros, b.micros, &difference.micros)) {
    return IntervalOutOfRange();
  }
  return difference;
}

Result<Interval> MultiplyInterval(const Interval& a, double factor) {
  return Scale(a, [factor](auto field) { return static_cast<double>(field) * factor; });
}

Result<Interval> DivideInterval(const Interval& a, double divisor) {
  if (divisor == 0) return Error(sqlstate::kDivisionByZero, "division by zero");
  return Scale(a, [divisor](auto field) { return static_cast<double>(field) / divisor; });
}

Result<Interval> JustifyHours(const Interval& a) {
  Interval result = a;
  const auto days = static_cast<int32_t>(TakeWhole(&result.micros, kMicrosPerDay));
  if (__builtin_add_overflow(result.days, days, &result.days)) return IntervalOutOfRange();
  BalanceDays(&result);
  return result;
}

Result<Interval> JustifyDays(const Interval& a) {
  Interval result = a;
  const int32_t months = result.days / kDaysPerMonth;
  result.days -= months * kDaysPerMonth;
  if (__builtin_add_overflow(result.months, months, &result.months)) return IntervalOutOfRange();
  if (result.months > 0 && result.days < 0) {
    result.days += kDaysPerMonth;
    --result.months;
  } else if (result.months < 0 && result.days > 0) {
    result.days -= kDaysPerMonth;
    ++result.months;
  }
  return result;
}

Result<Interval> JustifyInterval(const Interval& a) {
  Interval result = a;
  const auto take_months = [&result] {
    const int32_t months = result.days / kDaysPerMonth;
    result.days -= months * kDaysPerMonth;
    return !__builtin_add_overflow(result.months, months, &result.months);
  };
  // When days and time have one sign, adding them could overflow what fits after months are taken out.
  if ((result.days > 0 && result.micros > 0) || (result.days < 0 && result.micros < 0)) {
    if (!take_months()) return IntervalOutOfRange();
  }
  result.days += static_cast<int32_t>(TakeWhole(&result.micros, kMicrosPerDay));
  if (!take_months()) return IntervalOutOfRange();
  if (result.months > 0 && (result.days < 0 || (result.days == 0 && result.micros < 0))) {
    result.days += kDaysPerMonth;
    --result.months;
  } else if (result.months < 0 && (result.days > 0 || (result.days == 0 && result.micros > 0))) {
    result.days -= kDaysPerMonth;
    ++result.months;
  }
  BalanceDays(&result);
  return result;
}

Result<int64_t> AddToTimestamp(int64_t timestamp, const Interval& interval) {
  if (!IsFiniteTimestamp(timestamp)) return timestamp;
  if (interval.months != 0) {
    ASSIGN_OR_RETURN(timestamp, AddMonths(timestamp, interval.months));
    if (!IsValidTimestamp(timestamp)) return TimestampOutOfRange();
  }
  if (interval.days != 0) {
    ASSIGN_OR_RETURN(timestamp, AddDays(timestamp, interval.days));
    if (!IsValidTimestamp(timestamp)) return TimestampOutOfRange();
  }
  if (__builtin_add_overflow(timestamp, interval.micros, &timestamp) || !IsValidTimestamp(timestamp)) {
    return TimestampOutOfRange();
  }
  return timestamp;
}

Result<int64_t> AddToTimestampTz(int64_t timestamp, const Interval& interval, const TimeZone& zone) {
  if (!IsFiniteTimestamp(timestamp)) return timestamp;
  const auto local_of = [&zone](int64_t utc) { return utc + int64_t{zone.At(utc).seconds_east} * kMicrosPerSecond; };
  if (interval.months != 0) {
    ASSIGN_OR_RETURN(const int64_t local, AddMonths(local_of(timestamp), interval.months));
    ASSIGN_OR_RETURN(timestamp, LocalToUtc(local, zone));
  }
  if (interval.days != 0) {
    ASSIGN_OR_RETURN(const int64_t local, AddDays(local_of(timestamp), interval.days));
    ASSIGN_OR_RETURN(timestamp, LocalToUtc(local, zone));
  }
  if (__builtin_add_overflow(timestamp, interval.micros, &timestamp) || !IsValidTimestamp(timestamp)) {
    return TimestampOutOfRange();
  }
  return timestamp;
}

Result<Interval> SubtractTimestamps(int64_t a, int64_t b) {
  if (!IsFiniteTimestamp(a) || !IsFiniteTimestamp(b)) {
    return Error(sqlstate::kDatetimeValueOutOfRange, "cannot subtract infinite timestamps");
  }
  Interval difference;
  if (__builtin_sub_overflow(a, b, &difference.micros)) return IntervalOutOfRange();
  return JustifyHours(difference);
}

Result<Interval> TimestampAge(int64_t a, int64_t b) {
  if (!IsFiniteTimestamp(a) || !IsFiniteTimestamp(b)) return TimestampOutOfRange();
  // From the earlier to the later; the day is borrowed from the earlier one's month.
  const bool negative = a < b;
  const CivilTime earlier = CivilFromTimestamp(negative ? a : b), later = CivilFromTimestamp(negative ? b : a);
  const auto time_of = [](const CivilTime& t) { return MicrosOfDay(t.hour, t.minute, t.second, t.micros); };
  int64_t micros = time_of(later) - time_of(earlier);
  int64_t days = later.day - earlier.day;
  int64_t months = (int64_t{later.year} - earlier.year) * kMonthsPerYear + later.month - earlier.month;
  if (micros < 0) {
    micros += kMicrosPerDay;
    --days;
  }
  while (days < 0) {
    days += DaysInMonth(earlier.year, earlier.month);
    --months;
  }
  if (months > INT32_MAX) return IntervalOutOfRange();
  const int sign = negative ? -1 : 1;
  return Interval{static_cast<int32_t>(months * sign), static_cast<int32_t>(days * sign), micros * sign};
}

int32_t NamedZone::OffsetAt(int64_t utc) const {
  if (seconds_east) return *seconds_east;
  if (!abbreviation.empty()) {
    if (const std::optional<ZoneOffset> meaning = zone->Meaning(abbreviation, utc)) return meaning->seconds_east;
  }
  return zone->At(utc).seconds_east;
}

int32_t NamedZone::OffsetAtLocal(int64_t local) const {
  if (seconds_east) return *seconds_east;
  const int32_t east = types::OffsetAtLocal(*zone, local);
  if (abbreviation.empty()) return east;
  const std::optional<ZoneOffset> meaning = zone->Meaning(abbreviation, local - int64_t{east} * kMicrosPerSecond);
  return meaning ? meaning->seconds_east : east;
}

Result<NamedZone> FindNamedZone(std::string_view name) {
  NamedZone found;
  if (const ZoneAbbreviation* abbreviation = FindZoneAbbreviation(name)) {
    if (abbreviation->zone.empty()) {
      found.seconds_east = abbreviation->seconds_east;
      return found;
    }
    found.abbreviation = abbreviation->name;
    name = abbreviation->zone;
  }
  found.zone = TimeZone::Find(name);
  if (!found.zone) {
    return Error(sqlstate::kInvalidParameterValue, "time zone \"" + std::string(name) + "\" not recognized");
  }
  return found;
}

}  // namespace phantom::types
