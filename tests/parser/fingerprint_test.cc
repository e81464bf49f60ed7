#include "parser/fingerprint.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "parser/ast_expr.h"
#include "parser/parser.h"
#include "parser/statements.h"

using namespace phantom;
using namespace phantom::parser;

namespace {

std::string Normalized(std::string_view sql) {
  Fingerprint fingerprint;
  return ComputeFingerprint(sql, &fingerprint) ? fingerprint.normalized : "(none)";
}

std::string Values(std::string_view sql) {
  Fingerprint fingerprint;
  REQUIRE(ComputeFingerprint(sql, &fingerprint));
  std::string values;
  for (const FingerprintLiteral& literal : fingerprint.literals)
    values += "[" + std::string(fingerprint.ValueOf(literal)) + "]";
  return values;
}

// The dump of a statement without the locations.
std::string Shape(std::string_view sql) {
  Result<ParsedText> parsed = Parse(sql);
  if (!parsed.ok()) return parsed.status().ToString();
  std::string dump = DumpTree(parsed->statements[0].node);
  std::string shape;
  for (size_t i = 0; i < dump.size(); ++i) {
    if (dump[i] == ' ' && dump[i + 1] == '@') {
      i += 2;
      while (dump[i] >= '0' && dump[i] <= '9') ++i;
    }
    shape += dump[i];
  }
  return shape;
}

// The normalised text with the literals put back.
std::string Restored(std::string_view sql, const Fingerprint& fingerprint) {
  std::string text = fingerprint.normalized + " ";
  size_t at = 0;
  for (const FingerprintLiteral& literal : fingerprint.literals) {
    while (!(text[at] == '?' && text[at + 2] == ' ' && (at == 0 || text[at - 1] == ' ') &&
             std::string_view("insb").find(text[at + 1]) != std::string_view::npos))
      ++at;
    std::string_view token = sql.substr(literal.location, literal.length);
    text.replace(at, 2, token);
    at += token.size();
  }
  return text;
}

}  // namespace

TEST_CASE("literals become parameters") {
  CHECK(Normalized("SELECT abalance FROM pgbench_accounts WHERE aid = 42;") ==
        "select abalance from pgbench_accounts where aid = ?i");
  CHECK(Values("select 1, 1.5, .5, 1e3, 99999999999, 'it''s', E'a\\nb\\\\', $q$x'y$q$, b'01', X'1f'") ==
        "[1][1.5][.5][1e3][99999999999][it's][a\nb\\][x'y][b01][x1f]");
  CHECK(Normalized("select 2147483647, 2147483648, 0002147483647") == "select ?i , ?n , ?i");
  CHECK(Normalized("select 1..2") == "select ?i .. ?i");
  CHECK(Normalized("select a.b.\"C d\"::int") == "select a . b . \"C d\" :: int");
}

TEST_CASE("blanks, comments and the case of words do not count") {
  std::string expected = Normalized("select a from t where b = 1");
  CHECK(Normalized("/* x /* y */ z */ Select\ta -- rest\nFROM t\nwhere b=2 ; -- end") == expected);
  CHECK(Normalized("select \"A\" from t where b = 1") != expected);
  CHECK(Normalized("select a from t where b = '1'") != expected);
}

TEST_CASE("operators end where PostgreSQL ends them") {
  CHECK(Normalized("select 1-2") == "select ?i - ?i");
  CHECK(Normalized("select a=-1") == "select a = - ?i");
  CHECK(Normalized("select a@-1") == "select a @- ?i");
  CHECK(Normalized("select a->>'b'") == "select a ->> ?s");
  CHECK(Normalized("select a+--c\n1") == "select a + ?i");
  CHECK(Normalized("select a*/*c*/1") == "select a * ?i");
  CHECK(Normalized("select a:=1, b=>2, c!=d") == "select a := ?i , b => ?i , c != d");
  Fingerprint fingerprint;
  REQUIRE(ComputeFingerprint("select - 5, 6", &fingerprint));
  CHECK(fingerprint.literals[0].minus == 7);
  CHECK(fingerprint.literals[1].minus == -1);
}

TEST_CASE("text that a fingerprint cannot serve") {
  for (std::string_view sql : {"",
                               ";",
                               " -- c",
                               "select 1; select 2",
                               "select $1",
                               "select 'a",
                               "select \"a",
                               "select \"\"",
                               "select /* a",
                               "select 'a'\n'b'",
                               "select u&'a'",
                               "select U&\"a\"",
                               "select n'a'",
                               "select e'\\x41'",
                               "select e'\\''",
                               "select 12ab",
                               "select 1e",
                               "select 0x1F",
                               "select $a$b",
                               "select {",
                               "select e'a\\",
                               "select '\\",
                               "select aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    INFO(sql);
    CHECK(Normalized(sql) == "(none)");
  }
  CHECK(Normalized("select '" + std::string(kFingerprintBytesMax, 'x') + "'") == "(none)");
}

TEST_CASE("the normalised text is the same statement, and its literals are the grammar's") {
  int served = 0, constants = 0;
  for (const std::string& sql : ReadStatements()) {
    Fingerprint fingerprint;
    if (!ComputeFingerprint(sql, &fingerprint)) continue;
    ++served;
    INFO(sql);
    CHECK(Shape(Restored(sql, fingerprint)) == Shape(sql));

    std::string dump = DumpTree(Parse(sql)->statements[0].node);
    for (const FingerprintLiteral& literal : fingerprint.literals) {
      static constexpr const char* kFields[] = {"integer: ", "float: ", "string: \"", "bits: \""};
      size_t constant = dump.find("Constant @" + std::to_string(literal.location) + "\n");
      std::string_view value = fingerprint.ValueOf(literal);
      if (constant == std::string::npos || value.find_first_of("\n\"\\") != std::string_view::npos) continue;
      ++constants;
      size_t field = dump.find_first_not_of(' ', dump.find('\n', constant) + 1);
      std::string expected = kFields[static_cast<int>(literal.type)] + std::string(value);
      CHECK(dump.substr(field, expected.size()) == expected);
    }
  }
  CHECK(served > 300);
  CHECK(constants > 200);
}
