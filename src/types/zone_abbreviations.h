// types/zone_abbreviations.h
//
// The abbreviations of PostgreSQL's Default set as a list, and the names of the system's zones (pg_timezone_abbrevs,
// pg_timezone_names).
#pragma once
#include <span>
#include <string>
#include <vector>

#include "types/time_zone.h"

namespace phantom::types {

// By name, lower case.
std::span<const ZoneAbbreviation> ZoneAbbreviations();
// Names of the system's zone database, sorted.
std::vector<std::string> ZoneNameList();

}  // namespace phantom::types
