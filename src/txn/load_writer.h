// txn/load_writer.h
//
// The thread of a bulk load: turns vectors of rows, in turn, into segment files and makes those durable
// (docs/decisions/0020-bulk-load.md). It knows nothing of transactions: nobody sees a file before whoever takes it names it.
//
// Thread safety: one thread uses it. Lock order: one mutex of rank kScheduler, a leaf, not held over I/O.
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "common/mutex.h"
#include "common/status.h"
#include "lsm/segment_writer.h"
#include "store/chunks.h"
#include "types/chunk.h"

namespace phantom::txn {

class LoadWriter {
 public:
  // Vectors that wait; who brings more waits too.
  static constexpr size_t kQueueMax = 8;

  // The schema's base is that of each chunk in turn.
  LoadWriter(store::Chunks& chunks, lsm::SegmentSchema schema);
  // Stops, and removes the files that nobody has taken.
  ~LoadWriter();

  // The next rows of a chunk, `last` of it or not. After a failure, of this thread or that, nothing more is written.
  Status Put(uint64_t chunk, types::Chunk rows, bool last);
  // The durable segments not taken yet. wait: once all that was put is written.
  Status Take(bool wait, std::vector<store::ColdChunk>* written);
  // Vectors that have been written, to be used again; without columns: none.
  types::Chunk TakeSpare();

 private:
  struct Work {
    uint64_t chunk;
    types::Chunk rows;
    bool last;
  };
  // The segment being written.
  struct Open;

  void Run();
  Status Write(const Work& work, std::unique_ptr<Open>* open, std::optional<store::ColdChunk>* written);

  store::Chunks& chunks_;
  lsm::SegmentSchema schema_;

  Mutex mutex_{LockRank::kScheduler};
  ConditionVariable changed_;
  std::deque<Work> queue_;
  bool busy_ = false;
  bool stopping_ = false;
  Status failure_;
  std::vector<store::ColdChunk> written_;
  std::vector<types::Chunk> spare_;
  std::thread thread_;  // started with the first rows
};

}  // namespace phantom::txn
