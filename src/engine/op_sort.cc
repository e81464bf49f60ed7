// Sort and top-N over normalised keys. A sort too large for its memory writes sorted runs and merges them.
#include <algorithm>
#include <cstring>

#include "engine/memory_broker.h"
#include "engine/operator_internal.h"
#include "engine/row_buffer.h"
#include "engine/sort_keys.h"
#include "engine/sorted_runs.h"

namespace phantom::engine::internal {

namespace {

struct KeyedRow {
  uint64_t prefix;  // the key's first bytes, so that most comparisons follow no pointer
  const char* key;
  uint32_t size;
  uint64_t row;

  bool operator<(const KeyedRow& other) const {
    if (prefix != other.prefix) return prefix < other.prefix;
    const int order = std::memcmp(key, other.key, std::min(size, other.size));
    if (order != 0) return order < 0;
    if (size != other.size) return size < other.size;
    return row < other.row;  // keeps the input's order among peers
  }
};

uint64_t Prefix(std::string_view key) {
  char first[8] = {};
  std::memcpy(first, key.data(), std::min<size_t>(key.size(), 8));
  return LoadBE<uint64_t>(first);
}

class SortOperator final : public Operator {
 public:
  SortOperator(const planner::PhysicalSort& node, OperatorPtr child, SortKeys keys, Runtime& runtime)
      : Operator(runtime),
        id_(node.id),
        child_(std::move(child)),
        keys_(std::move(keys)),
        rows_(runtime, node.types),
        out_(runtime, node.types),
        memory_(runtime.context.memory),
        runs_(runtime, node.types) {
    runs_.SetKeys([&node, &runtime] { return SortKeys::Make(node.keys, runtime); });
  }

  Status Open() override {
    Release();
    sorted_ = false;
    return child_->Open();
  }

  Status Next(Batch& out) override {
    if (!sorted_) {
      RETURN_IF_ERROR(Collect());
      sorted_ = true;
    }
    RETURN_IF_ERROR(runtime_.context.CheckCancelled());
    if (!runs_.empty()) {
      uint32_t count = 0;
      RETURN_IF_ERROR(runs_.Merge(out_, count));
      out = out_.batch(count);
      return Status::Ok();
    }
    const size_t count = std::min<size_t>(types::kVectorSize, order_.size() - at_);
    if (count == 0) {
      out = {};
      return Status::Ok();
    }
    GatherRows(at_, count);
    at_ += count;
    out = out_.batch(count);
    return Status::Ok();
  }

  Status Finish() override { return child_->Finish(); }

 private:
  void Release() {
    rows_.Clear();
    order_.clear();
    key_bytes_ = Arena();
    memory_.Reset();
    runs_.Clear();
    at_ = 0;
  }

  Status Collect() {
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(child_->Next(in));
      if (in.empty()) break;
      RETURN_IF_ERROR(keys_.Encode(in));
      const uint64_t first = rows_.size();
      rows_.Append(in);
      for (size_t i = 0; i < in.rows.count; ++i) {
        const std::string_view key = key_bytes_.Copy(keys_.key(i));
        order_.push_back({Prefix(key), key.data(), static_cast<uint32_t>(key.size()), first + i});
      }
      const size_t bytes = rows_.memory_bytes() + key_bytes_.allocated_bytes() + order_.capacity() * sizeof(KeyedRow);
      if (runtime_.context.env == nullptr) {
        memory_.Force(bytes);
      } else if (!memory_.Resize(bytes)) {
        RETURN_IF_ERROR(SpillRun());
      }
    }
    if (!runs_.empty()) {
      if (!order_.empty()) RETURN_IF_ERROR(SpillRun());
      uint64_t merged_bytes = 0;
      RETURN_IF_ERROR(runs_.StartMerge(merged_bytes));
      if (runtime_.context.instrument) runtime_.metrics[id_].spilled_bytes += merged_bytes;
      return Status::Ok();
    }
    std::sort(order_.begin(), order_.end());
    if (runtime_.context.instrument) runtime_.metrics[id_].memory_bytes = memory_.held_bytes();
    return Status::Ok();
  }

  Status SpillRun() {
    std::sort(order_.begin(), order_.end());
    ASSIGN_OR_RETURN(SpillFile * run, runs_.AddRun());
    for (size_t begin = 0; begin < order_.size(); begin += types::kVectorSize) {
      const size_t count = std::min<size_t>(types::kVectorSize, order_.size() - begin);
      GatherRows(begin, count);
      RETURN_IF_ERROR(run->Write(out_.batch(count)));
    }
    if (runtime_.context.instrument) runtime_.metrics[id_].spilled_bytes += run->bytes();
    rows_.Clear();
    order_ = {};
    key_bytes_ = Arena();
    memory_.Reset();
    return Status::Ok();
  }

  void GatherRows(size_t begin, size_t count) {
    numbers_.resize(count);
    for (size_t i = 0; i < count; ++i) numbers_[i] = order_[begin + i].row;
    for (size_t c = 0; c < out_.size(); ++c) rows_.Gather(c, numbers_, out_[c]);
  }

  const int id_;
  OperatorPtr child_;
  SortKeys keys_;
  RowBuffer rows_;
  OutputColumns out_;
  MemoryReservation memory_;
  Arena key_bytes_;
  std::vector<KeyedRow> order_;
  std::vector<uint64_t> numbers_;
  SortedRuns runs_;
  size_t at_ = 0;
  bool sorted_ = false;
};

// Keeps the best offset + limit rows in a heap whose top is the worst of them.
class TopNOperator final : public Operator {
 public:
  TopNOperator(const planner::PhysicalTopN& node, OperatorPtr child, SortKeys keys, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        child_(std::move(child)),
        keys_(std::move(keys)),
        rows_(runtime, node.types),
        out_(runtime, node.types) {}

  Status Open() override {
    done_ = false;
    at_ = 0;
    rows_.Clear();
    best_.clear();
    sequence_ = 0;
    RETURN_IF_ERROR(EvaluateLimits(node_.limit, node_.offset, runtime_, limit_, offset_));
    return child_->Open();
  }

  Status Next(Batch& out) override {
    out = {};
    if (limit_ == 0) return Status::Ok();
    if (!done_) {
      RETURN_IF_ERROR(Collect());
      done_ = true;
    }
    if (at_ >= best_.size()) return Status::Ok();
    const size_t count = std::min<size_t>(types::kVectorSize, best_.size() - at_);
    numbers_.resize(count);
    for (size_t i = 0; i < count; ++i) numbers_[i] = best_[at_ + i].row;
    for (size_t c = 0; c < out_.size(); ++c) rows_.Gather(c, numbers_, out_[c]);
    at_ += count;
    out = out_.batch(count);
    return Status::Ok();
  }

  Status Finish() override { return child_->Finish(); }

 private:
  struct Candidate {
    std::string key;
    uint64_t sequence;
    uint64_t row;
    bool operator<(const Candidate& other) const {
      const int order = key.compare(other.key);
      return order != 0 ? order < 0 : sequence < other.sequence;
    }
  };

  Status Collect() {
    const uint64_t wanted = limit_ > UINT64_MAX - offset_ ? UINT64_MAX : limit_ + offset_;
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(child_->Next(in));
      if (in.empty()) break;
      RETURN_IF_ERROR(keys_.Encode(in));
      size_t kept = 0;
      for (size_t i = 0; i < in.rows.count; ++i) {
        const std::string_view key = keys_.key(i);
        ++sequence_;
        if (best_.size() == wanted) {
          if (key >= std::string_view(best_.front().key)) continue;
          std::pop_heap(best_.begin(), best_.end());
          best_.back().key.assign(key);
          best_.back().sequence = sequence_;
        } else {
          best_.push_back({std::string(key), sequence_, 0});
        }
        best_.back().row = rows_.size() + kept;
        std::push_heap(best_.begin(), best_.end());
        keep_.data()[kept++] = static_cast<types::SelIndex>(in.rows[i]);
      }
      rows_.Append({in.columns, keep_.rows(kept)});
      if (rows_.size() > 4 * best_.size() + 4 * types::kVectorSize) Compact();
    }
    std::sort(best_.begin(), best_.end());
    best_.erase(best_.begin(), best_.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(offset_, best_.size())));
    return Status::Ok();
  }

  // Drops rows that are no longer among the best.
  void Compact() {
    RowBuffer kept(runtime_, node_.types);
    for (size_t begin = 0; begin < best_.size(); begin += types::kVectorSize) {
      const size_t count = std::min<size_t>(types::kVectorSize, best_.size() - begin);
      numbers_.resize(count);
      for (size_t i = 0; i < count; ++i) numbers_[i] = best_[begin + i].row;
      for (size_t c = 0; c < out_.size(); ++c) rows_.Gather(c, numbers_, out_[c]);
      kept.Append(out_.batch(count));
    }
    for (size_t i = 0; i < best_.size(); ++i) best_[i].row = i;
    rows_ = std::move(kept);
  }

  const planner::PhysicalTopN& node_;
  OperatorPtr child_;
  SortKeys keys_;
  RowBuffer rows_;
  OutputColumns out_;
  RowList keep_;
  std::vector<Candidate> best_;
  std::vector<uint64_t> numbers_;
  uint64_t limit_ = 0, offset_ = 0, sequence_ = 0;
  size_t at_ = 0;
  bool done_ = false;
};

}  // namespace

Result<OperatorPtr> MakeSort(const planner::PhysicalSort& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(SortKeys keys, SortKeys::Make(node.keys, runtime));
  return OperatorPtr(std::make_unique<SortOperator>(node, std::move(child), std::move(keys), runtime));
}

Result<OperatorPtr> MakeTopN(const planner::PhysicalTopN& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(SortKeys keys, SortKeys::Make(node.keys, runtime));
  return OperatorPtr(std::make_unique<TopNOperator>(node, std::move(child), std::move(keys), runtime));
}

}  // namespace phantom::engine::internal
