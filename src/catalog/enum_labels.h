// catalog/enum_labels.h
//
// What an enum's labels are in rows, keys and vectors: 64-bit numbers whose order is the labels' order, so that nothing
// that sorts, compares or indexes needs to know of enums.
//
// A label's number never changes, though labels may be added anywhere later: it follows from the labels made before it
// (which have lower OIDs) and from where it was put among them. At an end it lies kEnumValueSpacing past the last one;
// between two it is their midpoint. So nothing is stored but pg_enum's own columns, and only the relative order of
// enumsortorder counts.
#pragma once
#include <cstdint>
#include <vector>

#include "catalog/type.h"

namespace phantom::catalog {

// Labels may be added at one place as often as this can be halved.
inline constexpr int64_t kEnumValueSpacing = int64_t{1} << 40;

// Sorts the labels by their order and fills in their values.
void AssignEnumValues(std::vector<EnumLabel>& labels);

// Is there a number left between label `place` - 1 and label `place`? True at both ends.
bool HasRoomForLabel(const std::vector<EnumLabel>& labels, size_t place);

}  // namespace phantom::catalog
