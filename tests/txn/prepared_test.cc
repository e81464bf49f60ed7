// Prepared transactions: what they hold, how they end, and how they come back after a restart.
#include "txn/prepared.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "common/log.h"
#include "txn/fixture.h"
#include "txn/manager_impl.h"
#include "txn/prepared_state.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

constexpr Oid kOwner = 10, kDatabase = 5;
const LockTag kTag = LockTag::Relation(kDatabase, 16384);
const LockTag kAdvisory = LockTag::Advisory(kDatabase, int64_t{-7});
const PreparedTransactions::Finisher kFinisher{kOwner, false, kDatabase};

Result<Lsn> TryPrepare(Database& database, const std::string& gid, std::unique_ptr<Transaction>& transaction,
                       size_t limit = 100) {
  PreparedInfo info;
  info.gid = gid;
  info.owner = kOwner;
  info.database = kDatabase;
  info.prepared_us = 123;
  return database.manager().prepared().Prepare(info, limit, [] { return Status::Ok(); }, transaction);
}

void Prepare(Database& database, const std::string& gid, std::unique_ptr<Transaction>& transaction) {
  database.manager().WaitDurable(Must(TryPrepare(database, gid, transaction)));
  REQUIRE(transaction == nullptr);
}

void Commit(Database& database, const std::string& gid) {
  database.manager().WaitDurable(Must(database.manager().prepared().Commit(gid, kFinisher)));
}

void Rollback(Database& database, const std::string& gid) {
  database.manager().WaitDurable(Must(database.manager().prepared().Rollback(gid, kFinisher)));
}

bool Try(LockHolder& holder, LockMode mode, const LockTag& tag) {
  LockRequest request;
  request.policy = WaitPolicy::kSkip;
  return Must(holder.Acquire(tag, mode, request));
}

std::string Gids(Database& database) {
  std::string all;
  for (const PreparedInfo& info : database.manager().prepared().List()) all += info.gid + ";";
  return all;
}

// Nobody else gets the row: to lock or to write it.
bool IsTaken(OpenTable& open, int32_t id, RowLockMode mode = RowLockMode::kNoKeyUpdate) {
  auto t = open.database->Begin();
  const Snapshot snapshot = t->TakeSnapshot();
  const RowId row = Must(open.table->FindById(snapshot, id))->first;
  return Must(open.table->rows().Lock(*t, snapshot, row, mode, WaitPolicy::kSkip, "t")).outcome == WriteOutcome::kSkipped;
}

void LockRow(OpenTable& open, Transaction& t, int32_t id, RowLockMode mode) {
  const Snapshot snapshot = t.TakeSnapshot();
  const RowId row = Must(open.table->FindById(snapshot, id))->first;
  REQUIRE(Must(open.table->rows().Lock(t, snapshot, row, mode, WaitPolicy::kWait, "t")).outcome == WriteOutcome::kOk);
}

OpenTable Crash(io::SimEnv& env, OpenTable& open, const DatabaseOptions& options = {}) {
  open.table.reset();
  if (!env.power_cut()) env.CutPowerAfter(0);
  open.database.reset();
  return RestartDatabase(env, options);
}

PreparedState SomeState() {
  PreparedState state;
  state.info = {"name of it", TxnId(), 10, 5, 725846400000000};
  state.isolation = Isolation::kRepeatableRead;
  state.read_only = true;
  state.locks = {{kTag, LockMode::kRowExclusive}, {kAdvisory, LockMode::kShare}, {LockTag::Object(0, 1262, 5), LockMode::kExclusive}};
  state.row_locks = {{SpaceId(5), TreeId(20000), RowId(3), RowLockMode::kShare, 0x8000000000000001}};
  state.drops = {{SpaceId(5), TreeId(20001)}, {SpaceId(5), TreeId(20002)}};
  return state;
}

}  // namespace

TEST_CASE("the state of a prepared transaction is as its format says") {
  const PreparedState state = SomeState();
  const std::string bytes = EncodePrepared(state);
  REQUIRE(bytes.size() == 40 + 10 + 3 * 24 + 32 + 2 * 8);
  REQUIRE(LoadLE<uint32_t>(bytes.data()) == 1);
  REQUIRE((bytes[4] == 1 && bytes[5] == 1 && LoadLE<uint16_t>(bytes.data() + 6) == 10));
  REQUIRE(LoadLE<uint32_t>(bytes.data() + 8) == 10);
  REQUIRE(LoadLE<uint32_t>(bytes.data() + 12) == 5);
  REQUIRE(LoadLE<int64_t>(bytes.data() + 16) == 725846400000000);
  REQUIRE(bytes.substr(40, 10) == "name of it");
  // The advisory lock: the second.
  const char* const lock = bytes.data() + 50 + 24;
  REQUIRE(LoadLE<int64_t>(lock) == -7);
  REQUIRE((LoadLE<uint32_t>(lock + 8) == 5 && lock[20] == 10 && lock[21] == 1 && lock[22] == 5));
  REQUIRE(LoadLE<uint64_t>(bytes.data() + 50 + 72 + 16) == 0x8000000000000001);
  REQUIRE(Must(DecodePrepared(AsBytes(bytes))) == state);
  for (size_t length = 0; length < bytes.size(); ++length) {
    REQUIRE(!DecodePrepared(AsBytes(std::string_view(bytes).substr(0, length))).ok());
  }
  REQUIRE(!DecodePrepared(AsBytes(bytes + "x")).ok());
}

TEST_CASE("a transaction's locks pass to another holder without a gap") {
  LockManager manager;
  LockHolder session(manager, 1), prepared(manager, 0), strong(manager, 2), other(manager, 3);
  manager.TransactionBegan(TxnId(77), session);
  REQUIRE(Try(session, LockMode::kAccessShare, kTag));
  REQUIRE(Try(session, LockMode::kRowExclusive, kTag));
  REQUIRE(Try(session, LockMode::kExclusive, kAdvisory));
  const LockTag moved = LockTag::Relation(kDatabase, 16385), kept = LockTag::Advisory(kDatabase, 1, 2);
  REQUIRE(Try(session, LockMode::kRowShare, moved));
  LockRequest for_session;
  for_session.for_session = true;
  REQUIRE(Must(session.Acquire(kept, LockMode::kExclusive, for_session)));
  // Who waits for a strong lock has moved the private record of that table to the lock table.
  auto waiting = std::async(std::launch::async, [&] { return strong.Acquire(moved, LockMode::kAccessExclusive); });
  while (!manager.IsAwaited(moved)) std::this_thread::yield();
  REQUIRE(!session.MixesLevels());
  REQUIRE(session.TransactionLocks().size() == 4);

  session.HandTo(prepared);
  REQUIRE(session.TransactionLocks().empty());
  REQUIRE(prepared.TransactionLocks().size() == 4);
  REQUIRE(manager.BlockingProcesses(2) == std::vector<int32_t>{0});
  size_t shown = 0;
  for (const LockInfo& info : manager.Locks()) shown += info.prepared == TxnId(77) ? 1 : 0;
  REQUIRE(shown == 5);  // the transaction's own among them
  REQUIRE(!Try(other, LockMode::kShare, kTag));
  REQUIRE(!Try(other, LockMode::kShare, kAdvisory));
  REQUIRE(!Try(other, LockMode::kExclusive, kept));
  session.ReleaseAllTransaction();
  REQUIRE(!Try(other, LockMode::kShare, kTag));

  prepared.ReleaseAllTransaction();
  REQUIRE(Must(waiting.get()));
  REQUIRE(Try(other, LockMode::kShare, kTag));
  REQUIRE(Try(other, LockMode::kShare, kAdvisory));
  REQUIRE(session.ReleaseSession(kept, LockMode::kExclusive));
  REQUIRE(Must(session.Acquire(kept, LockMode::kExclusive, for_session)));
  REQUIRE(Try(session, LockMode::kShare, kept));
  REQUIRE(session.MixesLevels());
}

TEST_CASE("a prepared transaction keeps what it has, and ends from anywhere") {
  io::SimEnv env{1};
  OpenTable open = CreateDatabase(env);
  InsertRows(*open.database, *open.table, 1, 10);
  for (const bool commits : {true, false}) {
    LockHolder holder(open.database->manager().locks(), 1);
    auto t = open.database->Begin(Isolation::kRepeatableRead, &holder);
    const TestRows before = open.table->All();
    Must(holder.AcquireTable(kDatabase, 16384, LockMode::kRowExclusive));
    REQUIRE(Must(open.table->AddToK(*t, 1, 5)));
    REQUIRE(Must(open.table->Delete(*t, commits ? 2 : 3)));
    const Transaction::SavepointId undone = t->Savepoint();
    REQUIRE(Must(open.table->AddToK(*t, 4, 5)));
    Must(t->RollbackTo(undone));
    LockRow(open, *t, 5, RowLockMode::kShare);
    Prepare(*open.database, "it", t);
    // The session goes on with another one.
    auto next = open.database->Begin(Isolation::kReadCommitted, &holder);
    REQUIRE(Must(open.table->AddToK(*next, 4, 1)));
    Must(next->Commit());
    REQUIRE(open.table->All().at(1) == before.at(1));
    REQUIRE(IsTaken(open, 1));
    REQUIRE(IsTaken(open, 5));
    REQUIRE(!IsTaken(open, 5, RowLockMode::kKeyShare));
    REQUIRE(!Try(holder, LockMode::kShare, kTag));
    // Who waits for it gets on when it ends.
    auto waiting = std::async(std::launch::async, [&]() -> Status {
      auto waiter = open.database->Begin();
      RETURN_IF_ERROR(open.table->AddToK(*waiter, 1, 100).status());
      return waiter->Commit().status();
    });
    auto waits = [&] {
      const std::vector<LockInfo> locks = open.database->manager().locks().Locks();
      return std::ranges::any_of(locks, [](const LockInfo& lock) { return !lock.granted; });
    };
    while (!waits()) std::this_thread::yield();
    commits ? Commit(*open.database, "it") : Rollback(*open.database, "it");
    Must(waiting.get());
    const TestRows after = open.table->All();
    REQUIRE(after.at(1).k == before.at(1).k + 100 + (commits ? 5 : 0));
    REQUIRE(after.contains(2) == !commits);
    REQUIRE(after.contains(3));
    REQUIRE(after.at(4).k == before.at(4).k + 1);
    REQUIRE(!IsTaken(open, 5));
    REQUIRE(Try(holder, LockMode::kShare, kTag));
    REQUIRE(Gids(*open.database).empty());
    open.table->Check();
    if (commits) InsertRows(*open.database, *open.table, 2, 3);
  }
}

TEST_CASE("names of prepared transactions, and who may end them") {
  io::SimEnv env{1};
  OpenTable open = CreateDatabase(env);
  PreparedTransactions& prepared = open.database->manager().prepared();
  auto error = [](const Result<Lsn>& result) { return result.ok() ? std::string("ok") : result.status().ToString(); };
  auto t = open.database->Begin();
  REQUIRE(error(TryPrepare(*open.database, "x", t, 0)) == "55000: prepared transactions are disabled");
  REQUIRE(error(TryPrepare(*open.database, std::string(200, 'x'), t)) ==
          "22023: transaction identifier \"" + std::string(200, 'x') + "\" is too long");
  // What fails leaves the name free, and the transaction the caller's.
  Must(t->locks().Acquire(kAdvisory, LockMode::kShare, {.for_session = true}));
  Must(t->locks().Acquire(kAdvisory, LockMode::kExclusive));
  REQUIRE(error(TryPrepare(*open.database, "x", t)) ==
          "0A000: cannot PREPARE while holding both session-level and transaction-level locks on the same object");
  t = open.database->Begin();
  Prepare(*open.database, std::string(199, 'x'), t);
  t = open.database->Begin();
  REQUIRE(error(TryPrepare(*open.database, "y", t, 1)) == "53200: maximum number of prepared transactions reached");
  REQUIRE(error(TryPrepare(*open.database, std::string(199, 'x'), t)) ==
          "42710: transaction identifier \"" + std::string(199, 'x') + "\" is already in use");
  Prepare(*open.database, "y", t);
  REQUIRE(prepared.List().size() == 2);
  REQUIRE(prepared.CountIn(kDatabase) == 2);
  REQUIRE(error(prepared.Commit("z", kFinisher)) == "42704: prepared transaction with identifier \"z\" does not exist");
  REQUIRE(error(prepared.Commit("y", {11, false, kDatabase})) == "42501: permission denied to finish prepared transaction");
  REQUIRE(error(prepared.Commit("y", {11, true, 6})) == "0A000: prepared transaction belongs to another database");
  REQUIRE(error(prepared.Commit("y", {11, true, kDatabase})) == "ok");
  REQUIRE(error(prepared.Rollback(std::string(199, 'x'), kFinisher)) == "ok");
  REQUIRE(prepared.List().empty());
}

TEST_CASE("prepared transactions come back after a restart with all they hold") {
  for (const int checkpoints : {0, 1, 3}) {
    for (const bool commits : {true, false}) {
      SECTION((commits ? "committed, checkpoints: " : "rolled back, checkpoints: ") + std::to_string(checkpoints)) {
        io::SimEnv env{1};
        OpenTable open = CreateDatabase(env);
        InsertRows(*open.database, *open.table, 1, 20);
        auto t = open.database->Begin();
        TestTrees dropped = Must(TestTable::CreateIn(*open.database, *t, {}));
        Must(t->Commit());
        t = open.database->Begin();
        Must(t->locks().AcquireTable(kDatabase, 16384, LockMode::kRowExclusive));
        REQUIRE(Must(t->locks().Acquire(kAdvisory, LockMode::kExclusive)));
        REQUIRE(Must(open.table->AddToK(*t, 1, 5)));
        REQUIRE(Must(open.table->Delete(*t, 2)));
        Must(open.table->Insert(*t, {50, 5, std::string(5000, 'x')}));
        Must(open.table->Load(*t, TestTable::Rows(100, 200)));
        LockRow(open, *t, 3, RowLockMode::kShare);
        const TestTrees made = Must(TestTable::CreateIn(*open.database, *t, {}));
        Must(TestTable::DropIn(*open.database, *t, dropped));
        const TxnId id = t->id();
        Prepare(*open.database, "it", t);
        for (int i = 0; i < checkpoints; ++i) {
          Must(open.database->store().Checkpoint());
          InsertRows(*open.database, *open.table, 60 + i, 61 + i);
        }
        const TestRows before = open.table->All();

        for (int restart = 0; restart < 3; ++restart) {
          if (restart == 1) Must(open.database->store().Checkpoint());
          open = Crash(env, open);
          REQUIRE(open.database->store().recovery().losers.empty());
          const std::vector<PreparedInfo> found = open.database->manager().prepared().List();
          REQUIRE(found.size() == 1);
          REQUIRE(found[0] == PreparedInfo{"it", id, kOwner, kDatabase, 123});
          REQUIRE(open.table->All() == before);
          REQUIRE(IsTaken(open, 1));
          REQUIRE(IsTaken(open, 3));
          REQUIRE(!IsTaken(open, 3, RowLockMode::kKeyShare));
          REQUIRE(!IsTaken(open, 4));
          LockHolder other(open.database->manager().locks(), 3);
          REQUIRE(!Try(other, LockMode::kShare, kTag));
          REQUIRE(Try(other, LockMode::kRowShare, kTag));
          REQUIRE(!Try(other, LockMode::kShare, kAdvisory));
          REQUIRE(open.database->manager().FateOf(id) == TransactionManager::Fate::kInProgress);
        }
        commits ? Commit(*open.database, "it") : Rollback(*open.database, "it");
        Must(open.database->manager().RunPurge());
        for (int restart = 0; restart < 2; ++restart) {
          REQUIRE(Gids(*open.database).empty());
          TestRows expected = before;
          if (commits) {
            expected.at(1).k += 5;
            expected.erase(2);
            expected[50] = {50, 5, std::string(5000, 'x')};
            for (const TestRow& row : TestTable::Rows(100, 200)) expected[row.id] = row;
          }
          REQUIRE(open.table->All() == expected);
          REQUIRE(!IsTaken(open, 1));
          REQUIRE(!IsTaken(open, 3));
          open.table->Check();
          REQUIRE(TestTable::Open(*open.database, made).ok() == commits);
          REQUIRE(TestTable::Open(*open.database, dropped).ok() == !commits);
          if (!commits) REQUIRE(Must(TestTable::Open(*open.database, dropped))->All().empty());
          CheckStore(*open.database);
          open = Crash(env, open);
        }
      }
    }
  }
}

TEST_CASE("row locks too many for one log record come back") {
  io::SimEnv env{1};
  const DatabaseOptions options{.log = {.file_bytes = 256 << 10, .ring_bytes = 128 << 10}};
  OpenTable open = CreateDatabase(env, options);
  InsertRows(*open.database, *open.table, 1, 2);
  auto t = open.database->Begin();
  // As if on rows far from each other.
  constexpr uint64_t kRows = 5000;
  const SpaceId space = open.table->rows().space();
  const TreeId tree = open.table->rows().tree();
  for (uint64_t i = 1; i <= kRows; ++i) {
    TxnId blocker;
    bool added = false;
    Must(t->LockRow(space, tree, RowId(i * 100), RowLockMode::kShare, &blocker, &added));
    REQUIRE((added && !blocker));
  }
  Prepare(*open.database, "much", t);
  open = Crash(env, open, options);
  REQUIRE(Gids(*open.database) == "much;");
  t = open.database->Begin();
  for (const uint64_t i : {uint64_t{1}, kRows / 2, kRows}) {
    TxnId blocker;
    bool added = false;
    Must(t->LockRow(space, tree, RowId(i * 100), RowLockMode::kUpdate, &blocker, &added));
    REQUIRE((!added && blocker));
    Must(t->LockRow(space, tree, RowId(i * 100 + 1), RowLockMode::kUpdate, &blocker, &added));
    REQUIRE((added && !blocker));
  }
  Rollback(*open.database, "much");
}

TEST_CASE("what a transaction held when it was prepared it holds after a restart, however low the limits are then") {
  io::SimEnv env{1};
  OpenTable open = CreateDatabase(env);
  InsertRows(*open.database, *open.table, 1, 20);
  constexpr Oid kTables = 40;  // more than a session keeps to itself
  auto t = open.database->Begin();
  for (Oid table = 1; table <= kTables; ++table) {
    Must(t->locks().AcquireTable(kDatabase, 20000 + table, table % 2 == 0 ? LockMode::kShare : LockMode::kRowExclusive));
  }
  Must(t->locks().Acquire(kAdvisory, LockMode::kExclusive));
  for (int32_t id = 1; id < 20; ++id) LockRow(open, *t, id, RowLockMode::kShare);
  Prepare(*open.database, "it", t);
  open = Crash(env, open, {.lock_objects_max = 2, .row_lock_bytes_max = 1});
  REQUIRE(Gids(*open.database) == "it;");
  LockHolder other(open.database->manager().locks(), 2);
  for (Oid table = 1; table <= kTables; ++table) {
    REQUIRE(!Try(other, LockMode::kAccessExclusive, LockTag::Relation(kDatabase, 20000 + table)));
  }
  REQUIRE(!Try(other, LockMode::kShare, kAdvisory));
  for (int32_t id = 1; id < 20; ++id) REQUIRE(IsTaken(open, id));
  // The limits are for everybody else, until the locks are gone.
  REQUIRE(other.Acquire(LockTag::Advisory(kDatabase, int64_t{1}), LockMode::kShare).status().sqlstate() == sqlstate::kOutOfMemory);
  Commit(*open.database, "it");
  REQUIRE(Try(other, LockMode::kShare, LockTag::Advisory(kDatabase, int64_t{1})));
  REQUIRE(open.database->manager().impl().row_locks.bytes() == 0);
}

TEST_CASE("a power cut where an end is decided leaves nothing by halves") {
  SetLogLevel(LogLevel::kError);
  for (const char* step : {"prepare: recorded", "prepare: rollback decided"}) {
    io::SimEnv env{1};
    OpenTable open = CreateDatabase(env);
    InsertRows(*open.database, *open.table, 1, 20);
    auto t = open.database->Begin();
    for (int32_t id = 1; id < 20; ++id) REQUIRE(Must(open.table->AddToK(*t, id, 5)));
    const bool prepares = step == std::string("prepare: recorded");
    if (prepares) env.CutPowerAtStep(step, 0);
    Result<Lsn> prepared = TryPrepare(*open.database, "it", t);
    if (!prepares) {
      open.database->manager().WaitDurable(Must(std::move(prepared)));
      env.CutPowerAtStep(step, 0);
      static_cast<void>(open.database->manager().prepared().Rollback("it", kFinisher).ok());
    }
    open = Crash(env, open);
    // Nobody has waited for the record, which may be there all the same.
    if (!Gids(*open.database).empty()) Rollback(*open.database, "it");
    for (const auto& [id, row] : open.table->All()) REQUIRE(row.k == id % 10);
    open.table->Check();
  }
}

TEST_CASE("an exported view is that of its transaction, whatever happens later") {
  io::SimEnv env{1};
  OpenTable open = CreateDatabase(env);
  InsertRows(*open.database, *open.table, 1, 5);
  auto exporter = open.database->Begin(Isolation::kRepeatableRead);
  REQUIRE(Must(open.table->AddToK(*exporter, 1, 100)));
  KeptSnapshot kept;
  {
    const Snapshot seen = exporter->TakeSnapshot();
    REQUIRE(Must(open.table->Scan(seen)).at(1).k == 101);
    kept = open.database->manager().KeepSnapshot(seen);
  }
  auto writer = open.database->Begin();
  REQUIRE(Must(open.table->Delete(*writer, 2)));
  Must(writer->Commit());
  Must(exporter->Commit());
  Must(open.database->manager().RunPurge());

  auto importer = open.database->Begin(Isolation::kRepeatableRead);
  REQUIRE(!importer->has_snapshot());
  Must(importer->AdoptSnapshot(kept));
  REQUIRE(importer->has_snapshot());
  kept.snapshot.Release();
  InsertRows(*open.database, *open.table, 10, 12);
  Must(open.database->manager().RunPurge());
  const TestRows seen = Must(open.table->Scan(importer->TakeSnapshot()));
  REQUIRE(seen == AsMap(TestTable::Rows(1, 5)));
  // It sees what it writes itself.
  Must(open.table->Insert(*importer, {30, 3, "own"}));
  REQUIRE(Must(open.table->Scan(importer->TakeSnapshot())).size() == 5);
  Result<bool> changed = open.table->AddToK(*importer, 1, 1);
  REQUIRE((!changed.ok() && changed.status().sqlstate() == sqlstate::kTRSerializationFailure));
}
