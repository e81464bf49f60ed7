// btree/key.h
//
// Limits and helpers of tree keys. A key is a byte string ordered by memcmp, shorter first on a
// tie; the empty key is below all others. A row id is its 8 bytes in big-endian.
#pragma once
#include <algorithm>
#include <array>
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

inline int CompareKeys(Bytes a, Bytes b) {
  int order = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
  if (order != 0) return order;
  return a.size() < b.size() ? -1 : a.size() > b.size();
}

}  // namespace phantom::btree
