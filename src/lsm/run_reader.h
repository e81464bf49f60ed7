// lsm/run_reader.h
//
// Looks keys up in a run. Separators of blocks are in memory; blocks and filters come through the block cache.
//
// A run in use stays open when its file is removed. Errors: XX001 naming file and block; 58030.
// Thread safety: any thread; a cursor by one at a time. The cache must outlive the reader, the reader its cursors.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/function_ref.h"
#include "common/status.h"
#include "lsm/block_cache.h"
#include "lsm/block_file.h"
#include "lsm/run_block.h"
#include "lsm/run_footer.h"

namespace phantom::lsm {

class RunReader {
 public:
  // The name is for messages.
  static Result<std::unique_ptr<RunReader>> Open(std::unique_ptr<io::File> file, std::string name, BlockCache& cache);
  ~RunReader();

  uint64_t tree() const { return footer_.tree; }
  uint64_t entries() const { return footer_.entries; }
  uint64_t tombstones() const { return footer_.tombstones; }
  uint64_t size() const { return file_->size(); }
  const std::string& name() const { return file_->name(); }
  uint8_t filter_trim() const { return footer_.filter_trim; }

  // False: the key is not here. Reads a filter at most.
  Result<bool> MayHave(Bytes key) const;
  // False: there is no key that is `start` and filter_trim() more bytes.
  Result<bool> MayHaveTrimmed(Bytes start) const;
  // Shows the value of the key, if it is here, and says whether it is. Looks at the filter first.
  Result<bool> Read(Bytes key, FunctionRef<void(Bytes value)> visit) const;

  // Reads all and verifies it: order, counts, filters.
  Status Check() const;

 private:
  friend class RunCursor;
  RunReader(std::unique_ptr<BlockFile> file, BlockCache& cache) : file_(std::move(file)), cache_(cache) {}

  // The block in which the key is if it is here. Requires blocks.
  uint32_t BlockOf(Bytes key) const;
  uint32_t block_count() const { return static_cast<uint32_t>(footer_.blocks.size()); }
  Result<CachePin<RunBlock>> Pin(uint32_t block) const;
  Result<std::unique_ptr<RunBlock>> Load(uint32_t block) const;
  Result<bool> FilterHas(uint32_t filter, uint64_t hash) const;
  void PrepareSearch();

  std::unique_ptr<BlockFile> file_;
  BlockCache& cache_;
  RunFooter footer_;
  // For the search: the separators' next eight bytes after those all but the first (which is empty) have in common.
  std::string common_;
  std::vector<uint64_t> heads_;
  std::vector<uint32_t> filter_of_;  // by block
  std::unique_ptr<CacheSlot[]> slots_;  // blocks, then filters
};

// Walks a run in both directions.
class RunCursor {
 public:
  RunCursor() = default;  // of no run, until Open()
  explicit RunCursor(const RunReader& run) : run_(&run) {}
  RunCursor(const RunCursor&) = delete;
  RunCursor& operator=(const RunCursor&) = delete;

  // Takes the cursor to another run. Requires Close() before.
  void Open(const RunReader& run) { run_ = &run; }
  // Lets go of the run.
  void Close();

  // To the first entry >= key / the last entry < key.
  Status Seek(Bytes key);
  Status SeekBelow(Bytes key);
  Status SeekFirst();
  Status SeekLast();

  bool Valid() const { return valid_; }
  // Require Valid(). The bytes live until the next move.
  Bytes key() const { return {reading_.key, reading_.key_size}; }
  Bytes value() const { return reading_.value; }

  Status Next();
  Status Previous();

 private:
  Status Enter(uint32_t block);
  void Show();
  Status Back();

  const RunReader* run_ = nullptr;
  CachePin<RunBlock> pin_;
  uint32_t block_ = 0;
  uint32_t position_ = 0;
  bool valid_ = false;
  RunBlock::Reading reading_;
};

}  // namespace phantom::lsm
