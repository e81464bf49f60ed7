// types/time_zone.h
//
// A time zone of the system's database, a fixed offset, or a POSIX rule, with PostgreSQL's reading of names: names of
// the database in any case, "UTC-3"-like POSIX strings, and the abbreviations of its Default set for input.
//
// A TimeZone is a cheap value. Thread safety: all may be used from any thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace phantom::types {

// Seconds east of UTC, whether daylight saving time is in force, and the zone's abbreviation at some instant.
struct ZoneOffset {
  int32_t seconds_east = 0;
  bool is_dst = false;
  std::string_view abbreviation;  // lives as long as the process
};

class TimeZone {
 public:
  TimeZone() = default;  // UTC

  // SET TimeZone: a name of the database, or a POSIX specification. No value when unknown.
  static std::optional<TimeZone> Find(std::string_view name);
  // SET TimeZone TO <number or interval>: a fixed offset, named "<+03>-03" as PostgreSQL does.
  static TimeZone Fixed(int32_t seconds_east);

  // The name as it is shown by SHOW TimeZone.
  std::string_view name() const;
  bool is_utc() const { return rules_ == nullptr; }

  // In force at an instant, microseconds since 2000-01-01 UTC.
  ZoneOffset At(int64_t utc_micros) const;
  // In force at a local time; a time that does not exist or exists twice is read as PostgreSQL does.
  ZoneOffset AtLocal(int64_t local_micros) const;

  // What an abbreviation means in this zone around an instant; no value when the zone does not know it.
  std::optional<ZoneOffset> Meaning(std::string_view abbreviation, int64_t utc_micros) const;
  // True for a zone that never changes its offset.
  bool fixed_offset(int32_t* seconds_east) const;

  bool operator==(const TimeZone& other) const { return name() == other.name(); }

 private:
  struct Rules;
  explicit TimeZone(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

  std::shared_ptr<const Rules> rules_;  // null: UTC
};

// An abbreviation of PostgreSQL's Default set ("pst", "CEST"), in any case.
struct ZoneAbbreviation {
  std::string_view name;
  int32_t seconds_east = 0;
  bool is_dst = false;
  std::string_view zone;  // not empty: the offset is what this zone means by the name at the time in question
};
const ZoneAbbreviation* FindZoneAbbreviation(std::string_view name);

}  // namespace phantom::types
