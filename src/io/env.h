// io/env.h
//
// The outside world of the storage engine: files, directories, clock and randomness. There are
// two implementations: the machine's (posix_env.h) and a simulated one (sim_env.h) that is
// deterministic by seed, loses what was not synced and injects errors.
//
// Errors: 53100 when the disk is full, 58P01 when a file does not exist, 58030 for other I/O errors.
// Thread safety: all methods of Env and File may be called from any thread. Concurrent writes to
// overlapping ranges of a file leave either's bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/status.h"

namespace phantom::io {

class File {
 public:
  virtual ~File() = default;

  // Fills `to` from the offset. Bytes past the end of the file are an error (58030).
  virtual Status Read(uint64_t offset, std::span<std::byte> to) = 0;

  // Writes all of `from`, extending the file where needed. Not durable before Sync(). After a
  // failure any part of the range may hold old or new bytes.
  virtual Status Write(uint64_t offset, Bytes from) = 0;

  // Makes everything written durable, with the metadata needed to read it back. After an error
  // nobody knows what is durable: callers panic.
  virtual Status Sync() = 0;

  // Makes the file at least `size` bytes long with its space reserved; new bytes read as zero.
  virtual Status Allocate(uint64_t size) = 0;

  virtual Status Truncate(uint64_t size) = 0;
  virtual Result<uint64_t> Size() = 0;
};

// Held while it lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode {
  kExisting,   // 58P01 when there is none
  kCreate,     // made when there is none
  kCreateNew,  // 58030 when there is one
};

class Env {
 public:
  virtual ~Env() = default;

  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;

  // Names in a directory, without "." and "..", sorted.
  virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;
  virtual Result<bool> Exists(const std::string& path) = 0;

  // Names change durably only with SyncDirectory. Rename replaces an existing target.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status Remove(const std::string& path) = 0;
  // Succeeds when the directory exists already.
  virtual Status MakeDirectory(const std::string& path) = 0;
  virtual Status SyncDirectory(const std::string& path) = 0;

  // Takes the exclusive lock that the file stands for, creating the file. Fails with 55006 when
  // another process (or another holder in this one) has it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;

  // Microseconds since 1970-01-01 UTC.
  virtual int64_t WallMicros() = 0;
  // Nanoseconds since an arbitrary point; never goes back.
  virtual int64_t MonotonicNanos() = 0;
  // Fills with unpredictable bytes (predictable by seed when simulated).
  virtual void Random(std::span<std::byte> to) = 0;

  // Names a moment at which a crash may leave something half done ("freeze: segment synced"). Nothing happens then; the
  // simulated world counts them and can cut the power there (docs/decisions/0021-proofs.md).
  virtual void Step(const char* name) { static_cast<void>(name); }
};

}  // namespace phantom::io
