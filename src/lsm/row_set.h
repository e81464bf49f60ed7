// lsm/row_set.h
//
// A set of rows of one vector: what a predicate leaves.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "lsm/format.h"

namespace phantom::lsm {

struct RowSet {
  static constexpr uint32_t kWords = kVectorRows / 64;
  std::array<uint64_t, kWords> words{};

  // Rows 0 to count.
  static RowSet First(uint32_t count) {
    RowSet rows;
    for (uint32_t i = 0; i < count / 64; ++i) rows.words[i] = ~uint64_t{0};
    if (count % 64 != 0) rows.words[count / 64] = (uint64_t{1} << count % 64) - 1;
    return rows;
  }

  bool Has(uint32_t row) const { return (words[row >> 6] >> (row & 63) & 1) != 0; }
  void Add(uint32_t row) { words[row >> 6] |= uint64_t{1} << (row & 63); }
  void Remove(uint32_t row) { words[row >> 6] &= ~(uint64_t{1} << (row & 63)); }
  void Set(uint32_t row, bool in) { in ? Add(row) : Remove(row); }
  // Adds rows [from, to).
  void AddRange(uint32_t from, uint32_t to) {
    for (; from < to && from % 64 != 0; ++from) Add(from);
    for (; from + 64 <= to; from += 64) words[from / 64] = ~uint64_t{0};
    for (; from < to; ++from) Add(from);
  }

  void Intersect(const RowSet& other) {
    for (uint32_t i = 0; i < kWords; ++i) words[i] &= other.words[i];
  }
  void Subtract(const RowSet& other) {
    for (uint32_t i = 0; i < kWords; ++i) words[i] &= ~other.words[i];
  }
  uint32_t Count() const {
    uint32_t count = 0;
    for (uint64_t word : words) count += static_cast<uint32_t>(std::popcount(word));
    return count;
  }
  bool Empty() const {
    uint64_t any = 0;
    for (uint64_t word : words) any |= word;
    return any == 0;
  }

  template <typename Fn>
  void ForEach(Fn fn) const {
    for (uint32_t i = 0; i < kWords; ++i) {
      for (uint64_t word = words[i]; word != 0; word &= word - 1)
        fn(i * 64 + static_cast<uint32_t>(std::countr_zero(word)));
    }
  }
  // Their numbers, ascending; returns how many. Requires room for Count().
  uint32_t ToIndices(types::SelIndex* to) const {
    uint32_t count = 0;
    ForEach([&](uint32_t row) { to[count++] = row; });
    return count;
  }

  bool operator==(const RowSet&) const = default;
};

}  // namespace phantom::lsm
