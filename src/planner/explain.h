// planner/explain.h
//
// A physical plan as EXPLAIN shows it, in each of PostgreSQL's formats.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "common/status.h"
#include "planner/physical_plan.h"
#include "planner/planner.h"

namespace phantom::planner {

enum class ExplainFormat : uint8_t { kText, kJson, kXml, kYaml };

struct ExplainOptions {
  bool analyze = false;
  bool verbose = false;
  bool costs = true;
  bool timing = true;
  bool summary = false;  // planning (and execution) time
  ExplainFormat format = ExplainFormat::kText;
  double planning_ms = 0;
  double execution_ms = 0;
};

// What running the plan measured, by node id.
struct ExplainMetrics {
  uint64_t rows = 0;
  uint64_t loops = 0;
  double first_row_ms = 0;
  double total_ms = 0;
  uint64_t rows_removed = 0;
  uint64_t memory_bytes = 0;
  uint64_t spilled_bytes = 0;
  uint64_t cache_hits = 0, cache_misses = 0, cache_evictions = 0, cache_overflows = 0;  // Memoize
};

// Text: lines separated by newlines, one result row each. Other formats: one document.
std::string Explain(const PhysicalPlan& plan, const ExplainOptions& options, std::span<const ExplainMetrics> metrics,
                    const PlannerContext& context);

}  // namespace phantom::planner
