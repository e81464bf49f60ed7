// types/uuid.h
//
// The slot of uuid: 16 bytes in the order they are written.
#pragma once
#include <compare>
#include <cstdint>
#include <cstring>

namespace phantom::types {

struct alignas(8) Uuid {
  uint8_t bytes[16] = {};

  bool operator==(const Uuid& other) const { return std::memcmp(bytes, other.bytes, 16) == 0; }
  int Compare(const Uuid& other) const { return std::memcmp(bytes, other.bytes, 16); }
  std::strong_ordering operator<=>(const Uuid& other) const { return Compare(other) <=> 0; }
};
static_assert(sizeof(Uuid) == 16);

}  // namespace phantom::types
