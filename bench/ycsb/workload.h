// bench/ycsb/workload.h
//
// What YCSB's core workloads A to F do (Cooper et al., Benchmarking Cloud Serving Systems with YCSB, 2010), and which
// keys they choose: uniformly, or by the scrambled zipfian distribution with constant 0.99, or the latest.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace ycsb {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  uint64_t Next() {  // SplitMix64
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t n) { return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * n) >> 64); }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  uint64_t state_;
};

// Ranks from 0, the most frequent first (Gray et al., Quickly Generating Billion-Record Synthetic Databases, 1994).
class Zipfian {
 public:
  explicit Zipfian(uint64_t items);
  uint64_t Draw(Random& random) const;

 private:
  static constexpr double kTheta = 0.99;
  uint64_t items_;
  double zeta_, alpha_, eta_;
};

inline constexpr size_t kKeyBytes = 16;
inline constexpr size_t kValueBytes = 100;

// The i-th key: 16 hexadecimal digits in an order that has nothing to do with i. All differ.
std::array<char, kKeyBytes> KeyOf(uint64_t i);

enum class Operation : uint8_t { kRead, kUpdate, kInsert, kScan, kReadModifyWrite };

struct Mix {
  std::string_view name;
  double read, update, insert, scan, read_modify_write;
  bool latest;
};

// By its letter; null: there is none.
const Mix* MixOf(char name);

// Draws operations and keys for one thread.
class Chooser {
 public:
  // `inserted`: how many keys there are, shared by all threads. `zipfian`: null for uniform.
  Chooser(const Mix& mix, const Zipfian* zipfian, std::atomic<uint64_t>& inserted, uint64_t items, uint64_t seed);
  Operation NextOperation();
  uint64_t NextKey();
  uint64_t NextScanLength() { return 1 + random_.Below(100); }
  Random& random() { return random_; }

 private:
  const Mix& mix_;
  const Zipfian* zipfian_;
  std::atomic<uint64_t>& inserted_;
  uint64_t items_;
  Random random_;
};

}  // namespace ycsb
