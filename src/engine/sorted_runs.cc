#include "engine/sorted_runs.h"

#include <algorithm>

#include "engine/memory_broker.h"

namespace phantom::engine {

Result<SpillFile*> SortedRuns::AddRun() {
  RETURN_IF_ERROR(RestLast());
  ASSIGN_OR_RETURN(std::unique_ptr<SpillFile> file, SpillFile::Create(runtime_, types_));
  runs_.emplace_back().file = std::move(file);
  return runs_.back().file.get();
}

// Runs that can be read side by side: each holds a batch of rows and what its file reads ahead.
size_t SortedRuns::FanIn() const {
  constexpr size_t kFanInMin = 4, kFanInMax = 512, kReadAheadBytes = 512 * 1024;
  size_t widest = 0;
  for (const Run& run : runs_) {
    widest = std::max<size_t>(widest, run.file->bytes() / std::max<size_t>(run.file->rows(), 1) * types::kVectorSize);
  }
  const size_t budget = runtime_.context.memory == nullptr ? 0 : runtime_.context.memory->per_operator_bytes();
  return std::clamp(budget / (widest * 3 / 2 + kReadAheadBytes), kFanInMin, kFanInMax);
}

Status SortedRuns::Start(std::span<Run> runs) {
  heap_.clear();
  for (Run& run : runs) {
    if (make_keys_) {
      run.keys = std::make_unique<SortKeys>();
      ASSIGN_OR_RETURN(*run.keys, make_keys_());
    }
    RETURN_IF_ERROR(run.file->Rewind());
    RETURN_IF_ERROR(Advance(run));
    if (!run.batch.empty()) heap_.push_back(&run);
  }
  for (size_t i = heap_.size() / 2; i-- > 0;) SiftDown(i);
  return Status::Ok();
}

Status SortedRuns::StartMerge(uint64_t& merged_bytes) {
  RETURN_IF_ERROR(RestLast());
  const size_t fan_in = FanIn();
  OutputColumns rows(runtime_, types_);
  while (runs_.size() > fan_in) {
    std::vector<Run> longer;
    for (size_t begin = 0; begin < runs_.size(); begin += fan_in) {
      const std::span<Run> group(runs_.data() + begin, std::min(fan_in, runs_.size() - begin));
      RETURN_IF_ERROR(Start(group));
      Run& merged = longer.emplace_back();
      ASSIGN_OR_RETURN(merged.file, SpillFile::Create(runtime_, types_));
      for (uint32_t count;;) {
        RETURN_IF_ERROR(runtime_.context.CheckCancelled());
        RETURN_IF_ERROR(Merge(rows, count));
        if (count == 0) break;
        RETURN_IF_ERROR(merged.file->Write(rows.batch(count)));
      }
      merged_bytes += merged.file->bytes();
      RETURN_IF_ERROR(merged.file->Rest());
      for (Run& run : group) run = Run();
    }
    runs_ = std::move(longer);
  }
  return Start(runs_);
}

Status SortedRuns::Advance(Run& run) {
  if (++run.at < run.batch.rows.count) return Status::Ok();
  RETURN_IF_ERROR(run.file->Read(run.batch));
  run.at = 0;
  return run.batch.empty() || run.keys == nullptr ? Status::Ok() : run.keys->Encode(run.batch);
}

void SortedRuns::SiftDown(size_t at) {
  // The earlier run of equal keys: its rows came first.
  const auto before = [](const Run* a, const Run* b) {
    const int order = a->key().compare(b->key());
    return order != 0 ? order < 0 : a < b;
  };
  Run* const run = heap_[at];
  for (size_t child; (child = 2 * at + 1) < heap_.size(); at = child) {
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], run)) break;
    heap_[at] = heap_[child];
  }
  heap_[at] = run;
}

// Takes rows one by one from the run with the least key.
Status SortedRuns::Merge(OutputColumns& out, uint32_t& count) {
  out.Reset();
  count = 0;
  while (count < runtime_.batch_rows_max && !heap_.empty()) {
    Run& least = *heap_[0];
    const uint32_t row = least.batch.rows[least.at];
    for (size_t c = 0; c < out.size(); ++c) CopyValue(*least.batch.columns[c], row, out[c], count);
    ++count;
    RETURN_IF_ERROR(Advance(least));
    if (least.batch.empty()) {
      heap_[0] = heap_.back();
      heap_.pop_back();
    }
    if (!heap_.empty()) SiftDown(0);
  }
  return Status::Ok();
}

}  // namespace phantom::engine
