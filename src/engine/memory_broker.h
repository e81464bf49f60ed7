// engine/memory_broker.h
//
// Counts the working memory of operators that can spill (hash join, aggregate, sort, window, CTE)
// against one budget. An operator reserves before it grows; when the reservation is refused it
// spills what it holds and goes on. Every operator may always hold kReserveFloorBytes, so that
// each makes progress however many there are.
//
// Thread safety: all methods may be called from any thread.
#pragma once
#include <atomic>
#include <cstddef>

namespace phantom::engine {

class MemoryBroker {
 public:
  static constexpr size_t kReserveFloorBytes = 256 * 1024;

  // per_operator_bytes is work_mem; total_bytes bounds all operators that share this broker.
  MemoryBroker(size_t per_operator_bytes, size_t total_bytes)
      : per_operator_bytes_(per_operator_bytes), total_bytes_(total_bytes) {}
  // When much was taken, all in all, what the allocator keeps of it goes back to the system.
  ~MemoryBroker();

  size_t per_operator_bytes() const { return per_operator_bytes_; }
  size_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  friend class MemoryReservation;
  static constexpr size_t kReturnBytes = 32 * 1024 * 1024;

  bool Grow(size_t held, size_t more);
  void Shrink(size_t bytes) { used_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

  const size_t per_operator_bytes_;
  const size_t total_bytes_;
  std::atomic<size_t> used_bytes_{0};
  std::atomic<size_t> taken_bytes_{0};  // ever
};

// One operator's share; gives everything back when it dies. A null broker grants everything.
class MemoryReservation {
 public:
  explicit MemoryReservation(MemoryBroker* broker = nullptr) : broker_(broker) {}
  MemoryReservation(const MemoryReservation&) = delete;
  MemoryReservation& operator=(const MemoryReservation&) = delete;
  ~MemoryReservation() { Reset(); }

  void Attach(MemoryBroker* broker) {
    Reset();
    broker_ = broker;
  }
  // Makes the share `bytes` in all. False, changing nothing, when the budget refuses.
  bool Resize(size_t bytes);
  // Takes the bytes whatever the budget says: for what cannot be spilled.
  void Force(size_t bytes);
  void Reset();
  size_t held_bytes() const { return held_bytes_; }

 private:
  MemoryBroker* broker_;
  size_t held_bytes_ = 0;
};

}  // namespace phantom::engine
