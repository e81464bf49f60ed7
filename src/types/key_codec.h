// types/key_codec.h
//
// Order-preserving keys: the bytes of two encoded rows compare (memcmp, shorter first) as the rows do in SQL, with DESC
// and NULLS FIRST per column; equal values give equal bytes. No column's encoding is a prefix of another value's, so
// columns are simply put one behind the other and a key of the first columns is a prefix of all keys that agree in them.
// Bytes: docs/formats/key.md. Keys cannot be decoded (1.0 and 1.00 are one key): the row holds the values.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "types/chunk.h"
#include "types/type.h"
#include "types/value.h"

namespace phantom::types {

struct KeyColumn {
  Type type;
  bool descending = false;
  bool nulls_first = false;  // PostgreSQL's default: NULLs last ascending, first descending

  bool operator==(const KeyColumn&) const = default;
};

// Whether values of the type can be a key.
bool HasKeyEncoding(Oid type);

// Appends the bytes of one value that is not NULL, ascending, without the NULL marker. Requires HasKeyEncoding.
void AppendKeyValue(Oid type, const void* slot, std::string& key);

class KeyCodec {
 public:
  KeyCodec() = default;
  // Requires HasKeyEncoding of all.
  explicit KeyCodec(std::vector<KeyColumn> columns);

  const std::vector<KeyColumn>& columns() const { return columns_; }
  uint32_t column_count() const { return static_cast<uint32_t>(columns_.size()); }

  // Appends column i of a key.
  void AppendColumn(uint32_t i, const void* slot, std::string& key) const;
  void AppendNull(uint32_t i, std::string& key) const;
  void Append(uint32_t i, const Value& value, std::string& key) const;

  // Appends the key of a chunk's row; column_of[i] is the chunk's column of key column i. Returns true when a column
  // is NULL (such a key never conflicts in a unique index).
  bool AppendRow(const Chunk& chunk, std::span<const uint32_t> column_of, uint32_t row, std::string& key) const;

  // The byte before column i's values that are not NULL, and for its NULLs: bounds of "IS [NOT] NULL" and open ranges.
  uint8_t ValueMarker(uint32_t i) const;
  uint8_t NullMarker(uint32_t i) const;

 private:
  std::vector<KeyColumn> columns_;
};

// Turns a prefix into the least byte string above all that start with it. False when there is none (all 0xff).
bool PrefixSuccessor(std::string& key);

}  // namespace phantom::types
