#include "txn/load_writer.h"

#include <system_error>

#include "common/blocking_region.h"
#include "io/env.h"

namespace phantom::txn {

struct LoadWriter::Open {
  explicit Open(std::unique_ptr<io::File> f, const lsm::SegmentSchema& schema) : file(std::move(f)), writer(*file, schema) {}

  std::unique_ptr<io::File> file;
  lsm::SegmentWriter writer;
  store::SegmentId id;
};

LoadWriter::LoadWriter(store::Chunks& chunks, lsm::SegmentSchema schema) : chunks_(chunks), schema_(std::move(schema)) {}

LoadWriter::~LoadWriter() {
  if (thread_.joinable()) {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    BlockingRegion region;
    thread_.join();
  }
  // What cannot be removed now is removed at the next start.
  for (const store::ColdChunk& chunk : written_) static_cast<void>(chunks_.DiscardSegment(chunk.segment));
}

Status LoadWriter::Put(uint64_t chunk, types::Chunk rows, bool last) {
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { Run(); });
    } catch (const std::system_error& error) {
      return Errorf(sqlstate::kInsufficientResources, "could not start a thread: %s", error.what());
    }
  }
  BlockingRegion region;
  MutexLock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.size() < kQueueMax || !failure_.ok(); });
  RETURN_IF_ERROR(failure_);
  queue_.push_back({chunk, std::move(rows), last});
  changed_.notify_all();
  return Status::Ok();
}

Status LoadWriter::Take(bool wait, std::vector<store::ColdChunk>* written) {
  BlockingRegion region;
  MutexLock lock(mutex_);
  if (wait) changed_.wait(lock, [&] { return (queue_.empty() && !busy_) || !failure_.ok(); });
  RETURN_IF_ERROR(failure_);
  *written = std::move(written_);
  written_.clear();
  return Status::Ok();
}

types::Chunk LoadWriter::TakeSpare() {
  MutexLock lock(mutex_);
  if (spare_.empty()) return {};
  types::Chunk spare = std::move(spare_.back());
  spare_.pop_back();
  return spare;
}

void LoadWriter::Run() {
  std::unique_ptr<Open> open;
  MutexLock lock(mutex_);
  while (failure_.ok()) {
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (stopping_) break;
    Work work = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    changed_.notify_all();
    lock.unlock();
    std::optional<store::ColdChunk> written;
    Status status = Write(work, &open, &written);
    lock.lock();
    busy_ = false;
    failure_ = std::move(status);
    if (written) written_.push_back(*written);
    spare_.push_back(std::move(work.rows));
    changed_.notify_all();
  }
  lock.unlock();
  if (open != nullptr) static_cast<void>(chunks_.DiscardSegment(open->id));
}

Status LoadWriter::Write(const Work& work, std::unique_ptr<Open>* open, std::optional<store::ColdChunk>* written) {
  if (*open == nullptr) {
    store::SegmentId id;
    ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, chunks_.MakeSegment(&id));
    schema_.base = work.chunk * store::kChunkRows;
    *open = std::make_unique<Open>(std::move(file), schema_);
    (*open)->id = id;
  }
  Open& segment = **open;
  RETURN_IF_ERROR(segment.writer.Append(work.rows));
  if (!work.last) return Status::Ok();
  const uint32_t rows = segment.writer.rows();
  ASSIGN_OR_RETURN(const uint64_t bytes, segment.writer.Finish());
  RETURN_IF_ERROR(chunks_.SyncSegment(*segment.file));
  store::ColdChunk chunk;
  chunk.number = work.chunk;
  chunk.segment = segment.id;
  chunk.rows = rows;
  chunk.bytes = bytes;
  *written = chunk;
  open->reset();
  return Status::Ok();
}

}  // namespace phantom::txn
