// store/tier_worker.h
//
// The store's thread that flushes trees which do not fit into memory, and merges their runs
// (docs/decisions/0017-sorted-runs.md says when).
//
// Thread safety: Start and the destructor by one thread; the others from any. Holds its mutex over no work.
#pragma once
#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>

#include "common/mutex.h"
#include "common/status.h"
#include "store/lent_memory.h"
#include "store/tiered_tree.h"

namespace phantom::store {

// Which runs to merge: the first in the list and their number; {0, 0}: none. `bytes` are their sizes, newest first; `bound`
// tells those that must stay as they are.
std::pair<size_t, size_t> PickMerge(const std::vector<uint64_t>& bytes, const std::vector<bool>& bound);

class TierWorker {
 public:
  explicit TierWorker(Store& store);
  // Stops soon, whatever is being done.
  ~TierWorker();
  void Start();

  struct Stats {
    uint64_t flushes = 0, merges = 0;
    uint64_t bytes_written = 0;  // in runs
  };
  Stats GetStats() const { return {flushes_.load(), merges_.load(), bytes_written_.load()}; }

 private:
  void Run();
  Status Turn();
  Status FlushDue(bool* did);
  Status MergeDue(TieredTree& tree);
  Result<bool> IsDue(TieredTree& tree) const;

  Store& store_;
  LentMemory memory_;
  Mutex mutex_{LockRank::kRuns};
  ConditionVariable wake_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> flushes_{0}, merges_{0}, bytes_written_{0};
  std::thread thread_;
};

}  // namespace phantom::store
