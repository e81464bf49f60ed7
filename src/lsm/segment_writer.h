// lsm/segment_writer.h
//
// Writes a segment (docs/formats/segment.md) into an empty file, vector by vector. Memory is bounded: a buffer of a
// megabyte, and per column at most some megabytes of dictionary, given up when all of them together pass
// kDictionaryMemoryMax.
//
// The file is a segment once Finish() has returned OK; the caller makes it durable. After a failure the file is to be
// thrown away.
//
// Thread safety: none; one thread writes.
#pragma once
#include <vector>

#include "lsm/column_writer.h"
#include "types/chunk.h"

namespace phantom::lsm {

struct SegmentColumn {
  uint16_t attribute;  // number in the table
  types::Type type;    // a domain's base type, an enum's own
  types::Layout layout;
};

struct SegmentSchema {
  uint32_t tree = 0;  // of the table
  uint32_t schema_version = 0;
  uint64_t base = 0;  // row id of position 0
  std::vector<SegmentColumn> columns;
};

class SegmentWriter {
 public:
  static constexpr size_t kDictionaryMemoryMax = 64 << 20;

  SegmentWriter(io::File& file, const SegmentSchema& schema);

  // The next rows: kVectorRows, fewer only the last time, kSegmentRows in all. The chunk's columns are the schema's.
  // Rows that are not in `present` (null: all are) are absent, and their values do not matter.
  Status Append(const types::Chunk& chunk, const RowSet* present = nullptr);
  // Returns the size of the file.
  Result<uint64_t> Finish();

  uint32_t rows() const { return footer_.rows; }

 private:
  Status KeepWithinMemory();

  BlockSink sink_;
  Footer footer_;
  Status header_;
  std::vector<std::unique_ptr<ColumnWriter>> columns_;
};

}  // namespace phantom::lsm
