#include "engine/memory_broker.h"

#include "common/free_memory.h"

namespace phantom::engine {

MemoryBroker::~MemoryBroker() {
  if (taken_bytes_.load(std::memory_order_relaxed) >= kReturnBytes) ReturnFreeMemory();
}

bool MemoryBroker::Grow(size_t held, size_t more) {
  if (held + more > kReserveFloorBytes && held + more > per_operator_bytes_) return false;
  const size_t before = used_bytes_.fetch_add(more, std::memory_order_relaxed);
  if (before + more > total_bytes_ && held + more > kReserveFloorBytes) {
    Shrink(more);
    return false;
  }
  taken_bytes_.fetch_add(more, std::memory_order_relaxed);
  return true;
}

bool MemoryReservation::Resize(size_t bytes) {
  if (broker_ != nullptr) {
    if (bytes > held_bytes_) {
      if (!broker_->Grow(held_bytes_, bytes - held_bytes_)) return false;
    } else {
      broker_->Shrink(held_bytes_ - bytes);
    }
  }
  held_bytes_ = bytes;
  return true;
}

void MemoryReservation::Force(size_t bytes) {
  if (broker_ != nullptr) {
    broker_->used_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    broker_->used_bytes_.fetch_sub(held_bytes_, std::memory_order_relaxed);
    if (bytes > held_bytes_) broker_->taken_bytes_.fetch_add(bytes - held_bytes_, std::memory_order_relaxed);
  }
  held_bytes_ = bytes;
}

void MemoryReservation::Reset() {
  if (broker_ != nullptr) broker_->Shrink(held_bytes_);
  held_bytes_ = 0;
}

}  // namespace phantom::engine
