#include "session/row_store.h"

#include <algorithm>

#include "common/bytes.h"
#include "engine/batch_codec.h"
#include "engine/spill_file.h"
#include "types/oids.h"
#include "types/value.h"

namespace phantom::session {

RowStore::~RowStore() {
  if (file_ == nullptr) return;
  file_.reset();
  // A file that cannot be removed now is removed with the directory when the server starts.
  static_cast<void>(env_->Remove(path_).ok());
}

RowStore::Piece& RowStore::Room(const types::Chunk& like, uint32_t count) {
  if (!pieces_.empty() && pieces_.back().rows != nullptr) {
    Piece& last = pieces_.back();
    const uint32_t wanted = last.rows->size() + count;
    if (wanted <= types::kVectorSize) {
      if (wanted > last.capacity) {
        last.capacity = std::min<uint32_t>(std::max(wanted, last.capacity * 4), types::kVectorSize);
        for (uint32_t i = 0; i < like.column_count(); ++i) last.rows->column(i).Reserve(last.capacity);
      }
      return last;
    }
  }
  Piece& piece = pieces_.emplace_back();
  piece.first = end_;
  piece.rows = std::make_unique<types::Chunk>();
  piece.bytes = 0;
  piece.capacity = count;
  for (uint32_t i = 0; i < like.column_count(); ++i) {
    const types::Vector& source = like.column(i);
    piece.rows->AddColumn(types::Vector(source.type(), source.layout(), count));
    if (columns_.size() <= i) columns_.emplace_back(source.type(), source.layout());
  }
  piece.rows->SetSize(0);
  return piece;
}

Status RowStore::Append(const types::Chunk& chunk, uint32_t first, uint32_t count) {
  if (count == 0) return Status::Ok();
  Piece& piece = Room(chunk, count);
  const uint32_t at = piece.rows->size();
  for (uint32_t i = 0; i < chunk.column_count(); ++i) piece.rows->column(i).CopyRows(chunk.column(i), first, count, at);
  piece.rows->SetSize(at + count);
  bytes_ -= piece.bytes;
  piece.bytes = piece.rows->memory_bytes();
  bytes_ += piece.bytes;
  end_ += count;
  return env_ != nullptr ? Spill() : Trim();
}

void RowStore::AppendTexts(std::span<const std::string> row) {
  types::Chunk chunk;
  for (const std::string& text : row) {
    types::Vector column(types::kTextOid, 1);
    column.SetString(0, text);
    chunk.AddColumn(std::move(column));
  }
  chunk.SetSize(1);
  // Results of utility statements are small: they stay in memory, where nothing fails.
  static_cast<void>(Append(chunk, 0, 1).ok());
}

Result<const types::Chunk*> RowStore::Find(uint64_t position, uint32_t* row) {
  PHANTOM_CHECK(position >= begin_ && position < end_);
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), position,
                                      [](uint64_t wanted, const Piece& piece) { return wanted < piece.first; });
  const Piece& piece = *std::prev(after);
  *row = static_cast<uint32_t>(position - piece.first);
  if (piece.rows != nullptr) return static_cast<const types::Chunk*>(piece.rows.get());
  if (read_first_ == piece.first) return static_cast<const types::Chunk*>(&read_);
  read_first_ = UINT64_MAX;
  std::string bytes(piece.file_bytes, '\0');
  RETURN_IF_ERROR(file_->Read(piece.offset, std::as_writable_bytes(std::span(bytes))));
  std::vector<types::Vector> columns;
  for (const auto& [type, layout] : columns_) columns.emplace_back(type, layout, types::kVectorSize);
  const uint32_t count = engine::DecodeBatch(bytes, columns);
  read_ = types::Chunk();
  for (types::Vector& column : columns) read_.AddColumn(std::move(column));
  read_.SetSize(count);
  read_first_ = piece.first;
  return static_cast<const types::Chunk*>(&read_);
}

Status RowStore::Spill() {
  while (bytes_ > bytes_max_ && spilled_pieces_ < pieces_.size()) {
    if (file_ == nullptr) {
      ASSIGN_OR_RETURN(file_, engine::CreateTemporaryFile(*env_, directory_, path_));
    }
    Piece& piece = pieces_[spilled_pieces_++];
    std::vector<const types::Vector*> columns;
    for (uint32_t i = 0; i < piece.rows->column_count(); ++i) columns.push_back(&piece.rows->column(i));
    std::string bytes;
    engine::EncodeBatch({columns, {nullptr, piece.rows->size()}}, bytes);
    RETURN_IF_ERROR(file_->Write(file_end_, AsBytes(bytes)));
    piece.offset = file_end_;
    piece.file_bytes = static_cast<uint32_t>(bytes.size());
    file_end_ += bytes.size();
    bytes_ -= piece.bytes;
    piece.rows.reset();
  }
  return Status::Ok();
}

Status RowStore::Trim() {
  while (bytes_ > bytes_max_ && pieces_.size() > 1) {
    bytes_ -= pieces_.front().bytes;
    begin_ = pieces_[1].first;
    pieces_.pop_front();
  }
  return Status::Ok();
}

}  // namespace phantom::session
