// session/copy/copy_batch.h
//
// Rows of COPY FROM on their way: first lines of text, then values. A row of binary data has no line.
//
// Thread safety: one owner at a time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "types/vector.h"

namespace phantom::session {

struct CopyBatch {
  static constexpr uint32_t kRowsMax = types::kVectorSize;
  // Of lines and binary values: a batch that has more is full.
  static constexpr size_t kBytesMax = 4 << 20;

  struct Origin {
    uint64_t number;  // of the line or row in the data
    size_t begin, size;
  };

  void AddLine(std::string_view line, uint64_t number) {
    origins.push_back({number, text.size(), line.size()});
    text.append(line);
  }
  uint32_t rows() const { return static_cast<uint32_t>(origins.size()); }
  bool full() const { return origins.size() == kRowsMax || text.size() + binary_bytes >= kBytesMax; }
  std::string_view line(size_t row) const { return std::string_view(text).substr(origins[row].begin, origins[row].size); }
  void Clear() {
    text.clear();
    origins.clear();
    binary_bytes = 0;
    for (types::Vector& vector : input) vector.Reset();
    error = Status::Ok();
  }

  std::string text;
  std::vector<Origin> origins;
  size_t binary_bytes = 0;
  std::vector<types::Vector> input;  // by column of the data
  Status error;                      // why the lines are no rows, with its context
};

}  // namespace phantom::session
