// engine/row_tests.h
//
// The part of a scan's filter that can be asked of a row before its columns are decoded.
//
// Thread safety: pure functions.
#pragma once
#include <vector>

#include "planner/physical_plan.h"
#include "types/row_codec.h"

namespace phantom::engine {

// Comparisons of integers, dates and timestamps with constants that the filter, over `columns` of an ordinary table, asks
// for before anything that may fail.
std::vector<types::RowTest> RowTestsOf(const planner::Expr* filter, const std::vector<int>& columns);

}  // namespace phantom::engine
