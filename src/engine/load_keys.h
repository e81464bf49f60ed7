// engine/load_keys.h
//
// The keys that one index gets from a bulk load, gathered and then given in their order.
//
// Thread safety: one owner.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"

namespace phantom::engine {

class LoadKeys {
 public:
  struct Key {
    std::string_view bytes;
    RowId row;
    uint32_t number;  // of the row among those gathered
    bool unique;      // no other row may have it
  };

  void Add(std::string_view bytes, RowId row, uint32_t number, bool unique);
  size_t memory_bytes() const { return bytes_.size() + entries_.size() * sizeof(Entry); }
  size_t size() const { return entries_.size(); }
  // By key, then by number or by row.
  enum class Within : uint8_t { kNumber, kRow };
  void Sort(Within within);
  Key at(size_t i) const;
  void Clear();

 private:
  struct Entry {
    uint64_t prefix;  // of the key, zeros behind it: most comparisons end here
    RowId row;
    uint64_t offset;  // in bytes_
    uint32_t number;
    uint16_t size;
    bool unique;
  };

  std::string bytes_;
  std::vector<Entry> entries_;
};

}  // namespace phantom::engine
