// store/cold_files.h
//
// The files in `segments/`: segments of cold chunks and runs of keyed trees. A file counts only while an entry of a tree
// directory names it (docs/formats/control.md); one that none names is removed at the latest at the next opening.
//
// Errors as for Store. Thread safety: all methods may be called from any thread.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>

#include "common/ids.h"
#include "common/status.h"
#include "io/env.h"
#include "lsm/block_cache.h"

namespace phantom::store {

class Store;

// Names a file; increasing.
using ColdFileId = StrongId<struct ColdFileIdTag, uint64_t>;

enum class ColdFileKind : uint8_t { kSegment, kRun };

class ColdFiles {
 public:
  ColdFiles(Store& store, uint64_t cache_bytes) : store_(store), cache_(cache_bytes) {}

  // What has been read of them.
  lsm::BlockCache& cache() { return cache_; }

  std::string PathOf(ColdFileKind kind, ColdFileId id) const;
  // A new one, whose name does not count before an entry has it.
  Result<std::unique_ptr<io::File>> Make(ColdFileKind kind, ColdFileId* id);
  Result<std::unique_ptr<io::File>> Open(ColdFileKind kind, ColdFileId id) const;
  // Makes a written file durable under its name.
  Status Sync(io::File& file);
  // Removes a file that no entry names any more, once that is durable. A missing file is success.
  Status Remove(ColdFileKind kind, ColdFileId id);
  // Removes a file that no entry has named.
  Status Discard(ColdFileKind kind, ColdFileId id);
  // Removes a file whose tree's drop is in the log, made durable by FlushLog(); without syncing the directory.
  Status Unlink(ColdFileKind kind, ColdFileId id);
  void FlushLog();

  // For the store, at opening, after redo.
  Status RemoveOrphans(const std::unordered_set<std::string>& named_paths);

 private:
  std::string Directory() const;

  Store& store_;
  lsm::BlockCache cache_;
  std::atomic<uint64_t> last_{0};
};

}  // namespace phantom::store
