#include "txn/crash_harness.h"

#include <thread>

namespace phantom::txn {

CrashHarness::CrashHarness(const CrashOptions& options)
    : options_(options), env_(options.seed), random_(options.seed), workers_(static_cast<size_t>(options.threads)) {
  for (Worker& worker : workers_) worker.random.seed(random_());
}

void CrashHarness::Run() {
  {
    auto [database, table] = CreateDatabase(env_, options_.database);
    auto t = database->Begin();
    for (int32_t id = 1; id <= kAccounts; ++id) Must(table->Insert(*t, {id, 0, "account"}));
    database->manager().WaitDurable(Must(t->Commit()));
    env_.CutPowerAfter(0);
  }
  env_.Restart();
  for (int round = 0; round < options_.rounds; ++round) Round(round);
}

void CrashHarness::Round(int round) {
  INFO("seed " << options_.seed << " round " << round);
  env_.CutPowerAfter(1 + random_() % options_.operations_max);
  {
    auto database = Must(Database::Open(env_, options_.database));
    if (!env_.power_cut()) {
      {
        auto table = Must(TestTable::Open(*database));
        database->manager().WaitForRecovery();
        Verify(*database, *table);
      }
      std::vector<std::thread> threads;
      for (int i = 0; i < options_.threads; ++i) threads.emplace_back([&, i] { Work(*database, i); });
      for (std::thread& thread : threads) thread.join();
      for (Worker& worker : workers_) {
        INFO(worker.failure);
        REQUIRE(worker.failure.empty());
      }
    }
    if (!env_.power_cut()) env_.CutPowerAfter(0);
  }
  env_.Restart();
  // Once without a cut, to see what this one left.
  {
    auto database = Must(Database::Open(env_, options_.database));
    auto table = Must(TestTable::Open(*database));
    database->manager().WaitForRecovery();
    Verify(*database, *table);
    if (random_() % 2 == 0) Must(database->manager().RunPurge());
    table->Check();
    table.reset();
    env_.CutPowerAfter(0);
  }
  env_.Restart();
}

void CrashHarness::Verify(Database& database, TestTable& table) {
  const TestRows all = table.All();
  int64_t sum = 0;
  std::vector<TestRows> parts(workers_.size());
  for (const auto& [id, row] : all) {
    if (id <= kAccounts) {
      sum += row.k;
    } else {
      parts.at(static_cast<size_t>(id / 1000 - 1)).emplace(id, row);
    }
  }
  REQUIRE(sum == 0);
  for (size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[i];
    const bool as_acknowledged = parts[i] == worker.model;
    const bool as_committed = worker.uncertain && parts[i] == *worker.uncertain;
    INFO("thread " << i << ": " << parts[i].size() << " rows, acknowledged " << worker.model.size());
    REQUIRE((as_acknowledged || as_committed));
    worker.model = parts[i];
    worker.uncertain.reset();
  }
  // The same through the index.
  auto t = database.Begin();
  const Snapshot snapshot = t->TakeSnapshot();
  for (const auto& [id, row] : all) {
    auto found = Must(table.FindById(snapshot, id));
    REQUIRE(found.has_value());
    REQUIRE(found->second == row);
  }
}

void CrashHarness::Work(Database& database, int number) {
  Worker& worker = workers_[static_cast<size_t>(number)];
  Result<std::unique_ptr<TestTable>> table = TestTable::Open(database);
  if (!table.ok()) {
    worker.failure = table.status().ToString();
    return;
  }
  bool stop = false;
  for (int i = 0; i < options_.transactions_max && !stop; ++i) {
    Status status = WorkOnce(database, **table, worker, number, &stop);
    if (!status.ok()) {
      worker.failure = status.ToString();
      return;
    }
  }
}

Status CrashHarness::WorkOnce(Database& database, TestTable& table, Worker& worker, int number, bool* stop) {
  std::mt19937_64& random = worker.random;
  LockHolder locks(database.manager().locks(), number + 1);
  auto t = database.Begin(Isolation::kReadCommitted, &locks);
  TestRows rows = worker.model;
  // A long one now and then.
  const int changes = 1 + static_cast<int>(random() % (random() % 10 == 0 ? 60 : 6));
  std::vector<std::pair<Transaction::SavepointId, TestRows>> savepoints;
  for (int i = 0; i < changes; ++i) {
    const int32_t id = FirstId(number) + static_cast<int32_t>(random() % kIdsOfThread);
    const auto k = static_cast<int32_t>(random() % 10);
    const std::string payload(random() % 20 == 0 ? 3000 + random() % 20000 : random() % 100,
                              static_cast<char>('a' + random() % 26));
    switch (random() % 8) {
      case 0:
      case 1:
        if (rows.contains(id)) break;
        RETURN_IF_ERROR(table.Insert(*t, {id, k, payload}).status());
        rows[id] = {id, k, payload};
        break;
      case 2:
      case 3:
      case 4: {
        ASSIGN_OR_RETURN(bool found, table.Update(*t, id, k, payload));
        if (found != rows.contains(id)) return Error(sqlstate::kInternalError, "an update found what it should not");
        if (found) rows[id] = {id, k, payload};
        break;
      }
      case 5: {
        ASSIGN_OR_RETURN(bool found, table.Delete(*t, id));
        if (found != rows.contains(id)) return Error(sqlstate::kInternalError, "a delete found what it should not");
        rows.erase(id);
        break;
      }
      case 6:
        savepoints.emplace_back(t->Savepoint(), rows);
        break;
      default:
        if (savepoints.empty()) break;
        savepoints.resize(1 + random() % savepoints.size());
        RETURN_IF_ERROR(t->RollbackTo(savepoints.back().first));
        rows = savepoints.back().second;
        break;
    }
  }
  // Accounts in order, so that nobody deadlocks.
  int32_t from = 1 + static_cast<int32_t>(random() % kAccounts), to = 1 + static_cast<int32_t>(random() % kAccounts);
  if (from > to) std::swap(from, to);
  if (from != to) {
    const auto amount = static_cast<int32_t>(random() % 100);
    RETURN_IF_ERROR(table.AddToK(*t, from, -amount).status());
    RETURN_IF_ERROR(table.AddToK(*t, to, amount).status());
  }
  if (random() % 5 == 0) return t->Abort();
  ASSIGN_OR_RETURN(Lsn lsn, t->Commit());
  database.manager().WaitDurable(lsn);
  if (env_.power_cut()) {
    worker.uncertain = std::move(rows);
    *stop = true;
  } else {
    worker.model = std::move(rows);
  }
  return Status::Ok();
}

}  // namespace phantom::txn
