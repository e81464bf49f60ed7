// wal/log_files.h
//
// The files behind the log: made ahead of need and zero-filled (so that a sync has no metadata to
// write and a flush cannot run out of space), recycled when old. A file is named by its first LSN
// in 16 hexadecimal digits, with ".wal". Bytes: docs/formats/wal.md.
//
// Thread safety: all methods may be called from any thread; Write by one thread at a time.
// Lock order: mutexes of rank kWalFiles, not held over I/O.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"
#include "io/env.h"

namespace phantom::wal {

// "<directory>/<16 hex digits>.wal"
std::string LogFilePath(const std::string& directory, uint64_t start);

class LogFiles {
 public:
  // Opens the files there are, dropping those that do not connect to the one `end` falls in, and
  // makes that one when it is missing.
  static Result<std::unique_ptr<LogFiles>> Open(io::Env& env, const std::string& directory, uint64_t file_bytes,
                                                uint64_t end);

  // Files exist for all positions below. Never decreases.
  uint64_t prepared_end() const { return prepared_end_.load(std::memory_order_acquire); }
  uint64_t oldest() const { return oldest_.load(std::memory_order_acquire); }

  // Makes one more file. 53100 when the disk is full; then nothing has changed.
  Status Prepare();

  // Writes and syncs [lsn, lsn + bytes). Requires the range to lie below prepared_end().
  Status Write(uint64_t lsn, Bytes bytes);
  Status Sync(uint64_t from, uint64_t to);

  // Reads [lsn, lsn + to.size()), which must not cross a file's end. Blocks wholly below `durable` are cached.
  Status Read(uint64_t lsn, std::span<std::byte> to, uint64_t durable);

  // Recycles or removes the files wholly below `lsn`.
  Status Truncate(uint64_t lsn);

 private:
  static constexpr uint64_t kBlockBytes = 32 << 10;
  static constexpr size_t kBlocks = 64;
  // Files kept ready beyond the current one when recycling.
  static constexpr uint64_t kSparesMax = 2;

  struct Block {
    Mutex mutex{LockRank::kWalFiles};
    uint64_t start = UINT64_MAX;
    std::unique_ptr<std::byte[]> bytes;
  };

  LogFiles(io::Env& env, std::string directory, uint64_t file_bytes)
      : env_(env), directory_(std::move(directory)), file_bytes_(file_bytes) {}

  Result<std::shared_ptr<io::File>> FileAt(uint64_t lsn);
  // One at a time makes or recycles files.
  void BeginNaming();
  void EndNaming();

  io::Env& env_;
  const std::string directory_;
  const uint64_t file_bytes_;
  std::atomic<uint64_t> prepared_end_ = 0;
  std::atomic<uint64_t> oldest_ = 0;

  Mutex mutex_{LockRank::kWalFiles};
  ConditionVariable naming_done_;
  bool naming_ = false;
  std::map<uint64_t, std::shared_ptr<io::File>> open_;  // by start
  std::array<Block, kBlocks> blocks_;
};

}  // namespace phantom::wal
