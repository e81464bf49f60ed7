#include "lsm/sketch.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "lsm/encoding/packed.h"

namespace phantom::lsm {

namespace {
constexpr int kRankMax = 55, kWidthMax = 6;
}

void Sketch::Merge(const Sketch& other) {
  for (uint32_t i = 0; i < kRegisters; ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double Sketch::Estimate() const {
  constexpr double m = kRegisters;
  double sum = 0;
  uint32_t untouched = 0;
  for (uint8_t rank : registers_) {
    sum += std::ldexp(1.0, -rank);
    untouched += rank == 0;
  }
  const double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
  // While registers are empty their number tells more.
  if (estimate <= 2.5 * m && untouched > 0) return m * std::log(m / untouched);
  return estimate;
}

void Sketch::Append(std::string& out) const {
  const int width = std::bit_width(*std::ranges::max_element(registers_));
  AppendLE(out, static_cast<uint8_t>(width));
  const std::vector<uint64_t> codes(registers_.begin(), registers_.end());
  AppendPacked(codes, width, out);
}

bool Sketch::Open(ByteCursor& in) {
  const int width = in.Take<uint8_t>();
  if (width > kWidthMax) return false;
  const Bytes taken = in.TakeBytes(PackedBytes(kRegisters, width));
  if (!in.ok()) return false;
  std::string packed(AsText(taken));
  packed.append(kPackedSlack, '\0');
  for (uint32_t i = 0; i < kRegisters; ++i) {
    registers_[i] = static_cast<uint8_t>(PackedGet(reinterpret_cast<const std::byte*>(packed.data()), width, i));
    if (registers_[i] > kRankMax) return false;
  }
  return true;
}

}  // namespace phantom::lsm
