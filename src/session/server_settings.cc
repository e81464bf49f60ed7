// The values that hold for a whole server: defaults, configuration file, command line.
#include <cctype>

#include "session/setting_checks.h"
#include "session/settings.h"

namespace phantom::session {

ServerSettings::ServerSettings() {
  for (const SettingRow& row : SettingRows()) {
    Result<SettingValue> value = ParseSettingValue(row, row.boot == nullptr ? "" : row.boot, SettingSource::kDefault);
    PHANTOM_CHECK(value.ok());
    values_.push_back(std::move(value).value());
  }
}

Status ServerSettings::Set(std::string_view name, std::string_view value, SettingSource source) {
  const int index = FindSetting(name);
  if (index < 0) {
    RETURN_IF_ERROR(CheckCustomName(name));
    custom_[std::string(name)] = value;
    return Status::Ok();
  }
  const SettingRow& row = SettingRows()[static_cast<size_t>(index)];
  if (row.context == SettingContext::kInternal) {
    return Errorf(sqlstate::kCantChangeRuntimeParam, "parameter \"%s\" cannot be changed", row.name);
  }
  ASSIGN_OR_RETURN(SettingValue parsed, ParseSettingValue(row, value, source));
  SettingValue& slot = values_[static_cast<size_t>(index)];
  if (std::string_view(row.name) == "DateStyle") parsed.text = MergeDateStyle(slot.text, parsed.text);
  slot = std::move(parsed);
  return Status::Ok();
}

void ServerSettings::SetInternal(std::string_view name, std::string_view value, SettingSource source) {
  const int index = FindSetting(name);
  PHANTOM_CHECK(index >= 0);
  Result<SettingValue> parsed = ParseSettingValue(SettingRows()[static_cast<size_t>(index)], value, source);
  PHANTOM_CHECK(parsed.ok());
  values_[static_cast<size_t>(index)] = std::move(parsed).value();
}

Status ServerSettings::LoadFileText(std::string_view text, std::string_view file_name) {
  int line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto skip_space = [&line] {
      while (!line.empty() && std::isspace(static_cast<unsigned char>(line.front()))) line.remove_prefix(1);
    };
    const auto syntax_error = [&] {
      return Errorf(sqlstate::kConfigFileError, "syntax error in file \"%s\" line %d, near token \"%s\"",
                    std::string(file_name).c_str(), line_number, std::string(line).c_str());
    };
    skip_space();
    if (line.empty() || line.front() == '#') continue;
    size_t length = 0;
    while (length < line.size() &&
           (std::isalnum(static_cast<unsigned char>(line[length])) || line[length] == '_' || line[length] == '.')) {
      ++length;
    }
    const std::string_view name = line.substr(0, length);
    if (name.empty()) return syntax_error();
    line.remove_prefix(length);
    skip_space();
    if (line.starts_with('=')) line.remove_prefix(1);
    skip_space();
    std::string value;
    if (line.starts_with('\'')) {
      line.remove_prefix(1);
      while (true) {
        if (line.empty()) return syntax_error();
        const char c = line.front();
        line.remove_prefix(1);
        if (c == '\'' && !line.starts_with('\'')) break;
        if (c == '\'') line.remove_prefix(1);
        value += c;
      }
    } else {
      while (!line.empty() && line.front() != '#' && !std::isspace(static_cast<unsigned char>(line.front()))) {
        value += line.front();
        line.remove_prefix(1);
      }
    }
    skip_space();
    if (!line.empty() && line.front() != '#') return syntax_error();
    Status status = Set(name, value, SettingSource::kConfigurationFile);
    if (!status.ok()) {
      return std::move(status).Context(Format("file \"%s\" line %d", std::string(file_name).c_str(), line_number));
    }
  }
  return Status::Ok();
}

std::string ServerSettings::GetString(std::string_view name) const { return value(FindSetting(name)).text; }
int64_t ServerSettings::GetInteger(std::string_view name) const {
  return static_cast<int64_t>(value(FindSetting(name)).number);
}
double ServerSettings::GetReal(std::string_view name) const { return value(FindSetting(name)).number; }
bool ServerSettings::GetBool(std::string_view name) const { return value(FindSetting(name)).number != 0; }

}  // namespace phantom::session
