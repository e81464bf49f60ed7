// lsm/kind.h
//
// What encodings and predicates must know of a column's type, and the one place where code is chosen by layout.
//
// Types with a *key* (bool, integers, floats) map to int64 in their order. Values compare equal iff their keys are
// equal. For integers the key is reversible and is what is stored.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "types/compare.h"
#include "types/string_heap.h"
#include "types/type.h"

namespace phantom::lsm {

struct Kind {
  types::Type type;
  types::Layout layout = types::Layout::kInt32;
  // The type's order, where it is defined for any bytes: null for json, jsonb, arrays, records and bit strings.
  // Predicates on those are not for this room.
  types::CompareFn compare = nullptr;
  bool is_unsigned = false;
  // Text and bytea compare bytewise, so a prefix can be a bound.
  bool bytewise = false;

  Kind() = default;
  // For types the types room does not know (enums) the order is that of the layout. Requires Exists().
  Kind(types::Type type, types::Layout layout);
  // A built-in type has one layout.
  static bool Exists(Oid type, types::Layout layout) {
    return type >= types::kFirstUserOid || types::LayoutOf(type) == layout;
  }

  bool is_integer() const { return layout <= types::Layout::kInt64; }
  bool is_float() const { return layout == types::Layout::kFloat32 || layout == types::Layout::kFloat64; }
  bool has_key() const { return is_integer() || is_float(); }
  bool is_string() const { return layout == types::Layout::kString; }
  bool is_numeric() const { return layout == types::Layout::kNumeric; }
  size_t slot_bytes() const { return types::SizeOf(layout); }
  // What turns a key into the slot's bits by addition.
  uint64_t key_bias() const { return is_unsigned && layout == types::Layout::kInt64 ? uint64_t{1} << 63 : 0; }
};

// That of int4: numbers of a dictionary's entries.
const Kind& NumberKind();

template <typename T>
struct IntegerKey {
  using Slot = T;
  uint64_t bias;
  int64_t operator()(T value) const {
    if constexpr (sizeof(T) == 8) return static_cast<int64_t>(static_cast<uint64_t>(value) + bias);
    return static_cast<int64_t>(value);
  }
};

template <typename T, typename Signed>
struct FloatKey {
  using Slot = T;
  int64_t operator()(T value) const {
    if (value == 0) value = 0;  // -0 too
    if (std::isnan(value)) return INT64_MAX;
    Signed bits = std::bit_cast<Signed>(value);
    return bits < 0 ? static_cast<Signed>(~bits ^ std::bit_cast<Signed>(T(-0.0))) : bits;
  }
};

// Calls fn with the function from slot to key. Requires kind.has_key().
template <typename Fn>
auto WithKey(const Kind& kind, Fn fn) {
  using types::Layout;
  switch (kind.layout) {
    case Layout::kBool:
      return fn(IntegerKey<uint8_t>{0});
    case Layout::kInt16:
      return fn(IntegerKey<int16_t>{0});
    case Layout::kInt32:
      return kind.is_unsigned ? fn(IntegerKey<uint32_t>{0}) : fn(IntegerKey<int32_t>{0});
    case Layout::kFloat32:
      return fn(FloatKey<float, int32_t>{});
    case Layout::kFloat64:
      return fn(FloatKey<double, int64_t>{});
    default:
      return fn(IntegerKey<int64_t>{kind.key_bias()});
  }
}

inline int64_t KeyOf(const Kind& kind, const void* slot) {
  return WithKey(kind, [slot]<typename Key>(Key key) {
    typename Key::Slot value;
    std::memcpy(&value, slot, sizeof(value));
    return key(value);
  });
}

struct Slot16 {
  uint64_t words[2];
};

// Calls fn with a value of an unsigned type of the slot's size.
template <typename Fn>
auto WithSlot(types::Layout layout, Fn fn) {
  switch (types::SizeOf(layout)) {
    case 1:
      return fn(uint8_t{});
    case 2:
      return fn(uint16_t{});
    case 4:
      return fn(uint32_t{});
    case 8:
      return fn(uint64_t{});
    default:
      return fn(Slot16{});
  }
}

// The slot that a value's bytes (docs/formats/row.md) stand for; it points into them. False for bytes that are no
// value.
bool SlotFromCheckedBytes(types::Layout layout, std::string_view bytes, void* slot);
// Copies a slot with what it points to.
void CopySlot(types::Layout layout, const void* from, void* to, types::StringHeap& heap);
// The same value in the same representation.
bool SameSlot(types::Layout layout, const void* a, const void* b);
// <0, 0, >0 by the type's order where there is one, then by the bytes: 0 iff SameSlot.
int TotalOrder(const Kind& kind, const void* a, const void* b);
// What the sketch keeps (docs/formats/segment.md).
uint64_t HashOfSlot(types::Layout layout, const void* slot);

}  // namespace phantom::lsm
