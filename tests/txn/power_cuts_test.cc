// Power cuts by the hundred here, by the thousand with tools/power_cuts.
#include "txn/power_cuts.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "common/log.h"

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

TEST_CASE("a cut at a named step of freezing, thawing, loading, flushing, merging, dropping, preparing or shortening the page file leaves nothing by halves") {
  SetLogLevel(LogLevel::kError);
  for (const char* step : {"freeze: published", "trim: leaf trimmed", "thaw: rows copied", "cold file: no longer named",
                           "drop: segment removed", "flush: published", "flush: leaf pruned", "merge: published", "bulk: entry put", "bulk: entry undone", "checkpoint: tail moved", "checkpoint: page file shortened",
                           "prepare: recorded", "prepare: rollback decided"}) {
    PowerCuts history(7, step);
    const Status played = history.Play(6);
    INFO(step << ": " << played.ToString());
    REQUIRE(played.ok());
  }
}

TEST_CASE("power cuts at each step of PHANTOM_STEPS, PHANTOM_CUTS times, from PHANTOM_SEED on", "[.][step_cuts]") {
  SetLogLevel(LogLevel::kError);
  const uint64_t cuts = FromEnvironment("PHANTOM_CUTS", 20);
  const char* names = std::getenv("PHANTOM_STEPS");
  REQUIRE(names != nullptr);
  std::istringstream steps(names);
  std::string step;
  std::string never;
  while (std::getline(steps, step)) {
    uint64_t seed = FromEnvironment("PHANTOM_SEED", 1);
    PowerCutCounts counts;
    // A step that only some histories come to gets some histories more.
    while (counts.cuts_at_step < cuts && counts.cuts < 50 * cuts) {
      PowerCuts history(seed++, step);
      const Status played = history.Play(std::min<uint64_t>(kCutsOfHistory, cuts));
      counts.Add(history.counts());
      INFO(step << ": " << played.ToString());
      REQUIRE(played.ok());
      if (counts.cuts >= 6 * cuts && counts.cuts_at_step == 0) break;
    }
    std::printf("%6llu cuts at \"%s\", %llu elsewhere\n", static_cast<unsigned long long>(counts.cuts_at_step),
                step.c_str(), static_cast<unsigned long long>(counts.cuts - counts.cuts_at_step));
    std::fflush(stdout);
    if (counts.cuts_at_step < cuts) never += " \"" + step + "\"";
  }
  INFO("not come to often enough:" << never);
  REQUIRE(never.empty());
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
