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
#include "engine/peer_groups.h"
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
  // Asks in_range about one value and another.
  struct RangeProbe {
    RangeProbe(internal::KernelCall made, types::Type key, types::Type offset_type, const Runtime& runtime);

    internal::KernelCall in_range;
    types::Vector value, base, offset, sub, less, truth;
  };
  struct Bound {
    const planner::Expr* expr = nullptr;
    std::unique_ptr<RangeProbe> probe;  // RANGE
    types::Value value;
    uint64_t rows = 0;  // ROWS and GROUPS
  };
  FrameClause(const planner::PhysicalWindow& node, Runtime& runtime) : node(node), runtime(runtime) {}
  Status OpenBound(Bound& bound, const char* which);

  const planner::PhysicalWindow& node;
  Runtime& runtime;
  Bound start, end;
};

// Rows that follow one another, [begin, end).
struct RowRange {
  size_t begin = 0, end = 0;
  bool empty() const { return begin >= end; }
};

class Partition {
 public:
  explicit Partition(FrameClause& clause) : clause_(clause), node_(clause.node) {}

  void Clear() {
    peers_.Clear();
    order_values_ = nullptr;
    ForgetFrames();
  }
  // Adds the next row; new_peers: its order keys differ from the row's before.
  void AddRow(bool new_peers) { peers_.Add(new_peers); }
  // The first order key's value per row, for RANGE with an offset.
  void SetOrderValues(RandomReader* rows, size_t column) {
    order_values_ = rows;
    order_column_ = column;
  }

  size_t size() const { return peers_.size(); }
  size_t Group(size_t row) const { return peers_.GroupOf(row); }
  size_t PeerBegin(size_t row) const { return peers_.Begin(row); }
  size_t PeerEnd(size_t row) const { return peers_.End(row); }

  Status Frame(size_t row, size_t& begin, size_t& end) const;
  bool Excluded(size_t row, size_t other) const;
  // What EXCLUDE leaves of the frame of `row`.
  static constexpr size_t kPiecesMax = 3;
  Status FramePieces(size_t row, RowRange (&pieces)[kPiecesMax]) const;
  bool has_exclusion() const { return node_.frame.exclusion != planner::FrameExclusion::kNone; }

 private:
  void ForgetFrames() const {
    frames_.clear();
    first_frame_ = start_cursor_ = end_cursor_ = 0;
  }
  Status MakeFrames(size_t first) const;
  Status Boundary(size_t row, bool is_start, size_t& position) const;
  Status RangeBoundary(size_t row, bool is_start, FrameClause::Bound& bound, bool preceding, size_t& position) const;

  FrameClause& clause_;
  const planner::PhysicalWindow& node_;
  PeerGroups peers_;
  RandomReader* order_values_ = nullptr;
  size_t order_column_ = 0;
  // The frames of kVectorSize rows: frames are asked for row by row, by several functions.
  mutable std::vector<RowRange> frames_;
  mutable size_t first_frame_ = 0;
  // The bounds found last for RANGE with an offset; from row to row they never go back.
  mutable size_t start_cursor_ = 0, end_cursor_ = 0;
};

}  // namespace phantom::engine
