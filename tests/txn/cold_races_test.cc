// What others do in the middle of a move, or of what purge does: rows that come back, rows that vanish, keys that are not compared.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "store/chunks.h"
#include "txn/chunk_moves.h"
#include "txn/fixture.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

void DeleteAll(Database& database, TestTable& table, int32_t from, int32_t to) {
  auto t = database.Begin();
  for (int32_t id = from; id < to; ++id) REQUIRE(Must(table.Delete(*t, id)));
  database.manager().WaitDurable(Must(t->Commit()));
}

}  // namespace

TEST_CASE("ghosts that purge takes away while their chunk is thawed or rewritten do not come back as rows") {
  for (const bool thaw : {true, false}) {
    io::SimEnv env(1);
    auto [database, table] = CreateDatabase(env);
    for (int32_t round = 0; round < 3; ++round) {
      const int32_t first = 1 + round * 3000, end = first + 2000;
      InsertRows(*database, *table, first, end);
      MoveOptions options;
      options.give_up_ids = false;
      REQUIRE(Must(table->rows().Freeze(0, options)));
      DeleteAll(*database, *table, first, end - 1);
      std::atomic<bool> done{false};
      Status purged;
      std::thread purger([&] {
        purged = database->manager().RunPurge();
        done = true;
      });
      // Begun again and again, so that every ghost goes in the middle of some move.
      MoveOptions begun = options;
      begun.go_on = [](uint64_t) { return false; };
      while (!done) Must((thaw ? table->rows().Thaw(0, begun) : table->rows().Freeze(0, begun)).status());
      purger.join();
      Must(purged);
      Must((thaw ? table->rows().Thaw(0) : table->rows().Freeze(0, options)).status());
      REQUIRE(table->All().size() == static_cast<size_t>(round) + 1);
    }
    REQUIRE(table->Check().rows == 3);
  }
}

TEST_CASE("a chunk that is loaded has none of the deletions that an earlier one of its number has left") {
  io::SimEnv env(1);
  auto [database, table] = CreateDatabase(env);
  // As after a crash within the removal of a chunk, whose row ids are given anew when the tree has no later ones.
  for (uint64_t place : {0u, 7u, 3000u}) {
    Must(database->store().chunks().NoteDeletion(TestTable::kSpace, TestTable::kFixed.rows, RowId(store::kChunkRows + place)));
  }
  const std::vector<TestRow> rows = TestTable::Rows(1, 5001);
  auto t = database->Begin();
  Must(table->Load(*t, rows));
  Must(t->Commit());
  REQUIRE(table->rows().IsCold(1));
  REQUIRE(table->All().size() == rows.size());
  REQUIRE(table->Check().rows == rows.size());
}

TEST_CASE("a key that was met before its writer was rolled back is compared, though the row has gone to a segment since") {
  io::SimEnv env(1);
  auto [database, table] = CreateDatabase(env);
  InsertRows(*database, *table, 1, 5001);
  auto writer = database->Begin();
  auto reader = database->Begin();
  std::optional<Snapshot> snapshot;
  std::optional<IndexScan> scan;
  IndexEntry entry;
  int vectors = 0;
  MoveOptions options;
  options.go_on = [&](uint64_t) {
    if (++vectors != 1) return true;
    // The freezer has read the first vector, and so the version that the rollback puts back.
    REQUIRE(Must(table->Update(*writer, 10, 77, "row")));
    auto other = database->Begin();
    REQUIRE(Must(table->AddToK(*other, 20, 10)));
    Must(other->Commit());
    snapshot.emplace(reader->TakeSnapshot());
    const std::string key = TestTable::Key(77);
    scan.emplace(table->by_k(), *snapshot, KeyRange{.lower = key, .upper = key, .upper_inclusive = true});
    REQUIRE(Must(scan->Next(&entry)));
    REQUIRE(!entry.dead);
    Must(writer->Abort());
    return true;
  };
  REQUIRE(Must(table->rows().Freeze(0, options)));
  const FetchedRow fetched = Must(table->rows().Fetch(*snapshot, entry.row));
  REQUIRE(fetched.found);
  CHECK(Must(table->Decode(fetched.row)).k == 0);
  CHECK(!fetched.newest);
  scan.reset();
  snapshot.reset();
  Must(reader->Commit());
  // Who comes later need not compare.
  InsertRows(*database, *table, 6001, 6002);
  auto later = database->Begin();
  const Snapshot fresh = later->TakeSnapshot();
  REQUIRE(Must(table->rows().Fetch(fresh, entry.row)).newest);
}
