// tests/txn/fixture.h
//
// A store with transactions on a simulated disk, and a table (id int4, k int4, payload text) with a unique index on id
// and another on k, kept in step as the engine's DML operators do it.
#pragma once
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "btree/tree.h"
#include "io/sim_env.h"
#include "must.h"
#include "store/store.h"
#include "txn/check.h"
#include "txn/index.h"
#include "txn/row_table.h"
#include "txn/transaction.h"
#include "types/row_codec.h"
#include "types/value.h"

namespace phantom::txn {

struct TestRow {
  int32_t id = 0;
  int32_t k = 0;
  std::string payload;
  bool operator==(const TestRow&) const = default;
};

using TestRows = std::map<int32_t, TestRow>;

struct DatabaseOptions {
  uint64_t pool_bytes = 4 << 20;
  int64_t purge_interval_ms = 0;
  bool background_undo = false;
  size_t predicate_locks_max = 31;
  size_t serializable_kept_max = 1000;
  uint64_t lock_objects_max = UINT64_MAX;
  uint64_t row_lock_bytes_max = UINT64_MAX;
  bool checkpoint_thread = false;
  wal::LogOptions log = {.file_bytes = 4 << 20, .ring_bytes = 1 << 20};
};

class Database {
 public:
  // Opens (or makes) the store in directory "db".
  static Result<std::unique_ptr<Database>> Open(io::SimEnv& env, const DatabaseOptions& options = {});
  static store::StoreOptions OfStore(const DatabaseOptions& options);
  // Without a checkpoint, as a crash would leave it.
  ~Database();

  store::Store& store() { return *store_; }
  TransactionManager& manager() { return *manager_; }
  std::unique_ptr<Transaction> Begin(Isolation isolation = Isolation::kReadCommitted, LockHolder* locks = nullptr) {
    return manager_->Begin({.isolation = isolation, .read_only = false, .locks = locks});
  }

 private:
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<TransactionManager> manager_;
};

// A test table's trees.
struct TestTrees {
  TreeId rows, by_id;
  TreeId by_k;  // none: there is no such index
  bool operator==(const TestTrees&) const = default;
};

class TestTable {
 public:
  static constexpr SpaceId kSpace = store::kSharedSpace;
  // Ids at which a table can be found again.
  static constexpr TestTrees kFixed{TreeId(1001), TreeId(1002), TreeId(1003)};
  // Made at the fixed ids, in a transaction of its own.
  static Status Create(Database& database);
  static Status CreateIn(Database& database, Transaction& transaction) {
    return CreateIn(database, transaction, kFixed).status();
  }
  // Ids that are 0 are chosen by the store.
  static Result<TestTrees> CreateIn(Database& database, Transaction& transaction, const TestTrees& wanted);
  static Result<std::unique_ptr<TestTable>> Open(Database& database, const TestTrees& trees = kFixed);
  static Status DropIn(Database& database, Transaction& transaction, const TestTrees& trees = kFixed);

  // An index on k for a table without one.
  static Result<TreeId> BuildByK(Database& database, Transaction& transaction, const TestTrees& trees);

  // 23505 when the id exists.
  Result<RowId> Insert(Transaction& transaction, const TestRow& row);
  // Into segments, unless there are fewer rows than that. 23505 as above.
  Status Load(Transaction& transaction, const std::vector<TestRow>& rows, uint64_t segment_rows_min = 1);
  // By id, with READ COMMITTED's re-evaluation. False: no such row.
  Result<bool> Update(Transaction& transaction, int32_t id, int32_t k, std::string_view payload);
  // Adds to k whatever it is by then.
  Result<bool> AddToK(Transaction& transaction, int32_t id, int32_t amount);
  Result<bool> Delete(Transaction& transaction, int32_t id);

  // Through the indexes, comparing keys where they ask for it.
  Result<std::optional<std::pair<RowId, TestRow>>> FindById(const Snapshot& snapshot, int32_t id);
  Result<std::vector<TestRow>> FindByK(const Snapshot& snapshot, int32_t k);
  // By scanning.
  Result<TestRows> Scan(const Snapshot& snapshot);
  TestRows All();  // as of now

  // Every row against every entry.
  Result<CheckReport> TryCheck();
  // The same; fails the test with what it finds.
  CheckReport Check();

  RowTable& rows() { return *rows_; }
  Index& by_id() { return *by_id_; }
  Index& by_k() { return *by_k_; }
  std::string Encode(const TestRow& row);
  Result<TestRow> Decode(std::string_view row) const;

  static std::string Key(int32_t value);
  // Rows from <= id < to: (id, id % 10, "row <id>").
  static std::vector<TestRow> Rows(int32_t from, int32_t to);

 private:
  explicit TestTable(Database& database) : database_(database) {}
  Result<bool> Change(Transaction& transaction, int32_t id, const std::function<std::optional<TestRow>(TestRow)>& change);

  Database& database_;
  types::RowLayout layout_{{types::Type{23, -1}, types::Type{23, -1}, types::Type{25, -1}}};
  std::optional<RowTable> rows_;
  std::optional<Index> by_id_, by_k_;
};

// A database and its test table.
struct OpenTable {
  std::unique_ptr<Database> database;
  std::unique_ptr<TestTable> table;
};
// A new one.
OpenTable CreateDatabase(io::SimEnv& env, const DatabaseOptions& options = {});
// The one that a power cut has left, when the disk is there again and its losers are undone.
OpenTable RestartDatabase(io::SimEnv& env, const DatabaseOptions& options = {});

// Inserts TestTable::Rows(from, to), durably.
void InsertRows(Database& database, TestTable& table, int32_t from, int32_t to);
TestRows AsMap(const std::vector<TestRow>& rows);
size_t SegmentFiles(io::SimEnv& env);
btree::TreeStats StatsOf(Database& database, TreeId tree);
// Trees, pages and files of the whole store are in order.
void CheckStore(Database& database);

}  // namespace phantom::txn
