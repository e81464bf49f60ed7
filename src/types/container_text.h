// types/container_text.h
//
// Text of arrays, records and the vector types. Private to this room.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "types/format_context.h"
#include "types/type.h"

namespace phantom::types {

// Array bytes (array.h) from "{1,2}"; `element` carries the typmod.
Status ParseArrayText(std::string_view text, Type element, const FormatContext& context, std::string& out);
Status AppendArrayText(std::string_view array, const FormatContext& context, std::string& out);

// "1 2 3": int2vector and oidvector.
Status ParseVectorText(std::string_view text, Oid element, const FormatContext& context, std::string& out);
Status AppendVectorText(std::string_view array, const FormatContext& context, std::string& out);

// Record bytes (record.h) from "(1,two)".
Status ParseRecordText(std::string_view text, const std::vector<Type>& columns, const FormatContext& context,
                       std::string& out);
Status AppendRecordText(std::string_view record, const FormatContext& context, std::string& out);

// The layout of any type, users' types included (through the context's hooks).
Result<Layout> ResolveLayout(Oid type, const FormatContext& context);

}  // namespace phantom::types
