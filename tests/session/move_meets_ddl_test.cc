// Who changes, empties or drops a table waits for the move that its rows are in the middle of, or has it end there; either way nothing
// is left of it.
#include <atomic>
#include <thread>
#include <vector>

#include "catalog/oids.h"
#include "instance_fixture.h"
#include "session/tiering/table_hold.h"
#include "txn/chunk_moves.h"
#include "txn/transaction.h"

namespace phantom::session {
namespace {

enum class Move { kFreeze, kThaw, kRewrite };

std::string OfTable(std::string text, const std::string& table) {
  for (size_t at; (at = text.find('$')) != std::string::npos;) text.replace(at, 1, table);
  return text;
}

class MoveMeetsDdl : public InstanceFixture {
 public:
  std::unique_ptr<TableHold> Hold(const std::string& table) {
    const auto oid = static_cast<Oid>(std::stoul(Run("SELECT '" + table + "'::regclass::oid")));
    std::unique_ptr<TableHold> hold = Must(TableHold::Try(*instance, catalog::oid::kDatabasePostgres, oid));
    REQUIRE(hold != nullptr);
    return hold;
  }

  // A table where the move finds something to do.
  void Make(const std::string& table, Move move) {
    REQUIRE(Run("CREATE TABLE " + table + " (id int PRIMARY KEY, v int, note text)") == "");
    REQUIRE(Run("INSERT INTO " + table + " SELECT i, i % 100, 'note ' || i FROM generate_series(1, 7000) i") == "");
    REQUIRE(Run("DELETE FROM " + table + " WHERE id % 7 = 0") == "");
    Must(instance->transactions().RunPurge());
    if (move == Move::kFreeze) return;
    txn::MoveOptions options;
    options.give_up_ids = false;
    REQUIRE(Must(Hold(table)->rows().Freeze(0, options)));
    REQUIRE(Run("UPDATE " + table + " SET v = v WHERE id % 3 = 0") == "");
  }

  // Moves the chunk; the statement comes when so many vectors have been dealt with. What it said, and whether the move was done.
  std::pair<std::string, bool> MoveUnder(const std::string& table, Move move, const std::string& sql, int at_vector, bool give_way) {
    std::unique_ptr<TableHold> hold = Hold(table);
    std::string said;
    std::atomic<bool> ended{false};
    std::thread statement;
    int vectors = 0;
    txn::MoveOptions options;
    options.give_up_ids = false;
    options.go_on = [&](uint64_t) {
      if (++vectors != at_vector) return true;
      statement = std::thread([&] {
        said = TestSession(*instance).Run(sql);
        ended = true;
      });
      while (!hold->IsAwaited() && !ended) std::this_thread::yield();
      return !give_way;
    };
    const bool moved =
        Must(move == Move::kThaw ? hold->rows().Thaw(0, options) : hold->rows().Freeze(0, options));
    hold.reset();
    REQUIRE(statement.joinable());
    statement.join();
    return {said, moved};
  }

  size_t SegmentFiles() {
    Must(instance->transactions().RunPurge());
    size_t files = 0;
    for (const std::string& name : Must(env.List("data/segments"))) files += name.ends_with(".seg");
    return files;
  }
};

}  // namespace

TEST_CASE("a table whose rows are being moved is altered, emptied or dropped without a trace of the move") {
  struct Statement {
    const char* sql;   // about table $
    const char* rows;  // after it
  };
  constexpr const char* kAll = "6000|21000000|297000";
  const Statement statements[] = {{"ALTER TABLE $ ALTER COLUMN v TYPE bigint", kAll},
                                  {"ALTER TABLE $ DROP COLUMN note", kAll},
                                  {"TRUNCATE $", "0||"},
                                  {"DROP TABLE $", "relation \"$\" does not exist"},
                                  {"BEGIN; TRUNCATE $; INSERT INTO $ VALUES (1, 1); ROLLBACK", kAll}};
  for (const Move move : {Move::kFreeze, Move::kThaw, Move::kRewrite}) {
    MoveMeetsDdl f;
    std::vector<std::pair<std::string, std::string>> looks;  // and what they gave
    for (const Statement& statement : statements) {
      for (const bool give_way : {true, false}) {
        INFO(static_cast<int>(move) << ", " << statement.sql << (give_way ? ", which ends the move" : ", which waits for it"));
        const std::string table = "t" + std::to_string(looks.size());
        const std::string sql = OfTable(statement.sql, table), rows = OfTable(statement.rows, table);
        const std::string look = "SELECT count(*), sum(id), sum(v) FROM " + table;
        f.Make(table, move);
        REQUIRE(f.Run(look) == kAll);
        const auto [said, moved] = f.MoveUnder(table, move, sql, 2, give_way);
        CHECK(said == "");
        CHECK(moved == !give_way);
        CHECK(f.Run(look) == rows);
        CHECK(f.Run("SELECT * FROM phantom_check()") == "");
        CHECK(f.SegmentFiles() == std::stoul(f.Run("SELECT coalesce(sum(cold_chunks), 0) FROM phantom_storage")));
        looks.emplace_back(look, rows);
      }
    }
    f.Close();
    std::string fault;
    CHECK(Must(Instance::Check(f.env, "data", [&](const std::string& line) { fault = line; })) == 0);
    CHECK(fault == "");
    f.Open();
    for (const auto& [look, rows] : looks) CHECK(f.Run(look) == rows);
  }
}

}  // namespace phantom::session
