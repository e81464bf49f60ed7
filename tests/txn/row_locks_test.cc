// The table of explicit row locks by itself: entries of neighbours, savepoints, its bound. And what is known of transactions by
// their ids.
#include "txn/row_locks.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "txn/fixture.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

constexpr TreeId kTree(1001);

RowName Row(uint64_t id) { return {TestTable::kSpace, kTree, RowId(id)}; }

bool Lock(Transaction& t, uint64_t row, RowLockMode mode = RowLockMode::kUpdate) {
  TxnId blocker;
  bool added = false;
  Must(t.LockRow(TestTable::kSpace, kTree, RowId(row), mode, &blocker, &added));
  return !blocker;
}

}  // namespace

TEST_CASE("neighbouring rows share an entry, whatever the order they are locked in") {
  RowLocks locks(UINT64_MAX);
  const TxnId txn(9);
  uint32_t entries = 0;
  for (const uint64_t row : {1u, 70u, 2u, 71u, 63u, 64u}) {
    const RowLocks::Outcome outcome = Must(locks.TryAcquire(Row(row), {txn, RowLockMode::kUpdate, 0, entries}));
    REQUIRE(outcome.added);
    if (outcome.entry == entries) ++entries;
  }
  REQUIRE(entries == 2);
  REQUIRE(!Must(locks.TryAcquire(Row(2), {txn, RowLockMode::kUpdate, 0, entries})).added);
  REQUIRE(Must(locks.TryAcquire(Row(2), {TxnId(10), RowLockMode::kKeyShare, 0, 0})).blocker == txn);
  REQUIRE(locks.HolderOf(Row(2)) == txn);
  REQUIRE(!locks.HolderOf(Row(3)));
  // Since a savepoint after them: an entry of its own.
  REQUIRE(Must(locks.TryAcquire(Row(3), {txn, RowLockMode::kUpdate, entries, entries})).entry == entries);
  REQUIRE(locks.Release(RowLocks::GroupOf(Row(3)), RowLocks::BitOf(Row(3)), txn, RowLockMode::kUpdate) == entries);
  const uint64_t first = RowLocks::BitOf(Row(1)) | RowLocks::BitOf(Row(2)) | RowLocks::BitOf(Row(63));
  locks.Release(RowLocks::GroupOf(Row(1)), first, txn, RowLockMode::kUpdate);
  REQUIRE(!locks.MayBeLocked(Row(1)));
  const uint64_t second = RowLocks::BitOf(Row(64)) | RowLocks::BitOf(Row(70)) | RowLocks::BitOf(Row(71));
  locks.Release(RowLocks::GroupOf(Row(64)), second, txn, RowLockMode::kUpdate);
  REQUIRE(locks.bytes() == 0);
}

TEST_CASE("row locks are bounded, and an error past the bound changes nothing") {
  RowLocks locks(1000);
  const TxnId txn(9);
  uint32_t count = 0;
  Status refused;
  while (refused.ok()) {
    Result<RowLocks::Outcome> outcome = locks.TryAcquire(Row(1 + 64 * uint64_t{count}), {txn, RowLockMode::kShare, 0, count});
    refused = outcome.status();
    if (refused.ok()) ++count;
  }
  REQUIRE(count >= 5);
  REQUIRE(SqlStateText(refused.sqlstate()) == "53200");
  REQUIRE(refused.message() == "out of shared memory");
  REQUIRE(refused.error().hint == "You might need to increase phantom.row_lock_memory.");
  REQUIRE(!locks.MayBeLocked(Row(1 + 64 * uint64_t{count})));
  // Neighbours of what is locked cost nothing more.
  for (uint64_t row = 2; row < 64; ++row) REQUIRE(Must(locks.TryAcquire(Row(row), {txn, RowLockMode::kShare, 0, count})).added);
  locks.Release(RowLocks::GroupOf(Row(1)), ~uint64_t{1}, txn, RowLockMode::kShare);
  for (uint32_t i = 1; i < count; ++i) {
    const RowName row = Row(1 + 64 * uint64_t{i});
    locks.Release(RowLocks::GroupOf(row), RowLocks::BitOf(row), txn, RowLockMode::kShare);
  }
  REQUIRE(locks.bytes() == 0);
}

TEST_CASE("a rollback to a savepoint gives back exactly the row locks taken since") {
  io::SimEnv env{1};
  auto database = Must(Database::Open(env));
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    auto t = database->Begin();
    auto other = database->Begin();
    std::set<uint64_t> held;
    std::vector<std::pair<Transaction::SavepointId, std::set<uint64_t>>> savepoints;
    for (int step = 0; step < 60; ++step) {
      const uint32_t what = random() % 10;
      if (what == 0) {
        savepoints.emplace_back(t->Savepoint(), held);
      } else if (what == 1 && !savepoints.empty()) {
        const size_t at = random() % savepoints.size();
        Must(t->RollbackTo(savepoints[at].first));
        held = savepoints[at].second;
        savepoints.resize(at + 1);
      } else if (what == 2 && !savepoints.empty()) {
        const size_t at = random() % savepoints.size();
        t->Release(savepoints[at].first);
        savepoints.resize(at);
      } else {
        const uint64_t row = 1 + random() % 200;
        TxnId blocker;
        bool added = false;
        Must(t->LockRow(TestTable::kSpace, kTree, RowId(row), RowLockMode::kUpdate, &blocker, &added));
        REQUIRE(added == !held.contains(row));
        if (added && random() % 4 == 0) {
          t->UnlockRow(TestTable::kSpace, kTree, RowId(row), RowLockMode::kUpdate);
        } else {
          held.insert(row);
        }
      }
    }
    const Transaction::SavepointId probe = other->Savepoint();
    for (uint64_t row = 1; row <= 200; ++row) {
      REQUIRE(Lock(*other, row, RowLockMode::kKeyShare) == !held.contains(row));
    }
    Must(other->RollbackTo(probe));
    Must(t->Commit());
    for (uint64_t row = 1; row <= 200; ++row) REQUIRE(Lock(*other, row));
  }
}

TEST_CASE("what became of a transaction is known by its id") {
  io::SimEnv env{1};
  auto database = Must(Database::Open(env));
  Must(TestTable::Create(*database));
  auto table = Must(TestTable::Open(*database));
  TransactionManager& manager = database->manager();
  using Fate = TransactionManager::Fate;
  auto committed = database->Begin();
  Must(table->Insert(*committed, {1, 0, "v"}));
  auto aborted = database->Begin();
  Must(table->Insert(*aborted, {2, 0, "v"}));
  auto idle = database->Begin();
  const TxnId idle_id = Must(idle->EnsureId());
  auto running = database->Begin();
  const TxnId running_id = Must(running->EnsureId());
  const TxnId committed_id = committed->id(), aborted_id = aborted->id();
  auto early = database->Begin(Isolation::kRepeatableRead);
  const Snapshot before = early->TakeSnapshot();
  REQUIRE(manager.FateOf(committed_id) == Fate::kInProgress);
  Must(committed->Commit());
  Must(aborted->Abort());
  Must(idle->Commit());
  REQUIRE(manager.FateOf(committed_id) == Fate::kCommitted);
  REQUIRE(manager.FateOf(aborted_id) == Fate::kAborted);
  REQUIRE(manager.FateOf(idle_id) == Fate::kCommitted);
  REQUIRE(manager.FateOf(running_id) == Fate::kInProgress);
  REQUIRE(manager.FateOf(TxnId(1)) == Fate::kCommitted);

  auto later = database->Begin();
  Must(table->Insert(*later, {3, 0, "v"}));
  const TxnId later_id = later->id();
  Must(later->Commit());
  auto reader = database->Begin();
  const SnapshotIds now = manager.IdsOf(reader->TakeSnapshot());
  REQUIRE(now.xmin == running_id);
  REQUIRE(now.xmax.value == later_id.value + 1);
  REQUIRE(now.in_progress == std::vector<TxnId>{running_id});
  // The old snapshot does not see what has committed since. (The aborted one nobody sees.)
  const SnapshotIds then = manager.IdsOf(before);
  REQUIRE(then.xmin == committed_id);
  REQUIRE(then.in_progress.front() == committed_id);
  for (const TxnId id : {committed_id, running_id, later_id}) {
    const bool listed = std::find(then.in_progress.begin(), then.in_progress.end(), id) != then.in_progress.end();
    REQUIRE((listed || id >= then.xmax));
  }
}
