// common/bytes.h
//
// Loads and stores of fixed-width integers at any alignment. On disk integers are little-endian;
// on the wire and in order-preserving keys they are big-endian.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace phantom {

static_assert(std::endian::native == std::endian::little);

using Bytes = std::span<const std::byte>;

template <typename T>
inline T LoadLE(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}
template <typename T>
inline void StoreLE(void* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

inline uint16_t SwapBytes(uint16_t v) { return __builtin_bswap16(v); }
inline uint32_t SwapBytes(uint32_t v) { return __builtin_bswap32(v); }
inline uint64_t SwapBytes(uint64_t v) { return __builtin_bswap64(v); }

// T is an unsigned integer of 2, 4 or 8 bytes.
template <typename T>
inline T LoadBE(const void* from) {
  return SwapBytes(LoadLE<T>(from));
}
template <typename T>
inline void StoreBE(void* to, T value) {
  StoreLE<T>(to, SwapBytes(value));
}

inline Bytes AsBytes(std::string_view text) { return {reinterpret_cast<const std::byte*>(text.data()), text.size()}; }
inline std::string_view AsText(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace phantom
