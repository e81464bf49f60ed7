// session/setting_checks.h
//
// Checks of parameters whose values have a syntax of their own.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace phantom::session {

struct SettingRow;
struct SettingValue;

// Checks the value and brings it into canonical form. 22023 with PostgreSQL's details, 0A000 for encodings that are
// known but not converted.
Status CheckSettingValue(const SettingRow& row, SettingValue* value);

// May a parameter that is not declared have this name? 42704 without a dot in it, 42602 when it is no list of identifiers or its
// first is ours.
Status CheckCustomName(std::string_view name);

// Completes a DateStyle such as "DMY" by what `current` has for the part it leaves out.
std::string MergeDateStyle(std::string_view current, std::string_view proposed);

// Splits a list of identifiers: unquoted ones are folded to lower case. False when the syntax is wrong.
bool SplitIdentifiers(std::string_view text, std::vector<std::string>* names);

}  // namespace phantom::session
