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

  // Splits the line; the fields hold until the next call. 22P04.
  Result<const std::vector<CopyField>*> Split(std::string_view line);

 private:
  struct Piece {
    bool is_null;
    size_t begin;
    size_t end;
  };
  void SplitText(std::string_view line);
  Status SplitCsv(std::string_view line);

  const CopyOptions& options_;
  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<CopyField> fields_;
};

}  // namespace phantom::session
