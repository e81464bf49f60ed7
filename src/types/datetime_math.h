// types/datetime_math.h
//
// Arithmetic of dates, timestamps and intervals as PostgreSQL 15 does it (chapter 9.9). Units are datetime.h's; the
// infinities of date and timestamp pass through where PostgreSQL lets them. Errors: 22008 with PostgreSQL's wording.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/status.h"
#include "types/interval.h"
#include "types/time_zone.h"

namespace phantom::types {

Status TimestampOutOfRange();
Status IntervalOutOfRange();

// Between the types -----------------------------------------------------------------------------------------------------
Result<int64_t> DateToTimestamp(int32_t date);
Result<int32_t> TimestampToDate(int64_t timestamp);
// A local time's instant in the zone, and an instant's local time.
Result<int64_t> LocalToUtc(int64_t local, const TimeZone& zone);
Result<int64_t> UtcToLocal(int64_t utc, const TimeZone& zone);
Result<int64_t> DateToTimestampTz(int32_t date, const TimeZone& zone);
// For comparing only: what lies outside the calendar comes to lie between it and the infinity.
int64_t DateToTimestampClamped(int32_t date);
int64_t LocalToUtcClamped(int64_t local, const TimeZone& zone);

// Intervals -------------------------------------------------------------------------------------------------------------
Result<Interval> NegateInterval(const Interval& a);
Result<Interval> AddIntervals(const Interval& a, const Interval& b);
Result<Interval> SubtractIntervals(const Interval& a, const Interval& b);
// Fractions of months and days go down to days (of a 30-day month) and microseconds.
Result<Interval> MultiplyInterval(const Interval& a, double factor);
Result<Interval> DivideInterval(const Interval& a, double divisor);
// justify_hours, justify_days, justify_interval.
Result<Interval> JustifyHours(const Interval& a);
Result<Interval> JustifyDays(const Interval& a);
Result<Interval> JustifyInterval(const Interval& a);

// Timestamps ------------------------------------------------------------------------------------------------------------
// Months first (the day clipped to its month), then days, then microseconds.
Result<int64_t> AddToTimestamp(int64_t timestamp, const Interval& interval);
// The same in the zone's local time: a day more is the same time of day tomorrow.
Result<int64_t> AddToTimestampTz(int64_t timestamp, const Interval& interval, const TimeZone& zone);
// Whole days and the rest.
Result<Interval> SubtractTimestamps(int64_t a, int64_t b);
// Years, months, days, ... between two local times.
Result<Interval> TimestampAge(int64_t a, int64_t b);

// Zones -----------------------------------------------------------------------------------------------------------------
// What AT TIME ZONE's text names: an abbreviation with a fixed offset, an abbreviation that a zone gives its meaning, or
// a zone.
struct NamedZone {
  std::optional<int32_t> seconds_east;
  std::optional<TimeZone> zone;
  std::string_view abbreviation;  // not empty: looked up in `zone`

  // Seconds east of UTC at an instant, at a local time.
  int32_t OffsetAt(int64_t utc) const;
  int32_t OffsetAtLocal(int64_t local) const;
};
// 22023 time zone "x" not recognized.
Result<NamedZone> FindNamedZone(std::string_view name);

}  // namespace phantom::types
