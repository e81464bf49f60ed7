// lsm/format.h
//
// Names and sizes of docs/formats/segment.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "types/selection.h"

namespace phantom::lsm {

inline constexpr std::string_view kHeaderMagic = "PHNTMSEG", kTrailerMagic = "PHNTMEND";
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr size_t kHeaderBytes = 32, kTrailerBytes = 32;

inline constexpr uint32_t kVectorRows = types::kVectorSize;
inline constexpr uint32_t kVectorsMax = 64;
inline constexpr uint32_t kSegmentRows = kVectorRows * kVectorsMax;

// Vectors of a number of rows, and the rows of one of them.
constexpr uint32_t VectorsOf(uint32_t rows) { return (rows + kVectorRows - 1) / kVectorRows; }
constexpr uint32_t RowsOfVector(uint32_t rows, uint32_t vector) {
  return rows - vector * kVectorRows < kVectorRows ? rows - vector * kVectorRows : kVectorRows;
}

// Bytes of a bitmap of n rows.
constexpr size_t BitmapBytes(uint32_t rows) { return (rows + 63) / 64 * 8; }

inline constexpr size_t kBlockBytesMax = 0xffffffff;
inline constexpr uint32_t kDictionaryEntriesMax = 1 << 16;
inline constexpr size_t kBoundBytesMax = 32;
inline constexpr uint32_t kSymbolTablesMax = kVectorsMax;

enum class Encoding : uint8_t {
  kNone,
  kConstant,
  kRunLength,
  kFrame,
  kDelta,
  kDictionary,
  kDecimal,
  kAlp,
  kFsst,
  kLz4,
  kPlain
};
inline constexpr int kEncodingCount = 11;

// "run-length" and so on.
std::string_view EncodingName(Encoding encoding);

}  // namespace phantom::lsm
