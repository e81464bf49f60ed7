// The declaration table of run-time parameters and look-ups in it.
#include <strings.h>

#include <algorithm>
#include <array>
#include <cfloat>
#include <string>

#include "session/settings.h"

namespace phantom::session {

namespace {

using enum SettingType;
using enum SettingContext;
using namespace setting_flag;

constexpr SettingRow kRows[] = {
#define PHANTOM_SETTING(name, type, context, flags, boot, unit, min, max, choices, category, text, extra) \
  {name, type, context, flags, boot, unit, min, max, choices, category, text, extra},
#include "session/setting_rows.inc"
#undef PHANTOM_SETTING
};

// Old spellings that PostgreSQL still takes.
constexpr std::pair<std::string_view, std::string_view> kOldNames[] = {{"sort_mem", "work_mem"},
                                                                       {"vacuum_mem", "maintenance_work_mem"}};

int CompareNames(std::string_view a, std::string_view b) {
  const int order = strncasecmp(a.data(), b.data(), std::min(a.size(), b.size()));
  return order != 0 ? order : (a.size() < b.size() ? -1 : a.size() > b.size());
}

}  // namespace

std::span<const SettingRow> SettingRows() { return kRows; }

int FindSetting(std::string_view name) {
  const auto* const row =
      std::lower_bound(std::begin(kRows), std::end(kRows), name,
                       [](const SettingRow& r, std::string_view n) { return CompareNames(r.name, n) < 0; });
  if (row != std::end(kRows) && CompareNames(row->name, name) == 0) return static_cast<int>(row - kRows);
  for (const auto& [old_name, new_name] : kOldNames) {
    if (CompareNames(old_name, name) == 0) return FindSetting(new_name);
  }
  return -1;
}

const char* SettingTypeName(SettingType type) {
  constexpr std::array kNames = {"bool", "integer", "real", "string", "enum"};
  return kNames[static_cast<size_t>(type)];
}

const char* SettingContextName(SettingContext context) {
  constexpr std::array kNames = {"internal", "postmaster", "sighup", "superuser-backend",
                                 "backend",  "superuser",  "user"};
  return kNames[static_cast<size_t>(context)];
}

const char* SettingSourceName(SettingSource source) {
  constexpr std::array kNames = {"default", "configuration file", "command line", "database", "user", "database user",
                                 "client",  "override",           "session"};
  return kNames[static_cast<size_t>(source)];
}

}  // namespace phantom::session
