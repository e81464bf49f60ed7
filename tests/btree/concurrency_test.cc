#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "btree/cursor.h"
#include "btree/fixture.h"

using namespace phantom;
using namespace phantom::btree;

// Each thread owns the keys of its residue class and knows what they must be; all share the leaves.
TEST_CASE("threads change, read and scan one tree larger than the pool") {
  Fixture fixture(64 * kPageBytes);
  Tree tree = fixture.NewTree(TreeKind::kKeyed);
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kKeys = 4000;
  std::atomic<bool> failed = false;
  std::array<std::map<uint64_t, std::string>, kThreads> models;
  auto key_of = [](uint64_t n) {
    std::string key(8, '\0');
    StoreBE(key.data(), n);
    return key;
  };
  auto work = [&](uint64_t self) {
    std::mt19937_64 random(self);
    auto& model = models[self];
    for (int i = 0; i < 6000 && !failed; ++i) {
      const uint64_t n = random() % kKeys * kThreads + self;
      const std::string key = key_of(n);
      const bool shrinking = i / 1500 % 2 == 1;
      if (i % 100 == 99) {
        const std::string value(200, 'f');
        std::vector<std::string> keys;
        std::vector<Tree::Entry> entries;
        for (uint64_t k = 0; k < 100; ++k) keys.push_back(key_of(n + k * kThreads));
        for (const std::string& filled : keys) entries.push_back({AsBytes(filled), AsBytes(value)});
        for (std::span<const Tree::Entry> left = entries; !left.empty() && !failed;) {
          Result<size_t> done = tree.Fill(left);
          if (!done.ok() || *done == 0 || *done > left.size()) {
            failed = true;
          } else {
            left = left.subspan(*done);
          }
        }
        for (uint64_t k = 0; k < 100; ++k) model.emplace(n + k * kThreads, value);
        continue;
      }
      switch (random() % 4) {
        case 0: {
          std::optional<std::string> found;
          if (!tree.Read(AsBytes(key),
                         [&](std::optional<Bytes> value) {
                           if (value) found = AsText(*value);
                         })
                   .ok()) {
            failed = true;
          }
          auto expected = model.find(n);
          if (found.has_value() != (expected != model.end()) || (found && *found != expected->second)) failed = true;
          break;
        }
        case 1:
          if (i % 8 == 0) {
            Cursor cursor(tree);
            if (!cursor.Seek(AsBytes(key)).ok()) failed = true;
            uint64_t previous = n;
            for (int steps = 0; steps < 200 && cursor.Valid(); ++steps) {
              const uint64_t at = LoadBE<uint64_t>(cursor.key().data());
              if (at < previous) failed = true;
              previous = at;
              if (!cursor.Next().ok()) failed = true;
            }
            break;
          }
          [[fallthrough]];
        default:
          if (random() % 4 < (shrinking ? 1u : 3u)) {
            const std::string value(random() % 300, static_cast<char>('a' + i % 26));
            if (!Put(tree, AsBytes(key), value).ok()) failed = true;
            model[n] = value;
          } else {
            if (!Remove(tree, AsBytes(key)).ok()) failed = true;
            model.erase(n);
          }
      }
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  std::thread cleaner([&] {
    while (!failed && fixture.pool->Stats().reads < 1000) {
      if (!fixture.pool->CleanBefore(fixture.log->appended()).ok()) failed = true;
    }
  });
  for (std::thread& thread : threads) thread.join();
  failed = failed.load();
  std::map<uint64_t, std::string> all;
  for (auto& model : models) all.insert(model.begin(), model.end());
  // Reads so few that the cleaner still runs would be a pool too large for the test.
  CHECK(fixture.pool->Stats().reads >= 1000);
  cleaner.join();
  REQUIRE(!failed);
  TreeStats stats = CheckTree(tree);
  REQUIRE(stats.entries == all.size());
  Cursor cursor(tree);
  REQUIRE(cursor.SeekFirst().ok());
  for (const auto& [n, value] : all) {
    REQUIRE(cursor.Valid());
    REQUIRE(LoadBE<uint64_t>(cursor.key().data()) == n);
    REQUIRE(AsText(cursor.value()) == value);
    REQUIRE(cursor.Next().ok());
  }
  REQUIRE(fixture.map->Verify() == "");
}
