// to_timestamp() and to_date(): text read by a template.
#include <algorithm>
#include <cstdlib>

#include "types/ascii.h"
#include "types/civil.h"
#include "types/datetime.h"
#include "types/datetime_fields.h"
#include "types/datetime_picture.h"
#include "types/to_char.h"
#include "types/utf8.h"

namespace phantom::types {
namespace {

using enum DatePattern;

constexpr const char* kFillHint = "If your source string is not fixed-width, try using the \"FM\" modifier.";

// What the template found; zero means not given, as in PostgreSQL.
struct Found {
  char calendar = 0;
  int64_t hour = 0, pm = 0, minute = 0, second = 0, seconds_of_day = 0, weekday = 0, day = 0, day_of_year = 0, month = 0;
  int64_t millisecond = 0, year = 0, bc = 0, week = 0, week_of_month = 0, century = 0, julian = 0, micros = 0;
  int64_t year_digits = 0, fraction_digits = 0, zone_sign = 0, zone_hour = 0, zone_minute = 0;
  bool clock12 = false;
};

int64_t NearYear2020(int64_t year) {
  if (year < 70) return year + 2000;
  if (year < 100) return year + 1900;
  if (year < 520) return year + 2000;
  return year < 1000 ? year + 1000 : year;
}

class Reader {
 public:
  Reader(std::string_view text, const std::vector<DateNode>& nodes) : text_(text), nodes_(nodes) {}

  Status Run(Found* found) {
    for (index_ = 0; index_ < nodes_.size() && at_ < text_.size(); ++index_) {
      const DateNode& node = nodes_[index_];
      bool action = node.info != nullptr;
      if (!fixed_ && !(action && node.info->pattern == kFixed) && (action || index_ == 0)) SkipSpaces();
      if (!action) {
        Character(node);
        continue;
      }
      RETURN_IF_ERROR(Calendar(*node.info));
      RETURN_IF_ERROR(Action(node));
      if (!fixed_) {
        extra_ = 0;
        SkipSpaces();
      }
    }
    *found = f_;
    return Status::Ok();
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipSpaces() {
    while (at_ < text_.size() && IsSpace(Peek())) {
      ++at_;
      ++extra_;
    }
  }
  void SkipChar() { at_ = std::min(at_ + Utf8Length(text_[at_]), text_.size()); }

  // Separators of the template match any of the text, and none; spaces skipped before make up for characters.
  void Character(const DateNode& node) {
    if (fixed_) return SkipChar();
    if (node.is_space || node.is_separator) {
      --extra_;
      if (IsSpace(Peek()) || IsPictureSeparator(Peek())) {
        ++at_;
        ++extra_;
      }
    } else if (extra_ > 0) {
      --extra_;
    } else {
      SkipChar();
    }
  }

  Status Bad(std::string message, std::string detail) {
    return Error(sqlstate::kInvalidDatetimeFormat, std::move(message)).Detail(std::move(detail));
  }

  Status Calendar(const DatePatternInfo& info) {
    if (info.calendar == 0) return Status::Ok();
    if (f_.calendar != 0 && f_.calendar != info.calendar) {
      return Error(sqlstate::kInvalidDatetimeFormat, "invalid combination of date conventions")
          .Hint("Do not mix Gregorian and ISO week date conventions in a formatting template.");
    }
    f_.calendar = info.calendar;
    return Status::Ok();
  }

  Status Set(int64_t* target, int64_t value, const DateNode& node) {
    if (*target != 0 && *target != value) {
      return Bad(Format("conflicting values for \"%s\" field in formatting string", Name(node).c_str()),
                 "This value contradicts a previous setting for the same field type.");
    }
    *target = value;
    return Status::Ok();
  }

  static std::string Name(const DateNode& node) { return std::string(node.info->name); }

  // Whether what follows in the template cannot be taken for more digits.
  bool EndsHere() const {
    const DateNode& node = nodes_[index_];
    if (node.ordinal || index_ + 1 == nodes_.size()) return true;
    const DateNode& next = nodes_[index_ + 1];
    if (next.info != nullptr) return !next.info->is_digit;
    return !(next.text.size() == 1 && IsDigit(next.text[0]));
  }

  // An integer of up to `width` digits (all, where a number ends by itself). *used: characters taken.
  Status Int(int64_t* target, int width, const DateNode& node, int* used = nullptr) {
    size_t from = at_;
    while (IsSpace(Peek())) ++at_;
    std::string copy(text_.substr(at_, static_cast<size_t>(width)));
    int64_t value = 0;
    bool overflow = false;
    if (node.fill || EndsHere()) {
      std::string_view rest = text_.substr(at_);
      if (ReadInt(&rest, &value, &overflow)) {
        at_ = text_.size() - rest.size();
      } else {
        at_ = from;
      }
    } else {
      auto available = static_cast<int>(copy.size());
      if (available < width) {
        return Bad(Format("source string too short for \"%s\" formatting field", Name(node).c_str()),
                   Format("Field requires %d characters, but only %d remain.", width, available))
            .Hint(kFillHint);
      }
      std::string_view rest = copy;
      int parsed = ReadInt(&rest, &value, &overflow) ? static_cast<int>(copy.size() - rest.size()) : 0;
      if (parsed > 0 && parsed < width) {
        return Bad(Format("invalid value \"%s\" for \"%s\"", copy.c_str(), Name(node).c_str()),
                   Format("Field requires %d characters, but only %d could be parsed.", width, parsed))
            .Hint(kFillHint);
      }
      at_ += static_cast<size_t>(parsed);
    }
    if (at_ == from) {
      return Bad(Format("invalid value \"%s\" for \"%s\"", copy.c_str(), Name(node).c_str()),
                 "Value must be an integer.");
    }
    if (overflow || value > INT32_MAX || value < INT32_MIN) {
      return Error(sqlstate::kDatetimeFieldOverflow,
                   Format("value for \"%s\" in source string is out of range", Name(node).c_str()))
          .Detail(Format("Value must be in the range %d to %d.", INT32_MIN, INT32_MAX));
    }
    if (used != nullptr) *used = static_cast<int>(at_ - from);
    RETURN_IF_ERROR(Set(target, value, node));
    if (node.ordinal) {
      for (int i = 0; i < 2 && at_ < text_.size(); ++i) SkipChar();
    }
    return Status::Ok();
  }

  // Position of the name the text begins with, whatever its case.
  template <typename Names>
  Status Word(const Names& names, size_t length_max, const DateNode& node, int* index) {
    int i = 0;
    for (std::string_view name : names) {
      name = name.substr(0, length_max);
      if (StartsWithIgnoreCase(text_.substr(at_), ToLower(name))) {
        at_ += name.size();
        *index = i;
        return Status::Ok();
      }
      ++i;
    }
    size_t end = at_;
    while (end < text_.size() && !IsSpace(text_[end])) ++end;
    return Bad(Format("invalid value \"%s\" for \"%s\"", std::string(text_.substr(at_, end - at_)).c_str(),
                      Name(node).c_str()),
               "The given value did not match any of the allowed values for this field.");
  }

  Status YearField(const DateNode& node) {
    int digits = node.info->digits, used = 0;
    RETURN_IF_ERROR(Int(&f_.year, digits, node, &used));
    if (digits < 4 && used < 4) f_.year = NearYear2020(f_.year);
    f_.year_digits = digits;
    return Status::Ok();
  }

  Status YearComma(const DateNode& node) {
    std::string_view rest = text_.substr(at_);
    int64_t thousands = 0;
    bool overflow = false;
    size_t digits = 0;
    if (ReadInt(&rest, &thousands, &overflow) && !rest.empty() && rest[0] == ',') {
      while (digits < 3 && digits + 1 < rest.size() && IsDigit(rest[digits + 1])) ++digits;
    }
    if (digits == 0 || overflow || thousands > INT32_MAX / 1000) {
      return Error(sqlstate::kInvalidDatetimeFormat, "invalid input string for \"Y,YYY\"");
    }
    int year = static_cast<int>(thousands) * 1000 + std::atoi(std::string(rest.substr(1, digits)).c_str());
    RETURN_IF_ERROR(Set(&f_.year, year, node));
    f_.year_digits = 4;
    at_ = text_.size() - rest.size() + 1 + digits;
    return Status::Ok();
  }

  Status Action(const DateNode& node) {
    static constexpr std::string_view kAmPm[] = {"am", "pm"}, kAmPmDots[] = {"a.m.", "p.m."};
    static constexpr std::string_view kEras[] = {"ad", "bc"}, kErasDots[] = {"a.d.", "b.c."};
    bool dots = node.info->name.find('.') != std::string_view::npos;
    int index = 0;
    int64_t ignored = 0;
    switch (node.info->pattern) {
      case kFixed:
        fixed_ = true;
        return Status::Ok();
      case kAm:
        RETURN_IF_ERROR(dots ? Word(kAmPmDots, 4, node, &index) : Word(kAmPm, 2, node, &index));
        RETURN_IF_ERROR(Set(&f_.pm, index, node));
        f_.clock12 = true;
        return Status::Ok();
      case kAD:
        RETURN_IF_ERROR(dots ? Word(kErasDots, 4, node, &index) : Word(kEras, 2, node, &index));
        return Set(&f_.bc, index, node);
      case kHour12:
        RETURN_IF_ERROR(Int(&f_.hour, 2, node));
        f_.clock12 = true;
        return Status::Ok();
      case kHour24:
        return Int(&f_.hour, 2, node);
      case kMinute:
        return Int(&f_.minute, 2, node);
      case kSecond:
        return Int(&f_.second, 2, node);
      case kMillisecond: {
        int used = 0;
        RETURN_IF_ERROR(Int(&f_.millisecond, 3, node, &used));
        f_.millisecond *= used == 1 ? 100 : used == 2 ? 10 : 1;
        return Status::Ok();
      }
      case kFraction:
      case kMicrosecond: {
        bool fraction = node.info->pattern == kFraction;
        if (fraction) f_.fraction_digits = node.info->digits;
        int used = 0;
        RETURN_IF_ERROR(Int(&f_.micros, fraction ? node.info->digits : 6, node, &used));
        for (; used < 6; ++used) f_.micros *= 10;
        return Status::Ok();
      }
      case kSecondsOfDay:
        return Int(&f_.seconds_of_day, 5, node);
      case kZoneName:
      case kOffset:
        return Error(sqlstate::kFeatureNotSupported,
                     Format("formatting field \"%s\" is only supported in to_char", Name(node).c_str()));
      case kZoneHour:
        if (Peek() == '+' || Peek() == '-' || Peek() == ' ') {
          f_.zone_sign = Peek() == '-' ? -1 : 1;
          ++at_;
        } else {
          f_.zone_sign = extra_ > 0 && at_ > 0 && text_[at_ - 1] == '-' ? -1 : 1;
        }
        return Int(&f_.zone_hour, 2, node);
      case kZoneMinute:
        if (f_.zone_sign == 0) f_.zone_sign = 1;
        return Int(&f_.zone_minute, 2, node);
      case kMonthName:
        RETURN_IF_ERROR(Word(kMonthNames, 99, node, &index));
        return Set(&f_.month, index + 1, node);
      case kShortMonth:
        RETURN_IF_ERROR(Word(kMonthNames, 3, node, &index));
        return Set(&f_.month, index + 1, node);
      case kMonth:
        return Int(&f_.month, 2, node);
      case kDayName:
        RETURN_IF_ERROR(Word(kDayNames, 99, node, &index));
        return Set(&f_.weekday, index + 1, node);
      case kShortDay:
        RETURN_IF_ERROR(Word(kDayNames, 3, node, &index));
        return Set(&f_.weekday, index + 1, node);
      case kDayOfYear:
      case kIsoDayOfYear:
        return Int(&f_.day_of_year, 3, node);
      case kDay:
        return Int(&f_.day, 2, node);
      case kWeekday:
        return Int(&f_.weekday, 1, node);
      case kIsoWeekday:
        RETURN_IF_ERROR(Int(&f_.weekday, 1, node));
        // Sunday is the first day inside.
        if (++f_.weekday > 7) f_.weekday = 1;
        return Status::Ok();
      case kWeekOfYear:
      case kIsoWeek:
        return Int(&f_.week, 2, node);
      case kQuarter:
        // Says nothing about the month; read over.
        return Int(&ignored, 1, node);
      case kBigEndianCentury:
        return Int(&f_.century, 2, node);
      case kYearComma:
        return YearComma(node);
      case kYear:
      case kIsoYear:
        return YearField(node);
      case kRoman: {
        // Longer numerals first, so that "VIII" is not taken for "V".
        static constexpr std::string_view kNumerals[] = {"xii", "xi", "x", "ix", "viii", "vii", "vi", "v", "iv", "iii", "ii", "i"};
        RETURN_IF_ERROR(Word(kNumerals, 4, node, &index));
        return Set(&f_.month, 12 - index, node);
      }
      case kWeekOfMonth:
        return Int(&f_.week_of_month, 1, node);
      case kJulian:
        return Int(&f_.julian, 9, node);
    }
    return Status::Ok();
  }

  std::string_view text_;
  const std::vector<DateNode>& nodes_;
  size_t at_ = 0, index_ = 0;
  bool fixed_ = false;  // FX
  int extra_ = 0;       // spaces skipped beyond the template
  Found f_;
};

struct Moment {
  int64_t year = 0;
  int month = 1;
  int64_t day = 1;
  int hour = 0, minute = 0, second = 0;
  int64_t micros = 0;
  bool has_zone = false;
  int32_t zone_west = 0;
  int fraction_digits = 0;

  void SetDays(int64_t days) {
    CivilDate date = CivilFromDays(days);
    year = date.year;
    month = date.month;
    day = date.day;
  }
};

void ResolveYear(Found& f, Moment* m, bool* has_year) {
  if (f.year != 0) {
    if (f.century != 0 && f.year_digits <= 2) {
      if (f.bc != 0) f.century = -f.century;
      m->year = f.year % 100;
      if (m->year != 0) {
        m->year = f.century >= 0 ? m->year + (f.century - 1) * 100 : (f.century + 1) * 100 - m->year + 1;
      } else {
        m->year = f.century * 100 + (f.century >= 0 ? 0 : 1);
      }
    } else {
      m->year = f.bc != 0 ? -f.year : f.year;
      if (m->year < 0) ++m->year;
    }
    *has_year = true;
  } else if (f.century != 0) {
    if (f.bc != 0) f.century = -f.century;
    m->year = f.century >= 0 ? (f.century - 1) * 100 + 1 : f.century * 100 + 1;
    *has_year = true;
  }
}

Result<Moment> Resolve(std::string_view text, std::string_view format) {
  std::vector<DateNode> nodes = ParseDatePicture(format);
  Found f;
  RETURN_IF_ERROR(Reader(text, nodes).Run(&f));
  Moment m;
  m.fraction_digits = static_cast<int>(f.fraction_digits);
  if (f.seconds_of_day != 0) {
    m.hour = static_cast<int>(f.seconds_of_day / 3600);
    m.minute = static_cast<int>(f.seconds_of_day / 60 % 60);
    m.second = static_cast<int>(f.seconds_of_day % 60);
  }
  if (f.second != 0) m.second = static_cast<int>(f.second);
  if (f.minute != 0) m.minute = static_cast<int>(f.minute);
  if (f.hour != 0) m.hour = static_cast<int>(f.hour);
  if (f.clock12) {
    if (m.hour < 1 || m.hour > 12) {
      return Error(sqlstate::kInvalidDatetimeFormat,
                   Format("hour \"%d\" is invalid for the 12-hour clock", m.hour))
          .Hint("Use the 24-hour clock, or give an hour between 1 and 12.");
    }
    if (f.pm != 0 && m.hour < 12) {
      m.hour += 12;
    } else if (f.pm == 0 && m.hour == 12) {
      m.hour = 0;
    }
  }
  bool has_year = false, has_month = false, has_day = false;
  ResolveYear(f, &m, &has_year);
  auto set_days = [&](int64_t days) {
    m.SetDays(days);
    has_year = has_month = has_day = true;
  };
  if (f.julian != 0) set_days(f.julian - kEpochJulianDay);
  if (f.week != 0) {
    if (f.calendar == 'I') {
      int64_t monday = IsoYearStart(m.year) + (f.week - 1) * 7;
      set_days(f.weekday == 0 ? monday : f.weekday > 1 ? monday + f.weekday - 2 : monday + 6);
    } else {
      f.day_of_year = (f.week - 1) * 7 + 1;
    }
  }
  if (f.week_of_month != 0) f.day = (f.week_of_month - 1) * 7 + 1;
  if (f.day != 0) {
    m.day = f.day;
    has_day = true;
  }
  if (f.month != 0) {
    m.month = static_cast<int>(f.month);
    has_month = true;
  }
  if (f.day_of_year != 0 && (m.month <= 1 || m.day <= 1)) {
    if (m.year == 0 && f.bc == 0) {
      return Error(sqlstate::kInvalidDatetimeFormat,
                   "cannot calculate day of year without year information");
    }
    if (f.calendar == 'I') {
      set_days(IsoYearStart(m.year) + f.day_of_year - 1);
    } else {
      int month = 1;
      int64_t rest = f.day_of_year;
      while (month <= 12 && rest > DaysInMonth(m.year, month)) rest -= DaysInMonth(m.year, month++);
      if (m.month <= 1) m.month = month;
      if (m.day <= 1) m.day = rest;
      has_month = has_day = true;
    }
  }
  m.micros = f.millisecond * 1000 + f.micros;
  auto out_of_range = [&] { return DecodeFailure(DecodeError::kOverflow, text, "timestamp"); };
  if ((has_month && (m.month < 1 || m.month > 12)) || (has_day && (m.day < 1 || m.day > 31)) ||
      (has_year && has_month && has_day && m.day > DaysInMonth(m.year, m.month))) {
    return out_of_range();
  }
  if (m.hour < 0 || m.hour >= 24 || m.minute < 0 || m.minute >= 60 || m.second < 0 || m.second >= 60 || m.micros < 0 ||
      m.micros >= kMicrosPerSecond) {
    return out_of_range();
  }
  if (f.zone_sign != 0) {
    constexpr int kZoneHourMax = 15;
    if (f.zone_hour < 0 || f.zone_hour > kZoneHourMax || f.zone_minute < 0 || f.zone_minute >= 60) {
      return out_of_range();
    }
    m.has_zone = true;
    m.zone_west = static_cast<int32_t>(-f.zone_sign * (f.zone_hour * 3600 + f.zone_minute * 60));
  }
  return m;
}

}  // namespace

Result<int64_t> ToTimestamp(std::string_view text, std::string_view format, const FormatContext& context) {
  ASSIGN_OR_RETURN(Moment m, Resolve(text, format));
  int64_t result;
  auto out_of_range = [] { return Error(sqlstate::kDatetimeFieldOverflow, "timestamp out of range"); };
  if (!IsCalendarYear(m.year, m.month) ||
      __builtin_mul_overflow(DaysFromCivil(m.year, m.month, m.day), kMicrosPerDay, &result) ||
      __builtin_add_overflow(result, MicrosOfDay(m.hour, m.minute, m.second, m.micros), &result)) {
    return out_of_range();
  }
  int64_t west = m.has_zone ? m.zone_west : -int64_t{OffsetAtLocal(context.time_zone, result)};
  if (__builtin_add_overflow(result, west * kMicrosPerSecond, &result) || !IsValidTimestamp(result)) {
    return out_of_range();
  }
  return m.fraction_digits != 0 ? RoundTimestampToTypmod(result, m.fraction_digits) : result;
}

Result<int32_t> ToDate(std::string_view text, std::string_view format, const FormatContext& context) {
  ASSIGN_OR_RETURN(Moment m, Resolve(text, format));
  int64_t days = DaysFromCivil(m.year, m.month, m.day);
  if (!IsCalendarYear(m.year, m.month) || !IsValidDate(days)) {
    return Error(sqlstate::kDatetimeFieldOverflow,
                 Format("date out of range: \"%.*s\"", static_cast<int>(text.size()), text.data()));
  }
  return static_cast<int32_t>(days);
}

}  // namespace phantom::types
