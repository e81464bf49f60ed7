#include "session/settings.h"

#include <catch2/catch.hpp>

namespace phantom::session {
namespace {

std::string Shown(const Settings& settings, std::string_view name) {
  Result<std::string> text = settings.Show(name, true);
  return text.ok() ? *text : text.status().ToString();
}
std::string SetError(Settings& settings, std::string_view name, std::string_view value) {
  Status status = settings.Set(name, value, SettingScope::kSession, true);
  return status.ok() ? "OK" : SqlStateText(status.sqlstate()) + ": " + status.message();
}

TEST_CASE("every parameter is found under its own name") {
  for (size_t i = 0; i < SettingRows().size(); ++i) CHECK(FindSetting(SettingRows()[i].name) == static_cast<int>(i));
  CHECK(FindSetting("datestyle") == FindSetting("DateStyle"));
  CHECK(FindSetting("nothing") == -1);
}

TEST_CASE("values are shown with the largest unit that fits") {
  ServerSettings server;
  Settings settings(server);
  CHECK(Shown(settings, "work_mem") == "4MB");
  CHECK(SetError(settings, "work_mem", "1500kB") == "OK");
  CHECK(Shown(settings, "work_mem") == "1500kB");
  CHECK(SetError(settings, "statement_timeout", "1.5min") == "OK");
  CHECK(Shown(settings, "statement_timeout") == "90s");
  CHECK(settings.GetInteger("statement_timeout") == 90000);
  CHECK(Shown(settings, "shared_buffers") == "128MB");
}

TEST_CASE("bad values are refused in PostgreSQL's words") {
  ServerSettings server;
  Settings settings(server);
  CHECK(SetError(settings, "enable_seqscan", "maybe") ==
        "22023: parameter \"enable_seqscan\" requires a Boolean value");
  CHECK(SetError(settings, "work_mem", "10") ==
        "22023: 10 kB is outside the valid range for parameter \"work_mem\" (64 .. 2147483647)");
  CHECK(SetError(settings, "work_mem", "10 parsecs") ==
        "22023: invalid value for parameter \"work_mem\": \"10 parsecs\"");
  CHECK(SetError(settings, "nothing", "1") == "42704: unrecognized configuration parameter \"nothing\"");
  CHECK(SetError(settings, "shared_buffers", "1MB") ==
        "55P02: parameter \"shared_buffers\" cannot be changed without restarting the server");
  CHECK(SetError(settings, "server_version", "1") == "55P02: parameter \"server_version\" cannot be changed");
  CHECK(SetError(settings, "IntervalStyle", "x") == "22023: invalid value for parameter \"IntervalStyle\": \"x\"");
  CHECK(SetError(settings, "1.2", "x") == "42602: invalid configuration parameter name \"1.2\"");
}

TEST_CASE("DateStyle keeps the part that is not named") {
  ServerSettings server;
  Settings settings(server);
  CHECK(SetError(settings, "datestyle", "dmy") == "OK");
  CHECK(Shown(settings, "DateStyle") == "ISO, DMY");
  CHECK(SetError(settings, "datestyle", "german") == "OK");
  CHECK(Shown(settings, "DateStyle") == "German, DMY");
  CHECK(SetError(settings, "datestyle", "iso, sql") ==
        "22023: invalid value for parameter \"DateStyle\": \"iso, sql\"");
}

TEST_CASE("transactions and savepoints undo what they set") {
  ServerSettings server;
  Settings settings(server);
  const auto set = [&](const char* value, SettingScope scope) {
    CHECK(settings.Set("work_mem", value, scope, true).ok());
  };
  settings.BeginLevel();
  set("1MB", SettingScope::kSession);
  settings.EndLevel(false);
  CHECK(Shown(settings, "work_mem") == "4MB");

  settings.BeginLevel();
  set("1MB", SettingScope::kSession);
  set("2MB", SettingScope::kLocal);
  CHECK(Shown(settings, "work_mem") == "2MB");
  settings.EndLevel(true);
  CHECK(Shown(settings, "work_mem") == "1MB");

  settings.BeginLevel();
  settings.BeginLevel();
  set("3MB", SettingScope::kLocal);
  settings.EndLevel(true);
  CHECK(Shown(settings, "work_mem") == "3MB");
  settings.BeginLevel();
  set("5MB", SettingScope::kSession);
  settings.EndLevel(false);
  CHECK(Shown(settings, "work_mem") == "3MB");
  settings.EndLevel(true);
  CHECK(Shown(settings, "work_mem") == "1MB");

  CHECK(settings.Reset("work_mem", SettingScope::kSession, true).ok());
  CHECK(Shown(settings, "work_mem") == "4MB");
}

TEST_CASE("what the client set on connecting is what RESET returns to") {
  ServerSettings server;
  Settings settings(server);
  CHECK(settings.SetDefault("application_name", "caf\xc3\xa9", SettingSource::kClient, false).ok());
  CHECK(SetError(settings, "application_name", "other") == "OK");
  settings.ResetAll();
  CHECK(Shown(settings, "application_name") == "caf??");
}

TEST_CASE("custom parameters live in the session") {
  ServerSettings server;
  Settings settings(server);
  CHECK(Shown(settings, "my.value") == "42704: unrecognized configuration parameter \"my.value\"");
  CHECK(SetError(settings, "my.value", "a b") == "OK");
  CHECK(Shown(settings, "my.value") == "a b");
  CHECK(SetError(settings, "my.2nd", "x") == "42602: invalid configuration parameter name \"my.2nd\"");
}

TEST_CASE("a misspelt parameter of ours is an error, for a session and for the server") {
  ServerSettings server;
  Settings settings(server);
  const std::string error = "invalid configuration parameter name \"phantom.tearing\"";
  CHECK(SetError(settings, "phantom.tearing", "hot") == "42602: " + error);
  CHECK(server.Set("phantom.tearing", "hot", SettingSource::kCommandLine).message() == error);
}

TEST_CASE("reported parameters are reported once, and again when they change") {
  ServerSettings server;
  Settings settings(server);
  CHECK(settings.TakeReports().size() >= 13);
  CHECK(settings.TakeReports().empty());
  CHECK(SetError(settings, "TimeZone", "UTC") == "OK");
  CHECK(settings.TakeReports().empty());
  CHECK(SetError(settings, "application_name", "x") == "OK");
  const auto reports = settings.TakeReports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0] == std::pair<std::string, std::string>("application_name", "x"));
}

TEST_CASE("a configuration file is name = value lines") {
  ServerSettings server;
  CHECK(
      server.LoadFileText("# comment\nwork_mem = 8MB # more\nsearch_path='\"a''b\", c'\n\nport 1234\n", "f.conf").ok());
  Settings settings(server);
  CHECK(Shown(settings, "work_mem") == "8MB");
  CHECK(Shown(settings, "search_path") == "\"a'b\", c");
  CHECK(server.GetInteger("port") == 1234);
  CHECK(server.LoadFileText("work_mem = ", "f.conf").ok() == false);
}

}  // namespace
}  // namespace phantom::session
