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
    bound.in_range = std::make_unique<internal::KernelCall>(std::move(call));
    return Status::Ok();
  };
  RETURN_IF_ERROR(make(clause->start, frame.start_offset, frame.start_in_range));
  RETURN_IF_ERROR(make(clause->end, frame.end_offset, frame.end_in_range));
  return clause;
}

Status FrameClause::OpenBound(Bound& bound, const char* which) {
  if (bound.expr == nullptr) return Status::Ok();
  ASSIGN_OR_RETURN(bound.value, EvaluateScalar(*bound.expr, runtime));
  if (bound.value.is_null()) return Errorf(sqlstate::kNullValueNotAllowed, "frame %s offset must not be null", which);
  if (bound.in_range != nullptr) return Status::Ok();
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

// The first row in range (start), or the first one after the rows in range (end).
Status Partition::RangeBoundary(size_t row, bool is_start, FrameClause::Bound& bound, bool preceding,
                                size_t& position) const {
  const bool descending = node_.order[0].descending;
  const bool nulls_first = node_.order[0].nulls_first;
  const bool sub = preceding != descending;
  const bool less = !is_start != descending;
  const bool current_null = order_values_->IsNull(row, order_column_);
  const Runtime& runtime = clause_.runtime;
  const types::Type key = node_.order[0].expr->type;
  types::Vector value = runtime.MakeVector(key, 1), base = runtime.MakeVector(key, 1);
  types::Vector offset = runtime.MakeVector(bound.value.type(), 1), sub_value(types::kBoolOid, 1),
                less_value(types::kBoolOid, 1), truth(types::kBoolOid, 1);
  if (!current_null) order_values_->Fetch(row, order_column_, base, 0);
  offset.SetValue(0, bound.value);
  sub_value.data<bool>()[0] = sub;
  less_value.data<bool>()[0] = less;
  for (types::Vector* constant : {&base, &offset, &sub_value, &less_value}) constant->SetConstant();
  const types::Vector* args[5] = {&value, &base, &offset, &sub_value, &less_value};
  for (position = 0; position < size(); position = PeerEnd(position)) {
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
    value.Reset();
    order_values_->Fetch(position, order_column_, value, 0);
    value.SetConstant();
    RETURN_IF_ERROR(bound.in_range->Run(args, {nullptr, 1}, truth));
    const bool in_range = !truth.IsNull(0) && truth.Get<bool>(0);
    if (in_range == is_start) break;
  }
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
  const uint64_t count = by_row ? size() : group_begin_.size();
  const uint64_t extra = is_start ? 0 : 1;
  uint64_t at = here + extra;
  if (!current) {
    if (preceding) {
      at = bound.rows > at ? 0 : at - bound.rows;
    } else {
      at = bound.rows > count - here ? count : std::min(count, at + bound.rows);
    }
  }
  position = by_row ? at : at < group_begin_.size() ? group_begin_[at] : size();
  return Status::Ok();
}

Status Partition::Frame(size_t row, size_t& begin, size_t& end) const {
  if (frame_row_ != row) {
    RETURN_IF_ERROR(Boundary(row, true, frame_begin_));
    RETURN_IF_ERROR(Boundary(row, false, frame_end_));
    frame_end_ = std::max(frame_begin_, frame_end_);
    frame_row_ = row;
  }
  begin = frame_begin_;
  end = frame_end_;
  return Status::Ok();
}

bool Partition::Excluded(size_t row, size_t other) const {
  switch (node_.frame.exclusion) {
    case FrameExclusion::kNone:
      return false;
    case FrameExclusion::kCurrentRow:
      return other == row;
    case FrameExclusion::kGroup:
      return peers_[other] == peers_[row];
    case FrameExclusion::kTies:
      return other != row && peers_[other] == peers_[row];
  }
  return false;
}

}  // namespace phantom::engine
