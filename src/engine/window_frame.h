// engine/window_frame.h
//
// One partition of a window with its peers, and the frame of each row (PostgreSQL 15, chapter 4.2.8).
//
// Thread safety: one thread.
#pragma once
#include <string>
#include <vector>

#include "engine/evaluator_internal.h"
#include "engine/paged_rows.h"
#include "planner/physical_plan.h"

namespace phantom::engine {

// The frame clause with its offsets evaluated.
class FrameClause {
 public:
  static Result<std::unique_ptr<FrameClause>> Make(const planner::PhysicalWindow& node, Runtime& runtime);
  // Evaluates the offsets: 22004 for NULL, 22013 for negative ones.
  Status Open();

 private:
  friend class Partition;
  struct Bound {
    const planner::Expr* expr = nullptr;
    std::unique_ptr<internal::KernelCall> in_range;
    types::Value value;
    uint64_t rows = 0;  // ROWS and GROUPS
  };
  FrameClause(const planner::PhysicalWindow& node, Runtime& runtime) : node(node), runtime(runtime) {}
  Status OpenBound(Bound& bound, const char* which);

  const planner::PhysicalWindow& node;
  Runtime& runtime;
  Bound start, end;
};

class Partition {
 public:
  explicit Partition(FrameClause& clause) : clause_(clause), node_(clause.node) {}

  void Clear() {
    peers_.clear();
    group_begin_.clear();
    order_values_ = nullptr;
    frame_row_ = SIZE_MAX;
  }
  // Adds the next row; new_peers: its order keys differ from the row's before.
  void AddRow(bool new_peers) {
    if (new_peers || peers_.empty()) group_begin_.push_back(peers_.size());
    peers_.push_back(static_cast<uint32_t>(group_begin_.size() - 1));
  }
  // The first order key's value per row, for RANGE with an offset.
  void SetOrderValues(RandomReader* rows, size_t column) {
    order_values_ = rows;
    order_column_ = column;
  }

  size_t size() const { return peers_.size(); }
  size_t Group(size_t row) const { return peers_[row]; }
  size_t PeerBegin(size_t row) const { return group_begin_[peers_[row]]; }
  size_t PeerEnd(size_t row) const { return GroupEnd(peers_[row]); }

  Status Frame(size_t row, size_t& begin, size_t& end) const;
  bool Excluded(size_t row, size_t other) const;
  bool has_exclusion() const { return node_.frame.exclusion != planner::FrameExclusion::kNone; }

 private:
  size_t GroupEnd(size_t group) const {
    return group + 1 < group_begin_.size() ? group_begin_[group + 1] : peers_.size();
  }
  Status Boundary(size_t row, bool is_start, size_t& position) const;
  Status RangeBoundary(size_t row, bool is_start, FrameClause::Bound& bound, bool preceding, size_t& position) const;

  FrameClause& clause_;
  const planner::PhysicalWindow& node_;
  std::vector<uint32_t> peers_;       // by row: its peer group
  std::vector<size_t> group_begin_;   // by peer group
  RandomReader* order_values_ = nullptr;
  size_t order_column_ = 0;
  // The frame asked for last: frames are asked for row by row, by several functions.
  mutable size_t frame_row_ = SIZE_MAX, frame_begin_ = 0, frame_end_ = 0;
};

}  // namespace phantom::engine
