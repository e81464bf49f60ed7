#include "common/arena.h"

#include <algorithm>

namespace phantom {

void* Arena::AllocateSlow(size_t bytes, size_t alignment) {
  size_t size = blocks_.empty() ? kFirstBlockBytes : std::min(blocks_.back().size * 2, kBlockBytesMax);
  size = std::max(size, bytes + alignment);
  blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
  allocated_bytes_ += size;
  next_ = blocks_.back().data.get();
  end_ = next_ + size;
  return Allocate(bytes, alignment);
}

void Arena::Reset() {
  if (blocks_.empty()) return;
  if (blocks_.size() > 1) {
    Block last = std::move(blocks_.back());
    blocks_.clear();
    blocks_.push_back(std::move(last));
  }
  allocated_bytes_ = blocks_.back().size;
  next_ = blocks_.back().data.get();
  end_ = next_ + blocks_.back().size;
}

}  // namespace phantom
