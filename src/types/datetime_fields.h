// types/datetime_fields.h
//
// The first step of reading a date, time or interval: cutting the text into fields and knowing the words. Private to
// this room.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace phantom::types {

// What kinds of field a text has at a place, judged by its shape alone.
enum class FieldKind : uint8_t { kNumber, kString, kDate, kTime, kZone, kSpecial };

struct DateTimeField {
  FieldKind kind;
  std::string text;  // letters in lower case
};

// Where decoding failed; Ok and the rest become messages in one place.
enum class DecodeError : uint8_t { kNone, kBadFormat, kOverflow, kMonthDayOverflow, kIntervalOverflow, kZoneOverflow };

Status DecodeFailure(DecodeError error, std::string_view text, const char* type);

// What a word means in a date or time.
enum class WordKind : uint8_t {
  kUnknown, kReserved, kMonth, kDayOfWeek, kAmPm, kAdBc, kUnits, kIgnored, kIsoTime, kZoneModifier, kAgo
};

// Values of reserved words and units.
enum class Word : uint8_t {
  kInfinity, kMinusInfinity, kEpoch, kNow, kToday, kTomorrow, kYesterday, kZulu,
  kMicrosecond, kMillisecond, kSecond, kMinute, kHour, kDay, kWeek, kMonth, kQuarter, kYear, kDecade, kCentury,
  kMillennium, kJulian, kTime, kDayOfWeek, kIsoDayOfWeek, kDayOfYear, kIsoYear, kZone, kZoneHour, kZoneMinute,
  kAm, kPm, kAd, kBc
};

struct WordMeaning {
  WordKind kind = WordKind::kUnknown;
  int value = 0;  // a Word, a month from 1, a weekday from 0, seconds
};

// Words of dates and times, and of intervals. PostgreSQL looks at the first ten letters only.
WordMeaning FindDateWord(std::string_view lower);
WordMeaning FindIntervalWord(std::string_view lower);

// kBadFormat when the text cannot be cut.
DecodeError SplitDateTime(std::string_view text, std::vector<DateTimeField>* fields);

// Numbers as strtol and strtod read them in the middle of a field. Return the rest of the text.
bool ReadInt(std::string_view* text, int64_t* value, bool* overflow);  // [sign] digits
DecodeError ReadFraction(std::string_view text, double* fraction);     // ".5", "." (0)

}  // namespace phantom::types
