// lsm/encoding/frame.h
//
// Frame of reference: numbers as packed distances from the least. Point access is one load.
#pragma once
#include <span>
#include <string>

#include "lsm/byte_cursor.h"
#include "lsm/encoding/packed.h"
#include "lsm/row_set.h"

namespace phantom::lsm {

// Numbers from low to high, both included. Requires low <= high.
struct KeyRange {
  int64_t low, high;
};

class Frame {
 public:
  static size_t BytesOf(std::span<const int64_t> numbers);
  static void Append(std::span<const int64_t> numbers, std::string& out);

  // Points into the cursor's bytes. False when they are no frame of count numbers.
  bool Open(ByteCursor& in, uint32_t count);

  uint32_t count() const { return count_; }
  int64_t Get(uint32_t i) const { return static_cast<int64_t>(base_ + PackedGet(packed_, width_, i)); }
  // All numbers plus bias, modulo T's size: T is uint8_t, uint16_t, uint32_t, uint64_t.
  template <typename T>
  void Read(uint64_t bias, T* to) const;
  // Adds those that lie in one of the ranges, which are ascending and disjoint. Requires count() <= kVectorRows.
  void Select(std::span<const KeyRange> ranges, RowSet& rows) const;

 private:
  template <typename Code>
  void SelectCodes(std::span<const KeyRange> ranges, RowSet& rows) const;

  uint32_t count_ = 0;
  int width_ = 0;
  uint64_t base_ = 0;
  const std::byte* packed_ = nullptr;
};

// Whether one of the ascending ranges holds the number.
bool InRanges(std::span<const KeyRange> ranges, int64_t number);
// Frame::Select for numbers at hand; `first` is the row of numbers[0], a multiple of 64.
void SelectNumbers(std::span<const int64_t> numbers, std::span<const KeyRange> ranges, uint32_t first, RowSet& rows);

}  // namespace phantom::lsm
