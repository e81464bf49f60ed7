// engine/sorted_runs.h
//
// Sorted rows put away on disk run by run, read back merged into one order: the outer half of an external sort. However
// many runs there are, merging holds about work_mem: neighbours are merged to longer runs first.
//
// Thread safety: one owner.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/sort_keys.h"
#include "engine/spill_file.h"

namespace phantom::engine {

class SortedRuns {
 public:
  // Makes an encoder of the rows' keys, one for each run that is read. Without it the first column, a bytea that is never
  // NULL, is the key.
  using MakeKeys = std::function<Result<SortKeys>()>;

  SortedRuns(Runtime& runtime, std::span<const types::Type> types) : runtime_(runtime), types_(types.begin(), types.end()) {}

  // Before the first run.
  void SetKeys(MakeKeys make_keys) { make_keys_ = std::move(make_keys); }

  bool empty() const { return runs_.empty(); }
  void Clear() {
    heap_.clear();
    runs_.clear();
  }

  // A new run; the rows written to it must be in order. Valid until the next call of any other method.
  Result<SpillFile*> AddRun();

  // After the last run: makes the first row ready. `merged_bytes` grows by what had to be written.
  Status StartMerge(uint64_t& merged_bytes);
  // The next rows in order, at most kVectorSize, copied to `out`; their number is 0 at the end. Among peers the earlier
  // run's come first.
  Status Merge(OutputColumns& out, uint32_t& count);

 private:
  struct Run {
    std::unique_ptr<SpillFile> file;
    std::unique_ptr<SortKeys> keys;
    Batch batch;
    size_t at = 0;
    std::string_view key() const {
      return keys != nullptr ? keys->key(at) : batch.columns[0]->Get<types::StringRef>(batch.rows[at]).view();
    }
  };

  size_t FanIn() const;
  Status RestLast() { return runs_.empty() ? Status::Ok() : runs_.back().file->Rest(); }
  // Reads the first rows of runs that are to be merged.
  Status Start(std::span<Run> runs);
  static Status Advance(Run& run);
  void SiftDown(size_t at);

  Runtime& runtime_;
  std::vector<types::Type> types_;
  MakeKeys make_keys_;
  std::vector<Run> runs_;
  std::vector<Run*> heap_;  // runs being merged that have rows, the one with the least key on top
};

}  // namespace phantom::engine
