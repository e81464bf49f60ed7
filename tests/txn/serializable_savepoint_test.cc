// Serializable transactions with savepoints: what is taken back was read all the same.
#include <catch2/catch.hpp>

#include "txn/serializable_world.h"

using namespace phantom;
using namespace phantom::txn;
using World = SerializableWorld;

TEST_CASE("what a savepoint's rollback took back has been read all the same") {
  World w;
  auto a = w.Begin(), b = w.Begin();
  const auto savepoint = a->Savepoint();
  REQUIRE(w.K(*a, 1) == 10);
  Must(w.SetK(*a, 1, 5));
  Must(a->RollbackTo(savepoint));
  REQUIRE(w.K(*b, 3) == 30);
  Must(w.SetK(*a, 3, 31));
  Must(w.SetK(*b, 1, 11));
  Must(w.Commit(*b));
  REQUIRE(IsReadWriteFailure(w.Commit(*a)));
}

TEST_CASE("a key that was inserted and taken back was free, and others who take it come after") {
  World w;
  auto a = w.Begin(), b = w.Begin();
  const auto savepoint = a->Savepoint();
  Must(w.Insert(*a, 7, 70));
  Must(a->RollbackTo(savepoint));
  REQUIRE(w.K(*b, 2) == 20);
  Must(w.Insert(*b, 7, 71));
  Must(w.Commit(*b));
  REQUIRE(IsReadWriteFailure(w.SetK(*a, 2, -10)));
}

TEST_CASE("a row that was only locked, or met as the owner of a key, has been read, also when that was taken back") {
  World w;
  const bool locks = GENERATE(true, false);
  auto a = w.Begin(), b = w.Begin();
  const auto row = Must(w.table->FindById(w.Begin(Isolation::kReadCommitted)->TakeSnapshot(), 1))->first;
  const auto savepoint = a->Savepoint();
  if (locks) {
    // As INSERT ... ON CONFLICT DO UPDATE does.
    Must(w.table->rows().Lock(*a, a->TakeSnapshot(), row, RowLockMode::kNoKeyUpdate));
  } else {
    a->TakeSnapshot();
    REQUIRE(Must(w.table->by_id().FindConflict(*a, TestTable::Key(1), RowId(UINT64_MAX), w.table->rows())) == row);
  }
  Must(a->RollbackTo(savepoint));
  REQUIRE(w.K(*b, 2) == 20);
  if (locks) {
    Must(w.SetK(*b, 1, -10));
  } else {
    REQUIRE(Must(w.table->Delete(*b, 1)));
  }
  Must(w.Commit(*b));
  REQUIRE(IsReadWriteFailure(w.SetK(*a, 2, -10)));
}
