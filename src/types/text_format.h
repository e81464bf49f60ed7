// types/text_format.h
//
// Text in and out of every type: what PostgreSQL's input and output functions do, with their messages and SQLSTATEs
// (22P02 invalid text, 22003 out of range, 22007 and 22008 dates, 22001 too long). The typmod of the type is applied on
// input as an input function applies it (numeric rounds, varchar(n) refuses what is longer but for blanks).
#pragma once
#include <string>
#include <string_view>

#include "common/arena.h"
#include "common/status.h"
#include "types/format_context.h"
#include "types/value.h"
#include "types/vector.h"

namespace phantom::types {

// Writes the value into a slot of the type's layout; bytes it points to come from the arena or are the text itself when
// keep_text is set (the caller says that text outlives the slot). The slot is undefined after a failure.
Status ParseTextSlot(Type type, std::string_view text, const FormatContext& context, Arena& arena, void* slot,
                     bool keep_text = false);

Result<Value> ParseText(Type type, std::string_view text, const FormatContext& context);

// Into slot `index` of a writable flat vector of the type.
inline Status ParseTextInto(std::string_view text, const FormatContext& context, Vector& vector, uint32_t index) {
  return ParseTextSlot(vector.type(), text, context, vector.heap().arena(), vector.slot(index));
}

// Appends the text of a value that is not NULL. Fails only where a hook fails.
Status AppendText(Type type, const void* slot, const FormatContext& context, std::string& out);
inline Status AppendText(const Value& value, const FormatContext& context, std::string& out) {
  return AppendText(value.type(), value.slot(), context, out);
}

// Applies the type's typmod to a slot of that type, as the cast to it does (is_explicit: CAST(x AS varchar(3))
// truncates silently where an assignment fails with 22001). Bytes come from the arena.
Status ApplyTypmod(Type type, bool is_explicit, Arena& arena, void* slot);
// Whether ApplyTypmod may do anything for this type.
bool TypmodMatters(Type type);

// Integers, the fast way: no allocation. Enough room: 20 bytes. Return the end.
char* FormatInt64(int64_t value, char* to);
char* FormatInt32(int32_t value, char* to);
char* FormatUint64(uint64_t value, char* to);
void AppendInt64(int64_t value, std::string& out);

// 22P02 / 22003 as int2in, int4in, int8in.
Result<int16_t> ParseInt16(std::string_view text);
Result<int32_t> ParseInt32(std::string_view text);
Result<int64_t> ParseInt64(std::string_view text);
Result<Oid> ParseOid(std::string_view text);
Result<bool> ParseBool(std::string_view text);
// PostgreSQL's parse_bool for settings and options: no blanks trimmed. False when not a boolean.
bool TryParseBool(std::string_view text, bool* value);
Result<double> ParseFloat8(std::string_view text);
Result<float> ParseFloat4(std::string_view text);
void AppendFloat8(double value, int extra_float_digits, std::string& out);
void AppendFloat4(float value, int extra_float_digits, std::string& out);

// Bytes of a bytea from its text (hex or escape form), and back.
Status ParseBytea(std::string_view text, std::string& out);
void AppendBytea(std::string_view bytes, ByteaOutput style, std::string& out);

// Checks that text is UTF-8 without NUL bytes: 22021 with PostgreSQL's message.
Status CheckUtf8(std::string_view text);

}  // namespace phantom::types
