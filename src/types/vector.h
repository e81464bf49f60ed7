// types/vector.h
//
// Up to kVectorSize values of one type (more where a dictionary needs it), each valid or NULL, in one of three forms:
//
//   kFlat        slot i is row i
//   kConstant    slot 0 is every row
//   kDictionary  slot selection[i] is row i (a slice of another vector shares its slots)
//
// Kernels read any form through UnifiedView and have fast paths for flat and constant. NULL is a cleared bit of the
// validity bitmap; an absent bitmap means that all are valid. The slot of a NULL is undefined but readable memory;
// strings and numerics in it must not be followed.
//
// Slots, bitmap, selection and string heap are shared between vectors that refer to each other. A vector may be written
// only after Reset() (or construction), which takes fresh memory when the old is still shared and reuses it, without
// allocating, when it is not.
//
// Thread safety: none while it is written; may be read from any thread afterwards.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/check.h"
#include "types/selection.h"
#include "types/string_heap.h"
#include "types/type.h"

namespace phantom::types {

class Value;

enum class VectorForm : uint8_t { kFlat, kConstant, kDictionary };

// Rows of any form: row i is slot index(i). validity is indexed by slot.
struct UnifiedView {
  const std::byte* data = nullptr;
  const SelIndex* selection = nullptr;  // null: row i is slot i
  const uint64_t* validity = nullptr;   // null: all valid

  uint32_t index(uint32_t row) const { return selection == nullptr ? row : selection[row]; }
  bool slot_valid(uint32_t slot) const {
    return validity == nullptr || (validity[slot >> 6] >> (slot & 63) & 1) != 0;
  }
  bool valid(uint32_t row) const { return validity == nullptr || slot_valid(index(row)); }
  template <typename T>
  const T& slot(uint32_t index) const {
    return reinterpret_cast<const T*>(data)[index];
  }
  template <typename T>
  const T& Get(uint32_t row) const {
    return slot<T>(index(row));
  }
};

class Vector {
 public:
  explicit Vector(Type type, uint32_t capacity = kVectorSize);
  // For a type whose layout this room does not know (domains, enums).
  Vector(Type type, Layout layout, uint32_t capacity);
  Vector(Vector&&) noexcept;
  Vector& operator=(Vector&&) noexcept;
  // Copies share memory with the original (see Reference).
  Vector(const Vector&);
  Vector& operator=(const Vector&);
  ~Vector();

  Type type() const { return type_; }
  Layout layout() const { return layout_; }
  VectorForm form() const { return form_; }
  bool is_flat() const { return form_ == VectorForm::kFlat; }
  bool is_constant() const { return form_ == VectorForm::kConstant; }
  // Slots there is memory for.
  uint32_t capacity() const { return capacity_; }

  // Writing -----------------------------------------------------------------------------------------------------------

  // An empty flat vector, all valid, ready to be written.
  void Reset();
  // Same, of another type.
  void Reset(Type type);
  // Room for at least this many slots, keeping those there are. Requires a writable flat vector.
  void Reserve(uint32_t capacity);
  // Turns the written slot 0 (valid or NULL) into every row.
  void SetConstant() { form_ = VectorForm::kConstant; }
  void SetFlat() { form_ = VectorForm::kFlat; }
  // A constant NULL.
  void SetConstantNull();

  template <typename T>
  T* data() {
    return reinterpret_cast<T*>(data_);
  }
  template <typename T>
  const T* data() const {
    return reinterpret_cast<const T*>(data_);
  }
  std::byte* slot(uint32_t index) { return data_ + index * SizeOf(layout_); }
  const std::byte* slot(uint32_t index) const { return data_ + index * SizeOf(layout_); }

  void SetNull(uint32_t slot) {
    if (validity_ == nullptr) MakeValidity();
    validity_[slot >> 6] &= ~(uint64_t{1} << (slot & 63));
  }
  void SetValid(uint32_t slot) {
    if (validity_ != nullptr) validity_[slot >> 6] |= uint64_t{1} << (slot & 63);
  }
  void SetNull(uint32_t slot, bool null) { null ? SetNull(slot) : SetValid(slot); }
  // The bitmap to write, all ones when there was none. One bit a slot, at least capacity() bits.
  uint64_t* mutable_validity() {
    if (validity_ == nullptr) MakeValidity();
    return validity_;
  }
  // Copies the bytes into this vector's heap.
  void SetString(uint32_t slot, std::string_view text) { data<StringRef>()[slot] = heap().Add(text); }

  // This vector's own heap, created at need.
  StringHeap& heap();
  // Lets this vector's strings point into the other's.
  void KeepStringsOf(const Vector& other);

  // Reading -----------------------------------------------------------------------------------------------------------

  // Null when all are valid. Indexed by slot.
  const uint64_t* validity() const { return validity_; }
  bool all_valid() const { return validity_ == nullptr; }
  uint32_t slot_of(uint32_t row) const {
    return form_ == VectorForm::kFlat ? row : form_ == VectorForm::kConstant ? 0 : selection_[row];
  }
  bool IsNull(uint32_t row) const {
    if (validity_ == nullptr) return false;
    uint32_t index = slot_of(row);
    return (validity_[index >> 6] >> (index & 63) & 1) == 0;
  }
  // The slot of a row, whatever the form. Undefined contents when the row is NULL.
  const std::byte* row_slot(uint32_t row) const { return slot(slot_of(row)); }
  template <typename T>
  const T& Get(uint32_t row) const {
    return data<T>()[slot_of(row)];
  }
  // Constants are viewed through kZeroSelection: count must be <= kVectorSize for them.
  UnifiedView View() const {
    const SelIndex* selection = form_ == VectorForm::kFlat       ? nullptr
                                : form_ == VectorForm::kConstant ? kZeroSelection
                                                                 : selection_.get();
    return {data_, selection, validity_};
  }

  // Sharing and copying -----------------------------------------------------------------------------------------------

  // Becomes the same rows as other, sharing all its memory; type() becomes other's.
  void Reference(const Vector& other);
  // Same slots under another type of the same layout (varchar as text). The source may be any form.
  void ReferenceAs(Type type, const Vector& other);
  // Becomes rows selection[0..count) of other. Shares other's slots; constants stay constants.
  void Slice(const Vector& other, const SelectionVector& selection, uint32_t count);
  // Turns any form into a writable flat one of count rows; strings stay shared.
  void Flatten(uint32_t count);
  // Copies rows [from, from+count) of source (any form) to slots [to, ...) of this writable flat vector, strings included.
  void CopyRows(const Vector& source, uint32_t from, uint32_t count, uint32_t to);
  // Same for chosen rows.
  void CopySelected(const Vector& source, const SelIndex* rows, uint32_t count, uint32_t to);

  // Boxed access, for the edges of the system. SetValue copies; the types' layouts must agree.
  Value GetValue(uint32_t row) const;
  void SetValue(uint32_t slot, const Value& value);

  // Bytes of the slots and the own heap.
  size_t memory_bytes() const;

 private:
  friend class Chunk;
  struct Buffer;

  void Allocate(uint32_t capacity);
  void MakeValidity();

  Type type_;
  Layout layout_;
  VectorForm form_ = VectorForm::kFlat;
  uint32_t capacity_ = 0;
  std::byte* data_ = nullptr;
  uint64_t* validity_ = nullptr;
  std::shared_ptr<Buffer> buffer_;
  std::shared_ptr<SelIndex[]> selection_;
  std::shared_ptr<StringHeap> heap_;
};

}  // namespace phantom::types
