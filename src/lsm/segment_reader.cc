#include "lsm/segment_reader.h"

namespace phantom::lsm {

Result<std::unique_ptr<SegmentReader>> SegmentReader::Open(std::unique_ptr<io::File> file, std::string name,
                                                           BlockCache& cache) {
  ASSIGN_OR_RETURN(std::unique_ptr<SegmentFile> segment, SegmentFile::Open(std::move(file), std::move(name)));
  std::unique_ptr<SegmentReader> reader(new SegmentReader(std::move(segment)));
  for (const ColumnInfo& column : reader->footer().columns) {
    reader->columns_.push_back(std::make_unique<ColumnReader>(*reader->file_, column, cache));
  }
  return reader;
}

std::optional<uint32_t> SegmentReader::FindColumn(uint16_t attribute) const {
  for (uint32_t column = 0; column < column_count(); ++column) {
    if (info(column).attribute == attribute) return column;
  }
  return std::nullopt;
}

ColumnStatistics SegmentReader::Statistics(uint32_t column) const {
  ColumnStatistics statistics;
  statistics.bytes = info(column).Bytes();
  statistics.dictionary_size = info(column).dictionary_size;
  for (const VectorInfo& vector : info(column).vectors) {
    statistics.nulls += vector.nulls;
    ++statistics.vectors[static_cast<size_t>(vector.encoding)];
    statistics.block_bytes[static_cast<size_t>(vector.encoding)] += vector.block.size;
  }
  for (const auto* shared : {&info(column).dictionary, &info(column).symbol_tables}) {
    const Encoding user = shared == &info(column).dictionary ? Encoding::kDictionary : Encoding::kFsst;
    for (const BlockRef& block : *shared) statistics.block_bytes[static_cast<size_t>(user)] += block.size;
  }
  return statistics;
}

Status SegmentReader::ReadValue(uint32_t column, uint32_t position, types::Vector& out, uint32_t index) const {
  PHANTOM_DCHECK(IsPresent(position));
  const uint32_t vector = position / kVectorRows, row = position % kVectorRows;
  if (info(column).vectors[vector].block.size == 0) {
    out.SetNull(index);
    return Status::Ok();
  }
  CachePin<CachedBlock> pin;
  RETURN_IF_ERROR(columns_[column]->PinVector(vector, &pin));
  const Block& block = pin->block();
  if (block.IsNull(row)) {
    out.SetNull(index);
    return Status::Ok();
  }
  out.SetValid(index);
  Status status = block.values().ReadOne(row, out.slot(index), out.heap());
  if (status.ok()) return status;
  return columns_[column]->InVector(vector, std::move(status));
}

Status SegmentReader::ReadVector(uint32_t column, uint32_t vector, types::Vector& out) const {
  PHANTOM_DCHECK(out.layout() == kind(column).layout);
  if (info(column).vectors[vector].block.size == 0) {
    PrepareFlat(out, 1);
    out.SetConstantNull();
    return Status::Ok();
  }
  CachePin<CachedBlock> pin;
  RETURN_IF_ERROR(columns_[column]->PinVector(vector, &pin));
  Status status = pin->block().values().Read(pin->block().validity(), out);
  if (status.ok()) return status;
  return columns_[column]->InVector(vector, std::move(status));
}

Status SegmentReader::ReadRows(uint32_t column, uint32_t vector, const types::SelectionVector& rows, uint32_t count,
                               types::Vector& out) const {
  const VectorInfo& vector_info = info(column).vectors[vector];
  // Decoding a value alone costs several times what it costs among all; constants and dictionaries cost nothing.
  constexpr uint32_t kAloneCost = 8;
  const bool cheap = vector_info.encoding == Encoding::kNone || vector_info.encoding == Encoding::kConstant ||
                     vector_info.encoding == Encoding::kDictionary;
  if (cheap || count * kAloneCost > rows_of(vector)) {
    RETURN_IF_ERROR(ReadVector(column, vector, out));
    if (count < rows_of(vector)) out.Slice(out, rows, count);
    return Status::Ok();
  }
  CachePin<CachedBlock> pin;
  RETURN_IF_ERROR(columns_[column]->PinVector(vector, &pin));
  const Block& block = pin->block();
  PrepareFlat(out, count);
  types::StringHeap& heap = out.heap();
  for (uint32_t i = 0; i < count; ++i) {
    if (block.IsNull(rows[i])) {
      out.SetNull(i);
      continue;
    }
    Status status = block.values().ReadOne(rows[i], out.slot(i), heap);
    if (!status.ok()) return columns_[column]->InVector(vector, std::move(status));
  }
  return Status::Ok();
}

Match SegmentReader::MatchVector(const ColumnCondition& condition, uint32_t vector) const {
  const VectorInfo& vector_info = info(condition.column).vectors[vector];
  const uint32_t rows = present(vector).Count();
  if (rows == 0) return Match::kNone;
  if (condition.condition->is_null_test()) {
    if (vector_info.nulls != 0 && vector_info.nulls != rows) return Match::kSome;
    return (vector_info.nulls == rows) == condition.condition->wants_null() ? Match::kAll : Match::kNone;
  }
  if (vector_info.nulls == rows) return Match::kNone;
  if (!vector_info.has_bounds) return Match::kSome;
  const Bounds& bounds = info(condition.column).bounds;
  const Match match = condition.condition->MatchBounds(bounds.low.slot(vector), bounds.high.slot(vector));
  return match == Match::kAll && vector_info.nulls != 0 ? Match::kSome : match;
}

Status SegmentReader::Select(std::span<const ColumnCondition> conditions, uint32_t vector, RowSet* rows) const {
  *rows = present(vector);
  // What can be skipped is, before anything is read.
  for (const ColumnCondition& condition : conditions) {
    if (MatchVector(condition, vector) != Match::kNone) continue;
    *rows = RowSet();
    return Status::Ok();
  }
  for (const ColumnCondition& condition : conditions) {
    if (rows->Empty()) break;
    if (MatchVector(condition, vector) == Match::kAll) continue;
    RETURN_IF_ERROR(SelectOne(condition, vector, rows));
  }
  return Status::Ok();
}

Status SegmentReader::SelectOne(const ColumnCondition& condition, uint32_t vector, RowSet* rows) const {
  const Condition& test = *condition.condition;
  PHANTOM_CHECK(test.kind().layout == kind(condition.column).layout &&
                (test.is_null_test() || test.kind().compare == kind(condition.column).compare));
  CachePin<CachedBlock> pin;
  RETURN_IF_ERROR(columns_[condition.column]->PinVector(vector, &pin));
  const Block& block = pin->block();
  RowSet matches;
  if (test.is_null_test()) {
    // Some rows are NULL and some are not, so there is a bitmap.
    if (block.validity() == nullptr) {
      return columns_[condition.column]->InVector(vector, DamagedValues("NULLs are missing"));
    }
  } else {
    Status status = block.values().Select(test.ranges(), matches);
    if (!status.ok()) return columns_[condition.column]->InVector(vector, std::move(status));
    test.negated() ? rows->Subtract(matches) : rows->Intersect(matches);
  }
  if (block.validity() == nullptr) return Status::Ok();
  std::memcpy(matches.words.data(), block.validity(), sizeof(matches.words));
  test.wants_null() ? rows->Subtract(matches) : rows->Intersect(matches);
  return Status::Ok();
}

Status SegmentReader::Check() const {
  for (uint32_t column = 0; column < column_count(); ++column) {
    RETURN_IF_ERROR(columns_[column]->CheckShared());
    for (uint32_t vector = 0; vector < vector_count(); ++vector) {
      if (info(column).vectors[vector].block.size == 0) continue;
      Status status = CheckVector(column, vector);
      if (!status.ok()) return columns_[column]->InVector(vector, std::move(status));
    }
  }
  return Status::Ok();
}

Status SegmentReader::CheckVector(uint32_t column, uint32_t vector) const {
  const ColumnInfo& column_info = info(column);
  const VectorInfo& vector_info = column_info.vectors[vector];
  ASSIGN_OR_RETURN(std::unique_ptr<Block> block, columns_[column]->LoadVector(vector));
  types::Vector values(kind(column).type, kind(column).layout, kVectorRows);
  RETURN_IF_ERROR(block->values().Read(block->validity(), values));
  uint32_t nulls = 0;
  bool within = true;
  present(vector).ForEach([&](uint32_t row) {
    if (values.IsNull(row)) {
      ++nulls;
    } else if (vector_info.has_bounds) {
      within = within && kind(column).compare(values.row_slot(row), column_info.bounds.low.slot(vector)) >= 0 &&
               kind(column).compare(values.row_slot(row), column_info.bounds.high.slot(vector)) <= 0;
    }
  });
  if (nulls != vector_info.nulls) return DamagedValues("another number of NULLs than the footer says");
  return within ? Status::Ok() : DamagedValues("values outside their bounds");
}

}  // namespace phantom::lsm
