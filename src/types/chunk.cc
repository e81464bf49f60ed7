#include "types/chunk.h"

#include <algorithm>

namespace phantom::types {

Chunk::Chunk(std::span<const Type> types, uint32_t capacity) {
  columns_.reserve(types.size());
  for (Type type : types) columns_.emplace_back(type, capacity);
}

void Chunk::Reset() {
  for (Vector& column : columns_) column.Reset();
  count_ = 0;
}

void Chunk::Reserve(uint32_t capacity) {
  for (Vector& column : columns_) column.Reserve(capacity);
}

void Chunk::Reference(const Chunk& other) {
  if (this != &other) *this = other;
}

void Chunk::Slice(const SelectionVector& selection, uint32_t count) {
  // Columns sliced together share their selection; compose it with the new one once.
  std::shared_ptr<SelIndex[]> before, after;
  for (Vector& column : columns_) {
    if (column.form_ == VectorForm::kDictionary && column.selection_ == before) {
      column.selection_ = after;
      continue;
    }
    bool composes = column.form_ == VectorForm::kDictionary;
    std::shared_ptr<SelIndex[]> old = column.selection_;
    column.Slice(column, selection, count);
    if (composes) {
      before = std::move(old);
      after = column.selection_;
    }
  }
  count_ = count;
}

void Chunk::SliceOf(const Chunk& other, const SelectionVector& selection, uint32_t count) {
  Reference(other);
  Slice(selection, count);
}

void Chunk::Flatten() {
  for (Vector& column : columns_) column.Flatten(count_);
}

void Chunk::Append(const Chunk& other) {
  Reserve(count_ + other.count_);
  for (uint32_t i = 0; i < column_count(); ++i) columns_[i].CopyRows(other.columns_[i], 0, other.count_, count_);
  count_ += other.count_;
}

void Chunk::AppendRow(const Chunk& other, uint32_t row) {
  Reserve(count_ + 1);
  for (uint32_t i = 0; i < column_count(); ++i) columns_[i].CopyRows(other.columns_[i], row, 1, count_);
  ++count_;
}

size_t Chunk::memory_bytes() const {
  size_t bytes = 0;
  for (const Vector& column : columns_) bytes += column.memory_bytes();
  return bytes;
}

}  // namespace phantom::types
