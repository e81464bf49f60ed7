// txn/key_readers.h
//
// Whether some snapshot may see a version that is committed by its own record (docs/decisions/0018-key-value.md): what
// lets a writer leave the value before out of its record.
//
// A reader calls Begin(), takes the log's end as what it sees up to, Enter()s with that, and Leave()s in the end.
// A writer asks MaySee() under the leaf's latch, appends, and asks again: a reader that the second answer misses took
// its log's end after the record was appended.
//
// Thread safety: all methods may be called from any thread. No locks.
#pragma once
#include <atomic>
#include <cstdint>

#include "common/ids.h"

namespace phantom::txn {

class KeyReaders {
 public:
  void Begin() { state_.fetch_add(kBeing, std::memory_order_seq_cst); }
  void Enter(Lsn below) {
    uint64_t seen = newest_.load(std::memory_order_relaxed);
    while (seen < below.value && !newest_.compare_exchange_weak(seen, below.value)) {
    }
    state_.fetch_add(1 - kBeing, std::memory_order_seq_cst);
  }
  void Leave() { state_.fetch_sub(1, std::memory_order_seq_cst); }

  // Nobody reads now: whoever comes sees what is newest now.
  bool idle() const { return state_.load(std::memory_order_seq_cst) == 0; }

  bool MaySee(Lsn version) const {
    const uint64_t state = state_.load(std::memory_order_seq_cst);
    if (state == 0) return false;
    return state >= kBeing || version.value < newest_.load(std::memory_order_acquire);
  }

 private:
  static constexpr uint64_t kBeing = uint64_t{1} << 32;  // being taken; below that: living

  alignas(64) std::atomic<uint64_t> state_{0};
  std::atomic<uint64_t> newest_{0};
};

}  // namespace phantom::txn
