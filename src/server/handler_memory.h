// server/handler_memory.h
//
// Memory for the one handler of a connection's that waits for its client, so that waiting allocates nothing. A second
// handler at the same time, or a large one, gets memory from the heap.
#pragma once
#include <cstddef>
#include <new>

namespace phantom::server {

class HandlerMemory {
 public:
  void* Take(size_t bytes) {
    if (taken_ || bytes > sizeof bytes_) return ::operator new(bytes);
    taken_ = true;
    return bytes_;
  }
  void Give(void* memory) {
    if (memory == bytes_) {
      taken_ = false;
    } else {
      ::operator delete(memory);
    }
  }

 private:
  alignas(std::max_align_t) std::byte bytes_[256];
  bool taken_ = false;
};

// Asio's interface for handlers with memory of their own. The memory outlives the handler.
template <typename T>
class HandlerAllocator {
 public:
  using value_type = T;
  explicit HandlerAllocator(HandlerMemory& memory) : memory_(&memory) {}
  template <typename U>
  HandlerAllocator(const HandlerAllocator<U>& other) : memory_(other.memory_) {}  // NOLINT: conversions are the point
  T* allocate(size_t count) { return static_cast<T*>(memory_->Take(count * sizeof(T))); }
  void deallocate(T* memory, size_t) { memory_->Give(memory); }
  bool operator==(const HandlerAllocator& other) const { return memory_ == other.memory_; }

 private:
  template <typename U>
  friend class HandlerAllocator;
  HandlerMemory* memory_;
};

}  // namespace phantom::server
