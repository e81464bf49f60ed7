// engine/aggregate_call.h
//
// One aggregate of an Aggregate node: its kernel, compiled arguments, and what DISTINCT, ORDER BY and FILTER
// ask for. States are blocks of memory the owner provides.
//
// Calls with DISTINCT or ORDER BY keep the argument rows of each group and feed the kernel when the group is finished. Rows
// that are too many are put away on disk, sorted by group (Spill).
//
// Thread safety: one thread.
#pragma once
#include <vector>

#include "engine/evaluator.h"
#include "engine/row_buffer.h"
#include "engine/sorted_runs.h"
#include "planner/physical_plan.h"

namespace phantom::engine {

class AggregateCall {
 public:
  static Result<AggregateCall> Make(const planner::AggregateCall& call, Arena& arena, Runtime& runtime);

  size_t state_bytes() const { return deferred_ != nullptr ? sizeof(uint64_t) : kernel_->state_bytes; }
  size_t state_alignment() const { return deferred_ != nullptr ? alignof(uint64_t) : kernel_->state_alignment; }
  // The states of an earlier grouping set, and of one set those made earlier, are finalized first.
  void Init(std::byte* state, size_t set = 0);
  void Destroy(std::byte* state);

  // Evaluates filter and arguments for a batch; Update* then take them in.
  Status Prepare(const Batch& batch);
  // Row rows[i] goes to state_of_row[rows[i]].
  Status Update(std::byte* const* state_of_row);
  Status UpdateOne(std::byte* state);

  // result[i] for states[i]; after all rows were taken in, each state once.
  Status Finalize(std::byte* const* states, size_t count, types::Vector& result);

  // Bytes held for DISTINCT and ORDER BY.
  size_t memory_bytes() const;
  // Puts away what is held for DISTINCT and ORDER BY; returns the bytes written.
  Result<uint64_t> Spill();
  // Forgets what was kept; after all states were destroyed.
  void Clear();

 private:
  // Argument rows kept until their group is finished. A state is its group's number.
  struct KeptRow {
    uint64_t group;
    std::string_view key;
    uint64_t number;  // in Deferred::values
  };
  struct Deferred {
    Deferred(Runtime& given, std::vector<types::Type> row_types);

    Runtime& runtime;
    bool distinct = false;
    SortKeys order;
    uint64_t groups = 0;  // states made
    RowBuffer values;
    Arena keys;
    std::vector<KeptRow> rows;
    bool sorted = false;
    size_t next = 0;  // of rows, when they were never put away
    // What was put away: group and key in one, then the arguments.
    SortedRuns runs;
    OutputColumns out;  // rows of runs being written or read
    uint32_t out_count = 0, out_next = 0;
    std::string last_key;
    std::vector<uint64_t> numbers;
    std::vector<std::byte*> states;
    RowList list;
  };

  Status Start(const catalog::FunctionRow& function, std::span<planner::Expr* const> args, const planner::Expr* filter,
               const planner::Expr& call, bool variadic, Arena& arena, Runtime& runtime);
  Status Defer(const planner::AggregateCall& call, Runtime& runtime);
  void Keep(size_t i, const std::byte* state, uint64_t number);
  void SortKept();
  Status FinishKept();
  Status Feed(uint64_t group, std::byte* state);
  Status FeedFromRuns(uint64_t group);

  const AggregateKernel* kernel_ = nullptr;
  std::unique_ptr<std::vector<types::Type>> arg_types_;
  std::unique_ptr<AggregateContext> context_;
  std::vector<EvaluatorPtr> args_;
  Predicate filter_;
  std::vector<const types::Vector*> values_;
  Batch batch_;
  std::unique_ptr<Deferred> deferred_;
};

}  // namespace phantom::engine
