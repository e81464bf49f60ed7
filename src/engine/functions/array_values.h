// engine/functions/array_values.h
//
// Small helpers of the kernels that read and build arrays.
#pragma once
#include <vector>

#include "common/status.h"
#include "types/array.h"
#include "types/compare.h"
#include "types/record.h"
#include "types/vector.h"

namespace phantom::engine {

inline std::vector<types::ArrayDimension> DimensionsOf(const types::ArrayView& array) {
  std::vector<types::ArrayDimension> dimensions;
  for (int i = 0; i < array.dimensions(); ++i) dimensions.push_back(array.dimension(i));
  return dimensions;
}

// A slot's bytes brought into the vector's own heap.
inline void PutSlot(const void* slot, types::Vector& vector, uint32_t row) {
  std::memcpy(vector.slot(row), slot, types::SizeOf(vector.layout()));
  if (vector.layout() == types::Layout::kString) {
    auto& text = vector.data<types::StringRef>()[row];
    text = vector.heap().Add(text);
  } else if (vector.layout() == types::Layout::kNumeric) {
    auto& number = vector.data<types::Numeric>()[row];
    number = vector.heap().Add(number);
  }
}

inline void PutElement(const types::ArrayView& array, uint32_t i, types::Vector& vector, uint32_t row) {
  if (array.IsNull(i)) {
    vector.SetNull(row);
    return;
  }
  alignas(8) std::byte slot[16];
  array.Get(i, slot);
  PutSlot(slot, vector, row);
}

// A record's columns into columns of their own.
inline void PutRecord(std::string_view bytes, std::span<types::Vector> columns, uint32_t row) {
  const types::RecordView record(bytes);
  for (uint32_t c = 0; c < columns.size(); ++c) {
    if (c >= record.size() || record.IsNull(c)) {
      columns[c].SetNull(row);
      continue;
    }
    alignas(8) std::byte slot[16];
    record.Get(c, slot);
    PutSlot(slot, columns[c], row);
  }
}

// Equality of elements. 42883 when the type has none.
inline Result<types::EqualFn> ElementEquality(Oid type, types::Layout layout) {
  if (const types::EqualFn equal = types::EqualFunction(type)) return equal;
  if (type >= types::kFirstUserOid && layout != types::Layout::kString) {
    // Enums and domains over numbers: the layout says all.
    switch (types::SizeOf(layout)) {
      case 4:
        return types::EqualFn([](const void* a, const void* b) { return std::memcmp(a, b, 4) == 0; });
      case 8:
        return types::EqualFn([](const void* a, const void* b) { return std::memcmp(a, b, 8) == 0; });
      default:
        break;
    }
  }
  return Error(sqlstate::kUndefinedFunction,
               "could not identify an equality operator for type " + types::FormatTypeName(type));
}

}  // namespace phantom::engine
