// How many rows a table has is told from part of it, wherever they lie.
#include <catch2/catch.hpp>

#include "store/chunks.h"
#include "txn/fixture.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

double Counted(TestTable& table) { return Must(table.rows().EstimateSize()).rows; }

double LookedUp(TestTable& table) {
  table.rows().NoteAnalyzed();
  return Counted(table);
}

Approx About(double rows) { return Approx(rows).epsilon(0.05); }

void Place(TestTable& table, uint64_t chunk, bool cold) {
  static_cast<void>(Must(cold ? table.rows().Freeze(chunk) : table.rows().Thaw(chunk)));
  REQUIRE(table.rows().IsCold(chunk) == cold);
}

// Leaves a gap of row ids between those and the ones before.
void Load(Database& database, TestTable& table, int32_t from, int32_t to) {
  auto t = database.Begin();
  Must(table.Load(*t, TestTable::Rows(from, to)));
  Must(t->Commit());
}

}  // namespace

TEST_CASE("rows are told whatever ids and tiers they have") {
  io::SimEnv env(1);
  auto [database, table] = CreateDatabase(env);
  REQUIRE(LookedUp(*table) == 0);
  InsertRows(*database, *table, 1, 20001);
  REQUIRE(LookedUp(*table) == About(20000));
  Load(*database, *table, 20001, 25001);
  REQUIRE(table->rows().ChunkCount() == 2);
  for (const bool first_cold : {false, true}) {
    for (const bool second_cold : {true, false}) {
      Place(*table, 0, first_cold);
      Place(*table, 1, second_cold);
      REQUIRE(LookedUp(*table) == About(25000));
    }
  }
  // Ids beyond those of a chunk that is not full.
  InsertRows(*database, *table, 25001, 30001);
  REQUIRE(LookedUp(*table) == About(30000));
}

TEST_CASE("deleted rows do not count, purged or not, and those changed count once") {
  io::SimEnv env(2);
  const bool spread = GENERATE(true, false);
  const bool cold = GENERATE(true, false);
  auto [database, table] = CreateDatabase(env);
  InsertRows(*database, *table, 1, 9001);
  Load(*database, *table, 9001, 15001);
  Place(*table, 0, cold);
  Place(*table, 1, cold);
  auto change = [&](bool commit) {
    auto t = database->Begin();
    for (int32_t i = 1; i <= 5000; ++i) REQUIRE(Must(table->Delete(*t, spread ? i * 3 : i)));
    for (int32_t i = 0; i < 5000; i += 2) REQUIRE(Must(table->AddToK(*t, spread ? i * 3 + 1 : i + 5001, 100)));
    if (commit) {
      Must(t->Commit());
    } else {
      Must(t->Abort());
    }
  };
  change(false);
  REQUIRE(Counted(*table) == About(15000));
  REQUIRE(LookedUp(*table) == About(15000));
  change(true);
  REQUIRE(Counted(*table) == About(10000));
  REQUIRE(LookedUp(*table) == About(10000));
  Must(database->manager().RunPurge());
  REQUIRE(Counted(*table) == About(10000));
  REQUIRE(LookedUp(*table) == About(10000));
  if (cold) Place(*table, 0, true);
  REQUIRE(LookedUp(*table) == About(10000));
}

TEST_CASE("what comes and goes is counted on from the last look") {
  io::SimEnv env(3);
  auto [database, table] = CreateDatabase(env);
  InsertRows(*database, *table, 1, 10001);
  const double before = LookedUp(*table);
  InsertRows(*database, *table, 10001, 10101);
  REQUIRE(Counted(*table) == before + 100);
  auto t = database->Begin();
  for (int32_t id = 1; id <= 50; ++id) REQUIRE(Must(table->Delete(*t, id)));
  for (const TestRow& row : TestTable::Rows(10101, 10131)) Must(table->Insert(*t, row));
  REQUIRE(Counted(*table) == before + 80);
  // Its own row, and back.
  REQUIRE(Must(table->Delete(*t, 10101)));
  REQUIRE(Counted(*table) == before + 79);
  Must(t->Abort());
  REQUIRE(Counted(*table) == before + 100);
  Must(database->manager().RunPurge());
  REQUIRE(Counted(*table) == before + 100);
  t = database->Begin();
  Must(table->Load(*t, TestTable::Rows(20001, 20501)));
  REQUIRE(Counted(*table) == before + 600);
  Must(t->Abort());
  REQUIRE(Counted(*table) == before + 100);
}

TEST_CASE("a table's size is told after a restart, and when its losers are undone") {
  io::SimEnv env(4);
  {
    auto [database, table] = CreateDatabase(env);
    InsertRows(*database, *table, 1, 5001);
    Load(*database, *table, 5001, 8001);
    auto t = database->Begin();
    Must(table->Load(*t, TestTable::Rows(10001, 13001)));
    for (int32_t id = 1; id <= 1000; ++id) REQUIRE(Must(table->Delete(*t, id)));
    InsertRows(*database, *table, 20001, 20002);
    env.CutPowerAfter(0);
  }
  auto [database, table] = RestartDatabase(env);
  REQUIRE(Counted(*table) == About(8001));
  auto t = database->Begin();
  const TestRows rows = table->All();
  for (const auto& [id, row] : rows) REQUIRE(Must(table->Delete(*t, id)));
  Must(t->Commit());
  Must(database->manager().RunPurge());
  REQUIRE(LookedUp(*table) == 0);
}
