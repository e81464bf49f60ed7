// types/interval_fields.h
//
// The typmod of interval: which fields ("day to second") and how many digits of seconds. PostgreSQL's encoding: the
// field mask in the high 15 bits, the precision in the low 16.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace phantom::types {

inline constexpr int32_t kIntervalMonth = 1 << 1;
inline constexpr int32_t kIntervalYear = 1 << 2;
inline constexpr int32_t kIntervalDay = 1 << 3;
inline constexpr int32_t kIntervalHour = 1 << 10;
inline constexpr int32_t kIntervalMinute = 1 << 11;
inline constexpr int32_t kIntervalSecond = 1 << 12;
inline constexpr int32_t kIntervalFullRange = 0x7fff;
inline constexpr int32_t kIntervalFullPrecision = 0xffff;

constexpr int32_t IntervalTypmod(int32_t precision, int32_t fields) {
  return (fields & 0x7fff) << 16 | (precision & 0xffff);
}
constexpr int32_t IntervalRangeOfTypmod(int32_t typmod) { return typmod >> 16 & 0x7fff; }
constexpr int32_t IntervalPrecisionOfTypmod(int32_t typmod) { return typmod & 0xffff; }

// " day to second"; empty for all fields; no value when the mask is none that SQL can write.
inline std::optional<std::string_view> IntervalFieldsText(int32_t fields) {
  switch (fields) {
    case kIntervalYear:
      return " year";
    case kIntervalMonth:
      return " month";
    case kIntervalDay:
      return " day";
    case kIntervalHour:
      return " hour";
    case kIntervalMinute:
      return " minute";
    case kIntervalSecond:
      return " second";
    case kIntervalYear | kIntervalMonth:
      return " year to month";
    case kIntervalDay | kIntervalHour:
      return " day to hour";
    case kIntervalDay | kIntervalHour | kIntervalMinute:
      return " day to minute";
    case kIntervalDay | kIntervalHour | kIntervalMinute | kIntervalSecond:
      return " day to second";
    case kIntervalHour | kIntervalMinute:
      return " hour to minute";
    case kIntervalHour | kIntervalMinute | kIntervalSecond:
      return " hour to second";
    case kIntervalMinute | kIntervalSecond:
      return " minute to second";
    case kIntervalFullRange:
      return "";
    default:
      return std::nullopt;
  }
}

}  // namespace phantom::types
