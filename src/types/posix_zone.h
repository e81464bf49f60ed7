// types/posix_zone.h
//
// A time zone given by its rule, as POSIX writes them: "EST5EDT,M3.2.0,M11.1.0", "<+03>-3", "UTC-5:30", "+02:00".
// Offsets are west of UTC; without rules daylight saving time follows those of the United States, as in PostgreSQL.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace phantom::types {

struct PosixZone {
  // A day of the year and the local time of a change.
  struct Change {
    enum class Kind : uint8_t { kWeekday, kJulian, kDay } kind = Kind::kWeekday;
    int32_t month = 1, week = 1;
    int32_t day = 0;  // of the week (0 is Sunday); of the year from 1, 29 February never counted; of the year from 0
    int32_t seconds = 2 * 3600;
  };

  std::string standard, daylight;  // abbreviations
  int32_t standard_east = 0, daylight_east = 0;
  bool has_daylight = false;
  Change start, end;

  static std::optional<PosixZone> Parse(std::string_view text);
  // Whether daylight saving time is in force at an instant, microseconds since 2000-01-01 UTC.
  bool IsDaylight(int64_t utc_micros) const;
};

}  // namespace phantom::types
