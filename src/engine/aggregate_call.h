// engine/aggregate_call.h
//
// One aggregate of an Aggregate node: its kernel, compiled arguments, and what DISTINCT, ORDER BY and FILTER
// ask for. States are blocks of memory the owner provides.
//
// Calls with DISTINCT or ORDER BY keep the argument rows of each group and feed the kernel when the group is finished. Rows
// that are too many are put away on disk, sorted by group (Spill). Calls whose states hold all they were given (array_agg)
// go over to that when memory is short: states stay as they are, and get the rows still missing when their group is
// finished.
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

  // A state is the group's number, the kernel's state, or the number and then the kernel's state.
  size_t state_bytes() const { return offset_ + (holds_state_ ? kernel_->state_bytes : 0); }
  size_t state_alignment() const { return holds_state_ ? kernel_->state_alignment : alignof(uint64_t); }
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

  // Bytes of rows held to be fed later, and of what states collected themselves.
  size_t kept_bytes() const;
  size_t collected_bytes() const { return collected_bytes_; }
  // About how many bytes an average group's value has, where that depends on its rows.
  uint64_t value_bytes() const { return kernel_->collects && groups_ > 0 ? taken_bytes_ / groups_ : 0; }
  // From now on rows are kept, where states would grow.
  Status KeepFromNow();
  // Puts away the rows that are held; returns the bytes written.
  Result<uint64_t> Spill();
  // Forgets what was kept; after all states were destroyed.
  void Clear();

 private:
  // Argument rows kept until their group is finished.
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
    Arena fed;  // states being fed, and what they hold
  };

  Status Start(const catalog::FunctionRow& function, std::span<planner::Expr* const> args, const planner::Expr* filter,
               const planner::Expr& call, bool variadic, Arena& arena, Runtime& runtime);
  Status Defer(const planner::AggregateCall& call, Runtime& runtime);
  std::byte* KernelState(std::byte* state) const { return state + offset_; }
  uint64_t Number(const std::byte* state) const { return *reinterpret_cast<const uint64_t*>(state); }
  void NoteTaken();
  void Keep(size_t i, const std::byte* state, uint64_t number);
  Status FinalizeFed(std::byte* const* states, size_t count, types::Vector& result);
  void SortKept();
  Status FinishKept();
  Status Feed(uint64_t group, std::byte* state);
  Status FeedFromRuns(uint64_t group);

  const AggregateKernel* kernel_ = nullptr;
  Runtime* runtime_ = nullptr;
  bool has_number_ = false, holds_state_ = true;
  size_t offset_ = 0;  // of the kernel's state
  uint64_t groups_ = 0;  // states made
  size_t collected_bytes_ = 0;
  uint64_t taken_bytes_ = 0;
  std::unique_ptr<std::vector<types::Type>> arg_types_;
  std::unique_ptr<AggregateContext> context_;
  std::vector<EvaluatorPtr> args_;
  Predicate filter_;
  std::vector<const types::Vector*> values_;
  std::vector<std::byte*> kernel_states_;
  Batch batch_;
  std::unique_ptr<Deferred> deferred_;
};

}  // namespace phantom::engine
