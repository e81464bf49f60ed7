// What a transaction has learnt of commits that are not durable yet.
#include <catch2/catch.hpp>
#include <thread>

#include "txn/fixture.h"
#include "wal/log_writer.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

struct World {
  World() { InsertRows(*database, *table, 1, 10); }
  // Nobody has waited for it.
  Lsn Update(int32_t id) {
    auto t = database->Begin();
    REQUIRE(Must(table->Update(*t, id, id * 100, "changed")));
    return Must(t->Commit());
  }
  Lsn Delete(int32_t id) {
    auto t = database->Begin();
    REQUIRE(Must(table->Delete(*t, id)));
    return Must(t->Commit());
  }
  bool depends(const Transaction& t) { return t.observed().value > 0 && !database->manager().IsDurable(t.observed()); }

  io::SimEnv env{1};
  OpenTable open = CreateDatabase(env);
  std::unique_ptr<Database>& database = open.database;
  std::unique_ptr<TestTable>& table = open.table;
};

}  // namespace

TEST_CASE("who reads a row depends on the commit that wrote it until that is durable, who reads another does not") {
  World w;
  const Lsn commit = w.Update(3);
  auto other = w.database->Begin();
  Must(w.table->FindById(other->TakeSnapshot(), 4));
  REQUIRE_FALSE(w.depends(*other));

  auto reader = w.database->Begin();
  REQUIRE(Must(w.table->FindById(reader->TakeSnapshot(), 3))->second.k == 300);
  REQUIRE(reader->observed() == commit);
  REQUIRE(w.depends(*reader));
  w.database->manager().WaitDurable(commit);
  REQUIRE_FALSE(w.depends(*reader));

  auto later = w.database->Begin();
  Must(w.table->FindById(later->TakeSnapshot(), 3));
  REQUIRE_FALSE(w.depends(*later));
}

TEST_CASE("who finds a row gone depends on its deletion, also when it has been purged") {
  World w;
  const Lsn commit = w.Delete(3);
  auto reader = w.database->Begin();
  REQUIRE_FALSE(Must(w.table->FindById(reader->TakeSnapshot(), 3)));
  REQUIRE(reader->observed() == commit);
  Must(reader->Commit());
  Must(w.database->manager().RunPurge());
  REQUIRE(w.database->manager().IsDurable(commit));
}

TEST_CASE("a snapshot of before the commit does not depend on it, one that is kept does for all its statements") {
  World w;
  auto before = w.database->Begin(Isolation::kRepeatableRead);
  Must(w.table->FindById(before->TakeSnapshot(), 1));
  const Lsn commit = w.Update(3);
  REQUIRE(Must(w.table->FindById(before->TakeSnapshot(), 3))->second.k == 3);
  REQUIRE_FALSE(w.depends(*before));

  auto after = w.database->Begin(Isolation::kRepeatableRead);
  Must(w.table->FindById(after->TakeSnapshot(), 1));
  REQUIRE_FALSE(w.depends(*after));
  Must(w.table->FindById(after->TakeSnapshot(), 3));
  REQUIRE(after->observed() == commit);
}

TEST_CASE("who meets a key that is taken, or locks a row, depends on who wrote it") {
  World w;
  const Lsn commit = w.Update(3);
  auto inserts = w.database->Begin();
  REQUIRE_FALSE(w.table->Insert(*inserts, {3, 0, "again"}).ok());
  REQUIRE(inserts->observed() >= commit);

  auto locks = w.database->Begin();
  const auto row = Must(w.table->FindById(w.database->Begin()->TakeSnapshot(), 3));
  Must(w.table->rows().Lock(*locks, locks->TakeSnapshot(), row->first, RowLockMode::kUpdate));
  REQUIRE(locks->observed() == commit);
}

TEST_CASE("commits that nobody waits for become durable all the same") {
  World w;
  const Lsn commit = w.Update(3);
  w.database->manager().FlushSoon();
  while (!w.database->manager().IsDurable(commit)) std::this_thread::yield();
}
