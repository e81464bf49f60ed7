#include <algorithm>

#include "types/keywords.h"

namespace phantom::types {

namespace {

bool NeedsNoQuotes(std::string_view name) {
  auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  auto continues = [&](char c) { return starts(c) || (c >= '0' && c <= '9'); };
  if (name.empty() || !starts(name[0]) || !std::all_of(name.begin(), name.end(), continues)) return false;
  const Keyword* keyword = FindKeyword(name);
  return keyword == nullptr || keyword->category == KeywordCategory::kUnreserved;
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) {
  if (NeedsNoQuotes(name)) return std::string(name);
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

std::string QuoteLiteral(std::string_view text) {
  std::string quoted = text.find('\\') != std::string_view::npos ? "E'" : "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted += '\'';
}

}  // namespace phantom::types
