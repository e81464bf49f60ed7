// session/row_store.h
//
// Rows kept for a cursor or for the result of a utility statement, addressed by position. May forget its oldest rows
// when it grows past a limit.
//
// Thread safety: the session's thread.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "types/chunk.h"

namespace phantom::session {

class RowStore {
 public:
  explicit RowStore(size_t bytes_max = SIZE_MAX) : bytes_max_(bytes_max) {}

  // Copies rows [first, first + count) of the chunk.
  void Append(const types::Chunk& chunk, uint32_t first, uint32_t count);
  // One row of texts, for results of utility statements.
  void AppendTexts(std::span<const std::string> row);

  uint64_t begin() const { return begin_; }  // position of the oldest row still here
  uint64_t end() const { return end_; }      // one past the newest
  // The chunk that holds a row, and the row in it. Requires begin() <= position < end().
  const types::Chunk& Find(uint64_t position, uint32_t* row) const;

 private:
  struct Piece {
    uint64_t first;
    std::unique_ptr<types::Chunk> rows;
    size_t bytes;
  };
  void Trim();

  const size_t bytes_max_;
  size_t bytes_ = 0;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
  std::deque<Piece> pieces_;
};

}  // namespace phantom::session
