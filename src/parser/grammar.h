// parser/grammar.h
//
// Runs libpg_query's grammar over a text. Internal to this room.
//
// libpg_query keeps the state of PostgreSQL's backend (memory contexts, error stack, settings of the scanner) in
// thread-local variables and reports errors by longjmp; both stay behind this header.
#pragma once
#include <cstdint>
#include <vector>

#include "common/status.h"
#include "parser/parser.h"

namespace phantom::parser {

// PostgreSQL's List of what the grammar produced; see convert.h for the only ones who look inside.
using RawList = const void;

enum class GrammarMode : uint8_t { kStatements, kTypeName };

// The memory of one run: the raw tree lives until the destructor. Stays on the thread that made it.
class GrammarRun {
 public:
  GrammarRun();
  ~GrammarRun();
  GrammarRun(const GrammarRun&) = delete;
  GrammarRun& operator=(const GrammarRun&) = delete;

  // text must end in a NUL at text.data()[text.size()] and have no other. Null result: no statements.
  // Appends warnings to *notices.
  Result<RawList*> Run(std::string_view text, GrammarMode mode, const ParseOptions& options,
                       std::vector<ParseNotice>* notices);

 private:
  void* context_;
};

inline constexpr int kNoticeLevel = 18;  // elog.h's NOTICE

// What PostgreSQL's ErrorData says, for errors and notices about text. Defined in grammar_error.cc.
Status StatusOfErrorData(const void* error_data, std::string_view text);
bool IsWarning(const void* error_data);

}  // namespace phantom::parser
