// SET, RESET, SHOW, DISCARD; roles; and what follows from settings.
#include <algorithm>
#include <cctype>

#include "catalog/catalog.h"
#include "parser/ast_expr.h"
#include "parser/ast_utility.h"
#include "session/session_state.h"
#include "session/setting_checks.h"
#include "types/encoding.h"
#include "types/interval.h"
#include "types/keywords.h"
#include "types/text_format.h"

namespace phantom::session {

using parser::Cast;
using parser::VariableSetKind;

namespace {

constexpr int64_t kMicrosPerSecond = 1000000;

bool IsName(std::string_view name, std::string_view wanted) {
  return name.size() == wanted.size() && std::equal(name.begin(), name.end(), wanted.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

// The arguments of SET as one text.
Result<std::string> FlattenArguments(const SessionState& state, std::string_view name, parser::NodeList args) {
  const int index = FindSetting(name);
  const uint32_t flags = index >= 0 ? SettingRows()[static_cast<size_t>(index)].flags : 0;
  if ((flags & setting_flag::kListInput) == 0 && args.size() != 1) {
    return Errorf(sqlstate::kInvalidParameterValue, "SET %s takes only one argument", std::string(name).c_str());
  }
  std::string text;
  for (const parser::Node* arg : args) {
    if (!text.empty()) text += ", ";
    const auto* cast = parser::DynCast<parser::TypeCast>(arg);
    const auto* constant = parser::DynCast<parser::Constant>(cast != nullptr ? cast->arg : arg);
    if (constant == nullptr) return Error(sqlstate::kSyntaxError, "unsupported argument of SET");
    switch (constant->type) {
      case parser::ConstantType::kInteger:
        text += std::to_string(constant->integer);
        break;
      case parser::ConstantType::kBoolean:
        text += constant->boolean ? "true" : "false";
        break;
      case parser::ConstantType::kString:
        if (cast != nullptr) {
          // Only SET TIME ZONE INTERVAL has a cast here.
          ASSIGN_OR_RETURN(const types::Value interval,
                           types::ParseText(types::kIntervalOid, constant->text, state.format));
          std::string normal;
          RETURN_IF_ERROR(types::AppendText(interval, types::FormatContext(), normal));
          text += "INTERVAL '" + normal + "'";
        } else {
          text += (flags & setting_flag::kListQuote) != 0 ? types::QuoteIdentifier(constant->text)
                                                          : std::string(constant->text);
        }
        break;
      default:
        text += constant->text;
        break;
    }
  }
  return text;
}

Status InvalidZone(std::string_view text) {
  return Errorf(sqlstate::kInvalidParameterValue, "invalid value for parameter \"TimeZone\": \"%s\"",
                std::string(text).c_str());
}

// The zone a value of TimeZone names: hours, an interval, or a name.
Result<types::TimeZone> ParseZone(std::string_view text) {
  if (text.starts_with("INTERVAL '") && text.ends_with('\'')) {
    const std::string_view body = text.substr(10, text.size() - 11);
    ASSIGN_OR_RETURN(const types::Value value, types::ParseText(types::kIntervalOid, body, types::FormatContext()));
    const types::Interval& interval = value.AsInterval();
    if (interval.months != 0) return InvalidZone(text).Detail("Cannot specify months in time zone interval.");
    if (interval.days != 0) return InvalidZone(text).Detail("Cannot specify days in time zone interval.");
    return types::TimeZone::Fixed(static_cast<int32_t>(interval.micros / kMicrosPerSecond));
  }
  const std::string copy(text);
  char* end = nullptr;
  const double hours = std::strtod(copy.c_str(), &end);
  if (end != copy.c_str() && *end == '\0') {
    if (hours < -24 * 7 || hours > 24 * 7) return InvalidZone(text).Detail("UTC timezone offset is out of range.");
    return types::TimeZone::Fixed(static_cast<int32_t>(hours * 3600));
  }
  const std::optional<types::TimeZone> zone = types::TimeZone::Find(text);
  if (!zone.has_value()) return InvalidZone(text);
  return *zone;
}

}  // namespace

Result<std::string> SessionState::SettingToKeep(const parser::VariableSetStmt& set) {
  std::string text;
  if (set.action == VariableSetKind::kCurrent) {
    ASSIGN_OR_RETURN(text, ShowSetting(set.name));
  } else {
    ASSIGN_OR_RETURN(text, FlattenArguments(*this, set.name, set.args));
  }
  return settings.Check(set.name, text, superuser);
}

void SessionState::ApplySettings() {
  if (settings_applied_ == settings.version()) return;
  settings_applied_ = settings.version();
  static const int kDateStyle = FindSetting("DateStyle");
  static const int kIntervalStyle = FindSetting("IntervalStyle");
  static const int kByteaOutput = FindSetting("bytea_output");
  static const int kFloatDigits = FindSetting("extra_float_digits");
  static const int kTimeZone = FindSetting("TimeZone");
  static const int kSearchPath = FindSetting("search_path");
  static const int kLockTimeout = FindSetting("lock_timeout");
  static const int kDeadlockTimeout = FindSetting("deadlock_timeout");
  static const int kLogLockWaits = FindSetting("log_lock_waits");
  static const int kApplicationName = FindSetting("application_name");
  types::ParseDateStyle(settings.GetString(kDateStyle), &format.date_style, &format.date_order);
  types::ParseIntervalStyle(settings.GetString(kIntervalStyle), &format.interval_style);
  format.bytea_output =
      settings.GetString(kByteaOutput) == "escape" ? types::ByteaOutput::kEscape : types::ByteaOutput::kHex;
  format.extra_float_digits = static_cast<int>(settings.GetInteger(kFloatDigits));
  if (const std::string& zone = settings.GetString(kTimeZone); zone != format.time_zone.name()) {
    if (Result<types::TimeZone> found = ParseZone(zone); found.ok()) format.time_zone = *found;
  }
  static const int kClientEncoding = FindSetting("client_encoding");
  encoding = types::ByteEncoding::Get(types::FindEncoding(settings.GetString(kClientEncoding)));
  std::vector<std::string> path;
  SplitIdentifiers(settings.GetString(kSearchPath), &path);
  catalog.SetSearchPath(std::move(path));
  catalog.SetCurrentRole(current_user);
  locks->SetTimeouts(settings.GetInteger(kLockTimeout), settings.GetInteger(kDeadlockTimeout));
  locks->SetLogWaits(settings.GetBool(kLogLockWaits));
  control->UpdateActivity(
      [&](Activity& activity) { activity.application_name = settings.GetString(kApplicationName); });
}

Status SessionState::SetSetting(std::string_view name, std::string_view value, SettingScope scope) {
  const bool on = value == "on" || value == "true" || value == "yes" || value == "1";
  if (IsName(name, "transaction_isolation")) {
    const SettingRow& row = SettingRows()[static_cast<size_t>(FindSetting(name))];
    ASSIGN_OR_RETURN(const SettingValue level, ParseSettingValue(row, value, SettingSource::kSession));
    return block.SetIsolation(level.text == "serializable"      ? txn::Isolation::kSerializable
                              : level.text == "repeatable read" ? txn::Isolation::kRepeatableRead
                                                                : txn::Isolation::kReadCommitted,
                              level.text == "read uncommitted");
  }
  if (IsName(name, "transaction_read_only")) return block.SetReadOnly(on);
  if (IsName(name, "transaction_deferrable")) return block.SetDeferrable(on);
  if (IsName(name, "role")) return SetRole(value, scope);
  if (IsName(name, "session_authorization")) return SetSessionAuthorization(value, scope);
  if (IsName(name, "timezone")) {
    ASSIGN_OR_RETURN(const types::TimeZone zone, ParseZone(value));
    return settings.Set(name, zone.name(), scope, superuser);
  }
  return settings.Set(name, value, scope, superuser);
}

Status SessionState::ResetSetting(std::string_view name, SettingScope scope) {
  if (IsName(name, "role")) return SetRole("none", scope);
  if (IsName(name, "session_authorization")) return SetSessionAuthorization("default", scope);
  if (name.starts_with("transaction_") && FindSetting(name) >= 0) {
    const std::string text = settings.GetString("default_" + std::string(name));
    return SetSetting(name, text, scope);
  }
  return settings.Reset(name, scope, superuser);
}

Result<std::string> SessionState::ShowSetting(std::string_view name) {
  const TransactionModes& modes = block.modes();
  if (IsName(name, "transaction_isolation")) {
    return std::string(modes.isolation == txn::Isolation::kSerializable     ? "serializable"
                       : modes.isolation == txn::Isolation::kRepeatableRead ? "repeatable read"
                       : modes.read_uncommitted                             ? "read uncommitted"
                                                                            : "read committed");
  }
  if (IsName(name, "transaction_read_only")) return std::string(modes.read_only ? "on" : "off");
  if (IsName(name, "transaction_deferrable")) return std::string(modes.deferrable ? "on" : "off");
  return settings.Show(name, superuser);
}

Status SessionState::SetRole(std::string_view name, SettingScope scope) {
  if (name == "none") {
    RETURN_IF_ERROR(settings.Set("role", "none", scope, true));
    current_user = session_user;
    superuser = session_superuser;
  } else {
    ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Role> role, catalog.FindRole(name));
    if (role == nullptr) {
      return Errorf(sqlstate::kInvalidParameterValue, "role \"%s\" does not exist", std::string(name).c_str());
    }
    if (!session_superuser) {
      ASSIGN_OR_RETURN(const bool member, catalog.IsMemberOf(session_user, role->oid));
      if (!member) {
        return Errorf(sqlstate::kInsufficientPrivilege, "permission denied to set role \"%s\"",
                      std::string(name).c_str());
      }
    }
    RETURN_IF_ERROR(settings.Set("role", name, scope, true));
    roles_taken[std::string(name)] = role;
    current_user = role->oid;
    superuser = role->superuser;
  }
  settings.SetInternal("is_superuser", superuser ? "on" : "off");
  catalog.SetCurrentRole(current_user);
  return Status::Ok();
}

Status SessionState::SetSessionAuthorization(std::string_view name, SettingScope scope) {
  std::shared_ptr<const catalog::Role> role;
  if (name == "default") {
    ASSIGN_OR_RETURN(role, catalog.RoleByOid(login_user));
  } else {
    ASSIGN_OR_RETURN(role, catalog.FindRole(name));
  }
  if (role == nullptr) {
    return Errorf(sqlstate::kInvalidParameterValue, "role \"%s\" does not exist", std::string(name).c_str());
  }
  if (role->oid != login_user) {
    ASSIGN_OR_RETURN(const bool allowed, catalog.IsSuperuser(login_user));
    if (!allowed) {
      return Errorf(sqlstate::kInsufficientPrivilege, "permission denied to set session authorization \"%s\"",
                    std::string(name).c_str());
    }
  }
  RETURN_IF_ERROR(settings.Set("session_authorization", role->name, scope, true));
  roles_taken[role->name] = role;
  session_user = role->oid;
  session_role_name = role->name;
  session_superuser = role->superuser;
  return SetRole("none", scope);
}

void SessionState::RestoreRoles() {
  // The settings may have been rolled back; the identity follows them. There need not be a transaction to read the
  // catalog in.
  const auto find = [&](const std::string& name) -> std::shared_ptr<const catalog::Role> {
    const auto known = roles_taken.find(name);
    return known == roles_taken.end() ? nullptr : known->second;
  };
  static const int kSessionAuthorization = FindSetting("session_authorization");
  static const int kRole = FindSetting("role");
  const std::string& session_name = settings.GetString(kSessionAuthorization);
  if (session_name != session_role_name) {
    if (const auto role = find(session_name); role != nullptr) {
      session_user = role->oid;
      session_superuser = role->superuser;
      session_role_name = session_name;
    }
  }
  const std::string& role_name = settings.GetString(kRole);
  if (role_name == "none") {
    current_user = session_user;
    superuser = session_superuser;
  } else if (const auto role = find(role_name); role != nullptr) {
    current_user = role->oid;
    superuser = role->superuser;
  }
  catalog.SetCurrentRole(current_user);
}

Result<UtilityResult> SessionState::RunSet(const parser::Node& node) {
  const auto& set = Cast<parser::VariableSetStmt>(node);
  const SettingScope scope = set.is_local ? SettingScope::kLocal : SettingScope::kSession;
  if (set.is_local && !block.in_block()) {
    Warning(sqlstate::kNoActiveSqlTransaction, "SET LOCAL can only be used in transaction blocks");
  }
  switch (set.action) {
    case VariableSetKind::kValue: {
      ASSIGN_OR_RETURN(const std::string value, FlattenArguments(*this, set.name, set.args));
      RETURN_IF_ERROR(SetSetting(set.name, value, scope));
      break;
    }
    case VariableSetKind::kDefault:
      RETURN_IF_ERROR(ResetSetting(set.name, scope));
      break;
    case VariableSetKind::kReset:
      RETURN_IF_ERROR(ResetSetting(set.name, SettingScope::kSession));
      break;
    case VariableSetKind::kResetAll:
      settings.ResetAll();
      break;
    case VariableSetKind::kCurrent:
      break;
    case VariableSetKind::kMulti: {
      if (set.name == "TRANSACTION SNAPSHOT") {
        if (set.is_local) {
          return Error(sqlstate::kFeatureNotSupported, "SET LOCAL TRANSACTION SNAPSHOT is not implemented");
        }
        if (!block.in_block()) {
          Warning(sqlstate::kNoActiveSqlTransaction, "SET TRANSACTION can only be used in transaction blocks");
        }
        RETURN_IF_ERROR(ImportSnapshot(Cast<parser::Constant>(*set.args[0]).text));
        break;
      }
      std::vector<const parser::DefElem*> modes;
      for (const parser::Node* arg : set.args) modes.push_back(&Cast<parser::DefElem>(*arg));
      if (set.name == "TRANSACTION") {
        if (!block.in_block()) {
          Warning(sqlstate::kNoActiveSqlTransaction, "SET TRANSACTION can only be used in transaction blocks");
        }
        RETURN_IF_ERROR(ApplyTransactionModes(modes));
        break;
      }
      // SESSION CHARACTERISTICS: the defaults of later transactions.
      for (const parser::DefElem* mode : modes) {
        const parser::Node* const value[] = {mode->arg};
        const std::string name = "default_" + std::string(mode->name);
        ASSIGN_OR_RETURN(const std::string text, FlattenArguments(*this, name, value));
        RETURN_IF_ERROR(settings.Set(name, text, scope, superuser));
      }
      break;
    }
  }
  ApplySettings();
  const bool reset = set.action == VariableSetKind::kReset || set.action == VariableSetKind::kResetAll;
  return UtilityResult{reset ? "RESET" : "SET"};
}

Result<UtilityResult> SessionState::RunShow(const parser::Node& node) {
  const std::string_view name = Cast<parser::VariableShowStmt>(node).name;
  UtilityResult result{"SHOW"};
  result.rows = std::make_unique<RowStore>();
  if (name == "all") {
    for (const SettingView& view : settings.List()) {
      if ((view.row->flags & setting_flag::kSuperuserOnly) != 0 && !superuser) continue;
      ASSIGN_OR_RETURN(const std::string shown, ShowSetting(view.name));
      const std::string row[] = {view.name, shown, view.row->short_description};
      result.rows->AppendTexts(row);
    }
    return result;
  }
  ASSIGN_OR_RETURN(const std::string text, ShowSetting(name));
  result.rows->AppendTexts({&text, 1});
  return result;
}

void SessionState::DiscardAll() {
  // As PostgreSQL does it: portals, identity, settings, statements, channels, locks, temporary tables.
  std::vector<std::string> names;
  for (const auto& [name, portal] : portals) {
    if (portal->is_cursor) names.push_back(name);
  }
  for (const std::string& name : names) DropPortal(name);
  static_cast<void>(SetSessionAuthorization("default", SettingScope::kSession).ok());
  settings.ResetAll();
  std::erase_if(statements, [](const auto& entry) { return !entry.first.empty(); });
  listen_actions.push_back({ListenAction::Kind::kUnlistenAll, "", block.savepoint_depth()});
  locks->ReleaseAllSession();
}

Result<UtilityResult> SessionState::RunDiscard(const parser::Node& node) {
  switch (Cast<parser::DiscardStmt>(node).target) {
    case parser::DiscardMode::kAll:
      if (block.in_block() || in_multi_statement()) {
        return Error(sqlstate::kActiveSqlTransaction, "DISCARD ALL cannot run inside a transaction block");
      }
      DiscardAll();
      RETURN_IF_ERROR(DropTemporaryTables());
      return UtilityResult{"DISCARD ALL"};
    case parser::DiscardMode::kPlans:
      ForgetPlans();
      instance.plans().Clear();
      return UtilityResult{"DISCARD PLANS"};
    case parser::DiscardMode::kSequences:
      DiscardSequences();
      return UtilityResult{"DISCARD SEQUENCES"};
    case parser::DiscardMode::kTemp:
      RETURN_IF_ERROR(DropTemporaryTables());
      return UtilityResult{"DISCARD TEMP"};
  }
  return UtilityResult{};
}

}  // namespace phantom::session
