// Threads on one database: snapshots repeat themselves, updates lose nothing, batches are seen whole.
#include <atomic>
#include <random>
#include <thread>

#include "kv/fixture.h"

namespace phantom::kv {

TEST_CASE("concurrent updates of one key lose nothing") {
  io::SimEnv env(1);
  auto database = Must(Database::Open("db", SmallOptions(env)));
  constexpr int kThreads = 4, kEach = 2000;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        // Long now and then, so that both ways of writing meet.
        const bool is_long = i % 100 == t;
        const Status status = database->Update("counter",
                                               [&](std::optional<std::string_view> present, std::string* value) {
                                                 *value =
                                                     std::to_string(present ? std::stoi(std::string(*present)) + 1 : 1);
                                                 if (is_long) value->append(3000, ' ');
                                                 return Change::kPut;
                                               },
                                               {.sync = false});
        failures += !status.ok();
      }
    });
  }
  for (int n = 0; n < 30; ++n) {
    Must(database->Compact(n % 3 == 0));
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(failures == 0);
  std::string value;
  REQUIRE(Must(database->Get("counter", &value)));
  REQUIRE(std::stoi(value) == kThreads * kEach);
}

TEST_CASE("a snapshot repeats itself while others write") {
  io::SimEnv env(2);
  auto database = Must(Database::Open("db", SmallOptions(env)));
  constexpr int kKeys = 300;
  auto key = [](uint64_t i) { return "key" + std::to_string(1000 + i); };
  for (uint64_t i = 0; i < kKeys; ++i) Must(database->Put(key(i), "0", {.sync = false}));
  std::atomic<bool> stop = false;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (uint64_t n = 1; !stop; ++n) {
        Status status;
        if (random() % 8 == 0) {
          // Both or neither, always with one value.
          Batch batch;
          batch.Put("pair a", std::to_string(n * 2 + t));
          batch.Put("pair b", std::to_string(n * 2 + t));
          status = database->Write(batch, {.sync = false});
        } else if (random() % 8 == 0) {
          status = database->Delete(key(random() % kKeys), {.sync = false});
        } else {
          status = database->Put(key(random() % kKeys), std::to_string(n), {.sync = false});
        }
        failures += !status.ok();
      }
    });
  }
  // Entries leave the pages and come back meanwhile.
  threads.emplace_back([&] {
    for (int n = 0; !stop; ++n) {
      failures += !database->Compact(n % 3 == 0).ok();
      std::this_thread::yield();
    }
  });
  std::string different;
  for (int round = 0; round < 150 && different.empty(); ++round) {
    const Snapshot snapshot = database->TakeSnapshot();
    const Model first = All(*database, &snapshot);
    std::this_thread::yield();
    const Model second = All(*database, &snapshot, {}, true);
    if (first != second) different = "two scans";
    const auto a = first.find("pair a"), b = first.find("pair b");
    if ((a == first.end()) != (b == first.end()) || (a != first.end() && a->second != b->second))
      different = "the pair";
    for (uint64_t i = 0; i < kKeys; i += 7) {
      std::string value;
      const bool found = Must(database->Get(snapshot, key(i), &value));
      const auto expected = first.find(key(i));
      if (found != (expected != first.end()) || (found && value != expected->second)) different = "a get";
    }
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  REQUIRE(different.empty());
  REQUIRE(failures == 0);
  Must(database->Check());
}

TEST_CASE("what one thread has seen, a later snapshot sees") {
  // A writer puts n in turn alone and in a batch; whoever has read n finds at least n in every snapshot taken after.
  io::SimEnv env(3);
  auto database = Must(Database::Open("db", SmallOptions(env)));
  Must(database->Put("n", "0", {.sync = false}));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int n = 1; !stop; ++n) {
      Batch batch;
      batch.Put("n", std::to_string(n));
      batch.Put("m", "x");
      if (n % 2 == 0)
        static_cast<void>(database->Write(batch, {.sync = false}));
      else
        static_cast<void>(database->Put("n", std::to_string(n), {.sync = false}));
    }
  });
  std::thread mover([&] {
    for (int n = 0; !stop; ++n) {
      static_cast<void>(database->Compact(n % 3 == 0));
      std::this_thread::yield();
    }
  });
  bool ordered = true;
  int last = 0;
  for (int i = 0; i < 20'000 && ordered; ++i) {
    std::string value;
    if (i % 2 == 0) {
      ordered = database->Get("n", &value).ok();
    } else {
      const Snapshot snapshot = database->TakeSnapshot();
      ordered = database->Get(snapshot, "n", &value).ok();
    }
    const int now = std::stoi(value);
    ordered = ordered && now >= last;
    last = now;
  }
  stop = true;
  writer.join();
  mover.join();
  REQUIRE(ordered);
}

}  // namespace phantom::kv
