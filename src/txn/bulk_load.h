// txn/bulk_load.h
//
// Many rows of one statement into one table, written as segments at once (docs/decisions/0020-bulk-load.md). The chunks'
// entries are changes of the transaction: its rows are seen, locked and taken back like any it inserted.
//
// Rows are in place, and can be fetched, once Finish() has returned OK. Index entries are the caller's business, after that.
// What was not finished leaves nothing.
//
// Thread safety: the transaction's thread.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "txn/load_writer.h"
#include "txn/row_table.h"
#include "types/row_codec.h"

namespace phantom::txn {

class BulkLoad {
 public:
  // Fewer rows than this at the end of a load go into the tree.
  static constexpr uint64_t kSegmentRowsMin = 1 << 15;

  BulkLoad(RowTable& table, Transaction& transaction, uint64_t segment_rows_min = kSegmentRowsMin);
  ~BulkLoad();

  // Adds rows (positions in the columns, which are the table's; null: the first `count`), gives their ids.
  // 54000 when a row is too large, 53100.
  Status Append(std::span<const types::Vector* const> columns, const types::SelIndex* rows, uint32_t count, RowId* ids);
  // Whether the rows so far fill whole chunks: then Finish() cuts none short.
  bool at_chunk_end() const { return chunk_ == 0; }
  // Puts everything in place. More may follow.
  Status Finish();

 private:
  bool IsWide(std::span<const types::Vector* const> columns, uint32_t row) const;
  // Of at most as many rows as fit into the vector and the chunk.
  Status AppendFitting(std::span<const types::Vector* const> columns, const types::SelIndex* rows, uint32_t count, RowId* ids);
  Status InsertWide(std::span<const types::Vector* const> columns, uint32_t row, RowId* id);
  Status BeginVector();
  // The vector is full, or the last of its chunk.
  Status EndVector(bool last_of_chunk);
  Status Submit(bool last_of_chunk);
  Status Publish(bool wait);
  Status InsertHeld();

  RowTable& table_;
  Transaction& transaction_;
  const uint64_t segment_rows_min_;
  types::RowEncoder encoder_;
  std::vector<uint32_t> columns_;         // of the table, without dropped ones
  std::vector<uint32_t> string_columns_;  // of the table
  size_t row_bytes_ = 0;                  // at most, without strings
  std::unique_ptr<LoadWriter> writer_;

  uint64_t chunk_ = 0;    // being filled; 0: none. Its rows:
  uint64_t given_ = 0;    // ... ids given
  std::vector<types::Chunk> held_;  // vectors of it that no segment has been begun for
  bool begun_ = false;      // one has
  types::Chunk rows_;       // the vector being filled
  uint32_t count_ = 0;      // its rows
  std::vector<types::SelIndex> narrow_;
  std::vector<RowId> narrow_ids_;
};

}  // namespace phantom::txn
