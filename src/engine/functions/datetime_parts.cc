// extract, date_part, date_trunc and date_bin (PostgreSQL 15, chapters 9.9.1 to 9.9.3).
#include <limits>
#include <string>

#include "common/utf8.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/ascii.h"
#include "types/civil.h"
#include "types/datetime.h"
#include "types/datetime_fields.h"
#include "types/datetime_math.h"
#include "types/format_context.h"
#include "types/numeric.h"

namespace phantom::engine {

namespace {

using types::Interval;
using types::Numeric;
using types::StringRef;
using types::TimeTz;
using types::TimeZone;
using types::Word;
using D = int32_t;
using T = int64_t;
using types::kMicrosPerDay;
using types::kMicrosPerHour;
using types::kMicrosPerMinute;
using types::kMicrosPerSecond;

// ---- Units --------------------------------------------------------------------------------------

struct Unit {
  std::string text;  // in lower case, as messages show it
  bool is_unit = false;
  bool is_reserved = false;  // such as epoch
  Word word{};
};

// `fields`: also the words that only dates know (dow, epoch, ...), which date_trunc does not take.
Unit FindUnit(std::string_view text, bool fields) {
  Unit unit;
  unit.text = types::ToLower(text.substr(0, 63));
  types::WordMeaning meaning = types::FindIntervalWord(unit.text);
  if (meaning.kind == types::WordKind::kUnknown && fields) meaning = types::FindDateWord(unit.text);
  unit.is_unit = meaning.kind == types::WordKind::kUnits;
  unit.is_reserved = meaning.kind == types::WordKind::kReserved;
  unit.word = static_cast<Word>(meaning.value);
  return unit;
}
Status NotSupported(const Unit& unit, Oid type) {
  return Error(sqlstate::kFeatureNotSupported,
               "unit \"" + unit.text + "\" not supported for type " + types::FormatTypeName(type));
}
Status NotRecognized(const Unit& unit, Oid type) {
  return Error(sqlstate::kInvalidParameterValue,
               "unit \"" + unit.text + "\" not recognized for type " + types::FormatTypeName(type));
}

// ---- extract ------------------------------------------------------------------------------------

// A part as numeric (value * 10^-scale) and as the double that date_part gives, whose rounding differs.
struct Part {
  enum Kind : uint8_t { kNumber, kJulian, kInfinity, kMinusInfinity, kNull } kind = kNumber;
  __int128 value = 0;
  int scale = 0;
  double number = 0;
  int64_t day_micros = 0;  // of kJulian

  static Part Whole(int64_t value) { return {kNumber, value, 0, static_cast<double>(value)}; }
  static Part Scaled(__int128 value, int scale, double number) { return {kNumber, value, scale, number}; }
};

// The parts of a time of day; nullopt when the unit is none.
std::optional<Part> TimePart(Word word, int64_t micros) {
  const int64_t second = micros / kMicrosPerSecond % 60, fraction = micros % kMicrosPerSecond;
  const int64_t whole = second * kMicrosPerSecond + fraction;
  switch (word) {
    case Word::kMicrosecond:
      return Part::Whole(whole);
    case Word::kMillisecond:
      return Part::Scaled(whole, 3, static_cast<double>(second) * 1000.0 + static_cast<double>(fraction) / 1000.0);
    case Word::kSecond:
      return Part::Scaled(whole, 6, static_cast<double>(second) + static_cast<double>(fraction) / 1000000.0);
    case Word::kMinute:
      return Part::Whole(micros / kMicrosPerMinute % 60);
    case Word::kHour:
      return Part::Whole(micros / kMicrosPerHour);
    default:
      return std::nullopt;
  }
}

// The parts of a date. There is no year 0: 1 BC is -1.
std::optional<Part> DatePart(Word word, int64_t days) {
  const types::CivilDate date = types::CivilFromDays(days);
  const int64_t year = date.year;
  switch (word) {
    case Word::kDay:
      return Part::Whole(date.day);
    case Word::kMonth:
      return Part::Whole(date.month);
    case Word::kQuarter:
      return Part::Whole((date.month - 1) / 3 + 1);
    case Word::kWeek:
      return Part::Whole(types::IsoWeekOf(days).week);
    case Word::kYear:
      return Part::Whole(year > 0 ? year : year - 1);
    case Word::kDecade:
      return Part::Whole(year >= 0 ? year / 10 : -((8 - (year - 1)) / 10));
    case Word::kCentury:
      return Part::Whole(year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100));
    case Word::kMillennium:
      return Part::Whole(year > 0 ? (year + 999) / 1000 : -((999 - (year - 1)) / 1000));
    case Word::kJulian:
      return Part::Whole(days + types::kEpochJulianDay);
    case Word::kIsoYear: {
      const int64_t iso_year = types::IsoWeekOf(days).year;
      return Part::Whole(iso_year > 0 ? iso_year : iso_year - 1);
    }
    case Word::kDayOfWeek:
      return Part::Whole(types::DayOfWeek(days));
    case Word::kIsoDayOfWeek:
      return Part::Whole(types::DayOfWeek(days) == 0 ? 7 : types::DayOfWeek(days));
    case Word::kDayOfYear:
      return Part::Whole(types::DayOfYear(date.year, date.month, date.day));
    default:
      return std::nullopt;
  }
}

std::optional<Part> ZonePart(Word word, int64_t seconds_east) {
  switch (word) {
    case Word::kZone:
      return Part::Whole(seconds_east);
    case Word::kZoneHour:
      return Part::Whole(seconds_east / 3600);
    case Word::kZoneMinute:
      return Part::Whole(seconds_east / 60 % 60);
    default:
      return std::nullopt;
  }
}

// Of an infinite date or timestamp: what grows with time is infinite too, what comes round is NULL.
Result<Part> InfinitePart(const Unit& unit, bool negative, Oid type) {
  Part part;
  switch (unit.word) {
    case Word::kYear:
    case Word::kDecade:
    case Word::kCentury:
    case Word::kMillennium:
    case Word::kJulian:
    case Word::kIsoYear:
    case Word::kEpoch:
      part.kind = negative ? Part::kMinusInfinity : Part::kInfinity;
      part.number = negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
      return part;
    default:
      break;
  }
  const bool of_day = TimePart(unit.word, 0).has_value() || (type == types::kTimestamptzOid && ZonePart(unit.word, 0)) ||
                      (type == types::kTimestampOid && ZonePart(unit.word, 0));
  if (DatePart(unit.word, 0).has_value() || (of_day && type != types::kDateOid)) {
    part.kind = Part::kNull;
    return part;
  }
  return NotSupported(unit, type);
}

Result<Part> PartOfTimestamp(const Unit& unit, T timestamp, const TimeZone* zone) {
  const Oid type = zone == nullptr ? types::kTimestampOid : types::kTimestamptzOid;
  if (!unit.is_unit && !unit.is_reserved) return NotRecognized(unit, type);
  if (!types::IsFiniteTimestamp(timestamp)) return InfinitePart(unit, timestamp < 0, type);
  if (unit.is_reserved) {
    if (unit.word != Word::kEpoch) return NotSupported(unit, type);
    const __int128 since = __int128{timestamp} - types::kUnixEpochDays * kMicrosPerDay;
    return Part::Scaled(since, 6, static_cast<double>(since) / 1000000.0);
  }
  T local = timestamp;
  if (zone != nullptr) {
    ASSIGN_OR_RETURN(local, types::UtcToLocal(timestamp, *zone));
    if (const auto part = ZonePart(unit.word, zone->At(timestamp).seconds_east)) return *part;
  }
  const int64_t days = types::FloorDiv(local, kMicrosPerDay), micros = local - days * kMicrosPerDay;
  if (const auto part = TimePart(unit.word, micros)) return *part;
  if (unit.word == Word::kJulian) {
    const int64_t seconds = micros / kMicrosPerSecond, fraction = micros % kMicrosPerSecond;
    const int64_t julian = days + types::kEpochJulianDay;
    const double number = static_cast<double>(julian) +
                          (static_cast<double>(seconds) + static_cast<double>(fraction) / 1000000.0) / 86400.0;
    return Part{Part::kJulian, julian, 0, number, micros};
  }
  if (const auto part = DatePart(unit.word, days)) return *part;
  return NotSupported(unit, type);
}

Result<Part> PartOfDate(const Unit& unit, D date) {
  if (!unit.is_unit && !unit.is_reserved) return NotRecognized(unit, types::kDateOid);
  if (!types::IsFiniteDate(date)) return InfinitePart(unit, date < 0, types::kDateOid);
  if (unit.is_reserved && unit.word == Word::kEpoch) {
    return Part::Whole((int64_t{date} - types::kUnixEpochDays) * 86400);
  }
  if (unit.is_unit) {
    if (const auto part = DatePart(unit.word, date)) return *part;
  }
  return NotSupported(unit, types::kDateOid);
}

Result<Part> PartOfTime(const Unit& unit, T time) {
  if (unit.is_unit) {
    if (const auto part = TimePart(unit.word, time)) return *part;
    return NotSupported(unit, types::kTimeOid);
  }
  if (!unit.is_reserved || unit.word != Word::kEpoch) return NotRecognized(unit, types::kTimeOid);
  return Part::Scaled(time, 6, static_cast<double>(time) / 1000000.0);
}

Result<Part> PartOfTimeTz(const Unit& unit, const TimeTz& time) {
  if (unit.is_unit) {
    if (const auto part = ZonePart(unit.word, -time.zone_west)) return *part;
    if (const auto part = TimePart(unit.word, time.micros)) return *part;
    return NotSupported(unit, types::kTimetzOid);
  }
  if (!unit.is_reserved || unit.word != Word::kEpoch) return NotRecognized(unit, types::kTimetzOid);
  return Part::Scaled(time.micros + int64_t{time.zone_west} * kMicrosPerSecond, 6,
                      static_cast<double>(time.micros) / 1000000.0 + time.zone_west);
}

Result<Part> PartOfInterval(const Unit& unit, const Interval& interval) {
  const int64_t years = interval.months / 12, months = interval.months % 12;
  if (unit.is_unit) {
    if (const auto part = TimePart(unit.word, interval.micros)) return *part;
    switch (unit.word) {
      case Word::kDay:
        return Part::Whole(interval.days);
      case Word::kMonth:
        return Part::Whole(months);
      case Word::kQuarter:
        return Part::Whole(months / 3 + 1);
      case Word::kYear:
        return Part::Whole(years);
      case Word::kDecade:
        return Part::Whole(years / 10);
      case Word::kCentury:
        return Part::Whole(years / 100);
      case Word::kMillennium:
        return Part::Whole(years / 1000);
      default:
        return NotSupported(unit, types::kIntervalOid);
    }
  }
  if (!unit.is_reserved || unit.word != Word::kEpoch) return NotRecognized(unit, types::kIntervalOid);
  // A year has 365.25 days, a month 30; in quarters of a day all is whole.
  const int64_t seconds = (1461 * years + 120 * months + 4 * int64_t{interval.days}) * (86400 / 4);
  const double number = static_cast<double>(interval.micros) / 1000000.0 + 365.25 * 86400 * static_cast<double>(years) +
                        30.0 * 86400 * static_cast<double>(months) + 86400.0 * interval.days;
  return Part::Scaled(__int128{seconds} * kMicrosPerSecond + interval.micros, 6, number);
}

Status PutPart(KernelContext&, const Part& part, Writer<Numeric>& out) {
  switch (part.kind) {
    case Part::kNumber:
      out.Set(types::NumericFromInt128(part.value, part.scale, out.arena()));
      return Status::Ok();
    case Part::kJulian: {
      ASSIGN_OR_RETURN(const Numeric fraction, types::NumericDiv(Numeric::FromInt64(part.day_micros),
                                                                 Numeric::FromInt64(kMicrosPerDay), out.arena()));
      ASSIGN_OR_RETURN(const Numeric sum, types::NumericAdd(Numeric::FromInt64(static_cast<int64_t>(part.value)), fraction, out.arena()));
      out.Set(sum);
      return Status::Ok();
    }
    case Part::kInfinity:
    case Part::kMinusInfinity:
      out.Set(Numeric::Infinity(part.kind == Part::kMinusInfinity));
      return Status::Ok();
    case Part::kNull:
      out.SetNull();
      return Status::Ok();
  }
  return Status::Ok();
}
Status PutPart(KernelContext&, const Part& part, Writer<double>& out) {
  part.kind == Part::kNull ? out.SetNull() : out.Set(part.number);
  return Status::Ok();
}

// The unit is nearly always a constant: its meaning is kept.
struct UnitState final : KernelState {
  std::string text;
  Unit unit;
  bool known = false;
};
const Unit& UnitOf(KernelContext& context, const StringRef& text, bool fields) {
  UnitState& state = context.State<UnitState>();
  if (!state.known || state.text != text.view()) {
    state.text = text.view();
    state.unit = FindUnit(text.view(), fields);
    state.known = true;
  }
  return state.unit;
}

template <typename R, auto F, typename A>
Status Extract(KernelContext& context, const StringRef& text, const A& value, Writer<R>& out) {
  ASSIGN_OR_RETURN(const Part part, F(UnitOf(context, text, true), value));
  return PutPart(context, part, out);
}
template <typename R, bool kZoned>
Status ExtractTimestamp(KernelContext& context, const StringRef& text, const T& value, Writer<R>& out) {
  ASSIGN_OR_RETURN(const Part part, PartOfTimestamp(UnitOf(context, text, true), value,
                                                    kZoned ? &context.format->time_zone : nullptr));
  return PutPart(context, part, out);
}

// date_part of a date: of its midnight.
Status DatePartOfDate(KernelContext& context, const StringRef& text, const D& date, Writer<double>& out) {
  ASSIGN_OR_RETURN(const T midnight, types::DateToTimestamp(date));
  return ExtractTimestamp<double, false>(context, text, midnight, out);
}

// ---- date_trunc ---------------------------------------------------------------------------------

// Cuts a local timestamp down to the unit. `whole_days`: set when the time of day went.
Status TruncateLocal(const Unit& unit, Oid type, T* local, bool* whole_days) {
  if (!unit.is_unit) return NotRecognized(unit, type);
  const int64_t days = types::FloorDiv(*local, kMicrosPerDay), micros = *local - days * kMicrosPerDay;
  const types::CivilDate date = types::CivilFromDays(days);
  int64_t year = date.year;
  const auto set = [&](int64_t new_days) { *local = new_days * kMicrosPerDay; };
  *whole_days = true;
  switch (unit.word) {
    case Word::kMicrosecond:
    case Word::kMillisecond:
    case Word::kSecond:
    case Word::kMinute:
    case Word::kHour: {
      const int64_t step = unit.word == Word::kMicrosecond   ? 1
                           : unit.word == Word::kMillisecond ? 1000
                           : unit.word == Word::kSecond      ? kMicrosPerSecond
                           : unit.word == Word::kMinute      ? kMicrosPerMinute
                                                             : kMicrosPerHour;
      *local = days * kMicrosPerDay + micros / step * step;
      *whole_days = false;
      return Status::Ok();
    }
    case Word::kDay:
      set(days);
      return Status::Ok();
    case Word::kWeek:
      set(days - (types::DayOfWeek(days) + 6) % 7);
      return Status::Ok();
    case Word::kMonth:
      set(types::DaysFromCivil(year, date.month, 1));
      return Status::Ok();
    case Word::kQuarter:
      set(types::DaysFromCivil(year, (date.month - 1) / 3 * 3 + 1, 1));
      return Status::Ok();
    case Word::kYear:
      break;
    case Word::kDecade:
      year = year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
      break;
    case Word::kCentury:
      year = year > 0 ? (year + 99) / 100 * 100 - 99 : -((99 - (year - 1)) / 100) * 100 + 1;
      break;
    case Word::kMillennium:
      year = year > 0 ? (year + 999) / 1000 * 1000 - 999 : -((999 - (year - 1)) / 1000) * 1000 + 1;
      break;
    default:
      return NotSupported(unit, type);
  }
  if (!types::IsCalendarYear(year, 1)) return types::TimestampOutOfRange();
  set(types::DaysFromCivil(year, 1, 1));
  return Status::Ok();
}

Status TruncateTimestamp(KernelContext& context, const StringRef& text, T timestamp, T& out) {
  out = timestamp;
  if (!types::IsFiniteTimestamp(timestamp)) return Status::Ok();
  bool whole_days;
  RETURN_IF_ERROR(TruncateLocal(UnitOf(context, text, false), types::kTimestampOid, &out, &whole_days));
  return types::IsValidTimestamp(out) ? Status::Ok() : types::TimestampOutOfRange();
}

Status TruncateInZone(const Unit& unit, T timestamp, const TimeZone& zone, T& out) {
  out = timestamp;
  if (!types::IsFiniteTimestamp(timestamp)) return Status::Ok();
  const int64_t offset = zone.At(timestamp).seconds_east * kMicrosPerSecond;
  T local = timestamp + offset;
  bool whole_days;
  RETURN_IF_ERROR(TruncateLocal(unit, types::kTimestamptzOid, &local, &whole_days));
  out = local - (whole_days ? int64_t{types::OffsetAtLocal(zone, local)} * kMicrosPerSecond : offset);
  return types::IsValidTimestamp(out) ? Status::Ok() : types::TimestampOutOfRange();
}
Status TruncateTimestampTz(KernelContext& context, const StringRef& text, T timestamp, T& out) {
  return TruncateInZone(UnitOf(context, text, false), timestamp, context.format->time_zone, out);
}
Status TruncateAtZone(KernelContext& context, const StringRef& text, T timestamp, const StringRef& zone, T& out) {
  out = timestamp;
  if (!types::IsFiniteTimestamp(timestamp)) return Status::Ok();
  ASSIGN_OR_RETURN(const types::NamedZone named, types::FindNamedZone(zone.view()));
  return TruncateInZone(UnitOf(context, text, false), timestamp,
                        named.seconds_east ? TimeZone::Fixed(*named.seconds_east) : *named.zone, out);
}

Status TruncateInterval(KernelContext& context, const StringRef& text, const Interval& interval, Interval& out) {
  const Unit& unit = UnitOf(context, text, false);
  if (!unit.is_unit) return NotRecognized(unit, types::kIntervalOid);
  out = interval;
  const auto cut = [](auto value, auto step) { return static_cast<decltype(value)>(value / step * step); };
  int32_t months = 0;
  switch (unit.word) {
    case Word::kMicrosecond:
      return Status::Ok();
    case Word::kMillisecond:
      out.micros = cut(interval.micros, 1000);
      return Status::Ok();
    case Word::kSecond:
      out.micros = cut(interval.micros, kMicrosPerSecond);
      return Status::Ok();
    case Word::kMinute:
      out.micros = cut(interval.micros, kMicrosPerMinute);
      return Status::Ok();
    case Word::kHour:
      out.micros = cut(interval.micros, kMicrosPerHour);
      return Status::Ok();
    case Word::kDay:
      out.micros = 0;
      return Status::Ok();
    case Word::kMonth:
      months = 1;
      break;
    case Word::kQuarter:
      months = 3;
      break;
    case Word::kYear:
      months = 12;
      break;
    case Word::kDecade:
      months = 120;
      break;
    case Word::kCentury:
      months = 1200;
      break;
    case Word::kMillennium:
      months = 12000;
      break;
    case Word::kWeek:
      return NotSupported(unit, types::kIntervalOid).Detail("Months usually have fractional weeks.");
    default:
      return NotSupported(unit, types::kIntervalOid);
  }
  out = {cut(interval.months, months), 0, 0};
  return Status::Ok();
}

// ---- date_bin -----------------------------------------------------------------------------------

Status Bin(KernelContext&, const Interval& stride, T timestamp, T origin, T& out) {
  out = timestamp;
  if (!types::IsFiniteTimestamp(timestamp)) return Status::Ok();
  if (!types::IsFiniteTimestamp(origin)) return Error(sqlstate::kDatetimeValueOutOfRange, "origin out of range");
  if (stride.months != 0) {
    return Error(sqlstate::kFeatureNotSupported,
                 "timestamps cannot be binned into intervals containing months or years");
  }
  int64_t step, distance;
  if (__builtin_mul_overflow(int64_t{stride.days}, kMicrosPerDay, &step) ||
      __builtin_add_overflow(step, stride.micros, &step)) {
    return types::IntervalOutOfRange();
  }
  if (step <= 0) return Error(sqlstate::kDatetimeValueOutOfRange, "stride must be greater than zero");
  if (__builtin_sub_overflow(timestamp, origin, &distance)) return types::IntervalOutOfRange();
  const int64_t rest = distance % step;
  out = origin + (distance - rest);
  if (rest < 0 && (__builtin_sub_overflow(out, step, &out) || !types::IsValidTimestamp(out))) {
    return types::TimestampOutOfRange();
  }
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("extract_date", Strict<Extract<Numeric, PartOfDate, D>, Numeric, StringRef, D>),
    KernelEntry::Scalar("extract_time", Strict<Extract<Numeric, PartOfTime, T>, Numeric, StringRef, T>),
    KernelEntry::Scalar("extract_timetz", Strict<Extract<Numeric, PartOfTimeTz, TimeTz>, Numeric, StringRef, TimeTz>),
    KernelEntry::Scalar("extract_timestamp", Strict<ExtractTimestamp<Numeric, false>, Numeric, StringRef, T>),
    KernelEntry::Scalar("extract_timestamptz", Strict<ExtractTimestamp<Numeric, true>, Numeric, StringRef, T>),
    KernelEntry::Scalar("extract_interval",
                        Strict<Extract<Numeric, PartOfInterval, Interval>, Numeric, StringRef, Interval>),
    KernelEntry::Scalar("time_part", Strict<Extract<double, PartOfTime, T>, double, StringRef, T>),
    KernelEntry::Scalar("timetz_part", Strict<Extract<double, PartOfTimeTz, TimeTz>, double, StringRef, TimeTz>),
    KernelEntry::Scalar("timestamp_part", Strict<ExtractTimestamp<double, false>, double, StringRef, T>),
    KernelEntry::Scalar("timestamptz_part", Strict<ExtractTimestamp<double, true>, double, StringRef, T>),
    KernelEntry::Scalar("interval_part", Strict<Extract<double, PartOfInterval, Interval>, double, StringRef, Interval>),
    KernelEntry::Scalar(1384, Strict<DatePartOfDate, double, StringRef, D>),
    KernelEntry::Scalar("timestamp_trunc", Strict<TruncateTimestamp, T, StringRef, T>),
    KernelEntry::Scalar("timestamptz_trunc", Strict<TruncateTimestampTz, T, StringRef, T>),
    KernelEntry::Scalar("timestamptz_trunc_zone", Strict<TruncateAtZone, T, StringRef, T, StringRef>),
    KernelEntry::Scalar("interval_trunc", Strict<TruncateInterval, Interval, StringRef, Interval>),
    KernelEntry::Scalar("timestamp_bin", Strict<Bin, T, Interval, T, T>),
    KernelEntry::Scalar("timestamptz_bin", Strict<Bin, T, Interval, T, T>),
};

}  // namespace

std::span<const KernelEntry> DatetimePartKernels() { return kTable; }

}  // namespace phantom::engine
