#include "engine/window_frame.h"

#include <algorithm>

namespace phantom::engine {

using planner::FrameBound;
using planner::FrameExclusion;
using planner::FrameMode;

Result<std::unique_ptr<FrameClause>> FrameClause::Make(const planner::PhysicalWindow& node, Runtime& runtime) {
  std::unique_ptr<FrameClause> clause(new FrameClause(node, runtime));
  const planner::WindowFrame& frame = node.frame;
  const auto make = [&](Bound& bound, const planner::Expr* offset, const catalog::FunctionRow* in_range) -> Status {
    bound.expr = offset;
    if (in_range == nullptr || offset == nullptr || node.order.empty()) return Status::Ok();
    const types::Type key = node.order[0].expr->type;
    ASSIGN_OR_RETURN(internal::KernelCall call,
                     internal::KernelCall::Make(*in_range, {key, key, offset->type, types::kBoolOid, types::kBoolOid},
                                                types::kBoolOid, 0, runtime));
    bound.probe = std::make_unique<RangeProbe>(std::move(call), key, offset->type, runtime);
    return Status::Ok();
  };
  RETURN_IF_ERROR(make(clause->start, frame.start_offset, frame.start_in_range));
  RETURN_IF_ERROR(make(clause->end, frame.end_offset, frame.end_in_range));
  return clause;
}

FrameClause::RangeProbe::RangeProbe(internal::KernelCall made, types::Type key, types::Type offset_type,
                                    const Runtime& runtime)
    : in_range(std::move(made)),
      value(runtime.MakeVector(key, 1)),
      base(runtime.MakeVector(key, 1)),
      offset(runtime.MakeVector(offset_type, 1)),
      sub(types::kBoolOid, 1),
      less(types::kBoolOid, 1),
      truth(types::kBoolOid, 1) {}

Status FrameClause::OpenBound(Bound& bound, const char* which) {
  if (bound.expr == nullptr) return Status::Ok();
  ASSIGN_OR_RETURN(bound.value, EvaluateScalar(*bound.expr, runtime));
  if (bound.value.is_null()) return Errorf(sqlstate::kNullValueNotAllowed, "frame %s offset must not be null", which);
  if (bound.probe != nullptr) {
    bound.probe->offset.Reset();
    bound.probe->offset.SetValue(0, bound.value);
    bound.probe->offset.SetConstant();
    return Status::Ok();
  }
  if (bound.value.AsInt64() < 0) {
    return Errorf(sqlstate::kInvalidPrecedingOrFollowingSize, "frame %s offset must not be negative", which);
  }
  bound.rows = static_cast<uint64_t>(bound.value.AsInt64());
  return Status::Ok();
}

Status FrameClause::Open() {
  RETURN_IF_ERROR(OpenBound(start, "starting"));
  return OpenBound(end, "ending");
}

// The first row in range (start), or the first one after the rows in range (end). For later rows it is never earlier, so
// the search goes on where it ended; peers are in range together.
Status Partition::RangeBoundary(size_t row, bool is_start, FrameClause::Bound& bound, bool preceding,
                                size_t& position) const {
  const bool descending = node_.order[0].descending;
  const bool nulls_first = node_.order[0].nulls_first;
  const bool current_null = order_values_->IsNull(row, order_column_);
  FrameClause::RangeProbe& probe = *bound.probe;
  probe.base.Reset();
  if (!current_null) order_values_->Fetch(row, order_column_, probe.base, 0);
  probe.sub.Reset();
  probe.sub.data<bool>()[0] = preceding != descending;
  probe.less.Reset();
  probe.less.data<bool>()[0] = !is_start != descending;
  for (types::Vector* constant : {&probe.base, &probe.sub, &probe.less}) constant->SetConstant();
  const types::Vector* args[5] = {&probe.value, &probe.base, &probe.offset, &probe.sub, &probe.less};
  for (position = is_start ? start_cursor_ : end_cursor_; position < size(); position = PeerEnd(position)) {
    const bool null = order_values_->IsNull(position, order_column_);
    if (null || current_null) {
      if (is_start) {
        // NULLs are in range of NULLs alone.
        if (nulls_first ? (!null || current_null) : (null || !current_null)) break;
      } else {
        if (nulls_first ? !null : !current_null) break;
      }
      continue;
    }
    probe.value.Reset();
    order_values_->Fetch(position, order_column_, probe.value, 0);
    probe.value.SetConstant();
    RETURN_IF_ERROR(probe.in_range.Run(args, {nullptr, 1}, probe.truth));
    const bool in_range = !probe.truth.IsNull(0) && probe.truth.Get<bool>(0);
    if (in_range == is_start) break;
  }
  (is_start ? start_cursor_ : end_cursor_) = position;
  return Status::Ok();
}

Status Partition::Boundary(size_t row, bool is_start, size_t& position) const {
  const planner::WindowFrame& frame = node_.frame;
  const FrameBound kind = is_start ? frame.start : frame.end;
  FrameClause::Bound& bound = is_start ? clause_.start : clause_.end;
  if (kind == FrameBound::kUnboundedPreceding) {
    position = 0;
    return Status::Ok();
  }
  if (kind == FrameBound::kUnboundedFollowing) {
    position = size();
    return Status::Ok();
  }
  const bool current = kind == FrameBound::kCurrentRow;
  const bool preceding = kind == FrameBound::kPreceding;
  if (frame.mode == FrameMode::kRange && !current) return RangeBoundary(row, is_start, bound, preceding, position);
  // Positions in rows or groups; an end is one past the last.
  const bool by_row = frame.mode == FrameMode::kRows;
  const uint64_t here = by_row ? row : Group(row);
  const uint64_t count = by_row ? size() : peers_.groups();
  const uint64_t extra = is_start ? 0 : 1;
  uint64_t at = here + extra;
  if (!current) {
    if (preceding) {
      at = bound.rows > at ? 0 : at - bound.rows;
    } else {
      at = bound.rows > count - here ? count : std::min(count, at + bound.rows);
    }
  }
  position = by_row ? at : peers_.GroupBegin(at);
  return Status::Ok();
}

// The frames of the rows from `first` on.
Status Partition::MakeFrames(size_t first) const {
  if (first < first_frame_) ForgetFrames();
  first_frame_ = first;
  frames_.clear();
  const bool by_row = node_.frame.mode == FrameMode::kRows;
  for (size_t row = first; row < std::min(size(), first + types::kVectorSize); ++row) {
    if (!by_row && row > first && PeerBegin(row) != row) {
      frames_.push_back(frames_.back());  // peers have one frame
      continue;
    }
    RowRange& frame = frames_.emplace_back();
    RETURN_IF_ERROR(Boundary(row, true, frame.begin));
    RETURN_IF_ERROR(Boundary(row, false, frame.end));
    frame.end = std::max(frame.begin, frame.end);
  }
  return Status::Ok();
}

Status Partition::Frame(size_t row, size_t& begin, size_t& end) const {
  if (row < first_frame_ || row >= first_frame_ + frames_.size()) {
    Status status = MakeFrames(row / types::kVectorSize * types::kVectorSize);
    if (!status.ok()) {
      ForgetFrames();
      return status;
    }
  }
  begin = frames_[row - first_frame_].begin;
  end = frames_[row - first_frame_].end;
  return Status::Ok();
}

Status Partition::FramePieces(size_t row, RowRange (&pieces)[kPiecesMax]) const {
  RowRange frame;
  RETURN_IF_ERROR(Frame(row, frame.begin, frame.end));
  for (RowRange& piece : pieces) piece = {};
  RowRange out{PeerBegin(row), PeerEnd(row)};  // what is left out
  switch (node_.frame.exclusion) {
    case FrameExclusion::kNone:
      pieces[0] = frame;
      return Status::Ok();
    case FrameExclusion::kCurrentRow:
      out = {row, row + 1};
      break;
    case FrameExclusion::kGroup:
      break;
    case FrameExclusion::kTies:
      if (row >= frame.begin && row < frame.end) pieces[1] = {row, row + 1};
      break;
  }
  pieces[0] = {frame.begin, std::min(frame.end, out.begin)};
  pieces[2] = {std::max(frame.begin, out.end), frame.end};
  return Status::Ok();
}

bool Partition::Excluded(size_t row, size_t other) const {
  switch (node_.frame.exclusion) {
    case FrameExclusion::kNone:
      return false;
    case FrameExclusion::kCurrentRow:
      return other == row;
    case FrameExclusion::kGroup:
      return other >= PeerBegin(row) && other < PeerEnd(row);
    case FrameExclusion::kTies:
      return other != row && other >= PeerBegin(row) && other < PeerEnd(row);
  }
  return false;
}

}  // namespace phantom::engine
