// Some damage of each kind here, by the thousand with tools/damage.
#include "txn/damage.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "common/log.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

struct Cell {
  uint64_t outcomes[kOutcomes] = {};
};

bool IsRight(const DamageTarget& target, Outcome outcome) {
  switch (outcome) {
    case Outcome::kRefused:
    case Outcome::kFailed:
    case Outcome::kFound:
    case Outcome::kSame:
      return true;
    case Outcome::kHarmless:
      return !target.must_be_found;
    case Outcome::kShortened:
      return target.may_lose_last;
    case Outcome::kWrongRows:
    case Outcome::kWrongError:
    case Outcome::kCrash:
      return false;
  }
  return false;
}

constexpr const char* kOutcomeNames[] = {"refused",    "failed",      "found", "harmless", "shortened",
                                         "WRONG ROWS", "WRONG ERROR", "CRASH", ""};

// Damages `times` places of each kind in each way. Prints the table; returns what is not as it must be.
// `in_one_way`: each kind in one way only.
std::vector<std::string> Run(bool clean, uint64_t times, uint64_t seed, bool print, bool in_one_way) {
  const DamageStore store(clean);
  std::map<std::string, std::vector<const DamageTarget*>> kinds;
  for (const DamageTarget& target : store.targets()) kinds[target.kind].push_back(&target);
  std::vector<std::string> faults;
  std::mt19937_64 random(seed);
  if (print)
    std::printf("\n%s\n%-30s %-14s %s\n", clean ? "after a shutdown" : "after a crash", "what", "damage", "outcome");
  size_t way = seed;
  for (const auto& [kind, targets] : kinds) {
    ++way;
    for (size_t i = 0; i < kInjections; ++i) {
      if (in_one_way && i != way % kInjections) continue;
      Cell cell;
      std::string sample;
      for (uint64_t n = 0; n < times; ++n) {
        const DamageTarget& target = *targets[random() % targets.size()];
        const uint64_t place = random();
        std::string what;
        const Outcome outcome = store.Try(target, static_cast<Injection>(i), place, &what);
        ++cell.outcomes[static_cast<size_t>(outcome)];
        if (sample.empty()) sample = what;
        if (IsRight(target, outcome)) continue;
        faults.push_back(Format("%s, %s of %s at %llu (seed %llu): %s %s", clean ? "clean" : "crashed",
                                kInjectionNames[i], (kind + " in " + target.path).c_str(),
                                static_cast<unsigned long long>(target.offset), static_cast<unsigned long long>(place),
                                kOutcomeNames[static_cast<size_t>(outcome)], what.c_str()));
      }
      if (!print) continue;
      std::string line = Format("%-30s %-14s", kind.c_str(), kInjectionNames[i]);
      for (size_t o = 0; o + 1 < kOutcomes; ++o) {
        if (cell.outcomes[o] != 0)
          line += Format(" %s %llu", kOutcomeNames[o], static_cast<unsigned long long>(cell.outcomes[o]));
      }
      std::printf("%s%s%s\n", line.c_str(), sample.empty() ? "" : "  e.g. ", sample.substr(0, 110).c_str());
      std::fflush(stdout);
    }
  }
  return faults;
}

}  // namespace

TEST_CASE("damage anywhere is found, and never gives wrong rows or a crash") {
  SetLogLevel(LogLevel::kError);
  for (const bool clean : {false, true}) {
    const std::vector<std::string> faults = Run(clean, 1, clean ? 12 : 11, false, true);
    for (const std::string& fault : faults) UNSCOPED_INFO(fault);
    REQUIRE(faults.empty());
  }
}

TEST_CASE("damage by number: PHANTOM_DAMAGES of each kind, from PHANTOM_SEED", "[.][damage]") {
  SetLogLevel(LogLevel::kError);
  const char* times = std::getenv("PHANTOM_DAMAGES");
  const char* seed = std::getenv("PHANTOM_SEED");
  size_t count = 0;
  for (const bool clean : {true, false}) {
    const std::vector<std::string> faults = Run(clean, times == nullptr ? 20 : std::strtoull(times, nullptr, 10),
                                                seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10), true, false);
    for (const std::string& fault : faults) std::printf("%s\n", fault.c_str());
    count += faults.size();
  }
  REQUIRE(count == 0);
}
