// types/interval.h
//
// The slots of interval and timetz. PostgreSQL's units: an interval keeps months, days and microseconds apart; a zone is
// in seconds west of Greenwich.
#pragma once
#include <cstdint>

namespace phantom::types {

struct Interval {
  int32_t months = 0;
  int32_t days = 0;
  int64_t micros = 0;

  // Same fields. SQL equality ('1 month' = '30 days') is CompareInterval (compare.h).
  constexpr bool operator==(const Interval&) const = default;
};
static_assert(sizeof(Interval) == 16);

struct TimeTz {
  int64_t micros = 0;       // local time of day, 0 .. 86400000000
  int32_t zone_west = 0;    // seconds west of UTC
  int32_t padding = 0;      // always 0

  constexpr bool operator==(const TimeTz&) const = default;
};
static_assert(sizeof(TimeTz) == 16);

}  // namespace phantom::types
