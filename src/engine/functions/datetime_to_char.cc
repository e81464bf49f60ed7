// to_char of timestamps and intervals (PostgreSQL 15, chapter 9.8).
#include <cstdlib>
#include <optional>
#include <string>

#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/ascii.h"
#include "types/civil.h"
#include "types/datetime_math.h"
#include "types/format_context.h"

namespace phantom::engine {

namespace {

using types::Interval;
using types::StringRef;
using T = int64_t;
using Out = Writer<StringRef>;

constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                   "July",    "August",   "September", "October", "November", "December"};
constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr const char* kRoman[] = {"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};

// A moment or an interval taken apart.
struct Parts {
  bool interval = false;
  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
  int64_t date = 0;         // days from 2000-01-01
  int day_of_year = 0;      // for an interval: its days, months of 30 days
  std::string_view zone;    // abbreviation
  int64_t seconds_east = 0;
};

enum class Letters { kAsWritten, kUpper, kLower };

std::string InCase(std::string_view text, Letters letters) {
  std::string result(text);
  for (char& c : result) {
    if (letters == Letters::kUpper) c = types::ToUpper(c);
    if (letters == Letters::kLower) c = types::ToLower(c);
  }
  return result;
}

// How a name pattern is spelled decides the case: MONTH, Month, month.
Letters CaseOf(std::string_view pattern) {
  if (types::IsLower(pattern[0])) return Letters::kLower;
  return types::IsLower(pattern[1]) ? Letters::kAsWritten : Letters::kUpper;
}

// "st", "nd", "rd" or "th".
std::string_view Ordinal(std::string_view number) {
  const char last = number.back(), before = number.size() > 1 ? number[number.size() - 2] : '0';
  if (before == '1') return "th";
  return last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th";
}

class Template {
 public:
  Template(std::string_view format, const Parts& parts, std::string& out) : format_(format), parts_(parts), out_(out) {}

  Status Run() {
    while (at_ < format_.size()) {
      if (format_[at_] == '"') {
        Quoted();
        continue;
      }
      if (format_[at_] == '\\' && at_ + 1 < format_.size() && format_[at_ + 1] == '"') ++at_;
      fill_ = false;
      const size_t begin = at_;
      if (Take("FM")) fill_ = true;
      if (!Take("TM")) Take("FX");
      Result<bool> known = Pattern();
      if (!known.ok()) return std::move(known).status();
      if (!*known) {
        at_ = begin;
        if (PrefixOnly()) continue;
        out_ += format_[at_++];
      }
    }
    return Status::Ok();
  }

 private:
  // Text in double quotes stands for itself.
  void Quoted() {
    for (++at_; at_ < format_.size() && format_[at_] != '"'; ++at_) {
      if (format_[at_] == '\\' && at_ + 1 < format_.size()) ++at_;
      out_ += format_[at_];
    }
    if (at_ < format_.size()) ++at_;
  }
  bool PrefixOnly() { return Take("FM") || Take("FX") || Take("TM"); }

  // Patterns of letters are known in any case.
  bool Take(std::string_view pattern) {
    const std::string_view rest = format_.substr(at_, pattern.size());
    if (rest.size() != pattern.size()) return false;
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (types::ToUpper(rest[i]) != pattern[i]) return false;
    }
    taken_ = rest;
    at_ += pattern.size();
    return true;
  }

  void Number(int64_t value, int width) {
    const size_t begin = out_.size();
    if (fill_) width = 0;
    out_ += Format("%0*lld", value < 0 && width > 0 ? width + 1 : width, static_cast<long long>(value));
    const std::string_view suffix = format_.substr(at_, 2);
    if (suffix == "TH" || suffix == "th") {
      const std::string_view ordinal = Ordinal(std::string_view(out_).substr(begin));
      out_ += suffix == "TH" ? InCase(ordinal, Letters::kUpper) : std::string(ordinal);
      at_ += 2;
    }
  }
  void Name(std::string_view name, int width) {
    const std::string text = InCase(name, CaseOf(taken_));
    out_ += text;
    if (!fill_ && width > static_cast<int>(text.size())) out_.append(static_cast<size_t>(width) - text.size(), ' ');
  }
  void Spelled(std::string_view upper) {
    out_ += types::IsLower(taken_[0]) ? InCase(upper, Letters::kLower) : std::string(upper);
  }
  Status NotForIntervals() const {
    if (!parts_.interval) return Status::Ok();
    return Error(sqlstate::kInvalidDatetimeFormat, "invalid format specification for an interval value")
        .Hint("Intervals are not tied to specific calendar dates.");
  }
  int64_t ShownYear() const {
    return parts_.interval ? parts_.year : parts_.year <= 0 ? -(parts_.year - 1) : parts_.year;
  }
  types::IsoWeek Week() const { return types::IsoWeekOf(parts_.date); }

  // One pattern at the current place; false when there is none.
  Result<bool> Pattern() {
    const Parts& p = parts_;
    const bool afternoon = p.hour % 24 >= 12;
    if (Take("A.M.") || Take("P.M.")) {
      Spelled(afternoon ? "P.M." : "A.M.");
    } else if (Take("AM") || Take("PM")) {
      Spelled(afternoon ? "PM" : "AM");
    } else if (Take("HH24")) {
      Number(p.hour, 2);
    } else if (Take("HH12") || Take("HH")) {
      Number(p.hour % 12 == 0 ? 12 : p.hour % 12, 2);
    } else if (Take("MI")) {
      Number(p.minute, 2);
    } else if (Take("SSSSS") || Take("SSSS")) {
      Number(p.hour * 3600 + p.minute * 60 + p.second, 0);
    } else if (Take("SS")) {
      Number(p.second, 2);
    } else if (Take("MS")) {
      Fraction(3);
    } else if (Take("US")) {
      Fraction(6);
    } else if (FractionDigits()) {
    } else if (Take("TZH")) {
      RETURN_IF_ERROR(NotForIntervals());
      out_ += Format("%c%02lld", p.seconds_east >= 0 ? '+' : '-', std::llabs(p.seconds_east) / 3600);
    } else if (Take("TZM")) {
      RETURN_IF_ERROR(NotForIntervals());
      out_ += Format("%02lld", std::llabs(p.seconds_east) % 3600 / 60);
    } else if (Take("TZ")) {
      RETURN_IF_ERROR(NotForIntervals());
      out_ += types::IsLower(taken_[0]) ? InCase(p.zone, Letters::kLower) : std::string(p.zone);
    } else if (Take("OF")) {
      RETURN_IF_ERROR(NotForIntervals());
      out_ += Format("%c%0*lld", p.seconds_east >= 0 ? '+' : '-', fill_ ? 0 : 2, std::llabs(p.seconds_east) / 3600);
      if (p.seconds_east % 3600 != 0) out_ += Format(":%02lld", std::llabs(p.seconds_east) % 3600 / 60);
    } else {
      return DatePattern();
    }
    return true;
  }

  void Fraction(int digits) {
    int64_t value = parts_.micros;
    for (int i = digits; i < 6; ++i) value /= 10;
    const bool fill = fill_;
    fill_ = false;
    Number(value, digits);
    fill_ = fill;
  }
  bool FractionDigits() {
    const std::string_view rest = format_.substr(at_, 3);
    if (rest.size() < 3 || types::ToUpper(rest[0]) != 'F' || types::ToUpper(rest[1]) != 'F' || rest[2] < '1' ||
        rest[2] > '6') {
      return false;
    }
    at_ += 3;
    Fraction(rest[2] - '0');
    return true;
  }

  Result<bool> DatePattern() {
    const Parts& p = parts_;
    if (Take("A.D.") || Take("B.C.") || Take("AD") || Take("BC")) {
      RETURN_IF_ERROR(NotForIntervals());
      const bool dotted = taken_.size() == 4;
      Spelled(p.year <= 0 ? (dotted ? "B.C." : "BC") : (dotted ? "A.D." : "AD"));
    } else if (Take("MONTH")) {
      RETURN_IF_ERROR(NotForIntervals());
      Name(kMonths[p.month - 1], 9);
    } else if (Take("MON")) {
      RETURN_IF_ERROR(NotForIntervals());
      Name(std::string_view(kMonths[p.month - 1]).substr(0, 3), 0);
    } else if (Take("MM")) {
      Number(p.month, 2);
    } else if (Take("DAY")) {
      RETURN_IF_ERROR(NotForIntervals());
      Name(kDays[types::DayOfWeek(p.date)], 9);
    } else if (Take("DY")) {
      RETURN_IF_ERROR(NotForIntervals());
      Name(std::string_view(kDays[types::DayOfWeek(p.date)]).substr(0, 3), 0);
    } else if (Take("DDD")) {
      Number(p.day_of_year, 3);
    } else if (Take("IDDD")) {
      RETURN_IF_ERROR(NotForIntervals());
      Number(p.date - types::IsoYearStart(Week().year) + 1, 3);
    } else if (Take("DD")) {
      Number(p.day, 2);
    } else if (Take("ID")) {
      RETURN_IF_ERROR(NotForIntervals());
      Number(types::DayOfWeek(p.date) == 0 ? 7 : types::DayOfWeek(p.date), 0);
    } else if (Take("IW")) {
      RETURN_IF_ERROR(NotForIntervals());
      Number(Week().week, 2);
    } else if (Take("WW")) {
      Number((p.day_of_year - 1) / 7 + 1, 2);
    } else if (Take("CC")) {
      const int64_t century = p.interval ? p.year / 100
                              : p.year > 0 ? (p.year - 1) / 100 + 1
                                           : -((-p.year) / 100 + 1);
      Number(century, 2);
    } else if (Take("Y,YYY")) {
      const int64_t year = ShownYear();
      const bool fill = fill_;
      out_ += Format("%lld,", static_cast<long long>(year / 1000));
      fill_ = false;
      Number(year % 1000, 3);
      fill_ = fill;
    } else if (Take("IYYY") || Take("IYY") || Take("IY")) {
      YearDigits(IsoYear(), static_cast<int>(taken_.size()));
    } else if (Take("YYYY") || Take("YYY") || Take("YY") || Take("Y")) {
      YearDigits(ShownYear(), static_cast<int>(taken_.size()));
    } else if (Take("I")) {
      YearDigits(IsoYear(), 1);
    } else if (Take("RM")) {
      Roman();
    } else if (Take("W")) {
      Number((p.day - 1) / 7 + 1, 0);
    } else if (Take("J")) {
      Number(p.interval ? p.day_of_year : p.date + types::kEpochJulianDay, 0);
    } else if (Take("Q")) {
      if (p.month != 0) Number((p.month - 1) / 3 + 1, 0);
    } else if (Take("D")) {
      RETURN_IF_ERROR(NotForIntervals());
      Number(types::DayOfWeek(p.date) + 1, 0);
    } else {
      return false;
    }
    return true;
  }

  int64_t IsoYear() const {
    if (parts_.interval) return parts_.year;
    const int64_t year = Week().year;
    return year <= 0 ? -(year - 1) : year;
  }
  void YearDigits(int64_t year, int digits) {
    constexpr int64_t kModulus[] = {1, 10, 100, 1000};
    Number(digits == 4 ? year : year % kModulus[digits], digits);
  }
  void Roman() {
    if (parts_.month == 0 && parts_.year == 0) return;
    // Of an interval, months count from December when there are years or the interval is negative.
    const int64_t month = parts_.month > 0 ? parts_.month : parts_.month + 12;
    const std::string text = InCase(kRoman[month - 1], types::IsLower(taken_[0]) ? Letters::kLower : Letters::kUpper);
    out_ += text;
    if (!fill_ && text.size() < 4) out_.append(4 - text.size(), ' ');
  }

  const std::string_view format_;
  const Parts& parts_;
  std::string& out_;
  size_t at_ = 0;
  bool fill_ = false;
  std::string_view taken_;
};

void TakeApart(T local, Parts& parts) {
  const types::CivilTime t = types::CivilFromTimestamp(local);
  parts.year = t.year;
  parts.month = t.month;
  parts.day = t.day;
  parts.hour = t.hour;
  parts.minute = t.minute;
  parts.second = t.second;
  parts.micros = t.micros;
  parts.date = types::FloorDiv(local, types::kMicrosPerDay);
  parts.day_of_year = types::DayOfYear(t.year, t.month, t.day);
}

Status Put(std::string_view format, const Parts& parts, Out& out) {
  if (format.empty()) {
    out.SetNull();
    return Status::Ok();
  }
  std::string text;
  RETURN_IF_ERROR(Template(format, parts, text).Run());
  out.SetText(text);
  return Status::Ok();
}

Status TimestampToChar(KernelContext&, const T& timestamp, const StringRef& format, Out& out) {
  if (!types::IsFiniteTimestamp(timestamp)) {
    out.SetNull();
    return Status::Ok();
  }
  Parts parts;
  TakeApart(timestamp, parts);
  return Put(format.view(), parts, out);
}
Status TimestampTzToChar(KernelContext& context, const T& timestamp, const StringRef& format, Out& out) {
  if (!types::IsFiniteTimestamp(timestamp)) {
    out.SetNull();
    return Status::Ok();
  }
  const types::ZoneOffset offset = context.format->time_zone.At(timestamp);
  ASSIGN_OR_RETURN(const T local, types::UtcToLocal(timestamp, context.format->time_zone));
  Parts parts;
  TakeApart(local, parts);
  parts.zone = offset.abbreviation;
  parts.seconds_east = offset.seconds_east;
  return Put(format.view(), parts, out);
}
Status IntervalToChar(KernelContext&, const Interval& interval, const StringRef& format, Out& out) {
  Parts parts;
  parts.interval = true;
  parts.year = interval.months / 12;
  parts.month = interval.months % 12;
  parts.day = interval.days;
  parts.hour = interval.micros / types::kMicrosPerHour;
  parts.minute = interval.micros / types::kMicrosPerMinute % 60;
  parts.second = interval.micros / types::kMicrosPerSecond % 60;
  parts.micros = interval.micros % types::kMicrosPerSecond;
  parts.day_of_year = static_cast<int>(parts.year * 360 + parts.month * 30 + parts.day);
  return Put(format.view(), parts, out);
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("timestamp_to_char", Strict<TimestampToChar, StringRef, T, StringRef>),
    KernelEntry::Scalar("timestamptz_to_char", Strict<TimestampTzToChar, StringRef, T, StringRef>),
    KernelEntry::Scalar("interval_to_char", Strict<IntervalToChar, StringRef, Interval, StringRef>),
};

}  // namespace

std::span<const KernelEntry> DatetimeToCharKernels() { return kTable; }

}  // namespace phantom::engine
