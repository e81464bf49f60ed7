// lsm/encoding/exceptions.h
//
// Where the few rows are that an encoding keeps apart.
#pragma once
#include <algorithm>
#include <optional>
#include <vector>

#include "lsm/byte_cursor.h"

namespace phantom::lsm {

class ExceptionRows {
 public:
  static void Append(const std::vector<uint16_t>& rows, std::string& out) {
    for (uint16_t row : rows) AppendLE(out, row);
  }

  // False unless `rows` ascending rows below count follow.
  bool Open(ByteCursor& in, uint32_t rows, uint32_t count) {
    rows_.resize(in.left() / 2 < rows ? 0 : rows);
    if (rows_.size() != rows) return false;
    for (uint32_t i = 0; i < rows; ++i) {
      rows_[i] = in.Take<uint16_t>();
      if (rows_[i] >= count || (i > 0 && rows_[i] <= rows_[i - 1])) return false;
    }
    return true;
  }

  uint32_t size() const { return static_cast<uint32_t>(rows_.size()); }
  uint16_t operator[](uint32_t i) const { return rows_[i]; }
  // Which exception the row is, if it is one.
  std::optional<uint32_t> Find(uint32_t row) const {
    if (rows_.empty()) return std::nullopt;
    auto found = std::ranges::lower_bound(rows_, row);
    if (found == rows_.end() || *found != row) return std::nullopt;
    return static_cast<uint32_t>(found - rows_.begin());
  }

 private:
  std::vector<uint16_t> rows_;
};

}  // namespace phantom::lsm
