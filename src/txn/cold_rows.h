// txn/cold_rows.h
//
// Which chunks of a table are cold, and their rows (docs/decisions/0015-cold-chunks.md). What the table's tree has
// wins; only a row that the tree lacks is asked for here.
//
// Chunks change their state while readers go on. Whoever concludes from a hot chunk's tree that a row is missing must
// have read version() before the tree, and look again when it has changed since. A chunk that a reader holds stays
// readable.
//
// Thread safety: any thread; Publish and Withdraw by one thread at a time.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"
#include "lsm/format.h"
#include "lsm/row_set.h"
#include "store/chunks.h"
#include "txn/chunk_policy.h"
#include "txn/row_header.h"
#include "txn/snapshot.h"
#include "types/row_codec.h"
#include "types/vector.h"

namespace phantom::lsm {
class SegmentReader;
}

namespace phantom::txn {

struct SegmentTest;

// Of the segment's column that holds the transactions which wrote the rows: PostgreSQL's number of xmin.
inline constexpr uint16_t kWriterAttribute = static_cast<uint16_t>(-2);

// A cold chunk with its open segment.
class ColdRows {
 public:
  static Result<std::shared_ptr<ColdRows>> Open(store::Store& store, SpaceId space, TreeId tree,
                                                const store::ColdChunk& chunk);
  ~ColdRows();

  const store::ColdChunk& chunk() const { return chunk_; }
  const lsm::SegmentReader& segment() const { return *segment_; }
  // Rows of a bulk load are its insertions at the LSN of the entry's record (0 after a restart, when it is not asked for): who sees that
  // sees the chunk.
  bool IsSeenBy(const Snapshot& snapshot) const {
    return !chunk_.loader || snapshot.Sees(chunk_.loader, loaded_);
  }
  // Before it is published.
  void SetLoaded(Lsn lsn) { loaded_ = lsn; }
  RowId begin() const { return RowId(chunk_.number * store::kChunkRows); }
  RowId end() const { return RowId((chunk_.number + 1) * store::kChunkRows); }

  // Whether the segment has the row and it has not been deleted since; all such rows of a vector.
  bool Has(RowId row) const;
  lsm::RowSet RowsIn(uint32_t vector) const;
  void NoteDeletion(RowId row);
  // How its columns are encoded.
  void AddColumns(std::map<std::pair<uint32_t, lsm::Encoding>, SegmentColumn>* columns) const;
  // Whether a row found here is its newest version, and every plain index entry that the snapshot can have met has its key. A version put
  // back by a rollback is not known as such any more once it has been trimmed from the tree: whoever began before that compares keys.
  bool IsNewestFor(const Snapshot& snapshot) const { return snapshot.read_lsn().value >= trimmed_.load(std::memory_order_acquire); }
  void BeginTrim() { trimmed_.store(UINT64_MAX, std::memory_order_release); }
  // Nothing is trimmed after the log's end was this.
  void EndTrim(Lsn log_end) { trimmed_.store(log_end.value, std::memory_order_release); }
  uint64_t deleted_rows() const { return deleted_rows_.load(std::memory_order_relaxed); }

  // The row's bytes (all the layout's columns) and the header it had. Requires Has().
  Status Read(const types::RowLayout& layout, RowId row, RowHeader* header, std::string* bytes) const;
  Result<RowHeader> ReadHeader(RowId row) const;
  // Columns of the row, straight into slot `index` of the vectors. Requires Has().
  Status Decode(const types::RowLayout& layout, RowId row, std::span<const uint32_t> columns,
                std::span<types::Vector> vectors, uint32_t index) const;
  // Takes those out of `rows` that fail a test, without decoding what codes and bounds tell.
  Status Select(std::span<const types::RowTest> tests, std::span<const SegmentTest> more, uint32_t vector,
                lsm::RowSet* rows) const;
  // A column of a vector of the segment, absent rows included, in any form; of chosen rows, ascending.
  Status ReadVector(const types::RowLayout& layout, uint32_t column, uint32_t vector, types::Vector& to) const;
  Status ReadRows(const types::RowLayout& layout, uint32_t column, uint32_t vector, const types::SelectionVector& rows,
                  uint32_t count, types::Vector& to) const;
  // Who wrote the rows: int64 values.
  Status ReadWriters(uint32_t vector, types::Vector& to) const;

 private:
  explicit ColdRows(const store::ColdChunk& chunk);
  // Where the segment has the table's column.
  std::optional<uint32_t> ColumnOf(uint32_t column) const;
  uint32_t writers() const;

  static constexpr uint32_t kNoColumn = UINT32_MAX;

  const store::ColdChunk chunk_;
  Lsn loaded_;
  std::atomic<uint64_t> trimmed_;
  std::unique_ptr<lsm::SegmentReader> segment_;
  std::vector<uint32_t> columns_;  // by the table's columns
  std::array<std::atomic<uint64_t>, store::Chunks::kDeletionWords> deleted_{};
  std::atomic<uint64_t> deleted_rows_{0};
};

using ColdRowsRef = std::shared_ptr<ColdRows>;

// The cold chunks of one table.
class ColdTable {
 public:
  // Grows with every change of a chunk's state.
  uint64_t version() const { return version_.load(std::memory_order_seq_cst); }
  bool empty() const { return count_.load(std::memory_order_acquire) == 0; }

  // Null: the row's chunk is hot.
  ColdRowsRef Find(RowId row) const;
  // The first cold chunk that has row ids at or past `row`; null: none.
  ColdRowsRef FindFrom(RowId row) const;
  std::vector<ColdRowsRef> All() const;

  void Publish(ColdRowsRef rows);
  void Withdraw(uint64_t number);

 private:
  mutable SharedMutex mutex_{LockRank::kVersions};
  std::map<uint64_t, ColdRowsRef> chunks_;  // by number
  std::atomic<size_t> count_{0};
  std::atomic<uint64_t> version_{1};
};

}  // namespace phantom::txn
