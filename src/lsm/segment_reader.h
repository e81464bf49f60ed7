// lsm/segment_reader.h
//
// Reads a segment: single values, vectors, and which rows of a vector satisfy conditions. Columns and vectors are
// numbered from 0, as they were written; a position is a row's number in the segment. Cold bytes come block by block
// (one column of one vector) through the BlockCache, so that a single value costs a look at memory and the decoding of
// that value.
//
// Errors: XX001 names file, column and vector where a checksum is wrong or bytes make no sense; 58030 when they cannot
// be read. Nothing damaged is ever handed out as a value.
//
// Thread safety: all const methods may be called from any thread.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lsm/column_reader.h"
#include "lsm/condition.h"

namespace phantom::lsm {

// A condition on one column.
struct ColumnCondition {
  uint32_t column;
  const Condition* condition;
};

// What a column takes, for views of statistics.
struct ColumnStatistics {
  uint64_t bytes = 0;
  uint64_t nulls = 0;
  uint32_t dictionary_size = 0;
  std::array<uint32_t, kEncodingCount> vectors{};      // by encoding
  std::array<uint64_t, kEncodingCount> block_bytes{};  // ... of these; the dictionary is with the vectors that use it
};

class SegmentReader {
 public:
  // The cache must outlive the reader. The name is for messages.
  static Result<std::unique_ptr<SegmentReader>> Open(std::unique_ptr<io::File> file, std::string name,
                                                     BlockCache& cache);

  uint32_t tree() const { return footer().tree; }
  uint32_t schema_version() const { return footer().schema_version; }
  uint64_t base() const { return footer().base; }
  uint32_t rows() const { return footer().rows; }  // positions, absent ones included
  uint32_t vector_count() const { return footer().vector_count(); }
  uint32_t rows_of(uint32_t vector) const { return RowsOfVector(rows(), vector); }
  uint64_t file_bytes() const { return file_->size(); }

  uint32_t column_count() const { return static_cast<uint32_t>(columns_.size()); }
  const Kind& kind(uint32_t column) const { return *info(column).kind; }
  uint16_t attribute(uint32_t column) const { return info(column).attribute; }
  // The column of an attribute; none when the segment is older than the attribute.
  std::optional<uint32_t> FindColumn(uint16_t attribute) const;
  const Sketch& sketch(uint32_t column) const { return info(column).sketch; }
  ColumnStatistics Statistics(uint32_t column) const;

  const RowSet& present(uint32_t vector) const { return footer().present[vector]; }
  bool IsPresent(uint32_t position) const {
    return position < rows() && present(position / kVectorRows).Has(position % kVectorRows);
  }

  // Decodes one value into slot `index` of a writable flat vector of the column's layout, bytes into its heap. Requires
  // a position that is present.
  Status ReadValue(uint32_t column, uint32_t position, types::Vector& out, uint32_t index) const;

  // Makes `out` (of the column's type and layout) a vector's rows: constant or dictionary where the encoding is. What
  // absent rows hold means nothing, but may be read.
  Status ReadVector(uint32_t column, uint32_t vector, types::Vector& out) const;
  // Same for chosen rows of the vector, ascending: row i of `out` is rows[i].
  Status ReadRows(uint32_t column, uint32_t vector, const types::SelectionVector& rows, uint32_t count,
                  types::Vector& out) const;

  // What bounds and NULLs say of the rows of a vector, without reading it: kNone allows to skip it.
  Match MatchVector(const ColumnCondition& condition, uint32_t vector) const;
  // The present rows of a vector that satisfy all conditions, evaluated on codes where the encoding allows. Conditions
  // must have been made for the columns' types.
  Status Select(std::span<const ColumnCondition> conditions, uint32_t vector, RowSet* rows) const;

  // Reads everything, past the cache, and compares it with what the footer says.
  Status Check() const;

 private:
  explicit SegmentReader(std::unique_ptr<SegmentFile> file) : file_(std::move(file)) {}
  const Footer& footer() const { return file_->footer(); }
  const ColumnInfo& info(uint32_t column) const { return footer().columns[column]; }
  Status CheckVector(uint32_t column, uint32_t vector) const;
  Status SelectOne(const ColumnCondition& condition, uint32_t vector, RowSet* rows) const;

  std::unique_ptr<SegmentFile> file_;
  std::vector<std::unique_ptr<ColumnReader>> columns_;
};

}  // namespace phantom::lsm
