// types/datetime_resolve.h
//
// The last step of reading a date and time: of the parts that its fields named, the value they make. Private to this room.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "types/datetime_decode.h"
#include "types/datetime_fields.h"
#include "types/time_zone.h"

namespace phantom::types {

// Which parts of a date and time have been read.
enum Part : uint32_t {
  kYear = 1 << 0, kMonth = 1 << 1, kDay = 1 << 2, kHour = 1 << 3, kMinute = 1 << 4, kSecond = 1 << 5,
  kFraction = 1 << 6, kZone = 1 << 7, kZoneModifier = 1 << 8, kDayOfYear = 1 << 9, kWeekday = 1 << 10,
  kAmPm = 1 << 11, kAdBc = 1 << 12, kSummerTime = 1 << 13
};
inline constexpr uint32_t kDateParts = kYear | kMonth | kDay;
inline constexpr uint32_t kTimeParts = kHour | kMinute | kSecond;
inline constexpr uint32_t kSecondParts = kSecond | kFraction;

// What was read, `parts` naming it by bits of Part, and what there is to know of it.
struct DateTimeParts : Decoded {
  std::optional<Word> am_pm;
  bool bc = false;
  bool two_digit_year = false;
  bool year_is_final = false;  // from a day's number, not as somebody writes it
  // A zone by name; the zone that an abbreviation belongs to, whose offset depends on the date.
  std::optional<TimeZone> zone, abbreviation_zone;
  std::string abbreviation;

  bool Has(uint32_t all) const { return (parts & all) == all; }
};

// Whether the time of day is past 24:00, or a part of it out of its range.
bool TimeOverflows(const Decoded& time);

// Checks the parts against each other and gives year, month, day, hour and zone their final values. A date outside the calendar is
// left to the caller.
DecodeError Resolve(const FormatContext& context, bool time_only, DateTimeParts* parts);

}  // namespace phantom::types
