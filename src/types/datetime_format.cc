// Dates, times, timestamps and intervals to text, in every DateStyle and IntervalStyle; settings of these; typmods.
#include <cstdlib>

#include "types/ascii.h"
#include "types/datetime.h"
#include "types/interval_fields.h"
#include "types/text_format.h"

namespace phantom::types {
namespace {

constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

void Padded(int64_t value, size_t width, std::string& out) {
  char buffer[24];
  auto size = static_cast<size_t>(FormatInt64(value, buffer) - buffer);
  if (size < width) out.append(width - size, '0');
  out.append(buffer, size);
}

// "06" or "6", and ".789" without trailing zeros.
void Seconds(int64_t second, int64_t micros, bool pad, std::string& out) {
  Padded(std::abs(second), pad ? 2 : 1, out);
  if (micros == 0) return;
  out.push_back('.');
  Padded(std::abs(micros), 6, out);
  while (out.back() == '0') out.pop_back();
}

void Year(int32_t year, std::string& out) { Padded(year > 0 ? year : 1 - int64_t{year}, 4, out); }

void Clock(const CivilTime& t, std::string& out) {
  Padded(t.hour, 2, out);
  out.push_back(':');
  Padded(t.minute, 2, out);
  out.push_back(':');
  Seconds(t.second, t.micros, true, out);
}

void DayAndMonth(const CivilTime& t, char delimiter, DateOrder order, std::string& out) {
  bool day_first = order == DateOrder::kDmy;
  Padded(day_first ? t.day : t.month, 2, out);
  out.push_back(delimiter);
  Padded(day_first ? t.month : t.day, 2, out);
}

void NumericDate(const CivilTime& t, DateStyle style, DateOrder order, std::string& out) {
  switch (style) {
    case DateStyle::kIso:
      Year(t.year, out);
      out.push_back('-');
      Padded(t.month, 2, out);
      out.push_back('-');
      Padded(t.day, 2, out);
      break;
    case DateStyle::kSql:
      DayAndMonth(t, '/', order, out);
      out.push_back('/');
      Year(t.year, out);
      break;
    case DateStyle::kGerman:
      DayAndMonth(t, '.', DateOrder::kDmy, out);
      out.push_back('.');
      Year(t.year, out);
      break;
    case DateStyle::kPostgres:
      DayAndMonth(t, '-', order, out);
      out.push_back('-');
      Year(t.year, out);
      break;
  }
}

// local is the time to show; zone is null for a plain timestamp.
void DateTime(int64_t local, const ZoneOffset* zone, const FormatContext& context, std::string& out) {
  CivilTime t = CivilFromTimestamp(local);
  auto abbreviation = [&] {
    // Zones without a name of letters are shown as an offset, as their abbreviation is one.
    out.push_back(' ');
    out.append(zone->abbreviation);
  };
  switch (context.date_style) {
    case DateStyle::kIso:
      NumericDate(t, context.date_style, context.date_order, out);
      out.push_back(' ');
      Clock(t, out);
      if (zone != nullptr) AppendZone(-zone->seconds_east, out);
      break;
    case DateStyle::kSql:
    case DateStyle::kGerman:
      NumericDate(t, context.date_style, context.date_order, out);
      out.push_back(' ');
      Clock(t, out);
      if (zone != nullptr) abbreviation();
      break;
    case DateStyle::kPostgres: {
      out.append(kDays[DayOfWeek(FloorDiv(local, kMicrosPerDay))]).push_back(' ');
      bool day_first = context.date_order == DateOrder::kDmy;
      if (day_first) {
        Padded(t.day, 2, out);
        out.push_back(' ');
      }
      out.append(kMonths[t.month - 1]).push_back(' ');
      if (!day_first) {
        Padded(t.day, 2, out);
        out.push_back(' ');
      }
      Clock(t, out);
      out.push_back(' ');
      Year(t.year, out);
      if (zone != nullptr) abbreviation();
      break;
    }
  }
  if (t.year <= 0) out.append(" BC");
}

struct IntervalText {
  int64_t year, month, day, hour, minute, second, micros;

  explicit IntervalText(const Interval& v)
      : year(v.months / 12),
        month(v.months % 12),
        day(v.days),
        hour(v.micros / kMicrosPerHour),
        minute(v.micros / kMicrosPerMinute % 60),
        second(v.micros / kMicrosPerSecond % 60),
        micros(v.micros % kMicrosPerSecond) {}

  bool time_negative() const { return hour < 0 || minute < 0 || second < 0 || micros < 0; }
  bool has_time() const { return hour != 0 || minute != 0 || second != 0 || micros != 0; }
};

void HoursToSeconds(const IntervalText& t, size_t hour_width, std::string& out) {
  Padded(std::abs(t.hour), hour_width, out);
  out.push_back(':');
  Padded(std::abs(t.minute), 2, out);
  out.push_back(':');
  Seconds(t.second, t.micros, true, out);
}

void PostgresInterval(const IntervalText& t, std::string& out) {
  bool first = true, negative_before = false;
  auto part = [&](int64_t value, const char* unit) {
    if (value == 0) return;
    if (!first) out.push_back(' ');
    if (negative_before && value > 0) out.push_back('+');
    AppendInt64(value, out);
    out.append(" ").append(unit).append(value != 1 ? "s" : "");
    negative_before = value < 0;
    first = false;
  };
  part(t.year, "year");
  part(t.month, "mon");
  part(t.day, "day");
  if (!first && !t.has_time()) return;
  if (!first) out.push_back(' ');
  out.append(t.time_negative() ? "-" : negative_before ? "+" : "");
  HoursToSeconds(t, 2, out);
}

void VerboseInterval(const IntervalText& t, std::string& out) {
  bool first = true, ago = false;
  out.push_back('@');
  auto part = [&](int64_t value, const char* unit) {
    if (value == 0) return;
    if (first) {
      ago = value < 0;
      value = std::abs(value);
    } else if (ago) {
      value = -value;
    }
    out.push_back(' ');
    AppendInt64(value, out);
    out.append(" ").append(unit).append(value == 1 ? "" : "s");
    first = false;
  };
  part(t.year, "year");
  part(t.month, "mon");
  part(t.day, "day");
  part(t.hour, "hour");
  part(t.minute, "min");
  if (t.second != 0 || t.micros != 0) {
    out.push_back(' ');
    if (t.second < 0 || (t.second == 0 && t.micros < 0)) {
      if (first) {
        ago = true;
      } else if (!ago) {
        out.push_back('-');
      }
    } else if (ago) {
      out.push_back('-');
    }
    Seconds(t.second, t.micros, false, out);
    out.append(std::abs(t.second) != 1 || t.micros != 0 ? " secs" : " sec");
    first = false;
  }
  if (first) out.append(" 0");
  if (ago) out.append(" ago");
}

void SqlInterval(IntervalText t, std::string& out) {
  bool negative = t.year < 0 || t.month < 0 || t.day < 0 || t.time_negative();
  bool positive = t.year > 0 || t.month > 0 || t.day > 0 || t.hour > 0 || t.minute > 0 || t.second > 0 || t.micros > 0;
  bool year_month = t.year != 0 || t.month != 0;
  bool day_time = t.day != 0 || t.has_time();
  bool standard = !(negative && positive) && !(year_month && day_time);
  if (!negative && !positive) {
    out.push_back('0');
  } else if (!standard) {
    out.push_back(t.year < 0 || t.month < 0 ? '-' : '+');
    AppendInt64(std::abs(t.year), out);
    out.push_back('-');
    AppendInt64(std::abs(t.month), out);
    out.append(t.day < 0 ? " -" : " +");
    AppendInt64(std::abs(t.day), out);
    out.append(t.time_negative() ? " -" : " +");
    HoursToSeconds(t, 1, out);
  } else {
    if (negative) out.push_back('-');
    if (year_month) {
      AppendInt64(std::abs(t.year), out);
      out.push_back('-');
      AppendInt64(std::abs(t.month), out);
    } else {
      if (t.day != 0) {
        AppendInt64(std::abs(t.day), out);
        out.push_back(' ');
      }
      HoursToSeconds(t, 1, out);
    }
  }
}

void IsoInterval(const IntervalText& t, std::string& out) {
  if (t.year == 0 && t.month == 0 && t.day == 0 && !t.has_time()) {
    out.append("PT0S");
    return;
  }
  auto part = [&](int64_t value, char unit) {
    if (value == 0) return;
    AppendInt64(value, out);
    out.push_back(unit);
  };
  out.push_back('P');
  part(t.year, 'Y');
  part(t.month, 'M');
  part(t.day, 'D');
  if (t.has_time()) out.push_back('T');
  part(t.hour, 'H');
  part(t.minute, 'M');
  if (t.second != 0 || t.micros != 0) {
    if (t.second < 0 || t.micros < 0) out.push_back('-');
    Seconds(t.second, t.micros, false, out);
    out.push_back('S');
  }
}

constexpr int64_t kPrecisionScale[] = {1000000, 100000, 10000, 1000, 100, 10, 1};

// Rounds to so many digits of seconds, half away from zero.
int64_t RoundMicros(int64_t micros, int32_t precision) {
  if (precision < 0 || precision >= 6) return micros;
  int64_t scale = kPrecisionScale[precision];
  // At the end of the range the sum wraps around, as PostgreSQL's does.
  auto magnitude = micros >= 0 ? static_cast<uint64_t>(micros) : -static_cast<uint64_t>(micros);
  int64_t rounded = static_cast<int64_t>(magnitude + static_cast<uint64_t>(scale / 2)) / scale * scale;
  return micros >= 0 ? rounded : -rounded;
}

}  // namespace

void AppendZone(int32_t west, std::string& out) {
  int32_t magnitude = std::abs(west);
  out.push_back(west <= 0 ? '+' : '-');
  Padded(magnitude / 3600, 2, out);
  if (magnitude % 3600 == 0) return;
  out.push_back(':');
  Padded(magnitude / 60 % 60, 2, out);
  if (magnitude % 60 == 0) return;
  out.push_back(':');
  Padded(magnitude % 60, 2, out);
}

void AppendDate(int32_t date, const FormatContext& context, std::string& out) {
  if (!IsFiniteDate(date)) {
    out.append(date == kDateInfinity ? "infinity" : "-infinity");
    return;
  }
  CivilDate civil = CivilFromDays(date);
  CivilTime t{civil.year, civil.month, civil.day};
  NumericDate(t, context.date_style, context.date_order, out);
  if (t.year <= 0) out.append(" BC");
}

void AppendTime(int64_t time, std::string& out) {
  // 24:00:00 is a time of day of its own.
  CivilTime t;
  t.hour = static_cast<int>(time / kMicrosPerHour);
  t.minute = static_cast<int>(time / kMicrosPerMinute % 60);
  t.second = static_cast<int>(time / kMicrosPerSecond % 60);
  t.micros = static_cast<int>(time % kMicrosPerSecond);
  Clock(t, out);
}

void AppendTimeTz(const TimeTz& time, std::string& out) {
  AppendTime(time.micros, out);
  AppendZone(time.zone_west, out);
}

void AppendTimestamp(int64_t timestamp, const FormatContext& context, std::string& out) {
  if (!IsFiniteTimestamp(timestamp)) {
    out.append(timestamp == kTimestampInfinity ? "infinity" : "-infinity");
    return;
  }
  DateTime(timestamp, nullptr, context, out);
}

void AppendTimestampTz(int64_t timestamp, const FormatContext& context, std::string& out) {
  if (!IsFiniteTimestamp(timestamp)) {
    out.append(timestamp == kTimestampInfinity ? "infinity" : "-infinity");
    return;
  }
  ZoneOffset zone = context.time_zone.At(timestamp);
  DateTime(timestamp + int64_t{zone.seconds_east} * kMicrosPerSecond, &zone, context, out);
}

void AppendTimestampXsd(int64_t timestamp, const FormatContext* zone_of, std::string& out) {
  if (!IsFiniteTimestamp(timestamp)) {
    out.append(timestamp == kTimestampInfinity ? "infinity" : "-infinity");
    return;
  }
  int32_t east = zone_of == nullptr ? 0 : zone_of->time_zone.At(timestamp).seconds_east;
  CivilTime t = CivilFromTimestamp(timestamp + int64_t{east} * kMicrosPerSecond);
  NumericDate(t, DateStyle::kIso, DateOrder::kYmd, out);
  out.push_back('T');
  Clock(t, out);
  if (zone_of != nullptr) {
    AppendZone(-east, out);
    if (east % 3600 == 0) out.append(":00");
  }
  if (t.year <= 0) out.append(" BC");
}

void AppendInterval(const Interval& interval, const FormatContext& context, std::string& out) {
  IntervalText text(interval);
  switch (context.interval_style) {
    case IntervalStyle::kPostgres:
      return PostgresInterval(text, out);
    case IntervalStyle::kPostgresVerbose:
      return VerboseInterval(text, out);
    case IntervalStyle::kSqlStandard:
      return SqlInterval(text, out);
    case IntervalStyle::kIso8601:
      return IsoInterval(text, out);
  }
}

int64_t RoundTimeToTypmod(int64_t time, int32_t typmod) { return RoundMicros(time, typmod); }

int64_t RoundTimestampToTypmod(int64_t timestamp, int32_t typmod) {
  return IsFiniteTimestamp(timestamp) ? RoundMicros(timestamp, typmod) : timestamp;
}

Interval FitIntervalToTypmod(const Interval& interval, int32_t typmod) {
  if (typmod < 0) return interval;
  Interval fit = interval;
  int32_t range = IntervalRangeOfTypmod(typmod);
  if (range != kIntervalFullRange) {
    // Fields below the least one are dropped.
    if ((range & (kIntervalSecond | kIntervalMinute | kIntervalHour)) == 0) fit.micros = 0;
    if ((range & kIntervalSecond) == 0) {
      int64_t unit = (range & kIntervalMinute) != 0 ? kMicrosPerMinute : kMicrosPerHour;
      fit.micros = fit.micros / unit * unit;
      if ((range & (kIntervalMinute | kIntervalHour | kIntervalDay)) == 0) fit.days = 0;
    }
    if (range == kIntervalYear) fit.months = fit.months / 12 * 12;
  }
  int32_t precision = IntervalPrecisionOfTypmod(typmod);
  if (precision != kIntervalFullPrecision) fit.micros = RoundMicros(fit.micros, precision);
  return fit;
}

// Settings ------------------------------------------------------------------------------------------------------------

bool ParseDateStyle(std::string_view text, DateStyle* style, DateOrder* order) {
  std::optional<DateStyle> new_style;
  std::optional<DateOrder> new_order;
  auto set = [](auto& target, auto value) {
    if (target && *target != value) return false;
    target = value;
    return true;
  };
  std::optional<DateOrder> implied;
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string word = ToLower(TrimSpace(text.substr(0, comma)));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    bool fits;
    if (word == "iso") {
      fits = set(new_style, DateStyle::kIso);
    } else if (word == "sql") {
      fits = set(new_style, DateStyle::kSql);
    } else if (word.starts_with("postgres")) {
      fits = set(new_style, DateStyle::kPostgres);
    } else if (word == "german") {
      fits = set(new_style, DateStyle::kGerman);
      implied = DateOrder::kDmy;
    } else if (word == "ymd") {
      fits = set(new_order, DateOrder::kYmd);
    } else if (word == "dmy" || word.starts_with("euro")) {
      fits = set(new_order, DateOrder::kDmy);
    } else if (word == "mdy" || word == "us" || word.starts_with("noneuro")) {
      fits = set(new_order, DateOrder::kMdy);
    } else if (word == "default") {
      if (!new_style) new_style = DateStyle::kIso;
      if (!new_order) new_order = DateOrder::kMdy;
      fits = true;
    } else {
      fits = false;
    }
    if (!fits) return false;
  }
  if (new_style) *style = *new_style;
  if (new_order) {
    *order = *new_order;
  } else if (implied) {
    *order = *implied;
  }
  return true;
}

std::string FormatDateStyle(DateStyle style, DateOrder order) {
  constexpr const char* kStyles[] = {"ISO", "Postgres", "SQL", "German"};
  constexpr const char* kOrders[] = {"MDY", "DMY", "YMD"};
  return std::string(kStyles[static_cast<int>(style)]) + ", " + kOrders[static_cast<int>(order)];
}

bool ParseIntervalStyle(std::string_view text, IntervalStyle* style) {
  std::string word = ToLower(text);
  for (auto candidate : {IntervalStyle::kPostgres, IntervalStyle::kPostgresVerbose, IntervalStyle::kSqlStandard,
                         IntervalStyle::kIso8601}) {
    if (word == FormatIntervalStyle(candidate)) {
      *style = candidate;
      return true;
    }
  }
  return false;
}

std::string_view FormatIntervalStyle(IntervalStyle style) {
  constexpr std::string_view kNames[] = {"postgres", "postgres_verbose", "sql_standard", "iso_8601"};
  return kNames[static_cast<int>(style)];
}

}  // namespace phantom::types
