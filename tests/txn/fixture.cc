#include "txn/fixture.h"

#include <functional>
#include <set>

#include "common/bytes.h"
#include "txn/bulk_load.h"
#include "txn/index_load.h"

namespace phantom::txn {

store::StoreOptions Database::OfStore(const DatabaseOptions& options) {
  store::StoreOptions store_options;
  store_options.buffer_pool_bytes = options.pool_bytes;
  store_options.log = options.log;
  store_options.checkpoint_log_bytes = 1 << 20;
  store_options.checkpoint_interval_ms = 5;
  store_options.checkpoint_thread = options.checkpoint_thread;
  return store_options;
}

Result<std::unique_ptr<Database>> Database::Open(io::SimEnv& env, const DatabaseOptions& options) {
  std::unique_ptr<Database> database(new Database());
  ASSIGN_OR_RETURN(database->store_, store::Store::Open(env, "db", OfStore(options)));
  ASSIGN_OR_RETURN(database->manager_,
                   TransactionManager::Create(*database->store_, {.purge_interval_ms = options.purge_interval_ms,
                                                                  .background_undo = options.background_undo,
                                                                  .predicate_locks_max = options.predicate_locks_max,
                                                                  .serializable_kept_max = options.serializable_kept_max,
                                                                  .lock_objects_max = options.lock_objects_max,
                                                                  .row_lock_bytes_max = options.row_lock_bytes_max}));
  return database;
}

Database::~Database() = default;

std::string TestTable::Key(int32_t value) {
  std::string key(4, '\0');
  StoreBE(key.data(), static_cast<uint32_t>(value) ^ 0x80000000u);
  return key;
}

Result<TestTrees> TestTable::CreateIn(Database& database, Transaction& transaction, const TestTrees& wanted) {
  TransactionManager& manager = database.manager();
  TestTrees trees;
  ASSIGN_OR_RETURN(trees.rows, manager.CreateTableTree(transaction, kSpace, wanted.rows));
  ASSIGN_OR_RETURN(trees.by_id, manager.CreateIndexTree(transaction, kSpace, wanted.by_id));
  ASSIGN_OR_RETURN(trees.by_k, manager.CreateIndexTree(transaction, kSpace, wanted.by_k));
  return trees;
}

Status TestTable::Create(Database& database) {
  std::unique_ptr<Transaction> transaction = database.Begin();
  RETURN_IF_ERROR(CreateIn(database, *transaction));
  ASSIGN_OR_RETURN(Lsn lsn, transaction->Commit());
  database.manager().WaitDurable(lsn);
  return Status::Ok();
}

Status TestTable::DropIn(Database& database, Transaction& transaction, const TestTrees& trees) {
  for (TreeId tree : {trees.rows, trees.by_id, trees.by_k}) {
    if (tree) RETURN_IF_ERROR(database.manager().DropTree(transaction, kSpace, tree));
  }
  return Status::Ok();
}

Result<std::unique_ptr<TestTable>> TestTable::Open(Database& database, const TestTrees& trees) {
  std::unique_ptr<TestTable> table(new TestTable(database));
  TransactionManager& manager = database.manager();
  ASSIGN_OR_RETURN(table->rows_, RowTable::Open(manager, kSpace, trees.rows, table->layout_));
  ASSIGN_OR_RETURN(table->by_id_, Index::Open(manager, kSpace, trees.by_id));
  if (trees.by_k) {
    ASSIGN_OR_RETURN(table->by_k_, Index::Open(manager, kSpace, trees.by_k));
  }
  return table;
}

Result<TreeId> TestTable::BuildByK(Database& database, Transaction& transaction, const TestTrees& trees) {
  ASSIGN_OR_RETURN(TreeId tree, database.manager().CreateIndexTree(transaction, kSpace, {}));
  ASSIGN_OR_RETURN(Index index, Index::Open(database.manager(), kSpace, tree));
  ASSIGN_OR_RETURN(std::unique_ptr<TestTable> table, Open(database, trees));
  const Snapshot snapshot = transaction.TakeSnapshot();
  const types::Type types[] = {table->layout_.type(1)};
  types::Chunk chunk(types);
  std::vector<RowId> ids(types::kVectorSize);
  TableScan scan(*table->rows_, snapshot, {1});
  std::set<std::pair<std::string, RowId>> entries;
  for (;;) {
    RETURN_IF_ERROR(scan.Next(chunk, ids.data()));
    if (chunk.empty()) break;
    for (uint32_t i = 0; i < chunk.size(); ++i) entries.emplace(Key(chunk.column(0).Get<int32_t>(i)), ids[i]);
  }
  // Every other one as a run.
  if (tree.value % 2 == 0) {
    for (const auto& [key, row] : entries) RETURN_IF_ERROR(index.Insert(transaction, key, row));
    return tree;
  }
  IndexLoad load(index);
  for (const auto& [key, row] : entries) RETURN_IF_ERROR(load.Add(key, row));
  RETURN_IF_ERROR(load.Publish(transaction));
  return tree;
}

std::vector<TestRow> TestTable::Rows(int32_t from, int32_t to) {
  std::vector<TestRow> rows;
  for (int32_t id = from; id < to; ++id) rows.push_back({id, id % 10, "row " + std::to_string(id)});
  return rows;
}

std::string TestTable::Encode(const TestRow& row) {
  types::RowEncoder encoder(layout_);
  const types::Value values[] = {types::Value::Int4(row.id), types::Value::Int4(row.k), types::Value::Text(row.payload)};
  return std::string(encoder.EncodeValues(values));
}

Result<TestRow> TestTable::Decode(std::string_view bytes) const {
  ASSIGN_OR_RETURN(std::string whole, rows_->Materialize(bytes));
  const types::RowReader reader(layout_, whole);
  return TestRow{reader.GetValue(0).AsInt32(), reader.GetValue(1).AsInt32(), std::string(reader.GetValue(2).AsString())};
}

Status TestTable::Load(Transaction& transaction, const std::vector<TestRow>& rows, uint64_t segment_rows_min) {
  BulkLoad load(*rows_, transaction, segment_rows_min);
  std::vector<RowId> ids(rows.size());
  types::Vector id(types::Type{23, -1}), k(types::Type{23, -1}), payload(types::Type{25, -1});
  const std::vector<const types::Vector*> columns{&id, &k, &payload};
  for (size_t done = 0, count; done < rows.size(); done += count) {
    count = std::min<size_t>(rows.size() - done, types::kVectorSize);
    for (types::Vector* column : {&id, &k, &payload}) column->Reset();
    for (uint32_t i = 0; i < count; ++i) {
      id.data<int32_t>()[i] = rows[done + i].id;
      k.data<int32_t>()[i] = rows[done + i].k;
      payload.SetString(i, rows[done + i].payload);
    }
    RETURN_IF_ERROR(load.Append(columns, nullptr, static_cast<uint32_t>(count), ids.data() + done));
  }
  RETURN_IF_ERROR(load.Finish());
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSIGN_OR_RETURN(std::optional<RowId> conflict, by_id_->InsertUnique(transaction, Key(rows[i].id), ids[i], *rows_));
    if (conflict) return Error(sqlstate::kUniqueViolation, "duplicate key");
    if (by_k_) RETURN_IF_ERROR(by_k_->Insert(transaction, Key(rows[i].k), ids[i]));
  }
  return Status::Ok();
}

Result<RowId> TestTable::Insert(Transaction& transaction, const TestRow& row) {
  ASSIGN_OR_RETURN(RowId id, rows_->Insert(transaction, Encode(row)));
  ASSIGN_OR_RETURN(std::optional<RowId> conflict, by_id_->InsertUnique(transaction, Key(row.id), id, *rows_));
  if (conflict) return Error(sqlstate::kUniqueViolation, "duplicate key");
  if (by_k_) RETURN_IF_ERROR(by_k_->Insert(transaction, Key(row.k), id));
  return id;
}

Result<std::optional<std::pair<RowId, TestRow>>> TestTable::FindById(const Snapshot& snapshot, int32_t id) {
  const std::string key = Key(id);
  IndexScan scan(*by_id_, snapshot, {.lower = key, .upper = key, .upper_inclusive = true});
  IndexEntry entry;
  for (;;) {
    ASSIGN_OR_RETURN(bool more, scan.Next(&entry));
    if (!more) return std::optional<std::pair<RowId, TestRow>>();
    ASSIGN_OR_RETURN(FetchedRow fetched, rows_->Fetch(snapshot, entry.row));
    if (!fetched.found) continue;
    ASSIGN_OR_RETURN(TestRow row, Decode(fetched.row));
    if (entry.dead || !fetched.newest) {
      if (row.id != id) continue;
    }
    if (row.id != id) return Error(sqlstate::kIndexCorrupted, "a plain entry led to a row with another key");
    return std::optional(std::pair(entry.row, std::move(row)));
  }
}

Result<std::vector<TestRow>> TestTable::FindByK(const Snapshot& snapshot, int32_t k) {
  const std::string key = Key(k);
  std::vector<TestRow> rows;
  IndexScan scan(*by_k_, snapshot, {.lower = key, .upper = key, .upper_inclusive = true});
  IndexEntry entry;
  for (;;) {
    ASSIGN_OR_RETURN(bool more, scan.Next(&entry));
    if (!more) return rows;
    ASSIGN_OR_RETURN(FetchedRow fetched, rows_->Fetch(snapshot, entry.row));
    if (!fetched.found) continue;
    ASSIGN_OR_RETURN(TestRow row, Decode(fetched.row));
    if ((entry.dead || !fetched.newest) && row.k != k) continue;
    if (row.k != k) return Error(sqlstate::kIndexCorrupted, "a plain entry led to a row with another key");
    rows.push_back(std::move(row));
  }
}

Result<bool> TestTable::Change(Transaction& transaction, int32_t id,
                               const std::function<std::optional<TestRow>(TestRow)>& change) {
  const Snapshot snapshot = transaction.TakeSnapshot();
  ASSIGN_OR_RETURN(auto found, FindById(snapshot, id));
  if (!found) return false;
  auto [row_id, before] = *found;
  WriteBase base = WriteBase::kSnapshot;
  for (;;) {
    std::optional<TestRow> after = change(before);
    WriteOutcome outcome;
    if (after) {
      UpdateOptions options;
      options.base = base;
      options.key_changed = after->id != before.id;
      ASSIGN_OR_RETURN(outcome, rows_->Update(transaction, snapshot, row_id, Encode(*after), options));
    } else {
      ASSIGN_OR_RETURN(outcome, rows_->Delete(transaction, snapshot, row_id, base));
    }
    if (outcome == WriteOutcome::kOk) {
      if (!after || after->id != before.id) RETURN_IF_ERROR(by_id_->Delete(transaction, Key(before.id), row_id));
      const bool k_changed = by_k_ && (!after || after->k != before.k);
      if (k_changed) RETURN_IF_ERROR(by_k_->Delete(transaction, Key(before.k), row_id));
      if (after && after->id != before.id) {
        ASSIGN_OR_RETURN(auto conflict, by_id_->InsertUnique(transaction, Key(after->id), row_id, *rows_));
        if (conflict) return Error(sqlstate::kUniqueViolation, "duplicate key");
      }
      if (after && k_changed) RETURN_IF_ERROR(by_k_->Insert(transaction, Key(after->k), row_id));
      return true;
    }
    if (outcome != WriteOutcome::kUpdated) return false;
    ASSIGN_OR_RETURN(LockedRow locked, rows_->Lock(transaction, snapshot, row_id, RowLockMode::kUpdate));
    if (locked.outcome != WriteOutcome::kOk && locked.outcome != WriteOutcome::kUpdated) return false;
    if (locked.newest.cold()) RETURN_IF_ERROR(rows_->FetchNewest(row_id, &locked.newest));
    ASSIGN_OR_RETURN(before, Decode(locked.newest.row));
    if (before.id != id) return false;
    base = WriteBase::kLocked;
  }
}

Result<bool> TestTable::Update(Transaction& transaction, int32_t id, int32_t k, std::string_view payload) {
  return Change(transaction, id, [&](TestRow row) {
    row.k = k;
    row.payload = payload;
    return std::optional(std::move(row));
  });
}

Result<bool> TestTable::AddToK(Transaction& transaction, int32_t id, int32_t amount) {
  return Change(transaction, id, [&](TestRow row) {
    row.k += amount;
    return std::optional(std::move(row));
  });
}

Result<bool> TestTable::Delete(Transaction& transaction, int32_t id) {
  return Change(transaction, id, [](TestRow) { return std::optional<TestRow>(); });
}

Result<TestRows> TestTable::Scan(const Snapshot& snapshot) {
  TestRows rows;
  const types::Type types[] = {layout_.type(0), layout_.type(1), layout_.type(2)};
  types::Chunk chunk(types);
  std::vector<RowId> ids(types::kVectorSize);
  TableScan scan(*rows_, snapshot, {0, 1, 2});
  for (;;) {
    RETURN_IF_ERROR(scan.Next(chunk, ids.data()));
    if (chunk.empty()) return rows;
    for (uint32_t i = 0; i < chunk.size(); ++i) {
      TestRow row{chunk.column(0).Get<int32_t>(i), chunk.column(1).Get<int32_t>(i),
                  std::string(chunk.column(2).Get<types::StringRef>(i).view())};
      if (!rows.emplace(row.id, row).second) return Error(sqlstate::kDataCorrupted, "an id twice");
    }
  }
}

TestRows TestTable::All() {
  std::unique_ptr<Transaction> transaction = database_.Begin();
  return Must(Scan(transaction->TakeSnapshot()));
}

Result<CheckReport> TestTable::TryCheck() {
  auto key_of = [this](std::string_view bytes, bool id) -> Result<std::optional<std::string>> {
    ASSIGN_OR_RETURN(TestRow row, Decode(bytes));
    return std::optional(Key(id ? row.id : row.k));
  };
  std::vector<CheckedIndex> indexes;
  indexes.push_back({&*by_id_, "by_id", true, [=](std::string_view row) { return key_of(row, true); }, nullptr});
  if (by_k_) {
    indexes.push_back({&*by_k_, "by_k", false, [=](std::string_view row) { return key_of(row, false); }, nullptr});
  }
  return CheckTable(database_.manager(), *rows_, indexes);
}

CheckReport TestTable::Check() {
  CheckReport report = Must(TryCheck());
  for (const CheckProblem& problem : report.problems) UNSCOPED_INFO(problem.text);
  REQUIRE(report.ok());
  return report;
}

OpenTable CreateDatabase(io::SimEnv& env, const DatabaseOptions& options) {
  OpenTable open;
  open.database = Must(Database::Open(env, options));
  Must(TestTable::Create(*open.database));
  open.table = Must(TestTable::Open(*open.database));
  return open;
}

OpenTable RestartDatabase(io::SimEnv& env, const DatabaseOptions& options) {
  env.Restart();
  OpenTable open;
  open.database = Must(Database::Open(env, options));
  open.database->manager().WaitForRecovery();
  open.table = Must(TestTable::Open(*open.database));
  return open;
}

void InsertRows(Database& database, TestTable& table, int32_t from, int32_t to) {
  auto t = database.Begin();
  for (const TestRow& row : TestTable::Rows(from, to)) Must(table.Insert(*t, row));
  database.manager().WaitDurable(Must(t->Commit()));
}

TestRows AsMap(const std::vector<TestRow>& rows) {
  TestRows map;
  for (const TestRow& row : rows) map[row.id] = row;
  return map;
}

size_t SegmentFiles(io::SimEnv& env) { return Must(env.List("db/segments")).size(); }

btree::TreeStats StatsOf(Database& database, TreeId tree) {
  btree::TreeStats stats;
  Must(Must(database.store().OpenTree(TestTable::kSpace, tree))->Check([](PageId) {}, &stats));
  return stats;
}

void CheckStore(Database& database) {
  std::string faults;
  Must(database.store().Check([&](const std::string& fault) { faults += fault + "\n"; }));
  REQUIRE(faults == "");
}

}  // namespace phantom::txn
