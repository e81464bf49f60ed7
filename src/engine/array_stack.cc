#include "engine/array_stack.h"

namespace phantom::engine {

Status ArrayStack::Add(const types::ArrayView& array) {
  if (array.dimensions() == 0) return Error(sqlstate::kArraySubscriptError, "cannot accumulate empty arrays");
  std::vector<types::ArrayDimension> dimensions;
  for (int i = 0; i < array.dimensions(); ++i) dimensions.push_back(array.dimension(i));
  if (builder_ == nullptr) {
    if (array.dimensions() + 1 > types::kArrayDimensionsMax) {
      return Errorf(sqlstate::kProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)",
                    array.dimensions() + 1, types::kArrayDimensionsMax);
    }
    builder_ = std::make_unique<types::ArrayBuilder>(array.element_type(), array.element_layout());
    dimensions_ = std::move(dimensions);
  } else if (dimensions_ != dimensions) {
    return Error(sqlstate::kArraySubscriptError, "cannot accumulate arrays of different dimensionality");
  }
  builder_->AddFrom(array, 0, array.size());
  ++count_;
  return Status::Ok();
}

Result<std::string> ArrayStack::Finish() const {
  std::vector<types::ArrayDimension> dimensions = {{count_, 1}};
  dimensions.insert(dimensions.end(), dimensions_.begin(), dimensions_.end());
  RETURN_IF_ERROR(types::ArrayElementCount(dimensions).status());
  return builder_->Finish(dimensions);
}

}  // namespace phantom::engine
