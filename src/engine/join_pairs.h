// engine/join_pairs.h
//
// What hash join and nested loop have in common: pairs of a left row (of the present batch) and a kept right row, joined
// side by side, filtered, and turned into the output of each kind of join.
//
// Thread safety: one thread.
#pragma once
#include <vector>

#include "engine/evaluator.h"
#include "engine/operator.h"
#include "engine/row_buffer.h"

namespace phantom::engine {

class JoinPairs {
 public:
  JoinPairs(planner::JoinType join, std::span<const types::Type> left, std::span<const types::Type> right,
            Predicate condition, Runtime& runtime);

  // Forgets the left batch and which right rows were matched.
  void Reset(size_t right_rows);
  void StartLeft(const Batch& left);

  bool full() const { return count_ == positions_.size(); }
  bool empty() const { return count_ == 0; }
  // The pair of the i-th row of the left batch and a right row.
  // Right rows given from here on are counted from this one: a block of all of them at a time.
  void SetBlock(uint64_t first_right_row) { block_ = first_right_row; }
  void Add(size_t i, uint64_t right_row) {
    positions_[count_] = static_cast<uint32_t>(i);
    left_rows_.data()[count_] = static_cast<types::SelIndex>(left_.rows[i]);
    right_rows_[count_++] = right_row;
  }
  bool left_matched(size_t i) const { return matched_[i] != 0; }
  void MarkLeft(size_t i) { matched_[i] = 1; }

  // Joins and filters the pairs added since the last call, and notes who matched. What is left of them, for joins whose
  // output is pairs; else nothing.
  Status Flush(const RowBuffer& right, Batch& out);

  // After the last pair of a left batch: its rows that come out by themselves (unmatched of outer joins; semi, anti,
  // mark). unknown(i) says that the comparison of left row i was null for some right row.
  template <typename F>
  void FinishLeft(F&& unknown, Batch& out);

  // Right rows nobody matched, from row `next` on; next is moved on. None when the join does not want them.
  void UnmatchedRight(const RowBuffer& right, uint64_t& next, Batch& out);

  bool wants_unmatched_right() const {
    return join_ == planner::JoinType::kRight || join_ == planner::JoinType::kFull;
  }
  bool emits_pairs() const {
    return join_ != planner::JoinType::kSemi && join_ != planner::JoinType::kAnti &&
           join_ != planner::JoinType::kMark;
  }

 private:
  const planner::JoinType join_;
  const size_t left_columns_;
  Predicate condition_;
  OutputColumns joined_;  // left's columns, then right's
  std::vector<types::Vector> nulls_;
  types::Vector mark_;
  std::vector<const types::Vector*> columns_;
  Batch left_;
  RowList left_rows_, rest_;
  std::vector<uint32_t> positions_;
  std::vector<uint64_t> right_rows_;
  std::vector<uint8_t> matched_;
  std::vector<uint8_t> right_matched_;
  size_t count_ = 0;
  uint64_t block_ = 0;
};

template <typename F>
void JoinPairs::FinishLeft(F&& unknown, Batch& out) {
  using planner::JoinType;
  out = {};
  size_t rest = 0;
  switch (join_) {
    case JoinType::kInner:
    case JoinType::kRight:
      return;
    case JoinType::kLeft:
    case JoinType::kFull:
      for (size_t i = 0; i < left_.rows.count; ++i) {
        if (!matched_[i]) rest_.data()[rest++] = static_cast<types::SelIndex>(left_.rows[i]);
      }
      columns_.assign(left_.columns.begin(), left_.columns.end());
      for (size_t c = left_columns_; c < nulls_.size(); ++c) columns_.push_back(&nulls_[c]);
      out = {columns_, rest_.rows(rest)};
      return;
    case JoinType::kSemi:
    case JoinType::kAnti:
      for (size_t i = 0; i < left_.rows.count; ++i) {
        const bool keep = join_ == JoinType::kSemi ? matched_[i] != 0 : !matched_[i] && !unknown(i);
        if (keep) rest_.data()[rest++] = static_cast<types::SelIndex>(left_.rows[i]);
      }
      out = {left_.columns, rest_.rows(rest)};
      return;
    case JoinType::kMark:
      mark_.Reset();
      for (size_t i = 0; i < left_.rows.count; ++i) {
        const uint32_t row = static_cast<uint32_t>(left_.rows[i]);
        mark_.data<bool>()[row] = matched_[i] != 0;
        if (!matched_[i] && unknown(i)) mark_.SetNull(row);
      }
      columns_.assign(left_.columns.begin(), left_.columns.end());
      columns_.push_back(&mark_);
      out = {columns_, left_.rows};
      return;
  }
}

}  // namespace phantom::engine
