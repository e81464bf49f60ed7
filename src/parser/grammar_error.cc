#include <string>

#include "parser/grammar.h"

extern "C" {
#include <postgres.h>
// A rule of order: postgres.h is first among PostgreSQL's.
#include <utils/elog.h>
}

namespace phantom::parser {

namespace {

static_assert(kNoticeLevel == NOTICE);

// The byte where a text's nth character (from 1) begins. libpg_query counts characters of UTF-8.
int32_t ByteOfCharacter(std::string_view text, int position) {
  size_t at = 0;
  for (int i = 1; i < position && at < text.size(); ++i) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  }
  return static_cast<int32_t>(at);
}

std::string Text(const char* text) { return text == nullptr ? std::string() : std::string(text); }

}  // namespace

Status StatusOfErrorData(const void* error_data, std::string_view text) {
  const auto& data = *static_cast<const ::ErrorData*>(error_data);
  // PostgreSQL packs a SQLSTATE as SqlState does.
  Status status = Error(static_cast<SqlState>(data.sqlerrcode), Text(data.message));
  ErrorFields& fields = status.mutable_error();
  fields.detail = Text(data.detail);
  fields.hint = Text(data.hint);
  if (data.cursorpos > 0) fields.location = ByteOfCharacter(text, data.cursorpos);
  return status;
}

bool IsWarning(const void* error_data) { return static_cast<const ::ErrorData*>(error_data)->elevel == WARNING; }

}  // namespace phantom::parser
