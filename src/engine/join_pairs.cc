#include "engine/join_pairs.h"

namespace phantom::engine {

namespace {

std::vector<types::Type> Concat(std::span<const types::Type> left, std::span<const types::Type> right) {
  std::vector<types::Type> all(left.begin(), left.end());
  all.insert(all.end(), right.begin(), right.end());
  return all;
}

}  // namespace

JoinPairs::JoinPairs(planner::JoinType join, std::span<const types::Type> left, std::span<const types::Type> right,
                     Predicate condition, Runtime& runtime)
    : join_(join),
      left_columns_(left.size()),
      condition_(std::move(condition)),
      joined_(runtime, Concat(left, right)),
      mark_(types::kBoolOid),
      positions_(runtime.batch_rows_max),
      right_rows_(runtime.batch_rows_max) {
  for (types::Type type : Concat(left, right)) {
    nulls_.push_back(runtime.MakeVector(type, 1));
    nulls_.back().SetConstantNull();
  }
}

void JoinPairs::Reset(size_t right_rows) {
  left_ = {};
  count_ = 0;
  right_matched_.assign(wants_unmatched_right() ? right_rows : 0, 0);
}

void JoinPairs::StartLeft(const Batch& left) {
  left_ = left;
  count_ = 0;
  matched_.assign(left.rows.count, 0);
}

Status JoinPairs::Flush(const RowBuffer& right, Batch& out) {
  out = {};
  const size_t count = count_;
  count_ = 0;
  if (count == 0) return Status::Ok();
  Batch joined = joined_.batch(count);
  if (emits_pairs() || !condition_.always_true()) {
    for (size_t c = 0; c < left_columns_; ++c) GatherSlots(*left_.columns[c], left_rows_.data(), count, joined_[c]);
    const std::span<const uint64_t> rows(right_rows_.data(), count);
    for (size_t c = left_columns_; c < joined_.size(); ++c) right.Gather(c - left_columns_, rows, joined_[c]);
    RETURN_IF_ERROR(condition_.Filter(joined));
  }
  for (size_t i = 0; i < joined.rows.count; ++i) {
    const size_t pair = joined.rows[i];
    matched_[positions_[pair]] = 1;
    if (!right_matched_.empty()) right_matched_[block_ + right_rows_[pair]] = 1;
  }
  if (emits_pairs()) out = joined;
  return Status::Ok();
}

void JoinPairs::UnmatchedRight(const RowBuffer& right, uint64_t& next, Batch& out) {
  out = {};
  if (!wants_unmatched_right()) return;
  count_ = 0;
  for (; next < right.size() && !full(); ++next) {
    if (!right_matched_[block_ + next]) right_rows_[count_++] = next;
  }
  const size_t count = count_;
  count_ = 0;
  if (count == 0) return;
  columns_.clear();
  for (size_t c = 0; c < left_columns_; ++c) columns_.push_back(&nulls_[c]);
  for (size_t c = left_columns_; c < joined_.size(); ++c) {
    right.Gather(c - left_columns_, {right_rows_.data(), count}, joined_[c]);
    columns_.push_back(&joined_[c]);
  }
  out = {columns_, {nullptr, count}};
}

}  // namespace phantom::engine
