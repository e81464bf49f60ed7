#include "engine/window_aggregate.h"

#include <algorithm>

namespace phantom::engine {

namespace {

constexpr size_t kBlockNodes = 256;
constexpr size_t kScratchBytesMax = 64 * 1024;
constexpr size_t kAlignment = 16;  // of what new gives

}  // namespace

WindowAggregate::WindowAggregate(const AggregateKernel& kernel, AggregateContext& context, types::Type type,
                                 size_t first_arg, size_t args, int filter, const Runtime& runtime)
    : kernel_(kernel),
      context_(context),
      first_arg_(first_arg),
      args_(args),
      filter_(filter),
      stride_((kernel.state_bytes + kAlignment - 1) / kAlignment * kAlignment),
      runtime_(runtime),
      state_(std::make_unique<std::byte[]>(stride_)),
      memory_(runtime.context.memory),
      one_(runtime.MakeVector(type, 1)) {
  PHANTOM_CHECK(kernel.state_alignment <= kAlignment);
  context_.arena = &scratch_;
}

void WindowAggregate::Clear() {
  if (kernel_.destroy != nullptr) {
    if (running_) kernel_.destroy(state_.get());
    for (const Level& level : levels_) {
      for (size_t i = 0; i < level.nodes; ++i) kernel_.destroy(Node(level, i));
    }
  }
  running_ = false;
  levels_.clear();
  scratch_ = Arena();
  tree_bytes_ = Arena();
  memory_.Reset();
}

void WindowAggregate::Restart() {
  if (running_ && kernel_.destroy != nullptr) kernel_.destroy(state_.get());
  if (scratch_.allocated_bytes() > kScratchBytesMax) scratch_ = Arena();
  kernel_.init(context_, state_.get());
  running_ = true;
}

Status WindowAggregate::Compute(const Partition& partition, RandomReader& rows, size_t first, size_t count,
                                types::Vector& result) {
  rows_ = &rows;
  size_ = partition.size();
  RowRange pieces[Partition::kPiecesMax];
  for (size_t i = 0; i < count; ++i) {
    const auto at = static_cast<uint32_t>(i);
    RETURN_IF_ERROR(partition.FramePieces(first + i, pieces));
    if (partition.has_exclusion()) {
      RETURN_IF_ERROR(Assemble(pieces));
    } else {
      const RowRange frame = pieces[0];
      if (i > 0 && running_ && held_.begin == frame.begin && held_.end == frame.end) {
        CopyValue(one_, 0, result, at);
        continue;
      }
      RETURN_IF_ERROR(MoveTo(frame));
    }
    RETURN_IF_ERROR(FinalizeAt(result, at));
  }
  return Status::Ok();
}

// Makes the state that of the frame, from that of the frame before.
Status WindowAggregate::MoveTo(const RowRange& frame) {
  if (running_ && frame.begin >= held_.begin && frame.end >= held_.end && frame.begin <= held_.end) {
    const RowRange gone{held_.begin, frame.begin}, come{held_.end, frame.end};
    if (gone.empty() || (kernel_.remove != nullptr && gone.end - gone.begin < frame.end - frame.begin)) {
      RETURN_IF_ERROR(GiveRows(gone, state_.get(), true));
      RETURN_IF_ERROR(GiveRows(come, state_.get(), false));
      held_ = frame;
      return Status::Ok();
    }
  }
  RETURN_IF_ERROR(Assemble({frame, {}, {}}));
  held_ = frame;
  return Status::Ok();
}

// Makes the state anew.
Status WindowAggregate::Assemble(const RowRange (&pieces)[Partition::kPiecesMax]) {
  Restart();
  size_t rows = 0;
  for (const RowRange& piece : pieces) rows += piece.empty() ? 0 : piece.end - piece.begin;
  const bool by_tree =
      kernel_.combine != nullptr && rows >= kTreeRowsMin && (!kernel_.inexact || rows > kInexactRowsMax);
  if (by_tree && levels_.empty()) RETURN_IF_ERROR(BuildTree(size_));
  for (const RowRange& piece : pieces) {
    if (piece.empty()) continue;
    RETURN_IF_ERROR(by_tree ? GiveFromTree(piece) : GiveRows(piece, state_.get(), false));
  }
  return Status::Ok();
}

Status WindowAggregate::GiveRows(RowRange range, std::byte* state, bool back) {
  size_t begin = range.begin;
  while (begin < range.end) {
    const size_t piece = begin / types::kVectorSize;
    const size_t stop = std::min(range.end, (piece + 1) * types::kVectorSize);
    // Without arguments and FILTER (count(*)) there is nothing to be read.
    const bool reads = args_ > 0 || filter_ >= 0;
    const Batch rows = reads ? rows_->Piece(piece).ReadChunk(0) : Batch{};
    const types::Vector* filter = filter_ < 0 ? nullptr : rows.columns[static_cast<size_t>(filter_)];
    size_t count = 0;
    for (; begin < stop; ++begin) {
      const auto at = static_cast<uint32_t>(begin % types::kVectorSize);
      if (filter != nullptr && (filter->IsNull(at) || !filter->Get<bool>(at))) continue;
      list_.data()[count++] = static_cast<types::SelIndex>(at);
    }
    if (count == 0) continue;
    const auto values = reads ? rows.columns.subspan(first_arg_, args_) : rows.columns;
    if (back) {
      RETURN_IF_ERROR(kernel_.remove(context_, values, list_.rows(count), state));
    } else if (kernel_.update_one != nullptr) {
      RETURN_IF_ERROR(kernel_.update_one(context_, values, list_.rows(count), state));
    } else {
      states_.assign(types::kVectorSize, state);
      RETURN_IF_ERROR(kernel_.update(context_, values, list_.rows(count), states_.data()));
    }
  }
  return Status::Ok();
}

std::byte* WindowAggregate::AddNode(Level& level) {
  if (level.nodes % kBlockNodes == 0) level.blocks.push_back(std::make_unique<std::byte[]>(kBlockNodes * stride_));
  std::byte* state = Node(level, level.nodes);
  kernel_.init(context_, state);
  ++level.nodes;
  return state;
}

std::byte* WindowAggregate::Node(const Level& level, size_t i) const {
  return level.blocks[i / kBlockNodes].get() + i % kBlockNodes * stride_;
}

Status WindowAggregate::BuildTree(size_t rows) {
  context_.arena = &tree_bytes_;
  Status status;
  for (size_t below = rows; status.ok() && (levels_.empty() || below > kFanOut);) {
    levels_.emplace_back();
    for (size_t begin = 0; begin < below && status.ok(); begin += kFanOut) {
      std::byte* node = AddNode(levels_.back());
      const size_t end = std::min(below, begin + kFanOut);
      if (levels_.size() == 1) {
        status = GiveRows({begin, end}, node, false);
        if (begin % types::kVectorSize == 0 && status.ok()) status = runtime_.context.CheckCancelled();
        continue;
      }
      for (size_t i = begin; i < end && status.ok(); ++i) {
        status = kernel_.combine(context_, node, Node(levels_[levels_.size() - 2], i));
      }
    }
    below = levels_.back().nodes;
  }
  context_.arena = &scratch_;
  size_t bytes = tree_bytes_.allocated_bytes();
  for (const Level& level : levels_) bytes += level.blocks.size() * kBlockNodes * stride_;
  memory_.Force(bytes);
  return status;
}

Status WindowAggregate::GiveNodes(size_t height, size_t begin, size_t end) {
  for (; begin < end; ++begin) {
    RETURN_IF_ERROR(kernel_.combine(context_, state_.get(), Node(levels_[height], begin)));
  }
  return Status::Ok();
}

// In order: rows, ever larger nodes, ever smaller ones, rows.
Status WindowAggregate::GiveFromTree(RowRange range) {
  size_t begin = (range.begin + kFanOut - 1) / kFanOut, end = range.end / kFanOut;  // nodes
  if (begin >= end) return GiveRows(range, state_.get(), false);
  RETURN_IF_ERROR(GiveRows({range.begin, begin * kFanOut}, state_.get(), false));
  size_t height = 0;
  std::vector<RowRange> right;  // by height: nodes after those that are part of higher ones
  while (height + 1 < levels_.size()) {
    const size_t upper_begin = (begin + kFanOut - 1) / kFanOut, upper_end = end / kFanOut;
    if (upper_begin >= upper_end) break;
    RETURN_IF_ERROR(GiveNodes(height, begin, upper_begin * kFanOut));
    right.push_back({upper_end * kFanOut, end});
    begin = upper_begin;
    end = upper_end;
    ++height;
  }
  RETURN_IF_ERROR(GiveNodes(height, begin, end));
  while (height-- > 0) RETURN_IF_ERROR(GiveNodes(height, right[height].begin, right[height].end));
  return GiveRows({range.end / kFanOut * kFanOut, range.end}, state_.get(), false);
}

Status WindowAggregate::FinalizeAt(types::Vector& result, uint32_t at) {
  one_.Reset();
  std::byte* state = state_.get();
  RETURN_IF_ERROR(kernel_.finalize(context_, &state, 1, one_));
  CopyValue(one_, 0, result, at);
  return Status::Ok();
}

}  // namespace phantom::engine
