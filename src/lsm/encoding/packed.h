// lsm/encoding/packed.h
//
// Unsigned codes of a fixed number of bits, one after another: any code is read with one load and a shift.
//
// Why bits: docs/decisions/0016-packed-codes.md. Readers may load up to kPackedSlack bytes past the last code: blocks
// in memory have them.
#pragma once
#include <bit>
#include <cstdint>
#include <span>
#include <string>

#include "lsm/byte_cursor.h"

namespace phantom::lsm {

inline constexpr size_t kPackedSlack = 8;
inline constexpr uint32_t kPackedGroup = 64;  // codes that end on a byte at any width

// A code of up to 57 bits lies within the 8 bytes at its first bit; wider ones get 64.
constexpr int WidthOf(uint64_t code_max) {
  const int bits = std::bit_width(code_max);
  return bits <= 57 ? bits : 64;
}
constexpr bool IsWidth(int width) { return (width >= 0 && width <= 57) || width == 64; }
constexpr size_t PackedBytes(size_t count, int width) { return (count * static_cast<size_t>(width) + 7) / 8; }

void AppendPacked(std::span<const uint64_t> codes, int width, std::string& out);

// Null when the width is none or fewer bytes are there.
inline const std::byte* TakePacked(ByteCursor& in, uint32_t count, int width) {
  static constexpr std::byte kNothing[kPackedSlack] = {};
  if (!in.ok() || !IsWidth(width)) return nullptr;
  const Bytes packed = in.TakeBytes(PackedBytes(count, width));
  return !in.ok() ? nullptr : packed.empty() ? kNothing : packed.data();
}

inline uint64_t PackedGet(const std::byte* packed, int width, uint32_t i) {
  const uint64_t bit = uint64_t{i} * static_cast<uint64_t>(width);
  const uint64_t word = LoadLE<uint64_t>(packed + (bit >> 3));
  return width == 64 ? word : word >> (bit & 7) & ((uint64_t{1} << width) - 1);
}

// The codes from `first` on, first being a multiple of kPackedGroup and count at most kPackedGroup. A uint32_t takes
// widths up to 32.
void Unpack(const std::byte* packed, int width, uint32_t first, uint32_t count, uint32_t* to);
void Unpack(const std::byte* packed, int width, uint32_t first, uint32_t count, uint64_t* to);

}  // namespace phantom::lsm
