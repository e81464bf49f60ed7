// Keeps the rows of its child by the values of the parameters it reads, and gives them again for the same values. When they
// outgrow their memory all are forgotten; rows of one set of values that do not fit by themselves are not kept. When values
// hardly ever come again, contrary to what was expected, nothing is kept any more.
#include <algorithm>

#include "engine/memory_broker.h"
#include "engine/operator_internal.h"
#include "engine/param_key.h"
#include "engine/row_buffer.h"
#include "engine/row_keys.h"
#include "types/hash.h"

namespace phantom::engine::internal {

namespace {

constexpr uint64_t kTrialRuns = 4096;

class MemoizeOperator final : public Operator {
 public:
  MemoizeOperator(const planner::PhysicalMemoize& node, OperatorPtr child, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        child_(std::move(child)),
        rows_(runtime, node.types),
        out_(runtime, node.types),
        memory_(runtime.context.memory) {}

  Status Open() override {
    if (run_epoch_ != runtime_.run_epoch) {
      Forget();
      run_epoch_ = runtime_.run_epoch;
      opened_ = hits_ = 0;
      useless_ = false;
    }
    if (++opened_ == kTrialRuns && hits_ < opened_ / 16) {
      useless_ = true;
      Forget();
    }
    if (useless_) {
      hit_ = keeping_ = false;
      if (runtime_.context.instrument) ++metrics().cache_misses;
      return child_->Open();
    }
    key_.clear();
    for (int slot : node_.slots) AppendParamKey(runtime_.Param(slot), 0, key_);
    const uint64_t hash = types::HashBytes(key_, 0);
    entry_ = table_.Find(key_, hash);
    hit_ = entry_ != KeyTable::kNone && entries_[entry_].complete;
    if (runtime_.context.instrument) ++(hit_ ? metrics().cache_hits : metrics().cache_misses);
    at_ = 0;
    hits_ += hit_ ? 1 : 0;
    if (hit_) return Status::Ok();
    if (entry_ == KeyTable::kNone) {
      bool added = false;
      entry_ = table_.FindOrAdd(key_, hash, added);
      entries_.emplace_back();
    }
    entries_[entry_] = {rows_.size(), 0, false};
    keeping_ = true;
    return child_->Open();
  }

  Status Next(Batch& out) override {
    if (!hit_) return Pass(out);
    const Entry& entry = entries_[entry_];
    const size_t count = static_cast<size_t>(std::min<uint64_t>(types::kVectorSize, entry.count - at_));
    out = {};
    if (count == 0) return Status::Ok();
    numbers_.resize(count);
    for (size_t i = 0; i < count; ++i) numbers_[i] = entry.first + at_ + i;
    for (size_t c = 0; c < out_.size(); ++c) rows_.Gather(c, numbers_, out_[c]);
    at_ += count;
    out = out_.batch(count);
    return Status::Ok();
  }

  Status Finish() override { return child_->Finish(); }

 private:
  struct Entry {
    uint64_t first = 0, count = 0;  // in rows_
    bool complete = false;
  };

  OperatorMetrics& metrics() { return runtime_.metrics[node_.id]; }

  void Forget() {
    table_.Clear();
    entries_.clear();
    rows_.Clear();
    memory_.Reset();
  }

  // Gives the child's rows on, and keeps them.
  Status Pass(Batch& out) {
    RETURN_IF_ERROR(child_->Next(out));
    if (!keeping_) return Status::Ok();
    if (out.empty()) {
      entries_[entry_].complete = true;
      keeping_ = false;
      return Status::Ok();
    }
    rows_.Append(out);
    entries_[entry_].count += out.rows.count;
    const size_t bytes = rows_.memory_bytes() + table_.memory_bytes() + entries_.capacity() * sizeof(Entry);
    if (memory_.Resize(bytes)) {
      if (runtime_.context.instrument) metrics().memory_bytes = std::max<uint64_t>(metrics().memory_bytes, bytes);
      return Status::Ok();
    }
    // The rows of this set of values are kept the next time, unless they are what does not fit.
    if (runtime_.context.instrument) {
      if (entries_.size() == 1) ++metrics().cache_overflows;
      metrics().cache_evictions += entries_.size() - 1;
    }
    Forget();
    keeping_ = false;
    return Status::Ok();
  }

  const planner::PhysicalMemoize& node_;
  OperatorPtr child_;
  KeyTable table_;
  std::vector<Entry> entries_;  // by number of key
  RowBuffer rows_;
  OutputColumns out_;
  MemoryReservation memory_;
  std::string key_;
  std::vector<uint64_t> numbers_;
  uint64_t run_epoch_ = 0, at_ = 0, opened_ = 0, hits_ = 0;
  uint32_t entry_ = KeyTable::kNone;
  bool hit_ = false, keeping_ = false, useless_ = false;
};

}  // namespace

Result<OperatorPtr> MakeMemoize(const planner::PhysicalMemoize& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  return OperatorPtr(std::make_unique<MemoizeOperator>(node, std::move(child), runtime));
}

}  // namespace phantom::engine::internal
