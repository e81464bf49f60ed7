// Parsing, checking and printing of single parameter values.
#include <strings.h>

#include <climits>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "session/setting_checks.h"
#include "session/settings.h"

namespace phantom::session {

namespace {

struct Unit {
  const char* name;
  const char* base;  // unit of the parameter
  double multiplier;
};

// Largest first for each base, as conversions look for the largest unit that fits.
constexpr Unit kMemoryUnits[] = {
    {"TB", "B", 1024.0 * 1024 * 1024 * 1024},
    {"GB", "B", 1024.0 * 1024 * 1024},
    {"MB", "B", 1024.0 * 1024},
    {"kB", "B", 1024.0},
    {"B", "B", 1.0},
    {"TB", "kB", 1024.0 * 1024 * 1024},
    {"GB", "kB", 1024.0 * 1024},
    {"MB", "kB", 1024.0},
    {"kB", "kB", 1.0},
    {"B", "kB", 1.0 / 1024},
    {"TB", "MB", 1024.0 * 1024},
    {"GB", "MB", 1024.0},
    {"MB", "MB", 1.0},
    {"kB", "MB", 1.0 / 1024},
    {"B", "MB", 1.0 / (1024.0 * 1024)},
    {"TB", "8kB", 1024.0 * 1024 * 1024 / 8},
    {"GB", "8kB", 1024.0 * 1024 / 8},
    {"MB", "8kB", 1024.0 / 8},
    {"kB", "8kB", 1.0 / 8},
    {"B", "8kB", 1.0 / (8 * 1024)},
};
constexpr Unit kTimeUnits[] = {
    {"d", "ms", 86400000.0}, {"h", "ms", 3600000.0},     {"min", "ms", 60000.0},
    {"s", "ms", 1000.0},     {"ms", "ms", 1.0},          {"us", "ms", 0.001},
    {"d", "s", 86400.0},     {"h", "s", 3600.0},         {"min", "s", 60.0},
    {"s", "s", 1.0},         {"ms", "s", 0.001},         {"us", "s", 0.000001},
    {"d", "min", 1440.0},    {"h", "min", 60.0},         {"min", "min", 1.0},
    {"s", "min", 1.0 / 60},  {"ms", "min", 1.0 / 60000}, {"us", "min", 1.0 / 60000000},
};

constexpr const char* kMemoryHint = "Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".";
constexpr const char* kTimeHint =
    "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".";

bool IsTimeUnit(std::string_view unit) { return unit == "ms" || unit == "s" || unit == "min"; }

std::span<const Unit> UnitsOf(std::string_view base) {
  return IsTimeUnit(base) ? std::span<const Unit>(kTimeUnits) : std::span<const Unit>(kMemoryUnits);
}

bool ConvertToBaseUnit(double value, std::string_view unit, std::string_view base, double* result) {
  const auto units = UnitsOf(base);
  for (size_t i = 0; i < units.size(); ++i) {
    if (base != units[i].base || unit != units[i].name) continue;
    double converted = value * units[i].multiplier;
    // A fraction such as 30.1GB is rounded to a multiple of the next smaller unit.
    if (i + 1 < units.size() && base == units[i + 1].base) {
      converted = std::rint(converted / units[i + 1].multiplier) * units[i + 1].multiplier;
    }
    *result = converted;
    return true;
  }
  return false;
}

Status InvalidValue(const SettingRow& row, std::string_view text, const char* hint = nullptr) {
  Status status = Errorf(sqlstate::kInvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", row.name,
                         std::string(text).c_str());
  if (hint != nullptr) return std::move(status).Hint(hint);
  return status;
}

// Number, optional white space, optional unit. Integers may be octal or hexadecimal.
Result<double> ParseNumber(const SettingRow& row, std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  errno = 0;
  double value = 0;
  bool as_real = row.type == SettingType::kReal;
  if (!as_real) {
    value = static_cast<double>(std::strtol(copy.c_str(), &end, 0));
    as_real = *end == '.' || *end == 'e' || *end == 'E' || errno == ERANGE;
  }
  if (as_real) {
    errno = 0;
    value = std::strtod(copy.c_str(), &end);
  }
  if (end == copy.c_str() || errno == ERANGE || std::isnan(value)) return InvalidValue(row, text);
  std::string_view rest(end);
  const auto trim = [&rest] {
    while (!rest.empty() && std::isspace(static_cast<unsigned char>(rest.front()))) rest.remove_prefix(1);
    while (!rest.empty() && std::isspace(static_cast<unsigned char>(rest.back()))) rest.remove_suffix(1);
  };
  trim();
  if (!rest.empty()) {
    if (row.unit == nullptr) return InvalidValue(row, text);
    if (!ConvertToBaseUnit(value, rest, row.unit, &value)) {
      return InvalidValue(row, text, IsTimeUnit(row.unit) ? kTimeHint : kMemoryHint);
    }
  }
  if (row.type == SettingType::kInteger) {
    value = std::rint(value);
    if (value > INT_MAX || value < INT_MIN) return InvalidValue(row, text, "Value exceeds integer range.");
  }
  return value;
}

// Unambiguous prefixes of true, false, yes, no; on, off; 1, 0.
bool ParseBool(std::string_view text, bool* value) {
  const auto prefix_of = [text](std::string_view word, size_t least) {
    return text.size() >= least && text.size() <= word.size() &&
           strncasecmp(text.data(), word.data(), text.size()) == 0;
  };
  if (prefix_of("true", 1) || prefix_of("yes", 1) || prefix_of("on", 2) || text == "1") {
    *value = true;
    return true;
  }
  if (prefix_of("false", 1) || prefix_of("no", 1) || prefix_of("off", 2) || text == "0") {
    *value = false;
    return true;
  }
  return false;
}

// The shown name of an enum's value: hidden names are other spellings of shown ones.
std::string_view CanonicalChoice(const SettingRow& row, std::string_view choice) {
  constexpr std::pair<std::string_view, std::string_view> kSame[] = {
      {"true", "on"},
      {"yes", "on"},
      {"1", "on"},
      {"false", "off"},
      {"no", "off"},
      {"0", "off"},
      {"archive", "replica"},
      {"hot_standby", "replica"},
      {"debug", "debug2"},
  };
  for (const auto& [hidden, shown] : kSame) {
    if (choice == hidden) {
      // WAL compression has no "on" of its own: it is the default method.
      return shown == "on" && std::string_view(row.name) == "wal_compression" ? "pglz" : shown;
    }
  }
  if (choice == "on" && std::string_view(row.name) == "wal_compression") return "pglz";
  return choice;
}

Result<SettingValue> ParseEnum(const SettingRow& row, std::string_view text, SettingSource source) {
  std::string shown;
  std::string_view rest = row.choices;
  while (true) {
    const size_t comma = rest.find(',');
    std::string_view choice = rest.substr(0, comma);
    const bool hidden = choice.starts_with('~');
    if (hidden) choice.remove_prefix(1);
    if (choice.size() == text.size() && strncasecmp(choice.data(), text.data(), text.size()) == 0) {
      return SettingValue{std::string(CanonicalChoice(row, choice)), 0, source};
    }
    if (!hidden) shown += (shown.empty() ? "" : ", ") + std::string(choice);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return InvalidValue(row, text, ("Available values: " + shown + ".").c_str());
}

}  // namespace

Result<SettingValue> ParseSettingValue(const SettingRow& row, std::string_view text, SettingSource source) {
  SettingValue value{std::string(text), 0, source};
  switch (row.type) {
    case SettingType::kBool: {
      bool flag = false;
      if (!ParseBool(text, &flag)) {
        return Errorf(sqlstate::kInvalidParameterValue, "parameter \"%s\" requires a Boolean value", row.name);
      }
      value.text = flag ? "on" : "off";
      value.number = flag;
      break;
    }
    case SettingType::kInteger:
    case SettingType::kReal: {
      ASSIGN_OR_RETURN(value.number, ParseNumber(row, text));
      if (value.number < row.min || value.number > row.max) {
        const char* space = row.unit != nullptr ? " " : "";
        const char* unit = row.unit != nullptr ? row.unit : "";
        if (row.type == SettingType::kInteger) {
          return Errorf(sqlstate::kInvalidParameterValue,
                        "%d%s%s is outside the valid range for parameter \"%s\" (%d .. %d)",
                        static_cast<int>(value.number), space, unit, row.name, static_cast<int>(row.min),
                        static_cast<int>(row.max));
        }
        return Errorf(sqlstate::kInvalidParameterValue,
                      "%g%s%s is outside the valid range for parameter \"%s\" (%g .. %g)", value.number, space, unit,
                      row.name, row.min, row.max);
      }
      value.text =
          row.type == SettingType::kInteger ? Format("%d", static_cast<int>(value.number)) : Format("%g", value.number);
      break;
    }
    case SettingType::kEnum: {
      ASSIGN_OR_RETURN(value, ParseEnum(row, text, source));
      break;
    }
    case SettingType::kString:
      break;
  }
  RETURN_IF_ERROR(CheckSettingValue(row, &value));
  return value;
}

std::string ShowSettingValue(const SettingRow& row, const SettingValue& value) {
  const std::string_view name = row.name;
  // The two that are modes print in octal.
  if (name == "unix_socket_permissions" || name == "log_file_mode" || name == "data_directory_mode") {
    return Format("%04o", static_cast<unsigned>(value.number));
  }
  if (name == "archive_command" && value.text.empty()) return "(disabled)";
  if (row.unit == nullptr || value.number <= 0) return value.text;
  if (row.type == SettingType::kInteger) {
    const auto number = static_cast<int64_t>(value.number);
    for (const Unit& unit : UnitsOf(row.unit)) {
      if (std::strcmp(unit.base, row.unit) != 0) continue;
      if (unit.multiplier <= 1.0 || number % static_cast<int64_t>(unit.multiplier) == 0) {
        return Format("%lld%s", static_cast<long long>(std::rint(static_cast<double>(number) / unit.multiplier)),
                      unit.name);
      }
    }
  } else if (row.type == SettingType::kReal) {
    double number = value.number;
    const char* name_of_unit = row.unit;
    for (const Unit& unit : UnitsOf(row.unit)) {
      if (std::strcmp(unit.base, row.unit) != 0) continue;
      number = value.number / unit.multiplier;
      name_of_unit = unit.name;
      if (number > 0 && std::fabs(std::rint(number) / number - 1.0) <= 1e-8) break;
    }
    return Format("%g%s", number, name_of_unit);
  }
  return value.text;
}

}  // namespace phantom::session
