// txn/chunk_moves.h
//
// How RowTable's Freeze, Thaw and Trim are done: what they ask while they work.
#pragma once
#include <cstdint>
#include <functional>

namespace phantom::txn {

struct MoveOptions {
  // Called after each 2,048 row ids with the bytes of rows read or written since, holding nothing but a snapshot: may sleep.
  // False: the move ends there, with nothing lost. Empty: true.
  std::function<bool(uint64_t bytes)> go_on;
  // Freeze: give up the ids past the last chunk's rows, so that the chunk stays as it is.
  bool give_up_ids = true;

  bool GoOn(uint64_t bytes) const { return !go_on || go_on(bytes); }
};

}  // namespace phantom::txn
