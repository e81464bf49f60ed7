// session/copy/fields.h
//
// A line of COPY in text or CSV format to its fields.
//
// Thread safety: none; one owner at a time.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "session/copy/options.h"

namespace phantom::session {

struct CopyField {
  bool is_null;
  std::string_view text;
};

class CopyFieldSplitter {
 public:
  explicit CopyFieldSplitter(const CopyOptions& options) : options_(options) {}

  // Splits the line; the fields hold as long as it does and until the next call. 22P04.
  Result<const std::vector<CopyField>*> Split(std::string_view line);

 private:
  // A field that is in text_, which moves as it grows, and not in the line.
  struct Copy {
    size_t field;
    size_t begin;
    size_t end;
  };
  void AddCopy(bool is_null, size_t begin) {
    copies_.push_back({fields_.size(), begin, text_.size()});
    fields_.push_back({is_null, {}});
  }
  bool IsNull(std::string_view line, size_t begin, size_t end) const {
    return end - begin == options_.null_text.size() && line.substr(begin, end - begin) == options_.null_text;
  }
  void SplitText(std::string_view line);
  Status SplitCsv(std::string_view line);
  // The field from `at` on, byte by byte, into text_; *at: behind it.
  void CopyText(std::string_view line, size_t* at);
  Status CopyCsv(std::string_view line, size_t* at, bool* saw_quote);

  const CopyOptions& options_;
  std::string text_;
  std::vector<Copy> copies_;
  std::vector<CopyField> fields_;
};

}  // namespace phantom::session
