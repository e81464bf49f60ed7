// wal/commit_gathering.h
//
// When to sync the log. Who has just been told that his commit is durable often commits again at once, a moment after the next sync
// has begun without him: two writers in turn then get one commit a sync where they could have two. So a sync may wait for as many as
// the last one released or left waiting, but no longer than a fraction of what a sync takes, and seldom where that has not
// paid.
//
// Thread safety: Arrive() and IsComplete() from any thread, the others by who flushes.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace phantom::wal {

class CommitGathering {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // Somebody waits for the log to become durable.
  void Arrive() { arrived_.fetch_add(1, std::memory_order_relaxed); }
  // Nobody waits, and no two have come for one sync lately. By who holds the writer's mutex while nobody flushes.
  bool IsLone() const { return arrived_.load(std::memory_order_relaxed) == served_ && expected_ <= 1; }
  // All who are expected wait.
  bool IsComplete() const { return arrived_.load(std::memory_order_relaxed) - served_ >= expected_; }

  // How long the next sync may wait for IsComplete(); 0: not at all.
  Nanoseconds Patience() {
    if (IsComplete()) return Nanoseconds(0);
    if (to_skip_ == 0) return sync_time_ / kShare;
    --to_skip_;
    return Nanoseconds(0);
  }
  // It has waited: did all come?
  void NoteWait(bool complete) {
    skips_ = complete ? 0 : std::min(2 * skips_ + 1, kSkipsMax);
    to_skip_ = skips_;
  }
  // A sync serves all who have arrived before it begins.
  void BeginSync() {
    served_before_ = served_;
    served_ = arrived_.load(std::memory_order_relaxed);
  }
  void EndSync(Nanoseconds took) {
    expected_ = arrived_.load(std::memory_order_relaxed) - served_before_;
    sync_time_ += (took - sync_time_) / 8;
  }

 private:
  static constexpr int kShare = 4;  // of a sync's time may be spent waiting
  static constexpr uint32_t kSkipsMax = 255;

  std::atomic<uint64_t> arrived_ = 0;
  uint64_t served_ = 0, served_before_ = 0;  // arrivals that the last sync has served, and the one before
  uint64_t expected_ = 0;                    // arrivals, past served_
  Nanoseconds sync_time_{0};                 // on average
  uint32_t skips_ = 0, to_skip_ = 0;         // syncs that do not wait after one that did so in vain
};

}  // namespace phantom::wal
