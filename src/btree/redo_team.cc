#include "btree/redo_team.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>
#include <system_error>
#include <thread>

#include "btree/buffer_pool.h"
#include "btree/change.h"
#include "btree/redo.h"
#include "common/mutex.h"

namespace phantom::btree {

namespace {

// A batch is handed over when it holds so much.
constexpr size_t kBatchWords = (128 << 10) / 8;
// Batches that wait for a worker; who deals more waits too.
constexpr size_t kBatchesMax = 4;
// How many records before its turn a page is looked for, so that it comes from memory meanwhile.
constexpr size_t kLookAhead = 4;

// The page of a kChange record, without looking any further; whoever applies it does.
PageId ChangedPage(const wal::RecordView& record) {
  const Bytes payload = record.payload();
  return payload.size() < sizeof(ChangePayload) ? PageId() : PageId(LoadLE<uint64_t>(payload.data()));
}

// Records one after the other, each 8-byte aligned.
using Batch = std::vector<uint64_t>;

class BatchReader {
 public:
  explicit BatchReader(const Batch& batch) : next_(batch.data()), end_(next_ + batch.size()) {}
  bool AtEnd() const { return next_ == end_; }
  wal::RecordView Next() {
    const wal::RecordView record(reinterpret_cast<const std::byte*>(next_));
    next_ += wal::AlignRecord(record.header().length) / 8;
    return record;
  }

 private:
  const uint64_t* next_;
  const uint64_t* end_;
};

}  // namespace

class RedoTeam::Worker {
 public:
  Worker(BufferPool& pool, PageShare share) : pool_(pool), redo_(pool, share) {}
  ~Worker() {
    if (!thread_.joinable()) return;
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }

  Status Start() {
    try {
      thread_ = std::thread([this] { Run(); });
    } catch (const std::system_error& error) {
      return Errorf(sqlstate::kInsufficientResources, "could not start a thread: %s", error.what());
    }
    return Status::Ok();
  }

  // These are the dealer's.
  Status Put(const wal::RecordView& record) {
    const Bytes bytes = record.bytes();
    const size_t at = batch_.size();
    batch_.resize(at + wal::AlignRecord(bytes.size()) / 8);
    std::memcpy(batch_.data() + at, bytes.data(), bytes.size());
    return batch_.size() < kBatchWords ? Status::Ok() : HandOver();
  }
  Status HandOver() {
    MutexLock lock(mutex_);
    changed_.wait(lock, [&] { return queue_.size() < kBatchesMax || !failure_.ok(); });
    RETURN_IF_ERROR(failure_);
    if (batch_.empty()) return Status::Ok();
    queue_.push_back(std::move(batch_));
    batch_ = std::move(spare_);
    batch_.clear();
    changed_.notify_all();
    return Status::Ok();
  }
  Status Await() {
    MutexLock lock(mutex_);
    changed_.wait(lock, [&] { return (queue_.empty() && !busy_) || !failure_.ok(); });
    return failure_;
  }
  Redo& redo() { return redo_; }

 private:
  // After a failure nothing more is applied.
  void Run() {
    MutexLock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return stopping_ || (!queue_.empty() && failure_.ok()); });
      if (stopping_) return;
      Batch batch = std::move(queue_.front());
      queue_.pop_front();
      busy_ = true;
      lock.unlock();
      Status status = ApplyAll(batch);
      lock.lock();
      busy_ = false;
      failure_ = std::move(status);
      spare_ = std::move(batch);
      changed_.notify_all();
    }
  }

  Status ApplyAll(const Batch& batch) {
    BatchReader records(batch), ahead(batch);
    for (size_t i = 0; !records.AtEnd(); ++i) {
      for (size_t k = i == 0 ? 0 : kLookAhead; k <= kLookAhead && !ahead.AtEnd(); ++k) {
        const wal::RecordView coming = ahead.Next();
        if (coming.type() == wal::RecordType::kChange) static_cast<void>(pool_.Find(ChangedPage(coming)));
      }
      RETURN_IF_ERROR(redo_.Apply(records.Next()));
    }
    return Status::Ok();
  }

  BufferPool& pool_;
  Redo redo_;
  Batch batch_;  // being filled

  Mutex mutex_{LockRank::kScheduler};
  ConditionVariable changed_;
  std::deque<Batch> queue_;
  Batch spare_;  // memory to be used again
  bool busy_ = false;
  bool stopping_ = false;
  Status failure_;
  std::thread thread_;
};

static uint32_t ThreadsFor(uint32_t wanted) {
  // Those who wait for a page leave their core to others.
  if (wanted == 0) wanted = std::max(4u, std::thread::hardware_concurrency());
  return std::min(wanted, RedoTeam::kThreadsMax);
}

RedoTeam::RedoTeam(BufferPool& pool, uint32_t threads) : pool_(pool), threads_(ThreadsFor(threads)) {}
RedoTeam::~RedoTeam() = default;

Status RedoTeam::Start() {
  for (uint32_t i = 0; i < threads_; ++i) {
    workers_.push_back(std::make_unique<Worker>(pool_, PageShare{i, threads_}));
    RETURN_IF_ERROR(workers_.back()->Start());
  }
  return Status::Ok();
}

Status RedoTeam::Apply(const wal::RecordView& record) {
  if (workers_.empty()) RETURN_IF_ERROR(Start());
  if (record.type() == wal::RecordType::kPages) return DealPages(record);
  return workers_[PageShare::IndexOf(ChangedPage(record), threads_)]->Put(record);
}

Status RedoTeam::DealPages(const wal::RecordView& record) {
  std::vector<ParsedPageAction> actions;
  RETURN_IF_ERROR(ParsePages(record, &actions));
  uint64_t concerned = 0;
  for (const ParsedPageAction& action : actions) concerned |= uint64_t{1} << PageShare::IndexOf(action.page, threads_);
  for (; concerned != 0; concerned &= concerned - 1) {
    RETURN_IF_ERROR(workers_[static_cast<size_t>(std::countr_zero(concerned))]->Put(record));
  }
  return Status::Ok();
}

Status RedoTeam::Await() {
  for (const std::unique_ptr<Worker>& worker : workers_) RETURN_IF_ERROR(worker->HandOver());
  for (const std::unique_ptr<Worker>& worker : workers_) RETURN_IF_ERROR(worker->Await());
  return Status::Ok();
}

void RedoTeam::ForgetSpace(SpaceId space) {
  for (const std::unique_ptr<Worker>& worker : workers_) worker->redo().ForgetSpace(space);
}

Status RedoTeam::Finish() {
  RETURN_IF_ERROR(Await());
  for (const std::unique_ptr<Worker>& worker : workers_) RETURN_IF_ERROR(worker->redo().Finish());
  return Status::Ok();
}

}  // namespace phantom::btree
