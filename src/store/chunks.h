// store/chunks.h
//
// The cold half of tables (docs/decisions/0015-cold-chunks.md): which chunks of row ids are cold, in the tree directory
// of their space (docs/formats/control.md), and the segment files they name.
//
// A chunk's entry changes with one log record, outside transactions and never undone; only Load() is a transaction's. A segment file counts only while
// an entry names it; one that none names is removed at the latest at the next opening.
//
// Errors as for Store. Thread safety: all methods may be called from any thread; those that change a chunk, by one
// thread a chunk at a time.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "store/cold_files.h"
#include "store/store.h"

namespace phantom::io {
class File;
}
namespace phantom::lsm {
class SegmentReader;
}

namespace phantom::store {

using SegmentId = ColdFileId;

inline constexpr uint64_t kChunkRows = uint64_t{1} << 17;

inline constexpr uint64_t ChunkOf(RowId row) { return row.value / kChunkRows; }

struct ColdChunk {
  uint64_t number = 0;  // holds row ids from number * kChunkRows on
  SegmentId segment;
  // Versions in the tree from before this LSN, ghosts excepted, are in the segment as well.
  Lsn frozen_before;
  uint32_t rows = 0;   // in the segment
  uint64_t bytes = 0;  // of the segment's file
  TxnId loader;        // whose insertions the rows are (docs/decisions/0020-bulk-load.md); none: everybody sees them
};

class Chunks {
 public:
  Chunks(Store& store, ColdFiles& files) : store_(store), files_(files) {}

  // The cold chunks of a table, ascending.
  Result<std::vector<ColdChunk>> List(SpaceId space, TreeId tree);
  // Makes the chunk cold, or puts another segment in place of its present one. The file must be durable. Deletions
  // noted so far stay in force.
  Status Put(SpaceId space, TreeId tree, const ColdChunk& chunk);
  // Makes a chunk that has no rows yet cold, as a change of its loader: the record goes into that transaction's chain, whose latest is
  // *last, and *last becomes it.
  Status Load(SpaceId space, TreeId tree, const ColdChunk& chunk, Lsn* last);
  // The chunk that a change of the tree directory has made or removed; nothing: it was about something else.
  struct Entry {
    TreeId tree;
    ColdChunk chunk;
  };
  static Result<std::optional<Entry>> ParseEntry(SpaceId space, Bytes key, Bytes value);
  // Makes the chunk hot. The deletions noted are forgotten.
  Status Remove(SpaceId space, TreeId tree, uint64_t number);
  // Forgets what an interrupted Remove has left of an earlier cold life: before a hot chunk becomes cold.
  Status ForgetDeletions(SpaceId space, TreeId tree, uint64_t number);

  // Notes that the segment's row is no more.
  Status NoteDeletion(SpaceId space, TreeId tree, RowId row);
  // A bit for every row of the chunk: row i of it is word i / 64, bit i % 64.
  static constexpr size_t kDeletionWords = kChunkRows / 64;
  Status ReadDeletions(SpaceId space, TreeId tree, uint64_t number, std::array<uint64_t, kDeletionWords>* words);

  // Segment files, as ColdFiles has them.
  Result<std::unique_ptr<io::File>> MakeSegment(SegmentId* id) { return files_.Make(ColdFileKind::kSegment, id); }
  Status SyncSegment(io::File& file) { return files_.Sync(file); }
  Status RemoveSegment(SegmentId id) { return files_.Remove(ColdFileKind::kSegment, id); }
  std::string PathOf(SegmentId id) const { return files_.PathOf(ColdFileKind::kSegment, id); }
  Status DiscardSegment(SegmentId id) { return files_.Discard(ColdFileKind::kSegment, id); }
  // The chunk's segment. XX001 when the file is damaged or another chunk's.
  Result<std::unique_ptr<lsm::SegmentReader>> Open(TreeId tree, const ColdChunk& chunk);

  // When a table's tree is freed, its drop being in the log:
  Status RemoveTree(SpaceId space, TreeId tree);
  // All that entries of a space name.
  Result<std::vector<SegmentId>> SegmentsOf(SpaceId space);

 private:
  Store& store_;
  ColdFiles& files_;
};

}  // namespace phantom::store
