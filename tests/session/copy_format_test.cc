#include <catch2/catch.hpp>

#include "session/copy/fields.h"
#include "session/copy/line_reader.h"

namespace phantom::session {
namespace {

// All lines of the data, fed in pieces of `step` bytes; the error's message last if there is one.
std::vector<std::string> Lines(const CopyOptions& options, std::string_view data, size_t step) {
  CopyLineReader reader(options);
  std::vector<std::string> lines;
  size_t at = 0;
  while (true) {
    std::string_view line;
    Result<CopyLineReader::Outcome> outcome = reader.Next(&line);
    if (!outcome.ok()) {
      lines.push_back("! " + outcome.status().message());
      return lines;
    }
    if (*outcome == CopyLineReader::Outcome::kEnd) return lines;
    if (*outcome == CopyLineReader::Outcome::kLine) {
      lines.emplace_back(line);
    } else if (at < data.size()) {
      reader.Feed(data.substr(at, step));
      at += step;
    } else {
      reader.End();
    }
  }
}

void CheckLines(const CopyOptions& options, std::string_view data, const std::vector<std::string>& expected) {
  for (size_t step = 1; step <= data.size() + 1; ++step) {
    INFO("step " << step);
    CHECK(Lines(options, data, step) == expected);
  }
}

CopyOptions Csv() {
  CopyOptions options;
  options.format = CopyFormat::kCsv;
  options.delimiter = ',';
  options.null_text = "";
  return options;
}

std::string Fields(const CopyOptions& options, std::string_view line) {
  CopyFieldSplitter splitter(options);
  Result<const std::vector<CopyField>*> fields = splitter.Split(line);
  if (!fields.ok()) return "! " + fields.status().message();
  std::string text;
  for (const CopyField& field : **fields) text += field.is_null ? "<null>" : "[" + std::string(field.text) + "]";
  return text;
}

TEST_CASE("text lines end as the first one did") {
  const CopyOptions text;
  CheckLines(text, "a\nb\n", {"a", "b"});
  CheckLines(text, "a\nb", {"a", "b"});
  CheckLines(text, "a\r\nb\r\n", {"a", "b"});
  CheckLines(text, "a\rb\r", {"a", "b"});
  CheckLines(text, "a\nb\rc\n", {"a", "! literal carriage return found in data"});
  CheckLines(text, "a\r\nb\nc", {"a", "! literal newline found in data"});
  CheckLines(text, "a\\\nb\nc", {"a\\\nb", "c"});
}

TEST_CASE("the end marker ends the data") {
  const CopyOptions text;
  CheckLines(text, "a\n\\.\nrest", {"a"});
  CheckLines(text, "a\nb\\.\nrest", {"a", "b"});
  CheckLines(text, "a\n\\.x\n", {"a", "! end-of-copy marker corrupt"});
  CheckLines(Csv(), "a\n\\.\nrest", {"a"});
  CheckLines(Csv(), "a\nb\\.\n", {"a", "b\\."});
}

TEST_CASE("CSV lines may span several") {
  CheckLines(Csv(), "a,\"b\nc\"\nd\n", {"a,\"b\nc\"", "d"});
  CheckLines(Csv(), "\"a\"\"\n\",b\nc", {"\"a\"\"\n\",b", "c"});
  CopyOptions escape = Csv();
  escape.escape = '\\';
  CheckLines(escape, "\"a\\\"\nb\",c\nd\n", {"\"a\\\"\nb\",c", "d"});
}

TEST_CASE("fields of text lines") {
  const CopyOptions text;
  CHECK(Fields(text, "a\tb") == "[a][b]");
  CHECK(Fields(text, "") == "[]");
  CHECK(Fields(text, "\\N\t\\\\N\t") == "<null>[\\N][]");
  CHECK(Fields(text, "\\t\\n\\101\\x41\\q") == "[\t\nAAq]");
}

TEST_CASE("fields of CSV lines") {
  CHECK(Fields(Csv(), "a,,\"\",\"b,c\"") == "[a]<null>[][b,c]");
  CHECK(Fields(Csv(), "\"a\"\"b\"x") == "[a\"bx]");
  CHECK(Fields(Csv(), "\"a") == "! unterminated CSV quoted field");
}

}  // namespace
}  // namespace phantom::session
