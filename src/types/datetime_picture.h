// types/datetime_picture.h
//
// The template of to_char(), to_timestamp() and to_date(), cut into patterns. Private to this room.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace phantom::types {

enum class DatePattern : uint8_t {
  kAD, kAm, kBigEndianCentury, kDayName, kDayOfYear, kDay, kShortDay, kWeekday, kFraction, kFixed, kHour24, kHour12,
  kIsoDayOfYear, kIsoWeekday, kIsoWeek, kIsoYear, kJulian, kMinute, kMonth, kMonthName, kShortMonth, kMillisecond,
  kOffset, kQuarter, kRoman, kSecondsOfDay, kSecond, kZoneHour, kZoneMinute, kZoneName, kMicrosecond, kWeekOfYear,
  kWeekOfMonth, kYearComma, kYear
};

enum class LetterCase : uint8_t { kUpper, kCapital, kLower };

struct DatePatternInfo {
  std::string_view name;  // as written: "HH24", "Month"
  DatePattern pattern;
  bool is_digit;      // reads digits: decides where a number before it ends
  int digits = 0;     // of a year or a fraction
  char calendar = 0;  // 'G' Gregorian, 'I' ISO week: the two cannot be mixed on input
};

struct DateNode {
  const DatePatternInfo* info = nullptr;  // null: a character of the template
  std::string text;                       // that character
  bool is_space = false, is_separator = false;
  bool fill = false;     // FM
  bool ordinal = false;  // TH or th
  bool ordinal_upper = false;
};

std::vector<DateNode> ParseDatePicture(std::string_view format);

// ASCII punctuation and the like: what separates fields in a template and in the text it reads.
bool IsPictureSeparator(char c);
LetterCase CaseOf(const DatePatternInfo& info);
std::string ApplyCase(std::string_view capital, LetterCase letter_case);

inline constexpr const char* kMonthNames[] = {"January", "February", "March",     "April",   "May",      "June",
                                              "July",    "August",   "September", "October", "November", "December"};
inline constexpr const char* kDayNames[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
inline constexpr const char* kRomanMonths[] = {"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};

}  // namespace phantom::types
