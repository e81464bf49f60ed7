// engine/functions/json_values.h
//
// SQL values of any type as JSON, as to_json() and to_jsonb() make them (PostgreSQL 15, table 9.47): numbers and booleans
// as they are, dates in ISO 8601, arrays and rows element by element, everything else as a string of its text.
#pragma once
#include <string>

#include "engine/functions/any_arguments.h"

namespace phantom::engine {

// Appends JSON text. `pretty`: line feeds between a container's elements (not in those inside it).
Status AppendJson(const KernelContext& context, const AnyValue& value, bool pretty, std::string& out);
// Appends jsonb bytes.
Status AppendJsonb(const KernelContext& context, const AnyValue& value, std::string& out);
// The text of an object's key. 22023 for types that cannot be one.
Status JsonKey(const KernelContext& context, const AnyValue& value, std::string& out);

// True for arrays and rows.
bool IsJsonContainer(const KernelContext& context, const AnyValue& value);

}  // namespace phantom::engine
