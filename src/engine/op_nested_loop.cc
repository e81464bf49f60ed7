// Nested loops: over a right side that is kept, or one that is run anew for each left row with its values as parameters.
#include "engine/join_pairs.h"
#include "engine/memory_broker.h"
#include "engine/operator_internal.h"
#include "engine/spill_file.h"

namespace phantom::engine::internal {

namespace {

using planner::JoinType;

// A right side that does not fit in memory is put in a file; each batch of left rows reads it once, block by block.
class NestedLoopOperator final : public Operator {
 public:
  NestedLoopOperator(const planner::PhysicalNestedLoop& node, OperatorPtr left, OperatorPtr right, Predicate condition,
                     Runtime& runtime)
      : Operator(runtime),
        node_(node),
        left_(std::move(left)),
        right_(std::move(right)),
        always_true_(condition.always_true()),
        pairs_(node.join, node.children[0]->types, node.children[1]->types, std::move(condition), runtime),
        block_(runtime, node.children[1]->types),
        memory_(runtime.context.memory) {}

  Status Open() override {
    block_.Clear();
    memory_.Reset();
    file_.reset();
    right_rows_ = 0;
    phase_ = Phase::kRight;
    has_left_ = false;
    return left_->Open();
  }

  Status Next(Batch& out) override {
    out = {};
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      switch (phase_) {
        case Phase::kRight:
          RETURN_IF_ERROR(KeepRight());
          break;
        case Phase::kPairs:
          RETURN_IF_ERROR(Join(out));
          if (!out.empty()) return Status::Ok();
          break;
        case Phase::kUnmatched:
          pairs_.UnmatchedRight(block_, next_unmatched_, out);
          if (!out.empty()) return Status::Ok();
          if (!pairs_.wants_unmatched_right() || block_end() == right_rows_) {
            phase_ = Phase::kDone;
            return Status::Ok();
          }
          RETURN_IF_ERROR(ReadBlock());
          next_unmatched_ = 0;
          break;
        case Phase::kDone:
          return Status::Ok();
      }
    }
  }

  Status Finish() override {
    RETURN_IF_ERROR(left_->Finish());
    return right_->Finish();
  }

 private:
  enum class Phase : uint8_t { kRight, kPairs, kUnmatched, kDone };

  uint64_t block_end() const { return block_begin_ + block_.size(); }

  bool Fits() {
    const size_t bytes = block_.memory_bytes();
    if (memory_.Resize(bytes)) return true;
    if (runtime_.context.env == nullptr) memory_.Force(bytes);
    return runtime_.context.env == nullptr;
  }

  Status KeepRight() {
    RETURN_IF_ERROR(right_->Open());
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(right_->Next(in));
      if (in.empty()) break;
      right_rows_ += in.rows.count;
      if (file_ != nullptr) {
        RETURN_IF_ERROR(file_->Write(in));
        continue;
      }
      block_.Append(in);
      if (!Fits()) RETURN_IF_ERROR(SpillRight());
    }
    pairs_.Reset(right_rows_);
    RETURN_IF_ERROR(FirstBlock());
    phase_ = Phase::kPairs;
    return Status::Ok();
  }

  Status SpillRight() {
    ASSIGN_OR_RETURN(file_, SpillFile::Create(runtime_, node_.children[1]->types));
    for (size_t i = 0; i < block_.chunk_count(); ++i) RETURN_IF_ERROR(file_->Write(block_.ReadChunk(i)));
    block_.Clear();
    return Status::Ok();
  }

  Status FirstBlock() {
    block_begin_ = 0;
    right_at_ = 0;
    pairs_.SetBlock(0);
    if (file_ == nullptr) return Status::Ok();
    RETURN_IF_ERROR(file_->Rewind());
    block_.Clear();
    return ReadBlock();
  }

  // The rows after those in memory, as many as fit.
  Status ReadBlock() {
    block_begin_ = block_.empty() ? 0 : block_end();
    block_.Clear();
    Batch in;
    do {
      RETURN_IF_ERROR(file_->Read(in));
      if (in.empty()) break;
      block_.Append(in);
    } while (memory_.Resize(block_.memory_bytes() * 2));
    memory_.Force(block_.memory_bytes());
    pairs_.SetBlock(block_begin_);
    right_at_ = 0;
    return Status::Ok();
  }

  Status Join(Batch& out) {
    if (!has_left_) {
      RETURN_IF_ERROR(left_->Next(in_));
      if (in_.empty()) {
        phase_ = Phase::kUnmatched;
        next_unmatched_ = 0;
        return file_ != nullptr && pairs_.wants_unmatched_right() ? FirstBlock() : Status::Ok();
      }
      if (block_begin_ != 0) RETURN_IF_ERROR(FirstBlock());
      pairs_.StartLeft(in_);
      has_left_ = true;
      left_at_ = right_at_ = 0;
    }
    const uint64_t block_rows = block_.size();
    while (left_at_ < in_.rows.count && !pairs_.full()) {
      const bool decided = !pairs_.emits_pairs() && (always_true_ || pairs_.left_matched(left_at_));
      if (decided && always_true_ && right_rows_ > 0) pairs_.MarkLeft(left_at_);
      if (!decided) {
        for (; right_at_ < block_rows && !pairs_.full(); ++right_at_) pairs_.Add(left_at_, right_at_);
        if (right_at_ < block_rows) break;
      }
      right_at_ = 0;
      ++left_at_;
    }
    if (!pairs_.empty()) return pairs_.Flush(block_, out);
    if (block_end() < right_rows_) {
      left_at_ = 0;
      return ReadBlock();
    }
    has_left_ = false;
    pairs_.FinishLeft([](size_t) { return false; }, out);
    return Status::Ok();
  }

  const planner::PhysicalNestedLoop& node_;
  OperatorPtr left_, right_;
  const bool always_true_;
  JoinPairs pairs_;
  RowBuffer block_;           // right rows in memory: all, or a part
  uint64_t block_begin_ = 0;  // number of the first
  MemoryReservation memory_;
  std::unique_ptr<SpillFile> file_;  // all right rows; null: they are in memory
  Batch in_;
  bool has_left_ = false;
  size_t left_at_ = 0;
  uint64_t right_rows_ = 0, right_at_ = 0, next_unmatched_ = 0;
  Phase phase_ = Phase::kDone;
};

// The right side is run for each left row (LATERAL, correlated joins).
class ApplyOperator final : public Operator {
 public:
  ApplyOperator(const planner::PhysicalNestedLoop& node, OperatorPtr left, OperatorPtr right,
                std::vector<EvaluatorPtr> params, Predicate condition, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        left_(std::move(left)),
        right_(std::move(right)),
        params_(std::move(params)),
        values_(params_.size()),
        condition_(std::move(condition)),
        out_(runtime, node.types) {
    for (types::Type type : node.children[0]->types) left_row_.push_back(runtime.MakeVector(type, 1));
    columns_.resize(left_row_.size() + node.children[1]->types.size());
    for (size_t c = 0; c < left_row_.size(); ++c) columns_[c] = &left_row_[c];
  }

  Status Open() override {
    in_ = {};
    at_ = 0;
    running_ = false;
    return left_->Open();
  }

  Status Next(Batch& out) override {
    out_.Reset();
    count_ = 0;
    while (count_ < types::kVectorSize) {
      if (!running_) {
        if (at_ == in_.rows.count) {
          RETURN_IF_ERROR(left_->Next(in_));
          at_ = 0;
          if (in_.empty()) break;
          for (size_t i = 0; i < params_.size(); ++i) RETURN_IF_ERROR(params_[i]->Evaluate(in_, values_[i]));
        }
        RETURN_IF_ERROR(Start());
      }
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      if (right_done_) {
        EndRow();
        continue;
      }
      RETURN_IF_ERROR(Take());
    }
    out = out_.batch(count_);
    return Status::Ok();
  }

  Status Finish() override {
    RETURN_IF_ERROR(left_->Finish());
    return right_->Finish();
  }

 private:
  Status Start() {
    const uint32_t row = in_.rows[at_];
    for (size_t i = 0; i < params_.size(); ++i) runtime_.SetParam(node_.params[i].slot, *values_[i], row);
    for (size_t c = 0; c < left_row_.size(); ++c) {
      left_row_[c].Reset();
      CopyValue(*in_.columns[c], row, left_row_[c], 0);
      left_row_[c].SetConstant();
    }
    running_ = true;
    right_done_ = false;
    matched_ = false;
    right_batch_ = {};
    taken_ = 0;
    return right_->Open();
  }

  // Takes what fits of the right side's rows.
  Status Take() {
    if (taken_ == right_batch_.rows.count) {
      RETURN_IF_ERROR(right_->Next(right_batch_));
      taken_ = 0;
      if (right_batch_.empty()) {
        right_done_ = true;
        return Status::Ok();
      }
      std::copy(right_batch_.columns.begin(), right_batch_.columns.end(),
                columns_.begin() + static_cast<ptrdiff_t>(left_row_.size()));
      right_batch_.columns = columns_;
      RETURN_IF_ERROR(condition_.Filter(right_batch_));
      matched_ = matched_ || right_batch_.rows.count > 0;
    }
    if (node_.join == JoinType::kInner || node_.join == JoinType::kLeft) {
      for (; taken_ < right_batch_.rows.count && count_ < types::kVectorSize; ++taken_, ++count_) {
        const uint32_t row = right_batch_.rows[taken_];
        for (size_t c = 0; c < columns_.size(); ++c) CopyValue(*columns_[c], row, out_[c], count_);
      }
    } else {
      taken_ = right_batch_.rows.count;
      if (matched_) right_done_ = true;
    }
    return Status::Ok();
  }

  void EndRow() {
    running_ = false;
    ++at_;
    const bool alone = (node_.join == JoinType::kLeft && !matched_) || (node_.join == JoinType::kSemi && matched_) ||
                       (node_.join == JoinType::kAnti && !matched_) || node_.join == JoinType::kMark;
    if (!alone) return;
    for (size_t c = 0; c < left_row_.size(); ++c) CopyValue(left_row_[c], 0, out_[c], count_);
    if (node_.join == JoinType::kMark) {
      out_[left_row_.size()].data<bool>()[count_] = matched_;
    } else {
      for (size_t c = left_row_.size(); c < out_.size(); ++c) out_[c].SetNull(count_);
    }
    ++count_;
  }

  const planner::PhysicalNestedLoop& node_;
  OperatorPtr left_, right_;
  std::vector<EvaluatorPtr> params_;
  std::vector<const types::Vector*> values_;
  Predicate condition_;
  OutputColumns out_;
  std::vector<types::Vector> left_row_;
  std::vector<const types::Vector*> columns_;
  Batch in_, right_batch_;
  size_t at_ = 0, taken_ = 0;
  uint32_t count_ = 0;
  bool running_ = false, right_done_ = false, matched_ = false;
};

}  // namespace

Result<OperatorPtr> MakeNestedLoop(const planner::PhysicalNestedLoop& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr left, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(OperatorPtr right, BuildOperator(*node.children[1], runtime));
  ASSIGN_OR_RETURN(Predicate condition, Predicate::Make(node.condition, runtime));
  if (node.params.empty()) {
    return OperatorPtr(std::make_unique<NestedLoopOperator>(node, std::move(left), std::move(right),
                                                            std::move(condition), runtime));
  }
  std::vector<EvaluatorPtr> params;
  for (const planner::ParamBinding& binding : node.params) {
    ASSIGN_OR_RETURN(EvaluatorPtr value, Compile(*binding.value, runtime));
    params.push_back(std::move(value));
  }
  return OperatorPtr(std::make_unique<ApplyOperator>(node, std::move(left), std::move(right), std::move(params),
                                                     std::move(condition), runtime));
}

}  // namespace phantom::engine::internal
