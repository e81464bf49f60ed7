// engine/array_stack.h
//
// Arrays of one shape put together as an array of one dimension more: array_agg over arrays, ARRAY(SELECT array).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "types/array.h"

namespace phantom::engine {

class ArrayStack {
 public:
  // 2202E for empty arrays and for arrays of another shape than those before; 54000 beyond six dimensions.
  Status Add(const types::ArrayView& array);
  bool empty() const { return builder_ == nullptr; }
  // The array's bytes. Requires !empty(); may be called several times.
  Result<std::string> Finish() const;

 private:
  std::unique_ptr<types::ArrayBuilder> builder_;
  std::vector<types::ArrayDimension> dimensions_;  // of each array
  int32_t count_ = 0;
};

}  // namespace phantom::engine
