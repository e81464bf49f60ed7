// A prepared statement's execution is kept and opened again (engine/executor.h): in whatever transaction, by whatever role and under
// whatever settings that is, and whatever became of it before, it does what a new one would.
#include <algorithm>
#include <string>
#include <utility>

#include "instance_fixture.h"

namespace phantom::session {
namespace {

class KeptExecution : public InstanceFixture {
 public:
  KeptExecution() {
    REQUIRE(session.Run("CREATE TABLE t (id int PRIMARY KEY, v int CHECK (v < 100), b text);"
                        "INSERT INTO t SELECT i, i * 10, 'row ' || i FROM generate_series(1, 9) i") == "");
  }
  // Runs the statement a few times, so that what follows meets a kept execution.
  void Warm(const std::string& name, const std::vector<std::string>& parameters, const std::string& result) {
    for (int i = 0; i < 3; ++i) REQUIRE(session.Execute(name, parameters) == result);
  }

  TestSession session{*instance}, other{*instance};
};

}  // namespace

TEST_CASE_METHOD(KeptExecution, "a statement goes on after errors in its middle") {
  REQUIRE(session.Prepare("put", "INSERT INTO t VALUES ($1, $2), ($1 + 1, 1 / $3) RETURNING id") == "");
  REQUIRE(session.Execute("put", {"20", "1", "1"}) == "20;21");
  CHECK(session.Execute("put", {"30", "1", "0"}) == "division by zero");
  CHECK(session.Execute("put", {"8", "1", "1"}) == "duplicate key value violates unique constraint \"t_pkey\"");
  CHECK(session.Execute("put", {"30", "1000", "1"}) == "new row for relation \"t\" violates check constraint \"t_v_check\"");
  CHECK(session.Execute("put", {"30", "1", "1"}) == "30;31");
  REQUIRE(session.Prepare("change", "UPDATE t SET v = v / $2 WHERE id = $1 RETURNING v") == "");
  CHECK(session.Execute("change", {"4", "0"}) == "division by zero");
  CHECK(session.Execute("change", {"4", "2"}) == "20");
  CHECK(session.Run("SELECT count(*) FROM t") == "13");
}

TEST_CASE_METHOD(KeptExecution, "a unique key decided at the end of a statement leaves nothing behind") {
  REQUIRE(session.Run("CREATE TABLE u (a int UNIQUE DEFERRABLE, b int)") == "");
  REQUIRE(session.Prepare("put", "INSERT INTO u VALUES ($1, $2), ($2, $1)") == "");
  REQUIRE(session.Execute("put", {"1", "2"}) == "");
  for (int i = 0; i < 2; ++i) {
    CHECK(session.Execute("put", {"1", "3"}) == "duplicate key value violates unique constraint \"u_a_key\"");
    CHECK(session.Execute("put", {std::to_string(10 + i), std::to_string(20 + i)}) == "");
  }
  REQUIRE(session.Run("BEGIN; SET CONSTRAINTS ALL DEFERRED") == "");
  CHECK(session.Execute("put", {"1", "5"}) == "");
  CHECK(session.Run("COMMIT") == "duplicate key value violates unique constraint \"u_a_key\"");
  CHECK(session.Execute("put", {"4", "5"}) == "");
  CHECK(session.Run("SELECT count(*) FROM u") == "8");
}

TEST_CASE_METHOD(KeptExecution, "a statement is of the transaction that runs it") {
  REQUIRE(session.Prepare("get", "SELECT v FROM t WHERE id = $1") == "");
  REQUIRE(session.Prepare("add", "UPDATE t SET v = v + 1 WHERE id = $1 RETURNING v") == "");
  Warm("get", {"1"}, "10");
  CHECK(session.Execute("add", {"1"}) == "11");
  REQUIRE(session.Run("BEGIN; SAVEPOINT a") == "");
  CHECK(session.Execute("add", {"1"}) == "12");
  REQUIRE(session.Run("ROLLBACK TO a") == "");
  CHECK(session.Execute("get", {"1"}) == "11");
  CHECK(session.Execute("add", {"1"}) == "12");
  CHECK(other.Run("SELECT v FROM t WHERE id = 1") == "11");
  REQUIRE(session.Run("COMMIT") == "");
  REQUIRE(session.Run("BEGIN ISOLATION LEVEL REPEATABLE READ") == "");
  CHECK(session.Execute("get", {"1"}) == "12");
  REQUIRE(other.Run("UPDATE t SET v = 50 WHERE id = 1") == "");
  CHECK(session.Execute("get", {"1"}) == "12");
  CHECK(session.Execute("add", {"1"}) == "could not serialize access due to concurrent update");
  REQUIRE(session.Run("ROLLBACK") == "");
  CHECK(session.Execute("add", {"1"}) == "51");
  REQUIRE(session.Run("BEGIN READ ONLY") == "");
  CHECK(session.Execute("get", {"1"}) == "51");
  CHECK(session.Execute("add", {"1"}) == "cannot execute UPDATE in a read-only transaction");
  REQUIRE(session.Run("ROLLBACK") == "");
  CHECK(session.Execute("add", {"1"}) == "52");
}

TEST_CASE_METHOD(KeptExecution, "a kept statement is noticed by serializable transactions") {
  for (TestSession* each : {&session, &other}) {
    REQUIRE(each->Prepare("get", "SELECT v FROM t WHERE id = $1") == "");
    REQUIRE(each->Prepare("set", "UPDATE t SET v = $2 WHERE id = $1") == "");
    REQUIRE(each->Execute("get", {"1"}) == "10");
    REQUIRE(each->Execute("set", {"9", "90"}) == "");
  }
  REQUIRE(session.Run("BEGIN ISOLATION LEVEL SERIALIZABLE") == "");
  REQUIRE(other.Run("BEGIN ISOLATION LEVEL SERIALIZABLE") == "");
  REQUIRE(session.Execute("get", {"1"}) == "10");
  REQUIRE(other.Execute("get", {"2"}) == "20");
  REQUIRE(session.Execute("set", {"2", "1"}) == "");
  REQUIRE(other.Execute("set", {"1", "1"}) == "");
  REQUIRE(session.Run("COMMIT") == "");
  CHECK(other.Run("COMMIT") == "could not serialize access due to read/write dependencies among transactions");
}

TEST_CASE_METHOD(KeptExecution, "a statement follows roles and settings") {
  REQUIRE(session.Run("CREATE ROLE reader; GRANT SELECT (id, v) ON t TO reader; GRANT SELECT ON t TO reader;"
                      "CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, v text); INSERT INTO s.t VALUES (1, 'in s')") == "");
  const std::string about = "SELECT current_user, current_schema(), '2020-01-31'::date::text, current_setting('work_mem')"
                            " FROM t WHERE id = $1";
  REQUIRE(session.Prepare("about", about) == "");
  REQUIRE(session.Prepare("set", "UPDATE t SET b = current_user WHERE id = $1 RETURNING b") == "");
  Warm("about", {"1"}, "postgres|public|2020-01-31|4MB");
  Warm("set", {"1"}, "postgres");
  REQUIRE(session.Run("SET ROLE reader") == "");
  CHECK(session.Execute("about", {"1"}) == "reader|public|2020-01-31|4MB");
  CHECK(session.Execute("set", {"1"}) == "permission denied for table t");
  REQUIRE(other.Run("GRANT UPDATE ON t TO reader") == "");
  CHECK(session.Execute("set", {"1"}) == "reader");
  REQUIRE(other.Run("REVOKE ALL ON t FROM reader") == "");
  CHECK(session.Execute("set", {"1"}) == "permission denied for table t");
  REQUIRE(session.Run("RESET ROLE") == "");
  REQUIRE(session.Run("BEGIN; SET LOCAL work_mem = '8MB'; SET LOCAL datestyle = 'German'; SET LOCAL search_path = s") == "");
  CHECK(session.Execute("about", {"1"}) == "postgres|s|31.01.2020|8MB");
  REQUIRE(session.Run("ROLLBACK") == "");
  Warm("about", {"1"}, "postgres|public|2020-01-31|4MB");
}

TEST_CASE_METHOD(KeptExecution, "now() is that of the transaction") {
  REQUIRE(session.Prepare("stamp", "UPDATE t SET b = $2 || extract(epoch FROM now())::text WHERE id = $1") == "");
  REQUIRE(session.Execute("stamp", {"1", ""}) == "");
  const std::string first = session.Run("SELECT b FROM t WHERE id = 1");
  env.AdvanceClock(1000);
  REQUIRE(session.Run("BEGIN") == "");
  REQUIRE(session.Execute("stamp", {"1", ""}) == "");
  env.AdvanceClock(1000);
  const std::string second = session.Run("SELECT b FROM t WHERE id = 1");
  REQUIRE(session.Execute("stamp", {"1", ""}) == "");
  CHECK(session.Run("SELECT b FROM t WHERE id = 1") == second);
  CHECK(first != second);
}

TEST_CASE_METHOD(KeptExecution, "a statement follows DDL, committed or not") {
  REQUIRE(session.Prepare("put", "INSERT INTO t (id, v) VALUES ($1, $2)") == "");
  REQUIRE(session.Prepare("get", "SELECT v FROM t WHERE id = $1") == "");
  REQUIRE(session.Execute("put", {"20", "1"}) == "");
  Warm("get", {"20"}, "1");
  REQUIRE(session.Run("BEGIN; TRUNCATE t") == "");
  CHECK(session.Execute("put", {"20", "2"}) == "");
  CHECK(session.Execute("get", {"20"}) == "2");
  REQUIRE(session.Run("ROLLBACK") == "");
  CHECK(session.Execute("get", {"20"}) == "1");
  REQUIRE(session.Run("BEGIN; SAVEPOINT a; CREATE UNIQUE INDEX ON t (v)") == "");
  CHECK(session.Execute("put", {"21", "1"}) == "duplicate key value violates unique constraint \"t_v_idx\"");
  REQUIRE(session.Run("ROLLBACK TO a") == "");
  CHECK(session.Execute("put", {"21", "1"}) == "");
  REQUIRE(session.Run("COMMIT") == "");
  REQUIRE(other.Run("ALTER TABLE t ADD w int NOT NULL DEFAULT 7, ADD CHECK (id < 30)") == "");
  CHECK(session.Execute("put", {"22", "3"}) == "");
  CHECK(session.Execute("put", {"32", "3"}) == "new row for relation \"t\" violates check constraint \"t_id_check\"");
  REQUIRE(other.Run("CREATE INDEX t_late ON t (w)") == "");
  CHECK(session.Execute("put", {"23", "3"}) == "");
  CHECK(other.Run("SET enable_seqscan = off; SELECT id FROM t WHERE w = 7 AND id >= 20 ORDER BY id") == "20;21;22;23");
  REQUIRE(other.Run("DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v int)") == "");
  CHECK(session.Execute("put", {"1", "1"}) == "");
  CHECK(session.Execute("get", {"1"}) == "1");
}

TEST_CASE_METHOD(KeptExecution, "a statement on temporary tables finds the one there is") {
  REQUIRE(session.Run("CREATE TEMP TABLE tmp (a int PRIMARY KEY) ON COMMIT DELETE ROWS") == "");
  REQUIRE(session.Prepare("put", "INSERT INTO tmp VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = tmp.a + 100 RETURNING a") == "");
  for (int i = 0; i < 2; ++i) {
    REQUIRE(session.Run("BEGIN") == "");
    CHECK(session.Execute("put", {"1"}) == "1");
    CHECK(session.Execute("put", {"1"}) == "101");
    REQUIRE(session.Run("COMMIT") == "");
    CHECK(session.Run("SELECT count(*) FROM tmp") == "0");
  }
  REQUIRE(session.Run("DROP TABLE tmp") == "");
  for (int i = 0; i < 2; ++i) {
    REQUIRE(session.Run("BEGIN; CREATE TEMP TABLE tmp (a int PRIMARY KEY) ON COMMIT DROP") == "");
    CHECK(session.Execute("put", {"1"}) == "1");
    REQUIRE(session.Run("COMMIT") == "");
    CHECK(session.Execute("put", {"1"}) == "relation \"tmp\" does not exist");
  }
  REQUIRE(session.Run("DISCARD ALL") == "");
  CHECK(session.Execute("put", {"1"}) == "prepared statement \"put\" does not exist");
}

TEST_CASE_METHOD(KeptExecution, "a portal left in its middle does not spoil the next run") {
  REQUIRE(session.Prepare("fixed", "VALUES (1), (2), (3)") == "");
  Warm("fixed", {}, "1;2;3");
  REQUIRE(session.Run("BEGIN; SAVEPOINT a") == "");
  CHECK(session.Fetch("p", "fixed", 1) == "1");
  REQUIRE(session.Run("ROLLBACK TO a") == "");
  Warm("fixed", {}, "1;2;3");
  CHECK(session.Fetch("q", "fixed", 2) == "1;2");
  Warm("fixed", {}, "1;2;3");
  CHECK(session.FetchMore("q", 2) == "3");
  REQUIRE(session.Run("COMMIT") == "");
  Warm("fixed", {}, "1;2;3");
  REQUIRE(session.Prepare("put", "INSERT INTO t (id) VALUES (31), (32), (33) RETURNING id") == "");
  REQUIRE(session.Run("BEGIN") == "");
  CHECK(session.Fetch("p", "put", 1) == "31");
  REQUIRE(session.Run("COMMIT; DELETE FROM t WHERE id = 31; DELETE FROM t WHERE id = 32; DELETE FROM t WHERE id = 33") == "");
  CHECK(session.Execute("put") == "31;32;33");
}

TEST_CASE_METHOD(KeptExecution, "a plan is not run under an imported snapshot that is older than its indexes") {
  REQUIRE(session.Run("CREATE TABLE r (id int, v int); INSERT INTO r SELECT i, i FROM generate_series(1, 20000) i; ANALYZE r") == "");
  REQUIRE(other.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM r WHERE id = 5") == "1");
  const std::string snapshot = other.Run("SELECT pg_export_snapshot()");
  REQUIRE(session.Run("DELETE FROM r WHERE id = 5") == "");
  REQUIRE(session.Run("CREATE UNIQUE INDEX ON r (id)") == "");
  REQUIRE(session.Prepare("get", "SELECT v FROM r WHERE id = $1") == "");
  Warm("get", {"5"}, "");
  Warm("get", {"6"}, "6");
  REQUIRE(session.Run("SELECT v FROM r WHERE id = 5") == "");
  REQUIRE(session.Run("SELECT v FROM r WHERE id = 6") == "6");
  REQUIRE(session.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '" + snapshot + "'") == "");
  CHECK(session.Execute("get", {"5"}) == "5");
  CHECK(session.Run("SELECT v FROM r WHERE id = 5") == "5");
  REQUIRE(session.Run("COMMIT") == "");
  Warm("get", {"5"}, "");
}

TEST_CASE_METHOD(KeptExecution, "a range gives all its rows, however many were expected") {
  REQUIRE(session.Run("CREATE TABLE r (g int, id int, v int, PRIMARY KEY (g, id)); CREATE TABLE s (id int PRIMARY KEY, w int);"
                      "INSERT INTO r SELECT g, id, -id FROM generate_series(1, 500) g, generate_series(1, 3) id;"
                      "INSERT INTO s SELECT i, i FROM generate_series(1, 6000) i WHERE i % 3 > 0; ANALYZE r; ANALYZE s;"
                      "INSERT INTO r SELECT 900, id, -id FROM generate_series(1, 5000) id; SET enable_hashjoin = off") == "");
  const auto prepare = [&](const std::string& name, const std::string& text) { REQUIRE(session.Prepare(name, text) == ""); };
  prepare("list", "SELECT id + 0 FROM r WHERE g = $1");
  prepare("sorted", "SELECT id FROM r WHERE g = $1 ORDER BY v");
  prepare("first", "SELECT id FROM r WHERE g = $1 ORDER BY v LIMIT $2");
  prepare("next", "SELECT id FROM r WHERE g = $1 AND id > $2 ORDER BY g, id LIMIT 1 FOR UPDATE");
  prepare("sums", "SELECT count(*), sum(v), count(DISTINCT v / 10), max(id) FILTER (WHERE id % 2 = 0) FROM r WHERE g = $1");
  prepare("joined", "SELECT count(*), sum(w) FROM r JOIN s ON s.id = r.id WHERE g = $1");
  prepare("outer", "SELECT r.id, w FROM r LEFT JOIN s ON s.id = r.id AND w > $2 WHERE g = $1 ORDER BY r.id");
  prepare("locked", "SELECT id FROM r WHERE g = $1 FOR UPDATE");
  prepare("change", "UPDATE r SET v = v - $2 WHERE g = $1 RETURNING id");
  prepare("remove", "DELETE FROM r WHERE g = $1 AND id > $2");
  const auto list = [](int first, int last) {
    std::string text;
    for (int i = first; i != last; i += first < last ? 1 : -1) text += std::to_string(i) + ";";
    return text + std::to_string(last);
  };
  for (int round = 0; round < 3; ++round) {
    INFO(round);
    REQUIRE(session.Run("BEGIN") == "");
    for (const auto& [group, rows] : {std::pair("5", 3), std::pair("900", 5000), std::pair("6", 3)}) {
      INFO(group);
      CHECK(session.Execute("list", {group}) == list(1, rows));
      CHECK(session.Execute("sorted", {group}) == list(rows, 1));
      CHECK(session.Execute("first", {group, "2"}) == list(rows, rows - 1));
      CHECK(session.Execute("first", {group, "4000"}) == list(rows, std::max(1, rows - 3999)));
      CHECK(session.Execute("next", {group, "1"}) == "2");
      CHECK(session.Execute("locked", {group}) == list(1, rows));
      CHECK(session.Execute("change", {group, "0"}) == list(1, rows));
      const std::string sum = std::to_string(-rows * (rows + 1) / 2), tens = std::to_string(rows / 10 + 1);
      CHECK(session.Execute("sums", {group}) == std::to_string(rows) + "|" + sum + "|" + tens + "|" + std::to_string(rows / 2 * 2));
    }
    CHECK(session.Execute("joined", {"5"}) == "2|3");
    CHECK(session.Execute("joined", {"900"}) == "3334|8336667");
    CHECK(session.Execute("outer", {"5", "1"}) == "1|;2|2;3|");
    CHECK(session.Execute("list", {"777"}) == "");
    CHECK(session.Execute("sums", {"777"}) == "0||0|");
    // The second row of each batch fails.
    CHECK(session.Execute("change", {"900", "2147483647"}) == "integer out of range");
    REQUIRE(session.Run("ROLLBACK; BEGIN") == "");
    CHECK(session.Execute("remove", {"900", "10"}) == "");
    CHECK(session.Execute("list", {"900"}) == list(1, 10));
    CHECK(other.Run("SELECT count(*) FROM r WHERE g = 900") == "5000");
    REQUIRE(session.Run("ROLLBACK") == "");
  }
}

TEST_CASE_METHOD(KeptExecution, "a row found by its key is locked by whoever runs the statement") {
  REQUIRE(session.Prepare("lock", "SELECT v FROM t WHERE id = $1 FOR UPDATE") == "");
  const auto wants = [&](int id) { return other.Run("SELECT v FROM t WHERE id = " + std::to_string(id) + " FOR UPDATE NOWAIT"); };
  const std::string taken = "could not obtain lock on row in relation \"t\"";
  for (int id = 1; id < 5; ++id) {
    const std::string v = std::to_string(id * 10);
    REQUIRE(session.Run("BEGIN") == "");
    CHECK(session.Execute("lock", {std::to_string(id)}) == v);
    // The texts differ in a literal alone.
    CHECK(session.Run("SELECT v FROM t WHERE id = " + std::to_string(id + 4) + " FOR UPDATE") == std::to_string(id * 10 + 40));
    CHECK(wants(id) == taken);
    CHECK(wants(id + 4) == taken);
    REQUIRE(session.Run("COMMIT") == "");
    CHECK(wants(id) == v);
    CHECK(wants(id + 4) == std::to_string(id * 10 + 40));
  }
}

}  // namespace phantom::session
