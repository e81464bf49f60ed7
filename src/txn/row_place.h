// txn/row_place.h
//
// PostgreSQL's page and offset of a row, made of its id: rows lie 256 to a page, the first one at (0,1). A row keeps its place for life.
#pragma once
#include <cstdint>

#include "common/ids.h"

namespace phantom::txn {

inline constexpr uint64_t kPlacesOfPage = 256;

constexpr uint32_t PageOf(RowId row) { return static_cast<uint32_t>((row.value - 1) / kPlacesOfPage); }
constexpr uint16_t OffsetOf(RowId row) { return static_cast<uint16_t>((row.value - 1) % kPlacesOfPage + 1); }
// The row at a place; false: no row can be there.
constexpr bool RowAt(uint64_t page, uint16_t offset, RowId& row) {
  if (offset == 0 || offset > kPlacesOfPage) return false;
  row = RowId(page * kPlacesOfPage + offset);
  return true;
}

}  // namespace phantom::txn
