// types/hash.h
//
// 64-bit hashes for hash joins and aggregates, equal for values that compare.h calls equal. int2, int4 and int8 of one
// value hash alike, as do float4 and float8 and the string types. Not stable across versions: never stored.
#pragma once
#include <cstdint>

#include "types/type.h"
#include "types/vector.h"

namespace phantom::types {

inline constexpr uint64_t kNullHash = 0x9ae16a3b2f90404full;

using HashFn = uint64_t (*)(const void* slot, uint64_t seed);
// Null for types without equality.
HashFn HashFunction(Oid type);

inline uint64_t HashInt64(uint64_t value, uint64_t seed) {
  uint64_t x = value ^ (seed * 0x9e3779b97f4a7c15ull);
  x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
  x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
  return x ^ x >> 32;
}
uint64_t HashBytes(std::string_view bytes, uint64_t seed);

}  // namespace phantom::types
