#include "session/row_store.h"

#include <algorithm>

#include "types/oids.h"
#include "types/value.h"

namespace phantom::session {

void RowStore::Append(const types::Chunk& chunk, uint32_t first, uint32_t count) {
  if (count == 0) return;
  auto rows = std::make_unique<types::Chunk>();
  for (uint32_t i = 0; i < chunk.column_count(); ++i) {
    const types::Vector& source = chunk.column(i);
    types::Vector column(source.type(), source.layout(), count);
    column.CopyRows(source, first, count, 0);
    rows->AddColumn(std::move(column));
  }
  rows->SetSize(count);
  const size_t bytes = rows->memory_bytes();
  pieces_.push_back({end_, std::move(rows), bytes});
  end_ += count;
  bytes_ += bytes;
  Trim();
}

void RowStore::AppendTexts(std::span<const std::string> row) {
  types::Chunk chunk;
  for (const std::string& text : row) {
    types::Vector column(types::kTextOid, 1);
    column.SetString(0, text);
    chunk.AddColumn(std::move(column));
  }
  chunk.SetSize(1);
  Append(chunk, 0, 1);
}

const types::Chunk& RowStore::Find(uint64_t position, uint32_t* row) const {
  PHANTOM_CHECK(position >= begin_ && position < end_);
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), position,
                                      [](uint64_t wanted, const Piece& piece) { return wanted < piece.first; });
  const Piece& piece = *std::prev(after);
  *row = static_cast<uint32_t>(position - piece.first);
  return *piece.rows;
}

void RowStore::Trim() {
  while (bytes_ > bytes_max_ && pieces_.size() > 1) {
    bytes_ -= pieces_.front().bytes;
    begin_ = pieces_[1].first;
    pieces_.pop_front();
  }
}

}  // namespace phantom::session
