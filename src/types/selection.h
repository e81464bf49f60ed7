// types/selection.h
//
// Row numbers chosen from a vector or chunk: the result of a filter, the index of a dictionary. The memory is shared,
// so that slices keep it alive.
//
// Thread safety: none; one owner writes.
#pragma once
#include <cstdint>
#include <memory>

namespace phantom::types {

using SelIndex = uint32_t;

// Rows of a full vector.
inline constexpr uint32_t kVectorSize = 2048;

class SelectionVector {
 public:
  SelectionVector() = default;
  explicit SelectionVector(uint32_t capacity) { Reset(capacity); }

  // Makes room for capacity indices to be written. Keeps its memory when nobody else holds it; contents are undefined.
  void Reset(uint32_t capacity = kVectorSize);

  SelIndex* data() { return indices_.get(); }
  const SelIndex* data() const { return indices_.get(); }
  SelIndex operator[](uint32_t i) const { return indices_[i]; }
  SelIndex& operator[](uint32_t i) { return indices_[i]; }
  uint32_t capacity() const { return capacity_; }
  const std::shared_ptr<SelIndex[]>& shared() const { return indices_; }

 private:
  std::shared_ptr<SelIndex[]> indices_;
  uint32_t capacity_ = 0;
};

// kVectorSize zeros: the selection of a constant.
extern const SelIndex kZeroSelection[kVectorSize];

}  // namespace phantom::types
