#include "parser/parser.h"

#include <cstring>

#include "parser/convert.h"
#include "parser/grammar.h"
#include "types/text_format.h"

namespace phantom::parser {

namespace {

// Copies sql into the arena of *parsed, with a NUL after it, and runs the grammar over it.
Result<RawList*> RunGrammar(std::string_view sql, GrammarMode mode, const ParseOptions& options, GrammarRun* run,
                            ParsedText* parsed) {
  if (sql.size() > kTextBytesMax)
    return Errorf(sqlstate::kProgramLimitExceeded, "query text of %zu bytes exceeds the maximum of %zu bytes",
                  sql.size(), kTextBytesMax);
  RETURN_IF_ERROR(types::CheckUtf8(sql));
  char* text = static_cast<char*>(parsed->arena.Allocate(sql.size() + 1, 1));
  std::memcpy(text, sql.data(), sql.size());
  text[sql.size()] = '\0';
  parsed->text = {text, sql.size()};
  return run->Run(parsed->text, mode, options, &parsed->notices);
}

Status CheckConverted(const Converter& converter) {
  if (converter.too_deep())
    return Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded")
        .Hint(
            "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the "
            "platform's "
            "stack depth limit is adequate.");
  if (converter.unexpected() != nullptr)
    return Errorf(sqlstate::kInternalError, "unrecognized parse tree: %s", converter.unexpected());
  return Status::Ok();
}

}  // namespace

Result<ParsedText> Parse(std::string_view sql, const ParseOptions& options) {
  ParsedText parsed;
  GrammarRun run;
  ASSIGN_OR_RETURN(RawList * raw, RunGrammar(sql, GrammarMode::kStatements, options, &run, &parsed));
  const auto* list = static_cast<const ::List*>(raw);
  if (list == nullptr) return parsed;
  Converter converter(&parsed.arena, kNestingDepthMax);
  parsed.statements.reserve(list->length);
  for (int i = 0; i < list->length; ++i) {
    const auto& raw_statement = *static_cast<const ::RawStmt*>(list->elements[i].ptr_value);
    ParsedStatement statement;
    statement.begin = raw_statement.stmt_location;
    statement.length = raw_statement.stmt_len != 0 ? raw_statement.stmt_len
                                                   : static_cast<int32_t>(sql.size()) - raw_statement.stmt_location;
    statement.node = converter.Convert(raw_statement.stmt);
    RETURN_IF_ERROR(CheckConverted(converter));
    parsed.statements.push_back(statement);
  }
  return parsed;
}

Result<ParsedText> ParseTypeName(std::string_view text, const ParseOptions& options) {
  ParsedText parsed;
  GrammarRun run;
  ASSIGN_OR_RETURN(RawList * raw, RunGrammar(text, GrammarMode::kTypeName, options, &run, &parsed));
  const auto* list = static_cast<const ::List*>(raw);
  PHANTOM_CHECK(list != nullptr && list->length == 1);
  Converter converter(&parsed.arena, kNestingDepthMax);
  const Node* type = converter.Convert(static_cast<const ::Node*>(list->elements[0].ptr_value));
  RETURN_IF_ERROR(CheckConverted(converter));
  parsed.statements.push_back({type, 0, static_cast<int32_t>(text.size())});
  return parsed;
}

}  // namespace phantom::parser
