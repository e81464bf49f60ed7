#include "common/blocking_region.h"

namespace phantom {

namespace {

struct ThreadState {
  BlockingScheduler* scheduler = nullptr;
  int depth = 0;
};

thread_local ThreadState thread_state;

}  // namespace

void SetThreadBlockingScheduler(BlockingScheduler* scheduler) { thread_state.scheduler = scheduler; }

BlockingRegion::BlockingRegion() : scheduler_(nullptr) {
  if (thread_state.scheduler == nullptr) return;
  if (thread_state.depth == 0) thread_state.scheduler->EnterBlocking();
  scheduler_ = thread_state.scheduler;
  ++thread_state.depth;
}

BlockingRegion::~BlockingRegion() {
  if (scheduler_ == nullptr) return;
  if (--thread_state.depth == 0) scheduler_->LeaveBlocking();
}

}  // namespace phantom
