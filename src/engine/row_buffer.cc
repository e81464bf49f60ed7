#include "engine/row_buffer.h"

#include <algorithm>
#include <cstring>

namespace phantom::engine {

namespace {

constexpr uint32_t kFirstCapacity = 64;

// A slot copied without the bytes it points to.
void CopySlot(const types::Vector& from, uint32_t row, types::Vector& to, uint32_t at) {
  if (from.IsNull(row)) {
    to.SetNull(at);
    return;
  }
  switch (types::SizeOf(from.layout())) {
    case 4:
      to.data<uint32_t>()[at] = from.data<uint32_t>()[row];
      break;
    case 8:
      to.data<uint64_t>()[at] = from.data<uint64_t>()[row];
      break;
    default:
      std::memcpy(to.slot(at), from.slot(row), types::SizeOf(from.layout()));
  }
}

}  // namespace

RowBuffer::RowBuffer(const Runtime& runtime, std::span<const types::Type> types) : types_(types.begin(), types.end()) {
  for (types::Type type : types_) layouts_.push_back(runtime.LayoutOf(type));
}

RowBuffer::Piece& RowBuffer::Room() {
  const size_t position = size_ % types::kVectorSize;
  if (position == 0) {
    if (!chunks_.empty()) {
      for (const types::Vector& column : chunks_.back()->columns) full_bytes_ += column.memory_bytes();
    }
    auto piece = std::make_unique<Piece>();
    piece->capacity = chunks_.empty() ? kFirstCapacity : types::kVectorSize;
    piece->columns.reserve(types_.size());
    for (size_t c = 0; c < types_.size(); ++c) piece->columns.emplace_back(types_[c], layouts_[c], piece->capacity);
    for (const types::Vector& column : piece->columns) piece->pointers.push_back(&column);
    chunks_.push_back(std::move(piece));
  }
  Piece& piece = *chunks_.back();
  if (position >= piece.capacity) {
    piece.capacity = std::min<uint32_t>(piece.capacity * 4, types::kVectorSize);
    for (types::Vector& column : piece.columns) column.Reserve(piece.capacity);
  }
  return piece;
}

void RowBuffer::Append(const Batch& batch) {
  size_t done = 0;
  while (done < batch.rows.count) {
    Piece& piece = Room();
    const uint32_t position = static_cast<uint32_t>(size_ % types::kVectorSize);
    const uint32_t count =
        static_cast<uint32_t>(std::min<size_t>(batch.rows.count - done, piece.capacity - position));
    for (size_t c = 0; c < types_.size(); ++c) {
      const types::Vector& source = *batch.columns[c];
      if (batch.rows.index != nullptr) {
        piece.columns[c].CopySelected(source, batch.rows.index + done, count, position);
      } else {
        piece.columns[c].CopyRows(source, static_cast<uint32_t>(done), count, position);
      }
    }
    size_ += count;
    done += count;
  }
}

void RowBuffer::Clear() {
  chunks_.clear();
  size_ = 0;
  full_bytes_ = 0;
}

Batch RowBuffer::ReadChunk(size_t i) const {
  const size_t begin = i * types::kVectorSize;
  return {chunks_[i]->pointers, {nullptr, std::min<size_t>(types::kVectorSize, size_ - begin)}};
}

void RowBuffer::Gather(size_t column, std::span<const uint64_t> rows, types::Vector& out) const {
  out.Reset();
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] == kNoRow) {
      out.SetNull(static_cast<uint32_t>(i));
    } else {
      CopySlot(ColumnOf(rows[i], column), rows[i] % types::kVectorSize, out, static_cast<uint32_t>(i));
    }
  }
}

void RowBuffer::Fetch(uint64_t row, size_t column, types::Vector& out, uint32_t at) const {
  CopySlot(ColumnOf(row, column), row % types::kVectorSize, out, at);
}

size_t RowBuffer::memory_bytes() const {
  size_t bytes = full_bytes_;
  if (!chunks_.empty()) {
    for (const types::Vector& column : chunks_.back()->columns) bytes += column.memory_bytes();
  }
  return bytes;
}

}  // namespace phantom::engine
