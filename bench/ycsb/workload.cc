#include "workload.h"

#include <cmath>

namespace ycsb {

Zipfian::Zipfian(uint64_t items) : items_(items) {
  zeta_ = 0;
  for (uint64_t i = 1; i <= items; ++i) zeta_ += std::pow(1.0 / static_cast<double>(i), kTheta);
  const double zeta2 = 1 + std::pow(0.5, kTheta);
  alpha_ = 1 / (1 - kTheta);
  eta_ = (1 - std::pow(2.0 / static_cast<double>(items), 1 - kTheta)) / (1 - zeta2 / zeta_);
}

uint64_t Zipfian::Draw(Random& random) const {
  const double u = random.Unit();
  const double uz = u * zeta_;
  if (uz < 1) return 0;
  if (uz < 1 + std::pow(0.5, kTheta)) return 1;
  const auto rank = static_cast<uint64_t>(static_cast<double>(items_) * std::pow(eta_ * u - eta_ + 1, alpha_));
  return rank < items_ ? rank : items_ - 1;
}

// A bijection of 64 bits.
static uint64_t Scramble(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

std::array<char, kKeyBytes> KeyOf(uint64_t i) {
  uint64_t bits = Scramble(i + 1);
  std::array<char, kKeyBytes> key;
  for (size_t at = kKeyBytes; at-- > 0; bits >>= 4) key[at] = "0123456789abcdef"[bits & 15];
  return key;
}

const Mix* MixOf(char name) {
  static constexpr Mix kMixes[] = {
      {"A", 0.5, 0.5, 0, 0, 0, false},  {"B", 0.95, 0.05, 0, 0, 0, false}, {"C", 1, 0, 0, 0, 0, false},
      {"D", 0.95, 0, 0.05, 0, 0, true}, {"E", 0, 0, 0.05, 0.95, 0, false}, {"F", 0.5, 0, 0, 0, 0.5, false},
  };
  for (const Mix& mix : kMixes) {
    if (mix.name[0] == name) return &mix;
  }
  return nullptr;
}

Chooser::Chooser(const Mix& mix, const Zipfian* zipfian, std::atomic<uint64_t>& inserted, uint64_t items, uint64_t seed)
    : mix_(mix), zipfian_(zipfian), inserted_(inserted), items_(items), random_(seed) {}

Operation Chooser::NextOperation() {
  double u = random_.Unit();
  if ((u -= mix_.read) < 0) return Operation::kRead;
  if ((u -= mix_.update) < 0) return Operation::kUpdate;
  if ((u -= mix_.insert) < 0) return Operation::kInsert;
  if ((u -= mix_.scan) < 0) return Operation::kScan;
  return mix_.read_modify_write > 0 ? Operation::kReadModifyWrite : Operation::kRead;
}

uint64_t Chooser::NextKey() {
  const uint64_t count = inserted_.load(std::memory_order_relaxed);
  if (zipfian_ == nullptr) return random_.Below(count);
  const uint64_t rank = zipfian_->Draw(random_);
  if (mix_.latest) return count - 1 - rank % count;
  return Scramble(rank ^ 0x5bd1e995) % items_;
}

}  // namespace ycsb
