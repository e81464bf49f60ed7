// lsm/encoding/delta.h
//
// Numbers as packed steps from one to the next, for what is nearly sorted. Every 32nd number is kept as it is, so point
// access adds up at most 31 steps.
#pragma once
#include "lsm/encoding/frame.h"

namespace phantom::lsm {

class Delta {
 public:
  static size_t BytesOf(std::span<const int64_t> numbers);
  static void Append(std::span<const int64_t> numbers, std::string& out);

  // As Frame's.
  bool Open(ByteCursor& in, uint32_t count);
  uint32_t count() const { return count_; }
  int64_t Get(uint32_t i) const;
  // Number i, from number i - 1. Requires i > 0.
  int64_t GetAfter(uint32_t i, int64_t previous) const;
  template <typename T>
  void Read(uint64_t bias, T* to) const;
  void Select(std::span<const KeyRange> ranges, RowSet& rows) const;

 private:
  uint32_t count_ = 0;
  int width_ = 0;
  uint64_t step_ = 0;  // the least
  Frame restarts_;
  const std::byte* packed_ = nullptr;
};

}  // namespace phantom::lsm
