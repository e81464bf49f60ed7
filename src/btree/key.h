// btree/key.h
//
// Limits and helpers of tree keys. A key is a byte string ordered by memcmp, shorter first on a
// tie; the empty key is below all others. A row id is its 8 bytes in big-endian.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "common/bytes.h"
#include "common/ids.h"

namespace phantom::btree {

inline constexpr size_t kPageBytes = 8192;
inline constexpr size_t kKeyBytesMax = 1600;
inline constexpr size_t kValueBytesMax = 2048;

// Numbers are on disk.
enum class TreeKind : uint8_t {
  kRowId = 1,  // keys are row ids; a value begins with the LSN of the record that made it
  kKeyed = 2,  // keys are bytes; values are opaque
};

class RowKey {
 public:
  explicit RowKey(RowId row) { StoreBE(bytes_.data(), row.value); }
  operator Bytes() const { return bytes_; }

 private:
  std::array<std::byte, 8> bytes_;
};

inline RowId RowIdOf(Bytes key) { return RowId(key.size() == 8 ? LoadBE<uint64_t>(key.data()) : 0); }

// The first 8 bytes as a big-endian number, zero-padded.
inline uint64_t KeyHead(const std::byte* key, size_t size) {
  if (size >= 8) return LoadBE<uint64_t>(key);
  if (size >= 4) {
    // Two loads that may overlap.
    const uint64_t tail = LoadBE<uint32_t>(key + size - 4);
    return uint64_t{LoadBE<uint32_t>(key)} << 32 | tail << (64 - 8 * size);
  }
  uint64_t head = 0;
  for (size_t i = 0; i < size; ++i) head |= static_cast<uint64_t>(key[i]) << (56 - 8 * i);
  return head;
}

inline int CompareKeys(Bytes a, Bytes b) {
  const uint64_t head_a = KeyHead(a.data(), a.size());
  const uint64_t head_b = KeyHead(b.data(), b.size());
  if (head_a != head_b) return head_a < head_b ? -1 : 1;
  const size_t common = std::min(a.size(), b.size());
  if (common > 8) {
    const int order = std::memcmp(a.data() + 8, b.data() + 8, common - 8);
    if (order != 0) return order;
  }
  return a.size() < b.size() ? -1 : a.size() > b.size();
}

// How many bytes the two have in common at their beginning / end, of `size`.
inline size_t CommonPrefix(const std::byte* a, const std::byte* b, size_t size) {
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    const uint64_t difference = LoadLE<uint64_t>(a + i) ^ LoadLE<uint64_t>(b + i);
    if (difference != 0) return i + static_cast<size_t>(std::countr_zero(difference)) / 8;
  }
  while (i < size && a[i] == b[i]) ++i;
  return i;
}
inline size_t CommonSuffix(const std::byte* a_end, const std::byte* b_end, size_t size) {
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    const uint64_t difference = LoadLE<uint64_t>(a_end - i - 8) ^ LoadLE<uint64_t>(b_end - i - 8);
    if (difference != 0) return i + static_cast<size_t>(std::countl_zero(difference)) / 8;
  }
  while (i < size && a_end[-1 - static_cast<ptrdiff_t>(i)] == b_end[-1 - static_cast<ptrdiff_t>(i)]) ++i;
  return i;
}

}  // namespace phantom::btree
