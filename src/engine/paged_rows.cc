#include "engine/paged_rows.h"

#include <algorithm>

#include "engine/batch_codec.h"
#include "engine/spill_file.h"

namespace phantom::engine {

namespace {

std::vector<types::Layout> LayoutsOf(const Runtime& runtime, std::span<const types::Type> types) {
  std::vector<types::Layout> layouts;
  for (types::Type type : types) layouts.push_back(runtime.LayoutOf(type));
  return layouts;
}

}  // namespace

PagedRows::PagedRows(const ExecutionContext& context, std::span<const types::Type> types,
                     std::span<const types::Layout> layouts)
    : context_(&context),
      types_(types.begin(), types.end()),
      layouts_(layouts.begin(), layouts.end()),
      memory_(context.memory) {}

PagedRows::PagedRows(const Runtime& runtime, std::span<const types::Type> types)
    : PagedRows(runtime.context, types, LayoutsOf(runtime, types)) {}

Status PagedRows::Append(const Batch& batch) {
  std::vector<types::SelIndex> rest;
  Batch part = batch;
  while (part.rows.count > 0) {
    if (size_ % types::kVectorSize == 0) {
      if (!pieces_.empty()) kept_bytes_ += pieces_.back().rows->memory_bytes();
      pieces_.push_back({std::make_shared<RowBuffer>(types_, layouts_), 0, 0});
    }
    RowBuffer& last = *pieces_.back().rows;
    const size_t room = types::kVectorSize - last.size();
    const size_t count = std::min(room, part.rows.count);
    last.Append({part.columns, {part.rows.index, count}});
    size_ += count;
    if (count == part.rows.count) break;
    rest.clear();
    for (size_t i = count; i < batch.rows.count; ++i) rest.push_back(static_cast<types::SelIndex>(batch.rows[i]));
    part.rows = {rest.data(), rest.size()};
  }
  if (pieces_.empty()) return Status::Ok();
  const size_t bytes = kept_bytes_ + pieces_.back().rows->memory_bytes();
  if (memory_.Resize(bytes)) return Status::Ok();
  if (context_->env != nullptr) RETURN_IF_ERROR(Spill());
  memory_.Force(kept_bytes_ + pieces_.back().rows->memory_bytes());
  return Status::Ok();
}

Status PagedRows::Spill() {
  std::string bytes;
  if (file_ == nullptr) {
    ASSIGN_OR_RETURN(file_, CreateTemporaryFile(*context_->env, context_->temp_directory, path_));
  }
  for (; first_kept_ < pieces_.size() && pieces_[first_kept_].rows->size() == types::kVectorSize; ++first_kept_) {
    // The last piece is written to only while it is in memory.
    if (first_kept_ + 1 == pieces_.size()) break;
    Piece& piece = pieces_[first_kept_];
    bytes.clear();
    EncodeBatch(piece.rows->ReadChunk(0), bytes);
    RETURN_IF_ERROR(file_->Write(file_end_, AsBytes(bytes)));
    piece.offset = file_end_;
    piece.bytes = static_cast<uint32_t>(bytes.size());
    file_end_ += bytes.size();
    piece.rows.reset();
  }
  kept_bytes_ = 0;
  return Status::Ok();
}

Status PagedRows::Reader::Read(const PagedRows& rows, size_t number, Batch& out) {
  const Piece& piece = rows.pieces_[number];
  if (piece.rows != nullptr) {
    held_ = piece.rows;
  } else {
    std::string bytes(piece.bytes, '\0');
    RETURN_IF_ERROR(rows.file_->Read(piece.offset, std::as_writable_bytes(std::span(bytes))));
    std::vector<types::Vector> columns;
    std::vector<const types::Vector*> pointers;
    for (size_t c = 0; c < rows.types_.size(); ++c) {
      columns.emplace_back(rows.types_[c], rows.layouts_[c], types::kVectorSize);
    }
    for (const types::Vector& column : columns) pointers.push_back(&column);
    const uint32_t count = DecodeBatch(bytes, columns);
    auto read = std::make_shared<RowBuffer>(rows.types_, rows.layouts_);
    read->Append({pointers, {nullptr, count}});
    held_ = std::move(read);
  }
  out = held_->ReadChunk(0);
  return Status::Ok();
}

std::unique_ptr<RowBuffer> PagedRows::MakePieceOfNulls() const {
  std::vector<types::Vector> columns;
  std::vector<const types::Vector*> pointers;
  for (size_t c = 0; c < types_.size(); ++c) {
    columns.emplace_back(types_[c], layouts_[c], 1);
    columns.back().SetConstantNull();
  }
  for (const types::Vector& column : columns) pointers.push_back(&column);
  auto piece = std::make_unique<RowBuffer>(types_, layouts_);
  for (uint32_t i = 0; i < types::kVectorSize; ++i) piece->Append({pointers, {nullptr, 1}});
  return piece;
}

const RowBuffer& RandomReader::Piece(size_t number) {
  if (slots_[last_].number == number) return slots_[last_].reader.held();
  size_t oldest = 0;
  for (size_t i = 0; i < kPieces; ++i) {
    if (slots_[i].number == number) {
      last_ = i;
      slots_[i].used = ++uses_;
      return slots_[i].reader.held();
    }
    if (slots_[i].used < slots_[oldest].used) oldest = i;
  }
  last_ = oldest;
  Slot& slot = slots_[oldest];
  slot.used = ++uses_;
  Batch batch;
  if (Status status = slot.reader.Read(rows_, number, batch); status.ok()) {
    slot.number = number;
    return slot.reader.held();
  } else if (status_.ok()) {
    status_ = std::move(status);
  }
  slot.number = SIZE_MAX;
  if (nulls_ == nullptr) nulls_ = rows_.MakePieceOfNulls();
  return *nulls_;
}

void RandomReader::Reset() {
  for (Slot& slot : slots_) {
    slot.number = SIZE_MAX;
    slot.reader.Reset();
  }
  status_ = Status::Ok();
}

void PagedRows::Clear() {
  pieces_.clear();
  size_ = first_kept_ = kept_bytes_ = 0;
  memory_.Reset();
  file_end_ = 0;
  if (file_ == nullptr) return;
  file_.reset();
  // A file that cannot be removed now is removed with the directory when the server starts.
  static_cast<void>(context_->env->Remove(path_).ok());
}

}  // namespace phantom::engine
