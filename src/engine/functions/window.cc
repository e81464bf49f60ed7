// row_number() and the other window functions of chapter 9.22.
#include <algorithm>

#include "engine/functions/tables.h"

namespace phantom::engine {

namespace {

Status RowNumber(KernelContext&, const WindowPartition&, size_t first, size_t count, types::Vector& result) {
  for (size_t i = 0; i < count; ++i) result.data<int64_t>()[i] = static_cast<int64_t>(first + i + 1);
  return Status::Ok();
}

Status Rank(KernelContext&, const WindowPartition& partition, size_t first, size_t count, types::Vector& result) {
  for (size_t i = 0; i < count; ++i) {
    result.data<int64_t>()[i] = static_cast<int64_t>(partition.PeerBegin(first + i) + 1);
  }
  return Status::Ok();
}

Status DenseRank(KernelContext&, const WindowPartition& partition, size_t first, size_t count, types::Vector& result) {
  for (size_t i = 0; i < count; ++i) {
    result.data<int64_t>()[i] = static_cast<int64_t>(partition.PeerGroup(first + i) + 1);
  }
  return Status::Ok();
}

Status PercentRank(KernelContext&, const WindowPartition& partition, size_t first, size_t count,
                   types::Vector& result) {
  const double others = static_cast<double>(partition.size()) - 1;
  for (size_t i = 0; i < count; ++i) {
    result.data<double>()[i] = others <= 0 ? 0 : static_cast<double>(partition.PeerBegin(first + i)) / others;
  }
  return Status::Ok();
}

Status CumeDist(KernelContext&, const WindowPartition& partition, size_t first, size_t count, types::Vector& result) {
  for (size_t i = 0; i < count; ++i) {
    result.data<double>()[i] =
        static_cast<double>(partition.PeerEnd(first + i)) / static_cast<double>(partition.size());
  }
  return Status::Ok();
}

// Buckets differ in size by one at most, the larger ones first. The argument is taken from the partition's first row.
Status Ntile(KernelContext&, const WindowPartition& partition, size_t first, size_t count, types::Vector& result) {
  const types::Value argument = partition.Argument(0, 0);
  if (argument.is_null()) {
    for (size_t i = 0; i < count; ++i) result.SetNull(static_cast<uint32_t>(i));
    return Status::Ok();
  }
  const int32_t buckets = argument.AsInt32();
  if (buckets <= 0) {
    return Error(sqlstate::kInvalidArgumentForNtile, "argument of ntile must be greater than zero");
  }
  const size_t size = partition.size() / static_cast<size_t>(buckets);
  const size_t larger = partition.size() % static_cast<size_t>(buckets);
  const size_t in_larger = larger * (size + 1);
  for (size_t i = 0; i < count; ++i) {
    const size_t position = first + i;
    const size_t bucket =
        position < in_larger ? position / (size + 1) : larger + (position - in_larger) / (size == 0 ? 1 : size);
    result.data<int32_t>()[i] = static_cast<int32_t>(bucket + 1);
  }
  return Status::Ok();
}

// lag and lead, with offset and default when there are as many arguments.
template <int Direction>
Status Shift(KernelContext& context, const WindowPartition& partition, size_t first, size_t count,
             types::Vector& result) {
  const size_t args = context.arg_types.size();
  for (size_t i = 0; i < count; ++i) {
    const uint32_t at = static_cast<uint32_t>(i);
    int64_t offset = 1;
    if (args > 1) {
      const types::Value value = partition.Argument(1, first + i);
      if (value.is_null()) {
        result.SetNull(at);
        continue;
      }
      offset = value.AsInt32();
    }
    const int64_t position = static_cast<int64_t>(first + i) + Direction * offset;
    if (position >= 0 && position < static_cast<int64_t>(partition.size())) {
      partition.CopyArgument(0, static_cast<size_t>(position), result, at);
    } else if (args > 2) {
      partition.CopyArgument(2, first + i, result, at);
    } else {
      result.SetNull(at);
    }
  }
  return Status::Ok();
}

// The part of the frame before what EXCLUDE leaves out of it, the row itself when only its peers are left out, and the part
// after.
struct Pieces {
  size_t begin[3], end[3];
  size_t size(size_t i) const { return begin[i] < end[i] ? end[i] - begin[i] : 0; }
};
Pieces PiecesOf(const WindowPartition& partition, size_t position, size_t begin, size_t end) {
  const size_t peers_begin = partition.PeerBegin(position), peers_end = partition.PeerEnd(position);
  const bool self = partition.Excluded(position, position);
  const size_t peer = peers_begin == position ? position + 1 : peers_begin;
  const bool peers = peer < peers_end && partition.Excluded(position, peer);
  if (!self && !peers) return {{begin, 0, 0}, {end, 0, 0}};
  const size_t out_begin = peers ? peers_begin : position, out_end = peers ? peers_end : position + 1;
  Pieces pieces{{begin, 0, std::max(begin, out_end)}, {std::min(end, out_begin), 0, end}};
  if (!self && position >= begin && position < end) pieces.begin[1] = position, pieces.end[1] = position + 1;
  return pieces;
}

// The n-th row of the frame that EXCLUDE leaves in it, n from 1; from its end when n is negative. False: there is none.
bool FrameRow(const WindowPartition& partition, size_t position, size_t begin, size_t end, int64_t n, size_t& found) {
  const Pieces pieces = PiecesOf(partition, position, begin, end);
  uint64_t left = n > 0 ? static_cast<uint64_t>(n) : static_cast<uint64_t>(-n);
  for (size_t i = 0; i < 3; ++i) {
    const size_t piece = n > 0 ? i : 2 - i;
    if (left <= pieces.size(piece)) {
      found = n > 0 ? pieces.begin[piece] + left - 1 : pieces.end[piece] - left;
      return true;
    }
    left -= pieces.size(piece);
  }
  return false;
}

enum class Which { kFirst, kLast, kNth };

template <Which W>
Status FrameValue(KernelContext&, const WindowPartition& partition, size_t first, size_t count,
                  types::Vector& result) {
  for (size_t i = 0; i < count; ++i) {
    const uint32_t at = static_cast<uint32_t>(i);
    int64_t n = W == Which::kLast ? -1 : 1;
    if (W == Which::kNth) {
      const types::Value value = partition.Argument(1, first + i);
      if (value.is_null()) {
        result.SetNull(at);
        continue;
      }
      n = value.AsInt32();
      if (n <= 0) {
        return Error(sqlstate::kInvalidArgumentForNthValue, "argument of nth_value must be greater than zero");
      }
    }
    size_t begin = 0, end = 0, row = 0;
    RETURN_IF_ERROR(partition.Frame(first + i, begin, end));
    if (FrameRow(partition, first + i, begin, end, n, row)) {
      partition.CopyArgument(0, row, result, at);
    } else {
      result.SetNull(at);
    }
  }
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Window("window_row_number", RowNumber),
    KernelEntry::Window("window_rank", Rank),
    KernelEntry::Window("window_dense_rank", DenseRank),
    KernelEntry::Window("window_percent_rank", PercentRank),
    KernelEntry::Window("window_cume_dist", CumeDist),
    KernelEntry::Window("window_ntile", Ntile),
    KernelEntry::Window("window_lag", Shift<-1>),
    KernelEntry::Window("window_lag_with_offset", Shift<-1>),
    KernelEntry::Window("window_lag_with_offset_and_default", Shift<-1>),
    KernelEntry::Window("window_lead", Shift<1>),
    KernelEntry::Window("window_lead_with_offset", Shift<1>),
    KernelEntry::Window("window_lead_with_offset_and_default", Shift<1>),
    KernelEntry::Window("window_first_value", FrameValue<Which::kFirst>),
    KernelEntry::Window("window_last_value", FrameValue<Which::kLast>),
    KernelEntry::Window("window_nth_value", FrameValue<Which::kNth>),
};

}  // namespace

std::span<const KernelEntry> WindowKernels() { return kTable; }

}  // namespace phantom::engine
