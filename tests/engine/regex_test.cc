#include "engine/functions/regex.h"

#include <catch2/catch.hpp>
#include <thread>

using namespace phantom;
using namespace phantom::engine;

static std::string First(std::string_view pattern, std::string_view text, const RegexOptions& options = {}, size_t group = 0) {
  Result<Regex*> regex = GetRegex(pattern, options);
  if (!regex.ok()) return regex.status().ToString();
  std::vector<RegexGroup> groups;
  Result<bool> found = (*regex)->Find(RegexSubject(text), 0, groups);
  if (!found.ok()) return found.status().ToString();
  if (!*found) return "no match";
  return std::string(text.substr(groups[group].begin, groups[group].end - groups[group].begin));
}

TEST_CASE("regular expressions match as PostgreSQL's do") {
  REQUIRE(First("foo(.*?)bar", "xfooabarbar") == "fooabar");
  REQUIRE(First("(foo|foobar)(bar)?", "foobar") == "foobar");  // the longest, not the first alternative
  REQUIRE(First("\\mword\\M", "a word!") == "word");
  REQUIRE(First("[[:alpha:]]+", "12äöx3") == "äöx");
  REQUIRE(First("ß.", "straße") == "ße");
  REQUIRE(First(".", "\U0001F600x") != "no match");
  REQUIRE(First("X", "axb", ParseRegexFlags("i").value()) == "x");
  REQUIRE(First("a b", "ab", ParseRegexFlags("x").value()) == "ab");
  REQUIRE(First("a.b", "a.b axb", ParseRegexFlags("q").value()) == "a.b");
  REQUIRE(First("^b$", "a\nb", ParseRegexFlags("n").value()) == "b");
  REQUIRE(First("(", "x") == "2201B: invalid regular expression: parentheses () not balanced");
  REQUIRE(First("[a", "x") == "2201B: invalid regular expression: brackets [] not balanced");
  REQUIRE(First("a{2,1}", "x") == "2201B: invalid regular expression: invalid repetition count(s)");
}

TEST_CASE("SIMILAR TO patterns become expressions of the whole text") {
  REQUIRE(SimilarToRegex("a%_(b|c)", nullptr).value() == "^(?:a.*.(?:b|c))$");
  REQUIRE(SimilarToRegex("a\\%", nullptr).value() == "^(?:a\\%)$");
  std::string_view hash = "#";
  REQUIRE(First(SimilarToRegex("%#\"o_b#\"%", &hash).value(), "foobar", {}, 1) == "oob");
}

TEST_CASE("threads compile for themselves") {
  std::thread other([] { REQUIRE(First("a+", "baaa") == "aaa"); });
  other.join();
  REQUIRE(First("a+", "baaa") == "aaa");
}
