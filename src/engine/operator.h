// engine/operator.h
//
// A node of an execution: opened, then pulled batch by batch. Opening again starts over with the parameters as they then
// are, which is how nested loops and subplans re-run their inner side.
//
// Thread safety: one thread.
#pragma once
#include <memory>
#include <vector>

#include "common/status.h"
#include "engine/runtime.h"
#include "planner/physical_plan.h"

namespace phantom::engine {

class Operator {
 public:
  explicit Operator(Runtime& runtime) : runtime_(runtime) {}
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  // Starts (over): of a run before, which may have ended anywhere and been another transaction's, nothing counts. What was returned then is no
  // longer valid.
  virtual Status Open() = 0;
  // The next rows; an empty batch is the end (and stays the end). Valid until the next call of any method.
  virtual Status Next(Batch& out) = 0;
  // From now on a batch has at most so many rows, wherever making a row costs, fails or has effects (projections, filters):
  // LIMIT wants nothing computed that it does not give out. Others may give more.
  virtual void SetBatchMax(uint64_t) {}
  // Runs what must run to its end although nobody asked (changes to rows).
  virtual Status Finish() { return Status::Ok(); }
  // Rows inserted, updated or deleted by this operator so far; for the command's tag.
  virtual uint64_t rows_affected() const { return 0; }

 protected:
  Runtime& runtime_;
};

using OperatorPtr = std::unique_ptr<Operator>;

// Builds the operator of a plan node, children included. Plan and runtime outlive it.
Result<OperatorPtr> BuildOperator(const planner::PhysicalNode& node, Runtime& runtime);

// Cuts batches into slices of at most so many rows.
class BatchSlicer {
 public:
  void Restart() { rest_ = 0; }
  void SetMax(uint64_t rows) { max_ = rows; }
  bool has_rest() const { return rest_ > 0; }
  // The next batch, which stays valid until its last slice was taken.
  void Fill(const Batch& batch) {
    batch_ = batch;
    rest_ = batch.rows.count;
  }
  void Take(Batch& out) {
    const size_t at = batch_.rows.count - rest_;
    const size_t count = static_cast<size_t>(rest_ < max_ ? rest_ : max_);
    rest_ -= count;
    out = batch_;
    if (count == batch_.rows.count) return;
    if (batch_.rows.index != nullptr) {
      out.rows = {batch_.rows.index + at, count};
    } else if (at == 0) {
      out.rows = {nullptr, count};
    } else {
      if (list_ == nullptr) list_ = std::make_unique<RowList>();
      for (size_t i = 0; i < count; ++i) list_->data()[i] = static_cast<types::SelIndex>(at + i);
      out.rows = list_->rows(count);
    }
  }
  // The next slice of an operator's rows.
  Status Next(Operator& input, Batch& out) {
    if (rest_ == 0) {
      RETURN_IF_ERROR(input.Next(out));
      Fill(out);
    }
    Take(out);
    return Status::Ok();
  }

 private:
  Batch batch_;
  std::unique_ptr<RowList> list_;
  size_t rest_ = 0;
  uint64_t max_ = UINT64_MAX;
};

// Reads an operator row by row.
class RowReader {
 public:
  explicit RowReader(Operator& input) : input_(input) {}
  void Restart() {
    batch_ = {};
    at_ = 0;
  }
  // False at the end. Then batch() and row() say where the row is, until the next call.
  Result<bool> Next() {
    if (++at_ > batch_.rows.count || batch_.rows.count == 0) {
      RETURN_IF_ERROR(input_.Next(batch_));
      at_ = 1;
      if (batch_.empty()) {
        at_ = 0;
        return false;
      }
    }
    return true;
  }
  const Batch& batch() const { return batch_; }
  types::SelIndex row() const { return static_cast<types::SelIndex>(batch_.rows[at_ - 1]); }

 private:
  Operator& input_;
  Batch batch_;
  size_t at_ = 0;
};

// Flat vectors an operator writes its rows into, and the pointers to them that a Batch wants.
class OutputColumns {
 public:
  OutputColumns() = default;
  OutputColumns(const Runtime& runtime, std::span<const types::Type> types) {
    vectors_.reserve(types.size());
    for (types::Type type : types) vectors_.push_back(runtime.MakeVector(type));
    for (const types::Vector& vector : vectors_) pointers_.push_back(&vector);
  }
  OutputColumns(OutputColumns&&) = default;
  OutputColumns& operator=(OutputColumns&&) = default;

  size_t size() const { return vectors_.size(); }
  types::Vector& operator[](size_t i) { return vectors_[i]; }
  std::vector<types::Vector>& vectors() { return vectors_; }
  void Reset() {
    for (types::Vector& vector : vectors_) vector.Reset();
  }
  // All rows 0 .. count.
  Batch batch(size_t count) const { return {pointers_, {nullptr, count}}; }
  std::span<const types::Vector* const> pointers() const { return pointers_; }

 private:
  std::vector<types::Vector> vectors_;
  std::vector<const types::Vector*> pointers_;
};

}  // namespace phantom::engine
