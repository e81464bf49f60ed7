// Waiting for the transactions of those who hold a lock or an older snapshot.
#include <atomic>
#include <thread>

#include "fixture.h"
#include "txn/lock_manager.h"
#include "txn/lock_waiters.h"

namespace phantom::txn {
namespace {

const LockTag kTable = LockTag::Relation(5, 16384);

}  // namespace

TEST_CASE("lockers are waited for without standing in the way of others") {
  LockManager manager;
  LockHolder writer(manager, 1), waiter(manager, 2), late(manager, 3);
  REQUIRE(writer.Acquire(kTable, LockMode::kRowExclusive).ok());
  REQUIRE(late.Acquire(kTable, LockMode::kAccessShare).ok());  // does not conflict
  std::atomic<bool> done{false};
  std::thread thread([&] {
    REQUIRE(waiter.Acquire(kTable, LockMode::kShareUpdateExclusive).ok());
    REQUIRE(manager.WaitForLockers(waiter, kTable, LockMode::kShare).ok());
    done = true;
  });
  AwaitWaiter(manager, 2);
  LockRequest request;
  request.policy = WaitPolicy::kSkip;
  REQUIRE(Must(late.Acquire(kTable, LockMode::kRowExclusive, request)));
  REQUIRE(!done);
  REQUIRE(manager.BlockingProcesses(2) == std::vector<int32_t>{1});
  writer.ReleaseAllTransaction();
  // Who came later is not waited for.
  thread.join();
  REQUIRE(done);
  late.ReleaseAllTransaction();
  waiter.ReleaseAllTransaction();
}

TEST_CASE("a locker that waits for who waits for it is a deadlock") {
  LockManager manager;
  LockHolder writer(manager, 1), waiter(manager, 2);
  writer.SetTimeouts(0, 60000);
  waiter.SetTimeouts(0, 10);
  REQUIRE(writer.Acquire(kTable, LockMode::kRowExclusive).ok());
  REQUIRE(waiter.Acquire(kTable, LockMode::kShareUpdateExclusive).ok());
  std::thread thread([&] {
    REQUIRE(writer.Acquire(kTable, LockMode::kShareRowExclusive).ok());
    writer.ReleaseAllTransaction();
  });
  AwaitWaiter(manager, 1);
  const Status status = manager.WaitForLockers(waiter, kTable, LockMode::kShare);
  REQUIRE(status.sqlstate() == sqlstate::kTRDeadlockDetected);
  REQUIRE(status.error().detail.find("Process 2 waits for ShareLock on virtual transaction") == 0);
  waiter.ReleaseAllTransaction();
  thread.join();
}

TEST_CASE("older snapshots are waited for, newer ones are not") {
  io::SimEnv env{1};
  const auto database = Must(Database::Open(env));
  TransactionManager& manager = database->manager();
  LockHolder old_locks(manager.locks(), 1), new_locks(manager.locks(), 2), waiter(manager.locks(), 3);
  auto old_one = database->Begin(Isolation::kRepeatableRead, &old_locks);
  static_cast<void>(old_one->TakeSnapshot());
  auto writer = database->Begin();
  Must(TestTable::CreateIn(*database, *writer));
  Must(writer->Commit());
  auto new_one = database->Begin(Isolation::kRepeatableRead, &new_locks);
  const Lsn limit = new_one->TakeSnapshot().read_lsn();
  std::thread thread([&] { REQUIRE(manager.WaitForOlderSnapshots(waiter, limit).ok()); });
  AwaitWaiter(manager.locks(), 3);
  REQUIRE(old_one->Abort().ok());
  thread.join();
  REQUIRE(new_one->Abort().ok());
}

}  // namespace phantom::txn
