// types/datetime.h
//
// Text in and out of the date and time types. Units: a date is days from 2000-01-01, a time microseconds from midnight,
// a timestamp microseconds from 2000-01-01 (local or UTC); the extreme values are the infinities (civil.h).
//
// Input follows PostgreSQL's reading of every form it takes (ISO 8601, SQL, German, "January 8, 99", Julian days, BC,
// 'now', 'today', 'epoch', zone names and abbreviations); errors 22007, 22008, 22009, 22015 with its wording.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/status.h"
#include "types/civil.h"
#include "types/format_context.h"
#include "types/interval.h"

namespace phantom::types {

Result<int32_t> ParseDate(std::string_view text, const FormatContext& context);
Result<int64_t> ParseTime(std::string_view text, const FormatContext& context);
Result<TimeTz> ParseTimeTz(std::string_view text, const FormatContext& context);
Result<int64_t> ParseTimestamp(std::string_view text, const FormatContext& context);
Result<int64_t> ParseTimestampTz(std::string_view text, const FormatContext& context);
// The typmod says what a number without a unit means ('5' as interval day); it is not applied otherwise.
Result<Interval> ParseInterval(std::string_view text, int32_t typmod, const FormatContext& context);

void AppendDate(int32_t date, const FormatContext& context, std::string& out);
void AppendTime(int64_t time, std::string& out);
void AppendTimeTz(const TimeTz& time, std::string& out);
void AppendTimestamp(int64_t timestamp, const FormatContext& context, std::string& out);
void AppendTimestampTz(int64_t timestamp, const FormatContext& context, std::string& out);
void AppendInterval(const Interval& interval, const FormatContext& context, std::string& out);
// "+05:30": a zone of so many seconds west.
void AppendZone(int32_t seconds_west, std::string& out);
// JSON's forms: ISO with a 'T' ("2020-01-01T00:00:00+00:00").
void AppendTimestampXsd(int64_t timestamp, const FormatContext* zone, std::string& out);

// Typmods: rounding to a precision, fields of an interval.
int64_t RoundTimeToTypmod(int64_t time, int32_t typmod);
int64_t RoundTimestampToTypmod(int64_t timestamp, int32_t typmod);
Interval FitIntervalToTypmod(const Interval& interval, int32_t typmod);

// The offset in force in the zone of a local timestamp, seconds east; outside the calendar: 0.
int32_t OffsetAtLocal(const TimeZone& zone, int64_t local);

}  // namespace phantom::types
