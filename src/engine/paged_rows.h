// engine/paged_rows.h
//
// Rows kept for later in pieces of kVectorSize, in memory as long as the memory broker allows, then in a temporary file:
// CTEs, materialized inputs, work tables, what RETURNING gives, cursors.
//
// Thread safety: one thread.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/memory_broker.h"
#include "engine/row_buffer.h"
#include "io/env.h"

namespace phantom::engine {

class PagedRows {
 public:
  PagedRows(const ExecutionContext& context, std::span<const types::Type> types,
            std::span<const types::Layout> layouts);
  PagedRows(const Runtime& runtime, std::span<const types::Type> types);
  PagedRows(const PagedRows&) = delete;
  PagedRows& operator=(const PagedRows&) = delete;
  ~PagedRows() { Clear(); }

  // Copies the batch's rows, bytes included.
  Status Append(const Batch& batch);
  void Clear();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // All but the last have kVectorSize rows.
  size_t piece_count() const { return pieces_.size(); }
  uint64_t spilled_bytes() const { return file_end_; }

  // A piece of kVectorSize rows without values.
  std::unique_ptr<RowBuffer> MakePieceOfNulls() const;

  // One reader's place: what it was given stays valid until it reads again, whatever happens to the rows.
  class Reader {
   public:
    Status Read(const PagedRows& rows, size_t piece, Batch& out);
    void Reset() { held_.reset(); }
    // The piece read last.
    const RowBuffer& held() const { return *held_; }

   private:
    std::shared_ptr<const RowBuffer> held_;
  };

 private:
  struct Piece {
    std::shared_ptr<RowBuffer> rows;  // null: in the file
    uint64_t offset = 0;
    uint32_t bytes = 0;
  };

  // Moves all full pieces to the file.
  Status Spill();

  const ExecutionContext* context_;
  std::vector<types::Type> types_;
  std::vector<types::Layout> layouts_;
  std::vector<Piece> pieces_;
  size_t size_ = 0;
  size_t first_kept_ = 0;   // pieces before it are in the file
  size_t kept_bytes_ = 0;   // of the full pieces in memory
  MemoryReservation memory_;
  std::string path_;
  std::unique_ptr<io::File> file_;
  uint64_t file_end_ = 0;
};

// Rows of a PagedRows in any order, through a few pieces kept at hand. Who reads cannot handle an error: it is kept, and
// what could not be read is NULL.
class RandomReader {
 public:
  explicit RandomReader(const PagedRows& rows) : rows_(rows) {}

  // Valid until kPieces - 1 other pieces were read.
  const RowBuffer& Piece(size_t number);
  const types::Vector& ColumnOf(uint64_t row, size_t column) {
    return Piece(row / types::kVectorSize).ColumnOf(row % types::kVectorSize, column);
  }
  bool IsNull(uint64_t row, size_t column) { return ColumnOf(row, column).IsNull(row % types::kVectorSize); }
  // out[at] = column of row, with the bytes.
  void Fetch(uint64_t row, size_t column, types::Vector& out, uint32_t at) {
    CopyValue(ColumnOf(row, column), row % types::kVectorSize, out, at);
  }
  // Forgets the pieces and the error.
  void Reset();
  const Status& status() const { return status_; }

 private:
  static constexpr size_t kPieces = 8;
  struct Slot {
    size_t number = SIZE_MAX;
    uint64_t used = 0;
    PagedRows::Reader reader;
  };

  const PagedRows& rows_;
  Slot slots_[kPieces];
  size_t last_ = 0;  // slot
  uint64_t uses_ = 0;
  std::unique_ptr<RowBuffer> nulls_;
  Status status_;
};

}  // namespace phantom::engine
