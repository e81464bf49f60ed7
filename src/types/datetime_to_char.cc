#include <cstdlib>

#include "types/ascii.h"
#include "types/civil.h"
#include "types/datetime_picture.h"
#include "types/number_picture.h"
#include "types/to_char.h"

namespace phantom::types {
namespace {

using enum DatePattern;

struct Source {
  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
  int64_t days = 0;  // from 2000-01-01, of a timestamp
  int64_t day_of_year = 0;
  bool interval = false;
  const ZoneOffset* zone = nullptr;
};

// "%0*d" of C: the width counts the sign.
std::string Padded(int64_t value, int width) { return Format("%0*lld", width, static_cast<long long>(value)); }

class Writer {
 public:
  Writer(const Source& source, std::string& out) : s_(source), out_(out) {}

  Status Node(const DateNode& node) {
    if (node.info == nullptr) {
      out_.append(node.text);
      return Status::Ok();
    }
    switch (node.info->pattern) {
      case kAD:
      case kDayName:
      case kShortDay:
      case kMonthName:
      case kShortMonth:
      case kWeekday:
      case kIsoWeekday:
      case kZoneName:
      case kZoneHour:
      case kZoneMinute:
      case kOffset:
        if (s_.interval) {
          return Error(sqlstate::kInvalidDatetimeFormat, "invalid format specification for an interval value")
              .Hint("Intervals are not tied to specific calendar dates.");
        }
        break;
      default:
        break;
    }
    if (!Text(node)) Number(node);
    return Status::Ok();
  }

 private:
  static int Width(const DateNode& node, int64_t value, int width) {
    return node.fill ? 0 : value >= 0 ? width : width + 1;
  }

  void Name(const DateNode& node, std::string_view name, size_t width) {
    std::string text = ApplyCase(name, CaseOf(*node.info));
    if (!node.fill && text.size() < width) text.append(width - text.size(), ' ');
    out_.append(text);
  }

  // Patterns of words; false for those of numbers.
  bool Text(const DateNode& node) {
    std::string_view name = node.info->name;
    bool dots = name.find('.') != std::string_view::npos;
    switch (node.info->pattern) {
      case kAm: {
        bool pm = s_.hour % 24 >= 12;
        Name(node, dots ? (pm ? "P.M." : "A.M.") : pm ? "PM" : "AM", 0);
        return true;
      }
      case kAD:
        Name(node, dots ? (s_.year <= 0 ? "B.C." : "A.D.") : s_.year <= 0 ? "BC" : "AD", 0);
        return true;
      case kMonthName:
        Name(node, kMonthNames[s_.month - 1], 9);
        return true;
      case kShortMonth:
        Name(node, std::string_view(kMonthNames[s_.month - 1]).substr(0, 3), 0);
        return true;
      case kDayName:
        Name(node, kDayNames[DayOfWeek(s_.days)], 9);
        return true;
      case kShortDay:
        Name(node, std::string_view(kDayNames[DayOfWeek(s_.days)]).substr(0, 3), 0);
        return true;
      case kRoman: {
        if (s_.month == 0 && s_.year == 0) return true;
        int64_t month = s_.month > 0 ? s_.month : s_.month < 0 ? 13 + s_.month : s_.year >= 0 ? 12 : 1;
        std::string text = ApplyCase(kRomanMonths[month - 1], CaseOf(*node.info));
        if (!node.fill && text.size() < 4) text.append(4 - text.size(), ' ');
        out_.append(text);
        return true;
      }
      case kZoneName:
        if (s_.zone != nullptr) out_.append(ApplyCase(s_.zone->abbreviation, IsLower(name[0]) ? LetterCase::kLower
                                                                                            : LetterCase::kCapital));
        return true;
      case kZoneHour:
        out_.append(Format("%c%02d", East() >= 0 ? '+' : '-', std::abs(East()) / 3600));
        return true;
      case kZoneMinute:
        out_.append(Format("%02d", std::abs(East()) % 3600 / 60));
        return true;
      case kOffset:
        out_.append(Format("%c%0*d", East() >= 0 ? '+' : '-', node.fill ? 0 : 2, std::abs(East()) / 3600));
        if (East() % 3600 != 0) out_.append(Format(":%02d", std::abs(East()) % 3600 / 60));
        return true;
      case kFixed:
        return true;
      default:
        return false;
    }
  }

  int32_t East() const { return s_.zone == nullptr ? 0 : s_.zone->seconds_east; }
  // Years BC are shown without a sign, and there is no year 0; an interval's years are as they are.
  int64_t Shown(int64_t year) const { return s_.interval || year > 0 ? year : 1 - year; }
  int64_t Year(const DateNode& node) const {
    if (node.info->pattern == kYear) return Shown(s_.year);
    return Shown(IsoWeekOf(Days()).year);
  }
  // Intervals have no calendar date; PostgreSQL computes with their fields as if they had.
  int64_t Days() const {
    if (!s_.interval) return s_.days;
    return DaysFromCivil(s_.year + FloorDiv(s_.month - 1, 12), static_cast<int>(s_.month - 1 - FloorDiv(s_.month - 1, 12) * 12) + 1,
                         s_.day);
  }

  void Number(const DateNode& node) {
    std::string text;
    switch (node.info->pattern) {
      case kHour12: {
        int64_t hour = s_.hour % 12 == 0 ? 12 : s_.hour % 12;
        text = Padded(hour, Width(node, s_.hour, 2));
        break;
      }
      case kHour24:
        text = Padded(s_.hour, Width(node, s_.hour, 2));
        break;
      case kMinute:
        text = Padded(s_.minute, Width(node, s_.minute, 2));
        break;
      case kSecond:
        text = Padded(s_.second, Width(node, s_.second, 2));
        break;
      case kFraction: {
        int64_t scale = 1;
        for (int i = node.info->digits; i < 6; ++i) scale *= 10;
        text = Padded(s_.micros / scale, node.info->digits);
        break;
      }
      case kMillisecond:
        text = Padded(s_.micros / 1000, 3);
        break;
      case kMicrosecond:
        text = Padded(s_.micros, 6);
        break;
      case kSecondsOfDay:
        text = Padded(s_.hour * 3600 + s_.minute * 60 + s_.second, 0);
        break;
      case kMonth:
        text = Padded(s_.month, Width(node, s_.month, 2));
        break;
      case kDayOfYear:
        text = Padded(s_.day_of_year, node.fill ? 0 : 3);
        break;
      case kIsoDayOfYear:
        text = Padded(Days() - IsoYearStart(IsoWeekOf(Days()).year) + 1, node.fill ? 0 : 3);
        break;
      case kDay:
        text = Padded(s_.day, node.fill ? 0 : 2);
        break;
      case kWeekday:
        text = Padded(DayOfWeek(s_.days) + 1, 0);
        break;
      case kIsoWeekday:
        text = Padded((DayOfWeek(s_.days) + 6) % 7 + 1, 0);
        break;
      case kWeekOfYear:
        text = Padded((s_.day_of_year - 1) / 7 + 1, node.fill ? 0 : 2);
        break;
      case kIsoWeek:
        text = Padded(IsoWeekOf(Days()).week, node.fill ? 0 : 2);
        break;
      case kQuarter:
        if (s_.month == 0) return;
        text = Padded((s_.month - 1) / 3 + 1, 0);
        break;
      case kBigEndianCentury: {
        int64_t century = s_.interval ? s_.year / 100 : s_.year > 0 ? (s_.year - 1) / 100 + 1 : s_.year / 100 - 1;
        text = Padded(century, century <= 99 && century >= -99 ? Width(node, century, 2) : 0);
        break;
      }
      case kYearComma: {
        int64_t year = Shown(s_.year), millennium = year / 1000;
        text = Padded(millennium, 0) + "," + Padded(year - millennium * 1000, 3);
        break;
      }
      case kYear:
      case kIsoYear: {
        int64_t modulus = node.info->digits == 4 ? INT64_MAX : node.info->digits == 3 ? 1000 : node.info->digits == 2 ? 100 : 10;
        int width = node.info->digits == 1 ? 1 : Width(node, Shown(s_.year), node.info->digits);
        text = Padded(Year(node) % modulus, width);
        break;
      }
      case kWeekOfMonth:
        text = Padded((s_.day - 1) / 7 + 1, 0);
        break;
      case kJulian:
        text = Padded(Days() + kEpochJulianDay, 0);
        break;
      default:
        return;
    }
    if (node.ordinal) text += OrdinalSuffix(text, node.ordinal_upper);
    out_.append(text);
  }

  const Source& s_;
  std::string& out_;
};

Status Write(const Source& source, std::string_view format, std::string& out) {
  Writer writer(source, out);
  for (const DateNode& node : ParseDatePicture(format)) RETURN_IF_ERROR(writer.Node(node));
  return Status::Ok();
}

Source SourceOf(int64_t local) {
  CivilTime t = CivilFromTimestamp(local);
  Source source;
  source.year = t.year;
  source.month = t.month;
  source.day = t.day;
  source.hour = t.hour;
  source.minute = t.minute;
  source.second = t.second;
  source.micros = t.micros;
  source.days = FloorDiv(local, kMicrosPerDay);
  source.day_of_year = DayOfYear(t.year, t.month, t.day);
  return source;
}

}  // namespace

Status TimestampToChar(int64_t timestamp, std::string_view format, std::string& out) {
  return Write(SourceOf(timestamp), format, out);
}

Status TimestampTzToChar(int64_t timestamp, std::string_view format, const TimeZone& zone, std::string& out) {
  ZoneOffset offset = zone.At(timestamp);
  Source source = SourceOf(timestamp + int64_t{offset.seconds_east} * kMicrosPerSecond);
  source.zone = &offset;
  return Write(source, format, out);
}

Status IntervalToChar(const Interval& interval, std::string_view format, std::string& out) {
  Source source;
  source.interval = true;
  source.year = interval.months / 12;
  source.month = interval.months % 12;
  source.day = interval.days;
  source.hour = interval.micros / kMicrosPerHour;
  source.minute = interval.micros / kMicrosPerMinute % 60;
  source.second = interval.micros / kMicrosPerSecond % 60;
  source.micros = interval.micros % kMicrosPerSecond;
  source.day_of_year = (source.year * 12 + source.month) * 30 + source.day;
  return Write(source, format, out);
}

}  // namespace phantom::types
