// types/slot_bytes.h
//
// A slot as bytes that stand alone, the building block of rows, arrays, records and jsonb: fixed layouts are their slot;
// a string is its bytes; a numeric is one tag byte and as many bytes as its magnitude needs (docs/formats/row.md).
#pragma once
#include <cstring>
#include <string>
#include <string_view>

#include "types/numeric.h"
#include "types/string_ref.h"
#include "types/type.h"

namespace phantom::types {

void AppendNumericBytes(const Numeric& value, std::string& out);
// Points into the bytes when big. Requires well-formed bytes.
Numeric NumericFromBytes(std::string_view bytes);
bool IsValidNumericBytes(std::string_view bytes);

inline void AppendSlotBytes(Layout layout, const void* slot, std::string& out) {
  if (layout == Layout::kString) {
    StringRef string;
    std::memcpy(&string, slot, sizeof(string));
    out.append(string.view());
  } else if (layout == Layout::kNumeric) {
    Numeric number;
    std::memcpy(&number, slot, sizeof(number));
    AppendNumericBytes(number, out);
  } else {
    out.append(static_cast<const char*>(slot), SizeOf(layout));
  }
}

// The reverse; the slot points into the bytes.
inline void SlotFromBytes(Layout layout, std::string_view bytes, void* slot) {
  if (layout == Layout::kString) {
    StringRef string(bytes);
    std::memcpy(slot, &string, sizeof(string));
  } else if (layout == Layout::kNumeric) {
    Numeric number = NumericFromBytes(bytes);
    std::memcpy(slot, &number, sizeof(number));
  } else {
    std::memcpy(slot, bytes.data(), SizeOf(layout));
  }
}

}  // namespace phantom::types
