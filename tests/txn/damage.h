// tests/txn/damage.h
//
// Damages a store's files at one place, opens what is left and asks it everything. The store has a table that is hot
// and one that is cold with changes on top, both with two indexes and long values; it was either shut down or crashed
// with log to replay. What must come out: the right rows, or errors that say XX001; never wrong rows, never a crash. A
// log that is cut at its very end, where nothing is left to show that it went on, may give the rows of a commit before.
#pragma once
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "io/sim_env.h"
#include "txn/fixture.h"

namespace phantom::txn {

// Part of a file that has one meaning.
struct DamageTarget {
  std::string kind;  // "page of a table: cells", "log record to replay: header"
  std::string path;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t unit = 512;  // what one write of it covers
  // Nothing works around the damage: it must be found by a query or a check.
  bool must_be_found = false;
  bool may_lose_last = false;  // it is the log's unwitnessed end
};

enum class Injection : uint8_t { kBitFlip, kZeroedSector, kZeroedBlock, kMisdirected, kLost };
inline constexpr const char* kInjectionNames[] = {"bit flip", "512 B zeroed", "4 KiB zeroed", "misdirected",
                                                  "lost write"};
inline constexpr size_t kInjections = 5;

enum class Outcome : uint8_t {
  kRefused,    // the store does not open
  kFailed,     // some statements fail with XX001
  kFound,      // all rows are right, and the check says what is wrong
  kHarmless,   // all rows are right, and nothing is wrong any more or it was in nobody's use
  kShortened,  // the rows of a commit before
  kWrongRows,
  kWrongError,  // found, but not as XX001
  kCrash,
  kSame,  // the injection changed nothing
};
inline constexpr size_t kOutcomes = 9;

class DamageStore {
 public:
  // `clean`: shut down; otherwise crashed.
  explicit DamageStore(bool clean);

  const std::vector<DamageTarget>& targets() const { return targets_; }
  // Runs in a process of its own, so a crash is an outcome. *what: the first error or problem.
  Outcome Try(const DamageTarget& target, Injection injection, uint64_t seed, std::string* what) const;

 private:
  void Build(bool clean);
  void FindTargets(bool clean);
  void AddPages(bool clean);
  void AddLog(bool clean);
  void AddColdFiles();
  void Add(std::string kind, std::string path, uint64_t offset, uint64_t bytes, uint64_t unit, bool must_be_found);
  bool Inject(const DamageTarget& target, Injection injection, std::mt19937_64& random, io::DiskImage* image) const;
  Outcome Examine(io::SimEnv& env, std::string* what) const;

  io::DiskImage image_;
  io::DiskImage older_;
  TestTrees cold_;
  // What is in the tables, and what was in the hot one before each of its last commits.
  TestRows hot_rows_, cold_rows_;
  std::vector<TestRows> earlier_;
  uint64_t last_flush_ = 0;  // LSN from which on nothing shows that the log went on
  std::vector<DamageTarget> targets_;
};

}  // namespace phantom::txn
