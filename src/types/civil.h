// types/civil.h
//
// Calendar arithmetic in PostgreSQL's terms: the proleptic Gregorian calendar, year 0 is 1 BC, days counted from
// 2000-01-01.
#pragma once
#include <cstdint>

namespace phantom::types {

inline constexpr int64_t kMicrosPerSecond = 1000000;
inline constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;
inline constexpr int32_t kEpochJulianDay = 2451545;      // 2000-01-01
inline constexpr int32_t kUnixEpochDays = -10957;        // 1970-01-01
inline constexpr int64_t kUnixEpochSeconds = -946684800;  // 1970-01-01 from 2000-01-01

inline constexpr int32_t kDateInfinity = INT32_MAX;
inline constexpr int32_t kDateMinusInfinity = INT32_MIN;
inline constexpr int64_t kTimestampInfinity = INT64_MAX;
inline constexpr int64_t kTimestampMinusInfinity = INT64_MIN;

inline constexpr int32_t kDateMin = -kEpochJulianDay;       // 4714-11-24 BC
inline constexpr int32_t kDateEnd = 2145031949;             // first day beyond 5874897
inline constexpr int64_t kTimestampMin = -211813488000000000;  // 4714-11-24 BC
inline constexpr int64_t kTimestampEnd = 9223371331200000000;  // first microsecond of 294277

constexpr bool IsValidDate(int64_t days) { return days >= kDateMin && days < kDateEnd; }
constexpr bool IsValidTimestamp(int64_t micros) { return micros >= kTimestampMin && micros < kTimestampEnd; }
constexpr bool IsFiniteDate(int32_t days) { return days != kDateInfinity && days != kDateMinusInfinity; }
constexpr bool IsFiniteTimestamp(int64_t micros) {
  return micros != kTimestampInfinity && micros != kTimestampMinusInfinity;
}

constexpr bool IsLeapYear(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
constexpr int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

// Years and months from which days are surely representable (PostgreSQL's IS_VALID_JULIAN).
constexpr bool IsCalendarYear(int64_t year, int month) {
  return (year > -4713 || (year == -4713 && month >= 11)) && (year < 5874898 || (year == 5874898 && month < 6));
}

// Days from 2000-01-01. month in 1..12; day may lie outside its month.
constexpr int64_t DaysFromCivil(int64_t year, int month, int64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 730425;
}
static_assert(DaysFromCivil(2000, 1, 1) == 0 && DaysFromCivil(1970, 1, 1) == kUnixEpochDays);

struct CivilDate {
  int32_t year = 0;  // 0 is 1 BC
  int month = 0, day = 0;
};

constexpr CivilDate CivilFromDays(int64_t days) {
  days += 730425;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * day_of_year + 2) / 153;
  int month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  return {static_cast<int32_t>(year_of_era + era * 400 + (month <= 2)), month,
          static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1)};
}

// 0 is Sunday.
constexpr int DayOfWeek(int64_t days) {
  int64_t weekday = (days + 6) % 7;
  return static_cast<int>(weekday < 0 ? weekday + 7 : weekday);
}
static_assert(DayOfWeek(0) == 6);  // a Saturday

constexpr int DayOfYear(int32_t year, int month, int day) {
  return static_cast<int>(DaysFromCivil(year, month, day) - DaysFromCivil(year, 1, 1)) + 1;
}

// ISO 8601 week (1..53) and the year it belongs to.
struct IsoWeek {
  int32_t year;
  int week;
};
constexpr int64_t IsoYearStart(int64_t year) {
  int64_t fourth = DaysFromCivil(year, 1, 4);
  return fourth - (DayOfWeek(fourth) + 6) % 7;
}
constexpr IsoWeek IsoWeekOf(int64_t days) {
  int32_t year = CivilFromDays(days).year;
  if (days >= IsoYearStart(year + 1)) {
    ++year;
  } else if (days < IsoYearStart(year)) {
    --year;
  }
  return {year, static_cast<int>((days - IsoYearStart(year)) / 7) + 1};
}

struct CivilTime {
  int32_t year = 0;
  int month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
};

constexpr int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Of a local timestamp (finite).
constexpr CivilTime CivilFromTimestamp(int64_t local) {
  int64_t days = FloorDiv(local, kMicrosPerDay), time = local - days * kMicrosPerDay;
  CivilDate date = CivilFromDays(days);
  return {date.year,
          date.month,
          date.day,
          static_cast<int>(time / kMicrosPerHour),
          static_cast<int>(time / kMicrosPerMinute % 60),
          static_cast<int>(time / kMicrosPerSecond % 60),
          static_cast<int>(time % kMicrosPerSecond)};
}

constexpr int64_t MicrosOfDay(int64_t hour, int64_t minute, int64_t second, int64_t micros) {
  return hour * kMicrosPerHour + minute * kMicrosPerMinute + second * kMicrosPerSecond + micros;
}

}  // namespace phantom::types
