// wal/log_writer.h
//
// Appends records to the write-ahead log, makes them durable and reads them back.
//
// A record lives in a ring of memory from Append() on; whatever has accumulated is written and synced at once, as fast
// as the disk allows (group commit): by a thread that waits in Flush(), for all who wait, or by the flusher. Those whom
// the last sync released are given a moment to come again (commit_gathering.h), so that they share the next one. A
// record is durable once durable() is past its LSN, and only then. An error while syncing is fatal: Panic.
//
// Space: the ring may only be filled up to the end of log files that exist, so a flush never runs
// out of disk. Callers that may fail ask Admit() first, before they latch anything; it keeps a
// reserve for those that should not fail (rollback) or must not (splits, commits, checkpoints).
//
// Thread safety: all methods may be called from any thread.
// Lock order: the mutex has rank kWal; it is not held over I/O or a callback.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"
#include "wal/commit_gathering.h"
#include "wal/record.h"

namespace phantom::io {
class Env;
}

namespace phantom::wal {

class LogFiles;

struct LogOptions {
  uint64_t file_bytes = 64 << 20;  // power of two; fixed for the life of a store
  uint64_t ring_bytes = 16 << 20;  // power of two, at most file_bytes, at least 4 records of the largest size
};

class LogWriter {
 public:
  // Continues the log in `directory` at `end`, which recovery found to be the end of the valid
  // records, or starts a new log when `end` is 0. `epoch` must be greater than that of every
  // earlier opening and already be durable in the control file.
  static Result<std::unique_ptr<LogWriter>> Open(io::Env& env, const std::string& directory, const LogOptions& options,
                                                 Lsn end, uint32_t epoch);
  // Flushes everything and stops the flusher.
  ~LogWriter();

  // Buffers one record whose payload is the concatenation of `parts`; returns its LSN. Waits for
  // the disk only when the ring is full. Requires the record to be at most record_bytes_max().
  Lsn Append(const RecordInfo& info, std::span<const Bytes> parts);
  Lsn Append(const RecordInfo& info, std::initializer_list<Bytes> parts) {
    return Append(info, std::span<const Bytes>(parts.begin(), parts.size()));
  }

  // To be called before a change that may fail, with no latch held: waits while the ring is nearly
  // full; 53100 when the disk has no room for more log than the reserve.
  Status Admit();
  // The same for a step of a rollback, which can be put off but not given up: may use most of that reserve.
  Status AdmitRollback();
  // The same for what must not fail (all a tree does): only waits.
  void AwaitRoom();

  // Position just past the last record; the next one's LSN is this or greater. Never decreases.
  Lsn appended() const { return Lsn(appended_.load(std::memory_order_acquire)); }
  // Every record below is durable. Never decreases; durable() <= appended().
  Lsn durable() const { return Lsn(durable_.load(std::memory_order_acquire)); }
  bool IsDurable(Lsn lsn) const { return durable() > lsn; }

  // Returns once the record at `lsn` (and all before) is durable.
  void Flush(Lsn lsn);
  // The same if nobody else waits or is likely to: then the sync is quicker here than on a thread that has to wake up for it.
  // False: nothing was done.
  bool FlushAlone(Lsn lsn);
  // All there is now becomes durable within a fraction of a second, even if nobody waits for it.
  void FlushSoon();
  // Calls back once the record at `lsn` is durable: on this thread when it is already, otherwise on
  // the flusher's. The callback must be short and must not block.
  void WhenDurable(Lsn lsn, std::function<void()> callback);

  // Copies the record at `lsn` out of the ring or, when it has left that, out of the files.
  // Takes no lock and does no I/O for a record still in the ring. Requires `lsn` to name a record
  // (also a filler, whose payload is then undefined, or a file header).
  // 58030 or XX001 when it cannot be read.
  Status ReadRecord(Lsn lsn, Record* record);

  // The log below `lsn` is no longer needed: recycles or removes whole files. Never goes back.
  Status Truncate(Lsn lsn);
  // First position still kept.
  Lsn oldest() const;

  uint32_t record_bytes_max() const { return record_bytes_max_; }
  const LogOptions& options() const { return options_; }

 private:
  struct Waiter {
    uint64_t lsn;
    std::function<void()> callback;
  };

  LogWriter(const LogOptions& options, std::unique_ptr<LogFiles> files, uint64_t end, uint32_t epoch);
  // Space in log files that exist.
  uint64_t PreparedBytes() const;
  // Waits while less than `left` is prepared and more may come; false when the disk is full and no more than that is
  // left.
  bool AwaitPrepared(uint64_t left);
  // The following require the mutex.
  void WaitForRoom(MutexLock& lock, uint64_t end);
  void Emit(const RecordInfo& info, std::span<const Bytes> parts, uint64_t length);
  void StartFile();
  void FillFile();

  // Writes and syncs all there is; gives the mutex up meanwhile. Requires that nobody does so already.
  void FlushAll(MutexLock& lock);
  bool FlusherIsWanted() const;
  // Returns when the flusher has something to do.
  void AwaitWork(MutexLock& lock);
  void GatherCommits(MutexLock& lock);

  void RunFlusher();
  void FlushTo(uint64_t target);
  void RunPreparer();
  bool CopyFromRing(uint64_t lsn, Record* record) const;
  void CopyWords(uint64_t lsn, uint64_t bytes, std::byte* to) const;

  const LogOptions options_;
  const uint32_t record_bytes_max_;
  const uint32_t epoch_;
  const std::unique_ptr<LogFiles> files_;
  // Word at log position p is at index p / 8 modulo its size.
  const std::unique_ptr<std::atomic<uint64_t>[]> ring_;

  std::atomic<uint64_t> appended_;
  std::atomic<uint64_t> durable_;
  // The ring holds the bytes from here to appended_. Raised before bytes are overwritten.
  std::atomic<uint64_t> ring_start_;
  // The disk had no room for one more log file when last tried.
  std::atomic<bool> disk_full_ = false;

  Mutex mutex_{LockRank::kWal};
  ConditionVariable work_;      // the flusher waits: there is something to flush
  ConditionVariable prepare_;   // the preparer waits: files are running short
  ConditionVariable progress_;  // others wait: durable_ or the prepared space advanced
  uint64_t wanted_ = 0;         // someone waits for durable_ to pass this
  std::atomic<bool> flush_soon_ = false;  // what is appended now is to be flushed at flush_at_; changed under the mutex
  std::chrono::steady_clock::time_point flush_at_;
  std::vector<Waiter> waiters_;
  CommitGathering gathering_;
  std::vector<uint64_t> staging_;
  bool flushing_ = false;       // somebody is in FlushAll()
  bool callbacks_due_ = false;  // some waiters' records may have become durable
  bool stopping_ = false;
  std::thread flusher_;
  std::thread preparer_;
};

}  // namespace phantom::wal
