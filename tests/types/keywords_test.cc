#include "types/keywords.h"

#include <catch2/catch.hpp>

using namespace phantom::types;

TEST_CASE("keywords are found in any case") {
  CHECK(Keywords().size() == 460);
  REQUIRE(FindKeyword("SeLeCt") != nullptr);
  CHECK(FindKeyword("select")->category == KeywordCategory::kReserved);
  CHECK(FindKeyword("left")->category == KeywordCategory::kTypeFunctionName);
  CHECK(FindKeyword("int")->category == KeywordCategory::kColumnName);
  CHECK(FindKeyword("name")->category == KeywordCategory::kUnreserved);
  CHECK_FALSE(FindKeyword("year")->bare_label);
  CHECK(FindKeyword("current_timestamp") != nullptr);
  CHECK(FindKeyword("zone") == &Keywords().back());
  CHECK(FindKeyword("abort") == &Keywords().front());
  CHECK(FindKeyword("selects") == nullptr);
  CHECK(FindKeyword("") == nullptr);
  CHECK(FindKeyword("a_word_longer_than_all_keywords") == nullptr);
}

TEST_CASE("identifiers are quoted where they must be") {
  CHECK(QuoteIdentifier("abc_1") == "abc_1");
  CHECK(QuoteIdentifier("_a") == "_a");
  CHECK(QuoteIdentifier("name") == "name");
  CHECK(QuoteIdentifier("Abc") == "\"Abc\"");
  CHECK(QuoteIdentifier("1a") == "\"1a\"");
  CHECK(QuoteIdentifier("a$") == "\"a$\"");
  CHECK(QuoteIdentifier("select") == "\"select\"");
  CHECK(QuoteIdentifier("int") == "\"int\"");
  CHECK(QuoteIdentifier("left") == "\"left\"");
  CHECK(QuoteIdentifier("a\"b") == "\"a\"\"b\"");
  CHECK(QuoteIdentifier("é") == "\"é\"");
  CHECK(QuoteIdentifier("") == "\"\"");
}

TEST_CASE("literals are quoted") {
  CHECK(QuoteLiteral("") == "''");
  CHECK(QuoteLiteral("it's") == "'it''s'");
  CHECK(QuoteLiteral("a\\b'c") == "E'a\\\\b''c'");
}
