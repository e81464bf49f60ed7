// lsm/run_filter.h
//
// Blocked Bloom filters of runs. Bytes and source: docs/formats/run.md.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "common/bytes.h"
#include "common/checksum.h"
#include "lsm/run_format.h"

namespace phantom::lsm {

inline uint64_t FilterHash(Bytes key) { return Checksum(key); }

// Calls fn(byte of the filter, bit of the byte) for the six bits of a hash until it returns false.
template <typename Fn>
inline bool ForEachFilterBit(uint64_t hash, size_t filter_bytes, Fn fn) {
  const uint64_t lines = filter_bytes / kFilterLineBytes;
  const size_t line = static_cast<size_t>((hash >> 32) * lines >> 32) * kFilterLineBytes;
  auto probe = static_cast<uint32_t>(hash);
  for (int i = 0; i < 6; ++i) {
    probe *= 0x9e3779b9u;
    const uint32_t bit = probe >> 23;
    if (!fn(line + bit / 8, static_cast<uint8_t>(1 << bit % 8))) return false;
  }
  return true;
}

inline std::string MakeFilter(std::span<const uint64_t> hashes) {
  const size_t bits = hashes.size() * kFilterBitsPerKey;
  std::string filter((bits + kFilterLineBytes * 8 - 1) / (kFilterLineBytes * 8) * kFilterLineBytes, '\0');
  for (uint64_t hash : hashes) {
    ForEachFilterBit(hash, filter.size(), [&](size_t byte, uint8_t bit) {
      filter[byte] = static_cast<char>(static_cast<uint8_t>(filter[byte]) | bit);
      return true;
    });
  }
  return filter;
}

inline bool FilterMayHave(Bytes filter, uint64_t hash) {
  return ForEachFilterBit(hash, filter.size(), [&](size_t byte, uint8_t bit) {
    return (static_cast<uint8_t>(filter[byte]) & bit) != 0;
  });
}

}  // namespace phantom::lsm
