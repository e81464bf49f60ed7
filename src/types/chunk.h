// types/chunk.h
//
// Several vectors of one length: the unit that flows through the engine. At most kVectorSize rows, unless it was made
// with a larger capacity (a build side, a sort run).
//
// Thread safety: as for Vector.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "types/vector.h"

namespace phantom::types {

class Chunk {
 public:
  Chunk() = default;
  explicit Chunk(std::span<const Type> types, uint32_t capacity = kVectorSize);
  Chunk(Chunk&&) noexcept = default;
  Chunk& operator=(Chunk&&) noexcept = default;
  Chunk(const Chunk&) = default;  // shares memory, as Vector does
  Chunk& operator=(const Chunk&) = default;

  uint32_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  uint32_t column_count() const { return static_cast<uint32_t>(columns_.size()); }
  Vector& column(uint32_t i) { return columns_[i]; }
  const Vector& column(uint32_t i) const { return columns_[i]; }
  std::vector<Vector>& columns() { return columns_; }
  const std::vector<Vector>& columns() const { return columns_; }
  void AddColumn(Vector column) { columns_.push_back(std::move(column)); }

  // The writer of the vectors says how many rows they hold.
  void SetSize(uint32_t count) { count_ = count; }

  // No rows, all columns writable.
  void Reset();
  void Reserve(uint32_t capacity);

  // Becomes the other's rows, sharing its memory.
  void Reference(const Chunk& other);
  // Keeps rows selection[0..count).
  void Slice(const SelectionVector& selection, uint32_t count);
  // Becomes rows selection[0..count) of other, sharing its memory.
  void SliceOf(const Chunk& other, const SelectionVector& selection, uint32_t count);
  void Flatten();

  // Copies all rows, or one, behind the present ones. Requires writable flat columns; grows them.
  void Append(const Chunk& other);
  void AppendRow(const Chunk& other, uint32_t row);

  size_t memory_bytes() const;

 private:
  std::vector<Vector> columns_;
  uint32_t count_ = 0;
};

}  // namespace phantom::types
