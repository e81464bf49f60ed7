// Chunks go to segments and come back; nobody sees the difference.
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "store/chunks.h"
#include "txn/chunk_moves.h"
#include "txn/chunk_policy.h"
#include "txn/fixture.h"

using namespace phantom;
using namespace phantom::txn;

TEST_CASE("a frozen chunk has the same rows, in a segment instead of the tree") {
  io::SimEnv env(1);
  TestRows rows;
  {
    auto [database, table] = CreateDatabase(env);
    InsertRows(*database, *table, 1, 5001);
    auto t = database->Begin();
    for (int32_t id = 1; id <= 5000; id += 7) Must(table->Delete(*t, id));
    for (int32_t id = 2; id <= 5000; id += 7) Must(table->AddToK(*t, id, 100));
    Must(t->Commit());
    Must(database->manager().RunPurge());
    rows = table->All();
    REQUIRE(Must(table->rows().Freeze(0)));
    REQUIRE(table->rows().IsCold(0));
    REQUIRE(StatsOf(*database, TestTable::kFixed.rows).entries == 0);
    REQUIRE(StatsOf(*database, TestTable::kFixed.rows).leaf_pages <= 2);
    REQUIRE(SegmentFiles(env) == 1);
    REQUIRE(table->All() == rows);
    REQUIRE(table->Check().rows == rows.size());
    const auto size = Must(table->rows().EstimateSize());
    REQUIRE(size.rows == Approx(static_cast<double>(rows.size())));
    auto reader = database->Begin();
    const Snapshot snapshot = reader->TakeSnapshot();
    for (int32_t id = 1; id <= 5000; id += 13) {
      auto found = Must(table->FindById(snapshot, id));
      REQUIRE(found.has_value() == rows.contains(id));
      if (found) REQUIRE(found->second == rows[id]);
    }
    // New rows go to the next chunk.
    InsertRows(*database, *table, 6001, 6003);
    rows[6001] = {6001, 1, "row 6001"};
    rows[6002] = {6002, 2, "row 6002"};
    REQUIRE(Must(table->FindById(reader->TakeSnapshot(), 6002))->first.value > store::kChunkRows);
    REQUIRE(table->All() == rows);
    env.CutPowerAfter(0);
  }
  auto [database, table] = RestartDatabase(env);
  REQUIRE(table->rows().IsCold(0));
  REQUIRE(table->All() == rows);
  REQUIRE(table->Check().rows == rows.size());
  InsertRows(*database, *table, 7001, 7002);
  REQUIRE(Must(table->FindById(database->Begin()->TakeSnapshot(), 7001))->first.value > store::kChunkRows);
}

TEST_CASE("cold rows are changed, deleted and rolled back like others") {
  io::SimEnv env(2);
  auto [database, table] = CreateDatabase(env);
  InsertRows(*database, *table, 1, 3001);
  REQUIRE(Must(table->rows().Freeze(0)));
  TestRows rows = table->All();
  auto keeper = database->Begin(Isolation::kRepeatableRead);
  const TestRows before = Must(table->Scan(keeper->TakeSnapshot()));
  REQUIRE(before == rows);

  auto t = database->Begin();
  Must(table->AddToK(*t, 10, 5));
  auto savepoint = t->Savepoint();
  Must(table->AddToK(*t, 10, 100));
  Must(table->AddToK(*t, 11, 100));
  Must(table->Delete(*t, 12));
  Must(t->RollbackTo(savepoint));
  Must(table->Delete(*t, 13));
  Must(t->Commit());
  rows[10].k += 5;
  rows.erase(13);
  REQUIRE(table->All() == rows);
  t = database->Begin();
  for (int32_t id = 1; id <= 100; ++id) Must(id % 2 == 0 ? table->Delete(*t, id) : table->AddToK(*t, id, 1));
  Must(t->Abort());
  REQUIRE(table->All() == rows);
  REQUIRE(Must(table->Scan(keeper->TakeSnapshot())) == before);
  REQUIRE(Must(table->FindByK(keeper->TakeSnapshot(), 3)).size() == 300);
  Must(database->manager().RunPurge());
  REQUIRE(Must(table->Scan(keeper->TakeSnapshot())) == before);
  // Some versions are not seen by everybody.
  REQUIRE(!Must(table->rows().Freeze(0)));
  REQUIRE(SegmentFiles(env) == 1);
  Must(keeper->Commit());
  Must(database->manager().RunPurge());
  CheckReport report = table->Check();
  REQUIRE(report.ghosts == 0);
  REQUIRE(report.rows == rows.size());
  REQUIRE(table->All() == rows);

  // Locks on rows that are not in the tree.
  auto first = database->Begin();
  Snapshot snapshot = first->TakeSnapshot();
  const RowId row = Must(table->FindById(snapshot, 500))->first;
  const LockedRow locked = Must(table->rows().Lock(*first, snapshot, row, RowLockMode::kKeyShare));
  REQUIRE(locked.outcome == WriteOutcome::kOk);
  REQUIRE(locked.newest.found);
  REQUIRE(locked.newest.cold());
  const uint32_t id_column = 0;
  types::Vector ids(types::Type(types::kInt4Oid), 1);
  Must(table->rows().Decode(locked.newest, {&id_column, 1}, {&ids, 1}, 0));
  REQUIRE(ids.Get<int32_t>(0) == 500);
  auto second = database->Begin();
  REQUIRE(Must(table->rows().Lock(*second, snapshot, row, RowLockMode::kUpdate, WaitPolicy::kSkip)).outcome ==
          WriteOutcome::kSkipped);
  REQUIRE(Must(table->AddToK(*second, 500, 1)));
  Must(first->Commit());
  Must(second->Commit());
  snapshot.Release();
  rows[500].k += 1;
  REQUIRE(table->All() == rows);

  REQUIRE(Must(table->rows().Freeze(0)));
  REQUIRE(SegmentFiles(env) == 1);
  REQUIRE(StatsOf(*database, TestTable::kFixed.rows).entries == 0);
  REQUIRE(table->All() == rows);
  REQUIRE(Must(table->rows().Thaw(0)));
  REQUIRE(!table->rows().IsCold(0));
  REQUIRE(SegmentFiles(env) == 0);
  REQUIRE(table->All() == rows);
  REQUIRE(table->Check().rows == rows.size());
  REQUIRE(!Must(table->rows().Thaw(0)));
}

TEST_CASE("long values stay in the tree of a cold chunk") {
  io::SimEnv env(3);
  auto [database, table] = CreateDatabase(env);
  InsertRows(*database, *table, 1, 101);
  auto t = database->Begin();
  Must(table->Update(*t, 7, 7, std::string(100'000, 'x')));
  Must(t->Commit());
  const TestRows rows = table->All();
  Must(database->manager().RunPurge());
  REQUIRE(Must(table->rows().Freeze(0)));
  REQUIRE(StatsOf(*database, TestTable::kFixed.rows).entries == 1);
  REQUIRE(table->All() == rows);
  REQUIRE(table->Check().overflow_values == 1);
}

TEST_CASE("a dropped table takes its segments along, and what nobody names goes at the next start") {
  io::SimEnv env(4);
  {
    auto [database, table] = CreateDatabase(env);
    InsertRows(*database, *table, 1, 101);
    REQUIRE(Must(table->rows().Freeze(0)));
    table.reset();
    auto t = database->Begin();
    Must(TestTable::DropIn(*database, *t));
    Must(t->Abort());
    REQUIRE(SegmentFiles(env) == 1);
    t = database->Begin();
    Must(TestTable::DropIn(*database, *t));
    Must(t->Commit());
    Must(database->manager().RunPurge());
    REQUIRE(SegmentFiles(env) == 0);
    store::SegmentId id;
    Must(database->store().chunks().SyncSegment(*Must(database->store().chunks().MakeSegment(&id))));
    REQUIRE(SegmentFiles(env) == 1);
    env.CutPowerAfter(0);
  }
  env.Restart();
  auto database = Must(Database::Open(env));
  REQUIRE(SegmentFiles(env) == 0);
}

TEST_CASE("chunks are moved under readers and writers") {
  io::SimEnv env(5);
  auto database = Must(Database::Open(env, {.pool_bytes = 2 << 20, .purge_interval_ms = 1}));
  Must(TestTable::Create(*database));
  constexpr int32_t kRows = 4000;
  {
    auto table = Must(TestTable::Open(*database));
    InsertRows(*database, *table, 1, kRows + 1);
  }
  std::atomic<bool> done{false};
  Status moved, written[2];
  std::thread mover([&] {
    moved = [&]() -> Status {
      ASSIGN_OR_RETURN(std::unique_ptr<TestTable> table, TestTable::Open(*database));
      std::mt19937 random(1);
      for (int moves = 0; moves < 60; ++moves) {
        RETURN_IF_ERROR((random() % 3 == 0 ? table->rows().Thaw(0) : table->rows().Freeze(0)).status());
      }
      return Status::Ok();
    }();
    done = true;
  });
  // The sum stays.
  auto transfer = [&](TestTable& table, LockHolder& locks, std::mt19937& random) -> Status {
    auto t = database->Begin(Isolation::kReadCommitted, &locks);
    int32_t from = 1 + static_cast<int32_t>(random() % kRows), to = 1 + static_cast<int32_t>(random() % kRows);
    if (from > to) std::swap(from, to);
    if (from == to) return Status::Ok();
    for (const auto& [id, change] : {std::pair(from, -3), std::pair(to, 3)}) {
      ASSIGN_OR_RETURN(const bool found, table.AddToK(*t, id, change));
      if (!found) return Error(sqlstate::kDataCorrupted, "a row is gone");
    }
    return random() % 4 == 0 ? t->Abort() : t->Commit().status();
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      written[i] = [&]() -> Status {
        ASSIGN_OR_RETURN(std::unique_ptr<TestTable> table, TestTable::Open(*database));
        LockHolder locks(database->manager().locks(), static_cast<int32_t>(i) + 1);
        std::mt19937 random(i);
        while (!done) RETURN_IF_ERROR(transfer(*table, locks, random));
        return Status::Ok();
      }();
    });
  }
  int64_t sum = 0;
  for (int32_t id = 1; id <= kRows; ++id) sum += id % 10;
  auto table = Must(TestTable::Open(*database));
  while (!done) {
    auto t = database->Begin(Isolation::kRepeatableRead);
    for (int look = 0; look < 2; ++look) {
      const TestRows rows = Must(table->Scan(t->TakeSnapshot()));
      REQUIRE(rows.size() == kRows);
      int64_t now = 0;
      for (const auto& [id, row] : rows) now += row.k;
      REQUIRE(now == sum);
    }
    REQUIRE(Must(table->FindById(t->TakeSnapshot(), 77)).has_value());
  }
  mover.join();
  for (std::thread& thread : threads) thread.join();
  Must(moved);
  for (const Status& status : written) Must(status);
  REQUIRE(table->Check().rows == kRows);
}

TEST_CASE("a move that is stopped leaves everything as it was, and no file") {
  io::SimEnv env(1);
  auto [database, table] = CreateDatabase(env);
  InsertRows(*database, *table, 1, 3001);
  const TestRows rows = table->All();
  int asked = 0;
  MoveOptions options;
  options.go_on = [&](uint64_t) { return ++asked < 2; };
  REQUIRE(!Must(table->rows().Freeze(0, options)));
  REQUIRE(!table->rows().IsCold(0));
  REQUIRE(SegmentFiles(env) == 0);
  REQUIRE(Must(table->rows().Freeze(0)));
  asked = 0;
  REQUIRE(!Must(table->rows().Thaw(0, options)));
  REQUIRE(table->rows().IsCold(0));
  REQUIRE(table->All() == rows);
  // What it copied so far is taken back.
  REQUIRE(Must(table->rows().LookAt(0)).copies > 0);
  REQUIRE(Must(table->rows().Trim(0, MoveOptions())));
  const ChunkLook look = Must(table->rows().LookAt(0));
  REQUIRE(look.copies == 0);
  REQUIRE(look.overlaid == 0);
  REQUIRE(table->All() == rows);
}

TEST_CASE("no file is made for a chunk that not everybody sees") {
  io::SimEnv env(1);
  auto [database, table] = CreateDatabase(env);
  auto old = database->Begin(Isolation::kRepeatableRead);
  static_cast<void>(old->TakeSnapshot());
  InsertRows(*database, *table, 1, 101);
  bool asked = false;
  MoveOptions options;
  options.go_on = [&](uint64_t) { return asked = true; };
  REQUIRE(!Must(table->rows().Freeze(0, options)));
  REQUIRE(!asked);
  Must(old->Commit());
  REQUIRE(Must(table->rows().Freeze(0, options)));
}

TEST_CASE("a last chunk may keep its free row ids") {
  io::SimEnv env(1);
  TestRows rows;
  {
    auto [database, table] = CreateDatabase(env);
    MoveOptions options;
    options.give_up_ids = false;
    for (int32_t round = 0; round < 4; ++round) {
      InsertRows(*database, *table, 1 + round * 100, 101 + round * 100);
      REQUIRE(Must(table->rows().Freeze(0, options)));
      REQUIRE(StatsOf(*database, TestTable::kFixed.rows).entries == 0);
    }
    REQUIRE(table->rows().EndRowId() == RowId(401));
    InsertRows(*database, *table, 401, 403);
    REQUIRE(Must(table->rows().LookAt(0)).overlaid == 2);
    rows = table->All();
    REQUIRE(rows.size() == 402);
    REQUIRE(table->Check().rows == rows.size());
    env.CutPowerAfter(0);
  }
  auto [database, table] = RestartDatabase(env);
  REQUIRE(table->All() == rows);
  InsertRows(*database, *table, 403, 404);
  REQUIRE(table->All().size() == 403);
}

TEST_CASE("a chunk of which nothing is left loses its segment") {
  io::SimEnv env(1);
  auto [database, table] = CreateDatabase(env);
  InsertRows(*database, *table, 1, 501);
  REQUIRE(Must(table->rows().Freeze(0)));
  auto t = database->Begin();
  for (int32_t id = 1; id <= 500; ++id) Must(table->Delete(*t, id));
  Must(t->Commit());
  t.reset();
  Must(database->manager().RunPurge());
  REQUIRE(Must(table->rows().LookAt(0)).dead == 500);
  REQUIRE(Must(table->rows().Freeze(0)));
  REQUIRE(!table->rows().IsCold(0));
  REQUIRE(SegmentFiles(env) == 0);
  REQUIRE(table->All().empty());
  InsertRows(*database, *table, 501, 503);
  REQUIRE(table->Check().rows == 2);
}
