// types/array.h
//
// The bytes of an SQL array: what a string slot of an array type holds, in memory and on disk (docs/formats/array.md).
// Up to 6 dimensions with lower bounds; elements in row-major order, each a slot of the element type or NULL. Any
// element is reached in O(1).
//
// Text and binary forms are text_format.h's and binary_format.h's; this is the raw material for array functions.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "types/type.h"

namespace phantom::types {

inline constexpr int kArrayDimensionsMax = 6;
// Elements an array may have; 54000 beyond.
inline constexpr uint32_t kArrayElementsMax = (1u << 30) / 8 - 1;

struct ArrayDimension {
  int32_t length = 0;
  int32_t lower = 1;
  bool operator==(const ArrayDimension&) const = default;
};

// Reads an array's bytes, which must outlive it.
class ArrayView {
 public:
  // Requires well-formed bytes (from ArrayBuilder, or checked with IsValid).
  explicit ArrayView(std::string_view bytes);
  static bool IsValid(std::string_view bytes);

  Oid element_type() const { return element_; }
  Layout element_layout() const { return layout_; }
  int dimensions() const { return dimensions_; }
  ArrayDimension dimension(int i) const;
  uint32_t size() const { return count_; }  // of all elements
  bool has_nulls() const { return nulls_ != nullptr; }
  bool IsNull(uint32_t i) const { return nulls_ != nullptr && (nulls_[i >> 3] >> (i & 7) & 1) != 0; }
  // Writes the slot of element i, pointing into the array's bytes. Requires !IsNull(i).
  void Get(uint32_t i, void* slot) const;
  // Element i's stored bytes (a fixed element's slot; a string's bytes).
  std::string_view Raw(uint32_t i) const;
  template <typename T>
  T GetAs(uint32_t i) const {
    T value;
    Get(i, &value);
    return value;
  }
  // Position in row-major order of the element with these subscripts (one a dimension); -1 when out of bounds.
  int64_t Offset(std::span<const int32_t> subscripts) const;

 private:
  std::string_view bytes_;
  Oid element_;
  Layout layout_;
  int dimensions_;
  uint32_t count_ = 0;
  const uint8_t* nulls_ = nullptr;
  const char* slots_ = nullptr;   // fixed elements, or u32 end offsets
  const char* values_ = nullptr;  // variable elements
};

// Builds an array's bytes element by element, in row-major order.
class ArrayBuilder {
 public:
  explicit ArrayBuilder(Oid element) : ArrayBuilder(element, LayoutOf(element)) {}
  ArrayBuilder(Oid element, Layout layout) : element_(element), layout_(layout) {}

  void Add(const void* slot);
  void AddNull();
  // Copies elements [from, from+count) of another array of the same element type.
  void AddFrom(const ArrayView& array, uint32_t from, uint32_t count);
  uint32_t size() const { return count_; }

  // The bytes with these dimensions, whose lengths' product must be size(). No elements: the empty array.
  std::string Finish(std::span<const ArrayDimension> dimensions) const;
  // One dimension.
  std::string Finish(int32_t lower = 1) const;

 private:
  Oid element_;
  Layout layout_;
  uint32_t count_ = 0;
  bool has_nulls_ = false;
  std::vector<uint8_t> nulls_;  // one a byte
  std::vector<uint32_t> ends_;
  std::string values_;
};

// The empty array of an element type.
std::string EmptyArray(Oid element);

// SQL order: element by element (NULLs equal and last), then size, dimensions, bounds. The element type must be
// comparable.
int CompareArrays(std::string_view a, std::string_view b);
uint64_t HashArray(std::string_view array, uint64_t seed);

// The product of the lengths: 54000 "array size exceeds the maximum allowed" when too large.
Result<uint32_t> ArrayElementCount(std::span<const ArrayDimension> dimensions);

}  // namespace phantom::types
