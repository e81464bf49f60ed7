// Disk space: steady under steady updates, given back when tables go.
#include <chrono>
#include <cstdio>
#include <random>
#include <thread>

#include "btree/key.h"
#include "txn/fixture.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

constexpr uint64_t kLogFile = 256 << 10;

DatabaseOptions Small() {
  return {.pool_bytes = 512 * btree::kPageBytes, .log = {.file_bytes = kLogFile, .ring_bytes = 128 << 10}};
}

void Fill(Database& database, TestTable& table, int32_t first, int32_t count) {
  for (int32_t id = first; id < first + count;) {
    auto t = database.Begin();
    for (int32_t i = 0; i < 100 && id < first + count; ++i, ++id) {
      Must(table.Insert(*t, {id, id % 7, std::string(400, 'x')}).status());
    }
    database.manager().WaitDurable(Must(t->Commit()));
  }
}

uint64_t LivePages(Database& database) {
  uint64_t pages = 0;
  btree::TreeStats stats;
  std::vector<store::TreeInfo> infos = Must(database.store().ListTrees(TestTable::kSpace));
  for (const store::TreeInfo& info : infos) {
    auto tree = Must(database.store().OpenTree(TestTable::kSpace, info.id));
    Must(tree->Check([](PageId) {}, &stats));
    pages += stats.leaf_pages + stats.inner_pages;
  }
  return pages;
}

void RequireSound(Database& database) {
  std::string fault;
  Must(database.store().Check([&](const std::string& found) { fault = found; }));
  INFO(fault);
  REQUIRE(fault.empty());
}

}  // namespace

TEST_CASE("under steady updates the disk holds what lives and what two checkpoints write") {
  io::SimEnv env(1);
  auto [database, table] = CreateDatabase(env, Small());
  constexpr int32_t kRows = 4000;
  Fill(*database, *table, 0, kRows);
  Must(database->store().Checkpoint());
  const uint64_t live = LivePages(*database);
  REQUIRE(live > 200);
  std::mt19937_64 random(7);
  uint64_t most = 0, most_early = 0;
  constexpr int kRounds = 24;
  for (int round = 0; round < kRounds; ++round) {
    // All over the table, as TPC-B does, and enough of it to touch most pages between two checkpoints.
    for (int i = 0; i < 40; ++i) {
      auto t = database->Begin();
      for (int k = 0; k < 10; ++k) {
        const auto id = static_cast<int32_t>(random() % kRows);
        Must(table->Update(*t, id, static_cast<int32_t>(random() % 7), std::string(400, 'y')).status());
      }
      Must(t->Commit().status());
    }
    Must(database->manager().RunPurge());
    Must(database->store().Checkpoint());
    most = std::max(most, env.used());
    if (round == kRounds / 3) most_early = most;
  }
  INFO("live " << live * btree::kPageBytes << " early " << most_early << " late " << most);
  // Flat after the first third, and no more than the pages twice, the spare ones, and a few log files.
  REQUIRE(most <= most_early + 64 * btree::kPageBytes);
  REQUIRE(most <= 3 * live * btree::kPageBytes + 256 * btree::kPageBytes + 8 * kLogFile);
  RequireSound(*database);
}

TEST_CASE("what a dropped table held is given back to the file system, while an old snapshot lives") {
  io::SimEnv env(2);
  {
    auto database = Must(Database::Open(env, Small()));
    Must(TestTable::Create(*database));
    auto kept = Must(TestTable::Open(*database));
    Fill(*database, *kept, 0, 500);
    Must(database->store().Checkpoint());
    const uint64_t before = env.used();
    TestTrees trees;
    {
      auto t = database->Begin();
      trees = Must(TestTable::CreateIn(*database, *t, {}));
      Must(t->Commit());
    }
    auto large = Must(TestTable::Open(*database, trees));
    Fill(*database, *large, 0, 12000);
    // Lies behind all that, and has to be moved.
    Fill(*database, *kept, 500, 500);
    Must(database->store().Checkpoint());
    REQUIRE(env.used() > before + 700 * btree::kPageBytes);
    auto old = database->Begin(Isolation::kRepeatableRead);
    REQUIRE(Must(kept->FindById(old->TakeSnapshot(), 1)).has_value());
    {
      auto t = database->Begin();
      Must(TestTable::DropIn(*database, *t, trees));
      Must(t->Commit());
    }
    Must(database->manager().RunPurge());
    for (int i = 0; i < 4; ++i) Must(database->store().Checkpoint());
    INFO("before " << before << " now " << env.used());
    REQUIRE(env.used() < before + 300 * btree::kPageBytes + 4 * kLogFile);
    REQUIRE(Must(kept->FindById(old->TakeSnapshot(), 1)).has_value());
    Must(old->Commit());
    REQUIRE(kept->All().size() == 1000);
    RequireSound(*database);
    env.CutPowerAfter(0);
  }
  env.Restart();
  auto database = Must(Database::Open(env, Small()));
  auto kept = Must(TestTable::Open(*database));
  REQUIRE(kept->All().size() == 1000);
  kept->Check();
  RequireSound(*database);
}

TEST_CASE("with the background at work a dropped table's space is back at once") {
  io::SimEnv env(3);
  DatabaseOptions options = Small();
  options.purge_interval_ms = 60'000;
  options.background_undo = true;
  options.checkpoint_thread = true;
  auto [database, table] = CreateDatabase(env, options);
  Fill(*database, *table, 0, 20000);
  Must(database->store().Checkpoint());
  const uint64_t before = database->store().Stats().slots;
  {
    auto t = database->Begin();
    Must(TestTable::DropIn(*database, *t));
    Must(t->Commit());
  }
  // Nothing else happens; neither purge nor the regular checkpoint is due for long.
  const auto slots = [&] { return database->store().Stats().slots; };
  for (int i = 0; i < 6000 && slots() > before / 3; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  REQUIRE(slots() <= before / 3);
}
