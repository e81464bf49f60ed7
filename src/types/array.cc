#include "types/array.h"

#include <algorithm>

#include "common/bytes.h"
#include "types/slot_functions.h"
#include "types/hash.h"
#include "types/slot_bytes.h"

namespace phantom::types {
namespace {

// Header: dimensions u8, flags u8, element layout u8, 0 u8, element type u32; then per dimension length i32, lower i32.
constexpr size_t kHeaderBytes = 8;
constexpr size_t kDimensionBytes = 8;
constexpr uint8_t kHasNulls = 1;

}  // namespace

ArrayView::ArrayView(std::string_view bytes)
    : bytes_(bytes),
      element_(LoadLE<Oid>(bytes.data() + 4)),
      layout_(static_cast<Layout>(bytes[2])),
      dimensions_(static_cast<uint8_t>(bytes[0])) {
  if (dimensions_ == 0) return;
  count_ = 1;
  for (int i = 0; i < dimensions_; ++i) count_ *= static_cast<uint32_t>(dimension(i).length);
  const char* at = bytes.data() + kHeaderBytes + dimensions_ * kDimensionBytes;
  if ((bytes[1] & kHasNulls) != 0) {
    nulls_ = reinterpret_cast<const uint8_t*>(at);
    at += (count_ + 7) / 8;
  }
  slots_ = at;
  if (MayPoint(layout_)) values_ = at + size_t{count_} * 4;
}

bool ArrayView::IsValid(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return false;
  int dimensions = static_cast<uint8_t>(bytes[0]);
  auto layout = static_cast<uint8_t>(bytes[2]);
  if (dimensions > kArrayDimensionsMax || layout >= kLayoutCount) return false;
  if (dimensions == 0) return bytes.size() == kHeaderBytes;
  size_t at = kHeaderBytes + dimensions * kDimensionBytes;
  if (bytes.size() < at) return false;
  uint64_t count = 1;
  for (int i = 0; i < dimensions; ++i) {
    auto length = LoadLE<int32_t>(bytes.data() + kHeaderBytes + i * kDimensionBytes);
    if (length <= 0) return false;
    count *= static_cast<uint64_t>(length);
    if (count > kArrayElementsMax) return false;
  }
  size_t nulls_at = at;
  bool has_nulls = (bytes[1] & kHasNulls) != 0;
  if (has_nulls) at += (count + 7) / 8;
  if (!MayPoint(static_cast<Layout>(layout))) {
    return bytes.size() == at + count * SizeOf(static_cast<Layout>(layout));
  }
  size_t values_at = at + count * 4;
  if (bytes.size() < values_at) return false;
  uint32_t begin = 0;
  for (uint64_t i = 0; i < count; ++i) {
    auto end = LoadLE<uint32_t>(bytes.data() + at + i * 4);
    if (end < begin || end > bytes.size() - values_at) return false;
    bool null = has_nulls && (bytes[nulls_at + i / 8] >> (i % 8) & 1) != 0;
    if (static_cast<Layout>(layout) == Layout::kNumeric && !null &&
        !IsValidNumericBytes(bytes.substr(values_at + begin, end - begin))) {
      return false;
    }
    begin = end;
  }
  return begin == bytes.size() - values_at;
}

ArrayDimension ArrayView::dimension(int i) const {
  const char* at = bytes_.data() + kHeaderBytes + i * kDimensionBytes;
  return {LoadLE<int32_t>(at), LoadLE<int32_t>(at + 4)};
}

std::string_view ArrayView::Raw(uint32_t i) const {
  if (values_ == nullptr) {
    size_t size = SizeOf(layout_);
    return {slots_ + i * size, size};
  }
  uint32_t begin = i == 0 ? 0 : LoadLE<uint32_t>(slots_ + (i - 1) * size_t{4});
  uint32_t end = LoadLE<uint32_t>(slots_ + i * size_t{4});
  return {values_ + begin, end - begin};
}

void ArrayView::Get(uint32_t i, void* slot) const { SlotFromBytes(layout_, Raw(i), slot); }

int64_t ArrayView::Offset(std::span<const int32_t> subscripts) const {
  if (static_cast<int>(subscripts.size()) != dimensions_ || dimensions_ == 0) return -1;
  int64_t offset = 0;
  for (int i = 0; i < dimensions_; ++i) {
    ArrayDimension d = dimension(i);
    int64_t position = int64_t{subscripts[i]} - d.lower;
    if (position < 0 || position >= d.length) return -1;
    offset = offset * d.length + position;
  }
  return offset;
}

void ArrayBuilder::Add(const void* slot) {
  AppendSlotBytes(layout_, slot, values_);
  if (MayPoint(layout_)) ends_.push_back(static_cast<uint32_t>(values_.size()));
  if (has_nulls_) nulls_.push_back(0);
  ++count_;
}

void ArrayBuilder::AddNull() {
  if (!has_nulls_) {
    nulls_.assign(count_, 0);
    has_nulls_ = true;
  }
  nulls_.push_back(1);
  if (MayPoint(layout_)) {
    ends_.push_back(static_cast<uint32_t>(values_.size()));
  } else {
    values_.append(SizeOf(layout_), '\0');
  }
  ++count_;
}

void ArrayBuilder::AddFrom(const ArrayView& array, uint32_t from, uint32_t count) {
  for (uint32_t i = from; i < from + count; ++i) {
    if (array.IsNull(i)) {
      AddNull();
      continue;
    }
    values_.append(array.Raw(i));
    if (MayPoint(layout_)) ends_.push_back(static_cast<uint32_t>(values_.size()));
    if (has_nulls_) nulls_.push_back(0);
    ++count_;
  }
}

std::string ArrayBuilder::Finish(std::span<const ArrayDimension> dimensions) const {
  std::string bytes(kHeaderBytes, '\0');
  StoreLE<Oid>(bytes.data() + 4, element_);
  bytes[2] = static_cast<char>(layout_);
  if (count_ == 0) return bytes;
  bytes[0] = static_cast<char>(dimensions.size());
  bytes.reserve(kHeaderBytes + dimensions.size() * kDimensionBytes + (has_nulls_ ? count_ / 8 + 1 : 0) +
                ends_.size() * 4 + values_.size());
  uint64_t product = 1;
  for (const ArrayDimension& d : dimensions) {
    char raw[kDimensionBytes];
    StoreLE<int32_t>(raw, d.length);
    StoreLE<int32_t>(raw + 4, d.lower);
    bytes.append(raw, sizeof(raw));
    product *= static_cast<uint64_t>(d.length);
  }
  PHANTOM_CHECK(product == count_ && dimensions.size() <= kArrayDimensionsMax);
  if (has_nulls_) {
    bytes[1] = static_cast<char>(kHasNulls);
    size_t at = bytes.size();
    bytes.append((count_ + 7) / 8, '\0');
    for (uint32_t i = 0; i < count_; ++i) {
      if (nulls_[i] != 0) bytes[at + i / 8] = static_cast<char>(bytes[at + i / 8] | 1 << (i % 8));
    }
  }
  bytes.append(reinterpret_cast<const char*>(ends_.data()), ends_.size() * 4);
  bytes.append(values_);
  return bytes;
}

std::string ArrayBuilder::Finish(int32_t lower) const {
  ArrayDimension dimension{static_cast<int32_t>(count_), lower};
  return Finish({&dimension, 1});
}

std::string EmptyArray(Oid element) { return ArrayBuilder(element).Finish(); }

int CompareArrays(std::string_view a, std::string_view b) {
  ArrayView left(a), right(b);
  const CompareFn compare = CompareFunctionFor(left.element_type(), left.element_layout());
  uint32_t common = std::min(left.size(), right.size());
  alignas(8) char x[16], y[16];
  for (uint32_t i = 0; i < common; ++i) {
    if (left.IsNull(i) || right.IsNull(i)) {
      if (left.IsNull(i) != right.IsNull(i)) return left.IsNull(i) ? 1 : -1;
      continue;
    }
    left.Get(i, x);
    right.Get(i, y);
    if (int order = compare(x, y); order != 0) return order;
  }
  auto three_way = [](auto p, auto q) { return p == q ? 0 : p < q ? -1 : 1; };
  if (int order = three_way(left.size(), right.size())) return order;
  if (int order = three_way(left.dimensions(), right.dimensions())) return order;
  for (int i = 0; i < left.dimensions(); ++i) {
    if (int order = three_way(left.dimension(i).length, right.dimension(i).length)) return order;
  }
  for (int i = 0; i < left.dimensions(); ++i) {
    if (int order = three_way(left.dimension(i).lower, right.dimension(i).lower)) return order;
  }
  return 0;
}

uint64_t HashArray(std::string_view bytes, uint64_t seed) {
  ArrayView array(bytes);
  HashFn hash = HashFunctionFor(array.element_type(), array.element_layout());
  uint64_t result = HashInt64(array.size(), seed);
  alignas(8) char slot[16];
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.IsNull(i)) {
      result = HashInt64(kNullHash, result);
      continue;
    }
    array.Get(i, slot);
    result = hash != nullptr ? hash(slot, result) : HashBytes(array.Raw(i), result);
  }
  return result;
}

Result<uint32_t> ArrayElementCount(std::span<const ArrayDimension> dimensions) {
  uint64_t count = dimensions.empty() ? 0 : 1;
  for (const ArrayDimension& d : dimensions) {
    count *= static_cast<uint64_t>(std::max(d.length, 0));
    if (d.length < 0 || count > kArrayElementsMax) {
      return Error(sqlstate::kProgramLimitExceeded,
                   Format("array size exceeds the maximum allowed (%u)", kArrayElementsMax));
    }
  }
  return static_cast<uint32_t>(count);
}

}  // namespace phantom::types
