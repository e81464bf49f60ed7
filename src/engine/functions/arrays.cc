// Functions that look at an array's shape or make a new array from one (PostgreSQL 15, chapter 9.19).
#include <string>

#include "engine/functions/array_values.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"

namespace phantom::engine {

namespace {

using types::ArrayBuilder;
using types::ArrayDimension;
using types::ArrayView;
using types::StringRef;
using Args = std::span<const types::Vector* const>;
using I = int32_t;
using Out = Writer<StringRef>;

ArrayView View(const StringRef& bytes) { return ArrayView(bytes.view()); }

// ---- Shape --------------------------------------------------------------------------------------

Status DimensionCount(KernelContext&, const StringRef& bytes, I& out, bool& null) {
  out = View(bytes).dimensions();
  null = out == 0;
  return Status::Ok();
}
Status Dimensions(KernelContext&, const StringRef& bytes, Out& out) {
  const ArrayView array = View(bytes);
  if (array.dimensions() == 0) {
    out.SetNull();
    return Status::Ok();
  }
  std::string text;
  for (const ArrayDimension& d : DimensionsOf(array)) text += Format("[%d:%d]", d.lower, d.lower + d.length - 1);
  out.SetText(text);
  return Status::Ok();
}

enum class Bound { kLower, kUpper, kLength };
template <Bound kBound>
Status BoundOf(KernelContext&, const StringRef& bytes, I dimension, I& out, bool& null) {
  const ArrayView array = View(bytes);
  null = dimension < 1 || dimension > array.dimensions();
  if (null) return Status::Ok();
  const ArrayDimension d = array.dimension(dimension - 1);
  out = kBound == Bound::kLower ? d.lower : kBound == Bound::kUpper ? d.lower + d.length - 1 : d.length;
  return Status::Ok();
}
I Cardinality(const StringRef& bytes) { return static_cast<I>(View(bytes).size()); }

// ---- Appending ----------------------------------------------------------------------------------

Status Incompatible(SqlState code, std::string detail) {
  return Error(code, "cannot concatenate incompatible arrays").Detail(std::move(detail));
}

// array_append (kAtEnd), array_prepend. A NULL array is an empty one.
template <bool kAtEnd>
Status Extend(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  const types::Vector& arrays = *args[kAtEnd ? 0 : 1];
  const types::Vector& elements = *args[kAtEnd ? 1 : 0];
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    std::optional<ArrayView> array;
    if (!arrays.IsNull(row)) array.emplace(arrays.Get<StringRef>(row).view());
    if (array && array->dimensions() > 1) {
      return Error(sqlstate::kDataException, "argument must be empty or one-dimensional array");
    }
    const bool empty = !array || array->dimensions() == 0;
    ArrayBuilder builder(array ? array->element_type() : elements.type().oid, elements.layout());
    const auto add = [&] { elements.IsNull(row) ? builder.AddNull() : builder.Add(elements.row_slot(row)); };
    if (!kAtEnd) add();
    if (!empty) builder.AddFrom(*array, 0, array->size());
    if (kAtEnd) add();
    result.SetString(row, builder.Finish(empty ? 1 : array->dimension(0).lower));
  }
  return Status::Ok();
}

Result<std::string> Concatenate(const ArrayView& a, const ArrayView& b) {
  std::vector<ArrayDimension> dimensions;
  const int da = a.dimensions(), db = b.dimensions();
  if (da != db && da != db - 1 && da != db + 1) {
    return Incompatible(sqlstate::kArraySubscriptError,
                        Format("Arrays of %d and %d dimensions are not compatible for concatenation.", da, db));
  }
  const std::vector<ArrayDimension> outer = DimensionsOf(da >= db ? a : b), inner = DimensionsOf(da >= db ? b : a);
  dimensions = outer;
  if (da == db) {
    dimensions[0].length += b.dimension(0).length;
    for (size_t i = 1; i < dimensions.size(); ++i) {
      if (inner[i] != outer[i]) {
        return Incompatible(sqlstate::kArraySubscriptError,
                            "Arrays with differing element dimensions are not compatible for concatenation.");
      }
    }
  } else {
    ++dimensions[0].length;
    for (size_t i = 0; i < inner.size(); ++i) {
      if (inner[i] != outer[i + 1]) {
        return Incompatible(sqlstate::kArraySubscriptError,
                            "Arrays with differing dimensions are not compatible for concatenation.");
      }
    }
  }
  RETURN_IF_ERROR(types::ArrayElementCount(dimensions).status());
  ArrayBuilder builder(a.element_type(), a.element_layout());
  builder.AddFrom(a, 0, a.size());
  builder.AddFrom(b, 0, b.size());
  return builder.Finish(dimensions);
}

Status ArrayCat(KernelContext&, const StringRef* a, const StringRef* b, Out& out) {
  if (a == nullptr || b == nullptr) {
    const StringRef* one = a != nullptr ? a : b;
    one != nullptr ? out.SetText(one->view()) : out.SetNull();
    return Status::Ok();
  }
  const ArrayView left = View(*a), right = View(*b);
  if (left.element_type() != right.element_type()) {
    return Incompatible(sqlstate::kDatatypeMismatch,
                        "Arrays with element types " + types::FormatTypeName(left.element_type()) + " and " +
                            types::FormatTypeName(right.element_type()) + " are not compatible for concatenation.");
  }
  if (left.dimensions() == 0 || right.dimensions() == 0) {
    out.SetText((right.dimensions() == 0 ? *a : *b).view());
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const std::string joined, Concatenate(left, right));
  out.SetText(joined);
  return Status::Ok();
}

// ---- Searching, replacing -----------------------------------------------------------------------

// Compares elements of an array with one wanted value; NULLs are equal here.
class Wanted {
 public:
  Wanted(const ArrayView& array, const types::Vector& value, uint32_t row)
      : array_(array), slot_(value.IsNull(row) ? nullptr : value.row_slot(row)) {}
  Status Make() {
    ASSIGN_OR_RETURN(equal_, ElementEquality(array_.element_type(), array_.element_layout()));
    return Status::Ok();
  }
  bool Is(uint32_t i) const {
    if (array_.IsNull(i) || slot_ == nullptr) return array_.IsNull(i) && slot_ == nullptr;
    alignas(8) std::byte element[16];
    array_.Get(i, element);
    return equal_(element, slot_);
  }

 private:
  const ArrayView& array_;
  const void* slot_;
  types::EqualFn equal_ = nullptr;
};

Status RequireOneDimension(const ArrayView& array) {
  if (array.dimensions() <= 1) return Status::Ok();
  return Error(sqlstate::kFeatureNotSupported, "searching for elements in multidimensional arrays is not supported");
}

// array_position(array, element [, start]).
Status Position(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    result.SetNull(row);
    if (args[0]->IsNull(row)) continue;
    const ArrayView array = View(args[0]->Get<StringRef>(row));
    RETURN_IF_ERROR(RequireOneDimension(array));
    if (array.dimensions() == 0) continue;
    if (args.size() > 2 && args[2]->IsNull(row)) {
      return Error(sqlstate::kNullValueNotAllowed, "initial position must not be null");
    }
    Wanted wanted(array, *args[1], row);
    RETURN_IF_ERROR(wanted.Make());
    const I lower = array.dimension(0).lower;
    const I start = args.size() > 2 ? args[2]->Get<I>(row) : lower;
    for (uint32_t e = 0; e < array.size(); ++e) {
      if (lower + static_cast<I>(e) < start || !wanted.Is(e)) continue;
      result.SetValid(row);
      result.data<I>()[row] = lower + static_cast<I>(e);
      break;
    }
  }
  return Status::Ok();
}

Status Positions(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    const ArrayView array = View(args[0]->Get<StringRef>(row));
    RETURN_IF_ERROR(RequireOneDimension(array));
    ArrayBuilder found(types::kInt4Oid);
    if (array.dimensions() > 0) {
      Wanted wanted(array, *args[1], row);
      RETURN_IF_ERROR(wanted.Make());
      for (uint32_t e = 0; e < array.size(); ++e) {
        const I position = array.dimension(0).lower + static_cast<I>(e);
        if (wanted.Is(e)) found.Add(&position);
      }
    }
    result.SetString(row, found.Finish());
  }
  return Status::Ok();
}

// array_remove, and array_replace with a third argument.
template <bool kRemove>
Status Substitute(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    const StringRef& bytes = args[0]->Get<StringRef>(row);
    const ArrayView array = View(bytes);
    if (array.size() == 0) {
      result.SetString(row, bytes.view());
      continue;
    }
    if (kRemove && array.dimensions() > 1) {
      return Error(sqlstate::kFeatureNotSupported,
                   "removing elements from multidimensional arrays is not supported");
    }
    Wanted wanted(array, *args[1], row);
    RETURN_IF_ERROR(wanted.Make());
    ArrayBuilder builder(array.element_type(), array.element_layout());
    for (uint32_t e = 0; e < array.size(); ++e) {
      if (!wanted.Is(e)) {
        builder.AddFrom(array, e, 1);
      } else if (!kRemove) {
        args[2]->IsNull(row) ? builder.AddNull() : builder.Add(args[2]->row_slot(row));
      }
    }
    result.SetString(row, kRemove ? builder.Finish(array.dimension(0).lower) : builder.Finish(DimensionsOf(array)));
  }
  return Status::Ok();
}

// ---- Making -------------------------------------------------------------------------------------

Result<std::vector<I>> Integers(const types::Vector& vector, uint32_t row) {
  if (vector.IsNull(row)) {
    return Error(sqlstate::kNullValueNotAllowed, "dimension array or low bound array cannot be null");
  }
  const ArrayView array = View(vector.Get<StringRef>(row));
  if (array.dimensions() > 1) {
    return Error(sqlstate::kArraySubscriptError, "wrong number of array subscripts")
        .Detail("Dimension array must be one dimensional.");
  }
  std::vector<I> values;
  for (uint32_t e = 0; e < array.size(); ++e) {
    if (array.IsNull(e)) return Error(sqlstate::kNullValueNotAllowed, "dimension values cannot be null");
    values.push_back(array.GetAs<I>(e));
  }
  return values;
}

Status Fill(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  const types::Vector& elements = *args[0];
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    ASSIGN_OR_RETURN(const std::vector<I> lengths, Integers(*args[1], row));
    std::vector<I> lowers(lengths.size(), 1);
    if (args.size() > 2) {
      ASSIGN_OR_RETURN(lowers, Integers(*args[2], row));
      if (lowers.size() != lengths.size()) {
        return Error(sqlstate::kArraySubscriptError, "wrong number of array subscripts")
            .Detail("Low bound array has different size than dimensions array.");
      }
    }
    if (lengths.size() > types::kArrayDimensionsMax) {
      return Errorf(sqlstate::kProgramLimitExceeded, "number of array dimensions (%zu) exceeds the maximum allowed (%d)",
                    lengths.size(), types::kArrayDimensionsMax);
    }
    std::vector<ArrayDimension> dimensions;
    for (size_t d = 0; d < lengths.size(); ++d) dimensions.push_back({lengths[d], lowers[d]});
    ASSIGN_OR_RETURN(const uint32_t count, types::ArrayElementCount(dimensions));
    ArrayBuilder builder(elements.type().oid, elements.layout());
    if (count == 0 || dimensions.empty()) {
      result.SetString(row, builder.Finish());
      continue;
    }
    for (uint32_t e = 0; e < count; ++e) elements.IsNull(row) ? builder.AddNull() : builder.Add(elements.row_slot(row));
    result.SetString(row, builder.Finish(dimensions));
  }
  return Status::Ok();
}

Status TrimArray(KernelContext&, const StringRef& bytes, I count, Out& out) {
  const ArrayView array = View(bytes);
  std::vector<ArrayDimension> dimensions = DimensionsOf(array);
  const I length = dimensions.empty() ? 0 : dimensions[0].length;
  if (count < 0 || count > length) {
    return Errorf(sqlstate::kArrayElementError, "number of elements to trim must be between 0 and %d", length);
  }
  ArrayBuilder builder(array.element_type(), array.element_layout());
  if (length > 0 && count < length) {
    const uint32_t keep = array.size() / static_cast<uint32_t>(length) * static_cast<uint32_t>(length - count);
    builder.AddFrom(array, 0, keep);
    dimensions[0].length -= count;
    for (ArrayDimension& d : dimensions) d.lower = 1;
    out.SetText(builder.Finish(dimensions));
  } else {
    out.SetText(builder.Finish());
  }
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("array_ndims", Strict<DimensionCount, I, StringRef>),
    KernelEntry::Scalar("array_dims", Strict<Dimensions, StringRef, StringRef>),
    KernelEntry::Scalar("array_lower", Strict<BoundOf<Bound::kLower>, I, StringRef, I>),
    KernelEntry::Scalar("array_upper", Strict<BoundOf<Bound::kUpper>, I, StringRef, I>),
    KernelEntry::Scalar("array_length", Strict<BoundOf<Bound::kLength>, I, StringRef, I>),
    KernelEntry::Scalar("array_cardinality", Strict<Cardinality, I, StringRef>),
    KernelEntry::Scalar("array_append", Extend<true>),
    KernelEntry::Scalar("array_prepend", Extend<false>),
    KernelEntry::Scalar("array_cat", Nullable<ArrayCat, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("array_position", Position),
    KernelEntry::Scalar("array_position_start", Position),
    KernelEntry::Scalar("array_positions", Positions),
    KernelEntry::Scalar("array_remove", Substitute<true>),
    KernelEntry::Scalar("array_replace", Substitute<false>),
    KernelEntry::Scalar("array_fill", Fill),
    KernelEntry::Scalar("array_fill_with_lower_bounds", Fill),
    KernelEntry::Scalar("trim_array", Strict<TrimArray, StringRef, StringRef, I>),
};

}  // namespace

std::span<const KernelEntry> ArrayKernels() { return kTable; }

}  // namespace phantom::engine
