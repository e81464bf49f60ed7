#include "types/value.h"

#include <cstring>

#include "types/slot_functions.h"
#include "types/hash.h"
#include "types/text_format.h"

namespace phantom::types {
namespace {

template <typename T>
Value Fixed(Type type, T v) {
  return Value::FromSlot(type, &v);
}

}  // namespace

// Takes into owned_ what the payload points to.
void Value::Own() {
  owned_.reset();
  if (null_) return;
  if (layout_ == Layout::kString) {
    auto* string = reinterpret_cast<StringRef*>(payload_);
    if (string->is_inline()) return;
    owned_ = std::make_unique_for_overwrite<char[]>(string->size());
    std::memcpy(owned_.get(), string->data(), string->size());
    *string = StringRef(owned_.get(), string->size());
  } else if (layout_ == Layout::kNumeric) {
    auto* number = reinterpret_cast<Numeric*>(payload_);
    if (!number->is_big()) return;
    Bytes bytes = number->big_bytes();
    owned_ = std::make_unique_for_overwrite<char[]>(bytes.size());
    std::memcpy(owned_.get(), bytes.data(), bytes.size());
    *number = Numeric::FromBig({reinterpret_cast<const std::byte*>(owned_.get()), bytes.size()});
  }
}

Value& Value::operator=(const Value& other) {
  if (this == &other) return *this;
  type_ = other.type_;
  layout_ = other.layout_;
  null_ = other.null_;
  std::memcpy(payload_, other.payload_, sizeof(payload_));
  Own();
  return *this;
}

Value& Value::operator=(Value&& other) noexcept {
  if (this == &other) return *this;
  type_ = other.type_;
  layout_ = other.layout_;
  null_ = other.null_;
  std::memcpy(payload_, other.payload_, sizeof(payload_));
  owned_ = std::move(other.owned_);
  other.null_ = true;
  return *this;
}

Value Value::Null(Type type) {
  Value value;
  value.type_ = type;
  value.layout_ = LayoutOf(type);
  return value;
}

Value Value::FromSlot(Type type, const void* slot) { return FromSlot(type, LayoutOf(type), slot); }

Value Value::FromSlot(Type type, Layout layout, const void* slot) {
  Value value;
  value.type_ = type;
  value.layout_ = layout;
  value.null_ = false;
  std::memcpy(value.payload_, slot, SizeOf(layout));
  value.Own();
  return value;
}

Value Value::Bool(bool v) { return Fixed(kBoolOid, v); }
Value Value::Int2(int16_t v) { return Fixed(kInt2Oid, v); }
Value Value::Int4(int32_t v) { return Fixed(kInt4Oid, v); }
Value Value::Int8(int64_t v) { return Fixed(kInt8Oid, v); }
Value Value::Float4(float v) { return Fixed(kFloat4Oid, v); }
Value Value::Float8(double v) { return Fixed(kFloat8Oid, v); }
Value Value::OidValue(Oid v) { return Fixed(kOidOid, v); }
Value Value::NumericValue(const Numeric& v) { return Fixed(kNumericOid, v); }
Value Value::String(Type type, std::string_view bytes) {
  StringRef string(bytes);
  return FromSlot(type, Layout::kString, &string);
}

bool Value::operator==(const Value& other) const {
  if (null_ || other.null_) return null_ == other.null_;
  return EqualFunctionFor(type_.oid, layout_)(payload_, other.payload_);
}

bool Value::operator<(const Value& other) const {
  if (null_ || other.null_) return !null_ && other.null_;
  return CompareFunctionFor(type_.oid, layout_)(payload_, other.payload_) < 0;
}

uint64_t Value::Hash(uint64_t seed) const {
  if (null_) return kNullHash;
  if (HashFn hash = HashFunctionFor(type_.oid, layout_)) return hash(payload_, seed);
  if (layout_ == Layout::kString) return HashBytes(AsString(), seed);
  return HashBytes({reinterpret_cast<const char*>(payload_), SizeOf(layout_)}, seed);
}

std::string Value::ToString() const {
  if (null_) return "NULL";
  std::string text;
  Status status = AppendText(*this, FormatContext{}, text);
  return status.ok() ? text : status.ToString();
}

}  // namespace phantom::types
