// Sort, and top-N: of a sort the first rows alone.
#include <algorithm>

#include "engine/memory_broker.h"
#include "engine/operator_internal.h"
#include "engine/row_buffer.h"
#include "engine/row_sorter.h"

namespace phantom::engine::internal {

namespace {

class SortOperator final : public Operator {
 public:
  SortOperator(const planner::PhysicalSort& node, OperatorPtr child, SortKeys keys, Runtime& runtime)
      : Operator(runtime), child_(std::move(child)), sorter_(runtime, node.id, node.types, node.keys, std::move(keys)) {}

  Status Open() override {
    sorter_.Clear();
    sorted_ = false;
    return child_->Open();
  }

  Status Next(Batch& out) override {
    if (!sorted_) {
      RETURN_IF_ERROR(Collect());
      sorted_ = true;
    }
    RETURN_IF_ERROR(runtime_.context.CheckCancelled());
    return sorter_.Next(out);
  }

  Status Finish() override { return child_->Finish(); }

 private:
  Status Collect() {
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(child_->Next(in));
      if (in.empty()) return sorter_.Finish();
      RETURN_IF_ERROR(sorter_.Add(in));
    }
  }

  OperatorPtr child_;
  RowSorter sorter_;
  bool sorted_ = false;
};

// Keeps the best offset + limit rows in a heap whose top is the worst of them. When these are too many for its memory they
// are sorted as all rows would be, but for those that are worse than the worst.
class TopNOperator final : public Operator {
 public:
  TopNOperator(const planner::PhysicalTopN& node, OperatorPtr child, SortKeys keys, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        child_(std::move(child)),
        rows_(runtime, node.types),
        out_(runtime, node.types),
        memory_(runtime.context.memory),
        sorter_(runtime, node.id, node.types, node.keys, std::move(keys)) {}

  Status Open() override {
    done_ = external_ = false;
    at_ = 0;
    Release();
    sorter_.Clear();
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
    RETURN_IF_ERROR(runtime_.context.CheckCancelled());
    if (external_) return NextSorted(out);
    if (at_ >= best_.size()) return Status::Ok();
    const size_t count = std::min<size_t>(runtime_.batch_rows_max, best_.size() - at_);
    Gather(at_, count);
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

  uint64_t wanted() const { return limit_ > UINT64_MAX - offset_ ? UINT64_MAX : limit_ + offset_; }

  void Release() {
    rows_.Clear();
    best_ = {};
    key_bytes_ = 0;
    memory_.Reset();
  }

  Status Collect() {
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(child_->Next(in));
      if (in.empty()) break;
      RETURN_IF_ERROR(sorter_.Encode(in));
      if (external_) {
        RETURN_IF_ERROR(Sort(in));
      } else {
        RETURN_IF_ERROR(Keep(in));
      }
    }
    if (external_) return sorter_.Finish();
    std::sort(best_.begin(), best_.end());
    at_ = static_cast<size_t>(std::min<uint64_t>(offset_, best_.size()));
    return Status::Ok();
  }

  Status Keep(const Batch& in) {
    size_t kept = 0;
    for (size_t i = 0; i < in.rows.count; ++i) {
      const std::string_view key = sorter_.key(i);
      ++sequence_;
      if (best_.size() == wanted()) {
        if (key >= std::string_view(best_.front().key)) continue;
        std::pop_heap(best_.begin(), best_.end());
        key_bytes_ -= best_.back().key.size();
        best_.back().key.assign(key);
        best_.back().sequence = sequence_;
      } else {
        best_.push_back({std::string(key), sequence_, 0});
      }
      key_bytes_ += key.size();
      best_.back().row = rows_.size() + kept;
      std::push_heap(best_.begin(), best_.end());
      keep_.data()[kept++] = static_cast<types::SelIndex>(in.rows[i]);
    }
    rows_.Append({in.columns, keep_.rows(kept)});
    if (rows_.size() > 4 * best_.size() + 4 * types::kVectorSize) Compact();
    if (memory_.Resize(memory_bytes())) return Status::Ok();
    if (rows_.size() > best_.size() + types::kVectorSize) Compact();
    if (memory_.Resize(memory_bytes())) return Status::Ok();
    if (runtime_.context.env != nullptr) return GoExternal();
    memory_.Force(memory_bytes());
    return Status::Ok();
  }

  size_t memory_bytes() const { return rows_.memory_bytes() + best_.capacity() * sizeof(Candidate) + key_bytes_; }

  // Gives the rows to the sorter, the best first, so that peers keep their order.
  Status GoExternal() {
    std::sort(best_.begin(), best_.end());
    has_worst_ = best_.size() == wanted();
    if (has_worst_) worst_ = best_.back().key;
    for (size_t begin = 0; begin < best_.size(); begin += runtime_.batch_rows_max) {
      const size_t count = std::min<size_t>(runtime_.batch_rows_max, best_.size() - begin);
      Gather(begin, count);
      RETURN_IF_ERROR(sorter_.Add(out_.batch(count)));
    }
    Release();
    external_ = true;
    return Status::Ok();
  }

  Status Sort(const Batch& in) {
    if (!has_worst_) return sorter_.AddEncoded(in);
    size_t kept = 0;
    for (size_t i = 0; i < in.rows.count; ++i) {
      if (sorter_.key(i) < std::string_view(worst_)) keep_.data()[kept++] = static_cast<types::SelIndex>(in.rows[i]);
    }
    return kept == 0 ? Status::Ok() : sorter_.Add({in.columns, keep_.rows(kept)});
  }

  Status NextSorted(Batch& out) {
    while (at_ < wanted()) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(sorter_.Next(out));
      const uint64_t first = at_;
      at_ += out.rows.count;
      if (out.empty()) return Status::Ok();
      if (at_ <= offset_) continue;
      const size_t begin = first < offset_ ? static_cast<size_t>(offset_ - first) : 0;
      const size_t end = out.rows.count - static_cast<size_t>(at_ > wanted() ? at_ - wanted() : 0);
      for (size_t i = begin; i < end; ++i) keep_.data()[i - begin] = static_cast<types::SelIndex>(out.rows[i]);
      out.rows = keep_.rows(end - begin);
      return Status::Ok();
    }
    out = {};
    return Status::Ok();
  }

  void Gather(size_t begin, size_t count) {
    numbers_.resize(count);
    for (size_t i = 0; i < count; ++i) numbers_[i] = best_[begin + i].row;
    for (size_t c = 0; c < out_.size(); ++c) rows_.Gather(c, numbers_, out_[c]);
  }

  // Drops rows that are no longer among the best.
  void Compact() {
    RowBuffer kept(runtime_, node_.types);
    for (size_t begin = 0; begin < best_.size(); begin += runtime_.batch_rows_max) {
      const size_t count = std::min<size_t>(runtime_.batch_rows_max, best_.size() - begin);
      Gather(begin, count);
      kept.Append(out_.batch(count));
    }
    for (size_t i = 0; i < best_.size(); ++i) best_[i].row = i;
    rows_ = std::move(kept);
  }

  const planner::PhysicalTopN& node_;
  OperatorPtr child_;
  RowBuffer rows_;
  OutputColumns out_;
  RowList keep_;
  std::vector<Candidate> best_;
  std::vector<uint64_t> numbers_;
  MemoryReservation memory_;
  RowSorter sorter_;   // encodes keys; sorts when external_
  std::string worst_;  // rows from this key on are not wanted
  uint64_t limit_ = 0, offset_ = 0, sequence_ = 0, at_ = 0;
  size_t key_bytes_ = 0;
  bool done_ = false, external_ = false, has_worst_ = false;
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
