// tests/txn/crash_harness.h
//
// Runs random transactions of several threads on a simulated disk, cuts the power at a random write, recovers, and
// compares with a model: what was acknowledged is there; of a transaction whose commit was not, all or nothing; what
// was rolled back is not there; every row and every index entry agree. Then it goes on from there, round after round.
//
// Each thread has its own ids, so its part of the model is sequential; all move money between shared accounts, whose sum
// stays zero.
#pragma once
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "txn/fixture.h"

namespace phantom::txn {

struct CrashOptions {
  uint64_t seed = 1;
  int rounds = 5;
  int threads = 2;
  int transactions_max = 60;      // of a thread in a round
  uint64_t operations_max = 400;  // the power is cut within so many writes and syncs
  DatabaseOptions database{.pool_bytes = 1 << 20, .purge_interval_ms = 2, .background_undo = true,
                           .checkpoint_thread = true};
};

class CrashHarness {
 public:
  explicit CrashHarness(const CrashOptions& options);
  // REQUIREs that every round holds.
  void Run();

 private:
  static constexpr int32_t kAccounts = 6;
  static constexpr int32_t kIdsOfThread = 40;

  struct Worker {
    std::mt19937_64 random;
    TestRows model;                    // acknowledged
    std::optional<TestRows> uncertain;  // the model if the last commit survived
    std::string failure;
  };

  void Round(int round);
  void Verify(Database& database, TestTable& table);
  void Work(Database& database, int number);
  Status WorkOnce(Database& database, TestTable& table, Worker& worker, int number, bool* stop);
  int32_t FirstId(int number) const { return 1000 * (number + 1); }

  const CrashOptions options_;
  io::SimEnv env_;
  std::mt19937_64 random_;
  std::vector<Worker> workers_;
};

}  // namespace phantom::txn
