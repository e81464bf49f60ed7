// planner/cost/value_statistics.h
//
// What one column's statistics say of comparisons with a constant: PostgreSQL's eqsel and scalarineqsel over common values
// and histogram. Fractions are of all rows of the table, NULLs included in the whole.
//
// Thread safety: pure functions.
#pragma once
#include <optional>

#include "planner/planner.h"

namespace phantom::planner {

// <0, 0, >0; nothing when the two cannot be compared (other types, no order).
std::optional<int> CompareValues(const types::Value& a, const types::Value& b);

double SumOf(const std::vector<float>& frequencies);
double EqualFraction(const ColumnStatistics& statistics, const types::Value& value, double distinct);
// A value nobody knows yet: a parameter, another column.
double EqualFractionUnknown(const ColumnStatistics& statistics, double distinct);
// column < value (<= when inclusive); nothing when the statistics do not tell.
std::optional<double> BelowFraction(const ColumnStatistics& statistics, const types::Value& value, bool inclusive);
// Two columns' equality when both list common values; nothing otherwise. Of the pairs of rows.
std::optional<double> EqualJoinFraction(const ColumnStatistics& left, double left_distinct, const ColumnStatistics& right,
                                        double right_distinct);

}  // namespace phantom::planner
