// planner/cost/access_cost.h
//
// What it costs to read rows and to join them, in PostgreSQL's unit (a page of a sequential scan) and from its settings;
// how the parts weigh against each other is measured on this engine. One place, so that the order of joins, their methods
// and access paths are chosen by the same measure.
//
// Thread safety: pure functions.
#pragma once
#include <cstddef>

#include "planner/planner.h"

namespace phantom::planner {

// The table that is read.
struct TableSize {
  double rows = 1;
  double pages = 1;
};

double SeqScanCost(const PlannerSettings& settings, TableSize table, size_t filters);
// So many rows of a table through an index. correlation: how well the table is in the index's order (-1 to 1).
double IndexScanCost(const PlannerSettings& settings, TableSize table, double fetched, double correlation, size_t filters);
// For each of `outer` rows the `per_key` rows that an index finds.
double LookupCost(const PlannerSettings& settings, TableSize table, double outer, double per_key, double correlation);
// Beyond reading both sides and making the result.
double HashJoinCost(const PlannerSettings& settings, double probe, double build);
double SortCost(const PlannerSettings& settings, double rows);
// Only the first `kept` rows are wanted.
double TopCost(const PlannerSettings& settings, double rows, double kept);

}  // namespace phantom::planner
