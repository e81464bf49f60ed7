// Kernels against PostgreSQL: each line of function_cases.inc is a call of a built-in function as text with the answer
// that PostgreSQL 15 gave (time zone America/New_York).
#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "engine/kernel.h"
#include "types/format_context.h"
#include "types/text_format.h"
#include "types/value.h"

using namespace phantom;

namespace {

constexpr std::string_view kCases =
#include "function_cases.inc"
    ;

std::vector<std::string> Split(const std::string& line, char by) {
  std::vector<std::string> parts(1);
  for (const char c : line) {
    if (c == by) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) c == '\n' ? (void)(escaped += "\\n") : escaped.push_back(c);
  return escaped;
}

// The answer as the file writes it: text, \N, or !SQLSTATE message.
std::string Answer(const std::vector<std::string>& fields) {
  const engine::KernelEntry* entry = engine::FindKernel(
      engine::KernelKind::kScalar, static_cast<Oid>(std::stoul(fields[0])), fields[1] == "-" ? std::string_view() : fields[1]);
  if (entry == nullptr) return "no kernel";
  types::FormatContext format;
  format.time_zone = *types::TimeZone::Find("America/New_York");
  std::vector<types::Type> arg_types;
  if (fields[3] != "-") {
    for (const std::string& oid : Split(fields[3], ' ')) arg_types.emplace_back(static_cast<Oid>(std::stoul(oid)));
  }
  std::vector<types::Vector> args;
  std::vector<const types::Vector*> pointers;
  for (size_t i = 0; i < arg_types.size(); ++i) {
    types::Vector& vector = args.emplace_back(arg_types[i]);
    if (fields[5 + i] == "\\N") {
      vector.SetNull(0);
    } else {
      const Status parsed = types::ParseTextInto(fields[5 + i], format, vector, 0);
      if (!parsed.ok()) return "argument: " + parsed.ToString();
    }
    vector.SetConstant();
  }
  for (const types::Vector& vector : args) pointers.push_back(&vector);
  engine::KernelContext context;
  context.format = &format;
  context.result_type = types::Type(static_cast<Oid>(std::stoul(fields[2])));
  context.arg_types = arg_types;
  context.function = static_cast<Oid>(std::stoul(fields[0]));
  const std::string& source = fields[1];
  context.function_name = source == "json_build_object" || source == "jsonb_build_object" ? std::string_view(source)
                          : source.starts_with("regexp_match")                             ? "regexp_match"
                                                                                           : std::string_view(source);
  types::Vector result(context.result_type);
  const Status status = entry->scalar(context, pointers, {nullptr, 1}, result);
  if (!status.ok()) {
    return "!" + status.ToString().substr(0, 5) + " " + status.message();
  }
  if (result.IsNull(0)) return "\\N";
  if (context.result_type.oid == types::kBoolOid) return result.Get<bool>(0) ? "true" : "false";
  std::string text;
  const Status written = types::AppendText(context.result_type, result.row_slot(0), format, text);
  return written.ok() ? Escaped(text) : written.ToString();
}

}  // namespace

TEST_CASE("functions answer as PostgreSQL does") {
  std::istringstream lines{std::string(kCases)};
  std::string line;
  size_t count = 0;
  while (std::getline(lines, line)) {
    if (line.empty()) continue;
    const std::vector<std::string> fields = Split(line, '\t');
    ++count;
    INFO(line);
    CHECK(Answer(fields) == fields[4]);
  }
  CHECK(count > 200);
}
