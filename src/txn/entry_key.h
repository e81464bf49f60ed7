// txn/entry_key.h
//
// The keys of index entries in their tree.
#pragma once
#include <array>
#include <cstring>
#include <string_view>

#include "btree/key.h"
#include "common/bytes.h"
#include "common/ids.h"
#include "txn/index.h"

namespace phantom::txn {

// key||row id.
class EntryKey {
 public:
  EntryKey(std::string_view key, RowId row) : size_(key.size() + 8) {
    std::memcpy(bytes_.data(), key.data(), key.size());
    StoreBE(bytes_.data() + key.size(), row.value);
  }
  operator Bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<std::byte, btree::kKeyBytesMax> bytes_;
  size_t size_;
};
static_assert(Index::kKeyBytesMax + 8 <= btree::kKeyBytesMax);

// Filters of an index's runs leave the row id out.
inline constexpr uint8_t kIndexFilterTrim = 8;

}  // namespace phantom::txn
