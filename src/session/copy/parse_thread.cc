#include "session/copy/parse_thread.h"

#include "common/blocking_region.h"

namespace phantom::session {

CopyParseThread::CopyParseThread(CopyRowParser& parser) : parser_(parser), thread_([this] { Run(); }) {}

CopyParseThread::~CopyParseThread() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  BlockingRegion region;
  thread_.join();
}

void CopyParseThread::Put(std::unique_ptr<CopyBatch> batch) {
  ++pending_;
  MutexLock lock(mutex_);
  lines_.push_back(std::move(batch));
  changed_.notify_all();
}

std::unique_ptr<CopyBatch> CopyParseThread::Take() {
  --pending_;
  MutexLock lock(mutex_);
  if (rows_.empty()) {
    BlockingRegion region;
    changed_.wait(lock, [&] { return !rows_.empty(); });
  }
  std::unique_ptr<CopyBatch> batch = std::move(rows_.front());
  rows_.pop_front();
  return batch;
}

void CopyParseThread::Run() {
  MutexLock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !lines_.empty(); });
    if (stopping_) return;
    std::unique_ptr<CopyBatch> batch = std::move(lines_.front());
    lines_.pop_front();
    lock.unlock();
    parser_.Parse(*batch);
    lock.lock();
    rows_.push_back(std::move(batch));
    changed_.notify_all();
  }
}

}  // namespace phantom::session
