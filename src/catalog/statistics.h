// catalog/statistics.h
//
// What ANALYZE found out about a table's columns, as pg_statistic keeps it (PostgreSQL 15, 53.49 and 71.1). Rows are written
// transactionally by Catalog::SetColumnStatistics; readers get all of a table's at once, immutable and shared.
//
// Thread safety: as for any value; what Catalog::StatisticsOf() returns is immutable.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "types/value.h"

namespace phantom::catalog {

struct ColumnStatistics {
  double null_fraction = 0;
  double distinct = 0;  // > 0: number; < 0: minus the fraction of rows; 0: unknown
  int32_t width = 0;    // average bytes of a value that is not NULL
  std::vector<types::Value> common_values;  // most frequent first
  std::vector<float> common_frequencies;    // of all rows
  std::vector<types::Value> histogram;      // ascending bounds of equally many of the other values
  double correlation = 0;                   // of the values' order with that of the rows
  bool has_correlation = false;
};

// By attribute number. Columns nobody looked at are absent.
using TableStatistics = std::map<int, std::shared_ptr<const ColumnStatistics>>;

}  // namespace phantom::catalog
