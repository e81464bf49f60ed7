#include "planner/cost/access_cost.h"

#include <algorithm>
#include <cmath>

namespace phantom::planner {

namespace {

// As multiples of cpu_tuple_cost (0.01): what a row costs when it is found by its id, in its page's turn or anywhere.
constexpr double kFetchNear = 15;
constexpr double kFetchApart = 50;
// A descent of an index to a key and of the table to its first row.
constexpr double kProbe = 100;
// Most pages are in memory, here or in the system's cache: of a page read at random so much is charged.
constexpr double kMissed = 1.0 / 8;
constexpr double kHashProbe = 1;
constexpr double kHashBuild = 3;
// As multiples of cpu_operator_cost: a comparison of a sort, with what moving the rows costs.
constexpr double kCompare = 4;

// Pages met by so many looks at a table, some of them again and again (Mackert and Lohman).
double PagesMet(double pages, double looks) { return std::min(pages, 2 * pages * looks / (2 * pages + looks)); }

double FetchCost(const PlannerSettings& settings, double correlation) {
  return settings.cpu_tuple_cost * (kFetchNear + (kFetchApart - kFetchNear) * (1 - correlation * correlation));
}

}  // namespace

double SeqScanCost(const PlannerSettings& settings, TableSize table, size_t filters) {
  return table.pages * settings.seq_page_cost +
         table.rows * (settings.cpu_tuple_cost + static_cast<double>(filters) * settings.cpu_operator_cost);
}

double IndexScanCost(const PlannerSettings& settings, TableSize table, double fetched, double correlation, size_t filters) {
  const double together = std::ceil(table.pages * std::min(1.0, fetched / std::max(1.0, table.rows)));
  const double apart = PagesMet(table.pages, fetched);
  const double pages = apart + correlation * correlation * std::min(0.0, together - apart);
  const double descent = settings.random_page_cost * kMissed + std::log2(std::max(2.0, table.rows)) * settings.cpu_operator_cost;
  return descent + pages * settings.random_page_cost * kMissed +
         fetched * (FetchCost(settings, correlation) + static_cast<double>(filters) * settings.cpu_operator_cost);
}

double LookupCost(const PlannerSettings& settings, TableSize table, double outer, double per_key, double correlation) {
  // Rows of one key lie together as far as the table is in the index's order.
  const double looks = outer * (1 + (per_key - 1) * (1 - correlation * correlation));
  return outer * settings.cpu_tuple_cost * kProbe + PagesMet(table.pages, looks) * settings.random_page_cost * kMissed +
         outer * per_key * FetchCost(settings, correlation);
}

double HashJoinCost(const PlannerSettings& settings, double probe, double build) {
  return settings.cpu_tuple_cost * (kHashProbe * probe + kHashBuild * build);
}

double SortCost(const PlannerSettings& settings, double rows) {
  return kCompare * settings.cpu_operator_cost * rows * std::log2(std::max(2.0, rows));
}

double TopCost(const PlannerSettings& settings, double rows, double kept) {
  return settings.cpu_operator_cost * rows * std::log2(std::max(2.0, 2 * kept));
}

}  // namespace phantom::planner
