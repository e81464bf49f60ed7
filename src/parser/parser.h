// parser/parser.h
//
// From SQL text to syntax trees (parser/ast.h). The grammar is libpg_query's, that is PostgreSQL 15's own.
//
// Errors carry PostgreSQL's SQLSTATE, message and location: 42601 syntax_error ("syntax error at or near ..."),
// 42622, 22025, 22P06, 0A000, ... from the scanner and grammar's actions; 22021 for bytes that are not UTF-8 and for
// NUL; 54001 for statements nested deeper than kNestingDepthMax; 54000 for text longer than kTextBytesMax.
//
// Thread safety: all functions may be called from any thread at once. A ParsedText is immutable; threads may share it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/arena.h"
#include "common/status.h"
#include "parser/ast.h"

namespace phantom::parser {

// Trees are at most this deep, counted in nodes on a path; so recursion over a tree needs no guard of its own as long
// as it takes less than 3 KiB of stack a node (threads have 8 MiB). PostgreSQL's limit lies somewhat higher, between
// 3500 and 4500 nodes with its default max_stack_depth.
inline constexpr int kNestingDepthMax = 2000;
inline constexpr size_t kTextBytesMax = (size_t{1} << 30) - 3;  // what PostgreSQL can allocate

// The settings that change what text means (PostgreSQL 15, chapter 20.13.1).
enum class BackslashQuote : uint8_t { kOff, kOn, kSafeEncoding };
struct ParseOptions {
  bool standard_conforming_strings = true;
  bool escape_string_warning = true;
  BackslashQuote backslash_quote = BackslashQuote::kSafeEncoding;
};

// One statement and where its text lies: from the first byte after the previous statement's semicolon, up to and
// excluding its own.
struct ParsedStatement {
  const Node* node = nullptr;
  int32_t begin = 0;
  int32_t length = 0;
};

// A WARNING or NOTICE of the scanner or grammar, such as that a long identifier was truncated.
struct ParseNotice {
  bool is_warning;
  Status status;
};

// What Parse made of a text. Moving it keeps the nodes where they are.
struct ParsedText {
  Arena arena;
  std::string_view text;                    // the arena's copy of what was parsed; nodes' locations count its bytes
  std::vector<ParsedStatement> statements;  // empty for text of blanks and comments only
  std::vector<ParseNotice> notices;
};

// Parses any number of statements separated by semicolons.
Result<ParsedText> Parse(std::string_view sql, const ParseOptions& options = {});

// Parses a type's name alone, such as "numeric(10,2)[]", as regtype input and to_regtype do. The result's one statement
// is a TypeName.
Result<ParsedText> ParseTypeName(std::string_view text, const ParseOptions& options = {});

// Where an expression begins in the text: the leftmost location of its parts, -1 if unknown. An error about an
// expression as a whole points there.
int32_t ExpressionLocation(const Node* node);

// The tree as text, one field a line, for tests and debugging.
std::string DumpTree(const Node* node);

}  // namespace phantom::parser
