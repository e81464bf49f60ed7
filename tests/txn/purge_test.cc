// Ghosts, dead entries and long values go away; large transactions roll back in little memory.
#include <catch2/catch.hpp>

#include "txn/fixture.h"

using namespace phantom;
using namespace phantom::txn;

TEST_CASE("purge removes what no snapshot sees, and nothing else") {
  io::SimEnv env(1);
  auto [database, table] = CreateDatabase(env);
  auto t = database->Begin();
  for (int32_t id = 1; id <= 100; ++id) Must(table->Insert(*t, {id, id % 10, "v"}));
  Must(t->Commit());
  auto keeper = database->Begin(Isolation::kRepeatableRead);
  const TestRows before = Must(table->Scan(keeper->TakeSnapshot()));
  t = database->Begin();
  for (int32_t id = 1; id <= 50; ++id) Must(table->Delete(*t, id));
  for (int32_t id = 51; id <= 70; ++id) Must(table->AddToK(*t, id, 1000));
  Must(t->Commit());
  Must(database->manager().RunPurge());
  CheckReport report = table->Check();
  REQUIRE(report.ghosts == 50);
  REQUIRE(report.dead_entries == 50 * 2 + 20);
  REQUIRE(Must(table->Scan(keeper->TakeSnapshot())) == before);
  REQUIRE(Must(table->FindByK(keeper->TakeSnapshot(), 3)).size() == 10);

  Must(keeper->Commit());
  Must(database->manager().RunPurge());
  report = table->Check();
  REQUIRE(report.ghosts == 0);
  REQUIRE(report.dead_entries == 0);
  REQUIRE(report.rows == 50);
  REQUIRE(report.entries == 100);
}

TEST_CASE("purge begins again after a crash") {
  io::SimEnv env(2);
  {
    auto [database, table] = CreateDatabase(env);
    auto t = database->Begin();
    for (int32_t id = 1; id <= 20; ++id) Must(table->Insert(*t, {id, id, std::string(5000, 'z')}));
    Must(t->Commit());
    t = database->Begin();
    for (int32_t id = 1; id <= 20; ++id) Must(table->Delete(*t, id));
    database->manager().WaitDurable(Must(t->Commit()));
    env.CutPowerAfter(0);
  }
  auto [database, table] = RestartDatabase(env);
  REQUIRE(table->Check().ghosts == 20);
  Must(database->manager().RunPurge());
  CheckReport report = table->Check();
  REQUIRE(report.ghosts == 0);
  REQUIRE(report.dead_entries == 0);
}

TEST_CASE("long values come back whole, from old versions too, and go with their versions") {
  io::SimEnv env(3);
  auto [database, table] = CreateDatabase(env);
  std::string noise;
  uint64_t state = 1;
  for (int i = 0; i < 50'000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    noise += static_cast<char>(state >> 56);
  }
  const std::string even(300'000, 'e');
  auto t = database->Begin();
  Must(table->Insert(*t, {1, 1, noise}));
  Must(table->Insert(*t, {2, 2, even}));
  Must(t->Commit());
  auto keeper = database->Begin(Isolation::kRepeatableRead);
  const Snapshot old = keeper->TakeSnapshot();
  t = database->Begin();
  Must(table->Update(*t, 1, 1, "short"));
  Must(table->Update(*t, 2, 2, noise + "!"));
  Must(t->Commit());
  Must(database->manager().RunPurge());
  REQUIRE(table->All()[1].payload == "short");
  REQUIRE(table->All()[2].payload == noise + "!");
  REQUIRE(Must(table->Scan(old))[1].payload == noise);
  REQUIRE(Must(table->Scan(old))[2].payload == even);
  // A rollback brings long values back and takes new ones away.
  t = database->Begin();
  Must(table->Update(*t, 2, 2, even + even));
  Must(table->Delete(*t, 1));
  Must(t->Abort());
  REQUIRE(table->All()[2].payload == noise + "!");
  table->Check();
}

TEST_CASE("a large transaction rolls back with a small buffer pool") {
  io::SimEnv env(4);
  auto [database, table] = CreateDatabase(env, {.pool_bytes = 1 << 20, .checkpoint_thread = true});
  auto t = database->Begin();
  for (int32_t id = 1; id <= 500; ++id) Must(table->Insert(*t, {id, id, "before"}));
  Must(t->Commit());
  const TestRows before = table->All();
  auto large = database->Begin();
  constexpr int32_t kRows = 100'000;
  for (int32_t id = 1000; id < 1000 + kRows; ++id) {
    RowId row = Must(table->rows().Insert(*large, table->Encode({id, id, "in a large transaction"})));
    if (id % 10 == 0) Must(table->by_k().Insert(*large, TestTable::Key(id), row));
  }
  for (int32_t id = 1; id <= 500; ++id) Must(table->AddToK(*large, id, 1));
  Must(large->Abort());
  REQUIRE(table->All() == before);
  table->Check();
}

TEST_CASE("space stays steady under updates and replacement") {
  io::SimEnv env(5);
  auto [database, table] = CreateDatabase(env);
  uint64_t slots = 0;
  for (int round = 0; round < 12; ++round) {
    auto t = database->Begin();
    for (int32_t id = 1; id <= 300; ++id) {
      if (round > 0) Must(table->Delete(*t, id));
      Must(table->Insert(*t, {id, round, std::string(200, 'r')}));
    }
    Must(t->Commit());
    Must(database->manager().RunPurge());
    Must(database->store().Checkpoint());
    if (round == 5) slots = database->store().Stats().slots;
  }
  REQUIRE(database->store().Stats().slots <= slots + slots / 4);
}

TEST_CASE("horizons follow the oldest snapshot") {
  io::SimEnv env(6);
  auto [database, table] = CreateDatabase(env);
  TransactionManager& manager = database->manager();
  auto keeper = database->Begin(Isolation::kRepeatableRead);
  Snapshot snapshot = keeper->TakeSnapshot();
  const Lsn oldest = manager.LogHorizon();
  for (int32_t id = 1; id <= 5; ++id) {
    auto t = database->Begin();
    Must(table->Insert(*t, {id, id, "v"}));
    Must(t->Commit());
  }
  REQUIRE(manager.OldestSnapshot() == snapshot.read_lsn());
  REQUIRE(manager.LogHorizon() == oldest);
  Snapshot later = keeper->TakeSnapshot();
  snapshot.Release();
  REQUIRE(manager.OldestSnapshot() == later.read_lsn());
  later.Release();
  REQUIRE(manager.OldestSnapshot() == later.read_lsn());
  Must(keeper->Commit());
  REQUIRE(manager.OldestSnapshot() > later.read_lsn());
  REQUIRE(manager.LogHorizon() > oldest);
}

TEST_CASE("a row is written whose versions' records have been dropped before the last start") {
  io::SimEnv env(7);
  DatabaseOptions options;
  options.log.file_bytes = 64 << 10;
  {
    auto [database, table] = CreateDatabase(env, options);
    auto add = [&](int32_t id) {
      auto t = database->Begin();
      Must(table->AddToK(*t, id, 1));
      Must(t->Commit());
    };
    auto t = database->Begin();
    for (int32_t id : {1, 2}) Must(table->Insert(*t, {id, 0, "v"}));
    Must(t->Commit());
    // A chain that is long because a snapshot needs its end.
    auto keeper = database->Begin(Isolation::kRepeatableRead);
    static_cast<void>(keeper->TakeSnapshot());
    for (int i = 0; i < 30; ++i) add(1);
    Must(keeper->Commit());
    for (int i = 0; i < 2000; ++i) add(2);
    Must(database->manager().RunPurge());
    Must(database->store().Checkpoint());
    Must(database->store().Checkpoint());
    REQUIRE(database->store().log().oldest().value > uint64_t{2} * options.log.file_bytes);
  }
  auto database = Must(Database::Open(env, options));
  auto table = Must(TestTable::Open(*database));
  auto t = database->Begin();
  REQUIRE(Must(table->AddToK(*t, 1, 1)));
  Must(t->Commit());
  REQUIRE(table->All()[1].k == 31);
}
