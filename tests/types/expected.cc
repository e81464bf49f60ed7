#include "expected.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "types/interval_fields.h"

namespace phantom::types {
namespace {

constexpr size_t kReportedMax = 60;

std::string Unescape(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain.push_back(text[i]);
      continue;
    }
    char c = text[++i];
    plain.push_back(c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c);
  }
  return plain;
}

}  // namespace

std::vector<Fields> ReadExpected(const char* file) {
  std::ifstream in(std::filesystem::path(PHANTOM_TYPES_TEST_DATA) / file);
  REQUIRE(in.good());
  std::vector<Fields> rows;
  for (std::string line; std::getline(in, line);) {
    Fields fields;
    size_t from = 0;
    for (size_t tab; (tab = line.find('\t', from)) != std::string::npos; from = tab + 1) {
      fields.push_back(Unescape(line.substr(from, tab - from)));
    }
    fields.push_back(Unescape(line.substr(from)));
    rows.push_back(std::move(fields));
  }
  return rows;
}

FormatContext ContextOf(const std::string& settings) {
  FormatContext context;
  for (size_t from = 0; from < settings.size();) {
    size_t end = std::min(settings.find(';', from), settings.size());
    std::string part = settings.substr(from, end - from);
    from = end + 1;
    std::string name = part.substr(0, part.find('=')), value = part.substr(part.find('=') + 1);
    if (name == "datestyle") {
      REQUIRE(ParseDateStyle(value, &context.date_style, &context.date_order));
    } else if (name == "intervalstyle") {
      REQUIRE(ParseIntervalStyle(value, &context.interval_style));
    } else if (name == "timezone") {
      std::optional<TimeZone> zone = TimeZone::Find(value);
      REQUIRE(zone);
      context.time_zone = *zone;
    } else if (name == "extra_float_digits") {
      context.extra_float_digits = std::stoi(value);
    } else if (name == "bytea_output") {
      context.bytea_output = value == "escape" ? ByteaOutput::kEscape : ByteaOutput::kHex;
    }
  }
  return context;
}

Type TypeOf(std::string name) {
  bool array = name.ends_with("[]");
  if (array) name.resize(name.size() - 2);
  std::vector<int32_t> modifiers;
  if (size_t paren = name.find('('); paren != std::string::npos) {
    std::string list = name.substr(paren + 1);
    name.resize(paren);
    for (size_t from = 0; from < list.size();) {
      size_t used = 0;
      modifiers.push_back(std::stoi(list.substr(from), &used));
      from += used + 1;
    }
  }
  const std::map<std::string, Oid> names = {
      {"date", kDateOid}, {"time", kTimeOid}, {"timetz", kTimetzOid}, {"timestamp", kTimestampOid},
      {"timestamptz", kTimestamptzOid}, {"numeric", kNumericOid}, {"int2", kInt2Oid}, {"int4", kInt4Oid},
      {"int8", kInt8Oid}, {"oid", kOidOid}, {"regclass", kRegclassOid}, {"float4", kFloat4Oid},
      {"float8", kFloat8Oid}, {"bool", kBoolOid}, {"bytea", kByteaOid}, {"uuid", kUuidOid}, {"json", kJsonOid},
      {"jsonb", kJsonbOid}, {"text", kTextOid}, {"varchar", kVarcharOid}, {"bpchar", kBpcharOid},
      {"char", kBpcharOid}, {"name", kNameOid}, {"bit", kBitOid}, {"varbit", kVarbitOid}, {"money", kMoneyOid},
      {"tid", kTidOid}, {"pg_lsn", kPgLsnOid}, {"\"char\"", kCharOid}, {"int2vector", kInt2vectorOid},
      {"oidvector", kOidvectorOid}};
  Type type;
  if (name.starts_with("interval")) {
    type.oid = kIntervalOid;
    const std::map<std::string, int32_t> fields = {
        {"year", kIntervalYear}, {"month", kIntervalMonth}, {"day", kIntervalDay}, {"second", kIntervalSecond},
        {"year to month", kIntervalYear | kIntervalMonth}, {"day to hour", kIntervalDay | kIntervalHour},
        {"minute to second", kIntervalMinute | kIntervalSecond},
        {"hour to second", kIntervalHour | kIntervalMinute | kIntervalSecond}};
    int32_t mask = name == "interval" ? kIntervalFullRange : fields.at(name.substr(9));
    modifiers.insert(modifiers.begin(), mask);
    if (name == "interval" && modifiers.size() == 1) modifiers.clear();
  } else {
    type.oid = names.at(name);
  }
  if (!modifiers.empty()) {
    Result<int32_t> typmod = TypmodFromModifiers(type.oid, modifiers);
    REQUIRE(typmod.ok());
    type.typmod = *typmod;
  }
  if (array) type.oid = ArrayTypeOf(type.oid);
  return type;
}

std::string ErrorText(const Status& status) {
  const ErrorFields& error = status.error();
  std::string text = "!" + SqlStateText(error.sqlstate) + " " + error.message;
  if (!error.detail.empty()) text += " DETAIL: " + error.detail;
  if (!error.context.empty()) text += " CONTEXT: " + error.context;
  return text;
}

void Differences::Compare(const Fields& row, const std::string& expected, const std::string& actual) {
  ++compared_;
  if (expected == actual) return;
  if (++different_ > kReportedMax) return;
  for (size_t i = 0; i + 1 < row.size(); ++i) report_ += row[i] + " | ";
  report_ += "\n    expected " + expected + "\n    actual   " + actual + "\n";
}

Differences::~Differences() {
  INFO(different_ << " of " << compared_ << " differ:\n" << report_);
  CHECK(different_ == 0);
}

}  // namespace phantom::types
