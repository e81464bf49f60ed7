// Sort and top-N over normalised keys. A sort too large for its memory writes sorted runs and merges them.
#include <algorithm>
#include <cstring>
#include <functional>
#include <span>

#include "engine/memory_broker.h"
#include "engine/operator_internal.h"
#include "engine/row_buffer.h"
#include "engine/sort_keys.h"
#include "engine/spill_file.h"

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
        types_(node.types),
        child_(std::move(child)),
        keys_(std::move(keys)),
        rows_(runtime, node.types),
        out_(runtime, node.types),
        memory_(runtime.context.memory) {}

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
    if (!runs_.empty()) return Merge(runs_, out);
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
  struct Run {
    std::unique_ptr<SpillFile> file;
    std::unique_ptr<SortKeys> keys;
    Batch batch;
    size_t at = 0;
    std::string_view key() const { return keys->key(at); }
  };

  void Release() {
    rows_.Clear();
    order_.clear();
    key_bytes_ = Arena();
    memory_.Reset();
    runs_.clear();
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
    if (!runs_.empty()) return StartMerge();
    std::sort(order_.begin(), order_.end());
    if (runtime_.context.instrument) runtime_.metrics[id_].memory_bytes = memory_.held_bytes();
    return Status::Ok();
  }

  Status SpillRun() {
    std::sort(order_.begin(), order_.end());
    auto& run = runs_.emplace_back();
    ASSIGN_OR_RETURN(run.file, SpillFile::Create(runtime_, types_));
    for (size_t begin = 0; begin < order_.size(); begin += types::kVectorSize) {
      const size_t count = std::min<size_t>(types::kVectorSize, order_.size() - begin);
      GatherRows(begin, count);
      RETURN_IF_ERROR(run.file->Write(out_.batch(count)));
    }
    if (runtime_.context.instrument) runtime_.metrics[id_].spilled_bytes += run.file->bytes();
    rows_.Clear();
    order_.clear();
    key_bytes_ = Arena();
    memory_.Reset();
    return Status::Ok();
  }

  // Runs that can be read side by side: each holds a batch of rows and what its file reads ahead.
  size_t FanIn() const {
    constexpr size_t kFanInMin = 4, kFanInMax = 512, kReadAheadBytes = 512 * 1024;
    size_t widest = 0;
    for (const Run& run : runs_) {
      widest = std::max<size_t>(widest, run.file->bytes() / std::max<size_t>(run.file->rows(), 1) * types::kVectorSize);
    }
    const size_t budget = runtime_.context.memory == nullptr ? 0 : runtime_.context.memory->per_operator_bytes();
    return std::clamp(budget / (widest * 3 / 2 + kReadAheadBytes), kFanInMin, kFanInMax);
  }

  Status StartRun(Run& run) {
    run.keys = std::make_unique<SortKeys>();
    ASSIGN_OR_RETURN(*run.keys, make_keys());
    RETURN_IF_ERROR(run.file->Rewind());
    return Advance(run);
  }

  // Neighbours become one until all that are left can be merged at once.
  Status StartMerge() {
    if (!order_.empty()) RETURN_IF_ERROR(SpillRun());
    const size_t fan_in = FanIn();
    while (runs_.size() > fan_in) {
      std::vector<Run> longer;
      for (size_t begin = 0; begin < runs_.size(); begin += fan_in) {
        const std::span<Run> group(runs_.data() + begin, std::min(fan_in, runs_.size() - begin));
        for (Run& run : group) RETURN_IF_ERROR(StartRun(run));
        Run& merged = longer.emplace_back();
        ASSIGN_OR_RETURN(merged.file, SpillFile::Create(runtime_, types_));
        for (Batch rows;;) {
          RETURN_IF_ERROR(runtime_.context.CheckCancelled());
          RETURN_IF_ERROR(Merge(group, rows));
          if (rows.empty()) break;
          RETURN_IF_ERROR(merged.file->Write(rows));
        }
        if (runtime_.context.instrument) runtime_.metrics[id_].spilled_bytes += merged.file->bytes();
        for (Run& run : group) run = Run();
      }
      runs_ = std::move(longer);
    }
    for (Run& run : runs_) RETURN_IF_ERROR(StartRun(run));
    return Status::Ok();
  }

  Status Advance(Run& run) {
    if (++run.at < run.batch.rows.count) return Status::Ok();
    RETURN_IF_ERROR(run.file->Read(run.batch));
    run.at = 0;
    return run.batch.empty() ? Status::Ok() : run.keys->Encode(run.batch);
  }

  // Takes rows one by one from the run with the least key; the earlier run wins among peers.
  Status Merge(std::span<Run> runs, Batch& out) {
    out_.Reset();
    uint32_t count = 0;
    while (count < types::kVectorSize) {
      Run* least = nullptr;
      for (Run& run : runs) {
        if (run.batch.empty()) continue;
        if (least == nullptr || run.key() < least->key()) least = &run;
      }
      if (least == nullptr) break;
      const uint32_t row = least->batch.rows[least->at];
      for (size_t c = 0; c < out_.size(); ++c) CopyValue(*least->batch.columns[c], row, out_[c], count);
      ++count;
      RETURN_IF_ERROR(Advance(*least));
    }
    out = out_.batch(count);
    return Status::Ok();
  }

  void GatherRows(size_t begin, size_t count) {
    numbers_.resize(count);
    for (size_t i = 0; i < count; ++i) numbers_[i] = order_[begin + i].row;
    for (size_t c = 0; c < out_.size(); ++c) rows_.Gather(c, numbers_, out_[c]);
  }

 public:
  std::function<Result<SortKeys>()> make_keys;  // another encoder of the same keys, for each run

 private:
  const int id_;
  std::vector<types::Type> types_;
  OperatorPtr child_;
  SortKeys keys_;
  RowBuffer rows_;
  OutputColumns out_;
  MemoryReservation memory_;
  Arena key_bytes_;
  std::vector<KeyedRow> order_;
  std::vector<uint64_t> numbers_;
  std::vector<Run> runs_;
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
  auto sort = std::make_unique<SortOperator>(node, std::move(child), std::move(keys), runtime);
  sort->make_keys = [&node, &runtime] { return SortKeys::Make(node.keys, runtime); };
  return OperatorPtr(std::move(sort));
}

Result<OperatorPtr> MakeTopN(const planner::PhysicalTopN& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(SortKeys keys, SortKeys::Make(node.keys, runtime));
  return OperatorPtr(std::make_unique<TopNOperator>(node, std::move(child), std::move(keys), runtime));
}

}  // namespace phantom::engine::internal
