// What a transaction sees and what concurrent ones do to each other.
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "txn/fixture.h"
#include "txn/lock_waiters.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

struct World {
  World() {
    database = Must(Database::Open(env));
    Must(TestTable::Create(*database));
    table = Must(TestTable::Open(*database));
    auto t = database->Begin();
    for (int32_t id = 1; id <= 3; ++id) Must(table->Insert(*t, {id, id * 10, "v"}));
    Must(t->Commit());
  }
  std::unique_ptr<Transaction> Begin(Isolation isolation = Isolation::kReadCommitted) {
    return database->Begin(isolation);
  }
  int32_t K(Transaction& t, int32_t id) {
    auto found = Must(table->FindById(t.TakeSnapshot(), id));
    return found ? found->second.k : -1;
  }

  io::SimEnv env{1};
  std::unique_ptr<Database> database;
  std::unique_ptr<TestTable> table;
};

}  // namespace

TEST_CASE("a change is seen by its own next command at once, by others after the commit") {
  World w;
  auto writer = w.Begin();
  auto reader = w.Begin();
  auto keeper = w.Begin(Isolation::kRepeatableRead);
  REQUIRE(w.K(*keeper, 1) == 10);

  Snapshot command = writer->TakeSnapshot();
  REQUIRE(Must(w.table->Update(*writer, 1, 11, "w")));
  REQUIRE(Must(w.table->FindById(command, 1))->second.k == 10);  // the command that wrote does not see it
  REQUIRE(w.K(*writer, 1) == 11);
  REQUIRE(w.K(*reader, 1) == 10);

  Must(w.table->Insert(*writer, {4, 40, "new"}));
  REQUIRE(Must(w.table->Delete(*writer, 2)));
  REQUIRE(w.K(*writer, 4) == 40);
  REQUIRE(w.K(*writer, 2) == -1);
  REQUIRE(w.K(*reader, 4) == -1);
  REQUIRE(w.K(*reader, 2) == 20);

  Must(writer->Commit());
  REQUIRE(w.K(*reader, 1) == 11);
  REQUIRE(w.K(*reader, 4) == 40);
  REQUIRE(w.K(*reader, 2) == -1);
  REQUIRE(w.K(*keeper, 1) == 10);
  REQUIRE(w.K(*keeper, 4) == -1);
  REQUIRE(w.K(*keeper, 2) == 20);
  REQUIRE(Must(w.table->FindByK(keeper->TakeSnapshot(), 10)).size() == 1);
  REQUIRE(Must(w.table->FindByK(keeper->TakeSnapshot(), 11)).empty());
  REQUIRE(Must(w.table->Scan(keeper->TakeSnapshot())).size() == 3);
}

TEST_CASE("a rollback leaves nothing behind") {
  World w;
  const TestRows before = w.table->All();
  auto writer = w.Begin();
  Must(w.table->Update(*writer, 1, 99, "changed"));
  Must(w.table->Update(*writer, 1, 98, "changed again"));
  Must(w.table->Delete(*writer, 2));
  Must(w.table->Insert(*writer, {2, 5, "in its place"}));
  Must(w.table->Insert(*writer, {7, 70, "new"}));
  Must(writer->Abort());
  REQUIRE(w.table->All() == before);
  CheckReport report = w.table->Check();
  REQUIRE(report.ghosts == 0);
  REQUIRE(report.dead_entries == 0);
}

TEST_CASE("many versions: every snapshot keeps its own, and chains skip what nobody needs") {
  World w;
  std::vector<std::unique_ptr<Transaction>> keepers;
  std::vector<int32_t> seen;
  for (int32_t i = 0; i < 400; ++i) {
    if (i % 40 == 0) {
      keepers.push_back(w.Begin(Isolation::kRepeatableRead));
      seen.push_back(w.K(*keepers.back(), 1));
    }
    auto t = w.Begin();
    Must(w.table->AddToK(*t, 1, 1));
    if (i % 7 == 0) {
      Must(t->Abort());
    } else {
      Must(t->Commit());
    }
  }
  for (size_t i = 0; i < keepers.size(); ++i) REQUIRE(w.K(*keepers[i], 1) == seen[i]);
}

TEST_CASE("READ COMMITTED evaluates again on the newest version") {
  World w;
  LockHolder first_locks(w.database->manager().locks(), 1), second_locks(w.database->manager().locks(), 2);
  auto first = w.database->Begin(Isolation::kReadCommitted, &first_locks);
  auto second = w.database->Begin(Isolation::kReadCommitted, &second_locks);
  Must(w.table->AddToK(*first, 1, 5));
  auto waiting = std::async(std::launch::async, [&] { return w.table->AddToK(*second, 1, 100); });
  AwaitWaiter(w.database->manager().locks(), 2);
  Must(first->Commit());
  REQUIRE(Must(waiting.get()));
  Must(second->Commit());
  REQUIRE(w.table->All()[1].k == 115);
  w.table->Check();
}

TEST_CASE("REPEATABLE READ fails on what a concurrent transaction changed") {
  World w;
  for (bool deletes : {false, true}) {
    auto keeper = w.Begin(Isolation::kRepeatableRead);
    w.K(*keeper, 3);
    auto other = w.Begin();
    if (deletes) {
      Must(w.table->Delete(*other, 3));
    } else {
      Must(w.table->AddToK(*other, 3, 1));
    }
    Must(other->Commit());
    Result<bool> updated = w.table->AddToK(*keeper, 3, 1);
    REQUIRE(!updated.ok());
    REQUIRE(SqlStateText(updated.status().sqlstate()) == "40001");
    REQUIRE(updated.status().message() == (deletes ? "could not serialize access due to concurrent delete"
                                                   : "could not serialize access due to concurrent update"));
  }
}

TEST_CASE("a writer whose rival rolls back goes on with the old version") {
  World w;
  LockHolder locks(w.database->manager().locks(), 2);
  auto first = w.Begin();
  auto second = w.database->Begin(Isolation::kRepeatableRead, &locks);
  w.K(*second, 1);
  Must(w.table->AddToK(*first, 1, 5));
  auto waiting = std::async(std::launch::async, [&] { return w.table->AddToK(*second, 1, 100); });
  AwaitWaiter(w.database->manager().locks(), 2);
  Must(first->Abort());
  REQUIRE(Must(waiting.get()));
  Must(second->Commit());
  REQUIRE(w.table->All()[1].k == 110);
}

TEST_CASE("a row is changed once by one command") {
  World w;
  auto t = w.Begin();
  Snapshot command = t->TakeSnapshot();
  RowId row = Must(w.table->FindById(command, 1))->first;
  std::string bytes = w.table->Encode({1, 10, "again"});
  REQUIRE(Must(w.table->rows().Update(*t, command, row, bytes)) == WriteOutcome::kOk);
  REQUIRE(Must(w.table->rows().Update(*t, command, row, bytes)) == WriteOutcome::kSelfModified);
  REQUIRE(Must(w.table->rows().Delete(*t, command, row)) == WriteOutcome::kSelfModified);
  Snapshot next = t->TakeSnapshot();
  REQUIRE(Must(w.table->rows().Update(*t, next, row, bytes)) == WriteOutcome::kOk);
}

TEST_CASE("write skew is what snapshots allow") {
  World w;
  auto a = w.Begin(Isolation::kRepeatableRead);
  auto b = w.Begin(Isolation::kRepeatableRead);
  REQUIRE(w.K(*a, 1) + w.K(*a, 2) == 30);
  REQUIRE(w.K(*b, 1) + w.K(*b, 2) == 30);
  Must(w.table->AddToK(*a, 1, -30));
  Must(w.table->AddToK(*b, 2, -30));
  Must(a->Commit());
  Must(b->Commit());
  REQUIRE(w.table->All()[1].k + w.table->All()[2].k == -30);
}

TEST_CASE("savepoints nest, and a rollback to one keeps it") {
  World w;
  auto t = w.Begin();
  Must(w.table->AddToK(*t, 1, 1));
  auto outer = t->Savepoint();
  Must(w.table->AddToK(*t, 1, 1));
  Must(w.table->Insert(*t, {8, 80, "outer"}));
  auto inner = t->Savepoint();
  Must(w.table->AddToK(*t, 1, 1));
  Must(w.table->Delete(*t, 2));
  int hooks = 0;
  t->OnAbort([&] { ++hooks; });
  t->OnCommit([&] { hooks += 100; });
  Must(t->RollbackTo(inner));
  REQUIRE(hooks == 1);
  REQUIRE(w.K(*t, 1) == 12);
  REQUIRE(w.K(*t, 2) == 20);
  Must(w.table->Delete(*t, 2));
  t->Release(inner);
  Must(t->RollbackTo(outer));
  REQUIRE(w.K(*t, 1) == 11);
  REQUIRE(w.K(*t, 8) == -1);
  REQUIRE(w.K(*t, 2) == 20);
  Must(w.table->AddToK(*t, 1, 1));
  Must(t->RollbackTo(outer));
  REQUIRE(w.K(*t, 1) == 11);
  Must(w.table->Insert(*t, {9, 90, "kept"}));
  Must(t->Commit());
  REQUIRE(hooks == 1);
  TestRows rows = w.table->All();
  REQUIRE(rows.size() == 4);
  REQUIRE(rows[1].k == 11);
  w.table->Check();
}

TEST_CASE("a rollback to a savepoint gives rows to those who wait for them") {
  World w;
  LockHolder locks(w.database->manager().locks(), 2);
  auto first = w.Begin();
  auto savepoint = first->Savepoint();
  Must(w.table->AddToK(*first, 1, 5));
  auto second = w.database->Begin(Isolation::kReadCommitted, &locks);
  auto waiting = std::async(std::launch::async, [&] { return w.table->AddToK(*second, 1, 100); });
  AwaitWaiter(w.database->manager().locks(), 2);
  Must(first->RollbackTo(savepoint));
  REQUIRE(Must(waiting.get()));
  Must(second->Commit());
  Must(first->Commit());
  REQUIRE(w.table->All()[1].k == 110);
}

TEST_CASE("trees come and go with their transaction") {
  World w;
  {
    auto t = w.Begin();
    Must(TestTable::DropIn(*w.database, *t));
    Must(t->Abort());
    REQUIRE(w.table->All().size() == 3);
  }
  auto keeper = w.Begin(Isolation::kRepeatableRead);
  REQUIRE(w.K(*keeper, 1) == 10);
  {
    auto t = w.Begin();
    Must(TestTable::DropIn(*w.database, *t));
    Must(t->Commit());
  }
  // A snapshot of before does not keep the table: nobody could look it up any more.
  Must(w.database->manager().RunPurge());
  REQUIRE(!TestTable::Open(*w.database).ok());
  Must(keeper->Commit());
  {
    auto t = w.Begin();
    Must(TestTable::CreateIn(*w.database, *t));
    auto table = Must(TestTable::Open(*w.database));
    Must(table->Insert(*t, {1, 1, "gone"}));
    Must(t->Abort());
  }
  REQUIRE(!TestTable::Open(*w.database).ok());
  Must(TestTable::Create(*w.database));
  REQUIRE(Must(TestTable::Open(*w.database))->All().empty());
}

TEST_CASE("a scan meets every row once, wherever the leaves are divided") {
  World w;
  // Some division falls on a multiple of 256, where the fence between two leaves is shorter than a row id.
  for (size_t bytes = 0; bytes < 160; bytes += 8) {
    auto t = w.Begin();
    for (int32_t id = 1000; id < 1600; ++id) {
      Must(w.table->rows().Insert(*t, w.table->Encode({id, 0, std::string(bytes, 's')})));
    }
    REQUIRE(Must(w.table->Scan(t->TakeSnapshot())).size() == 603);
    Must(t->Abort());
  }
}
