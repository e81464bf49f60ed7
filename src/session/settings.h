// session/settings.h
//
// Run-time parameters: PostgreSQL's names, types, units, ranges, contexts and defaults are rows of a declaration
// table (setting_rows.inc). Parameters that mean something here act through the typed getters; all others
// are validated, remembered and shown as PostgreSQL does (PostgreSQL 15, chapter 20 and SET, SHOW, RESET).
//
// ServerSettings holds a server's values (defaults, configuration file, command line); Settings overlays them with
// one session's, and follows transactions and savepoints: what a rolled-back transaction set is undone.
//
// Thread safety: ServerSettings is read-only once sessions exist. Settings belongs to its session's thread.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/status.h"

namespace phantom::session {

enum class SettingType : uint8_t { kBool, kInteger, kReal, kString, kEnum };

enum class SettingContext : uint8_t { kInternal, kPostmaster, kSighup, kSuperuserBackend, kBackend, kSuperuser, kUser };

// Where a value comes from, weakest first (pg_settings.source).
enum class SettingSource : uint8_t {
  kDefault,
  kConfigurationFile,
  kCommandLine,
  kDatabase,
  kUser,
  kDatabaseUser,
  kClient,
  kOverride,
  kSession
};

namespace setting_flag {
inline constexpr uint32_t kReport = 1, kListInput = 2, kListQuote = 4, kNoShowAll = 8, kNoReset = 16, kNoResetAll = 32,
                          kIsName = 64, kExplain = 128, kSuperuserOnly = 256, kNotInFile = 512, kNotInSample = 1024,
                          kRuntimeComputed = 2048;
}

struct SettingRow {
  const char* name;
  SettingType type;
  SettingContext context;
  uint32_t flags;
  const char* boot;  // null: no value
  const char* unit;  // null: none
  double min;
  double max;
  const char* choices;  // of an enum, separated by commas; "~" marks those accepted but not shown
  const char* category;
  const char* short_description;
  const char* extra_description;  // may be null
};

// All parameters, in the order of pg_settings.
std::span<const SettingRow> SettingRows();
// Index of a parameter in SettingRows() (names ignore case), or -1.
int FindSetting(std::string_view name);

const char* SettingTypeName(SettingType type);
const char* SettingContextName(SettingContext context);
const char* SettingSourceName(SettingSource source);

struct SettingValue {
  std::string text;   // canonical; numbers in the parameter's base unit
  double number = 0;  // of bool (0, 1), integer and real
  SettingSource source = SettingSource::kDefault;
  bool operator==(const SettingValue& other) const { return text == other.text && source == other.source; }
};

// Checks a proposed value as PostgreSQL does and brings it into canonical form (22023).
Result<SettingValue> ParseSettingValue(const SettingRow& row, std::string_view text, SettingSource source);
// As SHOW prints it: with the largest unit that divides it.
std::string ShowSettingValue(const SettingRow& row, const SettingValue& value);

class ServerSettings {
 public:
  ServerSettings();
  // Sets a value that holds for all sessions.
  Status Set(std::string_view name, std::string_view value, SettingSource source);
  // Reads a file of "name = value" lines in the form of postgresql.conf.
  Status LoadFileText(std::string_view text, std::string_view file_name);
  // Records a fact that only the running server knows (a read-only parameter, or one that was computed).
  void SetInternal(std::string_view name, std::string_view value, SettingSource source = SettingSource::kOverride);

  const SettingValue& value(int index) const { return values_[static_cast<size_t>(index)]; }
  std::string GetString(std::string_view name) const;
  int64_t GetInteger(std::string_view name) const;
  double GetReal(std::string_view name) const;
  bool GetBool(std::string_view name) const;
  const std::map<std::string, std::string, std::less<>>& custom() const { return custom_; }

 private:
  std::vector<SettingValue> values_;
  std::map<std::string, std::string, std::less<>> custom_;  // "class.name"
};

enum class SettingScope { kSession, kLocal };

// One row of pg_settings or SHOW ALL.
struct SettingView {
  const SettingRow* row;  // null for a custom parameter
  std::string name;
  std::string setting;  // in the base unit
  std::string shown;    // as SHOW prints it
  SettingSource source;
  std::string reset_value;
};

class Settings {
 public:
  explicit Settings(const ServerSettings& server);

  // A value from the startup packet, or from ALTER DATABASE/ROLE ... SET: becomes the value RESET returns to.
  Status SetDefault(std::string_view name, std::string_view value, SettingSource source, bool superuser);
  // Values the session itself reports (is_superuser, session_authorization, role, ...), not subject to context.
  void SetInternal(std::string_view name, std::string_view value);

  // SET and SET LOCAL. 42704, 22023, 55P02, 42501.
  Status Set(std::string_view name, std::string_view value, SettingScope scope, bool superuser);
  // RESET, and SET ... TO DEFAULT.
  Status Reset(std::string_view name, SettingScope scope, bool superuser);
  void ResetAll();

  // A value proposed for ALTER ROLE or ALTER DATABASE ... SET, as they keep it. Errors as Set's.
  Result<std::string> Check(std::string_view name, std::string_view value, bool superuser) const;

  // SHOW and current_setting(). 42704 when there is no such parameter.
  Result<std::string> Show(std::string_view name, bool superuser) const;
  // The parameter's name as PostgreSQL spells it; the name itself when it is unknown.
  std::string CanonicalName(std::string_view name) const;
  std::vector<SettingView> List() const;

  const SettingValue& value(int index) const;
  const std::string& GetString(int index) const { return value(index).text; }
  int64_t GetInteger(int index) const { return static_cast<int64_t>(value(index).number); }
  double GetReal(int index) const { return value(index).number; }
  bool GetBool(int index) const { return value(index).number != 0; }
  // By name, for parameters that are not read often. The parameter exists.
  const std::string& GetString(std::string_view name) const { return GetString(FindSetting(name)); }
  int64_t GetInteger(std::string_view name) const { return GetInteger(FindSetting(name)); }
  double GetReal(std::string_view name) const { return GetReal(FindSetting(name)); }
  bool GetBool(std::string_view name) const { return GetBool(FindSetting(name)); }

  // Increases with every change: what is derived from settings compares it.
  uint64_t version() const { return version_; }
  // The known parameters whose values differ from the server's, but for those in `without`, as "name\0value\0..." in their
  // fixed order: equal texts, equal settings.
  std::string Differences(std::span<const std::string_view> without) const;

  // Transactions: level 1 is the transaction, deeper ones its savepoints.
  int level() const { return level_; }
  void BeginLevel() { ++level_; }
  void EndLevel(bool commit);

  // Parameters marked kReport whose value differs from what was last reported. The first call gives all of them.
  std::vector<std::pair<std::string, std::string>> TakeReports();
  bool has_reports() const { return report_needed_; }

 private:
  // What to restore when the level ends. One record per parameter and level, newest last.
  enum class StackState : uint8_t { kSet, kLocal, kSetLocal };
  struct StackEntry {
    std::string key;
    int level;
    StackState state;
    std::optional<SettingValue> prior;   // nullopt: the session had no value of its own
    std::optional<SettingValue> masked;  // kSetLocal: what SET gave before SET LOCAL hid it
  };

  Status CheckContext(const SettingRow& row, SettingSource source, bool superuser) const;
  void PushPrior(const std::string& key, SettingScope scope);
  void Assign(const std::string& key, std::optional<SettingValue> value);
  const SettingValue* FindValue(std::string_view key) const;

  const ServerSettings* server_;
  // Values that differ from the server's, by canonical name. Sparse: an idle session keeps nearly nothing.
  std::map<std::string, SettingValue, std::less<>> current_;
  std::map<std::string, SettingValue, std::less<>> defaults_;
  std::vector<const SettingValue*> overlay_;  // by index, into current_ and defaults_; empty until something is set
  std::vector<StackEntry> stack_;
  std::map<int, std::string> reported_;
  int level_ = 0;
  uint64_t version_ = 1;
  bool report_needed_ = true;
};

}  // namespace phantom::session
