// SERIALIZABLE as clients meet it.
#include "instance_fixture.h"

namespace phantom::session {

namespace {

constexpr const char* kFailure = "could not serialize access due to read/write dependencies among transactions";
constexpr const char* kBegin = "BEGIN ISOLATION LEVEL SERIALIZABLE";

struct World : InstanceFixture {
  World() {
    REQUIRE(Run("CREATE TABLE t (id int PRIMARY KEY, k int); CREATE INDEX t_k ON t (k);"
                "INSERT INTO t SELECT i, i * 10 FROM generate_series(1, 2000) i; ANALYZE t") == "");
  }
};

}  // namespace

TEST_CASE("write skew through indexes, scans and aggregates") {
  World w;
  TestSession a(*w.instance), b(*w.instance);
  const std::string read = GENERATE("SELECT sum(k) FROM t WHERE id IN (7, 8)", "SELECT count(*) FROM t WHERE k > 5000",
                                    "SELECT k FROM t WHERE id = 7 OR id = 8 ORDER BY id");
  REQUIRE(a.Run(kBegin) == "");
  REQUIRE(b.Run(kBegin) == "");
  REQUIRE(a.Run(read) == b.Run(read));
  const bool range = read.find("count") != std::string::npos;
  REQUIRE(a.Run(range ? "INSERT INTO t VALUES (-1, 6000)" : "UPDATE t SET k = 0 WHERE id = 7") == "");
  REQUIRE(b.Run(range ? "INSERT INTO t VALUES (-2, 6000)" : "UPDATE t SET k = 0 WHERE id = 8") == "");
  REQUIRE(a.Run("COMMIT") == "");
  REQUIRE(b.Run("COMMIT") == kFailure);
  REQUIRE(b.Run("SELECT 1") == "1");
}

TEST_CASE("points of one table do not meet") {
  World w;
  TestSession a(*w.instance), b(*w.instance);
  REQUIRE(a.Run(kBegin) == "");
  REQUIRE(b.Run(kBegin) == "");
  REQUIRE(a.Run("SELECT k FROM t WHERE id = 100") == "1000");
  REQUIRE(b.Run("SELECT k FROM t WHERE id = 200") == "2000");
  REQUIRE(a.Run("UPDATE t SET k = 1 WHERE id = 300; INSERT INTO t VALUES (5000, 1)") == "");
  REQUIRE(b.Run("UPDATE t SET k = 1 WHERE id = 400; INSERT INTO t VALUES (5001, 1)") == "");
  REQUIRE(a.Run("COMMIT") == "");
  REQUIRE(b.Run("COMMIT") == "");
}

TEST_CASE("what has been planned and run before is watched as anything else") {
  World w;
  TestSession a(*w.instance), b(*w.instance);
  const bool prepared = GENERATE(false, true);
  const bool watched_before = GENERATE(false, true);
  for (TestSession* s : {&a, &b}) {
    REQUIRE(s->Run("PREPARE look AS SELECT k FROM t WHERE id = $1; PREPARE change AS UPDATE t SET k = $2 WHERE id = $1") == "");
  }
  auto look = [&](int id) { return prepared ? Format("EXECUTE look(%d)", id) : Format("SELECT k FROM t WHERE id = %d", id); };
  auto change = [&](int id) {
    return prepared ? Format("EXECUTE change(%d, %d)", id, id * 10) : Format("UPDATE t SET k = %d WHERE id = %d", id * 10, id);
  };
  for (int turn = 0; turn < 4; ++turn) {
    for (TestSession* s : {&a, &b}) {
      if (watched_before) REQUIRE(s->Run(kBegin) == "");
      for (const int id : {7, 8}) REQUIRE(s->Run(look(id)) == std::to_string(id * 10));
      REQUIRE(s->Run(change(9)) == "");
      if (watched_before) REQUIRE(s->Run(turn == 1 ? "ROLLBACK" : "COMMIT") == "");
    }
  }
  REQUIRE(a.Run(kBegin) == "");
  REQUIRE(b.Run(kBegin) == "");
  for (TestSession* s : {&a, &b}) {
    for (const int id : {7, 8}) REQUIRE(s->Run(look(id)) == std::to_string(id * 10));
  }
  REQUIRE(a.Run("SELECT count(DISTINCT pid) FROM pg_locks WHERE mode = 'SIReadLock' AND relation = 't_pkey'::regclass") == "2");
  REQUIRE(a.Run(change(7)) == "");
  REQUIRE(b.Run(change(8)) == "");
  REQUIRE(a.Run("COMMIT") == "");
  REQUIRE(b.Run("COMMIT") == kFailure);
}

TEST_CASE("the least key is read, and no more of its index than that") {
  World w;
  TestSession a(*w.instance), b(*w.instance);
  REQUIRE(a.Run(kBegin) == "");
  REQUIRE(b.Run(kBegin) == "");
  REQUIRE(a.Run("SELECT id FROM t ORDER BY id LIMIT 1") == "1");
  REQUIRE(b.Run("SELECT id FROM t ORDER BY id DESC LIMIT 1") == "2000");
  REQUIRE(a.Run("UPDATE t SET k = 7 WHERE id = 1000") == "");
  REQUIRE(b.Run("INSERT INTO t VALUES (5000, 1)") == "");
  REQUIRE(a.Run("COMMIT") == "");
  REQUIRE(b.Run("COMMIT") == "");
}

TEST_CASE("what has been read through an index that goes, or of a table that is replaced, has been read of the table") {
  World w;
  REQUIRE(w.Run("CREATE TABLE u (a int)") == "");
  TestSession a(*w.instance), b(*w.instance), ddl(*w.instance);
  const auto locks = [&](const std::string& relation, const std::string& type) {
    return ddl.Run("SELECT count(*) FROM pg_locks WHERE mode = 'SIReadLock' AND relation = '" + relation +
                   "'::regclass AND locktype = '" + type + "'");
  };
  REQUIRE(b.Run(std::string(kBegin) + "; SELECT count(*) FROM u") == "0");
  REQUIRE(a.Run(std::string(kBegin) + "; SELECT count(*) FROM t WHERE k = 70") == "1");
  REQUIRE(locks("t_k", "page") == "1");
  REQUIRE(locks("t", "tuple") == "1");
  REQUIRE(locks("t", "relation") == "0");
  REQUIRE(locks("u", "relation") == "1");
  REQUIRE(a.Run("COMMIT") == "");  // b is concurrent: what a has read is kept
  REQUIRE(ddl.Run("DROP INDEX t_k") == "");
  REQUIRE(locks("t", "relation") == "1");
  REQUIRE(ddl.Run("TRUNCATE t") == "");
  REQUIRE(locks("t", "relation") == "1");
  REQUIRE(b.Run("COMMIT") == "");
  REQUIRE(ddl.Run("SELECT count(*) FROM pg_locks WHERE mode = 'SIReadLock'") == "0");
}

TEST_CASE("what concerns nobody else is not watched: temporary tables, system tables, ANALYZE, the making of indexes") {
  World w;
  TestSession a(*w.instance), b(*w.instance);
  REQUIRE(a.Run("CREATE TEMP TABLE mine (id int PRIMARY KEY, k int); CREATE INDEX ON mine (k); INSERT INTO mine VALUES (1, 1), (2, 2);"
                "CREATE TEMP TABLE brief (a int) ON COMMIT DELETE ROWS") == "");
  REQUIRE(b.Run(std::string(kBegin) + "; SELECT k FROM t WHERE id = 4") == "40");
  REQUIRE(a.Run(kBegin) == "");
  for (const char* statement :
       {"SELECT count(*) FROM mine; SELECT k FROM mine WHERE id = 1", "INSERT INTO mine VALUES (3, 3); UPDATE mine SET k = k + 1 WHERE k = 2",
        "INSERT INTO brief VALUES (1); SELECT * FROM brief", "SELECT k FROM mine WHERE id = 1 FOR UPDATE",
        "SELECT count(*) > 0 FROM pg_class; SELECT oid FROM pg_database WHERE datname = 'nope'", "ANALYZE t; ANALYZE mine",
        "CREATE INDEX ON t (k, id); CREATE INDEX ON mine (k, id)", "CREATE TEMP TABLE more AS SELECT 1 AS a; SELECT * FROM more"}) {
    INFO(statement);
    a.Run(statement);
    REQUIRE(a.Run("SELECT 'goes on'") == "goes on");
    REQUIRE(b.Run("SELECT count(*) FROM pg_locks WHERE mode = 'SIReadLock' AND pid <> pg_backend_pid()") == "0");
  }
  REQUIRE(a.Run("COMMIT") == "");
  REQUIRE(b.Run("COMMIT") == "");
}

TEST_CASE("modes of a serializable transaction") {
  World w;
  TestSession s(*w.instance), other(*w.instance);
  REQUIRE(s.Run("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE; SHOW transaction_deferrable") == "on");
  REQUIRE(s.Run("SELECT k FROM t WHERE id = 3; COMMIT") == "30");
  REQUIRE(s.Run("SET default_transaction_isolation = 'serializable'; SET default_transaction_read_only = on;"
                "SET default_transaction_deferrable = on") == "");
  REQUIRE(s.Run("SHOW transaction_deferrable") == "on");
  REQUIRE(s.Run("SELECT k FROM t WHERE id = 3") == "30");
  // With a writer about, a deferrable snapshot has to be waited for.
  REQUIRE(other.Run(std::string(kBegin) + "; SELECT k FROM t WHERE id = 4") == "40");
  REQUIRE(s.Run("SET statement_timeout = '50ms'; SELECT k FROM t WHERE id = 3") == "canceling statement due to statement timeout");
  // It waits for no lock.
  REQUIRE(s.Run("SET statement_timeout = '50ms'; SET lock_timeout = '1ms'; SELECT k FROM t WHERE id = 3") ==
          "canceling statement due to statement timeout");
  REQUIRE(other.Run("COMMIT") == "");
  REQUIRE(s.Run("SELECT k FROM t WHERE id = 3") == "30");
  REQUIRE(s.Run("SELECT pg_safe_snapshot_blocking_pids(1)") == "{}");
}

}  // namespace phantom::session
