// types/keywords.h
//
// PostgreSQL 15's keywords with their categories (appendix C), and quoting of identifiers and literals by its rules.
//
// Thread safety: pure functions over constant tables.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace phantom::types {

enum class KeywordCategory : uint8_t {
  kUnreserved,
  kColumnName,        // unreserved (cannot be function or type name)
  kTypeFunctionName,  // reserved (can be function or type name)
  kReserved,
};

struct Keyword {
  std::string_view name;  // lower case
  KeywordCategory category;
  bool bare_label;  // may be a column's label without AS
};

// All keywords in alphabetical order.
std::span<const Keyword> Keywords();

// The keyword spelled like this in any case (ASCII), or null.
const Keyword* FindKeyword(std::string_view word);

// The identifier as it must be written in SQL: in double quotes unless it is a plain lower-case word that is no keyword
// of another category than kUnreserved (quote_ident).
std::string QuoteIdentifier(std::string_view name);

// The string as a literal, with an E prefix where it has backslashes (quote_literal).
std::string QuoteLiteral(std::string_view text);

}  // namespace phantom::types
