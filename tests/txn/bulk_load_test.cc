// Rows that a transaction writes straight into segments are its own like any others.
#include "txn/bulk_load.h"

#include <catch2/catch.hpp>

#include "store/chunks.h"
#include "txn/fixture.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

uint64_t TreeRows(Database& database) { return StatsOf(database, TestTable::kFixed.rows).entries; }

}  // namespace

TEST_CASE("a load is seen by its transaction's later commands, and by others when that has committed") {
  io::SimEnv env(1);
  auto [database, table] = CreateDatabase(env);
  const std::vector<TestRow> rows = TestTable::Rows(1, 5001);
  auto before = database->Begin(Isolation::kRepeatableRead);
  REQUIRE(Must(table->Scan(before->TakeSnapshot())).empty());

  auto t = database->Begin();
  Snapshot same_command = t->TakeSnapshot();
  Must(table->Load(*t, rows));
  REQUIRE(SegmentFiles(env) == 1);
  REQUIRE(TreeRows(*database) == 0);
  REQUIRE(Must(table->Scan(same_command)).empty());
  REQUIRE(!Must(table->FindById(same_command, 7)));
  REQUIRE(Must(table->Scan(t->TakeSnapshot())) == AsMap(rows));
  REQUIRE(Must(table->FindById(t->TakeSnapshot(), 7))->second == rows[6]);
  REQUIRE(table->All().empty());
  auto other = database->Begin();
  REQUIRE(!Must(table->FindById(other->TakeSnapshot(), 7)));
  // Neither frozen anew nor thawed before everybody sees it.
  const uint64_t chunk = table->rows().ChunkCount() - 1;
  REQUIRE(table->rows().IsCold(chunk));
  REQUIRE(!Must(table->rows().Thaw(chunk)));
  Must(t->Commit());
  REQUIRE(table->All() == AsMap(rows));
  REQUIRE(Must(table->Scan(before->TakeSnapshot())).empty());
  REQUIRE(!Must(table->FindById(before->TakeSnapshot(), 7)));
  REQUIRE(Must(table->FindByK(before->TakeSnapshot(), 3)).empty());
  // A row changed since is no more seen by who does not see the load.
  auto writer = database->Begin();
  REQUIRE(Must(table->AddToK(*writer, 7, 100)));
  REQUIRE(Must(table->Delete(*writer, 8)));
  Must(writer->Commit());
  REQUIRE(Must(table->Scan(before->TakeSnapshot())).empty());
  REQUIRE(!Must(table->FindById(before->TakeSnapshot(), 7)));
  REQUIRE(!Must(table->rows().Thaw(chunk)));
  Must(before->Commit());
  Must(other->Commit());
  same_command.Release();
  TestRows expected = AsMap(rows);
  expected[7].k += 100;
  expected.erase(8);
  Must(database->manager().RunPurge());
  REQUIRE(table->All() == expected);
  REQUIRE(table->Check().rows == expected.size());
  REQUIRE(Must(table->rows().Freeze(chunk)));
  REQUIRE(table->All() == expected);
  REQUIRE(Must(table->rows().Thaw(chunk)));
  REQUIRE(table->All() == expected);
  REQUIRE(table->Check().rows == expected.size());
  CheckStore(*database);
}

TEST_CASE("a load is taken back with its transaction, its savepoint, and in a crash") {
  io::SimEnv env(2);
  TestRows expected;
  {
    auto [database, table] = CreateDatabase(env);
    auto t = database->Begin();
    Must(table->Insert(*t, {1, 1, "first"}));
    const auto savepoint = t->Savepoint();
    Must(table->Load(*t, TestTable::Rows(2, 4000)));
    // Changes of the load's own rows, taken back with it and before it.
    Must(table->AddToK(*t, 2, 5));
    Must(table->Delete(*t, 3));
    const auto inner = t->Savepoint();
    Must(table->AddToK(*t, 2, 7));
    Must(table->AddToK(*t, 4, 7));
    Must(t->RollbackTo(inner));
    REQUIRE(Must(table->FindById(t->TakeSnapshot(), 2))->second.k == 7);
    REQUIRE(!Must(table->FindById(t->TakeSnapshot(), 3)));
    REQUIRE(Must(table->Scan(t->TakeSnapshot())).size() == 3998);
    Must(t->RollbackTo(savepoint));
    REQUIRE(SegmentFiles(env) == 0);
    REQUIRE(TreeRows(*database) == 1);
    REQUIRE(Must(table->Scan(t->TakeSnapshot())).size() == 1);
    // The ids are free again.
    Must(table->Load(*t, TestTable::Rows(2, 3000)));
    Must(t->Commit());
    expected = table->All();
    REQUIRE(expected.size() == 2999);
    REQUIRE(SegmentFiles(env) == 1);

    t = database->Begin();
    Must(table->Load(*t, TestTable::Rows(3000, 6000)));
    Must(table->AddToK(*t, 3001, 1));
    Must(t->Abort());
    REQUIRE(SegmentFiles(env) == 1);
    REQUIRE(table->All() == expected);
    REQUIRE(table->Check().rows == expected.size());

    t = database->Begin();
    Must(table->Load(*t, TestTable::Rows(3000, 6000)));
    Must(table->AddToK(*t, 3001, 1));
    Must(table->Delete(*t, 3002));
    database->store().log().Flush(t->last_lsn());
    env.CutPowerAfter(0);
    static_cast<void>(t->Abort());
  }
  auto [database, table] = RestartDatabase(env);
  REQUIRE(table->All() == expected);
  REQUIRE(table->Check().rows == expected.size());
  REQUIRE(SegmentFiles(env) == 1);
  auto t = database->Begin();
  Must(table->Load(*t, TestTable::Rows(3000, 6000)));
  Must(t->Commit());
  REQUIRE(table->All().size() == expected.size() + 3000);
  CheckStore(*database);
}

TEST_CASE("a committed load is there after a crash, and so is what was changed of it") {
  io::SimEnv env(3);
  TestRows expected;
  {
    auto [database, table] = CreateDatabase(env);
    auto t = database->Begin();
    Must(table->Load(*t, TestTable::Rows(1, 3001)));
    Must(table->AddToK(*t, 10, 5));
    Must(t->Commit());
    t = database->Begin();
    Must(table->Delete(*t, 11));
    Must(table->AddToK(*t, 12, 5));
    database->manager().WaitDurable(Must(t->Commit()));
    expected = table->All();
    // In progress: a change of a row that another has loaded.
    t = database->Begin();
    Must(table->AddToK(*t, 13, 5));
    database->store().log().Flush(t->last_lsn());
    env.CutPowerAfter(0);
    static_cast<void>(t->Abort());
  }
  auto [database, table] = RestartDatabase(env);
  REQUIRE(table->All() == expected);
  Must(database->manager().RunPurge());
  REQUIRE(table->Check().rows == expected.size());
}

TEST_CASE("few rows, and wide ones, go into the tree") {
  io::SimEnv env(4);
  auto [database, table] = CreateDatabase(env);
  auto t = database->Begin();
  std::vector<TestRow> rows = TestTable::Rows(1, 3001);
  Must(table->Load(*t, rows, 4000));
  REQUIRE(SegmentFiles(env) == 0);
  REQUIRE(TreeRows(*database) == 3000);
  std::vector<TestRow> more = TestTable::Rows(4001, 9001);
  for (size_t i = 100; i < more.size(); i += 1000) more[i].payload.assign(5000 + i, 'w');
  Must(table->Load(*t, more, 4000));
  REQUIRE(SegmentFiles(env) == 1);
  REQUIRE(TreeRows(*database) == 3005);
  Must(t->Commit());
  rows.insert(rows.end(), more.begin(), more.end());
  REQUIRE(table->All() == AsMap(rows));
  REQUIRE(table->Check().rows == rows.size());
}

TEST_CASE("a load that is not finished leaves nothing") {
  io::SimEnv env(5);
  auto [database, table] = CreateDatabase(env);
  auto t = database->Begin();
  {
    BulkLoad load(table->rows(), *t, 1);
    types::Vector number(types::Type{23, -1}), text(types::Type{25, -1});
    for (uint32_t i = 0; i < types::kVectorSize; ++i) {
      number.data<int32_t>()[i] = static_cast<int32_t>(i);
      text.SetString(i, "x");
    }
    const std::vector<const types::Vector*> columns{&number, &number, &text};
    std::vector<RowId> ids(types::kVectorSize);
    for (int i = 0; i < 70; ++i) Must(load.Append(columns, nullptr, types::kVectorSize, ids.data()));
  }
  REQUIRE(SegmentFiles(env) == 0);
  REQUIRE(Must(table->Scan(t->TakeSnapshot())).empty());
  Must(t->Commit());
  REQUIRE(table->All().empty());
}

TEST_CASE("another transaction's key waits for a load and then is taken") {
  io::SimEnv env(6);
  auto [database, table] = CreateDatabase(env);
  auto t = database->Begin();
  Must(table->Load(*t, TestTable::Rows(1, 101)));
  auto other = database->Begin();
  REQUIRE(Must(table->by_id().MayConflict(*other, TestTable::Key(50), RowId(), table->rows())));
  Must(t->Commit());
  REQUIRE(table->Insert(*other, {50, 0, "again"}).status().sqlstate() == sqlstate::kUniqueViolation);
  Must(other->Abort());
  t = database->Begin();
  REQUIRE(table->Load(*t, TestTable::Rows(90, 110)).sqlstate() == sqlstate::kUniqueViolation);
  Must(t->Abort());
  REQUIRE(table->Check().rows == 100);
}
