// types/to_char.h
//
// PostgreSQL's formatting functions (its chapter 9.8): to_char, to_number, to_timestamp and to_date, with the patterns
// of its template language in locale C. Plain functions for kernels to wrap. Errors are PostgreSQL's.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/arena.h"
#include "common/status.h"
#include "types/format_context.h"
#include "types/interval.h"
#include "types/numeric.h"

namespace phantom::types {

// Numbers. An empty format gives empty text.
Status NumericToChar(const Numeric& value, std::string_view format, std::string& out);
Status Int4ToChar(int32_t value, std::string_view format, std::string& out);
Status Int8ToChar(int64_t value, std::string_view format, std::string& out);
Status Float4ToChar(float value, std::string_view format, std::string& out);
Status Float8ToChar(double value, std::string_view format, std::string& out);
// Requires a format that is not empty (SQL's result is NULL for one that is).
Result<Numeric> ToNumber(std::string_view text, std::string_view format, Arena& arena);

// Dates and times. For an empty format and for infinite timestamps SQL's result is NULL: the caller sees to it.
Status TimestampToChar(int64_t timestamp, std::string_view format, std::string& out);
Status TimestampTzToChar(int64_t timestamp, std::string_view format, const TimeZone& zone, std::string& out);
Status IntervalToChar(const Interval& interval, std::string_view format, std::string& out);
Result<int64_t> ToTimestamp(std::string_view text, std::string_view format, const FormatContext& context);
Result<int32_t> ToDate(std::string_view text, std::string_view format, const FormatContext& context);

}  // namespace phantom::types
