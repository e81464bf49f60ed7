#include "engine/row_sorter.h"

#include <algorithm>
#include <cstring>

#include "common/bytes.h"

namespace phantom::engine {

namespace {

uint64_t Prefix(std::string_view key) {
  char first[8] = {};
  std::memcpy(first, key.data(), std::min<size_t>(key.size(), 8));
  return LoadBE<uint64_t>(first);
}

}  // namespace

bool RowSorter::KeyedRow::operator<(const KeyedRow& other) const {
  if (prefix != other.prefix) return prefix < other.prefix;
  const int order = std::memcmp(key, other.key, std::min(size, other.size));
  if (order != 0) return order < 0;
  if (size != other.size) return size < other.size;
  return row < other.row;  // keeps the input's order among peers
}

RowSorter::RowSorter(Runtime& runtime, int plan_node, std::span<const types::Type> types,
                     std::span<const planner::SortKey> keys, SortKeys encoder)
    : runtime_(runtime),
      plan_node_(plan_node),
      keys_(std::move(encoder)),
      rows_(runtime, types),
      out_(runtime, types),
      memory_(runtime.context.memory),
      runs_(runtime, types) {
  runs_.SetKeys([keys, &runtime] { return SortKeys::Make(keys, runtime); });
}

void RowSorter::Clear() {
  rows_.Clear();
  order_ = {};
  key_bytes_ = Arena();
  memory_.Reset();
  runs_.Clear();
  at_ = 0;
}

Status RowSorter::AddEncoded(const Batch& batch) {
  const uint64_t first = rows_.size();
  rows_.Append(batch);
  for (size_t i = 0; i < batch.rows.count; ++i) {
    const std::string_view key = key_bytes_.Copy(keys_.key(i));
    order_.push_back({Prefix(key), key.data(), static_cast<uint32_t>(key.size()), first + i});
  }
  const size_t bytes = rows_.memory_bytes() + key_bytes_.allocated_bytes() + order_.capacity() * sizeof(KeyedRow);
  if (memory_.Resize(bytes)) return Status::Ok();
  if (runtime_.context.env != nullptr) return SpillRun();
  memory_.Force(bytes);
  return Status::Ok();
}

Status RowSorter::Finish() {
  if (runs_.empty()) {
    std::sort(order_.begin(), order_.end());
    if (runtime_.context.instrument) runtime_.metrics[plan_node_].memory_bytes = memory_.held_bytes();
    return Status::Ok();
  }
  if (!order_.empty()) RETURN_IF_ERROR(SpillRun());
  uint64_t merged_bytes = 0;
  RETURN_IF_ERROR(runs_.StartMerge(merged_bytes));
  if (runtime_.context.instrument) runtime_.metrics[plan_node_].spilled_bytes += merged_bytes;
  return Status::Ok();
}

Status RowSorter::Next(Batch& out) {
  if (!runs_.empty()) {
    uint32_t count = 0;
    RETURN_IF_ERROR(runs_.Merge(out_, count));
    out = out_.batch(count);
    return Status::Ok();
  }
  const size_t count = std::min<size_t>(runtime_.batch_rows_max, order_.size() - at_);
  out = {};
  if (count == 0) return Status::Ok();
  GatherRows(at_, count);
  at_ += count;
  out = out_.batch(count);
  return Status::Ok();
}

Status RowSorter::SpillRun() {
  std::sort(order_.begin(), order_.end());
  ASSIGN_OR_RETURN(SpillFile * run, runs_.AddRun());
  for (size_t begin = 0; begin < order_.size(); begin += runtime_.batch_rows_max) {
    const size_t count = std::min<size_t>(runtime_.batch_rows_max, order_.size() - begin);
    GatherRows(begin, count);
    RETURN_IF_ERROR(run->Write(out_.batch(count)));
  }
  if (runtime_.context.instrument) runtime_.metrics[plan_node_].spilled_bytes += run->bytes();
  rows_.Clear();
  order_ = {};
  key_bytes_ = Arena();
  memory_.Reset();
  return Status::Ok();
}

void RowSorter::GatherRows(size_t begin, size_t count) {
  numbers_.resize(count);
  for (size_t i = 0; i < count; ++i) numbers_[i] = order_[begin + i].row;
  for (size_t c = 0; c < out_.size(); ++c) rows_.Gather(c, numbers_, out_[c]);
}

}  // namespace phantom::engine
