// One prepared INSERT, run more often than a statement has rows before it loads (engine/table_writer.h).
#include <string>

#include "instance_fixture.h"

namespace phantom::session {
namespace {

constexpr int kRows = 40000, kTransaction = 400;

TEST_CASE("a prepared INSERT writes in the transaction that runs it, however often it ran") {
  InstanceFixture f;
  TestSession session(*f.instance), other(*f.instance);
  REQUIRE(session.Run("CREATE TABLE t (a int PRIMARY KEY, b text); CREATE TABLE u (a int)") == "");
  REQUIRE(session.Prepare("put", "INSERT INTO t VALUES ($1, $2)") == "");
  for (int i = 0; i < kRows; ++i) {
    // Another transaction takes the place of the last.
    if (i % kTransaction == 0) REQUIRE(other.Run("BEGIN; INSERT INTO u VALUES (1)") == "");
    if (i % kTransaction == 0) REQUIRE(session.Run("BEGIN") == "");
    if (i % kTransaction == 1) REQUIRE(other.Run("ROLLBACK") == "");
    REQUIRE(session.Execute("put", {std::to_string(i), "x"}) == "");
    if (i % kTransaction != kTransaction - 1) continue;
    const bool rolled_back = i / kTransaction % 4 == 3;
    REQUIRE(session.Run(rolled_back ? "ROLLBACK" : "COMMIT") == "");
  }
  CHECK(session.Run("SELECT count(*), min(a), max(a) FROM t") == "30000|0|39599");
  CHECK(session.Run("SELECT count(*) FROM t WHERE a / 400 % 4 = 3") == "0");
  // A key that is taken comes to light at once, and so does the row to the statement after it.
  CHECK(session.Execute("put", {"1", "x"}) == "duplicate key value violates unique constraint \"t_pkey\"");
  REQUIRE(session.Execute("put", {"39999", "y"}) == "");
  CHECK(session.Run("SELECT b FROM t WHERE a = 39999") == "y");
}

}  // namespace
}  // namespace phantom::session
