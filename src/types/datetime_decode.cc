#include "types/datetime_decode.h"

#include <cmath>
#include <optional>

#include "types/ascii.h"
#include "types/datetime.h"
#include "types/datetime_resolve.h"

namespace phantom::types {
namespace {

constexpr int kZoneHourMax = 15;

using enum DecodeError;

int Atoi(std::string_view text) {
  int value = 0;
  for (char c : text) {
    if (!IsDigit(c)) break;
    if (value < 100000000) value = value * 10 + (c - '0');
  }
  return value;
}

class Decoder {
 public:
  // time_only: for time and timetz. A zone may be given for every type; those without one ignore it.
  Decoder(const FormatContext& context, bool time_only) : context_(context), time_only_(time_only) {}

  // error_ carries a message of its own when Run returns kBadFormat and it is not Ok.
  DecodeError Run(std::string_view text, Decoded* out) {
    DecodeError error = SplitDateTime(text, &fields_);
    if (error != kNone) return error;
    for (index_ = 0; index_ < fields_.size(); ++index_) {
      uint32_t found = 0;
      bool skip = false;
      error = Field(fields_[index_], &found, &skip);
      if (error != kNone) return error;
      if (skip) continue;
      if ((found & d_.parts) != 0) return kBadFormat;
      d_.parts |= found;
    }
    error = Resolve(context_, time_only_, &d_);
    *out = d_;
    return error;
  }

  Status status() && { return std::move(status_); }

 private:
  bool Has(uint32_t all) const { return d_.Has(all); }
  size_t count() const { return fields_.size(); }

  DecodeError Field(DateTimeField& field, uint32_t* found, bool* skip) {
    switch (field.kind) {
      case FieldKind::kDate:
        return DateField(field, found);
      case FieldKind::kTime:
        if (pending_) {
          if (*pending_ != Word::kTime) return kBadFormat;
          pending_.reset();
        }
        return TimeField(field.text, found);
      case FieldKind::kZone:
        *found = kZone;
        return ZoneOffsetField(field.text, &d_.zone_west);
      case FieldKind::kNumber:
        return pending_ ? UnitNumber(field.text, found) : BareNumber(field, found);
      case FieldKind::kString:
      case FieldKind::kSpecial:
        return WordField(field.text, found, skip);
    }
    return kBadFormat;
  }

  // A field with date punctuation: a date, a zone by name, or run-together time with a zone ("040506-08").
  DecodeError DateField(DateTimeField& field, uint32_t* found) {
    if (time_only_) {
      if (index_ == 0 && count() >= 2 &&
          (fields_.back().kind == FieldKind::kDate || fields_[1].kind == FieldKind::kTime)) {
        return DateText(field.text, found);
      }
      if (!IsDigit(field.text[0])) return ZoneNameField(field, found);
      return TimeWithZone(field, found);
    }
    if (pending_ == Word::kJulian) {
      std::string_view rest = field.text;
      int64_t day = 0;
      bool overflow = false;
      if (!ReadInt(&rest, &day, &overflow) || overflow || day > INT32_MAX) return kOverflow;
      SetJulian(day);
      pending_.reset();
      *found = kDateParts | kTimeParts | kZone;
      return ZoneOffsetField(rest, &d_.zone_west);
    }
    if (pending_ || Has(kMonth | kDay)) {
      if (!IsDigit(field.text[0]) && !pending_) return ZoneNameField(field, found);
      if (pending_ && *pending_ != Word::kTime) return kBadFormat;
      pending_.reset();
      return TimeWithZone(field, found);
    }
    return DateText(field.text, found);
  }

  DecodeError TimeWithZone(DateTimeField& field, uint32_t* found) {
    if (Has(kTimeParts)) return kBadFormat;
    size_t minus = field.text.find('-');
    if (minus == std::string::npos) return kBadFormat;
    DecodeError error = ZoneOffsetField(std::string_view(field.text).substr(minus), &d_.zone_west);
    if (error != kNone) return error;
    error = NumberField(field.text.substr(0, minus), time_only_ ? d_.parts | kDateParts : d_.parts, found);
    *found |= kZone;
    if (error == kNone && time_only_) field.kind = (*found & kTimeParts) != 0 ? FieldKind::kTime : FieldKind::kDate;
    return error;
  }

  DecodeError ZoneNameField(DateTimeField& field, uint32_t* found) {
    d_.zone = TimeZone::Find(field.text);
    if (!d_.zone) {
      status_ = Error(sqlstate::kInvalidParameterValue,
                      Format("time zone \"%s\" not recognized", field.text.c_str()));
      return kBadFormat;
    }
    if (time_only_) field.kind = FieldKind::kZone;
    *found = kZone;
    return kNone;
  }

  // "1999-01-08", "8-jan-99", "1/8/1999", "1999.008".
  DecodeError DateText(std::string_view text, uint32_t* found) {
    std::vector<std::string_view> pieces;
    size_t at = 0;
    while (at < text.size()) {
      while (at < text.size() && !IsAlnum(text[at])) ++at;
      if (at == text.size()) return kBadFormat;
      size_t from = at;
      bool digits = IsDigit(text[at]);
      while (at < text.size() && (digits ? IsDigit(text[at]) : IsAlpha(text[at]))) ++at;
      pieces.push_back(text.substr(from, at - from));
      if (at < text.size()) ++at;
    }
    uint32_t parts = d_.parts;
    bool text_month = false;
    for (std::string_view& piece : pieces) {
      if (!IsAlpha(piece[0])) continue;
      WordMeaning word = FindDateWord(piece);
      piece = {};
      if (word.kind == WordKind::kIgnored) continue;
      if (word.kind != WordKind::kMonth || (parts & kMonth) != 0) return kBadFormat;
      d_.month = word.value;
      text_month = true;
      parts |= kMonth;
      *found |= kMonth;
    }
    for (std::string_view piece : pieces) {
      if (piece.empty()) continue;
      uint32_t now = 0;
      DecodeError error = Number(std::string(piece), text_month, parts, &now);
      if (error != kNone) return error;
      if ((parts & now) != 0) return kBadFormat;
      parts |= now;
      *found |= now;
    }
    return (parts & ~(kDayOfYear | kZone)) == kDateParts ? kNone : kBadFormat;
  }

  // "04:05", "04:05:06.789", "04:05.6" (minutes and seconds).
  DecodeError TimeField(std::string_view text, uint32_t* found) {
    *found = kTimeParts;
    int64_t hour = 0, minute = 0, second = 0;
    double fraction = 0;
    bool overflow = false;
    if (!ReadInt(&text, &hour, &overflow) || overflow) return overflow ? kOverflow : kBadFormat;
    if (text.empty() || text[0] != ':') return kBadFormat;
    text.remove_prefix(1);
    ReadInt(&text, &minute, &overflow);
    if (!text.empty() && text[0] == ':') {
      text.remove_prefix(1);
      ReadInt(&text, &second, &overflow);
    } else if (!text.empty() && text[0] == '.') {
      second = minute;
      minute = hour;
      hour = 0;
    }
    if (!text.empty()) {
      if (text[0] != '.') return kBadFormat;
      if (DecodeError error = ReadFraction(text, &fraction); error != kNone) return error;
    }
    if (overflow || hour < 0 || hour > INT32_MAX || minute < 0 || minute > 59 || second < 0 || second > 60) {
      return kOverflow;
    }
    d_.hour = static_cast<int>(hour);
    d_.minute = static_cast<int>(minute);
    d_.second = static_cast<int>(second);
    d_.micros = std::llrint(fraction * 1e6);
    if (!time_only_ && TimeOverflows(d_)) return kOverflow;
    return kNone;
  }

  // "+08", "-0800", "+08:00:00".
  static DecodeError ZoneOffsetField(std::string_view text, int32_t* west) {
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return kBadFormat;
    bool negative = text[0] == '-';
    size_t length = text.size();
    text.remove_prefix(1);
    int64_t hour = 0, minute = 0, second = 0;
    bool overflow = false;
    ReadInt(&text, &hour, &overflow);
    if (overflow || hour > INT32_MAX) return kZoneOverflow;
    if (!text.empty() && text[0] == ':') {
      text.remove_prefix(1);
      ReadInt(&text, &minute, &overflow);
      if (!text.empty() && text[0] == ':') {
        text.remove_prefix(1);
        ReadInt(&text, &second, &overflow);
      }
    } else if (text.empty() && length > 3) {
      minute = hour % 100;
      hour /= 100;
    }
    if (overflow || hour < 0 || hour > kZoneHourMax || minute < 0 || minute >= 60 || second < 0 || second >= 60) {
      return kZoneOverflow;
    }
    auto seconds = static_cast<int32_t>(hour * 3600 + minute * 60 + second);
    *west = negative ? seconds : -seconds;
    return text.empty() ? kNone : kBadFormat;
  }

  void SetJulian(int64_t julian_day) {
    CivilDate date = CivilFromDays(julian_day - kEpochJulianDay);
    d_.year = date.year;
    d_.month = date.month;
    d_.day = date.day;
    d_.year_is_final = true;
  }

  // A number after a unit: "J2451187", "y2001m02d04".
  DecodeError UnitNumber(const std::string& field, uint32_t* found) {
    Word unit = *pending_;
    std::string_view rest = field;
    int64_t value = 0;
    bool overflow = false;
    ReadInt(&rest, &value, &overflow);
    if (overflow || value > INT32_MAX || value < INT32_MIN) return kOverflow;
    bool fraction = !rest.empty() && rest[0] == '.';
    if (fraction && unit != Word::kJulian && unit != Word::kTime && unit != Word::kSecond) return kBadFormat;
    if (!fraction && !rest.empty()) return kBadFormat;
    int number = static_cast<int>(value);
    pending_.reset();
    switch (unit) {
      case Word::kYear:
        d_.year = number;
        *found = kYear;
        return kNone;
      case Word::kMonth:
        if (Has(kMonth) && Has(kHour)) {
          d_.minute = number;
          *found = kMinute;
        } else {
          d_.month = number;
          *found = kMonth;
        }
        return kNone;
      case Word::kDay:
        d_.day = number;
        *found = kDay;
        return kNone;
      case Word::kHour:
        d_.hour = number;
        *found = kHour;
        return kNone;
      case Word::kMinute:
        d_.minute = number;
        *found = kMinute;
        return kNone;
      case Word::kSecond:
        d_.second = number;
        *found = fraction ? kSecondParts : kSecond;
        return fraction ? FractionalSecond(rest) : kNone;
      case Word::kJulian: {
        if (value < 0) return kOverflow;
        SetJulian(value);
        *found = kDateParts;
        if (!fraction) return kNone;
        double day = 0;
        if (DecodeError error = ReadFraction(rest, &day); error != kNone) return error;
        CivilTime time = CivilFromTimestamp(static_cast<int64_t>(day * static_cast<double>(kMicrosPerDay)));
        d_.hour = time.hour;
        d_.minute = time.minute;
        d_.second = time.second;
        d_.micros = time.micros;
        *found |= kTimeParts;
        return kNone;
      }
      case Word::kTime: {
        DecodeError error = NumberField(field, d_.parts | kDateParts, found);
        if (error != kNone) return error;
        return *found == kTimeParts ? kNone : kBadFormat;
      }
      default:
        return kBadFormat;
    }
  }

  DecodeError FractionalSecond(std::string_view text) {
    double fraction = 0;
    DecodeError error = ReadFraction(text, &fraction);
    d_.micros = std::llrint(fraction * 1e6);
    return error;
  }

  DecodeError BareNumber(DateTimeField& field, uint32_t* found) {
    const std::string& text = field.text;
    size_t dot = text.find('.');
    if (time_only_) {
      uint32_t parts = d_.parts | kDateParts;
      DecodeError error;
      if (dot != std::string::npos) {
        if (index_ == 0 && count() >= 2 && fields_.back().kind == FieldKind::kDate) return DateText(text, found);
        if (dot <= 2) return kBadFormat;
        error = NumberField(text, parts, found);
      } else if (text.size() > 4) {
        error = NumberField(text, parts, found);
      } else {
        return Number(text, false, parts, found);
      }
      if (error == kNone) field.kind = (*found & kTimeParts) != 0 ? FieldKind::kTime : FieldKind::kDate;
      return error;
    }
    bool has_date = (d_.parts & kDateParts) != 0, has_time = (d_.parts & kTimeParts) != 0;
    if (dot != std::string::npos && !has_date) return DateText(text, found);
    if (dot != std::string::npos && dot > 2) return NumberField(text, d_.parts, found);
    if (text.size() >= 6 && (!has_date || !has_time)) return NumberField(text, d_.parts, found);
    return Number(text, text_month_, d_.parts, found);
  }

  // One number of a date: which part it is follows from what is there and from DateStyle's order.
  DecodeError Number(const std::string& text, bool text_month, uint32_t parts, uint32_t* found) {
    std::string_view rest = text;
    int64_t value = 0;
    bool overflow = false;
    if (!ReadInt(&rest, &value, &overflow)) return kBadFormat;
    if (overflow || value > INT32_MAX) return kOverflow;
    int number = static_cast<int>(value);
    *found = 0;
    if (!rest.empty()) {
      if (rest[0] != '.') return kBadFormat;
      if (text.size() - rest.size() > 2) return NumberField(text, parts | kDateParts, found);
      if (DecodeError error = FractionalSecond(rest); error != kNone) return error;
    }
    if (text.size() == 3 && (parts & kDateParts) == kYear && number >= 1 && number <= 366) {
      *found = kDayOfYear | kMonth | kDay;
      d_.day_of_year = number;
      return kNone;
    }
    auto year = [&] {
      *found = kYear;
      d_.year = number;
    };
    auto month = [&] {
      *found = kMonth;
      d_.month = number;
    };
    auto day = [&] {
      *found = kDay;
      d_.day = number;
    };
    bool year_first = text.size() >= 3 || context_.date_order == DateOrder::kYmd;
    switch (parts & kDateParts) {
      case 0:
        year_first ? year() : context_.date_order == DateOrder::kDmy ? day() : month();
        break;
      case kYear:
      case kDay:
        month();
        break;
      case kMonth:
        text_month && year_first ? year() : day();
        break;
      case kYear | kMonth:
        if (text_month && text.size() >= 3 && d_.two_digit_year) {
          // What was taken for a year of two digits was the day.
          d_.day = static_cast<int>(d_.year);
          d_.year = number;
          d_.two_digit_year = false;
          *found = kDay;
        } else {
          day();
        }
        break;
      case kMonth | kDay:
        year();
        break;
      case kDateParts:
        return NumberField(text, parts, found);
      default:
        return kBadFormat;
    }
    if (*found == kYear) d_.two_digit_year = text.size() <= 2;
    return kNone;
  }

  // Run-together dates and times: "19990108", "990108", "040506.789", "0405".
  DecodeError NumberField(std::string text, uint32_t parts, uint32_t* found) {
    if (size_t dot = text.find('.'); dot != std::string::npos) {
      if (DecodeError error = FractionalSecond(std::string_view(text).substr(dot)); error != kNone) return error;
      text.resize(dot);
    } else if ((parts & kDateParts) != kDateParts && text.size() >= 6) {
      size_t size = text.size();
      *found = kDateParts;
      d_.day = Atoi(std::string_view(text).substr(size - 2));
      d_.month = Atoi(std::string_view(text).substr(size - 4, 2));
      d_.year = Atoi(std::string_view(text).substr(0, size - 4));
      if (size == 6) d_.two_digit_year = true;
      return kNone;
    }
    if ((parts & kTimeParts) == kTimeParts || (text.size() != 6 && text.size() != 4)) return kBadFormat;
    *found = kTimeParts;
    d_.hour = Atoi(std::string_view(text).substr(0, 2));
    d_.minute = Atoi(std::string_view(text).substr(2, 2));
    d_.second = text.size() == 6 ? Atoi(std::string_view(text).substr(4)) : 0;
    return kNone;
  }

  DecodeError WordField(const std::string& text, uint32_t* found, bool* skip) {
    if (const ZoneAbbreviation* abbreviation = FindZoneAbbreviation(text)) {
      *found = kZone;
      if (abbreviation->zone.empty()) {
        d_.zone_west = -abbreviation->seconds_east;
        if (abbreviation->is_dst) *found |= kSummerTime;
      } else {
        d_.abbreviation_zone = TimeZone::Find(abbreviation->zone);
        d_.abbreviation = text;
        if (time_only_) fields_[index_].kind = FieldKind::kZone;
      }
      return kNone;
    }
    WordMeaning word = FindDateWord(text);
    switch (word.kind) {
      case WordKind::kIgnored:
        *skip = true;
        return kNone;
      case WordKind::kReserved:
        return ReservedWord(static_cast<Word>(word.value), found);
      case WordKind::kMonth:
        if (time_only_) return kBadFormat;
        // A number read as the month before ("8 jan") was the day.
        *found = kMonth;
        if (Has(kMonth) && !text_month_ && !Has(kDay) && d_.month >= 1 && d_.month <= 31) {
          d_.day = d_.month;
          *found = kDay;
        }
        text_month_ = true;
        d_.month = word.value;
        return kNone;
      case WordKind::kZoneModifier:
        *found = kZoneModifier | kSummerTime;
        d_.zone_west -= word.value;
        return kNone;
      case WordKind::kAmPm:
        *found = kAmPm;
        d_.am_pm = static_cast<Word>(word.value);
        return kNone;
      case WordKind::kAdBc:
        *found = kAdBc;
        d_.bc = static_cast<Word>(word.value) == Word::kBc;
        return kNone;
      case WordKind::kDayOfWeek:
        if (time_only_) return kBadFormat;
        *found = kWeekday;
        return kNone;
      case WordKind::kUnits:
        pending_ = static_cast<Word>(word.value);
        return kNone;
      case WordKind::kIsoTime:
        if (!time_only_ && !Has(kDateParts)) return kBadFormat;
        if (index_ + 1 >= count() || (fields_[index_ + 1].kind != FieldKind::kNumber &&
                                      fields_[index_ + 1].kind != FieldKind::kTime &&
                                      fields_[index_ + 1].kind != FieldKind::kDate)) {
          return kBadFormat;
        }
        pending_ = static_cast<Word>(word.value);
        return kNone;
      case WordKind::kUnknown:
        d_.zone = TimeZone::Find(text);
        *found = kZone;
        return d_.zone ? kNone : kBadFormat;
      default:
        return kBadFormat;
    }
  }

  DecodeError ReservedWord(Word word, uint32_t* found) {
    const int64_t start = context_.ReadNow();
    int64_t local = start + int64_t{context_.time_zone.At(start).seconds_east} * kMicrosPerSecond;
    CivilTime now = CivilFromTimestamp(local);
    auto set_date = [&](int64_t days) {
      CivilDate date = CivilFromDays(days);
      d_.year = date.year;
      d_.month = date.month;
      d_.day = date.day;
      *found = kDateParts;
      d_.year_is_final = true;
    };
    int64_t today = FloorDiv(local, kMicrosPerDay);
    switch (word) {
      case Word::kNow:
        if (!time_only_) {
          set_date(today);
          *found |= kZone;
          d_.zone_west = -context_.time_zone.At(start).seconds_east;
        }
        d_.hour = now.hour;
        d_.minute = now.minute;
        d_.second = now.second;
        d_.micros = now.micros;
        *found |= kTimeParts;
        return kNone;
      case Word::kZulu:
        *found = kTimeParts | kZone;
        d_.hour = d_.minute = d_.second = 0;
        d_.zone_west = 0;
        return kNone;
      default:
        break;
    }
    if (time_only_) return kBadFormat;
    switch (word) {
      case Word::kYesterday:
        set_date(today - 1);
        return kNone;
      case Word::kToday:
        set_date(today);
        return kNone;
      case Word::kTomorrow:
        set_date(today + 1);
        return kNone;
      default:
        d_.special = word;
        return kNone;
    }
  }

  const FormatContext& context_;
  const bool time_only_;
  std::vector<DateTimeField> fields_;
  size_t index_ = 0;
  DateTimeParts d_;
  std::optional<Word> pending_;  // a unit that the next number belongs to
  bool text_month_ = false;
  Status status_;
};

}  // namespace

Status DecodeDateTime(std::string_view text, const FormatContext& context, bool time_only, const char* type,
              Decoded* out) {
  Decoder decoder(context, time_only);
  DecodeError error = decoder.Run(text, out);
  if (error == kNone) return Status::Ok();
  Status own = std::move(decoder).status();
  return own.ok() ? DecodeFailure(error, text, type) : own;
}

}  // namespace phantom::types
