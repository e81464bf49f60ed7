// types/bit_string.h
//
// bit and varbit: the string slot holds the number of bits (u32, little-endian), then the bits, first bit highest, the
// last byte padded with zeros.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/status.h"

namespace phantom::types {

inline uint32_t BitCount(std::string_view bits) { return LoadLE<uint32_t>(bits.data()); }
inline std::string_view BitBytes(std::string_view bits) { return bits.substr(4); }
inline bool BitAt(std::string_view bits, uint32_t i) {
  return (static_cast<uint8_t>(bits[4 + i / 8]) >> (7 - i % 8) & 1) != 0;
}
// A bit string of zeros.
std::string MakeBits(uint32_t count);
inline void SetBit(std::string& bits, uint32_t i) {
  bits[4 + i / 8] = static_cast<char>(static_cast<uint8_t>(bits[4 + i / 8]) | 0x80 >> (i % 8));
}

// bit_in's syntax: digits, or B/X and digits, of a type with this length (0: any). 22P02 as PostgreSQL, and the errors of
// ApplyBitLength.
Status ParseBits(std::string_view text, bool varying, int32_t length, std::string& out);
void AppendBits(std::string_view bits, std::string& out);
// Applies bit(n) (explicit casts pad or cut, else 22026) or varbit(n) (explicit casts cut, else 22001).
Status ApplyBitLength(bool varying, int32_t length, bool is_explicit, std::string& bits);
int CompareBits(std::string_view a, std::string_view b);

}  // namespace phantom::types
