// Every kind of statement that the grammar has goes through Parse, the conversion and DumpTree.
#include "test_paths.h"
#include "parser/statements.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "parser/parser.h"

using namespace phantom;
using namespace phantom::parser;

namespace phantom::parser {

std::vector<std::string> ReadStatements() {
  std::ifstream file(TestsDirectory() + "/parser/data/statements.sql");
  std::stringstream text;
  text << file.rdbuf();
  Result<ParsedText> parsed = Parse(text.str());
  INFO(
      (parsed.ok() ? "" : parsed.status().ToString() + " at byte " + std::to_string(parsed.status().error().location)));
  REQUIRE(parsed.ok());
  std::vector<std::string> statements;
  for (const ParsedStatement& statement : parsed->statements)
    statements.emplace_back(parsed->text.substr(statement.begin, statement.length));
  return statements;
}

}  // namespace phantom::parser

TEST_CASE("statements of every kind are converted") {
  std::set<std::string> seen;
  for (const std::string& sql : ReadStatements()) {
    INFO(sql);
    Result<ParsedText> parsed = Parse(sql);
    REQUIRE(parsed.ok());
    REQUIRE(parsed->statements.size() == 1);
    std::istringstream dump(DumpTree(parsed->statements[0].node));
    std::string word;
    while (dump >> word) seen.insert(word);
  }
  for (int kind = 0; NodeKindName(static_cast<NodeKind>(kind)) != "unknown"; ++kind) {
    std::string name(NodeKindName(static_cast<NodeKind>(kind)));
    INFO(name);
    CHECK(seen.count(name) == 1);
  }
}
