// common/blocking_region.h
//
// Statements run inline on the thread that read them, one running thread a core. A thread that is
// about to block (row lock, page read, full log buffer) enters a BlockingRegion first, so that the
// server can let a spare thread take its core. Without a scheduler for the thread (tests, tools,
// background threads) the region is a no-op.
//
//   {
//     BlockingRegion region;
//     condition.wait(lock);
//   }
//
// Thread safety: a region belongs to the thread that made it. Regions nest; only the outermost
// one reaches the scheduler. A region may be entered while mutexes are held: the scheduler takes
// only leaf locks of its own and never waits.
#pragma once

namespace phantom {

class BlockingScheduler {
 public:
  virtual ~BlockingScheduler() = default;

  // The calling thread is about to block; another may run in its place. Does not wait.
  virtual void EnterBlocking() = 0;

  // The calling thread has stopped blocking and goes on at once.
  virtual void LeaveBlocking() = 0;
};

// Installs the calling thread's scheduler, null for none. The scheduler must outlive its use.
void SetThreadBlockingScheduler(BlockingScheduler* scheduler);

class BlockingRegion {
 public:
  BlockingRegion();
  ~BlockingRegion();
  BlockingRegion(const BlockingRegion&) = delete;
  BlockingRegion& operator=(const BlockingRegion&) = delete;

 private:
  BlockingScheduler* scheduler_;  // null when there is nothing to tell
};

}  // namespace phantom
