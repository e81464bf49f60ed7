// Power cuts under several threads. Each has keys of its own, so that what it did is a sequence: after a cut a prefix
// of that must be there, no shorter than what was acknowledged as durable. All write a group of shared keys in batches,
// always with one value: they must be equal in every snapshot and after every cut. A few of them here, by the thousand with
// tools/power_cuts --keys.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "common/log.h"
#include "kv/fixture.h"

namespace phantom::kv {

namespace {

struct Operation {
  std::vector<std::pair<std::string, std::optional<std::string>>> writes;
  void Apply(Model* model) const {
    for (const auto& [key, value] : writes) {
      if (value)
        (*model)[key] = *value;
      else
        model->erase(key);
    }
  }
};

class Crashes {
 public:
  // Large: grows past what fits into memory, so that keys are flushed and merged without being asked.
  explicit Crashes(uint64_t seed, bool large = false) : env_(seed), random_(seed), keys_(large ? 4000 : 60), reach_(large ? 6000 : 600) {
    for (Worker& worker : workers_) worker.random.seed(random_());
  }

  void Play(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      INFO("round " << round);
      Round();
    }
  }

  // How often a step (io/env.h) was come to.
  uint64_t Steps(const std::string& name) { return env_.steps()[name]; }

 private:
  static constexpr size_t kWorkers = 3;
  static constexpr int kShared = 5;

  struct Worker {
    std::mt19937_64 random;
    Model base;                         // surely durable
    std::vector<Operation> operations;  // since then, in order; the last may be under way
    std::string failure;
  };

  static std::string SharedKey(int i) { return "shared" + std::to_string(i); }

  void Round() {
    env_.CutPowerAfter(1 + random_() % reach_);
    {
      Result<std::unique_ptr<Database>> opened = Database::Open("db", SmallOptions(env_));
      if (opened.ok()) {
        Database& database = **opened;
        if (!env_.power_cut()) Verify(database);
        std::vector<std::thread> threads;
        for (size_t i = 0; i < kWorkers; ++i) threads.emplace_back([&, i] { Work(database, i); });
        for (std::thread& thread : threads) thread.join();
        for (Worker& worker : workers_) {
          INFO(worker.failure);
          REQUIRE(worker.failure.empty());
        }
      }
      if (!env_.power_cut()) env_.CutPowerAfter(0);
    }
    env_.Restart();
    {
      auto database = Must(Database::Open("db", SmallOptions(env_)));
      Verify(*database);
      Must(database->Check());
      if (random_() % 2 == 0) {
        env_.CutPowerAfter(0);
      } else {
        Must(database->Close());
        database.reset();
        env_.CutPowerAfter(0);
      }
    }
    env_.Restart();
  }

  void Verify(Database& database) {
    std::vector<Model> parts(kWorkers);
    std::vector<std::string> shared;
    for (const auto& [key, value] : All(database)) {
      if (key[0] == 's')
        shared.push_back(value);
      else
        parts.at(static_cast<size_t>(key[0] - 'a')).emplace(key, value);
    }
    for (const std::string& value : shared) REQUIRE(value == shared[0]);
    if (!shared.empty()) REQUIRE(shared.size() == kShared);
    for (size_t i = 0; i < kWorkers; ++i) {
      Worker& worker = workers_[i];
      Model state = worker.base;
      bool found = state == parts[i];
      for (size_t n = 0; n < worker.operations.size() && !found; ++n) {
        worker.operations[n].Apply(&state);
        found = state == parts[i];
      }
      std::string difference;
      for (const auto& [key, value] : parts[i]) {
        const auto expected = state.find(key);
        if (expected == state.end()) difference += " +" + key;
        else if (expected->second != value) difference += " *" + key;
      }
      for (const auto& [key, value] : state) difference += parts[i].contains(key) ? "" : " -" + key;
      INFO("thread " << i << ", operations " << worker.operations.size() << ", beside the last state:" << difference);
      REQUIRE(found);
      worker.base = state;
      worker.operations.clear();
    }
  }

  void Work(Database& database, size_t number) {
    Worker& worker = workers_[number];
    for (int i = 0; i < 2000 && !env_.power_cut(); ++i) {
      const std::string failure = WorkOnce(database, worker, number);
      // After the cut anything may fail.
      if (!failure.empty() && !env_.power_cut()) {
        worker.failure = failure;
        return;
      }
    }
  }

  std::string WorkOnce(Database& database, Worker& worker, size_t number) {
    auto draw = [&](uint64_t below) { return worker.random() % below; };
    auto key = [&] { return std::string(1, static_cast<char>('a' + number)) + std::to_string(draw(keys_)); };
    auto value = [&] { return std::string(draw(30) == 0 ? draw(9000) : draw(200), static_cast<char>('a' + draw(26))); };
    const WriteOptions options{.sync = draw(10) == 0};
    Status status;
    Operation operation;
    switch (draw(10)) {
      case 0: {
        Batch batch;
        const std::string same = value();
        for (int i = kShared; i-- > 0;) batch.Put(SharedKey(i), same);
        for (uint64_t n = draw(4); n > 0; --n) {
          operation.writes.emplace_back(key(), value());
          batch.Put(operation.writes.back().first, *operation.writes.back().second);
        }
        worker.operations.push_back(operation);
        status = database.Write(batch, options);
        break;
      }
      case 1:
      case 2:
        operation.writes.emplace_back(key(), std::nullopt);
        worker.operations.push_back(operation);
        status = database.Delete(operation.writes[0].first, options);
        break;
      case 3: {
        std::string first;
        bool same = true;
        int count = 0;
        Result<uint64_t> scanned = database.Scan({.lower = "shared", .upper = "shared9"}, {.reverse = draw(2) == 0},
                                                 [&](std::string_view, std::string_view found) {
                                                   same &= count++ == 0 || found == first;
                                                   first = found;
                                                   return true;
                                                 });
        if (!scanned.ok()) return scanned.status().ToString();
        if (!same || (count != 0 && count != kShared)) return "shared keys differ in a snapshot";
        return {};
      }
      case 4:
        if (draw(2) == 0) {
          // What was there decides, and nobody else writes the key.
          const std::string own = key(), fresh = value();
          std::optional<std::string> after;
          status = database.Update(
              own,
              [&](std::optional<std::string_view> present, std::string* to) {
                after.reset();
                if (present && present->size() % 4 == 0) return Change::kDelete;
                *to = present ? fresh + std::string(present->substr(0, 20)) : fresh;
                after = *to;
                return Change::kPut;
              },
              options);
          operation.writes.emplace_back(own, after);
          worker.operations.push_back(operation);
          break;
        }
        if (draw(8) == 0) {
          status = database.Compact(draw(2) == 0);
          return status.ok() ? std::string() : status.ToString();
        }
        [[fallthrough]];
      default:
        operation.writes.emplace_back(key(), value());
        worker.operations.push_back(operation);
        status = database.Put(operation.writes[0].first, *operation.writes[0].second, options);
    }
    if (!status.ok()) return status.ToString();
    if (options.sync && !env_.power_cut()) {
      for (const Operation& done : worker.operations) done.Apply(&worker.base);
      worker.operations.clear();
    }
    return {};
  }

  io::SimEnv env_;
  std::mt19937_64 random_;
  const uint64_t keys_;   // of a thread
  const uint64_t reach_;  // disk operations between cuts, at most
  std::array<Worker, kWorkers> workers_;
};

}  // namespace

TEST_CASE("power cuts lose only the end of what was not synced") {
  const uint64_t seed = GENERATE(11u, 12u, 13u);
  INFO("seed " << seed);
  Crashes(seed).Play(12);
}

TEST_CASE("power cuts of key-value databases by number: PHANTOM_CUTS, from PHANTOM_SEED on", "[.][power_cuts]") {
  constexpr int kRounds = 25;  // a history's, of two cuts each
  auto from_environment = [](const char* name, uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
  };
  const uint64_t cuts = from_environment("PHANTOM_CUTS", 1000);
  SetLogLevel(LogLevel::kError);
  uint64_t seed = from_environment("PHANTOM_SEED", 1);
  uint64_t played = 0, flushes = 0, merges = 0;
  while (played < cuts) {
    INFO("seed " << seed);
    Crashes history(seed, /*large=*/seed % 3 == 0);
    history.Play(kRounds);
    ++seed;
    played += 2 * kRounds;
    flushes += history.Steps("flush: published");
    merges += history.Steps("merge: published");
    if (played % 1000 != 0 && played < cuts) continue;
    auto n = [](uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("%llu cuts, %llu flushes, %llu merges\n", n(played), n(flushes), n(merges));
    std::fflush(stdout);
  }
}

}  // namespace phantom::kv
