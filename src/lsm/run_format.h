// lsm/run_format.h
//
// Names and sizes of docs/formats/run.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace phantom::lsm {

inline constexpr std::string_view kRunMagic = "PHNTMRUN";
inline constexpr uint32_t kRunVersion = 1;

inline constexpr uint32_t kRunBlockEntriesMax = 2048;
// A block ends before it has more keys or values than this, in bytes.
inline constexpr size_t kRunBlockKeyBytes = 16 << 10;
inline constexpr size_t kRunBlockValueBytes = 4 << 10;
// Keys and values are no longer than this each.
inline constexpr size_t kRunItemBytesMax = 4096;
inline constexpr uint32_t kRestartInterval = 16;
inline constexpr uint32_t kPackedBitsMax = 57;

enum class RunBlockKind : uint8_t { kPacked = 1, kFrontCoded = 2 };
inline constexpr uint8_t kRunBlockLz4 = 1;   // the entries are an LZ4 block
inline constexpr uint8_t kRunBlockWide = 2;  // lengths have two bytes

inline constexpr uint32_t kFilterLineBytes = 64;
inline constexpr uint32_t kFilterBitsPerKey = 10;
// A filter ends with the block in which it gets this many keys.
inline constexpr uint32_t kFilterKeys = 1 << 15;

}  // namespace phantom::lsm
