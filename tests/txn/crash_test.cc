// What survives a power cut.
#include <catch2/catch.hpp>

#include "txn/crash_harness.h"
#include "txn/sequence.h"

using namespace phantom;
using namespace phantom::txn;

TEST_CASE("random transactions and power cuts agree with a model") {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    CrashOptions options;
    options.seed = seed;
    CrashHarness(options).Run();
  }
}

TEST_CASE("random transactions and power cuts agree with a model, at length", "[.slow]") {
  for (uint64_t seed = 100; seed < 200; ++seed) {
    CrashOptions options;
    options.seed = seed;
    options.rounds = 12;
    options.threads = 3;
    options.operations_max = 1 + seed % 7 * 300;
    CrashHarness(options).Run();
  }
}

TEST_CASE("losers still own their rows after a crash until they are undone") {
  io::SimEnv env(3);
  {
    auto [database, table] = CreateDatabase(env);
    auto t = database->Begin();
    Must(table->Insert(*t, {1, 1, "kept"}));
    Must(t->Commit());
    auto loser = database->Begin();
    Must(table->AddToK(*loser, 1, 100));
    for (int32_t id = 10; id < 200; ++id) Must(table->Insert(*loser, {id, id, std::string(50, 'x')}));
    auto after = database->Begin();
    Must(table->Insert(*after, {2, 2, "after"}));
    database->manager().WaitDurable(Must(after->Commit()));
    env.CutPowerAfter(0);
    Must(loser->Abort());
  }
  env.Restart();
  auto database = Must(Database::Open(env, {.background_undo = true}));
  auto table = Must(TestTable::Open(*database));
  // Whether the undo has come by or not, nobody sees the loser, and who wants its row gets it.
  auto t = database->Begin();
  REQUIRE(Must(table->Scan(t->TakeSnapshot())).size() == 2);
  REQUIRE(Must(table->AddToK(*t, 1, 1)));
  Must(t->Commit());
  database->manager().WaitForRecovery();
  REQUIRE(table->All()[1].k == 2);
  table->Check();
}

TEST_CASE("a sequence repeats no value after a crash") {
  io::SimEnv env(5);
  constexpr SpaceId kSpace = store::kSharedSpace;
  TreeId tree;
  int64_t last = 0;
  for (int round = 0; round < 4; ++round) {
    auto database = Must(Database::Open(env));
    SequenceStore sequences(database->manager());
    if (round == 0) {
      auto t = database->Begin();
      tree = Must(database->manager().CreateIndexTree(*t, kSpace));
      Must(sequences.Create(*t, kSpace, tree, 77, 1));
      database->manager().WaitDurable(Must(t->Commit()));
    }
    for (int i = 0; i < 50; ++i) {
      SequenceRange range = Must(sequences.Next(kSpace, tree, 77, {}, "s"));
      REQUIRE(range.first == range.last);
      REQUIRE(range.first > last);
      if (round == 0) REQUIRE(range.first == last + 1);
      last = range.first;
    }
    database->manager().WaitDurable(sequences.logged());
    env.CutPowerAfter(0);
    database.reset();
    env.Restart();
  }
  REQUIRE(last < 200 + 4 * 2 * SequenceStore::kLogAhead);
}

TEST_CASE("sequences keep their bounds") {
  io::SimEnv env(5);
  auto database = Must(Database::Open(env));
  SequenceStore sequences(database->manager());
  constexpr SpaceId kSpace = store::kSharedSpace;
  auto t = database->Begin();
  TreeId tree = Must(database->manager().CreateIndexTree(*t, kSpace));
  Must(sequences.Create(*t, kSpace, tree, 1, 3));
  SequenceOptions options{.increment = 2, .minimum = 1, .maximum = 7};
  auto next = [&] { return sequences.Next(kSpace, tree, 1, options, "s"); };
  REQUIRE(Must(next()).first == 3);
  options.cache = 10;
  SequenceRange rest = Must(next());
  REQUIRE((rest.first == 5 && rest.last == 7));
  Result<SequenceRange> over = next();
  REQUIRE(!over.ok());
  REQUIRE(over.status().ToString() == "2200H: nextval: reached maximum value of sequence \"s\" (7)");
  options.cycle = true;
  REQUIRE(Must(next()).first == 1);
  Must(sequences.Set(kSpace, tree, 1, 5, false));
  REQUIRE(Must(next()).first == 5);
  REQUIRE(Must(sequences.Read(kSpace, tree, 1)).last_value == 7);
  // It comes with its transaction.
  Must(t->Abort());
  REQUIRE(!sequences.Read(kSpace, tree, 1).ok());
}
