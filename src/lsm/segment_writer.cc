#include "lsm/segment_writer.h"

#include <algorithm>

#include "lsm/segment_file.h"

namespace phantom::lsm {

SegmentWriter::SegmentWriter(io::File& file, const SegmentSchema& schema) : sink_(file) {
  footer_.tree = schema.tree;
  footer_.schema_version = schema.schema_version;
  footer_.base = schema.base;
  for (const SegmentColumn& column : schema.columns) {
    columns_.push_back(std::make_unique<ColumnWriter>(column.attribute, Kind(column.type, column.layout), sink_));
  }
  header_ = sink_.AppendRaw(BlockFileHeader(kSegmentFile, schema.base));
}

Status SegmentWriter::Append(const types::Chunk& chunk, const RowSet* present) {
  RETURN_IF_ERROR(header_);
  const uint32_t count = chunk.size();
  PHANTOM_CHECK(count > 0 && count <= kVectorRows && footer_.rows % kVectorRows == 0 && footer_.rows < kSegmentRows);
  PHANTOM_CHECK(chunk.column_count() == columns_.size());
  RowSet rows = RowSet::First(count);
  if (present != nullptr) rows.Intersect(*present);
  footer_.rows += count;
  footer_.present.push_back(rows);
  for (uint32_t i = 0; i < columns_.size(); ++i) {
    RETURN_IF_ERROR(columns_[i]->Add(chunk.column(i), count, rows));
  }
  return KeepWithinMemory();
}

Status SegmentWriter::KeepWithinMemory() {
  size_t bytes = 0;
  for (const auto& column : columns_) bytes += column->memory_bytes();
  while (bytes > kDictionaryMemoryMax) {
    auto& largest = **std::ranges::max_element(columns_, {}, [](const auto& column) { return column->memory_bytes(); });
    bytes -= largest.memory_bytes();
    RETURN_IF_ERROR(largest.DropDictionary());
  }
  return Status::Ok();
}

Result<uint64_t> SegmentWriter::Finish() {
  RETURN_IF_ERROR(header_);
  for (auto& column : columns_) {
    RETURN_IF_ERROR(column->Finish());
    footer_.columns.push_back(column->TakeInfo());
  }
  return sink_.Finish(footer_.Encode());
}

}  // namespace phantom::lsm
