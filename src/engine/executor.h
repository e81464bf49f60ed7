// engine/executor.h
//
// One execution of a physical plan. Everything the plan needs is run on demand: Next() runs the
// pipelines a result depends on, then pulls the last one chunk by chunk, so a portal suspends by
// not calling Next(). Data-modifying parts run to their end even when nobody pulls their rows.
//
// Thread safety: one thread at a time.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/status.h"
#include "engine/context.h"
#include "types/type.h"

namespace phantom::planner {
struct ConstExpr;
struct PhysicalPlan;
}
namespace phantom::types {
class Chunk;
}

namespace phantom::engine {

class ExecutionGraph;

// What EXPLAIN ANALYZE shows of one plan node, by the node's id in the plan.
struct OperatorMetrics {
  uint64_t rows = 0;
  uint64_t loops = 0;
  double first_row_ms = 0;
  double total_ms = 0;
  uint64_t rows_removed = 0;  // by the node's filter
  uint64_t spilled_bytes = 0;
  uint64_t memory_bytes = 0;
  uint64_t cache_hits = 0, cache_misses = 0, cache_evictions = 0, cache_overflows = 0;  // Memoize
};

// Constants to be read from parameters instead: those of the i-th binding's location and type from parameter i.
struct LiteralBinding {
  int32_t location;
  types::Type type;
};
using LiteralBindings = std::vector<LiteralBinding>;

class PreparedExecution {
 public:
  // Builds operators and compiles expressions. The plan, the context and the bindings must outlive the
  // execution. Fails with 0A000 when the plan calls a function that has no kernel.
  static Result<std::unique_ptr<PreparedExecution>> Create(const planner::PhysicalPlan& plan, ExecutionContext& context,
                                                           const LiteralBindings* bindings = nullptr);
  ~PreparedExecution();

  // Starts from the beginning. Required before the first Next(); may be repeated after new parameters were set in
  // the context.
  Status Open();

  // Fills `out` with the next rows; a chunk of zero rows is the end. What `out` holds stays valid until the next
  // call. After an error only Close() is allowed.
  Status Next(types::Chunk& out);

  // The following calls of Next() compute no more than so many rows where that can be told apart: a client that fetches
  // one row has the effects of one. They may still give more.
  void SetBatchMax(uint64_t rows);

  // Rows inserted, updated, deleted or (without a data-modifying top) returned so far.
  uint64_t rows_affected() const;

  // Runs what has to run to the end (data-modifying CTEs nobody read), and releases memory and files. Idempotent.
  Status Close();

  // May the execution be kept after Close() and opened again later, with other parameters, in another transaction, with
  // what the context then says? Only small ones say so: those that are expected to find a few rows.
  bool reusable() const;
  // Are a few rows all it can find, each by the whole of a unique key? Then no plan is better for other values.
  bool finds_by_key() const;
  // The constants that were compiled so far.
  std::span<const planner::ConstExpr* const> constants() const;
  // Lets go of the memory of this execution's that `out` shares, so that the next run need not take fresh memory.
  void Unreference(types::Chunk& out) const;

  // By plan node id; empty unless the context asked to instrument.
  std::span<const OperatorMetrics> metrics() const;

 private:
  explicit PreparedExecution(std::unique_ptr<ExecutionGraph> graph);
  std::unique_ptr<ExecutionGraph> graph_;
};

}  // namespace phantom::engine
