// Explicit row locks, unique keys, and concurrent writers.
#include <catch2/catch.hpp>
#include <future>
#include <random>
#include <thread>

#include "txn/fixture.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

struct World {
  World() {
    database = Must(Database::Open(env));
    Must(TestTable::Create(*database));
    table = Must(TestTable::Open(*database));
    auto t = database->Begin();
    for (int32_t id = 1; id <= 8; ++id) Must(table->Insert(*t, {id, 0, "v"}));
    Must(t->Commit());
    row = Must(table->FindById(database->Begin()->TakeSnapshot(), 1))->first;
  }
  Result<LockedRow> Lock(Transaction& t, RowLockMode mode, WaitPolicy policy = WaitPolicy::kSkip) {
    Snapshot snapshot = t.TakeSnapshot();
    return table->rows().Lock(t, snapshot, row, mode, policy, "t");
  }
  LockManager& locks() { return database->manager().locks(); }

  io::SimEnv env{1};
  std::unique_ptr<Database> database;
  std::unique_ptr<TestTable> table;
  RowId row;
};

void AwaitWaiters(LockManager& locks, size_t count) {
  for (;;) {
    size_t waiting = 0;
    for (const LockInfo& info : locks.Locks()) waiting += info.granted ? 0 : 1;
    if (waiting >= count) return;
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("row locks conflict as PostgreSQL's do") {
  World w;
  const RowLockMode modes[] = {RowLockMode::kKeyShare, RowLockMode::kShare, RowLockMode::kNoKeyUpdate,
                               RowLockMode::kUpdate};
  const bool conflicts[4][4] = {{0, 0, 0, 1}, {0, 0, 1, 1}, {0, 1, 1, 1}, {1, 1, 1, 1}};
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) {
      auto first = w.database->Begin();
      auto second = w.database->Begin();
      REQUIRE(Must(w.Lock(*first, modes[a])).outcome == WriteOutcome::kOk);
      REQUIRE(Must(w.Lock(*second, modes[b])).outcome ==
              (conflicts[a][b] ? WriteOutcome::kSkipped : WriteOutcome::kOk));
      if (!conflicts[a][b]) continue;
      Result<LockedRow> nowait = w.Lock(*second, modes[b], WaitPolicy::kNoWait);
      REQUIRE(!nowait.ok());
      REQUIRE(nowait.status().ToString() == "55P03: could not obtain lock on row in relation \"t\"");
    }
  }
}

TEST_CASE("writers and lockers see one another") {
  World w;
  auto writer = w.database->Begin();
  auto locker = w.database->Begin();
  // A change that leaves the key alone lets key share in; a delete does not.
  Must(w.table->AddToK(*writer, 1, 1));
  LockedRow locked = Must(w.Lock(*locker, RowLockMode::kKeyShare));
  REQUIRE(locked.outcome == WriteOutcome::kOk);
  REQUIRE(Must(w.table->Decode(locked.newest.row)).k == 0);
  REQUIRE(Must(w.Lock(*locker, RowLockMode::kShare)).outcome == WriteOutcome::kSkipped);
  // The writer now wants more than the key share allows.
  LockHolder holder(w.locks(), 9);
  writer->Commit().value();
  auto deleter = w.database->Begin(Isolation::kReadCommitted, &holder);
  auto waiting = std::async(std::launch::async, [&] { return w.table->Delete(*deleter, 1); });
  AwaitWaiters(w.locks(), 1);
  Must(locker->Commit());
  REQUIRE(Must(waiting.get()));
  Must(deleter->Commit());
  REQUIRE(w.table->All().size() == 7);
}

TEST_CASE("a savepoint's rollback gives row locks back") {
  World w;
  auto first = w.database->Begin();
  auto second = w.database->Begin();
  auto savepoint = first->Savepoint();
  REQUIRE(Must(w.Lock(*first, RowLockMode::kUpdate)).outcome == WriteOutcome::kOk);
  REQUIRE(Must(w.Lock(*second, RowLockMode::kKeyShare)).outcome == WriteOutcome::kSkipped);
  Must(first->RollbackTo(savepoint));
  REQUIRE(Must(w.Lock(*second, RowLockMode::kUpdate)).outcome == WriteOutcome::kOk);
}

TEST_CASE("two transactions that want each other's rows: one is the victim") {
  World w;
  LockHolder holders[2] = {{w.locks(), 101}, {w.locks(), 102}};
  holders[0].SetTimeouts(0, 20);
  holders[1].SetTimeouts(0, 20);
  std::unique_ptr<Transaction> t[2];
  for (int i = 0; i < 2; ++i) {
    t[i] = w.database->Begin(Isolation::kReadCommitted, &holders[i]);
    Must(w.table->AddToK(*t[i], i + 1, 1));
  }
  std::future<Result<bool>> done[2];
  for (int i = 0; i < 2; ++i) {
    done[i] = std::async(std::launch::async, [&, i] {
      Result<bool> result = w.table->AddToK(*t[i], 2 - i, 1);
      Status end = result.ok() ? t[i]->Commit().status() : t[i]->Abort();
      PHANTOM_CHECK(end.ok());
      return result;
    });
  }
  Result<bool> results[2] = {done[0].get(), done[1].get()};
  REQUIRE(results[0].ok() != results[1].ok());
  const Status& victim = results[results[0].ok() ? 1 : 0].status();
  REQUIRE(SqlStateText(victim.sqlstate()) == "40P01");
  REQUIRE(victim.message() == "deadlock detected");
  REQUIRE(victim.error().detail.find("waits for ShareLock on transaction ") != std::string::npos);
  TestRows rows = w.table->All();
  REQUIRE(rows[1].k + rows[2].k == 2);
  w.table->Check();
}

TEST_CASE("concurrent counters lose no update") {
  World w;
  constexpr int kThreads = 4, kRounds = 60;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      LockHolder holder(w.locks(), i + 1);
      for (int round = 0; round < kRounds; ++round) {
        auto t = w.database->Begin(Isolation::kReadCommitted, &holder);
        Result<bool> added = w.table->AddToK(*t, 1 + (round + i) % 2, 1);
        PHANTOM_CHECK(added.ok() && *added);
        if (round % 5 == 4) {
          PHANTOM_CHECK(t->Abort().ok());
        } else {
          PHANTOM_CHECK(t->Commit().ok());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  TestRows rows = w.table->All();
  REQUIRE(rows[1].k + rows[2].k == kThreads * kRounds * 4 / 5);
  w.table->Check();
  REQUIRE(w.locks().Locks().empty());
}

TEST_CASE("one of many inserters of a unique key wins") {
  World w;
  constexpr int kThreads = 4, kKeys = 40;
  std::atomic<int> inserted{0}, refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      LockHolder holder(w.locks(), i + 1);
      for (int32_t key = 100; key < 100 + kKeys; ++key) {
        auto t = w.database->Begin(Isolation::kReadCommitted, &holder);
        Result<RowId> row = w.table->Insert(*t, {key, i, "race"});
        if (!row.ok()) {
          PHANTOM_CHECK(row.status().sqlstate() == sqlstate::kUniqueViolation);
          ++refused;
          PHANTOM_CHECK(t->Abort().ok());
        } else if ((key + i) % 3 == 0) {
          PHANTOM_CHECK(t->Abort().ok());
        } else {
          ++inserted;
          PHANTOM_CHECK(t->Commit().ok());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(inserted == kKeys);
  REQUIRE(w.table->All().size() == 8 + kKeys);
  w.table->Check();
}

TEST_CASE("a unique key is free again when its row is deleted, and not before the deleter commits") {
  World w;
  LockHolder holder(w.locks(), 2);
  auto deleter = w.database->Begin();
  Must(w.table->Delete(*deleter, 1));
  auto inserter = w.database->Begin(Isolation::kReadCommitted, &holder);
  auto waiting = std::async(std::launch::async, [&] { return w.table->Insert(*inserter, {1, 5, "second"}); });
  AwaitWaiters(w.locks(), 1);
  SECTION("commit") {
    Must(deleter->Commit());
    Must(waiting.get());
    Must(inserter->Commit());
    REQUIRE(w.table->All()[1].payload == "second");
  }
  SECTION("rollback") {
    Must(deleter->Abort());
    REQUIRE(!waiting.get().ok());
    Must(inserter->Abort());
    REQUIRE(w.table->All()[1].payload == "v");
  }
  w.table->Check();
}

TEST_CASE("changing a key away and back, and taking it back, keeps index and rows together") {
  World w;
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    auto t = w.database->Begin();
    for (int i = 0; i < 6; ++i) {
      auto savepoint = t->Savepoint();
      Must(w.table->Update(*t, 1 + static_cast<int32_t>(random() % 8), static_cast<int32_t>(random() % 3), "x"));
      if (random() % 3 == 0) Must(t->RollbackTo(savepoint));
    }
    if (random() % 3 == 0) {
      Must(t->Abort());
    } else {
      Must(t->Commit());
    }
    if (round % 5 == 0) Must(w.database->manager().RunPurge());
    w.table->Check();
  }
  Must(w.database->manager().RunPurge());
  REQUIRE(w.table->Check().dead_entries == 0);
}
