// LIMIT, OFFSET, WITH TIES and DISTINCT ON.
#include <algorithm>

#include "engine/operator_internal.h"
#include "engine/sort_keys.h"

namespace phantom::engine::internal {

Status EvaluateLimits(const planner::Expr* limit, const planner::Expr* offset, Runtime& runtime, uint64_t& count,
                      uint64_t& skip) {
  count = UINT64_MAX;
  skip = 0;
  if (offset != nullptr) {
    ASSIGN_OR_RETURN(const types::Value value, EvaluateScalar(*offset, runtime));
    if (!value.is_null()) {
      if (value.AsInt64() < 0) {
        return Error(sqlstate::kInvalidRowCountInResultOffsetClause, "OFFSET must not be negative");
      }
      skip = static_cast<uint64_t>(value.AsInt64());
    }
  }
  if (limit != nullptr) {
    ASSIGN_OR_RETURN(const types::Value value, EvaluateScalar(*limit, runtime));
    if (!value.is_null()) {
      if (value.AsInt64() < 0) return Error(sqlstate::kInvalidRowCountInLimitClause, "LIMIT must not be negative");
      count = static_cast<uint64_t>(value.AsInt64());
    }
  }
  return Status::Ok();
}

namespace {

class LimitOperator final : public Operator {
 public:
  LimitOperator(const planner::PhysicalLimit& node, OperatorPtr child, SortKeys ties, Runtime& runtime)
      : Operator(runtime), node_(node), child_(std::move(child)), ties_(std::move(ties)) {}

  Status Open() override {
    last_key_.clear();
    full_ = false;
    RETURN_IF_ERROR(EvaluateLimits(node_.limit, node_.offset, runtime_, left_, skip_));
    if (left_ == 0) {
      full_ = true;
      return Status::Ok();
    }
    return child_->Open();
  }

  Status Next(Batch& out) override {
    out = {};
    while (!full_) {
      if (!node_.with_ties) child_->SetBatchMax(left_ > UINT64_MAX - skip_ ? UINT64_MAX : skip_ + left_);
      RETURN_IF_ERROR(child_->Next(out));
      if (out.empty()) {
        full_ = true;
        return Status::Ok();
      }
      const size_t skipped = static_cast<size_t>(std::min<uint64_t>(skip_, out.rows.count));
      skip_ -= skipped;
      size_t taken = static_cast<size_t>(std::min<uint64_t>(left_, out.rows.count - skipped));
      left_ -= taken;
      if (node_.with_ties && left_ == 0) {
        RETURN_IF_ERROR(ties_.Encode(out));
        if (taken > 0) last_key_.assign(ties_.key(skipped + taken - 1));
        while (skipped + taken < out.rows.count && ties_.key(skipped + taken) == last_key_) ++taken;
        full_ = skipped + taken < out.rows.count;
      } else {
        full_ = left_ == 0;
      }
      if (taken == 0) {
        out = {};
        continue;
      }
      Narrow(out, skipped, taken);
      return Status::Ok();
    }
    return Status::Ok();
  }

  Status Finish() override { return child_->Finish(); }

 private:
  void Narrow(Batch& batch, size_t skipped, size_t taken) {
    if (skipped == 0) {
      batch.rows.count = taken;
    } else if (batch.rows.index != nullptr) {
      batch.rows = {batch.rows.index + skipped, taken};
    } else {
      for (size_t i = 0; i < taken; ++i) list_.data()[i] = static_cast<types::SelIndex>(skipped + i);
      batch.rows = list_.rows(taken);
    }
  }

  const planner::PhysicalLimit& node_;
  OperatorPtr child_;
  SortKeys ties_;
  RowList list_;
  std::string last_key_;
  uint64_t left_ = 0, skip_ = 0;
  bool full_ = false;
};

// The first row of each run of rows with equal keys.
class UniqueOperator final : public Operator {
 public:
  UniqueOperator(OperatorPtr child, SortKeys keys, Runtime& runtime)
      : Operator(runtime), child_(std::move(child)), keys_(std::move(keys)) {}

  Status Open() override {
    first_ = true;
    return child_->Open();
  }

  Status Next(Batch& out) override {
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(child_->Next(out));
      if (out.empty()) return Status::Ok();
      RETURN_IF_ERROR(keys_.Encode(out));
      size_t count = 0;
      for (size_t i = 0; i < out.rows.count; ++i) {
        const std::string_view key = keys_.key(i);
        if (!first_ && key == last_key_) continue;
        first_ = false;
        last_key_.assign(key);
        list_.data()[count++] = static_cast<types::SelIndex>(out.rows[i]);
      }
      if (count == 0) continue;
      out.rows = list_.rows(count);
      return Status::Ok();
    }
  }

  Status Finish() override { return child_->Finish(); }

 private:
  OperatorPtr child_;
  SortKeys keys_;
  RowList list_;
  std::string last_key_;
  bool first_ = true;
};

}  // namespace

Result<OperatorPtr> MakeLimit(const planner::PhysicalLimit& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(SortKeys ties, SortKeys::Make(node.ties_keys, runtime));
  return OperatorPtr(std::make_unique<LimitOperator>(node, std::move(child), std::move(ties), runtime));
}

Result<OperatorPtr> MakeUnique(const planner::PhysicalUnique& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(SortKeys keys, SortKeys::Make(node.keys, runtime));
  return OperatorPtr(std::make_unique<UniqueOperator>(std::move(child), std::move(keys), runtime));
}

}  // namespace phantom::engine::internal
