// engine/row_keys.h
//
// Keys of rows for hashing: canonical bytes such that two rows are equal in SQL iff their bytes are (int4 1 = int8 1,
// 1.0 = 1.00, -0 = 0, bpchar without trailing blanks). Not ordered. And a hash table over them.
//
// Thread safety: one owner.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/arena.h"
#include "engine/runtime.h"

namespace phantom::engine {

// Encodes the key columns of a batch's rows.
class RowKeys {
 public:
  // With nulls_equal NULL is a value like others (GROUP BY); without, rows with a NULL have no key (joins).
  RowKeys(const Runtime& runtime, std::span<const types::Type> types, bool nulls_equal);

  // The types must be hashable: 42883 "could not identify an equality operator for type ...".
  static Status CheckHashable(const Runtime& runtime, std::span<const types::Type> types);

  // Encodes row rows[i] as key i, for all i.
  void Encode(std::span<const types::Vector* const> columns, const Rows& rows);

  std::string_view key(size_t i) const {
    if (fixed_) return {reinterpret_cast<const char*>(words_.data() + i * width_), width_ * 8};
    return {bytes_.data() + ends_[i], ends_[i + 1] - ends_[i]};
  }
  uint64_t hash(size_t i) const { return hashes_[i]; }
  bool has_null(size_t i) const { return !nulls_.empty() && nulls_[i] != 0; }

 private:
  enum class Form : uint8_t { kBool, kInt16, kInt32, kInt64, kFloat32, kFloat64, kText, kBlankPadded, kRaw16, kKeyCodec };
  struct Column {
    types::Type type;
    Form form;
  };

  void EncodeFixed(std::span<const types::Vector* const> columns, const Rows& rows);
  void EncodeBytes(std::span<const types::Vector* const> columns, const Rows& rows);

  std::vector<Column> columns_;
  bool nulls_equal_;
  bool fixed_ = true;
  size_t width_ = 0;  // words a key, the last one the NULLs when they are values
  std::vector<uint64_t> words_;
  std::string bytes_;
  std::vector<size_t> ends_;
  std::vector<uint64_t> hashes_;
  std::vector<uint8_t> nulls_;
};

// Distinct keys, numbered from 0 in order of arrival.
class KeyTable {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  // The key's number; a new key is copied.
  uint32_t FindOrAdd(std::string_view key, uint64_t hash, bool& added);
  uint32_t Find(std::string_view key, uint64_t hash) const;

  size_t size() const { return keys_.size(); }
  std::string_view key(uint32_t i) const { return keys_[i]; }
  uint64_t hash(uint32_t i) const { return hashes_[i]; }
  void Clear();
  size_t memory_bytes() const {
    return arena_.allocated_bytes() + slots_.capacity() * sizeof(Slot) + keys_.capacity() * sizeof(std::string_view) +
           hashes_.capacity() * sizeof(uint64_t);
  }

 private:
  struct Slot {
    uint32_t tag = 0;
    uint32_t number = kNone;
  };
  void Grow();

  std::vector<Slot> slots_;
  std::vector<std::string_view> keys_;
  std::vector<uint64_t> hashes_;
  Arena arena_;
};

}  // namespace phantom::engine
