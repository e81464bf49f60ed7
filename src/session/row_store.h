// session/row_store.h
//
// Rows kept for a cursor or for the result of a utility statement, addressed by position. When it grows past a limit it
// forgets its oldest rows, or moves rows to a temporary file.
//
// Thread safety: the session's thread.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/status.h"
#include "io/env.h"
#include "types/chunk.h"

namespace phantom::session {

class RowStore {
 public:
  explicit RowStore(size_t bytes_max = SIZE_MAX) : bytes_max_(bytes_max) {}
  ~RowStore();

  // From now on nothing is forgotten: what is past the limit goes to a file in the directory.
  void SpillTo(io::Env& env, std::string directory) {
    env_ = &env;
    directory_ = std::move(directory);
  }

  // Copies rows [first, first + count) of the chunk.
  Status Append(const types::Chunk& chunk, uint32_t first, uint32_t count);
  // One row of texts, for results of utility statements.
  void AppendTexts(std::span<const std::string> row);

  uint64_t begin() const { return begin_; }  // position of the oldest row still here
  uint64_t end() const { return end_; }      // one past the newest
  // The chunk that holds a row, and the row in it. Requires begin() <= position < end(). Valid until the next call.
  Result<const types::Chunk*> Find(uint64_t position, uint32_t* row);

 private:
  struct Piece {
    uint64_t first;
    std::unique_ptr<types::Chunk> rows;  // null: in the file
    size_t bytes;
    uint32_t capacity = 0;
    uint64_t offset = 0;
    uint32_t file_bytes = 0;
  };
  // A piece in memory with room for so many rows more, at the end.
  Piece& Room(const types::Chunk& like, uint32_t count);
  Status Trim();
  Status Spill();

  const size_t bytes_max_;
  size_t bytes_ = 0;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
  std::deque<Piece> pieces_;
  size_t spilled_pieces_ = 0;  // the first ones
  io::Env* env_ = nullptr;
  std::string directory_, path_;
  std::unique_ptr<io::File> file_;
  uint64_t file_end_ = 0;
  std::vector<std::pair<types::Type, types::Layout>> columns_;
  types::Chunk read_;        // the piece read last from the file
  uint64_t read_first_ = UINT64_MAX;
};

}  // namespace phantom::session
