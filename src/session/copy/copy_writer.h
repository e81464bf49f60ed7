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

#include "session/copy/copy_batch.h"
#include "session/copy/copy_in.h"

namespace phantom::engine {
struct Rows;
}
namespace phantom::types {
struct FormatContext;
}

namespace phantom::session {

class CopyInTask::Writer {
 public:
  static Result<std::unique_ptr<Writer>> Make(SessionState& state, const CopyInPlan& plan);
  ~Writer();

  // An empty batch, with a vector of the right type for each column of the data.
  std::unique_ptr<CopyBatch> MakeBatch() const;
  // Writes the rows of a batch whose values are there, or returns its error.
  Status Write(CopyBatch& batch);
  // Decides what is decided at the end of the statement.
  Status Finish();

  std::vector<std::string> column_names() const;
  const types::FormatContext& format() const;
  // Whether values can be read on another thread.
  bool IsSelfContained() const;

  uint64_t count() const { return count_; }
  const std::string& column_name(size_t index) const;
  size_t column_count() const { return plan_.columns.size(); }

 private:
  struct Engine;
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
  Status LoadRows(const CopyBatch& batch, std::span<const types::Vector* const> full, const engine::Rows& rows);
  Status LoadContext(Status status) const;
  Status WithContext(const CopyBatch& batch, Status status, size_t row, bool with_line) const;

  SessionState& state_;
  const CopyInPlan& plan_;
  std::unique_ptr<Engine> engine_;
  uint64_t count_ = 0;
  LineNumbers loaded_lines_;
};

// Values shown in CONTEXT are cut to this many bytes.
std::string CopyContextText(std::string_view text);

}  // namespace phantom::session
