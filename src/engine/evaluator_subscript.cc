// container[...]: elements and slices of arrays and jsonb, read and assigned.
#include "engine/evaluator_internal.h"
#include "engine/jsonb_assign.h"
#include "types/array.h"
#include "types/format_context.h"
#include "types/jsonb.h"

namespace phantom::engine::internal {

namespace {

using Index = planner::SubscriptExpr::Index;

struct Bounds {
  bool has_lower = false, has_upper = false;
  int32_t lower = 0, upper = 0;
};

class SubscriptEvaluator final : public OwningEvaluator {
 public:
  SubscriptEvaluator(const planner::SubscriptExpr& expr, types::Type element, Runtime& runtime)
      : OwningEvaluator(expr.type, runtime),
        expr_(expr),
        element_(element),
        element_layout_(runtime.LayoutOf(element)) {}

  Status Make() {
    ASSIGN_OR_RETURN(container_, Compile(*expr_.container, runtime_));
    for (const Index& index : expr_.indexes) {
      EvaluatorPtr lower, upper;
      if (index.lower != nullptr) {
        ASSIGN_OR_RETURN(lower, Compile(*index.lower, runtime_));
      }
      if (index.upper != nullptr) {
        ASSIGN_OR_RETURN(upper, Compile(*index.upper, runtime_));
      }
      lower_.push_back(std::move(lower));
      upper_.push_back(std::move(upper));
    }
    lower_values_.resize(lower_.size());
    upper_values_.resize(upper_.size());
    if (expr_.assigned != nullptr) {
      ASSIGN_OR_RETURN(assigned_, Compile(*expr_.assigned, runtime_));
    }
    return Status::Ok();
  }

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector *container = nullptr, *assigned = nullptr;
    RETURN_IF_ERROR(container_->Evaluate(batch, container));
    for (size_t i = 0; i < lower_.size(); ++i) {
      if (lower_[i] != nullptr) RETURN_IF_ERROR(lower_[i]->Evaluate(batch, lower_values_[i]));
      if (upper_[i] != nullptr) RETURN_IF_ERROR(upper_[i]->Evaluate(batch, upper_values_[i]));
    }
    if (assigned_ != nullptr) RETURN_IF_ERROR(assigned_->Evaluate(batch, assigned));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = static_cast<uint32_t>(batch.rows[i]);
      RETURN_IF_ERROR(assigned != nullptr ? Assign(*container, *assigned, row) : Fetch(*container, row));
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  // False: an index is NULL.
  bool ReadBounds(uint32_t row, std::vector<Bounds>& bounds) {
    bounds.assign(lower_.size(), {});
    for (size_t i = 0; i < bounds.size(); ++i) {
      if (upper_[i] != nullptr) {
        if (upper_values_[i]->IsNull(row)) return false;
        bounds[i].has_upper = true;
        bounds[i].upper = upper_values_[i]->Get<int32_t>(row);
      }
      if (lower_[i] != nullptr) {
        if (lower_values_[i]->IsNull(row)) return false;
        bounds[i].has_lower = true;
        bounds[i].lower = lower_values_[i]->Get<int32_t>(row);
      }
    }
    return true;
  }

  Status Fetch(const types::Vector& container, uint32_t row) {
    result_.SetNull(row);
    if (container.IsNull(row)) return Status::Ok();
    const std::string_view bytes = container.Get<types::StringRef>(row).view();
    if (expr_.jsonb) {
      FetchJsonb(bytes, row);
      return Status::Ok();
    }
    std::vector<Bounds> bounds;
    if (!ReadBounds(row, bounds)) return Status::Ok();
    const types::ArrayView array(bytes);
    if (expr_.slice) {
      result_.SetValid(row);
      result_.SetString(row, Slice(array, bounds));
      return Status::Ok();
    }
    std::vector<int32_t> subscripts;
    for (const Bounds& bound : bounds) subscripts.push_back(bound.upper);
    if (array.dimensions() != static_cast<int>(subscripts.size())) return Status::Ok();
    const int64_t at = array.Offset(subscripts);
    if (at < 0 || array.IsNull(static_cast<uint32_t>(at))) return Status::Ok();
    result_.SetValid(row);
    array.Get(static_cast<uint32_t>(at), result_.slot(row));
    CopyOut(row);
    return Status::Ok();
  }

  // An element may lie inside a short container's slot.
  void CopyOut(uint32_t row) {
    if (result_.layout() == types::Layout::kString) {
      types::StringRef& text = result_.data<types::StringRef>()[row];
      text = result_.heap().Add(text);
    } else if (result_.layout() == types::Layout::kNumeric) {
      types::Numeric& number = result_.data<types::Numeric>()[row];
      number = result_.heap().Add(number);
    }
  }

  // The part of the array within bounds, renumbered from 1.
  std::string Slice(const types::ArrayView& array, const std::vector<Bounds>& bounds) {
    const int dimensions = array.dimensions();
    if (dimensions == 0 || static_cast<int>(bounds.size()) > dimensions) return types::EmptyArray(element_.oid);
    std::vector<int32_t> from(dimensions), to(dimensions);
    std::vector<types::ArrayDimension> result;
    for (int d = 0; d < dimensions; ++d) {
      const types::ArrayDimension dimension = array.dimension(d);
      from[d] = dimension.lower;
      to[d] = dimension.lower + dimension.length - 1;
      if (static_cast<size_t>(d) < bounds.size()) {
        if (bounds[d].has_lower) from[d] = std::max(from[d], bounds[d].lower);
        if (bounds[d].has_upper) to[d] = std::min(to[d], bounds[d].upper);
      }
      if (from[d] > to[d]) return types::EmptyArray(element_.oid);
      result.push_back({to[d] - from[d] + 1, 1});
    }
    types::ArrayBuilder builder(element_.oid, element_layout_);
    std::vector<int32_t> at = from;
    while (true) {
      const int64_t offset = array.Offset(at);
      builder.AddFrom(array, static_cast<uint32_t>(offset), 1);
      int d = dimensions - 1;
      while (d >= 0 && ++at[d] > to[d]) {
        at[d] = from[d];
        --d;
      }
      if (d < 0) break;
    }
    return builder.Finish(result);
  }

  void FetchJsonb(std::string_view bytes, uint32_t row) {
    types::JsonbView value(bytes);
    for (size_t i = 0; i < upper_.size(); ++i) {
      if (upper_values_[i]->IsNull(row)) return;
      std::optional<types::JsonbView> next;
      if (upper_values_[i]->layout() == types::Layout::kString) {
        if (value.kind() == types::JsonKind::kObject) {
          next = value.Find(upper_values_[i]->Get<types::StringRef>(row).view());
        }
      } else if (value.kind() == types::JsonKind::kArray) {
        const int32_t index = upper_values_[i]->Get<int32_t>(row);
        const int64_t at = index < 0 ? int64_t{index} + value.size() : index;
        if (at >= 0 && at < value.size()) next = value.element(static_cast<uint32_t>(at));
      }
      if (!next.has_value()) return;
      value = *next;
    }
    result_.SetValid(row);
    result_.SetString(row, value.bytes());
  }

  Status Assign(const types::Vector& container, const types::Vector& assigned, uint32_t row) {
    if (expr_.jsonb) return AssignInJsonb(container, assigned, row);
    std::vector<Bounds> bounds;
    if (!ReadBounds(row, bounds)) {
      return Error(sqlstate::kNullValueNotAllowed, "array subscript in assignment must not be null");
    }
    const bool empty = container.IsNull(row);
    std::string none;
    if (empty) none = types::EmptyArray(element_.oid);
    const types::ArrayView array(empty ? std::string_view(none) : container.Get<types::StringRef>(row).view());
    result_.SetValid(row);
    if (expr_.slice) return AssignSlice(array, assigned, row, bounds);
    std::vector<types::ArrayDimension> dimensions;
    for (int d = 0; d < array.dimensions(); ++d) dimensions.push_back(array.dimension(d));
    std::vector<int32_t> at;
    for (const Bounds& bound : bounds) at.push_back(bound.upper);
    if (dimensions.empty()) {
      for (int32_t index : at) dimensions.push_back({1, index});
    } else if (dimensions.size() != at.size()) {
      return Error(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
    } else if (dimensions.size() == 1) {
      Stretch(dimensions[0], at[0], at[0]);
    } else {
      for (size_t d = 0; d < at.size(); ++d) {
        if (at[d] < dimensions[d].lower || at[d] >= dimensions[d].lower + dimensions[d].length) {
          return Error(sqlstate::kArraySubscriptError, "array subscript out of range");
        }
      }
    }
    ASSIGN_OR_RETURN(const uint32_t count, types::ArrayElementCount(dimensions));
    types::ArrayBuilder builder(element_.oid, element_layout_);
    std::vector<int32_t> position;
    for (const types::ArrayDimension& dimension : dimensions) position.push_back(dimension.lower);
    for (uint32_t i = 0; i < count; ++i) {
      if (position == at) {
        if (assigned.IsNull(row)) {
          builder.AddNull();
        } else {
          builder.Add(assigned.row_slot(row));
        }
      } else {
        AddOld(array, position, builder);
      }
      Step(dimensions, position);
    }
    result_.SetString(row, builder.Finish(dimensions));
    return Status::Ok();
  }

  Status AssignInJsonb(const types::Vector& container, const types::Vector& assigned, uint32_t row) {
    std::vector<std::string> path;
    for (const types::Vector* index : upper_values_) {
      if (index->IsNull(row)) {
        return Error(sqlstate::kNullValueNotAllowed, "jsonb subscript in assignment must not be null");
      }
      path.push_back(index->layout() == types::Layout::kString ? std::string(index->Get<types::StringRef>(row).view())
                                                               : std::to_string(index->Get<int32_t>(row)));
    }
    std::string none, null, changed;
    if (container.IsNull(row)) {
      if (upper_values_[0]->layout() == types::Layout::kString) {
        types::AppendJsonbObject({}, none);
      } else {
        types::AppendJsonbArray({}, none);
      }
    }
    types::AppendJsonbNull(null);
    RETURN_IF_ERROR(AssignJsonb(container.IsNull(row) ? std::string_view(none) : container.Get<types::StringRef>(row).view(),
                                path, assigned.IsNull(row) ? std::string_view(null) : assigned.Get<types::StringRef>(row).view(),
                                changed));
    result_.SetValid(row);
    result_.SetString(row, changed);
    return Status::Ok();
  }

  Status AssignSlice(const types::ArrayView& array, const types::Vector& assigned, uint32_t row,
                     const std::vector<Bounds>& bounds) {
    // A NULL source leaves the array as it is.
    std::vector<types::ArrayDimension> dimensions;
    for (int d = 0; d < array.dimensions(); ++d) dimensions.push_back(array.dimension(d));
    types::ArrayBuilder builder(element_.oid, element_layout_);
    if (assigned.IsNull(row)) {
      builder.AddFrom(array, 0, array.size());
      result_.SetString(row, builder.Finish(dimensions));
      return Status::Ok();
    }
    const types::ArrayView source(assigned.Get<types::StringRef>(row).view());
    std::vector<int32_t> from(bounds.size()), to(bounds.size());
    if (!dimensions.empty() && dimensions.size() != bounds.size()) {
      return Error(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
    }
    uint64_t wanted = 1;
    const bool fresh = dimensions.empty();
    for (size_t d = 0; d < bounds.size(); ++d) {
      if (fresh && (!bounds[d].has_upper || !bounds[d].has_lower)) {
        return Error(sqlstate::kArraySubscriptError, "array slice subscript must provide both boundaries")
            .Detail("When assigning to a slice of an empty array value, slice boundaries must be fully specified.");
      }
      from[d] = bounds[d].has_lower ? bounds[d].lower : dimensions[d].lower;
      to[d] = bounds[d].has_upper ? bounds[d].upper : dimensions[d].lower + dimensions[d].length - 1;
      if (from[d] > to[d]) {
        return Error(sqlstate::kArraySubscriptError, "upper bound cannot be less than lower bound");
      }
      wanted *= static_cast<uint64_t>(to[d]) - static_cast<uint64_t>(from[d]) + 1;
      if (fresh) dimensions.push_back({to[d] - from[d] + 1, from[d]});
    }
    if (source.size() < wanted) return Error(sqlstate::kArraySubscriptError, "source array too small");
    if (dimensions.size() == 1) {
      Stretch(dimensions[0], from[0], to[0]);
    } else {
      for (size_t d = 0; d < from.size(); ++d) {
        if (from[d] < dimensions[d].lower || to[d] >= dimensions[d].lower + dimensions[d].length) {
          return Error(sqlstate::kArraySubscriptError, "array subscript out of range");
        }
      }
    }
    ASSIGN_OR_RETURN(const uint32_t count, types::ArrayElementCount(dimensions));
    std::vector<int32_t> position;
    for (const types::ArrayDimension& dimension : dimensions) position.push_back(dimension.lower);
    uint32_t next = 0;
    for (uint32_t i = 0; i < count; ++i) {
      bool inside = true;
      for (size_t d = 0; d < position.size(); ++d) inside = inside && position[d] >= from[d] && position[d] <= to[d];
      if (inside) {
        builder.AddFrom(source, next++, 1);
      } else {
        AddOld(array, position, builder);
      }
      Step(dimensions, position);
    }
    result_.SetString(row, builder.Finish(dimensions));
    return Status::Ok();
  }

  static void Stretch(types::ArrayDimension& dimension, int32_t from, int32_t to) {
    const int32_t end = std::max(dimension.lower + dimension.length - 1, to);
    dimension.lower = std::min(dimension.lower, from);
    dimension.length = end - dimension.lower + 1;
  }

  static void AddOld(const types::ArrayView& array, const std::vector<int32_t>& position, types::ArrayBuilder& builder) {
    const int64_t old = array.dimensions() == 0 ? -1 : array.Offset(position);
    if (old < 0) {
      builder.AddNull();
    } else {
      builder.AddFrom(array, static_cast<uint32_t>(old), 1);
    }
  }

  static void Step(const std::vector<types::ArrayDimension>& dimensions, std::vector<int32_t>& position) {
    for (size_t d = dimensions.size(); d-- > 0;) {
      if (++position[d] < dimensions[d].lower + dimensions[d].length) return;
      position[d] = dimensions[d].lower;
    }
  }

  const planner::SubscriptExpr& expr_;
  const types::Type element_;
  const types::Layout element_layout_;
  EvaluatorPtr container_, assigned_;
  std::vector<EvaluatorPtr> lower_, upper_;
  std::vector<const types::Vector*> lower_values_, upper_values_;
};

}  // namespace

Result<EvaluatorPtr> CompileSubscript(const planner::SubscriptExpr& expr, Runtime& runtime) {
  auto evaluator = std::make_unique<SubscriptEvaluator>(expr, expr.element, runtime);
  RETURN_IF_ERROR(evaluator->Make());
  return EvaluatorPtr(std::move(evaluator));
}

}  // namespace phantom::engine::internal
