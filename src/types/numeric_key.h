// types/numeric_key.h
//
// The order-preserving key of a numeric (docs/formats/key.md). Equal values give equal bytes whatever their scale.
#pragma once
#include <string>

#include "types/numeric.h"

namespace phantom::types {

void AppendNumericKey(const Numeric& value, std::string& key);

}  // namespace phantom::types
