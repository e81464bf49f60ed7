// engine/set_call.h
//
// One call of a set-returning function inside a plan: arguments, kernel and the rows it is giving now.
//
// Thread safety: one thread.
#pragma once
#include "engine/evaluator.h"
#include "types/chunk.h"

namespace phantom::engine {

class SetCall {
 public:
  // With `columns` the result's columns are these; without, they are the function's own.
  static Result<SetCall> Make(const planner::FunctionCall& call, std::span<const types::Type> columns, Runtime& runtime);

  // Starts the call with the arguments of one row.
  Status Start(const Batch& batch, types::SelIndex row);
  // Steps to the next result row; false at the end (and from then on).
  Result<bool> Advance();

  size_t column_count() const { return rows_->column_count(); }
  // The present result row.
  const types::Vector& column(size_t i) const { return rows_->column(static_cast<uint32_t>(i)); }
  uint32_t row() const { return at_; }
  // The present row as one value: the only column, or a record of all.
  void CopyTo(types::Vector& out, uint32_t at) const;

 private:
  SetKernel kernel_ = nullptr;
  bool strict_ = false;
  std::unique_ptr<std::vector<types::Type>> arg_types_;
  std::unique_ptr<KernelContext> context_;
  std::vector<EvaluatorPtr> args_;
  std::vector<types::Vector> values_;  // one slot each: the arguments of the running call
  std::vector<const types::Vector*> value_pointers_;
  std::unique_ptr<types::Chunk> rows_;
  std::unique_ptr<SetGenerator> generator_;
  uint32_t at_ = 0;
};

}  // namespace phantom::engine
