// store/lent_memory.h
//
// What the buffer pool does not use, the cache of cold blocks may: so that one budget serves both, whether a database's entries lie in
// trees or in cold files.
//
// Thread safety: one thread at a time.
#pragma once
#include <chrono>
#include <cstdint>

namespace phantom::store {

class Store;

class LentMemory {
 public:
  explicit LentMemory(Store& store);
  // To be called often; does something a few times a second. The cache shrinks at once when the pool needs its memory, and grows slowly.
  void Balance();

 private:
  using Clock = std::chrono::steady_clock;

  Store& store_;
  const uint64_t own_bytes_;  // the cache's
  uint64_t lent_bytes_ = 0;
  Clock::time_point due_;
};

}  // namespace phantom::store
