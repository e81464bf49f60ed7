// tests/txn/serializable_world.h
//
// A table that serializable transactions are watched on, with rows 1 to 4 (k = 10 * id), and what they do to it.
#pragma once
#include <string>

#include "txn/fixture.h"
#include "txn/serializable.h"

namespace phantom::txn {

struct SerializableWorld {
  explicit SerializableWorld(const DatabaseOptions& options = {}) {
    database = Must(Database::Open(env, options));
    auto t = database->Begin();
    trees = Must(TestTable::CreateIn(*database, *t, TestTrees{}));
    table = Must(TestTable::Open(*database, trees));
    for (int32_t id = 1; id <= 4; ++id) Must(table->Insert(*t, {id, id * 10, "v"}));
    Must(t->Commit());
  }
  std::unique_ptr<Transaction> Begin(Isolation isolation = Isolation::kSerializable) { return database->Begin(isolation); }
  std::unique_ptr<Transaction> BeginReading() {
    return database->manager().Begin({.isolation = Isolation::kSerializable, .read_only = true});
  }
  SerializableGraph& graph() { return database->manager().serializable(); }

  // k of a row, or -1; -40001 when the transaction is not to go on.
  int32_t K(Transaction& t, int32_t id) {
    auto found = table->FindById(t.TakeSnapshot(), id);
    if (!found.ok()) return -40001;
    return *found ? (*found)->second.k : -1;
  }
  int32_t Rows(Transaction& t) { return static_cast<int32_t>(Must(table->Scan(t.TakeSnapshot())).size()); }
  Status SetK(Transaction& t, int32_t id, int32_t k) { return table->Update(t, id, k, "w").status(); }
  Status Insert(Transaction& t, int32_t id, int32_t k) { return table->Insert(t, {id, k, "new"}).status(); }
  static Status Commit(Transaction& t) { return t.Commit().status(); }

  io::SimEnv env{1};
  std::unique_ptr<Database> database;
  TestTrees trees;
  std::unique_ptr<TestTable> table;
};

inline bool IsReadWriteFailure(const Status& status) {
  return !status.ok() && status.sqlstate() == sqlstate::kTRSerializationFailure &&
         status.message() == "could not serialize access due to read/write dependencies among transactions" &&
         status.error().detail.starts_with("Reason code: ") &&
         status.error().hint == "The transaction might succeed if retried.";
}

}  // namespace phantom::txn
