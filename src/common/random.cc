#include "common/random.h"

#include <bit>
#include <cstring>
#include <string>

#include "common/crypto.h"

namespace phantom {

RandomGenerator::RandomGenerator() {
  const std::string seed = RandomBytes(sizeof words_);
  std::memcpy(words_, seed.data(), sizeof words_);
  words_[0] |= 1;
}

void RandomGenerator::Seed(double seed) {
  // A splitmix64 sequence fills the state.
  auto counter = static_cast<uint64_t>(static_cast<int64_t>(static_cast<double>((uint64_t{1} << 52) - 1) * seed));
  for (uint64_t& word : words_) {
    uint64_t value = counter += 0x9E3779B97F4A7C15;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
    value = (value ^ value >> 27) * 0x94D049BB133111EB;
    word = value ^ value >> 31;
  }
  if ((words_[0] | words_[1]) == 0) words_[0] = 0x5851F42D4C957F2D;
}

uint64_t RandomGenerator::Next() {
  const uint64_t first = words_[0], mixed = words_[1] ^ first;
  words_[0] = std::rotl(first, 24) ^ mixed ^ mixed << 16;
  words_[1] = std::rotl(mixed, 37);
  return std::rotl(first * 5, 7) * 9;
}

}  // namespace phantom
