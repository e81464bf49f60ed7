#include "wal/log_writer.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>

#include "common/blocking_region.h"
#include "common/check.h"
#include "common/checksum.h"
#include "wal/file_header.h"
#include "wal/log_files.h"

namespace phantom::wal {

// How often the preparer tries again while the disk is full.
static constexpr auto kDiskFullRetry = std::chrono::milliseconds(100);
// One write of the flusher.
static constexpr uint64_t kFlushBytesMax = 1 << 20;
static constexpr std::chrono::milliseconds kFlushDelay{200};  // as wal_writer_delay

Result<std::unique_ptr<LogWriter>> LogWriter::Open(io::Env& env, const std::string& directory,
                                                   const LogOptions& options, Lsn end, uint32_t epoch) {
  PHANTOM_CHECK(std::has_single_bit(options.file_bytes) && std::has_single_bit(options.ring_bytes));
  PHANTOM_CHECK(options.ring_bytes <= options.file_bytes && options.ring_bytes >= 64 << 10);
  ASSIGN_OR_RETURN(std::unique_ptr<LogFiles> files, LogFiles::Open(env, directory, options.file_bytes, end.value));
  // What a process that was killed has written may have been read without being durable yet.
  const uint64_t begin = std::max(files->oldest(), end.value - std::min(end.value, options.ring_bytes));
  if (Status status = files->Sync(begin, end.value); !status.ok()) {
    Panic("could not synchronize the log: %s", status.message().c_str());
  }
  return std::unique_ptr<LogWriter>(new LogWriter(options, std::move(files), end.value, epoch));
}

LogWriter::LogWriter(const LogOptions& options, std::unique_ptr<LogFiles> files, uint64_t end, uint32_t epoch)
    : options_(options),
      record_bytes_max_(static_cast<uint32_t>(std::min<uint64_t>(kRecordBytesMax, options.ring_bytes / 4))),
      epoch_(epoch),
      files_(std::move(files)),
      ring_(new std::atomic<uint64_t>[options.ring_bytes / 8]),
      appended_(end),
      durable_(end),
      ring_start_(end) {
  PHANTOM_CHECK(end % 8 == 0);
  staging_.resize(record_bytes_max_ / 8);
  flusher_ = std::thread([this] { RunFlusher(); });
  preparer_ = std::thread([this] { RunPreparer(); });
}

LogWriter::~LogWriter() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_.notify_all();
    prepare_.notify_all();
  }
  flusher_.join();
  preparer_.join();
}

Lsn LogWriter::Append(const RecordInfo& info, std::span<const Bytes> parts) {
  uint64_t length = kRecordHeaderBytes;
  for (Bytes part : parts) length += part.size();
  PHANTOM_CHECK(length <= record_bytes_max_);
  const uint64_t padded = AlignRecord(length);

  MutexLock lock(mutex_);
  for (;;) {
    const uint64_t position = appended_.load(std::memory_order_relaxed);
    const uint64_t used = position % options_.file_bytes;
    const uint64_t rest = options_.file_bytes - used;
    const bool fits = padded <= rest;
    uint64_t room = fits ? padded : rest;
    if (used == 0) room += kFileHeaderRecordBytes;
    WaitForRoom(lock, position + room);
    // The lock may have been given up while waiting.
    if (appended_.load(std::memory_order_relaxed) != position) continue;
    if (used == 0) {
      StartFile();
      continue;
    }
    if (fits) break;
    FillFile();
  }
  const uint64_t lsn = appended_.load(std::memory_order_relaxed);
  Emit(info, parts, length);
  const uint64_t appended = appended_.load(std::memory_order_relaxed);
  const uint64_t durable = durable_.load(std::memory_order_relaxed);
  if (appended - durable > options_.ring_bytes / 4) work_.notify_one();
  if (PreparedBytes() < options_.file_bytes / 2) prepare_.notify_one();
  return Lsn(lsn);
}

void LogWriter::WaitForRoom(MutexLock& lock, uint64_t end) {
  auto has_room = [&] {
    // While the lock was given up others may have gone on past this place.
    return end <= durable_.load(std::memory_order_relaxed) + options_.ring_bytes && end <= files_->prepared_end();
  };
  if (has_room()) [[likely]]
    return;
  BlockingRegion region;
  while (!has_room()) {
    wanted_ = std::max(wanted_, appended_.load(std::memory_order_relaxed));
    work_.notify_one();
    prepare_.notify_one();
    progress_.wait(lock);
  }
}

// Puts one record at the end of the ring; room has been made.
void LogWriter::Emit(const RecordInfo& info, std::span<const Bytes> parts, uint64_t length) {
  const uint64_t lsn = appended_.load(std::memory_order_relaxed);
  const uint64_t padded = AlignRecord(length);
  auto* record = reinterpret_cast<std::byte*>(staging_.data());
  RecordHeader header{};
  header.length = static_cast<uint32_t>(length);
  header.epoch = epoch_;
  header.type = info.type;
  header.flags = info.flags;
  header.durable = DurableCode(lsn, durable_.load(std::memory_order_relaxed));
  header.lsn = lsn;
  header.txn = info.txn.value;
  header.prev = info.prev.value;
  std::memcpy(record, &header, sizeof(header));
  size_t at = sizeof(header);
  for (Bytes part : parts) {
    if (!part.empty()) std::memcpy(record + at, part.data(), part.size());
    at += part.size();
  }
  std::memset(record + at, 0, padded - length);
  StoreLE(record, static_cast<uint32_t>(Checksum({record + 4, length - 4})));

  const uint64_t end = lsn + padded;
  if (end > options_.ring_bytes && ring_start_.load(std::memory_order_relaxed) < end - options_.ring_bytes) {
    ring_start_.store(end - options_.ring_bytes, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
  }
  const uint64_t mask = options_.ring_bytes / 8 - 1;
  for (uint64_t i = 0; i < padded / 8; ++i) ring_[(lsn / 8 + i) & mask].store(staging_[i], std::memory_order_relaxed);
  appended_.store(end, std::memory_order_release);
}

// Pads the present file to its end. What is too short for a header is left zero.
void LogWriter::FillFile() {
  const uint64_t lsn = appended_.load(std::memory_order_relaxed);
  const uint64_t rest = options_.file_bytes - lsn % options_.file_bytes;
  const uint64_t end = lsn + rest;
  if (end > options_.ring_bytes && ring_start_.load(std::memory_order_relaxed) < end - options_.ring_bytes) {
    ring_start_.store(end - options_.ring_bytes, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
  }
  const uint64_t mask = options_.ring_bytes / 8 - 1;
  for (uint64_t i = 0; i < rest / 8; ++i) ring_[(lsn / 8 + i) & mask].store(0, std::memory_order_relaxed);
  if (rest >= kRecordHeaderBytes) {
    RecordHeader header{};
    header.length = static_cast<uint32_t>(rest);
    header.epoch = epoch_;
    header.type = RecordType::kFiller;
    header.lsn = lsn;
    header.checksum = FillerChecksum(header);
    uint64_t words[kRecordHeaderBytes / 8];
    std::memcpy(words, &header, sizeof(header));
    for (uint64_t i = 0; i < std::size(words); ++i) {
      ring_[(lsn / 8 + i) & mask].store(words[i], std::memory_order_relaxed);
    }
  }
  appended_.store(end, std::memory_order_release);
}

void LogWriter::StartFile() {
  FileHeaderPayload payload{};
  std::memcpy(payload.magic, kLogMagic, sizeof(payload.magic));
  payload.version = kLogVersion;
  payload.file_bytes = options_.file_bytes;
  Bytes part(reinterpret_cast<const std::byte*>(&payload), sizeof(payload));
  RecordInfo info;
  info.type = RecordType::kFileHeader;
  Emit(info, {&part, 1}, kRecordHeaderBytes + sizeof(payload));
}

uint64_t LogWriter::PreparedBytes() const {
  // In this order: appended never passes what is prepared.
  const uint64_t appended = this->appended().value;
  return files_->prepared_end() - appended;
}

bool LogWriter::AwaitPrepared(uint64_t left) {
  if (PreparedBytes() >= left) return true;
  if (PreparedBytes() < options_.file_bytes / 4 && !disk_full_.load(std::memory_order_relaxed)) {
    BlockingRegion region;
    MutexLock lock(mutex_);
    prepare_.notify_one();
    progress_.wait(lock,
                   [&] { return PreparedBytes() >= options_.file_bytes / 4 || disk_full_.load(std::memory_order_relaxed); });
  }
  if (!disk_full_.load(std::memory_order_relaxed)) return true;
  prepare_.notify_one();
  return PreparedBytes() >= left;
}

static Status NoRoom() {
  return Error(sqlstate::kDiskFull, "could not extend the write-ahead log: No space left on device");
}

Status LogWriter::Admit() {
  // What is left is for those who should not fail, unless more is coming.
  if (PreparedBytes() < options_.file_bytes / 2) [[unlikely]] {
    if (!AwaitPrepared(options_.file_bytes / 2)) return NoRoom();
  }
  AwaitRoom();
  return Status::Ok();
}

Status LogWriter::AdmitRollback() {
  if (PreparedBytes() < options_.file_bytes / 8) [[unlikely]] {
    if (!AwaitPrepared(options_.file_bytes / 8)) return NoRoom();
  }
  AwaitRoom();
  return Status::Ok();
}

void LogWriter::AwaitRoom() {
  // In this order: durable never passes appended.
  auto nearly_full = [&] {
    const uint64_t durable = this->durable().value;
    return appended().value - durable > options_.ring_bytes / 4 * 3;
  };
  if (!nearly_full()) [[likely]]
    return;
  BlockingRegion region;
  MutexLock lock(mutex_);
  work_.notify_one();
  progress_.wait(lock, [&] { return !nearly_full(); });
}

void LogWriter::Flush(Lsn lsn) {
  if (IsDurable(lsn)) return;
  PHANTOM_CHECK(lsn < appended());
  BlockingRegion region;
  gathering_.Arrive();
  MutexLock lock(mutex_);
  while (!IsDurable(lsn)) {
    if (flushing_) {
      progress_.wait(lock, [&] { return !flushing_ || IsDurable(lsn); });
    } else {
      // Here and now: no other thread has to wake up first.
      FlushAll(lock);
    }
  }
}

bool LogWriter::FlushAlone(Lsn lsn) {
  PHANTOM_CHECK(lsn < appended());
  MutexLock lock(mutex_);
  if (IsDurable(lsn)) return true;
  if (flushing_ || !gathering_.IsLone()) return false;
  gathering_.Arrive();
  BlockingRegion region;
  FlushAll(lock);
  return true;
}

void LogWriter::WhenDurable(Lsn lsn, std::function<void()> callback) {
  if (!IsDurable(lsn)) {
    PHANTOM_CHECK(lsn < appended());
    MutexLock lock(mutex_);
    if (!IsDurable(lsn)) {
      gathering_.Arrive();
      wanted_ = std::max(wanted_, lsn.value + 1);
      waiters_.push_back({lsn.value, std::move(callback)});
      work_.notify_one();
      return;
    }
  }
  callback();
}

void LogWriter::FlushAll(MutexLock& lock) {
  PHANTOM_CHECK(!flushing_);
  flushing_ = true;
  GatherCommits(lock);
  gathering_.BeginSync();
  const uint64_t target = appended_.load(std::memory_order_relaxed);
  lock.unlock();
  const auto begin = std::chrono::steady_clock::now();
  FlushTo(target);
  const auto took = std::chrono::steady_clock::now() - begin;
  lock.lock();
  gathering_.EndSync(took);
  durable_.store(target, std::memory_order_release);
  flushing_ = false;
  callbacks_due_ = !waiters_.empty();
  progress_.notify_all();
  if (callbacks_due_ || FlusherIsWanted()) work_.notify_one();
}

void LogWriter::GatherCommits(MutexLock& lock) {
  const CommitGathering::Nanoseconds patience = gathering_.Patience();
  if (patience.count() == 0) return;
  lock.unlock();
  // Too short for a sleep.
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!gathering_.IsComplete() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  gathering_.NoteWait(gathering_.IsComplete());
  lock.lock();
}

bool LogWriter::FlusherIsWanted() const {
  const uint64_t durable = durable_.load(std::memory_order_relaxed);
  return wanted_ > durable || appended_.load(std::memory_order_relaxed) - durable > options_.ring_bytes / 4;
}

void LogWriter::FlushSoon() {
  if (flush_soon_.load(std::memory_order_relaxed)) return;
  MutexLock lock(mutex_);
  flush_soon_.store(true, std::memory_order_relaxed);
  flush_at_ = std::chrono::steady_clock::now() + kFlushDelay;
  work_.notify_one();
}

void LogWriter::AwaitWork(MutexLock& lock) {
  const auto has_work = [&] { return callbacks_due_ || (!flushing_ && (stopping_ || FlusherIsWanted())); };
  while (!has_work()) {
    if (!flush_soon_.load(std::memory_order_relaxed)) {
      work_.wait(lock, [&] { return flush_soon_.load(std::memory_order_relaxed) || has_work(); });
    } else if (!work_.wait_until(lock, flush_at_, has_work)) {
      flush_soon_.store(false, std::memory_order_relaxed);
      wanted_ = std::max(wanted_, appended_.load(std::memory_order_relaxed));
    }
  }
}

void LogWriter::RunFlusher() {
  std::vector<Waiter> due;
  MutexLock lock(mutex_);
  for (;;) {
    AwaitWork(lock);
    if (callbacks_due_) {
      callbacks_due_ = false;
      for (size_t i = 0; i < waiters_.size();) {
        if (!IsDurable(Lsn(waiters_[i].lsn))) {
          ++i;
          continue;
        }
        due.push_back(std::move(waiters_[i]));
        if (i + 1 != waiters_.size()) waiters_[i] = std::move(waiters_.back());
        waiters_.pop_back();
      }
      if (due.empty()) continue;
      lock.unlock();
      std::sort(due.begin(), due.end(), [](const Waiter& a, const Waiter& b) { return a.lsn < b.lsn; });
      for (Waiter& waiter : due) waiter.callback();
      due.clear();
      lock.lock();
      continue;
    }
    if (appended_.load(std::memory_order_relaxed) == durable_.load(std::memory_order_relaxed)) {
      if (stopping_) return;
      wanted_ = 0;
      continue;
    }
    FlushAll(lock);
  }
}

void LogWriter::FlushTo(uint64_t target) {
  const uint64_t from = durable_.load(std::memory_order_relaxed);
  Status status;
  for (uint64_t at = from; at < target && status.ok();) {
    // Nobody writes to this part of the ring before it is durable.
    const uint64_t index = at & (options_.ring_bytes - 1);
    const uint64_t size = std::min({target - at, options_.ring_bytes - index, kFlushBytesMax});
    status = files_->Write(at, {reinterpret_cast<const std::byte*>(ring_.get()) + index, size});
    at += size;
  }
  if (status.ok()) status = files_->Sync(from, target);
  if (!status.ok()) Panic("could not write the log: %s", status.message().c_str());
}

void LogWriter::RunPreparer() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (PreparedBytes() >= options_.file_bytes / 2) {
      prepare_.wait(lock);
      continue;
    }
    lock.unlock();
    Status status = files_->Prepare();
    lock.lock();
    if (!status.ok() && status.sqlstate() != sqlstate::kDiskFull) {
      Panic("could not make a log file: %s", status.message().c_str());
    }
    disk_full_.store(!status.ok(), std::memory_order_relaxed);
    progress_.notify_all();
    if (!status.ok() && !stopping_) prepare_.wait_for(lock, kDiskFullRetry);
  }
}

void LogWriter::CopyWords(uint64_t lsn, uint64_t bytes, std::byte* to) const {
  const uint64_t mask = options_.ring_bytes / 8 - 1;
  for (uint64_t i = 0; i < (bytes + 7) / 8; ++i) {
    StoreLE(to + i * 8, ring_[(lsn / 8 + i) & mask].load(std::memory_order_relaxed));
  }
}

// The ring may be overwritten while it is read; what was read counts only if it was not.
bool LogWriter::CopyFromRing(uint64_t lsn, Record* record) const {
  auto still_there = [&] {
    std::atomic_thread_fence(std::memory_order_acquire);
    return lsn >= ring_start_.load(std::memory_order_relaxed);
  };
  if (!still_there()) return false;
  CopyWords(lsn, kRecordHeaderBytes, record->Resize(kRecordHeaderBytes));
  if (!still_there()) return false;
  const uint32_t length = record->header().length;
  PHANTOM_CHECK(record->header().lsn == lsn && length >= kRecordHeaderBytes && length <= record_bytes_max_);
  CopyWords(lsn, length, record->Resize(AlignRecord(length)));
  return still_there();
}

Status LogWriter::ReadRecord(Lsn lsn, Record* record) {
  PHANTOM_CHECK(lsn < appended());
  if (CopyFromRing(lsn.value, record)) return Status::Ok();
  const uint64_t durable = durable_.load(std::memory_order_acquire);
  const uint64_t rest = options_.file_bytes - lsn.value % options_.file_bytes;
  if (rest < kRecordHeaderBytes) return BadRecord(lsn);
  RETURN_IF_ERROR(files_->Read(lsn.value, {record->Resize(kRecordHeaderBytes), kRecordHeaderBytes}, durable));
  const uint32_t length = record->header().length;
  if (record->header().lsn != lsn.value || length < kRecordHeaderBytes || length > rest || length > kRecordBytesMax) {
    return BadRecord(lsn);
  }
  if (record->type() == RecordType::kFiller) {
    return record->header().checksum == FillerChecksum(record->header()) ? Status::Ok() : BadRecord(lsn);
  }
  RETURN_IF_ERROR(files_->Read(lsn.value, {record->Resize(length), length}, durable));
  if (!IsRecord(record->header(), lsn.value, length)) return BadRecord(lsn);
  return Status::Ok();
}

Status LogWriter::Truncate(Lsn lsn) {
  Status status = files_->Truncate(std::min(lsn.value, durable_.load(std::memory_order_acquire)));
  MutexLock lock(mutex_);
  if (disk_full_.load(std::memory_order_relaxed)) prepare_.notify_one();
  progress_.notify_all();
  return status;
}

Lsn LogWriter::oldest() const { return Lsn(files_->oldest()); }

}  // namespace phantom::wal
