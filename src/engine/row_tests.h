// engine/row_tests.h
//
// The part of a scan's filter that can be asked of a row before its columns are decoded.
//
// Thread safety: pure functions.
#pragma once
#include <vector>

#include "planner/physical_plan.h"
#include "txn/row_table.h"

namespace phantom::engine {

// Comparisons of columns with constants that the filter, over `columns` of an ordinary table, asks for before anything that may
// fail: of integers, dates and timestamps wherever the row lies; of other numbers and strings where it lies in a segment.
struct ScanTests {
  std::vector<types::RowTest> rows;
  std::vector<txn::SegmentTest> segments;
};
ScanTests ScanTestsOf(const planner::Expr* filter, const std::vector<int>& columns);

}  // namespace phantom::engine
