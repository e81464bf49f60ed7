// lsm/sketch.h
//
// How many different values there are, about (3 % off as a rule): HyperLogLog with 1,024 registers. Sketches of several
// segments merge into that of all.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <string>

#include "lsm/byte_cursor.h"

namespace phantom::lsm {

class Sketch {
 public:
  static constexpr uint32_t kRegisters = 1024;

  // The hash is HashOfSlot's.
  void Add(uint64_t hash) {
    uint8_t& most = registers_[hash >> 54];
    const auto rank = static_cast<uint8_t>(1 + std::countl_zero(hash << 10 | uint64_t{1} << 9));
    if (rank > most) most = rank;
  }
  void Merge(const Sketch& other);
  double Estimate() const;

  void Append(std::string& out) const;
  bool Open(ByteCursor& in);

 private:
  std::array<uint8_t, kRegisters> registers_{};
};

}  // namespace phantom::lsm
