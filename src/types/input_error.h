// types/input_error.h
//
// The errors that input functions share. Private to this room.
#pragma once
#include <string_view>

#include "common/status.h"

namespace phantom::types {

inline Status InvalidSyntax(const char* type, std::string_view text) {
  return Error(sqlstate::kInvalidTextRepresentation, Format("invalid input syntax for type %s: \"%.*s\"", type,
                                                            static_cast<int>(text.size()), text.data()));
}

inline Status ValueOutOfRange(const char* type, std::string_view text) {
  return Error(sqlstate::kNumericValueOutOfRange, Format("value \"%.*s\" is out of range for type %s",
                                                         static_cast<int>(text.size()), text.data(), type));
}

}  // namespace phantom::types
