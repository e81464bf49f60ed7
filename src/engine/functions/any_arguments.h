// engine/functions/any_arguments.h
//
// The arguments of a function that takes any number of any type (concat, format, json_build_object): given one by one
// or as VARIADIC array, they read the same.
#pragma once
#include <array>
#include <span>
#include <string>
#include <vector>

#include "engine/kernel.h"

namespace phantom::engine {

// A value of any type. The slot lives as long as what it was taken from.
struct AnyValue {
  types::Type type;
  const void* slot = nullptr;  // null: NULL

  bool is_null() const { return slot == nullptr; }
};

inline AnyValue ValueAt(const types::Vector& vector, uint32_t row) {
  return {vector.type(), vector.IsNull(row) ? nullptr : vector.row_slot(row)};
}

class AnyArguments {
 public:
  // The arguments from number `first` on. The last is taken apart when it is the VARIADIC array.
  AnyArguments(const KernelContext& context, std::span<const types::Vector* const> args, size_t first, uint32_t row);

  // The VARIADIC array itself is NULL.
  bool is_null() const { return null_; }
  size_t size() const { return values_.size(); }
  const AnyValue& operator[](size_t i) const { return values_[i]; }

 private:
  struct alignas(8) Slot {
    std::byte bytes[16];
  };
  bool null_ = false;
  std::vector<AnyValue> values_;
  std::vector<Slot> slots_;
};

// Appends a value as its output function writes it. Requires !value.is_null().
Status AppendValue(const KernelContext& context, const AnyValue& value, std::string& out);

}  // namespace phantom::engine
