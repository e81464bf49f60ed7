// Power cuts by the hundred here, by the thousand with tools/power_cuts.
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "common/log.h"
#include "txn/power_cuts.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

// One store's history; long enough for it to have grown, short enough for many different ones.
constexpr uint64_t kCutsOfHistory = 50;

}  // namespace

TEST_CASE("whatever moment the power is cut at, all that was acknowledged is there and nothing by halves") {
  SetLogLevel(LogLevel::kError);
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const Status played = PowerCuts(seed).Play(25);
    INFO(played.ToString());
    REQUIRE(played.ok());
  }
}

TEST_CASE("power cuts by number: PHANTOM_CUTS, from PHANTOM_SEED on", "[.][power_cuts]") {
  SetLogLevel(LogLevel::kError);
  const uint64_t cuts = FromEnvironment("PHANTOM_CUTS", 1000);
  uint64_t seed = FromEnvironment("PHANTOM_SEED", 1);
  const auto started = std::chrono::steady_clock::now();
  PowerCutCounts counts;
  uint64_t reported = 0;
  while (counts.cuts < cuts) {
    PowerCuts history(seed++);
    const Status played = history.Play(std::min(kCutsOfHistory, cuts - counts.cuts));
    counts.Add(history.counts());
    INFO(played.ToString());
    REQUIRE(played.ok());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    if (counts.cuts / 1000 != reported || counts.cuts == cuts) {
      reported = counts.cuts / 1000;
      std::printf("%6.1f s: %s\n", seconds, counts.ToString().c_str());
      std::fflush(stdout);
    }
  }
}
