#include "types/datetime_resolve.h"

#include "types/datetime.h"

namespace phantom::types {

using enum DecodeError;

namespace {

DecodeError Validate(DateTimeParts& d) {
  if (d.Has(kYear) && !d.year_is_final) {
    if (d.bc) {
      if (d.year <= 0) return kOverflow;
      d.year = -(d.year - 1);
    } else if (d.two_digit_year) {
      if (d.year < 0) return kOverflow;
      if (d.year < 70) {
        d.year += 2000;
      } else if (d.year < 100) {
        d.year += 1900;
      }
    } else if (d.year <= 0) {
      return kOverflow;
    }
  }
  if (d.Has(kDayOfYear)) {
    CivilDate date = CivilFromDays(DaysFromCivil(d.year, 1, d.day_of_year));
    d.year = date.year;
    d.month = date.month;
    d.day = date.day;
  }
  if (d.Has(kMonth) && (d.month < 1 || d.month > 12)) return kMonthDayOverflow;
  if (d.Has(kDay) && (d.day < 1 || d.day > 31)) return kMonthDayOverflow;
  if (d.Has(kDateParts) && d.day > DaysInMonth(d.year, d.month)) return kOverflow;
  return kNone;
}

// The offset, where the text left it to a zone or to the session's.
DecodeError FindZone(const FormatContext& context, bool time_only, DateTimeParts& d) {
  if ((d.zone || d.abbreviation_zone || !d.Has(kZone)) && d.Has(kZoneModifier)) return kBadFormat;
  if (d.Has(kZone) && !d.zone && !d.abbreviation_zone) return kNone;
  int32_t fixed = 0;
  if (time_only && d.zone && d.zone->fixed_offset(&fixed)) {
    d.zone_west = -fixed;
    return kNone;
  }
  if (time_only && d.zone && !d.Has(kDateParts)) return kBadFormat;
  int64_t day;
  if (d.Has(kDateParts)) {
    if (!IsCalendarYear(d.year, d.month)) return kNone;  // out of range, which the caller finds
    day = d.days();
  } else if (time_only && (d.parts & kDateParts) == 0) {
    const int64_t now = context.ReadNow();
    int64_t local = now + int64_t{context.time_zone.At(now).seconds_east} * kMicrosPerSecond;
    day = FloorDiv(local, kMicrosPerDay);
  } else {
    return kBadFormat;
  }
  int64_t local;
  if (__builtin_mul_overflow(day, kMicrosPerDay, &local) || __builtin_add_overflow(local, d.time(), &local)) {
    return kNone;
  }
  if (d.abbreviation_zone) {
    int32_t east = OffsetAtLocal(*d.abbreviation_zone, local);
    std::optional<ZoneOffset> meaning =
        d.abbreviation_zone->Meaning(d.abbreviation, local - int64_t{east} * kMicrosPerSecond);
    d.zone_west = -(meaning ? meaning->seconds_east : east);
  } else {
    d.zone_west = -OffsetAtLocal(d.zone ? *d.zone : context.time_zone, local);
  }
  return kNone;
}

}  // namespace

bool TimeOverflows(const Decoded& d) {
  return d.hour < 0 || d.hour > 24 || d.minute < 0 || d.minute >= 60 || d.second < 0 || d.second > 60 ||
         d.micros < 0 || d.micros > kMicrosPerSecond || d.time() > kMicrosPerDay;
}

DecodeError Resolve(const FormatContext& context, bool time_only, DateTimeParts* parts) {
  DateTimeParts& d = *parts;
  if (DecodeError error = Validate(d); error != kNone) return error;
  if (d.am_pm && d.hour > 12) return kOverflow;
  if (d.am_pm == Word::kAm && d.hour == 12) d.hour = 0;
  if (d.am_pm == Word::kPm && d.hour != 12) d.hour += 12;
  if (time_only) {
    if (TimeOverflows(d)) return kOverflow;
    if (!d.Has(kTimeParts)) return kBadFormat;
  } else {
    if (d.special) return kNone;
    if (!d.Has(kDateParts)) return kBadFormat;
  }
  return FindZone(context, time_only, d);
}

}  // namespace phantom::types
