// engine/aggregate_call.h
//
// One aggregate of an Aggregate node: its kernel, compiled arguments, and what DISTINCT, ORDER BY and FILTER
// ask for. States are blocks of memory the owner provides.
//
// Calls with DISTINCT or ORDER BY keep the argument rows of each group and feed the kernel when the group is finished.
//
// Thread safety: one thread.
#pragma once
#include <vector>

#include "engine/evaluator.h"
#include "engine/row_buffer.h"
#include "engine/sort_keys.h"
#include "planner/physical_plan.h"

namespace phantom::engine {

class AggregateCall {
 public:
  static Result<AggregateCall> Make(const planner::AggregateCall& call, Arena& arena, Runtime& runtime);

  size_t state_bytes() const { return deferred_ != nullptr ? sizeof(void*) : kernel_->state_bytes; }
  size_t state_alignment() const { return deferred_ != nullptr ? alignof(void*) : kernel_->state_alignment; }
  void Init(std::byte* state);
  void Destroy(std::byte* state);

  // Evaluates filter and arguments for a batch; Update* then take them in.
  Status Prepare(const Batch& batch);
  // Row rows[i] goes to state_of_row[rows[i]].
  Status Update(std::byte* const* state_of_row);
  Status UpdateOne(std::byte* state);

  // result[i] for states[i]; a state may be finalized again.
  Status Finalize(std::byte* const* states, size_t count, types::Vector& result);

  // Bytes held for DISTINCT and ORDER BY.
  size_t memory_bytes() const;
  // Forgets what was kept; after all states were destroyed.
  void Clear();

 private:
  // Argument rows kept until their group is finished.
  struct Kept {
    struct Row {
      std::string_view key;
      uint64_t number;
    };
    std::vector<Row> rows;
  };
  struct Deferred {
    bool distinct = false;
    SortKeys order;
    RowBuffer values;
    Arena keys;
    std::vector<types::Vector> gathered;
    std::vector<const types::Vector*> gathered_pointers;
  };

  Status Start(const catalog::FunctionRow& function, std::span<planner::Expr* const> args, const planner::Expr* filter,
               const planner::Expr& call, bool variadic, Arena& arena, Runtime& runtime);
  Status Defer(const planner::AggregateCall& call, Runtime& runtime);
  void Keep(size_t i, std::byte* state, uint64_t number);
  Status Feed(Kept& kept, std::byte* state);

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
