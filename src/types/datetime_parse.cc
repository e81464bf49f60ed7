// Dates, times and timestamps from text.
#include "types/ascii.h"
#include "types/datetime.h"
#include "types/datetime_decode.h"

namespace phantom::types {
namespace {

// The common form "YYYY-MM-DD[ HH:MM:SS[.ffffff]]" without detours; false when text is not exactly that.
bool ParseIso(std::string_view text, int64_t* days, int64_t* time) {
  auto number = [&](size_t at, size_t digits, int* value) {
    *value = 0;
    for (size_t i = at; i < at + digits; ++i) {
      if (!IsDigit(text[i])) return false;
      *value = *value * 10 + (text[i] - '0');
    }
    return true;
  };
  int year, month, day;
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return false;
  if (!number(0, 4, &year) || !number(5, 2, &month) || !number(8, 2, &day)) return false;
  if (year == 0 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) return false;
  *days = DaysFromCivil(year, month, day);
  *time = 0;
  if (text.size() == 10) return true;
  int hour, minute, second, micros = 0;
  if (text.size() < 19 || text[10] != ' ' || text[13] != ':' || text[16] != ':') return false;
  if (!number(11, 2, &hour) || !number(14, 2, &minute) || !number(17, 2, &second)) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  if (text.size() > 19) {
    size_t digits = text.size() - 20;
    if (text[19] != '.' || digits < 1 || digits > 6 || !number(20, digits, &micros)) return false;
    for (size_t i = digits; i < 6; ++i) micros *= 10;
  }
  *time = MicrosOfDay(hour, minute, second, micros);
  return true;
}

Status OutOfRange(const char* what, std::string_view text) {
  return Error(sqlstate::kDatetimeFieldOverflow,
               Format("%s out of range: \"%.*s\"", what, static_cast<int>(text.size()), text.data()));
}

Result<int64_t> ParseTimestampAny(std::string_view text, const FormatContext& context, bool with_zone) {
  int64_t days = 0, time = 0;
  if (ParseIso(text, &days, &time)) {
    int64_t local = days * kMicrosPerDay + time;
    return with_zone ? local - int64_t{OffsetAtLocal(context.time_zone, local)} * kMicrosPerSecond : local;
  }
  Decoded d;
  const char* type = with_zone ? "timestamp with time zone" : "timestamp";
  RETURN_IF_ERROR(DecodeDateTime(text, context, false, type, &d));
  if (d.special == Word::kInfinity) return kTimestampInfinity;
  if (d.special == Word::kMinusInfinity) return kTimestampMinusInfinity;
  if (d.special == Word::kEpoch) return kUnixEpochDays * kMicrosPerDay;
  int64_t result;
  if (!IsCalendarYear(d.year, d.month) || __builtin_mul_overflow(d.days(), kMicrosPerDay, &result) ||
      __builtin_add_overflow(result, d.time(), &result) ||
      (with_zone && __builtin_add_overflow(result, int64_t{d.zone_west} * kMicrosPerSecond, &result)) ||
      !IsValidTimestamp(result)) {
    return OutOfRange("timestamp", text);
  }
  return result;
}

}  // namespace

int32_t OffsetAtLocal(const TimeZone& zone, int64_t local) {
  if (zone.is_utc()) return 0;
  return zone.AtLocal(local).seconds_east;
}

Result<int32_t> ParseDate(std::string_view text, const FormatContext& context) {
  int64_t days = 0, time = 0;
  if (ParseIso(text, &days, &time)) return static_cast<int32_t>(days);
  Decoded d;
  RETURN_IF_ERROR(DecodeDateTime(text, context, false, "date", &d));
  if (d.special == Word::kInfinity) return kDateInfinity;
  if (d.special == Word::kMinusInfinity) return kDateMinusInfinity;
  if (d.special == Word::kEpoch) return kUnixEpochDays;
  if (!IsCalendarYear(d.year, d.month) || !IsValidDate(d.days())) return OutOfRange("date", text);
  return static_cast<int32_t>(d.days());
}

Result<int64_t> ParseTime(std::string_view text, const FormatContext& context) {
  Decoded d;
  RETURN_IF_ERROR(DecodeDateTime(text, context, true, "time", &d));
  return d.time();
}

Result<TimeTz> ParseTimeTz(std::string_view text, const FormatContext& context) {
  Decoded d;
  RETURN_IF_ERROR(DecodeDateTime(text, context, true, "time with time zone", &d));
  return TimeTz{d.time(), d.zone_west, 0};
}

Result<int64_t> ParseTimestamp(std::string_view text, const FormatContext& context) {
  return ParseTimestampAny(text, context, false);
}

Result<int64_t> ParseTimestampTz(std::string_view text, const FormatContext& context) {
  return ParseTimestampAny(text, context, true);
}

}  // namespace phantom::types
