// types/value.h
//
// One scalar that owns its bytes: a constant, a parameter, a default, a cell of a catalog row. Not for rows in bulk;
// those live in vectors.
//
// Equality and order are SQL's (compare.h), NULLs equal to each other and last; both sides must have the same layout.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "types/interval.h"
#include "types/numeric.h"
#include "types/string_ref.h"
#include "types/type.h"
#include "types/uuid.h"

namespace phantom::types {

class Value {
 public:
  // A NULL of no type.
  Value() = default;
  Value(const Value& other) { *this = other; }
  Value& operator=(const Value& other);
  Value(Value&& other) noexcept { *this = std::move(other); }
  Value& operator=(Value&& other) noexcept;

  static Value Null(Type type);
  // Copies a slot of the type's layout with all it points to.
  static Value FromSlot(Type type, const void* slot);
  static Value FromSlot(Type type, Layout layout, const void* slot);

  static Value Bool(bool v);
  static Value Int2(int16_t v);
  static Value Int4(int32_t v);
  static Value Int8(int64_t v);
  static Value Float4(float v);
  static Value Float8(double v);
  static Value OidValue(Oid v);
  static Value Text(std::string_view v) { return String(kTextOid, v); }
  static Value Name(std::string_view v) { return String(kNameOid, v); }
  static Value Char(char v) { return String(kCharOid, std::string_view(&v, v == '\0' ? 0 : 1)); }
  // Any type of the string layout.
  static Value String(Type type, std::string_view bytes);
  static Value NumericValue(const Numeric& v);

  Type type() const { return type_; }
  Layout layout() const { return layout_; }
  bool is_null() const { return null_; }
  // The slot; undefined for NULL.
  const void* slot() const { return payload_; }

  // Require !is_null() and the matching layout.
  bool AsBool() const { return Get<bool>(); }
  int16_t AsInt16() const { return Get<int16_t>(); }
  int32_t AsInt32() const { return Get<int32_t>(); }
  int64_t AsInt64() const { return Get<int64_t>(); }
  Oid AsOid() const { return static_cast<Oid>(Get<int32_t>()); }
  float AsFloat() const { return Get<float>(); }
  double AsDouble() const { return Get<double>(); }
  std::string_view AsString() const { return reinterpret_cast<const StringRef*>(payload_)->view(); }
  const StringRef& AsStringRef() const { return *reinterpret_cast<const StringRef*>(payload_); }
  const Numeric& AsNumeric() const { return *reinterpret_cast<const Numeric*>(payload_); }
  const Interval& AsInterval() const { return *reinterpret_cast<const Interval*>(payload_); }
  const TimeTz& AsTimeTz() const { return *reinterpret_cast<const TimeTz*>(payload_); }
  const Uuid& AsUuid() const { return *reinterpret_cast<const Uuid*>(payload_); }

  // Changes the type to one of the same layout (text to varchar).
  void Retype(Type type) { type_ = type; }

  bool operator==(const Value& other) const;
  bool operator<(const Value& other) const;
  uint64_t Hash(uint64_t seed = 0) const;

  // For messages and tests: the value's text in ISO style, "NULL" for NULL.
  std::string ToString() const;

 private:
  template <typename T>
  const T& Get() const {
    PHANTOM_DCHECK(!null_ && sizeof(T) == SizeOf(layout_));
    return *reinterpret_cast<const T*>(payload_);
  }
  void Own();

  Type type_;
  Layout layout_ = Layout::kString;
  bool null_ = true;
  alignas(8) std::byte payload_[16] = {};
  std::unique_ptr<char[]> owned_;  // what the payload points to
};

}  // namespace phantom::types

template <>
struct std::hash<phantom::types::Value> {
  size_t operator()(const phantom::types::Value& value) const { return value.Hash(); }
};
