// Table, advisory and transaction locks: conflicts, queues, savepoints, timeouts, deadlocks.
#include "txn/lock_manager.h"
#include "txn/lock_waiters.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

using namespace phantom;
using namespace phantom::txn;

namespace {

const LockTag kTable = LockTag::Relation(5, 16384);

bool Try(LockHolder& holder, LockMode mode, const LockTag& tag = kTable) {
  LockRequest request;
  request.policy = WaitPolicy::kSkip;
  Result<bool> held = holder.Acquire(tag, mode, request);
  REQUIRE(held.ok());
  return *held;
}

}  // namespace

TEST_CASE("table locks conflict as PostgreSQL's do") {
  for (int a = 1; a <= kLockModeCount; ++a) {
    for (int b = 1; b <= kLockModeCount; ++b) {
      LockManager manager;
      LockHolder first(manager, 1), second(manager, 2);
      LockMode mode_a = static_cast<LockMode>(a), mode_b = static_cast<LockMode>(b);
      REQUIRE(Try(first, mode_a));
      REQUIRE(Try(second, mode_b) == !Conflict(mode_a, mode_b));
      REQUIRE(Conflict(mode_a, mode_b) == Conflict(mode_b, mode_a));
      first.ReleaseAllTransaction();
      REQUIRE(Try(second, mode_b));
    }
  }
}

TEST_CASE("NOWAIT names the relation") {
  LockManager manager;
  LockHolder first(manager, 1), second(manager, 2);
  REQUIRE(Try(first, LockMode::kAccessExclusive));
  LockRequest request;
  request.policy = WaitPolicy::kNoWait;
  request.relation_name = "t";
  Result<bool> held = second.Acquire(kTable, LockMode::kAccessShare, request);
  REQUIRE(!held.ok());
  REQUIRE(held.status().ToString().find("55P03: could not obtain lock on relation \"t\"") == 0);
}

TEST_CASE("waiters are served in order and a savepoint gives back what was taken since") {
  LockManager manager;
  LockHolder first(manager, 1), second(manager, 2), third(manager, 3);
  size_t mark = first.Mark();
  REQUIRE(Try(first, LockMode::kAccessShare));
  std::vector<int> order;
  std::thread writer([&] {
    REQUIRE(second.Acquire(kTable, LockMode::kAccessExclusive).ok());
    order.push_back(2);
    second.ReleaseAllTransaction();
  });
  AwaitWaiter(manager, 2);
  // A reader does not overtake the waiting writer.
  REQUIRE(!Try(third, LockMode::kAccessShare));
  std::thread reader([&] {
    REQUIRE(third.Acquire(kTable, LockMode::kAccessShare).ok());
    order.push_back(3);
    third.ReleaseAllTransaction();
  });
  AwaitWaiter(manager, 3);
  REQUIRE(manager.BlockingProcesses(2) == std::vector<int32_t>{1});
  first.ReleaseToMark(mark);
  writer.join();
  reader.join();
  REQUIRE(order == std::vector<int>{2, 3});
}

TEST_CASE("a lock timeout and a cancel end a wait") {
  LockManager manager;
  LockHolder first(manager, 1), second(manager, 2);
  REQUIRE(Try(first, LockMode::kExclusive));
  second.SetTimeouts(5, 1000);
  Result<bool> held = second.Acquire(kTable, LockMode::kExclusive);
  REQUIRE(!held.ok());
  REQUIRE(held.status().message() == "canceling statement due to lock timeout");

  std::atomic<bool> cancelled{false};
  second.SetTimeouts(0, 1000);
  second.SetCancelFlags(&cancelled, nullptr);
  auto waiting = std::async(std::launch::async, [&] { return second.Acquire(kTable, LockMode::kExclusive); });
  AwaitWaiter(manager, 2);
  cancelled = true;
  second.Interrupt();
  held = waiting.get();
  REQUIRE(!held.ok());
  REQUIRE(held.status().message() == "canceling statement due to user request");
  // It has left the queue.
  REQUIRE(manager.Locks().size() == 1);
}

TEST_CASE("session-level advisory locks count and survive the transaction") {
  LockManager manager;
  LockHolder first(manager, 1), second(manager, 2);
  LockTag key = LockTag::Advisory(5, 42);
  LockRequest session;
  session.for_session = true;
  session.policy = WaitPolicy::kSkip;
  REQUIRE(*first.Acquire(key, LockMode::kExclusive, session));
  REQUIRE(*first.Acquire(key, LockMode::kExclusive, session));
  REQUIRE(Try(first, LockMode::kExclusive, key));
  first.ReleaseAllTransaction();
  REQUIRE(first.ReleaseSession(key, LockMode::kExclusive));
  REQUIRE(!Try(second, LockMode::kShare, key));
  REQUIRE(first.ReleaseSession(key, LockMode::kExclusive));
  REQUIRE(!first.ReleaseSession(key, LockMode::kExclusive));
  REQUIRE(Try(second, LockMode::kShare, key));
}

TEST_CASE("a deadlock has one victim and a report") {
  LockManager manager;
  LockHolder first(manager, 11), second(manager, 22);
  LockTag other = LockTag::Relation(5, 16385);
  REQUIRE(Try(first, LockMode::kExclusive));
  REQUIRE(Try(second, LockMode::kExclusive, other));
  first.SetTimeouts(0, 60'000);
  second.SetTimeouts(0, 1);
  auto waiting = std::async(std::launch::async, [&] { return first.Acquire(other, LockMode::kExclusive); });
  AwaitWaiter(manager, 11);
  Result<bool> held = second.Acquire(kTable, LockMode::kShare);
  REQUIRE(!held.ok());
  REQUIRE(SqlStateText(held.status().sqlstate()) == "40P01");
  REQUIRE(held.status().message() == "deadlock detected");
  REQUIRE(held.status().error().detail ==
          "Process 22 waits for ShareLock on relation 16384 of database 5; blocked by process 11.\n"
          "Process 11 waits for ExclusiveLock on relation 16385 of database 5; blocked by process 22.");
  second.ReleaseAllTransaction();
  REQUIRE(waiting.get().ok());
}

TEST_CASE("a deadlock that only the queue's order makes is resolved without a victim") {
  LockManager manager;
  LockHolder a(manager, 1), b(manager, 2), c(manager, 3);
  LockTag other = LockTag::Relation(5, 16385);
  REQUIRE(Try(a, LockMode::kAccessShare));
  REQUIRE(Try(c, LockMode::kExclusive, other));
  auto b_waits = std::async(std::launch::async, [&] { return b.Acquire(kTable, LockMode::kAccessExclusive); });
  AwaitWaiter(manager, 2);
  auto a_waits = std::async(std::launch::async, [&] { return a.Acquire(other, LockMode::kExclusive); });
  AwaitWaiter(manager, 1);
  c.SetTimeouts(0, 1);
  // c queues behind b, b waits for a, a waits for c.
  REQUIRE(c.Acquire(kTable, LockMode::kAccessShare).ok());
  c.ReleaseAllTransaction();
  REQUIRE(a_waits.get().ok());
  a.ReleaseAllTransaction();
  REQUIRE(b_waits.get().ok());
}

TEST_CASE("waiting for a transaction ends with it") {
  LockManager manager;
  LockHolder owner(manager, 1), waiter(manager, 2);
  std::atomic<bool> running{true};
  manager.TransactionBegan(TxnId(7), owner);
  auto waits = std::async(std::launch::async, [&] {
    return manager.WaitForTransaction(waiter, TxnId(7), [&] { return running.load(); });
  });
  AwaitWaiter(manager, 2);
  running = false;
  manager.TransactionEnded(TxnId(7));
  REQUIRE(waits.get().ok());
  REQUIRE(manager.WaitForTransaction(waiter, TxnId(7), [&] { return running.load(); }).ok());
}

TEST_CASE("a counter guarded by table locks loses no update") {
  LockManager manager;
  int counter = 0;
  constexpr int kThreads = 4, kRounds = 300;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      LockHolder holder(manager, t + 1);
      for (int i = 0; i < kRounds; ++i) {
        if (i % 3 == 0) {
          PHANTOM_CHECK(holder.Acquire(kTable, LockMode::kAccessExclusive).ok());
          ++counter;
        } else {
          PHANTOM_CHECK(holder.Acquire(kTable, LockMode::kAccessShare).ok());
          PHANTOM_CHECK(counter >= 0);
        }
        holder.ReleaseAllTransaction();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(counter == kThreads * kRounds / 3);
  REQUIRE(manager.Locks().empty());
}

TEST_CASE("the lock table is bounded and an error past it loses nothing") {
  LockManager manager(3);
  LockHolder first(manager, 1), second(manager, 2);
  // Weak locks on tables are recorded by the holder, up to a number.
  REQUIRE(Try(first, LockMode::kRowExclusive));
  REQUIRE(manager.object_count() == 0);
  for (int64_t key = 1; key <= 3; ++key) REQUIRE(Try(first, LockMode::kExclusive, LockTag::Advisory(5, key)));
  for (LockHolder* holder : {&first, &second}) {
    Result<bool> held = holder->Acquire(LockTag::Advisory(5, int64_t{4}), LockMode::kShare);
    REQUIRE(!held.ok());
    REQUIRE(SqlStateText(held.status().sqlstate()) == "53200");
    REQUIRE(held.status().message() == "out of shared memory");
    REQUIRE(held.status().error().hint == "You might need to increase max_locks_per_transaction.");
  }
  // Strong locks on tables need a place too, and leave weak ones as they were.
  REQUIRE(!second.Acquire(LockTag::Relation(5, 16385), LockMode::kShare).ok());
  LockRequest no_wait;
  no_wait.policy = WaitPolicy::kNoWait;
  REQUIRE(Try(second, LockMode::kRowShare, LockTag::Relation(5, 16385)));
  // What is locked already needs none.
  REQUIRE(!Try(second, LockMode::kShare, LockTag::Advisory(5, int64_t{3})));
  REQUIRE(Try(first, LockMode::kShare, LockTag::Advisory(5, int64_t{3})));
  first.ReleaseAllTransaction();
  second.ReleaseAllTransaction();
  REQUIRE(manager.object_count() == 0);
  REQUIRE(manager.Locks().empty());
  REQUIRE(Try(second, LockMode::kAccessExclusive));
  REQUIRE(manager.object_count() == 1);
}

TEST_CASE("locks are told with their transaction, and waits with their start") {
  LockManager manager;
  LockHolder first(manager, 1), second(manager, 2);
  first.SetInTransaction(true);
  REQUIRE(Try(first, LockMode::kExclusive));
  auto waiting = std::async(std::launch::async, [&] { return second.Acquire(kTable, LockMode::kExclusive); });
  AwaitWaiter(manager, 2);
  int seen = 0;
  for (const LockInfo& info : manager.Locks()) {
    REQUIRE(info.transaction.serial == (info.process_id == 1 ? 1u : 0u));
    REQUIRE((info.wait_start_us != 0) == !info.granted);
    seen += info.tag.kind == LockKind::kVirtualTransaction ? 1 : 10;
  }
  REQUIRE(seen == 21);
  first.ReleaseAllTransaction();
  first.SetInTransaction(false);
  REQUIRE(waiting.get().ok());
  REQUIRE(manager.Locks().size() == 1);
}
