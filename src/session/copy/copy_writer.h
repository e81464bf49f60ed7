// session/copy/copy_writer.h
//
// The rows of a COPY FROM on their way into the table, a batch at a time.
//
// Thread safety: the session's thread.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "session/copy/copy_in.h"

namespace phantom::engine {
struct Rows;
}

namespace phantom::session {

class CopyInTask::Writer {
 public:
  static constexpr uint32_t kBatchRows = 1024;
  static constexpr size_t kBatchBytes = 4 << 20;

  static Result<std::unique_ptr<Writer>> Make(SessionState& state, const CopyInPlan& plan);
  ~Writer();

  // Fills field `index` (of the data's columns) of the row being read. `context` is the CONTEXT of its errors.
  Status SetNull(size_t index);
  Status SetText(size_t index, std::string_view text);
  Status SetBinary(size_t index, std::string_view bytes);
  // The row is complete; `line` is its text (empty in binary format). Writes the batch when it is full.
  Status EndRow(uint64_t line_number, std::string_view line);
  // Writes what is left and decides what is decided at the end of the statement.
  Status Finish();

  uint64_t count() const { return count_; }
  const std::string& column_name(size_t index) const;
  size_t column_count() const { return plan_.columns.size(); }

 private:
  struct Engine;
  struct RowOrigin {
    uint64_t line_number;
    std::string line;
  };

  // Lines of rows, one after the other as a rule.
  class LineNumbers {
   public:
    void Add(uint64_t line);
    uint64_t Of(uint64_t row) const;

   private:
    struct Run {
      uint64_t row;
      uint64_t line;
    };
    std::vector<Run> runs_;
    uint64_t count_ = 0;
  };

  Writer(SessionState& state, const CopyInPlan& plan);
  Status Prepare();
  Status WriteBatch();
  Status LoadRows(std::span<const types::Vector* const> full, const engine::Rows& rows);
  Status LoadContext(Status status) const;
  Status WithContext(Status status, size_t row, bool with_line) const;

  SessionState& state_;
  const CopyInPlan& plan_;
  std::unique_ptr<Engine> engine_;
  std::vector<RowOrigin> origins_;
  size_t batch_bytes_ = 0;
  uint64_t count_ = 0;
  LineNumbers loaded_lines_;
};

// Values shown in CONTEXT are cut to this many bytes.
std::string CopyContextText(std::string_view text);

}  // namespace phantom::session
