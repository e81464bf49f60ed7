// engine/param_key.h
//
// Values as bytes that are equal for the very same values alone: 1.0 and 1.00 differ. What results kept by parameter values
// are found by.
//
// Thread safety: pure functions.
#pragma once
#include <string>

#include "types/numeric.h"
#include "types/string_ref.h"
#include "types/vector.h"

namespace phantom::engine {

inline void AppendParamKey(const types::Vector& values, uint32_t row, std::string& key) {
  if (values.IsNull(row)) {
    key += '\0';
    return;
  }
  key += '\1';
  const std::byte* slot = values.row_slot(row);
  const auto append = [&key](std::string_view bytes) {
    const auto size = static_cast<uint32_t>(bytes.size());
    key.append(reinterpret_cast<const char*>(&size), sizeof size);
    key.append(bytes);
  };
  if (values.layout() == types::Layout::kString) {
    append(reinterpret_cast<const types::StringRef*>(slot)->view());
  } else if (values.layout() == types::Layout::kNumeric && reinterpret_cast<const types::Numeric*>(slot)->is_big()) {
    const auto big = reinterpret_cast<const types::Numeric*>(slot)->big_bytes();
    append({reinterpret_cast<const char*>(big.data()), big.size()});
  } else {
    key.append(reinterpret_cast<const char*>(slot), types::SizeOf(values.layout()));
  }
}

}  // namespace phantom::engine
