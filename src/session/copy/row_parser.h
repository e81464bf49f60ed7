// session/copy/row_parser.h
//
// Lines of COPY FROM in text or CSV format to values of their columns' types.
//
// Thread safety: one owner at a time; what it is made from must not change meanwhile.
#pragma once
#include <string>
#include <vector>

#include "session/copy/copy_batch.h"
#include "session/copy/fields.h"
#include "session/copy/options.h"
#include "types/format_context.h"

namespace phantom::session {

class CopyRowParser {
 public:
  // All outlive the parser.
  CopyRowParser(const CopyOptions& options, const std::string& table, std::vector<std::string> columns,
                const types::FormatContext& format);

  // Fills the batch's vectors from its lines; what is wrong with them is batch.error.
  void Parse(CopyBatch& batch);
  // HEADER MATCH: whether the line names the columns. 22P04.
  Status MatchHeader(std::string_view line, uint64_t number);
  // Adds where an error is to be found.
  Status LineContext(Status status, uint64_t number) const;

  // Whether values of the type can be read on any thread: without asking the catalog.
  static bool IsSelfContained(types::Type type);

 private:
  Status ParseLine(CopyBatch& batch, uint32_t row);
  Status LineContext(Status status, uint64_t number, std::string_view line) const;
  Status ColumnContext(Status status, uint64_t number, size_t column, const CopyField& field) const;

  const CopyOptions& options_;
  const std::string& table_;
  const std::vector<std::string> columns_;
  const types::FormatContext& format_;
  CopyFieldSplitter splitter_;
  std::vector<bool> force_not_null_;
  std::vector<bool> force_null_;
};

}  // namespace phantom::session
