#include "types/time_zone.h"

#include <absl/time/time.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <unordered_map>

#include "common/status.h"
#include "types/ascii.h"
#include "types/civil.h"
#include "types/posix_zone.h"
#include "types/zone_abbreviations.h"

namespace phantom::types {

struct TimeZone::Rules {
  std::string name;
  absl::TimeZone zone;
  std::optional<PosixZone> rule;  // instead of an entry of the database

  ZoneOffset RuleAt(int64_t utc_micros) const {
    return rule->IsDaylight(utc_micros) ? ZoneOffset{rule->daylight_east, true, rule->daylight}
                                        : ZoneOffset{rule->standard_east, false, rule->standard};
  }
};

namespace {

constexpr ZoneAbbreviation kAbbreviations[] = {
#include "types/zone_abbreviations.inc"
};

const char* ZoneDirectory() {
  const char* directory = std::getenv("TZDIR");
  return directory != nullptr ? directory : "/usr/share/zoneinfo";
}

// Names of the database by their lower-case form; read once.
const std::unordered_map<std::string, std::string>& ZoneNames() {
  static const auto* names = [] {
    auto* map = new std::unordered_map<std::string, std::string>();
    std::error_code error;
    std::filesystem::path root = ZoneDirectory();
    for (std::filesystem::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
      std::string name = it->path().lexically_relative(root).string();
      if (name.starts_with("posix/") || name.starts_with("right/") || it->is_directory(error)) continue;
      map->emplace(ToLower(name), name);
    }
    return map;
  }();
  return *names;
}

absl::Time ToAbsl(int64_t utc_micros) {
  // Shift in whole seconds: the range of microseconds from 1970 would overflow.
  int64_t seconds = FloorDiv(utc_micros, kMicrosPerSecond) - kUnixEpochSeconds;
  return absl::FromUnixSeconds(seconds);
}

// A fixed offset's abbreviation and specification as PostgreSQL names it: "<+05:30>-05:30".
std::string OffsetText(int32_t seconds_east) {
  int32_t magnitude = std::abs(seconds_east);
  std::string text = Format("%c%02d", seconds_east < 0 ? '-' : '+', magnitude / 3600);
  if (magnitude % 3600 != 0) text += Format(":%02d", magnitude / 60 % 60);
  if (magnitude % 60 != 0) text += Format(":%02d", magnitude % 60);
  return text;
}

}  // namespace

std::optional<TimeZone> TimeZone::Find(std::string_view name) {
  std::string lower = ToLower(name);
  if (lower == "utc") return TimeZone();
  auto known = ZoneNames().find(lower);
  auto rules = std::make_shared<Rules>();
  if (known != ZoneNames().end() && absl::LoadTimeZone(known->second, &rules->zone)) {
    rules->name = known->second;
    return TimeZone(std::move(rules));
  }
  rules->name = std::string(name);
  for (char& c : rules->name) c = ToUpper(c);
  rules->rule = PosixZone::Parse(rules->name);
  if (!rules->rule) return std::nullopt;
  return TimeZone(std::move(rules));
}

TimeZone TimeZone::Fixed(int32_t seconds_east) {
  auto rules = std::make_shared<Rules>();
  PosixZone& zone = rules->rule.emplace();
  zone.standard = OffsetText(seconds_east);
  zone.standard_east = seconds_east;
  rules->name = "<" + zone.standard + ">" + OffsetText(-seconds_east);
  return TimeZone(std::move(rules));
}

std::string_view TimeZone::name() const { return rules_ == nullptr ? std::string_view("UTC") : rules_->name; }

ZoneOffset TimeZone::At(int64_t utc_micros) const {
  if (rules_ == nullptr) return {0, false, "UTC"};
  if (rules_->rule) return rules_->RuleAt(utc_micros);
  absl::TimeZone::CivilInfo info = rules_->zone.At(ToAbsl(utc_micros));
  return {info.offset, info.is_dst, info.zone_abbr};
}

ZoneOffset TimeZone::AtLocal(int64_t local_micros) const {
  if (rules_ == nullptr) return At(local_micros);
  if (rules_->rule) {
    // As below: in a gap and in an overlap standard time counts.
    const PosixZone& zone = *rules_->rule;
    const ZoneOffset standard = rules_->RuleAt(local_micros - zone.standard_east * kMicrosPerSecond);
    if (!standard.is_dst) return standard;
    const ZoneOffset daylight = rules_->RuleAt(local_micros - zone.daylight_east * kMicrosPerSecond);
    return daylight.is_dst ? daylight : ZoneOffset{zone.standard_east, false, zone.standard};
  }
  CivilTime civil = CivilFromTimestamp(local_micros);
  absl::TimeZone::TimeInfo info = rules_->zone.At(
      absl::CivilSecond(civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second));
  // In a gap the offset from before it counts, in an overlap the one from after.
  absl::Time utc = info.kind == absl::TimeZone::TimeInfo::REPEATED ? info.post : info.pre;
  int64_t local_seconds = FloorDiv(local_micros, kMicrosPerSecond) - kUnixEpochSeconds;
  absl::TimeZone::CivilInfo at = rules_->zone.At(utc);
  return {static_cast<int32_t>(local_seconds - absl::ToUnixSeconds(utc)), at.is_dst, at.zone_abbr};
}

std::optional<ZoneOffset> TimeZone::Meaning(std::string_view abbreviation, int64_t utc_micros) const {
  if (rules_ == nullptr) return std::nullopt;
  if (rules_->rule) {
    const PosixZone& zone = *rules_->rule;
    const std::string lower = ToLower(abbreviation);
    if (EqualsIgnoreCase(zone.standard, lower)) return ZoneOffset{zone.standard_east, false, zone.standard};
    if (zone.has_daylight && EqualsIgnoreCase(zone.daylight, lower)) return ZoneOffset{zone.daylight_east, true, zone.daylight};
    return std::nullopt;
  }
  auto matches = [&](const absl::TimeZone::CivilInfo& info) {
    return EqualsIgnoreCase(info.zone_abbr, ToLower(abbreviation));
  };
  absl::TimeZone::CivilInfo info = rules_->zone.At(ToAbsl(utc_micros));
  auto result = [&] { return ZoneOffset{info.offset, info.is_dst, info.zone_abbr}; };
  if (matches(info)) return result();
  // The last period before with this name, else the first after.
  absl::TimeZone::CivilTransition transition;
  absl::Time at = ToAbsl(utc_micros);
  while (rules_->zone.PrevTransition(at, &transition)) {
    at = rules_->zone.At(transition.to).trans - absl::Seconds(1);
    info = rules_->zone.At(at);
    if (matches(info)) return result();
  }
  at = ToAbsl(utc_micros);
  constexpr int kTransitionsMax = 4;  // beyond, the rules only repeat
  for (int i = 0; i < kTransitionsMax && rules_->zone.NextTransition(at, &transition); ++i) {
    at = rules_->zone.At(transition.to).trans;
    info = rules_->zone.At(at);
    if (matches(info)) return result();
  }
  return std::nullopt;
}

bool TimeZone::fixed_offset(int32_t* seconds_east) const {
  *seconds_east = rules_ == nullptr ? 0 : rules_->rule ? rules_->rule->standard_east : 0;
  if (rules_ == nullptr) return true;
  if (rules_->rule) return !rules_->rule->has_daylight;
  absl::TimeZone::CivilTransition transition;
  if (rules_->zone.NextTransition(absl::InfinitePast(), &transition)) return false;
  *seconds_east = rules_->zone.At(absl::UnixEpoch()).offset;
  return true;
}

const ZoneAbbreviation* FindZoneAbbreviation(std::string_view name) {
  std::string lower = ToLower(name);
  const auto* end = std::end(kAbbreviations);
  const auto* found = std::lower_bound(std::begin(kAbbreviations), end, lower,
                                       [](const ZoneAbbreviation& a, const std::string& b) { return a.name < b; });
  return found != end && found->name == lower ? found : nullptr;
}

std::span<const ZoneAbbreviation> ZoneAbbreviations() { return kAbbreviations; }

std::vector<std::string> ZoneNameList() {
  std::vector<std::string> names;
  for (const auto& [lower, name] : ZoneNames()) {
    if (name[0] >= 'A' && name[0] <= 'Z' && name.find('.') == std::string::npos) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace phantom::types
