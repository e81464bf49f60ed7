// A full disk: changes are refused, reading goes on, nothing is lost, and with room again all goes on without a restart.
// A disk that fails to sync ends the process.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "btree/tree.h"
#include "common/log.h"
#include "txn/fixture.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

DatabaseOptions SmallDatabase() {
  return {.pool_bytes = 64 * btree::kPageBytes,
          .purge_interval_ms = 2,
          .background_undo = true,
          .checkpoint_thread = true,
          .log = {.file_bytes = 256 << 10, .ring_bytes = 128 << 10}};
}

Status InsertSome(Database& database, TestTable& table, int32_t first, TestRows* rows) {
  auto t = database.Begin();
  TestRows made;
  for (int32_t id = first; id < first + 8; ++id) {
    // What cannot be compressed.
    std::string payload(900, 0);
    for (char& c : payload) c = static_cast<char>('a' + std::rand() % 26);
    made[id] = {id, id % 7, payload};
    RETURN_IF_ERROR(table.Insert(*t, made[id]).status());
  }
  ASSIGN_OR_RETURN(Lsn lsn, t->Commit());
  database.manager().WaitDurable(lsn);
  rows->insert(made.begin(), made.end());
  return Status::Ok();
}

void RequireSound(Database& database, TestTable& table, const TestRows& rows) {
  REQUIRE(table.All() == rows);
  table.Check();
  std::string fault;
  Must(database.store().Check([&](const std::string& found) { fault = found; }));
  REQUIRE(fault.empty());
}

// The disk fills up with `left` bytes to go, then has room again.
void FillUp(uint64_t left, bool large_transaction) {
  INFO("left " << left << (large_transaction ? ", with a large transaction to roll back" : ""));
  io::SimEnv env(left + 1);
  TestRows rows;
  {
    auto [database, table] = CreateDatabase(env, SmallDatabase());
    for (int32_t id = 0; id < 400; id += 8) Must(InsertSome(*database, *table, id, &rows));
    env.SetCapacity(env.used() + left);
    std::unique_ptr<Transaction> large;
    if (large_transaction) {
      // Changes what there is, until the disk is full, and then has to be taken back.
      large = database->Begin();
      Status status;
      for (int round = 0; status.ok() && round < 200; ++round) {
        for (int32_t id = 0; id < 400 && status.ok(); ++id) {
          status = table->Update(*large, id, round, std::string(900, 'x')).status();
        }
      }
      REQUIRE(!status.ok());
      REQUIRE(status.sqlstate() == sqlstate::kDiskFull);
    }
    Status status;
    int32_t next = 1000;
    for (; status.ok() && next < 100000; next += 8) status = InsertSome(*database, *table, next, &rows);
    REQUIRE(!status.ok());
    INFO(status.ToString());
    REQUIRE(status.sqlstate() == sqlstate::kDiskFull);
    // Whatever cannot be undone now is in nobody's way, and nobody sees it.
    if (large != nullptr) static_cast<void>(large->Abort().ok());
    large.reset();
    for (int i = 0; i < 5; ++i) {
      REQUIRE(table->All() == rows);
      Status again = InsertSome(*database, *table, next, &rows);
      if (!again.ok()) REQUIRE(again.sqlstate() == sqlstate::kDiskFull);
      next += 8;
      Status checkpoint = database->store().Checkpoint();
      if (!checkpoint.ok()) REQUIRE(checkpoint.sqlstate() == sqlstate::kDiskFull);
    }
    env.SetCapacity(UINT64_MAX);
    status = Error(sqlstate::kDiskFull, "");
    for (; !status.ok(); next += 8) {
      status = InsertSome(*database, *table, next, &rows);
      if (!status.ok()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    Must(database->store().Checkpoint());
    while (database->manager().oldest_active() <= database->manager().last_id()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    REQUIRE(table->All() == rows);
    env.CutPowerAfter(0);
  }
  env.Restart();
  DatabaseOptions quiet = SmallDatabase();
  quiet.purge_interval_ms = 0;
  quiet.checkpoint_thread = false;
  auto database = Must(Database::Open(env, quiet));
  database->manager().WaitForRecovery();
  auto table = Must(TestTable::Open(*database));
  RequireSound(*database, *table, rows);
}

// Runs `act` in a process of its own, which must end by a panic.
template <typename Act>
void RequirePanic(Act act) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    static_cast<void>(std::freopen("/dev/null", "w", stderr));
    std::signal(SIGABRT, SIG_DFL);
    act();
    std::_Exit(0);
  }
  int state = 0;
  REQUIRE(::waitpid(child, &state, 0) == child);
  REQUIRE(WIFSIGNALED(state));
  REQUIRE(WTERMSIG(state) == SIGABRT);
}

}  // namespace

TEST_CASE("on a full disk changes are refused, reading goes on, and with room again all goes on") {
  SetLogLevel(LogLevel::kError);
  for (const uint64_t left : {0, 20 << 10, 200 << 10, 700 << 10, 1500 << 10}) FillUp(left, false);
}

TEST_CASE("a transaction that fills the disk is rolled back, at the latest when there is room again") {
  SetLogLevel(LogLevel::kError);
  for (const uint64_t left : {0, 100 << 10, 900 << 10, 3000 << 10}) FillUp(left, true);
}

TEST_CASE("a disk that fails to sync ends the process") {
  RequirePanic([] {
    io::SimEnv env(1);
    auto database = Database::Open(env).value();
    if (!TestTable::Create(*database).ok()) return;
    auto table = TestTable::Open(*database).value();
    env.FailSyncAfter(0);
    auto t = database->Begin();
    if (!table->Insert(*t, {1, 1, "lost"}).ok()) return;
    database->manager().WaitDurable(t->Commit().value());
  });
  RequirePanic([] {
    io::SimEnv env(1);
    auto database = Database::Open(env).value();
    // The checkpoint's: the log's, then the page file's.
    env.FailSyncAfter(1);
    static_cast<void>(database->store().Checkpoint().ok());
  });
}

TEST_CASE("moving chunks on a full disk is refused, leaves nothing behind, and works when there is room again") {
  SetLogLevel(LogLevel::kError);
  for (const uint64_t left : {0, 2 << 10, 10 << 10, 40 << 10, 200 << 10, 600 << 10}) {
    INFO("left " << left);
    io::SimEnv env(left + 3);
    DatabaseOptions options = SmallDatabase();
    options.purge_interval_ms = 0;
    options.checkpoint_thread = false;
    auto [database, table] = CreateDatabase(env, options);
    TestRows rows;
    for (int32_t id = 0; id < 400; id += 8) Must(InsertSome(*database, *table, id, &rows));
    Must(database->store().Checkpoint());
    auto attempt = [&](bool freeze) {
      env.SetCapacity(env.used() + left);
      Status status = (freeze ? table->rows().Freeze(0) : table->rows().Thaw(0)).status();
      if (!status.ok()) REQUIRE(status.sqlstate() == sqlstate::kDiskFull);
      REQUIRE(table->All() == rows);
      REQUIRE(Must(env.List("db/segments")).size() == (table->rows().IsCold(0) ? 1 : 0));
      env.SetCapacity(UINT64_MAX);
      // Whoever makes log files finds the room soon.
      for (int i = 0; i < 1000 && table->rows().IsCold(0) != freeze; ++i) {
        status = (freeze ? table->rows().Freeze(0) : table->rows().Thaw(0)).status();
        if (!status.ok()) REQUIRE(status.sqlstate() == sqlstate::kDiskFull);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      REQUIRE(table->rows().IsCold(0) == freeze);
      RequireSound(*database, *table, rows);
    };
    attempt(true);
    attempt(false);
  }
}
