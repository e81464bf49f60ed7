#include "parser/parser.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "parser/ast_expr.h"
#include "parser/ast_select.h"
#include "parser/ast_table.h"

using namespace phantom;
using namespace phantom::parser;

namespace {

std::string Dump(std::string_view sql) {
  Result<ParsedText> parsed = Parse(sql);
  if (!parsed.ok()) return parsed.status().ToString();
  std::string text;
  for (const ParsedStatement& statement : parsed->statements) text += DumpTree(statement.node);
  return text;
}

void CheckError(std::string_view sql, SqlState state, std::string_view message, int32_t location,
                const ParseOptions& options = {}) {
  INFO(sql);
  Result<ParsedText> parsed = Parse(sql, options);
  REQUIRE(!parsed.ok());
  CHECK(SqlStateText(parsed.status().sqlstate()) == SqlStateText(state));
  CHECK(parsed.status().message() == message);
  CHECK(parsed.status().error().location == location);
}

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

}  // namespace

TEST_CASE("statements and their places in the text") {
  Result<ParsedText> parsed = Parse(" select 1; ;/* c */ begin ; commit");
  REQUIRE(parsed.ok());
  REQUIRE(parsed->statements.size() == 3);
  auto text = [&](int i) {
    return std::string(parsed->text.substr(parsed->statements[i].begin, parsed->statements[i].length));
  };
  CHECK(text(0) == " select 1");
  CHECK(text(1) == "/* c */ begin ");
  CHECK(text(2) == " commit");
  CHECK(parsed->statements[0].node->kind == NodeKind::kSelectStmt);
  CHECK(parsed->statements[1].node->kind == NodeKind::kTransactionStmt);

  CHECK(Parse("")->statements.empty());
  CHECK(Parse(" -- nothing\n;;")->statements.empty());
}

TEST_CASE("a query's tree") {
  CHECK(Dump("select t.*, f(x, 1) as y from t where a[1].b = 'q' limit 3") == R"(SelectStmt
  targets: [
    ResTarget @7
      value: ColumnRef @7
        names: "t"
        star: true
    ResTarget @12
      name: "y"
      value: FuncCall @12
        name: "f"
        args: [
          ColumnRef @14
            names: "x"
          Constant @17
            integer: 1
        ]
  ]
  from: [
    RangeVar @30
      name: "t"
      include_children: true
      persistence: 'p'
  ]
  where: OperatorExpr @45
    name: "="
    left: Indirection
      arg: ColumnRef @38
        names: "a"
      steps: [
        subscript
          upper: Constant @40
            integer: 1
        field
          field: "b"
      ]
    right: Constant @47
      string: "q"
  limit: Constant @57
    integer: 3
  limit_option: 1
)");
}

TEST_CASE("what the grammar encodes in special ways") {
  auto select = [](const Result<ParsedText>& parsed) -> const SelectStmt& {
    REQUIRE(parsed.ok());
    return Cast<SelectStmt>(*parsed->statements[0].node);
  };
  Result<ParsedText> parsed = Parse("select distinct a");
  CHECK(select(parsed).distinct);
  CHECK(select(parsed).distinct_on.empty());
  parsed = Parse("select distinct on (a, b) a");
  CHECK(select(parsed).distinct);
  CHECK(select(parsed).distinct_on.size() == 2);
  parsed = Parse("values (1, default), (3, 4)");
  CHECK(select(parsed).values.size() == 2);
  CHECK(select(parsed).values[0][1]->kind == NodeKind::kSetToDefault);
  parsed = Parse("select 1 order by 1 fetch first 2 rows with ties");
  CHECK(select(parsed).limit_option == LimitOption::kWithTies);
  parsed = Parse("select 1 limit all");
  CHECK(select(parsed).limit_option == LimitOption::kCount);
  CHECK(Cast<Constant>(*select(parsed).limit).type == ConstantType::kNull);
  parsed = Parse("select 1");
  CHECK(select(parsed).limit_option == LimitOption::kDefault);
  parsed = Parse("select -5, -99999999999, 1.50, null, true, b'101', x'1F', ''");
  const auto& targets = select(parsed).targets;
  auto constant = [&](int i) { return Cast<Constant>(*targets[i]->value); };
  CHECK(constant(0).integer == -5);
  CHECK(constant(1).text == "-99999999999");
  CHECK(constant(1).type == ConstantType::kFloat);
  CHECK(constant(2).text == "1.50");
  CHECK(constant(3).type == ConstantType::kNull);
  CHECK(constant(4).boolean);
  CHECK(constant(5).text == "b101");
  CHECK(constant(6).text == "x1F");
  CHECK(constant(7).text.empty());
  CHECK(!IsNull(constant(7).text));

  parsed = Parse("create table t (a int, exclude using gist (a with &&, b with s.=))");
  REQUIRE(parsed.ok());
  const auto& table = Cast<CreateTableStmt>(*parsed->statements[0].node);
  const auto& exclude = Cast<Constraint>(*table.elements[1]);
  REQUIRE(exclude.exclusions.size() == 2);
  CHECK(exclude.exclusions[0].element->name == "a");
  CHECK(exclude.exclusions[1].op.size() == 2);
  CHECK(IsNull(exclude.name));
}

TEST_CASE("syntax errors have PostgreSQL's SQLSTATE, message and location") {
  CheckError("selec 1", sqlstate::kSyntaxError, "syntax error at or near \"selec\"", 0);
  CheckError("select 'é', frm x y z", sqlstate::kSyntaxError, "syntax error at or near \"y\"", 19);
  CheckError("select (1", sqlstate::kSyntaxError, "syntax error at end of input", 9);
  CheckError("select 'abc", sqlstate::kSyntaxError, "unterminated quoted string at or near \"'abc\"", 7);
  CheckError("select \"abc", sqlstate::kSyntaxError, "unterminated quoted identifier at or near \"\"abc\"", 7);
  CheckError("select \"\"", sqlstate::kSyntaxError, "zero-length delimited identifier at or near \"\"\"\"", 7);
  CheckError("select /* a", sqlstate::kSyntaxError, "unterminated /* comment at or near \"/* a\"", 7);
  CheckError("select $a$ x", sqlstate::kSyntaxError, "unterminated dollar-quoted string at or near \"$a$ x\"", 7);
  CheckError("select 123abc", sqlstate::kSyntaxError, "trailing junk after numeric literal at or near \"123a\"", 7);
  CheckError("select e'\\u12'", sqlstate::kInvalidEscapeSequence, "invalid Unicode escape", 9);
  CheckError("select u&'\\12'", sqlstate::kSyntaxError, "invalid Unicode escape", 10);
  CheckError("select e'\\xff'", sqlstate::kCharacterNotInRepertoire,
             "invalid byte sequence for encoding \"UTF8\": 0xff", -1);
  CheckError("create table t (a int) inherits (b) on commit foo", sqlstate::kSyntaxError,
             "syntax error at or near \"foo\"", 46);
  CheckError("create assertion a check (true)", sqlstate::kFeatureNotSupported,
             "CREATE ASSERTION is not yet implemented", -1);
  CheckError("select a from b order by c using", sqlstate::kSyntaxError, "syntax error at end of input", 32);
  CheckError("select * from (select 1)", sqlstate::kSyntaxError, "subquery in FROM must have an alias", 14);
}

TEST_CASE("bytes that are no text") {
  CheckError(std::string_view("select 1\0", 9), sqlstate::kCharacterNotInRepertoire,
             "invalid byte sequence for encoding \"UTF8\": 0x00", -1);
  CheckError("select '\xc3('", sqlstate::kCharacterNotInRepertoire,
             "invalid byte sequence for encoding \"UTF8\": 0xc3 0x28", -1);
}

TEST_CASE("settings of the scanner") {
  ParseOptions options;
  options.standard_conforming_strings = false;
  Result<ParsedText> parsed = Parse("select 'a\\tb'", options);
  REQUIRE(parsed.ok());
  const auto& select = Cast<SelectStmt>(*parsed->statements[0].node);
  CHECK(Cast<Constant>(*select.targets[0]->value).text == "a\tb");
  REQUIRE(parsed->notices.size() == 1);
  CHECK(parsed->notices[0].is_warning);
  CHECK(parsed->notices[0].status.message() == "nonstandard use of escape in a string literal");
  options.escape_string_warning = false;
  CHECK(Parse("select 'a\\tb'", options)->notices.empty());
  options.backslash_quote = BackslashQuote::kOff;
  CheckError("select e'\\''", sqlstate::kNonstandardUseOfEscapeCharacter, "unsafe use of \\' in a string literal", 7,
             options);
}

TEST_CASE("long identifiers are truncated with a notice") {
  Result<ParsedText> parsed = Parse("select " + Repeat("a", 70));
  REQUIRE(parsed.ok());
  REQUIRE(parsed->notices.size() == 1);
  CHECK_FALSE(parsed->notices[0].is_warning);
  CHECK(parsed->notices[0].status.sqlstate() == sqlstate::kNameTooLong);
}

TEST_CASE("deep nesting is an error and long lists are not") {
  std::string flat = "select 1" + Repeat(", 1", 100000);
  CHECK(Cast<SelectStmt>(*Parse(flat)->statements[0].node).targets.size() == 100001);
  CHECK(Parse("select true" + Repeat(" and true", 100000)).ok());

  std::string deep = "select 1" + Repeat(" + 1", 1900);
  CHECK(Parse(deep).ok());
  CHECK(DumpTree(Parse(deep)->statements[0].node).size() > 1900);
  for (const std::string& sql :
       {"select 1" + Repeat(" + 1", 1000000), "select 1" + Repeat(" union all select 1", 100000),
        "select " + Repeat("f(", 2500) + "1" + Repeat(")", 2500), "select 1" + Repeat("::int", 100000)}) {
    Result<ParsedText> parsed = Parse(sql);
    REQUIRE(!parsed.ok());
    CHECK(SqlStateText(parsed.status().sqlstate()) == "54001");
    CHECK(parsed.status().message() == "stack depth limit exceeded");
  }
  Result<ParsedText> parsed = Parse("select " + Repeat("(", 100000) + "1" + Repeat(")", 100000));
  REQUIRE(!parsed.ok());
  CHECK(parsed.status().message() == "memory exhausted at or near \"(\"");
}

TEST_CASE("the type's name alone") {
  Result<ParsedText> parsed = ParseTypeName("pg_catalog.varchar(10)[]");
  REQUIRE(parsed.ok());
  const auto& type = Cast<TypeName>(*parsed->statements[0].node);
  CHECK(type.names.size() == 2);
  CHECK(type.typmods.size() == 1);
  CHECK(type.array_bounds.size() == 1);
  CHECK(ParseTypeName("double precision").ok());
  CHECK_FALSE(ParseTypeName("int; select 1").ok());
  CHECK_FALSE(ParseTypeName("").ok());
}

TEST_CASE("where expressions begin") {
  auto location = [](std::string_view sql) {
    Result<ParsedText> parsed = Parse(sql);
    return ExpressionLocation(Cast<SelectStmt>(*parsed->statements[0].node).targets[0]->value);
  };
  CHECK(location("select  a + b") == 8);
  CHECK(location("select  a::int") == 8);
  CHECK(location("select  a is null and b") == 8);
  CHECK(location("select  not a") == 8);
}

TEST_CASE("threads parse at the same time") {
  std::vector<std::thread> threads;
  std::vector<int> good(4), bad(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        good[t] += Parse("select a, b from t where c = 1 order by 1").ok();
        bad[t] += !Parse("select a, b frm t wher").ok();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < 4; ++t) {
    CHECK(good[t] == 2000);
    CHECK(bad[t] == 2000);
  }
}
