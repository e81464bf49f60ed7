#include "txn/power_cuts.h"

#include <algorithm>
#include <set>
#include <thread>

#include "btree/tree.h"
#include "store/tiered_tree.h"

namespace phantom::txn {

namespace {

// A session's table is described by a row: its trees, in the order of TestTrees.
std::string Describe(const TestTrees& trees) {
  return Format("%u %u %u", trees.rows.value, trees.by_id.value, trees.by_k.value);
}

Status CheckPages(store::Store& store) {
  std::string fault;
  RETURN_IF_ERROR(store.Check([&](const std::string& found) { fault = found; }));
  return fault.empty() ? Status::Ok() : Wrong(fault);
}

}  // namespace

void PowerCutCounts::Add(const PowerCutCounts& other) {
  cuts += other.cuts;
  cuts_in_recovery += other.cuts_in_recovery;
  commits += other.commits;
  rollbacks += other.rollbacks;
  checkpoints += other.checkpoints;
  tables += other.tables;
  indexes += other.indexes;
  losers += other.losers;
  moves += other.moves;
  loads += other.loads;
  flushes += other.flushes;
  merges += other.merges;
  cuts_at_step += other.cuts_at_step;
  prepared += other.prepared;
  brought_back += other.brought_back;
}

std::string PowerCutCounts::ToString() const {
  auto n = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  return Format("%llu cuts (%llu of them while recovering), %llu commits, %llu rollbacks, %llu checkpoints, %llu tables and "
                "%llu indexes made, %llu chunks moved, %llu flushes of indexes, %llu merges of runs, %llu chunks loaded, %llu transactions rolled back by recovery, "
                "%llu prepared, of which recovery brought back %llu",
                n(cuts), n(cuts_in_recovery), n(commits), n(rollbacks), n(checkpoints), n(tables), n(indexes), n(moves), n(flushes), n(merges), n(loads), n(losers), n(prepared), n(brought_back));
}

PowerCuts::PowerCuts(uint64_t seed, std::string step)
    : seed_(seed),
      step_(std::move(step)),
      bulky_(step_ == "checkpoint: tail moved" || step_ == "checkpoint: page file shortened"),
      env_(seed),
      random_(seed * 7919 + 1),
      sessions_(kSessions) {
  options_.pool_bytes = (64 + random_() % 3 * 64) * btree::kPageBytes;
  options_.log = {.file_bytes = uint64_t{256} << 10 << random_() % 2, .ring_bytes = 128 << 10};
  options_.background_undo = true;
  for (size_t i = 0; i < kSessions; ++i) {
    sessions_[i].number = i;
    sessions_[i].random.seed(random_());
  }
}

Status PowerCuts::Play(uint64_t cuts) {
  for (uint64_t played = counts_.cuts; counts_.cuts - played < cuts;) {
    Status status = Life();
    if (!status.ok()) {
      return Wrong(Format("seed %llu, cut %llu: %s", static_cast<unsigned long long>(seed_),
                          static_cast<unsigned long long>(counts_.cuts), status.ToString().c_str()));
    }
  }
  return Status::Ok();
}

Status PowerCuts::Create() {
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(env_, options_));
  // What an earlier attempt has left is either all or nothing.
  database->manager().WaitForRecovery();
  if (!TestTable::Open(*database).ok()) {
    auto t = database->Begin();
    RETURN_IF_ERROR(TestTable::CreateIn(*database, *t));
    RETURN_IF_ERROR(database->manager().CreateIndexTree(*t, TestTable::kSpace, kSequences).status());
    ASSIGN_OR_RETURN(std::unique_ptr<TestTable> table, TestTable::Open(*database));
    for (int32_t id = 1; id <= kAccounts; ++id) RETURN_IF_ERROR(table->Insert(*t, {id, 0, "account"}).status());
    RETURN_IF_ERROR(table->Insert(*t, {kCounter, 0, "counter"}).status());
    SequenceStore sequences(database->manager());
    RETURN_IF_ERROR(sequences.Create(*t, TestTable::kSpace, kSequences, kSequence, 1));
    ASSIGN_OR_RETURN(Lsn lsn, t->Commit());
    database->manager().WaitDurable(lsn);
  }
  made_ = !env_.power_cut();
  return Status::Ok();
}

void PowerCuts::CutSometime() {
  // What a start does depends on where the life before was cut.
  const bool elsewhere = step_.starts_with("start:") && counts_.cuts % 2 == 0;
  if (!step_.empty() && !elsewhere) return env_.CutPowerAtStep(step_, step_.starts_with("start:") ? 0 : random_() % 4);
  // Within recovery now and then, and anything up to what fills a few log files.
  constexpr uint64_t kReach[] = {12, 40, 150, 150, 400, 1500};
  env_.CutPowerAfter(1 + random_() % kReach[random_() % std::size(kReach)]);
}

// From one cut to the next.
Status PowerCuts::Life() {
  CutSometime();
  bool recovered = true;
  if (!made_) {
    RETURN_IF_ERROR(Create());
  } else if (random_() % 10 == 0) {
    // As `phantomdb check` meets it: with nothing rolled back yet.
    ASSIGN_OR_RETURN(std::unique_ptr<store::Store> store, store::Store::Open(env_, "db", Database::OfStore(options_)));
    RETURN_IF_ERROR(CheckPages(*store));
    if (random_() % 2 == 0) RETURN_IF_ERROR(store->Close());
    recovered = !env_.power_cut();
  } else {
    ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(env_, options_));
    counts_.losers += database->store().recovery().losers.size();
    if (random_() % 8 == 0) {
      // The background's rollback is cut at whatever point it is.
      recovered = !env_.power_cut();
      if (recovered) std::this_thread::sleep_for(std::chrono::microseconds(random_() % 300));
    } else {
      database->manager().WaitForRecovery();
      recovered = !env_.power_cut();
      if (recovered) {
        RETURN_IF_ERROR(Verify(*database));
        RETURN_IF_ERROR(Work(*database));
      }
    }
    if (!env_.power_cut()) env_.CutPowerAfter(0);
  }
  if (!env_.power_cut()) env_.CutPowerAfter(0);
  if (env_.cut_at_step()) ++counts_.cuts_at_step;
  ++counts_.cuts;
  if (!recovered) ++counts_.cuts_in_recovery;
  env_.Restart();
  return Status::Ok();
}

// ---- The load --------------------------------------------------------------------------------------------------------

Status PowerCuts::Work(Database& database) {
  std::atomic<bool> done{false};
  Status checkpointed, purged;
  std::thread checkpointer([&, pause = random_() % 4 * 400] {
    while (!done && checkpointed.ok()) {
      checkpointed = database.store().Checkpoint();
      ++counts_.checkpoints;
      std::this_thread::sleep_for(std::chrono::microseconds(pause));
    }
  });
  std::thread purger([&] {
    while (!done && purged.ok()) {
      purged = database.manager().RunPurge();
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  Status moved;
  std::thread mover([&, seed = random_()] {
    std::mt19937_64 random(seed);
    moved = [&]() -> Status {
      ASSIGN_OR_RETURN(std::unique_ptr<TestTable> shared, TestTable::Open(database));
      while (!done) {
        const uint64_t chunk = random() % shared->rows().ChunkCount();
        ASSIGN_OR_RETURN(const bool did, random() % 3 == 0 ? shared->rows().Thaw(chunk) : shared->rows().Freeze(chunk));
        if (did) ++counts_.moves;
        RETURN_IF_ERROR(MoveKeys(database.store(), random));
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
      }
      return Status::Ok();
    }();
  });
  SequenceStore sequences(database.manager());
  std::vector<std::thread> threads;
  for (Session& session : sessions_) threads.emplace_back([&] { RunSession(database, sequences, session); });
  for (std::thread& thread : threads) thread.join();
  done = true;
  checkpointer.join();
  purger.join();
  mover.join();
  RETURN_IF_ERROR(checkpointed);
  RETURN_IF_ERROR(purged);
  RETURN_IF_ERROR(moved);
  for (Session& session : sessions_) {
    RETURN_IF_ERROR(session.failure);
    counts_.Add(session.counts);
    session.counts = {};
  }
  return Status::Ok();
}

// Flushes a tree into a run, or merges runs. A tree may go meanwhile.
Status PowerCuts::MoveKeys(store::Store& store, std::mt19937_64& random) {
  const std::vector<std::shared_ptr<store::TieredTree>> trees = store.ListTiered();
  if (trees.empty()) return Status::Ok();
  const std::shared_ptr<store::TieredTree>& tree = trees[random() % trees.size()];
  const auto runs = tree->runs();
  const bool merge = runs != nullptr && runs->size() > 1 && random() % 3 == 0;
  auto pause = [] { return true; };
  const size_t first = merge ? random() % (runs->size() - 1) : 0;
  Result<bool> did = merge ? tree->Merge(first, 2 + random() % (runs->size() - 1 - first), pause) : tree->Flush(pause);
  if (!did.ok()) return did.status().sqlstate() == sqlstate::kUndefinedFile ? Status::Ok() : std::move(did).status();
  if (*did) ++(merge ? counts_.merges : counts_.flushes);
  return Status::Ok();
}

void PowerCuts::RunSession(Database& database, SequenceStore& sequences, Session& session) {
  constexpr int kTransactionsMax = 200;
  session.failure = [&]() -> Status {
    ASSIGN_OR_RETURN(std::unique_ptr<TestTable> shared, TestTable::Open(database));
    for (int i = 0; i < kTransactionsMax && !env_.power_cut(); ++i) {
      RETURN_IF_ERROR(Transact(database, *shared, sequences, session));
    }
    return Status::Ok();
  }();
}

Status PowerCuts::ChangeRow(Transaction& transaction, TestTable& table, Session& session, int32_t first_id,
                            TestRows* rows) {
  std::mt19937_64& random = session.random;
  const int32_t id = first_id + static_cast<int32_t>(random() % kIdsOfSession);
  const auto k = static_cast<int32_t>(random() % 10);
  std::string payload(random() % 30 == 0 ? 2000 + random() % 9000 : random() % 100, 'a');
  for (char& c : payload) c = static_cast<char>('a' + random() % 26);
  switch (random() % 6) {
    case 0:
    case 1:
    case 2:
      if (rows->contains(id)) break;
      RETURN_IF_ERROR(table.Insert(transaction, {id, k, payload}).status());
      (*rows)[id] = {id, k, payload};
      return Status::Ok();
    case 3: {
      ASSIGN_OR_RETURN(bool found, table.Delete(transaction, id));
      if (found != rows->contains(id)) return Wrong("a delete found what it should not");
      rows->erase(id);
      return Status::Ok();
    }
    default:
      break;
  }
  ASSIGN_OR_RETURN(bool found, table.Update(transaction, id, k, payload));
  if (found != rows->contains(id)) return Wrong("an update found what it should not");
  if (found) (*rows)[id] = {id, k, payload};
  return Status::Ok();
}

// Rows of the session that there are not, some of them too wide for a segment.
Status PowerCuts::LoadRows(Transaction& transaction, TestTable& table, Session& session, int32_t first_id, TestRows* rows) {
  std::mt19937_64& random = session.random;
  std::vector<TestRow> loaded;
  for (int32_t id = first_id; id < first_id + kIdsOfSession; ++id) {
    if (rows->contains(id) || random() % 3 == 0) continue;
    std::string payload(random() % 20 == 0 ? 2000 + random() % 3000 : random() % 100, static_cast<char>('a' + random() % 26));
    loaded.push_back({id, static_cast<int32_t>(random() % 10), std::move(payload)});
  }
  if (loaded.empty()) return Status::Ok();
  RETURN_IF_ERROR(table.Load(transaction, loaded));
  for (const TestRow& row : loaded) (*rows)[row.id] = row;
  ++session.counts.loads;
  return Status::Ok();
}

// So much that the page file is worth shortening when it has gone.
Status PowerCuts::AddMuch(Transaction& transaction, TestTable& table, Session& session, TestRows* rows) {
  constexpr int32_t kFirst = 5000, kRows = 250;
  if (rows->contains(kFirst)) return Status::Ok();
  for (int32_t id = kFirst; id < kFirst + kRows; ++id) {
    std::string payload(3500, 'a');
    for (char& c : payload) c = static_cast<char>('a' + session.random() % 26);
    RETURN_IF_ERROR(table.Insert(transaction, {id, id % 10, payload}).status());
    (*rows)[id] = {id, id % 10, std::move(payload)};
  }
  return Status::Ok();
}

// Something with a table of the session's own.
Status PowerCuts::ChangeTables(Database& database, Transaction& transaction, TestTable& shared, Session& session,
                               Content* content) {
  std::mt19937_64& random = session.random;
  const int32_t id = FirstId(session.number) + 500 + static_cast<int32_t>(random() % kTablesOfSession);
  auto describe = [&](const TestTrees& trees) -> Status {
    const TestRow row{id, static_cast<int32_t>(trees.rows.value % 10), Describe(trees)};
    if (content->rows.contains(id)) {
      ASSIGN_OR_RETURN(bool found, shared.Update(transaction, id, row.k, row.payload));
      if (!found) return Wrong("a table's description is missing");
    } else {
      RETURN_IF_ERROR(shared.Insert(transaction, row).status());
    }
    content->rows[id] = row;
    content->tables[id].trees = {trees};
    return Status::Ok();
  };
  auto found = content->tables.find(id);
  if (found == content->tables.end()) {
    ASSIGN_OR_RETURN(TestTrees trees, TestTable::CreateIn(database, transaction, {}));
    ++session.counts.tables;
    return describe(trees);
  }
  TestTrees trees = found->second.trees;
  switch (random() % 10) {
    case 0:
      RETURN_IF_ERROR(TestTable::DropIn(database, transaction, trees));
      RETURN_IF_ERROR(shared.Delete(transaction, id).status());
      content->rows.erase(id);
      content->tables.erase(id);
      return Status::Ok();
    case 1: {  // TRUNCATE
      RETURN_IF_ERROR(TestTable::DropIn(database, transaction, trees));
      ASSIGN_OR_RETURN(TestTrees fresh, TestTable::CreateIn(database, transaction, {}));
      found->second.rows.clear();
      ++session.counts.tables;
      return describe(fresh);
    }
    case 2:
    case 3:
      if (trees.by_k) {
        RETURN_IF_ERROR(database.manager().DropTree(transaction, TestTable::kSpace, trees.by_k));
        trees.by_k = TreeId();
      } else {
        ASSIGN_OR_RETURN(trees.by_k, TestTable::BuildByK(database, transaction, trees));
        ++session.counts.indexes;
      }
      return describe(trees);
    default: {
      ASSIGN_OR_RETURN(std::unique_ptr<TestTable> table, TestTable::Open(database, trees));
      if (random() % 4 == 0) RETURN_IF_ERROR(LoadRows(transaction, *table, session, 1, &found->second.rows));
      const int changes = 1 + static_cast<int>(random() % 8);
      for (int i = 0; i < changes; ++i) {
        RETURN_IF_ERROR(ChangeRow(transaction, *table, session, 1, &found->second.rows));
      }
      return bulky_ && random() % 4 == 0 ? AddMuch(transaction, *table, session, &found->second.rows) : Status::Ok();
    }
  }
}

// Its rows to a segment or back. Nobody else knows the table, so nobody drops it meanwhile.
Status PowerCuts::MoveOwnTable(Database& database, Session& session) {
  std::mt19937_64& random = session.random;
  auto own = session.acknowledged.tables.begin();
  std::advance(own, static_cast<ptrdiff_t>(random() % session.acknowledged.tables.size()));
  ASSIGN_OR_RETURN(std::unique_ptr<TestTable> table, TestTable::Open(database, own->second.trees));
  if (table->rows().ChunkCount() == 0) return Status::Ok();
  const uint64_t chunk = random() % table->rows().ChunkCount();
  ASSIGN_OR_RETURN(const bool moved, random() % 4 == 0 ? table->rows().Thaw(chunk) : table->rows().Freeze(chunk));
  if (moved) ++session.counts.moves;
  return Status::Ok();
}

Status PowerCuts::Transact(Database& database, TestTable& shared, SequenceStore& sequences, Session& session) {
  std::mt19937_64& random = session.random;
  if (!session.acknowledged.tables.empty() && random() % 16 == 0) RETURN_IF_ERROR(MoveOwnTable(database, session));
  LockHolder locks(database.manager().locks(), static_cast<int32_t>(session.number) + 1);
  const Isolation isolation = random() % 4 == 0 ? Isolation::kRepeatableRead : Isolation::kReadCommitted;
  auto t = database.Begin(isolation, &locks);
  if (random() % 8 == 0) {
    // A reader: what it is told is there for ever.
    const Snapshot snapshot = t->TakeSnapshot();
    ASSIGN_OR_RETURN(auto row, shared.FindById(snapshot, kCounter));
    if (!row) return Wrong("the counter is gone");
    database.manager().WaitDurable(t->observed());
    if (!env_.power_cut()) session.counter = std::max<int64_t>(session.counter, row->second.k);
    return t->Commit().status();
  }
  Content content = session.acknowledged;
  int64_t sequence_value = 0, counter = 0;
  std::vector<std::pair<Transaction::SavepointId, Content>> savepoints;
  const int changes = 1 + static_cast<int>(random() % (random() % 12 == 0 ? 50 : 6));
  auto act = [&]() -> Status {
    for (int i = 0; i < changes; ++i) {
      switch (random() % 12) {
        case 0:
          savepoints.emplace_back(t->Savepoint(), content);
          break;
        case 1:
          if (savepoints.empty()) break;
          savepoints.resize(1 + random() % savepoints.size());
          if (random() % 4 == 0) {
            t->Release(savepoints.back().first);
            savepoints.pop_back();
          } else {
            RETURN_IF_ERROR(t->RollbackTo(savepoints.back().first));
            content = savepoints.back().second;
          }
          break;
        case 2: {
          ASSIGN_OR_RETURN(SequenceRange range, sequences.Next(TestTable::kSpace, kSequences, kSequence, {}, "s"));
          sequence_value = range.last;
          break;
        }
        case 3:
        case 4:
        case 5:
          RETURN_IF_ERROR(ChangeTables(database, *t, shared, session, &content));
          break;
        case 6:
          if (random() % 8 == 0) RETURN_IF_ERROR(LoadRows(*t, shared, session, FirstId(session.number), &content.rows));
          break;
        default:
          RETURN_IF_ERROR(ChangeRow(*t, shared, session, FirstId(session.number), &content.rows));
          break;
      }
    }
    // Shared rows in the order of their ids, so that nobody deadlocks.
    int32_t from = 1 + static_cast<int32_t>(random() % kAccounts), to = 1 + static_cast<int32_t>(random() % kAccounts);
    if (from > to) std::swap(from, to);
    if (from != to) {
      const auto amount = static_cast<int32_t>(random() % 100);
      for (const auto& [id, change] : {std::pair(from, -amount), std::pair(to, amount)}) {
        ASSIGN_OR_RETURN(bool found, shared.AddToK(*t, id, change));
        if (!found) return Wrong("an account is gone");
      }
    }
    if (random() % 3 == 0) {
      ASSIGN_OR_RETURN(bool found, shared.AddToK(*t, kCounter, 1));
      if (!found) return Wrong("the counter is gone");
      ASSIGN_OR_RETURN(auto row, shared.FindById(t->TakeSnapshot(), kCounter));
      if (!row) return Wrong("the counter is gone");
      counter = row->second.k;
    }
    return Status::Ok();
  };
  Status acted = act();
  const bool conflict = !acted.ok() && acted.sqlstate() == sqlstate::kTRSerializationFailure;
  if (!acted.ok() && !conflict) return acted;
  if (conflict || random() % 6 == 0) {
    ++session.counts.rollbacks;
    return t->Abort();
  }
  if (random() % 5 == 0) {
    return Prepare(database, session, std::move(t), {.gid = {}, .content = std::move(content), .counter = counter});
  }
  ASSIGN_OR_RETURN(Lsn lsn, t->Commit());
  if (lsn) database.manager().WaitDurable(std::max(lsn, sequences.logged()));
  if (env_.power_cut()) {
    session.uncertain = std::move(content);
    return Status::Ok();
  }
  ++session.counts.commits;
  session.acknowledged = std::move(content);
  if (lsn) {
    session.sequence_value = std::max(session.sequence_value, sequence_value);
    session.counter = std::max(session.counter, counter);
  }
  return Status::Ok();
}

// ---- What must hold --------------------------------------------------------------------------------------------------

Status PowerCuts::VerifyTables(Database& database, Transaction& transaction, const Content& content) {
  const Snapshot snapshot = transaction.TakeSnapshot();
  for (const auto& [id, own] : content.tables) {
    Result<std::unique_ptr<TestTable>> table = TestTable::Open(database, own.trees);
    if (!table.ok()) return Wrong(Format("table %d cannot be opened: %s", id, table.status().message().c_str()));
    ASSIGN_OR_RETURN(TestRows rows, (*table)->Scan(snapshot));
    if (rows != own.rows) {
      return Wrong(Format("table %d has %zu rows, expected %zu", id, rows.size(), own.rows.size()));
    }
  }
  return Status::Ok();
}

Status PowerCuts::Verify(Database& database) {
  ASSIGN_OR_RETURN(std::unique_ptr<TestTable> shared, TestTable::Open(database));
  RETURN_IF_ERROR(EndBroughtBack(database, *shared));
  if (env_.power_cut()) return Status::Ok();
  auto t = database.Begin();
  const Snapshot snapshot = t->TakeSnapshot();
  ASSIGN_OR_RETURN(const TestRows all, shared->Scan(snapshot));
  int64_t sum = 0, counter = -1;
  std::vector<TestRows> parts(sessions_.size());
  for (const auto& [id, row] : all) {
    if (id <= kAccounts) {
      sum += row.k;
    } else if (id == kCounter) {
      counter = row.k;
    } else {
      parts.at(static_cast<size_t>(id / 1000 - 1)).emplace(id, row);
    }
    ASSIGN_OR_RETURN(auto found, shared->FindById(snapshot, id));
    if (!found || found->second != row) return Wrong(Format("row %d is not found by its id", id));
  }
  if (sum != 0) return Wrong(Format("the accounts add up to %lld", static_cast<long long>(sum)));
  int64_t counted = 0, sequence_value = 0;
  std::set<uint32_t> expected = {TestTable::kFixed.rows.value, TestTable::kFixed.by_id.value,
                                 TestTable::kFixed.by_k.value, kSequences.value};
  for (size_t i = 0; i < sessions_.size(); ++i) {
    Session& session = sessions_[i];
    auto judge = [&](const Content& content) -> Status {
      if (parts[i] != content.rows) {
        return Wrong(Format("session %zu has %zu rows, expected %zu", i, parts[i].size(), content.rows.size()));
      }
      return VerifyTables(database, *t, content);
    };
    Status judged = judge(session.acknowledged);
    if (!judged.ok() && session.uncertain && judge(*session.uncertain).ok()) {
      judged = Status::Ok();
      session.acknowledged = std::move(*session.uncertain);
    }
    RETURN_IF_ERROR(judged);
    session.uncertain.reset();
    counted = std::max(counted, session.counter);
    sequence_value = std::max(sequence_value, session.sequence_value);
    for (const auto& [id, own] : session.acknowledged.tables) {
      for (TreeId tree : {own.trees.rows, own.trees.by_id, own.trees.by_k}) expected.insert(tree.value);
      ASSIGN_OR_RETURN(std::unique_ptr<TestTable> table, TestTable::Open(database, own.trees));
      ASSIGN_OR_RETURN(CheckReport report, table->TryCheck());
      if (!report.ok()) return Wrong(report.problems.front().text);
    }
  }
  if (counter < counted) return Wrong("an acknowledged count is lost");
  SequenceStore sequences(database.manager());
  ASSIGN_OR_RETURN(SequenceRange next, sequences.Next(TestTable::kSpace, kSequences, kSequence, {}, "s"));
  if (next.first <= sequence_value) return Wrong("the sequence repeats an acknowledged value");

  expected.erase(0);
  std::set<uint32_t> trees, owned;
  ASSIGN_OR_RETURN(std::vector<store::TreeInfo> infos, database.store().ListTrees(TestTable::kSpace));
  for (const store::TreeInfo& info : infos) {
    if (info.attributes.size() == 4) owned.insert(LoadLE<uint32_t>(info.attributes.data()));
  }
  for (const store::TreeInfo& info : infos) {
    if (!owned.contains(info.id.value)) trees.insert(info.id.value);
  }
  if (trees != expected) return Wrong(Format("there are %zu trees, expected %zu", trees.size(), expected.size()));
  ASSIGN_OR_RETURN(CheckReport report, shared->TryCheck());
  if (!report.ok()) return Wrong(report.problems.front().text);
  return CheckPages(database.store());
}

}  // namespace phantom::txn
