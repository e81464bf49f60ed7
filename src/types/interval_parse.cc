// Intervals from text: "1 year 2 mons 3 days 04:05:06 ago", "1-2 3 4:05:06" (SQL standard), "P1Y2M3DT4H5M6S" (ISO 8601).
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "types/ascii.h"
#include "types/datetime.h"
#include "types/datetime_fields.h"
#include "types/interval_fields.h"

namespace phantom::types {
namespace {

using enum DecodeError;

// The parts of an interval while it is put together; every addition checks for overflow.
struct Parts {
  int32_t years = 0, months = 0, days = 0;
  int64_t micros = 0;

  bool AddMicros(int64_t value, double fraction, int64_t scale) {
    int64_t product;
    return !__builtin_mul_overflow(value, scale, &product) && !__builtin_add_overflow(micros, product, &micros) &&
           AddFraction(fraction, scale);
  }
  // The fraction of a unit of `scale` microseconds, rounded.
  bool AddFraction(double fraction, int64_t scale) {
    if (fraction == 0) return true;
    fraction *= static_cast<double>(scale);
    auto whole = static_cast<int64_t>(fraction);
    fraction -= static_cast<double>(whole);
    if (fraction > 0.5) {
      ++whole;
    } else if (fraction < -0.5) {
      --whole;
    }
    return !__builtin_add_overflow(micros, whole, &micros);
  }
  bool AddDays(int64_t value, int scale) {
    int32_t product;
    return value == static_cast<int32_t>(value) &&
           !__builtin_mul_overflow(static_cast<int32_t>(value), scale, &product) &&
           !__builtin_add_overflow(days, product, &days);
  }
  // The fraction of a unit of `scale` days: whole days, the rest as time.
  bool AddDayFraction(double fraction, int scale) {
    if (fraction == 0) return true;
    fraction *= scale;
    auto whole = static_cast<int32_t>(fraction);
    return !__builtin_add_overflow(days, whole, &days) && AddFraction(fraction - whole, kMicrosPerDay);
  }
  bool AddMonths(int64_t value) {
    return value == static_cast<int32_t>(value) &&
           !__builtin_add_overflow(months, static_cast<int32_t>(value), &months);
  }
  bool AddYears(int64_t value, int scale) {
    int32_t product;
    return value == static_cast<int32_t>(value) &&
           !__builtin_mul_overflow(static_cast<int32_t>(value), scale, &product) &&
           !__builtin_add_overflow(years, product, &years);
  }
  bool AddYearFraction(double fraction, int scale) {
    return !__builtin_add_overflow(months, static_cast<int32_t>(std::rint(fraction * scale * 12)), &months);
  }
  bool Negate() {
    if (micros == INT64_MIN || days == INT32_MIN || months == INT32_MIN || years == INT32_MIN) return false;
    micros = -micros;
    days = -days;
    months = -months;
    years = -years;
    return true;
  }
};

// Bits of the fields that were given, to refuse one given twice.
enum Given : uint32_t {
  kGaveMicros = 1 << 0, kGaveMillis = 1 << 1, kGaveSecond = 1 << 2, kGaveMinute = 1 << 3, kGaveHour = 1 << 4,
  kGaveDay = 1 << 5, kGaveWeek = 1 << 6, kGaveMonth = 1 << 7, kGaveYear = 1 << 8, kGaveDecade = 1 << 9,
  kGaveCentury = 1 << 10, kGaveMillennium = 1 << 11,
  kGaveSeconds = kGaveSecond | kGaveMillis | kGaveMicros,
  kGaveTime = kGaveHour | kGaveMinute | kGaveSecond
};

// What a number without a unit means, by the typmod's fields.
Word UnitOfRange(int32_t range) {
  switch (range) {
    case kIntervalYear:
      return Word::kYear;
    case kIntervalMonth:
    case kIntervalYear | kIntervalMonth:
      return Word::kMonth;
    case kIntervalDay:
      return Word::kDay;
    case kIntervalHour:
    case kIntervalDay | kIntervalHour:
      return Word::kHour;
    case kIntervalMinute:
    case kIntervalHour | kIntervalMinute:
    case kIntervalDay | kIntervalHour | kIntervalMinute:
      return Word::kMinute;
    default:
      return Word::kSecond;
  }
}

DecodeError TimeOfDay(std::string_view text, int32_t range, int64_t* micros) {
  int64_t hour = 0, minute = 0, second = 0;
  double fraction = 0;
  bool overflow = false;
  if (!ReadInt(&text, &hour, &overflow)) return kBadFormat;
  if (overflow) return kOverflow;
  if (text.empty() || text[0] != ':') return kBadFormat;
  text.remove_prefix(1);
  ReadInt(&text, &minute, &overflow);
  auto as_minutes = [&] {
    second = minute;
    minute = hour;
    hour = 0;
  };
  if (text.empty()) {
    if (range == (kIntervalMinute | kIntervalSecond)) as_minutes();
  } else if (text[0] == '.') {
    as_minutes();
  } else if (text[0] == ':') {
    text.remove_prefix(1);
    ReadInt(&text, &second, &overflow);
  }
  if (!text.empty()) {
    if (text[0] != '.') return kBadFormat;
    if (DecodeError error = ReadFraction(text, &fraction); error != kNone) return error;
  }
  if (overflow || hour < 0 || minute < 0 || minute > 59 || second < 0 || second > 60) return kOverflow;
  int64_t hours;
  if (__builtin_mul_overflow(hour, kMicrosPerHour, &hours) ||
      __builtin_add_overflow(hours, MicrosOfDay(0, minute, second, std::llrint(fraction * 1e6)), micros)) {
    return kOverflow;
  }
  return kNone;
}

class Decoder {
 public:
  Decoder(int32_t range, IntervalStyle style) : range_(range), style_(style) {}

  DecodeError Run(std::string_view text, Parts* out) {
    std::vector<DateTimeField> fields;
    if (DecodeError error = SplitDateTime(text, &fields); error != kNone) return error;
    // In the SQL standard a leading minus is for all fields, unless others have signs of their own.
    if (style_ == IntervalStyle::kSqlStandard && !fields.empty() && fields[0].text[0] == '-') {
      all_negative_ = true;
      for (size_t i = 1; i < fields.size(); ++i) {
        if (fields[i].text[0] == '-' || fields[i].text[0] == '+') all_negative_ = false;
      }
    }
    // Backwards: units stand behind their numbers.
    uint32_t given = 0;
    for (size_t i = fields.size(); i-- > 0;) {
      uint32_t found = 0;
      if (DecodeError error = Field(fields[i], &found); error != kNone) return error;
      if ((found & given) != 0) return kBadFormat;
      given |= found;
    }
    if (given == 0) return kBadFormat;
    if (ago_ && !parts_.Negate()) return kOverflow;
    *out = parts_;
    return kNone;
  }

 private:
  DecodeError Field(const DateTimeField& field, uint32_t* found) {
    switch (field.kind) {
      case FieldKind::kTime:
        return TimeField(field.text, false, found);
      case FieldKind::kZone:
        if (field.text.find(':') != std::string::npos &&
            TimeField(std::string_view(field.text).substr(1), field.text[0] == '-', found) == kNone) {
          return kNone;
        }
        *found = 0;
        return NumberField(field.text, found);
      case FieldKind::kDate:
      case FieldKind::kNumber:
        return NumberField(field.text, found);
      case FieldKind::kString:
      case FieldKind::kSpecial: {
        WordMeaning word = FindIntervalWord(field.text);
        if (word.kind == WordKind::kIgnored) return kNone;
        if (word.kind == WordKind::kAgo) {
          ago_ = true;
          unit_.reset();
          has_unit_ = true;
          return kNone;
        }
        if (word.kind != WordKind::kUnits) return kBadFormat;
        unit_ = static_cast<Word>(word.value);
        has_unit_ = true;
        return kNone;
      }
    }
    return kBadFormat;
  }

  DecodeError TimeField(std::string_view text, bool negative, uint32_t* found) {
    int64_t micros = 0;
    if (DecodeError error = TimeOfDay(text, range_, &micros); error != kNone) return error;
    if (negative || (all_negative_ && micros > 0)) micros = -micros;
    parts_.micros = micros;
    *found = kGaveTime;
    unit_ = Word::kDay;  // a number before a time is days
    has_unit_ = true;
    return kNone;
  }

  DecodeError NumberField(std::string_view text, uint32_t* found) {
    if (!has_unit_) {
      unit_ = UnitOfRange(range_);
      has_unit_ = true;
    }
    bool negative = text[0] == '-';
    int64_t value = 0;
    double fraction = 0;
    bool overflow = false;
    ReadInt(&text, &value, &overflow);
    if (overflow) return kOverflow;
    if (negative && value == 0 && !text.empty() && text[0] == '-') text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') {
      // "years-months"
      text.remove_prefix(1);
      int64_t months = 0;
      if (!ReadInt(&text, &months, &overflow) && !text.empty()) return kBadFormat;
      if (overflow || months < 0 || months >= 12) return kOverflow;
      if (!text.empty()) return kBadFormat;
      unit_ = Word::kMonth;
      if (__builtin_mul_overflow(value, 12, &value) ||
          __builtin_add_overflow(value, negative ? -months : months, &value)) {
        return kOverflow;
      }
    } else if (!text.empty()) {
      if (text[0] != '.') return kBadFormat;
      if (DecodeError error = ReadFraction(text, &fraction); error != kNone) return error;
      if (negative) fraction = -fraction;
    }
    if (all_negative_) {
      if (value > 0) value = -value;
      if (fraction > 0) fraction = -fraction;
    }
    if (!unit_) return kBadFormat;
    return Add(*unit_, value, fraction, found) ? (*found == 0 ? kBadFormat : kNone) : kOverflow;
  }

  // False on overflow; *found stays 0 for units an interval has not.
  bool Add(Word unit, int64_t value, double fraction, uint32_t* found) {
    switch (unit) {
      case Word::kMicrosecond:
        *found = kGaveMicros;
        return parts_.AddMicros(value, fraction, 1);
      case Word::kMillisecond:
        *found = kGaveMillis;
        return parts_.AddMicros(value, fraction, 1000);
      case Word::kSecond:
        *found = fraction == 0 ? kGaveSecond : kGaveSeconds;
        return parts_.AddMicros(value, fraction, kMicrosPerSecond);
      case Word::kMinute:
        *found = kGaveMinute;
        return parts_.AddMicros(value, fraction, kMicrosPerMinute);
      case Word::kHour:
        *found = kGaveHour;
        unit_ = Word::kDay;
        return parts_.AddMicros(value, fraction, kMicrosPerHour);
      case Word::kDay:
        *found = kGaveDay;
        return parts_.AddDays(value, 1) && parts_.AddFraction(fraction, kMicrosPerDay);
      case Word::kWeek:
        *found = kGaveWeek;
        return parts_.AddDays(value, 7) && parts_.AddDayFraction(fraction, 7);
      case Word::kMonth:
        *found = kGaveMonth;
        return parts_.AddMonths(value) && parts_.AddDayFraction(fraction, 30);
      case Word::kYear:
        *found = kGaveYear;
        return parts_.AddYears(value, 1) && parts_.AddYearFraction(fraction, 1);
      case Word::kDecade:
        *found = kGaveDecade;
        return parts_.AddYears(value, 10) && parts_.AddYearFraction(fraction, 10);
      case Word::kCentury:
        *found = kGaveCentury;
        return parts_.AddYears(value, 100) && parts_.AddYearFraction(fraction, 100);
      case Word::kMillennium:
        *found = kGaveMillennium;
        return parts_.AddYears(value, 1000) && parts_.AddYearFraction(fraction, 1000);
      default:
        return true;
    }
  }

  const int32_t range_;
  const IntervalStyle style_;
  Parts parts_;
  std::optional<Word> unit_;
  bool has_unit_ = false;  // of the number before
  bool all_negative_ = false, ago_ = false;
};

// ISO 8601: "P1Y2M3DT4H5M6S" and the alternative "P0001-02-03T04:05:06".
class IsoDecoder {
 public:
  explicit IsoDecoder(std::string_view text) : rest_(text) {}

  DecodeError Run(Parts* out) {
    if (rest_.size() < 2 || rest_[0] != 'P') return kBadFormat;
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      if (rest_[0] == 'T') {
        rest_.remove_prefix(1);
        date_part_ = false;
        have_field_ = false;
        continue;
      }
      size_t width = IntegerWidth();
      if (DecodeError error = Number(); error != kNone) return error;
      char unit = rest_.empty() ? '\0' : rest_[0];
      if (!rest_.empty()) rest_.remove_prefix(1);
      bool done = false;
      DecodeError error = date_part_ ? DatePart(unit, width, &done) : TimePart(unit, width, &done);
      if (error != kNone) return error;
      if (done) break;
    }
    *out = parts_;
    return kNone;
  }

 private:
  size_t IntegerWidth() const {
    size_t at = !rest_.empty() && rest_[0] == '-' ? 1 : 0, from = at;
    while (at < rest_.size() && IsDigit(rest_[at])) ++at;
    return at - from;
  }

  DecodeError Number() {
    if (rest_.empty() || !(IsDigit(rest_[0]) || rest_[0] == '-' || rest_[0] == '.')) return kBadFormat;
    double value = 0;
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) return kBadFormat;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    if (std::isnan(value) || value < -1e15 || value > 1e15) return kOverflow;
    value_ = static_cast<int64_t>(value >= 0 ? std::floor(value) : -std::floor(-value));
    fraction_ = value - static_cast<double>(value_);
    return kNone;
  }

  bool AddYears() { return parts_.AddYears(value_, 1) && parts_.AddYearFraction(fraction_, 1); }
  bool AddMonths() { return parts_.AddMonths(value_) && parts_.AddDayFraction(fraction_, 30); }
  bool AddDays() { return parts_.AddDays(value_, 1) && parts_.AddFraction(fraction_, kMicrosPerDay); }
  bool AddTime(int64_t scale) { return parts_.AddMicros(value_, fraction_, scale); }
  static DecodeError Check(bool fits) { return fits ? kNone : kOverflow; }

  void BeginTime() {
    date_part_ = false;
    have_field_ = false;
  }

  DecodeError DatePart(char unit, size_t width, bool* done) {
    switch (unit) {
      case 'Y':
        have_field_ = true;
        return Check(AddYears());
      case 'M':
        have_field_ = true;
        return Check(AddMonths());
      case 'W':
        have_field_ = true;
        return Check(parts_.AddDays(value_, 7) && parts_.AddDayFraction(fraction_, 7));
      case 'D':
        have_field_ = true;
        return Check(AddDays());
      case 'T':
      case '\0':
        if (width == 8 && !have_field_) {
          // YYYYMMDD
          if (!parts_.AddYears(value_ / 10000, 1) || !parts_.AddMonths(value_ / 100 % 100) ||
              !parts_.AddDays(value_ % 100, 1) || !parts_.AddFraction(fraction_, kMicrosPerDay)) {
            return kOverflow;
          }
          *done = unit == '\0';
          BeginTime();
          return kNone;
        }
        [[fallthrough]];
      case '-':
        return AlternativeDate(unit, done);
      default:
        return kBadFormat;
    }
  }

  // "YYYY[-MM[-DD]]"
  DecodeError AlternativeDate(char unit, bool* done) {
    if (have_field_) return kBadFormat;
    if (!AddYears()) return kOverflow;
    for (int part = 0;; ++part) {
      if (unit == '\0') {
        *done = true;
        return kNone;
      }
      if (unit == 'T') {
        BeginTime();
        return kNone;
      }
      if (unit != '-' || part == 2) return kBadFormat;
      if (DecodeError error = Number(); error != kNone) return error;
      if (!(part == 0 ? AddMonths() : AddDays())) return kOverflow;
      unit = rest_.empty() ? '\0' : rest_[0];
      if (!rest_.empty()) rest_.remove_prefix(1);
    }
  }

  DecodeError TimePart(char unit, size_t width, bool* done) {
    switch (unit) {
      case 'H':
        have_field_ = true;
        return Check(AddTime(kMicrosPerHour));
      case 'M':
        have_field_ = true;
        return Check(AddTime(kMicrosPerMinute));
      case 'S':
        have_field_ = true;
        return Check(AddTime(kMicrosPerSecond));
      case '\0':
        if (width == 6 && !have_field_) {
          // HHMMSS
          *done = true;
          return Check(parts_.AddMicros(value_ / 10000, 0, kMicrosPerHour) &&
                       parts_.AddMicros(value_ / 100 % 100, 0, kMicrosPerMinute) &&
                       parts_.AddMicros(value_ % 100, 0, kMicrosPerSecond) && parts_.AddFraction(fraction_, 1));
        }
        [[fallthrough]];
      case ':':
        return AlternativeTime(unit, done);
      default:
        return kBadFormat;
    }
  }

  // "HH[:MM[:SS]]"
  DecodeError AlternativeTime(char unit, bool* done) {
    if (have_field_) return kBadFormat;
    *done = true;
    constexpr int64_t kScales[] = {kMicrosPerHour, kMicrosPerMinute, kMicrosPerSecond};
    for (int part = 0;; ++part) {
      if (!AddTime(kScales[part])) return kOverflow;
      if (unit == '\0') return kNone;
      if (unit != ':' || part == 2) return kBadFormat;
      if (DecodeError error = Number(); error != kNone) return error;
      unit = rest_.empty() ? '\0' : rest_[0];
      if (!rest_.empty()) rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
  Parts parts_;
  int64_t value_ = 0;
  double fraction_ = 0;
  bool date_part_ = true, have_field_ = false;
};

}  // namespace

Result<Interval> ParseInterval(std::string_view text, int32_t typmod, const FormatContext& context) {
  int32_t range = typmod >= 0 ? IntervalRangeOfTypmod(typmod) : kIntervalFullRange;
  Parts parts;
  DecodeError error = Decoder(range, context.interval_style).Run(text, &parts);
  if (error == kBadFormat) {
    parts = Parts();
    error = IsoDecoder(text).Run(&parts);
  }
  if (error == kOverflow) error = kIntervalOverflow;
  if (error != kNone) return DecodeFailure(error, text, "interval");
  int64_t months = int64_t{parts.years} * 12 + parts.months;
  if (months != static_cast<int32_t>(months)) {
    return Error(sqlstate::kDatetimeFieldOverflow, "interval out of range");
  }
  return Interval{static_cast<int32_t>(months), parts.days, parts.micros};
}

}  // namespace phantom::types
