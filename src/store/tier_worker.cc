#include "store/tier_worker.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "btree/buffer_pool.h"
#include "common/log.h"
#include "store/store.h"

namespace phantom::store {

// How often the worker looks whether there is something to do.
static constexpr auto kPause = std::chrono::milliseconds(100);
static constexpr auto kPauseAfterFailure = std::chrono::milliseconds(1000);
// A merge leaves the disk to others for as long after each so many entries.
static constexpr auto kBreath = std::chrono::microseconds(200);
// A tree is flushed when it has this share of the pool's size, and something has been added to it.
static constexpr uint64_t kFlushShare = 8;
static constexpr uint64_t kFlushBytesMin = 1 << 20;
// So many younger runs of like size become one.
static constexpr size_t kTierRuns = 4;

// The oldest run is rewritten when the younger ones have half its size, so that what is written for a byte that stays is bounded: once
// when flushed, once a tier, and about three times in the oldest. Younger runs are merged tier by tier, neighbours of like size.
std::pair<size_t, size_t> PickMerge(const std::vector<uint64_t>& bytes, const std::vector<bool>& bound) {
  const size_t count = bytes.size();
  if (count < 2) return {0, 0};
  const size_t last_bound = static_cast<size_t>(std::ranges::find(bound, true) - bound.begin());
  const uint64_t younger = std::accumulate(bytes.begin(), bytes.end() - 1, uint64_t{0});
  if (last_bound == count && younger >= bytes.back() / 2) return {0, count};
  // Too many for the directory's entry before long, or neighbours of like size.
  const bool crowded = count > kRunsMax / 2;
  for (size_t begin = 0; begin + 1 < count; ++begin) {
    size_t end = begin;
    uint64_t sum = 0;
    while (end + 1 < count && !bound[end] && (crowded || end == begin || bytes[end] <= sum * 2 / (end - begin))) {
      sum += bytes[end++];
    }
    if (end - begin >= kTierRuns) return {begin, end - begin};
  }
  return {0, 0};
}

TierWorker::TierWorker(Store& store) : store_(store), memory_(store) {}

TierWorker::~TierWorker() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void TierWorker::Start() {
  thread_ = std::thread([this] { Run(); });
}

void TierWorker::Run() {
  bool failing = false;
  for (;;) {
    {
      MutexLock lock(mutex_);
      wake_.wait_for(lock, failing ? kPauseAfterFailure : kPause, [&] { return stopping_.load(); });
      if (stopping_) return;
    }
    const Status status = Turn();
    // Said once: nothing is lost by waiting.
    if (!status.ok() && !failing) Log(LogLevel::kWarning, "moving keys failed: %s", status.message().c_str());
    failing = !status.ok();
  }
}

Result<bool> TierWorker::IsDue(TieredTree& tree) const {
  const uint64_t fresh = tree.fresh_bytes();
  if (fresh < kFlushBytesMin) return false;
  const btree::PoolStats pool = store_.pool().Stats();
  // A tree that has runs already does not fit: so it leaves before its pages have to be written.
  const bool crowded = pool.free < pool.frames / 16 || (tree.has_runs() && pool.dirty >= pool.frames * 3 / 8);
  if (!crowded) return false;
  const uint64_t share = std::max(kFlushBytesMin, pool.frames * btree::kPageBytes / kFlushShare);
  if (fresh >= share) return true;
  ASSIGN_OR_RETURN(const uint64_t old, tree.OldBytes(share));
  return fresh + old >= share;
}

Status TierWorker::FlushDue(bool* did) {
  memory_.Balance();
  for (const auto& tree : store_.ListTiered()) {
    ASSIGN_OR_RETURN(const bool due, IsDue(*tree));
    if (!due) continue;
    ASSIGN_OR_RETURN(const bool flushed, tree->Flush([&] { return !stopping_.load(); }));
    if (!flushed) continue;
    *did = true;
    flushes_.fetch_add(1);
    if (const auto runs = tree->runs()) bytes_written_.fetch_add(runs->front()->info.bytes);
  }
  return Status::Ok();
}

Status TierWorker::MergeDue(TieredTree& tree) {
  const std::shared_ptr<const RunList> runs = tree.runs();
  if (runs == nullptr || runs->size() < 2) return Status::Ok();
  std::vector<uint64_t> bytes;
  std::vector<bool> bound;
  for (const auto& run : *runs) {
    bytes.push_back(run->info.bytes);
    bound.push_back(run->info.added_by && store_.IsInProgress(run->info.added_by));
  }
  const auto [first, count] = PickMerge(bytes, bound);
  if (count < 2) return Status::Ok();
  Status flushed;
  ASSIGN_OR_RETURN(const bool merged, tree.Merge(first, count, [&] {
    // Flushes do not wait for a merge.
    bool did = false;
    if (flushed.ok()) flushed = FlushDue(&did);
    std::this_thread::sleep_for(kBreath);
    return !stopping_.load();
  }));
  RETURN_IF_ERROR(flushed);
  if (merged) {
    merges_.fetch_add(1);
    bytes_written_.fetch_add(std::accumulate(bytes.begin() + static_cast<ptrdiff_t>(first),
                                             bytes.begin() + static_cast<ptrdiff_t>(first + count), uint64_t{0}));
  }
  return Status::Ok();
}

Status TierWorker::Turn() {
  bool did = false;
  RETURN_IF_ERROR(FlushDue(&did));
  for (const auto& tree : store_.ListTiered()) {
    if (stopping_) return Status::Ok();
    RETURN_IF_ERROR(MergeDue(*tree));
  }
  return Status::Ok();
}

}  // namespace phantom::store
