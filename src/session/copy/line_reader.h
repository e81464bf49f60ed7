// session/copy/line_reader.h
//
// Cuts the bytes of COPY FROM in text or CSV format into lines, however they arrive: end-of-line style is learned from
// the first line and held to; a CSV line may span several; "\." ends the data (PostgreSQL 15, COPY, File Formats).
//
// Thread safety: none; one owner at a time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/status.h"
#include "session/copy/byte_scan.h"
#include "session/copy/options.h"

namespace phantom::session {

class CopyLineReader {
 public:
  explicit CopyLineReader(const CopyOptions& options);

  void Feed(std::string_view bytes);
  // No more bytes will come.
  void End() { at_end_ = true; }

  enum class Outcome { kLine, kNeedMore, kEnd };
  // The next line, without its end. The view holds until Feed() or the next Next(). 22P04.
  Result<Outcome> Next(std::string_view* line);

  // Of the line given last; lines inside CSV quotes count.
  uint64_t line_number() const { return line_number_; }

 private:
  enum class EndOfLine { kUnknown, kNewline, kReturn, kReturnNewline };

  Outcome GiveLine(std::string_view* line, size_t end, size_t next);
  Status LiteralEnd(bool is_return) const;
  // What "\." at `at` means: sets *ends, or leaves it to be data. kNeedMore when bytes are missing.
  Result<Outcome> Marker(size_t at, bool* ends, size_t* next);

  const CopyOptions& options_;
  const char escape_;  // 0 when it is the quote itself
  // What the end of a line and the state of quotes depend on; of no use where there is a fifth such byte.
  const ByteScan scan_bytes_;
  std::string buffer_;
  size_t begin_ = 0;  // of the line being read
  size_t scan_ = 0;   // where scanning goes on
  bool in_quote_ = false;
  bool last_was_escape_ = false;
  uint64_t quoted_lines_ = 0;  // line ends inside quotes of the line being read
  EndOfLine end_of_line_ = EndOfLine::kUnknown;
  bool at_end_ = false;
  bool finished_ = false;
  uint64_t line_number_ = 0;
};

}  // namespace phantom::session
