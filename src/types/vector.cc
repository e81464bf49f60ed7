#include "types/vector.h"

#include <algorithm>
#include <cstring>

#include "types/type_table.h"
#include "types/value.h"

namespace phantom::types {

const SelIndex kZeroSelection[kVectorSize] = {};

void SelectionVector::Reset(uint32_t capacity) {
  if (indices_ != nullptr && indices_.use_count() == 1 && capacity_ >= capacity) return;
  indices_ = std::make_shared_for_overwrite<SelIndex[]>(capacity);
  capacity_ = capacity;
}

void StringHeap::Keep(std::shared_ptr<const void> memory) {
  for (const auto& kept : kept_) {
    if (kept == memory) return;
  }
  kept_.push_back(std::move(memory));
}

void StringHeap::Reset() {
  arena_.Reset();
  kept_.clear();
}

// Slots and bitmap of one or several vectors.
struct Vector::Buffer {
  std::unique_ptr<std::byte[]> slots;
  std::unique_ptr<uint64_t[]> validity;
  size_t slot_bytes = 0;
  uint32_t validity_bits = 0;
};

Vector::Vector(Type type, uint32_t capacity) : Vector(type, LayoutOf(type), capacity) {}

Vector::Vector(Type type, Layout layout, uint32_t capacity) : type_(type), layout_(layout) { Allocate(capacity); }

Vector::Vector(Vector&& other) noexcept = default;
Vector& Vector::operator=(Vector&& other) noexcept = default;
Vector::Vector(const Vector&) = default;
Vector& Vector::operator=(const Vector&) = default;
Vector::~Vector() = default;

void Vector::Allocate(uint32_t capacity) {
  capacity = std::max(capacity, 1u);
  buffer_ = std::make_shared<Buffer>();
  buffer_->slot_bytes = capacity * SizeOf(layout_);
  buffer_->slots = std::make_unique_for_overwrite<std::byte[]>(buffer_->slot_bytes);
  data_ = buffer_->slots.get();
  capacity_ = capacity;
  validity_ = nullptr;
}

void Vector::MakeValidity() {
  uint32_t bits = (capacity_ + 63) / 64 * 64;
  if (buffer_->validity_bits < bits) {
    buffer_->validity = std::make_unique_for_overwrite<uint64_t[]>(bits / 64);
    buffer_->validity_bits = bits;
  }
  validity_ = buffer_->validity.get();
  std::memset(validity_, 0xff, bits / 8);
}

void Vector::Reset() {
  if (buffer_ == nullptr || buffer_.use_count() > 1) {
    Allocate(form_ == VectorForm::kFlat ? capacity_ : std::max(capacity_, kVectorSize));
  } else {
    data_ = buffer_->slots.get();
    capacity_ = static_cast<uint32_t>(buffer_->slot_bytes / SizeOf(layout_));
    validity_ = nullptr;
  }
  form_ = VectorForm::kFlat;
  selection_.reset();
  if (heap_ != nullptr) {
    if (heap_.use_count() > 1) {
      heap_.reset();
    } else {
      heap_->Reset();
    }
  }
}

void Vector::Reset(Type type) {
  uint32_t capacity = capacity_;
  type_ = type;
  layout_ = LayoutOf(type);
  Reset();
  if (capacity_ < capacity) Allocate(capacity);
}

void Vector::Reserve(uint32_t capacity) {
  if (capacity <= capacity_) return;
  PHANTOM_DCHECK(form_ == VectorForm::kFlat);
  capacity = std::max(capacity, capacity_ * 2);
  std::shared_ptr<Buffer> old = std::move(buffer_);
  const std::byte* old_data = data_;
  const uint64_t* old_validity = validity_;
  uint32_t old_capacity = capacity_;
  Allocate(capacity);
  std::memcpy(data_, old_data, old_capacity * SizeOf(layout_));
  if (old_validity != nullptr) {
    MakeValidity();
    std::memcpy(validity_, old_validity, (old_capacity + 63) / 64 * 8);
  }
}

void Vector::SetConstantNull() {
  SetNull(0);
  SetConstant();
}

StringHeap& Vector::heap() {
  if (heap_ == nullptr) heap_ = std::make_shared<StringHeap>();
  return *heap_;
}

void Vector::KeepStringsOf(const Vector& other) {
  if (other.heap_ != nullptr && other.heap_ != heap_) heap().Keep(other.heap_);
}

void Vector::Reference(const Vector& other) {
  if (this != &other) *this = other;
}

void Vector::ReferenceAs(Type type, const Vector& other) {
  // Types this room does not know (domains, enums) lie in memory as their base does.
  PHANTOM_DCHECK(FindTypeInfo(type.oid) == nullptr || LayoutOf(type) == other.layout_);
  Reference(other);
  type_ = type;
}

void Vector::Slice(const Vector& other, const SelectionVector& selection, uint32_t count) {
  PHANTOM_DCHECK(selection.capacity() >= count);
  if (this != &other) *this = other;
  if (form_ == VectorForm::kConstant) return;
  if (form_ == VectorForm::kFlat) {
    selection_ = selection.shared();
    form_ = VectorForm::kDictionary;
    return;
  }
  auto composed = std::make_shared_for_overwrite<SelIndex[]>(count);
  for (uint32_t i = 0; i < count; ++i) composed[i] = selection_[selection[i]];
  selection_ = std::move(composed);
}

void Vector::Flatten(uint32_t count) {
  if (form_ == VectorForm::kFlat && buffer_.use_count() == 1) return;
  Vector source = *this;
  form_ = VectorForm::kFlat;
  selection_.reset();
  Allocate(std::max(count, kVectorSize));
  UnifiedView view = source.View();
  auto gather = [&]<typename T>(T*) {
    T* to = data<T>();
    for (uint32_t i = 0; i < count; ++i) to[i] = view.Get<T>(i);
  };
  if (source.is_flat()) {
    std::memcpy(data_, source.data_, count * SizeOf(layout_));
  } else {
    switch (SizeOf(layout_)) {
      case 1:
        gather(static_cast<uint8_t*>(nullptr));
        break;
      case 2:
        gather(static_cast<uint16_t*>(nullptr));
        break;
      case 4:
        gather(static_cast<uint32_t*>(nullptr));
        break;
      case 8:
        gather(static_cast<uint64_t*>(nullptr));
        break;
      default:
        gather(static_cast<StringRef*>(nullptr));
    }
  }
  if (view.validity != nullptr) {
    for (uint32_t i = 0; i < count; ++i) {
      if (!view.valid(i)) SetNull(i);
    }
  }
}

namespace {

// Copies the slots of rows next(0..count) of source to `to`, bytes they point to into the heap.
template <typename T, typename Next>
void CopySlots(const Vector& source, Next next, uint32_t count, T* to) {
  UnifiedView view = source.View();
  for (uint32_t i = 0; i < count; ++i) to[i] = view.slot<T>(source.slot_of(next(i)));
}

template <typename Next>
void CopyRowsBy(Vector& target, const Vector& source, Next next, uint32_t count, uint32_t to) {
  switch (source.layout()) {
    case Layout::kBool:
      CopySlots(source, next, count, target.data<uint8_t>() + to);
      break;
    case Layout::kInt16:
      CopySlots(source, next, count, target.data<uint16_t>() + to);
      break;
    case Layout::kInt32:
    case Layout::kFloat32:
      CopySlots(source, next, count, target.data<uint32_t>() + to);
      break;
    case Layout::kInt64:
    case Layout::kFloat64:
      CopySlots(source, next, count, target.data<uint64_t>() + to);
      break;
    case Layout::kInterval:
    case Layout::kUuid:
    case Layout::kTimeTz:
      CopySlots(source, next, count, target.data<Interval>() + to);
      break;
    case Layout::kNumeric:
    case Layout::kString: {
      StringHeap& heap = target.heap();
      for (uint32_t i = 0; i < count; ++i) {
        uint32_t row = next(i);
        if (source.IsNull(row)) continue;
        if (source.layout() == Layout::kString) {
          target.data<StringRef>()[to + i] = heap.Add(source.Get<StringRef>(row));
        } else {
          target.data<Numeric>()[to + i] = heap.Add(source.Get<Numeric>(row));
        }
      }
      break;
    }
  }
  if (source.all_valid() && target.all_valid()) return;
  for (uint32_t i = 0; i < count; ++i) target.SetNull(to + i, source.IsNull(next(i)));
}

}  // namespace

void Vector::CopyRows(const Vector& source, uint32_t from, uint32_t count, uint32_t to) {
  PHANTOM_DCHECK(layout_ == source.layout_ && to + count <= capacity_);
  CopyRowsBy(*this, source, [from](uint32_t i) { return from + i; }, count, to);
}

void Vector::CopySelected(const Vector& source, const SelIndex* rows, uint32_t count, uint32_t to) {
  PHANTOM_DCHECK(layout_ == source.layout_ && to + count <= capacity_);
  CopyRowsBy(*this, source, [rows](uint32_t i) { return rows[i]; }, count, to);
}

Value Vector::GetValue(uint32_t row) const {
  if (IsNull(row)) return Value::Null(type_);
  return Value::FromSlot(type_, layout_, row_slot(row));
}

void Vector::SetValue(uint32_t index, const Value& value) {
  if (value.is_null()) {
    SetNull(index);
    return;
  }
  PHANTOM_DCHECK(value.layout() == layout_);
  SetValid(index);
  switch (layout_) {
    case Layout::kString:
      data<StringRef>()[index] = heap().Add(value.AsStringRef());
      break;
    case Layout::kNumeric:
      data<Numeric>()[index] = heap().Add(value.AsNumeric());
      break;
    default:
      std::memcpy(slot(index), value.slot(), SizeOf(layout_));
  }
}

size_t Vector::memory_bytes() const {
  size_t bytes = buffer_ == nullptr ? 0 : buffer_->slot_bytes + buffer_->validity_bits / 8;
  return bytes + (heap_ == nullptr ? 0 : heap_->allocated_bytes());
}

}  // namespace phantom::types
