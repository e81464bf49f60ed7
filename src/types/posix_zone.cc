#include "types/posix_zone.h"

#include "types/ascii.h"
#include "types/civil.h"

namespace phantom::types {

namespace {

constexpr int32_t kHoursMax = 24 * 7 - 1;
constexpr std::string_view kDefaultRules = ",M3.2.0,M11.1.0";

// Reads a specification from left to right; each step fails by returning false.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_[0]; }
  bool Take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool Name(std::string& name) {
    size_t length = 0;
    if (Take('<')) {
      length = rest_.find('>');
      if (length == std::string_view::npos) return false;
      name = rest_.substr(0, length);
      rest_.remove_prefix(length + 1);
      return true;
    }
    while (length < rest_.size() && !IsDigit(rest_[length]) && std::string_view(",-+").find(rest_[length]) == std::string_view::npos) {
      ++length;
    }
    name = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  }

  bool Number(int32_t low, int32_t high, int32_t& number) {
    if (!IsDigit(peek())) return false;
    for (number = 0; IsDigit(peek()); rest_.remove_prefix(1)) {
      number = number * 10 + (rest_[0] - '0');
      if (number > high) return false;
    }
    return number >= low;
  }

  // h[h][:mm[:ss]]
  bool Time(int32_t& seconds) {
    int32_t hours = 0, minutes = 0, rest = 0;
    if (!Number(0, kHoursMax, hours)) return false;
    if (Take(':') && (!Number(0, 59, minutes) || (Take(':') && !Number(0, 60, rest)))) return false;
    seconds = hours * 3600 + minutes * 60 + rest;
    return true;
  }

  bool Offset(int32_t& west) {
    const bool negative = Take('-');
    if (!negative) Take('+');
    if (!Time(west)) return false;
    if (negative) west = -west;
    return true;
  }

  bool Change(PosixZone::Change& change) {
    using Kind = PosixZone::Change::Kind;
    if (Take('J')) {
      change.kind = Kind::kJulian;
      if (!Number(1, 365, change.day)) return false;
    } else if (Take('M')) {
      change.kind = Kind::kWeekday;
      if (!Number(1, 12, change.month) || !Take('.') || !Number(1, 5, change.week) || !Take('.') ||
          !Number(0, 6, change.day)) {
        return false;
      }
    } else {
      change.kind = Kind::kDay;
      if (!Number(0, 365, change.day)) return false;
    }
    return !Take('/') || Offset(change.seconds);
  }

 private:
  std::string_view rest_;
};

// The local time of a change in a year, seconds since 2000-01-01.
int64_t TimeOf(const PosixZone::Change& change, int32_t year) {
  int64_t day = 0;
  switch (change.kind) {
    case PosixZone::Change::Kind::kJulian:
      day = DaysFromCivil(year, 1, 1) + change.day - 1 + (IsLeapYear(year) && change.day >= 60 ? 1 : 0);
      break;
    case PosixZone::Change::Kind::kDay:
      day = DaysFromCivil(year, 1, 1) + change.day;
      break;
    case PosixZone::Change::Kind::kWeekday: {
      const int64_t first = DaysFromCivil(year, change.month, 1);
      int32_t offset = (change.day - DayOfWeek(first) + 7) % 7 + (change.week - 1) * 7;
      if (offset >= DaysInMonth(year, change.month)) offset -= 7;
      day = first + offset;
      break;
    }
  }
  return day * 86400 + change.seconds;
}

}  // namespace

std::optional<PosixZone> PosixZone::Parse(std::string_view text) {
  PosixZone zone;
  Reader reader(text);
  int32_t west = 0;
  if (!reader.Name(zone.standard) || !reader.Offset(west)) return std::nullopt;
  zone.standard_east = -west;
  if (reader.at_end()) return zone;
  zone.has_daylight = true;
  if (!reader.Name(zone.daylight) || zone.daylight.empty()) return std::nullopt;
  zone.daylight_east = zone.standard_east + 3600;
  if (!reader.at_end() && reader.peek() != ',' && reader.peek() != ';') {
    if (!reader.Offset(west)) return std::nullopt;
    zone.daylight_east = -west;
  }
  if (reader.at_end()) reader = Reader(kDefaultRules);
  if (!reader.Take(',') && !reader.Take(';')) return std::nullopt;
  if (!reader.Change(zone.start) || !reader.Take(',') || !reader.Change(zone.end) || !reader.at_end()) return std::nullopt;
  return zone;
}

bool PosixZone::IsDaylight(int64_t utc_micros) const {
  if (!has_daylight) return false;
  const int64_t utc = FloorDiv(utc_micros, kMicrosPerSecond);
  const int32_t year = CivilFromDays(FloorDiv(utc + standard_east, 86400)).year;
  const int64_t from = TimeOf(start, year) - standard_east, until = TimeOf(end, year) - daylight_east;
  // South of the equator summer spans the turn of the year.
  return from < until ? utc >= from && utc < until : utc >= from || utc < until;
}

}  // namespace phantom::types
