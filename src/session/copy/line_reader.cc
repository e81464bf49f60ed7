#include "session/copy/line_reader.h"

namespace phantom::session {

CopyLineReader::CopyLineReader(const CopyOptions& options)
    : options_(options),
      escape_(options.escape == options.quote ? '\0' : options.escape),
      scan_bytes_('\n', '\r', '\\', options.is_csv() ? options.quote : '\n') {}

void CopyLineReader::Feed(std::string_view bytes) {
  if (finished_) return;  // what follows the marker is ignored
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    scan_ -= begin_;
    begin_ = 0;
  }
  buffer_.append(bytes);
}

CopyLineReader::Outcome CopyLineReader::GiveLine(std::string_view* line, size_t end, size_t next) {
  *line = std::string_view(buffer_).substr(begin_, end - begin_);
  begin_ = scan_ = next;
  in_quote_ = last_was_escape_ = false;
  line_number_ += 1 + quoted_lines_;
  quoted_lines_ = 0;
  return Outcome::kLine;
}

Status CopyLineReader::LiteralEnd(bool is_return) const {
  const bool csv = options_.is_csv();
  const char* what = is_return ? "carriage return" : "newline";
  Status status = Errorf(sqlstate::kBadCopyFileFormat, "%s %s found in data", csv ? "unquoted" : "literal", what);
  return csv ? std::move(status).Hint(Format("Use quoted CSV field to represent %s.", what))
             : std::move(status).Hint(Format("Use \"\\%c\" to represent %s.", is_return ? 'r' : 'n', what));
}

Result<CopyLineReader::Outcome> CopyLineReader::Marker(size_t at, bool* ends, size_t* next) {
  const auto mismatch = [] {
    return Error(sqlstate::kBadCopyFileFormat, "end-of-copy marker does not match previous newline style");
  };
  const auto corrupt = [] { return Error(sqlstate::kBadCopyFileFormat, "end-of-copy marker corrupt"); };
  *ends = false;
  size_t after = at + 2;
  if (after == buffer_.size()) {
    if (!at_end_) return Outcome::kNeedMore;
    *ends = true;
    *next = after;
    return Outcome::kEnd;
  }
  const char c = buffer_[after];
  if (c != '\n' && c != '\r') {
    if (options_.is_csv()) return Outcome::kLine;
    return corrupt();
  }
  if (c == '\r' && (end_of_line_ == EndOfLine::kReturnNewline || end_of_line_ == EndOfLine::kUnknown)) {
    if (after + 1 == buffer_.size() && !at_end_) return Outcome::kNeedMore;
    if (after + 1 < buffer_.size() && buffer_[after + 1] == '\n') {
      ++after;
    } else if (end_of_line_ == EndOfLine::kReturnNewline) {
      return mismatch();
    }
  } else if ((c == '\r') != (end_of_line_ == EndOfLine::kReturn) && end_of_line_ != EndOfLine::kUnknown) {
    return mismatch();
  } else if (c == '\n' && end_of_line_ == EndOfLine::kReturnNewline) {
    return mismatch();
  }
  *ends = true;
  *next = after + 1;
  return Outcome::kEnd;
}

Result<CopyLineReader::Outcome> CopyLineReader::Next(std::string_view* line) {
  const bool csv = options_.is_csv();
  if (finished_) return Outcome::kEnd;
  const bool skip = !csv || escape_ == '\0';
  while (scan_ < buffer_.size()) {
    if (skip) {
      scan_ = scan_bytes_.Find(buffer_.data(), scan_, buffer_.size());
      if (scan_ == buffer_.size()) break;
    }
    const char c = buffer_[scan_];
    if (csv) {
      if (in_quote_ && escape_ != '\0' && c == escape_) last_was_escape_ = !last_was_escape_;
      if (c == options_.quote && !last_was_escape_) in_quote_ = !in_quote_;
      if (escape_ == '\0' || c != escape_) last_was_escape_ = false;
      if (in_quote_ && c == (end_of_line_ == EndOfLine::kReturn ? '\r' : '\n')) ++quoted_lines_;
    }
    if (c == '\r' && !in_quote_) {
      if (end_of_line_ == EndOfLine::kUnknown || end_of_line_ == EndOfLine::kReturnNewline) {
        if (scan_ + 1 == buffer_.size() && !at_end_) return Outcome::kNeedMore;
        if (scan_ + 1 < buffer_.size() && buffer_[scan_ + 1] == '\n') {
          end_of_line_ = EndOfLine::kReturnNewline;
          return GiveLine(line, scan_, scan_ + 2);
        }
        if (end_of_line_ == EndOfLine::kReturnNewline) {
          ++line_number_;
          return LiteralEnd(true);
        }
        end_of_line_ = EndOfLine::kReturn;
      } else if (end_of_line_ == EndOfLine::kNewline) {
        ++line_number_;
        return LiteralEnd(true);
      }
      return GiveLine(line, scan_, scan_ + 1);
    }
    if (c == '\n' && !in_quote_) {
      if (end_of_line_ == EndOfLine::kReturn || end_of_line_ == EndOfLine::kReturnNewline) {
        ++line_number_;
        return LiteralEnd(false);
      }
      end_of_line_ = EndOfLine::kNewline;
      return GiveLine(line, scan_, scan_ + 1);
    }
    if (c == '\\' && (!csv || scan_ == begin_)) {
      if (scan_ + 1 == buffer_.size() && !at_end_) {
        // The quote state must not see this byte twice; it is no quote unless the options make it one.
        if (csv && (c == options_.quote || c == escape_)) {
          ++scan_;
          continue;
        }
        return Outcome::kNeedMore;
      }
      if (scan_ + 1 < buffer_.size() && buffer_[scan_ + 1] == '.') {
        bool ends = false;
        size_t next = 0;
        ASSIGN_OR_RETURN(const Outcome outcome, Marker(scan_, &ends, &next));
        if (outcome == Outcome::kNeedMore) return outcome;
        if (ends) {
          finished_ = true;
          if (scan_ > begin_) return GiveLine(line, scan_, next);
          return Outcome::kEnd;
        }
      }
      // In text format whatever follows a backslash is data.
      if (!csv) ++scan_;
    }
    ++scan_;
  }
  if (!at_end_) {
    // A text line may end in the middle of an escape; its second byte is then skipped when it comes.
    return Outcome::kNeedMore;
  }
  finished_ = true;
  if (begin_ < buffer_.size()) return GiveLine(line, buffer_.size(), buffer_.size());
  return Outcome::kEnd;
}

}  // namespace phantom::session
