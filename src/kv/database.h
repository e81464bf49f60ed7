// kv/database.h
//
// An embedded, ordered, durable key-value database: one directory, byte-string keys and values, no server and no SQL.
// How to use it, with figures: docs/KEYVALUE.md; a program: examples/keyvalue.cc.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<kv::Database> db, kv::Database::Open("/data/sessions"));
//   RETURN_IF_ERROR(db->Put("user:17", "Ada"));
//   std::string value;
//   ASSIGN_OR_RETURN(bool found, db->Get("user:17", &value));
//
// Keys are ordered byte by byte, shorter first. A key has at most kKeyBytesMax bytes, a value at most kValueBytesMax.
//
// Every write is atomic, a Batch as a whole. A write with `sync` is on disk when the call returns; one without is in
// the log's memory, and a crash of the process or the machine may lose it. What a crash loses is always the newest
// part of the writes: if one survives, so does every write that came before it, synced or not.
//
// Reads without a snapshot see the newest value of a key that is committed. A Snapshot sees the database as it was when
// it was taken, whatever is written later and however long it lives; a scan without one takes its own.
//
// Errors: 54000 key or value too long; 53100 no room on disk; 58030 I/O; XX001 corrupted; 55006 the directory is in
// use; 55000 the directory belongs to something else; 22023 an option that cannot be. After an error of a write nothing has changed.
//
// Thread safety: Database: any thread. Batch, Snapshot, Cursor: one thread at a time; several threads may read with
// one snapshot. Snapshots and cursors must be gone before the database is.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/function_ref.h"
#include "common/status.h"

namespace phantom::io {
class Env;
}

namespace phantom::kv {

inline constexpr size_t kKeyBytesMax = 1600;
inline constexpr size_t kValueBytesMax = (size_t{1} << 30) - 1;

struct Options {
  // Makes the database when the directory has none; otherwise that is the error 58P01.
  bool create = true;
  // Memory for pages and for what has been read of sorted files: a sixteenth is for these, and what pages do not need yet. The
  // database may be larger; while it fits into the pages, all of it is there.
  uint64_t memory_bytes = 256 << 20;
  // Memory for the log's end; of more than log_file_bytes only so much is used. Writes that do not sync wait when it is full.
  uint64_t log_memory_bytes = 16 << 20;
  // How much log a restart after a crash may have to replay, roughly. Less means that pages are written more often.
  uint64_t log_bytes = 512 << 20;
  // The size of the log's files; counts when the database is made. This and log_memory_bytes are powers of two from 64 KiB up.
  uint64_t log_file_bytes = 64 << 20;
  // Where the files are; null: on this machine.
  io::Env* env = nullptr;
  // How often deleted entries are looked for that no snapshot needs any more; 0: never, for tests.
  int64_t purge_interval_ms = 100;
};

struct WriteOptions {
  bool sync = true;
};

// The database at one moment. Costs little to keep, but old versions stay in the log meanwhile, on disk.
class Snapshot {
 public:
  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;
  ~Snapshot();

 private:
  friend class Database;
  friend class Cursor;
  struct Impl;
  explicit Snapshot(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Writes that happen together or not at all. Of several to one key the last counts.
class Batch {
 public:
  Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();

  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  void Clear();
  size_t size() const;  // calls since Clear()

 private:
  friend class Database;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The keys from `lower` on, up to but without `upper`; an absent bound is open.
struct Range {
  std::optional<std::string_view> lower;
  std::optional<std::string_view> upper;
};

// Walks the keys of a snapshot, in both directions. It holds no latch: others may write meanwhile.
class Cursor {
 public:
  Cursor(Cursor&&) noexcept;
  ~Cursor();

  // To the first key >= `key`, the last key <= `key`; to the first and the last of all.
  Status Seek(std::string_view key);
  Status SeekAtOrBelow(std::string_view key);
  Status SeekFirst();
  Status SeekLast();

  // Is there a key? False before the first seek, past either end, and after an error.
  bool Valid() const;
  // Require Valid(). The bytes live until the cursor moves.
  std::string_view key() const;
  std::string_view value() const;
  Status Next();
  Status Previous();

 private:
  friend class Database;
  struct Impl;
  explicit Cursor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What Database::Update's function decided.
enum class Change : uint8_t { kNone, kPut, kDelete };

class Database {
 public:
  static Result<std::unique_ptr<Database>> Open(const std::string& directory, const Options& options = {});
  // Closes; what is not synced may be lost, as after Close() failed.
  ~Database();
  // Makes everything durable, so that the next Open() has nothing to replay. No other call may be in progress or
  // follow.
  Status Close();

  // False: there is no such key, and *value is as it was.
  Result<bool> Get(std::string_view key, std::string* value);
  Result<bool> Get(const Snapshot& snapshot, std::string_view key, std::string* value);

  Status Put(std::string_view key, std::string_view value, const WriteOptions& options = {});
  // Deleting a key that there is not is success.
  Status Delete(std::string_view key, const WriteOptions& options = {});
  Status Write(const Batch& batch, const WriteOptions& options = {});

  // Reads a key and writes it with nobody in between. `decide` gets the present value, or nothing, and for kPut fills
  // *value (empty at first). It may be called several times, of which the last counts; it must be short and must not
  // call the database.
  Status Update(std::string_view key,
                FunctionRef<Change(std::optional<std::string_view> present, std::string* value)> decide,
                const WriteOptions& options = {});

  Snapshot TakeSnapshot();

  // Without a snapshot (null) as of now. A cursor's snapshot must outlive it.
  Cursor NewCursor(const Snapshot* snapshot = nullptr);

  struct ScanOptions {
    uint64_t limit = UINT64_MAX;  // keys at most
    bool reverse = false;         // from the range's end down
    const Snapshot* snapshot = nullptr;
  };
  // Calls back with every key of the range, in order, until that returns false. Returns how many there were. The
  // callback may call the database; its arguments live until it returns.
  Result<uint64_t> Scan(const Range& range, const ScanOptions& options,
                        FunctionRef<bool(std::string_view key, std::string_view value)> visit);

  // Returns when everything written before is durable.
  Status Sync();

  // Writes all pages that have changed, so that a restart would have next to nothing to replay. Happens by itself as
  // well.
  Status Checkpoint();

  // Moves entries out of pages into a sorted file, where they take less room, and with `join` makes one of all such files.
  // Happens by itself when the database outgrows memory. What others are doing already is left to them.
  Status Compact(bool join = true);

  // Verifies every page, every sorted file, the order of keys and every long value; the first fault is XX001. Meant for a quiet database.
  Status Check();

  struct Stats {
    uint64_t log_bytes = 0;   // appended since the database was made
    uint64_t disk_bytes = 0;  // pages and sorted files
    uint64_t pages_read = 0;
    uint64_t pages_written = 0;
  };
  Stats GetStats();

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace phantom::kv
