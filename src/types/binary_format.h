// types/binary_format.h
//
// The wire's binary format of every type: what PostgreSQL's send and receive functions do, with their messages
// (22P03 invalid binary representation, 08P01 message too short). Sources: PostgreSQL 15, src/backend/utils/adt, *send
// and *recv.
#pragma once
#include <string>
#include <string_view>

#include "common/arena.h"
#include "common/status.h"
#include "types/format_context.h"
#include "types/value.h"
#include "types/vector.h"

namespace phantom::types {

// bytes is one field without its length word. As ParseTextSlot; the typmod is applied too.
Status ParseBinarySlot(Type type, std::string_view bytes, const FormatContext& context, Arena& arena, void* slot);
Result<Value> ParseBinary(Type type, std::string_view bytes, const FormatContext& context);

// Appends the field without a length word. 42883 "no binary output function available for type ..." for types that
// have none.
Status AppendBinary(Type type, const void* slot, const FormatContext& context, std::string& out);
inline Status AppendBinary(const Value& value, const FormatContext& context, std::string& out) {
  return AppendBinary(value.type(), value.slot(), context, out);
}

}  // namespace phantom::types
