// engine/lazy_filter.h
//
// A predicate over an operator's batches when perhaps not all rows are wanted (Operator::SetBatchMax). Whole batches are
// filtered at once; only when that fails, or when the predicate has effects, are rows tried in slices, so that no error is
// raised and nothing is done for a row that nobody asks for.
//
// Thread safety: one thread.
#pragma once
#include "engine/evaluator.h"
#include "engine/operator.h"
#include "planner/expr_util.h"

namespace phantom::engine {

class LazyFilter {
 public:
  LazyFilter(Predicate predicate, const planner::Expr* condition)
      : predicate_(std::move(predicate)), volatile_(condition != nullptr && planner::IsVolatile(condition)) {}

  bool always_true() const { return predicate_.always_true(); }
  bool is_volatile() const { return volatile_; }
  void Restart() {
    slicer_.Restart();
    slicer_.SetMax(UINT64_MAX);
  }
  void SetMax(uint64_t rows) {
    max_ = rows;
    if (volatile_) slicer_.SetMax(rows);
  }
  bool has_rest() const { return slicer_.has_rest(); }
  // The next batch: valid until its rows are used up.
  void Fill(const Batch& batch) { slicer_.Fill(batch); }
  // The rows of the next part of it for which the predicate is true. tried: how many there were before.
  Status Next(Batch& out, size_t& tried) {
    slicer_.Take(out);
    const Batch before = out;
    tried = before.rows.count;
    Status status = predicate_.Filter(out);
    if (status.ok() || before.rows.count == 1 || max_ == UINT64_MAX) return status;
    // The first rows may be all that is wanted.
    out = {};
    tried = 0;
    slicer_.Fill(before);
    slicer_.SetMax(1);
    return Status::Ok();
  }

 private:
  Predicate predicate_;
  const bool volatile_;
  BatchSlicer slicer_;
  uint64_t max_ = UINT64_MAX;
};

}  // namespace phantom::engine
