// engine/row_buffer.h
//
// Rows kept in memory, by column: what hash joins, sorts, windows and CTEs hold. A row is named by its number, from 0.
// Rows never move, so references to their bytes stay good until Clear().
//
// Thread safety: none while it is written; may be read from any thread afterwards.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/runtime.h"

namespace phantom::engine {

class RowBuffer {
 public:
  // Stands for "no row": a row of NULLs where rows are gathered.
  static constexpr uint64_t kNoRow = ~uint64_t{0};

  RowBuffer() = default;
  RowBuffer(const Runtime& runtime, std::span<const types::Type> types);
  RowBuffer(std::span<const types::Type> types, std::span<const types::Layout> layouts)
      : types_(types.begin(), types.end()), layouts_(layouts.begin(), layouts.end()) {}

  // Copies the batch's rows, bytes included.
  void Append(const Batch& batch);
  void Clear();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t column_count() const { return types_.size(); }

  // Rows [i * kVectorSize, ...), as they lie; valid as long as the buffer is not changed.
  size_t chunk_count() const { return chunks_.size(); }
  Batch ReadChunk(size_t i) const;

  // The vector that holds a row's column, at position row % kVectorSize.
  const types::Vector& ColumnOf(uint64_t row, size_t column) const {
    return chunks_[row / types::kVectorSize]->columns[column];
  }
  bool IsNull(uint64_t row, size_t column) const {
    return ColumnOf(row, column).IsNull(row % types::kVectorSize);
  }
  const std::byte* Slot(uint64_t row, size_t column) const {
    return ColumnOf(row, column).slot(row % types::kVectorSize);
  }

  // out[i] = column of rows[i]; bytes stay here. out is reset first.
  void Gather(size_t column, std::span<const uint64_t> rows, types::Vector& out) const;
  // out[at] = column of row.
  void Fetch(uint64_t row, size_t column, types::Vector& out, uint32_t at) const;

  size_t memory_bytes() const;

 private:
  struct Piece {
    std::vector<types::Vector> columns;
    std::vector<const types::Vector*> pointers;
    uint32_t capacity = 0;
  };

  Piece& Room();

  std::vector<types::Type> types_;
  std::vector<types::Layout> layouts_;
  std::vector<std::unique_ptr<Piece>> chunks_;
  size_t size_ = 0;
  size_t full_bytes_ = 0;  // of the pieces before the last
};

}  // namespace phantom::engine
