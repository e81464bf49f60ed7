// common/random.h
//
// The generator behind random(): xoroshiro128**, seeded as PostgreSQL 15 does, so that setseed() begins the same sequence
// here as there. Not for secrets. Thread safety: none.
#pragma once
#include <cstdint>

namespace phantom {

class RandomGenerator {
 public:
  // Seeded by the system.
  RandomGenerator();
  // seed is in [-1, 1].
  void Seed(double seed);

  uint64_t Next();
  // In [0, 1).
  double NextDouble() { return static_cast<double>(Next() >> 12) * 0x1p-52; }

 private:
  uint64_t words_[2];  // never both zero
};

}  // namespace phantom
