// session/ddl/column_sample.h
//
// Values of one column (or index expression) in a random sample of a table's rows, and what they say of the column: the
// numbers of PostgreSQL's compute_scalar_stats. The number of different values in the table is estimated after Haas and
// Stokes (1998), "Duj1".
//
// Thread safety: one owner.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "catalog/statistics.h"
#include "types/compare.h"
#include "types/type.h"

namespace phantom::session {

class ColumnSample {
 public:
  // Longer values say something of width and number, but are not kept.
  static constexpr size_t kValueBytesMax = 1024;

  // `type` is the base type of the values. A type without an order gets null fraction and width only.
  ColumnSample(types::Type type, types::Layout layout, types::CompareFn compare)
      : type_(type), layout_(layout), compare_(compare) {}

  // Rows come in the order they lie in the table. The slot must outlive the sample.
  void Add(const void* slot);
  void AddNull() { ++rows_, ++nulls_; }
  // A value that was not read because of its size.
  void AddWide(uint64_t bytes) { ++rows_, ++wide_, width_ += static_cast<double>(bytes); }

  // At most `target` common values and `target` + 1 bounds. total_rows: of the table.
  catalog::ColumnStatistics Summarize(double total_rows, int target);

 private:
  struct Item {
    const void* slot;
    uint32_t place;  // among the values kept, in the table's order
  };
  struct Group {
    uint32_t first;  // in items_, sorted
    uint32_t count;
  };

  double WidthOf(const void* slot) const;
  double EstimateDistinct(double total_rows, double once, double several, double null_fraction) const;
  size_t WorthListing(const std::vector<Group>& groups, size_t count, double distinct, double null_fraction,
                      double total_rows) const;
  types::Value ValueOf(const Item& item) const { return types::Value::FromSlot(type_, layout_, item.slot); }

  types::Type type_;
  types::Layout layout_;
  types::CompareFn compare_;
  std::vector<Item> items_;
  uint32_t rows_ = 0, nulls_ = 0, wide_ = 0;
  double width_ = 0;
};

}  // namespace phantom::session
