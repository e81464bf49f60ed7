#include "session/settings.h"

#include <strings.h>

#include <algorithm>

#include "session/setting_checks.h"

namespace phantom::session {

namespace {

const SettingRow& RowOf(int index) { return SettingRows()[static_cast<size_t>(index)]; }

bool Examinable(const SettingRow& row, bool superuser) {
  return superuser || (row.flags & setting_flag::kSuperuserOnly) == 0;
}

}  // namespace

Settings::Settings(const ServerSettings& server) : server_(&server) {}

const SettingValue& Settings::value(int index) const {
  if (!overlay_.empty()) {
    if (const SettingValue* own = overlay_[static_cast<size_t>(index)]; own != nullptr) return *own;
  }
  return server_->value(index);
}

const SettingValue* Settings::FindValue(std::string_view key) const {
  if (const auto own = current_.find(key); own != current_.end()) return &own->second;
  if (const auto own = defaults_.find(key); own != defaults_.end()) return &own->second;
  return nullptr;
}

void Settings::Assign(const std::string& key, std::optional<SettingValue> value) {
  if (value.has_value()) {
    current_[key] = std::move(*value);
  } else {
    current_.erase(key);
  }
  ++version_;
  const int index = FindSetting(key);
  if (index < 0) return;
  if (overlay_.empty()) overlay_.resize(SettingRows().size());
  overlay_[static_cast<size_t>(index)] = FindValue(key);
  if ((RowOf(index).flags & setting_flag::kReport) != 0) report_needed_ = true;
}

Status Settings::CheckContext(const SettingRow& row, SettingSource source, bool superuser) const {
  switch (row.context) {
    case SettingContext::kInternal:
      return Errorf(sqlstate::kCantChangeRuntimeParam, "parameter \"%s\" cannot be changed", row.name);
    case SettingContext::kPostmaster:
      return Errorf(sqlstate::kCantChangeRuntimeParam,
                    "parameter \"%s\" cannot be changed without restarting the server", row.name);
    case SettingContext::kSighup:
      return Errorf(sqlstate::kCantChangeRuntimeParam, "parameter \"%s\" cannot be changed now", row.name);
    case SettingContext::kSuperuserBackend:
    case SettingContext::kBackend:
      if (source == SettingSource::kSession) {
        return Errorf(sqlstate::kCantChangeRuntimeParam, "parameter \"%s\" cannot be set after connection start",
                      row.name);
      }
      if (row.context == SettingContext::kBackend || superuser) return Status::Ok();
      break;
    case SettingContext::kSuperuser:
      if (superuser) return Status::Ok();
      break;
    case SettingContext::kUser:
      return Status::Ok();
  }
  return Errorf(sqlstate::kInsufficientPrivilege, "permission denied to set parameter \"%s\"", row.name);
}

Status Settings::SetDefault(std::string_view name, std::string_view value, SettingSource source, bool superuser) {
  const int index = FindSetting(name);
  SettingValue parsed{std::string(value), 0, source};
  std::string key(name);
  if (index < 0) {
    RETURN_IF_ERROR(CheckCustomName(name));
  } else {
    const SettingRow& row = RowOf(index);
    key = row.name;
    RETURN_IF_ERROR(CheckContext(row, source, superuser));
    ASSIGN_OR_RETURN(parsed, ParseSettingValue(row, value, source));
    if (key == "DateStyle") parsed.text = MergeDateStyle(this->value(index).text, parsed.text);
  }
  if (const auto own = defaults_.find(key); own != defaults_.end() && own->second.source > source) return Status::Ok();
  defaults_[key] = std::move(parsed);
  Assign(key, std::nullopt);
  return Status::Ok();
}

Result<std::string> Settings::Check(std::string_view name, std::string_view value, bool superuser) const {
  const int index = FindSetting(name);
  if (index < 0) {
    RETURN_IF_ERROR(CheckCustomName(name));
    return std::string(value);
  }
  const SettingRow& row = RowOf(index);
  RETURN_IF_ERROR(CheckContext(row, SettingSource::kDatabase, superuser));
  RETURN_IF_ERROR(ParseSettingValue(row, value, SettingSource::kDatabase).status());
  return std::string(value);
}

void Settings::SetInternal(std::string_view name, std::string_view value) {
  const int index = FindSetting(name);
  PHANTOM_CHECK(index >= 0);
  Result<SettingValue> parsed = ParseSettingValue(RowOf(index), value, SettingSource::kOverride);
  PHANTOM_CHECK(parsed.ok());
  if (this->value(index).text != parsed->text) Assign(RowOf(index).name, std::move(parsed).value());
}

void Settings::PushPrior(const std::string& key, SettingScope scope) {
  if (level_ == 0) return;
  std::optional<SettingValue> prior;
  if (const auto own = current_.find(key); own != current_.end()) prior = own->second;
  const auto entry = std::find_if(stack_.begin(), stack_.end(),
                                  [&](const StackEntry& e) { return e.level == level_ && e.key == key; });
  if (entry == stack_.end()) {
    stack_.push_back({key, level_, scope == SettingScope::kLocal ? StackState::kLocal : StackState::kSet,
                      std::move(prior), std::nullopt});
  } else if (scope == SettingScope::kSession) {
    entry->state = StackState::kSet;
    entry->masked.reset();
  } else if (entry->state == StackState::kSet) {
    entry->state = StackState::kSetLocal;
    entry->masked = std::move(prior);
  }
}

Status Settings::Set(std::string_view name, std::string_view value, SettingScope scope, bool superuser) {
  const int index = FindSetting(name);
  std::string key(name);
  SettingValue parsed{std::string(value), 0, SettingSource::kSession};
  if (index < 0) {
    RETURN_IF_ERROR(CheckCustomName(name));
    for (const auto& [known, unused] : current_) {
      if (known.size() == name.size() && strncasecmp(known.data(), name.data(), name.size()) == 0) key = known;
    }
  } else {
    const SettingRow& row = RowOf(index);
    key = row.name;
    RETURN_IF_ERROR(CheckContext(row, SettingSource::kSession, superuser));
    ASSIGN_OR_RETURN(parsed, ParseSettingValue(row, value, SettingSource::kSession));
    if (key == "DateStyle") parsed.text = MergeDateStyle(this->value(index).text, parsed.text);
  }
  PushPrior(key, scope);
  Assign(key, std::move(parsed));
  return Status::Ok();
}

Status Settings::Reset(std::string_view name, SettingScope scope, bool superuser) {
  const int index = FindSetting(name);
  if (index < 0) {
    RETURN_IF_ERROR(CheckCustomName(name));
    const std::string key(name);
    PushPrior(key, scope);
    Assign(key, FindValue(key) != nullptr ? std::optional(SettingValue{"", 0, SettingSource::kDefault}) : std::nullopt);
    return Status::Ok();
  }
  const SettingRow& row = RowOf(index);
  if ((row.flags & setting_flag::kNoReset) != 0) {
    return Errorf(sqlstate::kCantChangeRuntimeParam, "parameter \"%s\" cannot be reset", row.name);
  }
  RETURN_IF_ERROR(CheckContext(row, SettingSource::kSession, superuser));
  PushPrior(row.name, scope);
  Assign(row.name, std::nullopt);
  return Status::Ok();
}

void Settings::ResetAll() {
  std::vector<std::string> keys;
  for (const auto& [key, value] : current_) {
    const int index = FindSetting(key);
    if (index >= 0) {
      const SettingRow& row = RowOf(index);
      if ((row.flags & (setting_flag::kNoResetAll | setting_flag::kNoReset)) != 0) continue;
      if (row.context != SettingContext::kUser && row.context != SettingContext::kSuperuser) continue;
      if (value.source < SettingSource::kSession) continue;
    }
    keys.push_back(key);
  }
  for (const std::string& key : keys) {
    PushPrior(key, SettingScope::kSession);
    Assign(key, FindSetting(key) >= 0 ? std::nullopt : std::optional(SettingValue{"", 0, SettingSource::kDefault}));
  }
}

void Settings::EndLevel(bool commit) {
  PHANTOM_CHECK(level_ > 0);
  // Newest entries first: those of this level are at the end.
  while (!stack_.empty() && stack_.back().level == level_) {
    StackEntry entry = std::move(stack_.back());
    stack_.pop_back();
    if (!commit) {
      Assign(entry.key, std::move(entry.prior));
      continue;
    }
    if (level_ == 1) {
      if (entry.state == StackState::kSetLocal) Assign(entry.key, std::move(entry.masked));
      if (entry.state == StackState::kLocal) Assign(entry.key, std::move(entry.prior));
      continue;
    }
    // A savepoint's changes become the enclosing level's.
    const auto outer = std::find_if(stack_.begin(), stack_.end(),
                                    [&](const StackEntry& e) { return e.level == level_ - 1 && e.key == entry.key; });
    if (outer == stack_.end()) {
      entry.level = level_ - 1;
      const auto at =
          std::find_if(stack_.begin(), stack_.end(), [&](const StackEntry& e) { return e.level == level_; });
      stack_.insert(at, std::move(entry));
      continue;
    }
    switch (entry.state) {
      case StackState::kSet:
        outer->state = StackState::kSet;
        outer->masked.reset();
        break;
      case StackState::kLocal:
        if (outer->state == StackState::kSet) {
          outer->state = StackState::kSetLocal;
          outer->masked = std::move(entry.prior);
        }
        break;
      case StackState::kSetLocal:
        outer->state = StackState::kSetLocal;
        outer->masked = std::move(entry.masked);
        break;
    }
  }
  --level_;
}

Result<std::string> Settings::Show(std::string_view name, bool superuser) const {
  const int index = FindSetting(name);
  if (index >= 0) {
    const SettingRow& row = RowOf(index);
    if (!Examinable(row, superuser)) {
      return Errorf(sqlstate::kInsufficientPrivilege,
                    "must be superuser or have privileges of pg_read_all_settings to examine \"%s\"", row.name);
    }
    return ShowSettingValue(row, value(index));
  }
  if (const SettingValue* own = FindValue(name); own != nullptr) return own->text;
  for (const auto& [key, own] : current_) {
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) return own.text;
  }
  if (const auto custom = server_->custom().find(name); custom != server_->custom().end()) return custom->second;
  return Errorf(sqlstate::kUndefinedObject, "unrecognized configuration parameter \"%s\"", std::string(name).c_str());
}

std::string Settings::CanonicalName(std::string_view name) const {
  const int index = FindSetting(name);
  return index >= 0 ? RowOf(index).name : std::string(name);
}

std::vector<SettingView> Settings::List() const {
  std::vector<SettingView> views;
  for (size_t i = 0; i < SettingRows().size(); ++i) {
    const SettingRow& row = SettingRows()[i];
    if ((row.flags & setting_flag::kNoShowAll) != 0) continue;
    const int index = static_cast<int>(i);
    const auto own_default = defaults_.find(std::string_view(row.name));
    const SettingValue& reset = own_default != defaults_.end() ? own_default->second : server_->value(index);
    views.push_back(
        {&row, row.name, value(index).text, ShowSettingValue(row, value(index)), value(index).source, reset.text});
  }
  return views;
}

std::string Settings::Differences(std::span<const std::string_view> without) const {
  std::string differences;
  for (size_t i = 0; i < overlay_.size(); ++i) {
    const int index = static_cast<int>(i);
    const std::string_view name = RowOf(index).name;
    if (overlay_[i] == nullptr || overlay_[i]->text == server_->value(index).text) continue;
    if (std::ranges::find(without, name) != without.end()) continue;
    differences.append(name).push_back('\0');
    differences.append(overlay_[i]->text).push_back('\0');
  }
  return differences;
}

std::vector<std::pair<std::string, std::string>> Settings::TakeReports() {
  std::vector<std::pair<std::string, std::string>> reports;
  report_needed_ = false;
  for (size_t i = 0; i < SettingRows().size(); ++i) {
    const SettingRow& row = SettingRows()[i];
    if ((row.flags & setting_flag::kReport) == 0) continue;
    const std::string& text = value(static_cast<int>(i)).text;
    const auto [entry, fresh] = reported_.try_emplace(static_cast<int>(i), text);
    if (!fresh && entry->second == text) continue;
    entry->second = text;
    reports.emplace_back(row.name, text);
  }
  return reports;
}

}  // namespace phantom::session
