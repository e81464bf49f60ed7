// PREPARE TRANSACTION and what ends it, from SQL; snapshots that one session exports and another imports.
#include "instance_fixture.h"

namespace phantom::session {
namespace {

class TwoPhaseFixture : public InstanceFixture {
 public:
  TwoPhaseFixture() : InstanceFixture(NamedValues{{"max_prepared_transactions", "5"}}) {}
  std::string Gids() { return Run("SELECT gid FROM pg_prepared_xacts ORDER BY prepared"); }
};

}  // namespace

TEST_CASE("a prepared transaction's changes are seen when it is committed") {
  TwoPhaseFixture f;
  TestSession one(*f.instance);
  REQUIRE(one.Run("CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t VALUES (1, 1), (2, 2)") == "");
  CHECK(one.Run("BEGIN; UPDATE t SET b = 10 WHERE a = 1; INSERT INTO t VALUES (3, 3); PREPARE TRANSACTION 'p'") == "");
  CHECK(one.Run("SELECT * FROM t ORDER BY a") == "1|1;2|2");
  CHECK(one.Run("SELECT gid, owner, database FROM pg_prepared_xacts") == "p|postgres|postgres");
  CHECK(one.Run("SET lock_timeout = '50ms'") == "");
  CHECK(one.Run("UPDATE t SET b = 0 WHERE a = 1") ==
        "canceling statement due to lock timeout | while updating tuple (0,1) in relation \"t\"");
  CHECK(f.Run("COMMIT PREPARED 'p'") == "");
  CHECK(one.Run("SELECT * FROM t ORDER BY a") == "1|10;2|2;3|3");
  CHECK(one.Run("BEGIN; DELETE FROM t; SAVEPOINT s; DROP TABLE t; PREPARE TRANSACTION 'p'") == "");
  CHECK(one.Run("SELECT * FROM t") == "canceling statement due to lock timeout");
  CHECK(f.Run("ROLLBACK PREPARED 'p'") == "");
  CHECK(one.Run("SELECT * FROM t ORDER BY a") == "1|10;2|2;3|3");
  // SET lasts as after a COMMIT.
  CHECK(one.Run("BEGIN; SET work_mem = '1MB'; SET LOCAL search_path = nowhere; PREPARE TRANSACTION 'p'") == "");
  CHECK(one.Run("SHOW work_mem") == "1MB");
  CHECK(one.Run("SHOW search_path") == "\"$user\", public");
  CHECK(one.Run("ROLLBACK PREPARED 'p'") == "");
}

TEST_CASE("what cannot be prepared is rolled back") {
  TwoPhaseFixture f;
  TestSession one(*f.instance), two(*f.instance);
  REQUIRE(one.Run("CREATE TABLE t (a int); CREATE TEMP TABLE own (a int); CREATE SEQUENCE s; CREATE TEMP SEQUENCE own_s") == "");
  const std::string temporary = "cannot PREPARE a transaction that has operated on temporary objects";
  const std::pair<const char*, std::string> cases[] = {
      {"SELECT * FROM own", temporary},
      {"INSERT INTO own VALUES (1)", temporary},
      {"CREATE TEMP TABLE more (a int)", temporary},
      {"CREATE TEMP TABLE more (a int) ON COMMIT DROP", temporary},
      {"DROP TABLE own", temporary},
      {"LOCK TABLE own", temporary},
      {"SAVEPOINT x; SELECT * FROM own; ROLLBACK TO x", temporary},
      {"SELECT nextval('own_s')", temporary},
      {"LISTEN c", "cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY"},
      {"NOTIFY c", "cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY"},
      {"DECLARE c CURSOR WITH HOLD FOR SELECT 1", "cannot PREPARE a transaction that has created a cursor WITH HOLD"},
      {"SELECT pg_export_snapshot()", "cannot PREPARE a transaction that has exported snapshots"},
      {"SELECT pg_advisory_lock(1); SELECT pg_advisory_xact_lock_shared(1)",
       "cannot PREPARE while holding both session-level and transaction-level locks on the same object"},
  };
  for (const auto& [sql, error] : cases) {
    INFO(sql);
    CHECK(one.Run("BEGIN; INSERT INTO t VALUES (1)") == "");
    one.Run(sql);
    CHECK(one.Run("PREPARE TRANSACTION 'p'") == error);
    CHECK(one.Run("SELECT * FROM t") == "");
    CHECK(one.Run("SHOW transaction_isolation") == "read committed");
  }
  CHECK(f.Gids() == "");
  CHECK(one.Run("SELECT pg_advisory_unlock_all()") == "");
  // Deferred constraints are decided now.
  REQUIRE(one.Run("CREATE TABLE u (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)") == "");
  CHECK(one.Run("BEGIN; INSERT INTO u VALUES (1), (1); PREPARE TRANSACTION 'p'") ==
        "duplicate key value violates unique constraint \"u_a_key\"");
  CHECK(one.Run("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'p'; SELECT nextval('s')") == "1");
  CHECK(one.Run("BEGIN; PREPARE TRANSACTION 'p'") == "transaction identifier \"p\" is already in use");
  CHECK(two.Run("BEGIN; COMMIT PREPARED 'p'") == "COMMIT PREPARED cannot run inside a transaction block");
  CHECK(two.Run("ROLLBACK") == "");
  CHECK(two.Run("SELECT 1; ROLLBACK PREPARED 'p'") == "ROLLBACK PREPARED cannot run inside a transaction block");
  CHECK(two.Run("COMMIT PREPARED 'q'") == "prepared transaction with identifier \"q\" does not exist");
  REQUIRE(two.Run("CREATE ROLE clerk") == "");
  CHECK(two.Run("SET ROLE clerk") == "");
  CHECK(two.Run("ROLLBACK PREPARED 'p'") == "permission denied to finish prepared transaction");
  CHECK(two.Run("RESET ROLE") == "");
  CHECK(two.Run("ROLLBACK PREPARED 'p'") == "");
  // A failed block is rolled back; without a block there is nothing to prepare.
  CHECK(one.Run("BEGIN; INSERT INTO t VALUES (1); SELECT 1 / 0") == "division by zero");
  CHECK(one.Run("PREPARE TRANSACTION 'p'") == "");
  CHECK(one.Run("PREPARE TRANSACTION 'p'") == "");
  CHECK(f.Gids() == "");
  CHECK(one.Run("INSERT INTO t VALUES (7); PREPARE TRANSACTION 'p'") == "");
  CHECK(f.Gids() == "p");
  CHECK(one.Run("COMMIT PREPARED 'p'") == "");
  CHECK(one.Run("SELECT * FROM t") == "7");
}

TEST_CASE("a database with prepared transactions is not dropped") {
  TwoPhaseFixture f;
  REQUIRE(f.Run("CREATE DATABASE d") == "");
  {
    const std::unique_ptr<Session> session = Must(Session::Create(*f.instance, {.user = "postgres", .database = "d"}));
    QuietSink sink;
    session->SimpleQuery("BEGIN; CREATE TABLE t (a int); PREPARE TRANSACTION 'in d'", sink);
  }
  CHECK(f.Gids() == "in d");
  CHECK(f.Run("COMMIT PREPARED 'in d'") == "prepared transaction belongs to another database");
  CHECK(f.Run("DROP DATABASE d WITH (FORCE)") == "database \"d\" is being used by prepared transactions");
}

TEST_CASE("prepared transactions with DDL, rows and locks come back after a restart, clean or not") {
  for (const bool clean : {true, false}) {
    for (const bool commits : {true, false}) {
      INFO((clean ? "clean" : "crash") << (commits ? ", commit" : ", rollback"));
      TwoPhaseFixture f;
      REQUIRE(f.Run("CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i;"
                    "CREATE TABLE old (a int); INSERT INTO old VALUES (1); CREATE TABLE changed (a int); CREATE TABLE still (a int);"
                    "INSERT INTO still VALUES (5)") == "");
      REQUIRE(f.Run("BEGIN; CREATE TABLE fresh (a serial PRIMARY KEY, b text); INSERT INTO fresh (b) SELECT 'y' FROM generate_series(1, 50);"
                    "DROP TABLE old; ALTER TABLE changed ADD COLUMN b int DEFAULT 7; CREATE INDEX ON t (b); INSERT INTO t VALUES (200, 'new');"
                    "TRUNCATE still; INSERT INTO still VALUES (6); SELECT pg_advisory_xact_lock(42); PREPARE TRANSACTION 'ddl'") == "");
      REQUIRE(f.Gids() == "ddl");
      for (int restart = 0; restart < 2; ++restart) {
        if (clean) {
          f.Close();
          f.Open();
        } else {
          f.Crash();
        }
        CHECK(f.Gids() == "ddl");
        CHECK(f.Run("SELECT pg_try_advisory_lock(42)") == "f");
        CHECK(f.Run("SELECT count(*) FROM pg_locks WHERE pid IS NULL AND virtualtransaction LIKE '-1/%' AND granted") != "0");
        CHECK(f.Run("SELECT * FROM fresh") == "relation \"fresh\" does not exist");
        CHECK(f.Run("SET lock_timeout = '20ms'; SELECT * FROM old") == "canceling statement due to lock timeout");
        CHECK(f.Run("SET lock_timeout = '20ms'; INSERT INTO t VALUES (201, 'z')") == "canceling statement due to lock timeout");
        CHECK(f.Run("SELECT count(*) FROM t") == "100");
      }
      {
        // A session that knows the tables as they were.
        TestSession before(*f.instance);
        CHECK(before.Run("SELECT count(*) FROM t") == "100");
        CHECK(f.Run(commits ? "COMMIT PREPARED 'ddl'" : "ROLLBACK PREPARED 'ddl'") == "");
        CHECK(before.Run("SELECT count(*) FROM t") == (commits ? "101" : "100"));
        CHECK(before.Run("SELECT * FROM still") == (commits ? "6" : "5"));
      }
      for (int restart = 0; restart < 2; ++restart) {
        CHECK(f.Gids() == "");
        CHECK(f.Run("SELECT pg_try_advisory_lock(42)") == "t");
        CHECK(f.Run("SELECT count(*) FROM old") == (commits ? "relation \"old\" does not exist" : "1"));
        CHECK(f.Run("SELECT count(*), max(a) FROM fresh") == (commits ? "50|50" : "relation \"fresh\" does not exist"));
        CHECK(f.Run("INSERT INTO changed (a) VALUES (1); SELECT * FROM changed LIMIT 1") == (commits ? "1|7" : "1"));
        CHECK(f.Run("SELECT count(*) FROM pg_indexes WHERE tablename = 't'") == (commits ? "2" : "1"));
        CHECK(f.Run("SELECT count(*) FROM phantom_check()") == "0");
        f.Crash();
      }
    }
  }
}

TEST_CASE("the offline check takes prepared transactions as they are") {
  TwoPhaseFixture f;
  REQUIRE(f.Run("CREATE TABLE t (a int PRIMARY KEY, b text); CREATE INDEX t_b ON t (b); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i") == "");
  REQUIRE(f.Run("BEGIN; DELETE FROM t WHERE a < 50; UPDATE t SET b = 'y'; PREPARE TRANSACTION 'rows'") == "");
  REQUIRE(f.Run("CREATE TABLE v (a int PRIMARY KEY, b int UNIQUE)") == "");
  REQUIRE(f.Run("BEGIN; ALTER TABLE v DROP COLUMN b; INSERT INTO v VALUES (1); PREPARE TRANSACTION 'ddl'") == "");
  f.Close();
  std::string problems;
  CHECK(Must(Instance::Check(f.env, "data", [&](const std::string& line) { problems += line + "\n"; })) == 0);
  CHECK(problems == "");
  f.Open();
  CHECK(f.Gids() == "rows;ddl");
  CHECK(f.Run("COMMIT PREPARED 'rows'") == "");
  CHECK(f.Run("COMMIT PREPARED 'ddl'") == "");
  CHECK(f.Run("SELECT count(*) FROM t WHERE b = 'y'") == "51");
  CHECK(f.Run("SELECT * FROM v") == "1");
}

TEST_CASE("an imported snapshot is the exporter's, without what that has written itself") {
  TwoPhaseFixture f;
  TestSession one(*f.instance), two(*f.instance), three(*f.instance);
  REQUIRE(one.Run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)") == "");
  REQUIRE(one.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO t VALUES (2)") == "");
  const std::string id = one.Run("SELECT pg_export_snapshot()");
  CHECK(id.size() == std::string("00000003-00000002-1").size());
  CHECK(one.Run("SELECT pg_export_snapshot()") == id.substr(0, 18) + "2");
  CHECK(three.Run("INSERT INTO t VALUES (3)") == "");
  const std::string import = "SET TRANSACTION SNAPSHOT '" + id + "'";
  CHECK(two.Run("BEGIN ISOLATION LEVEL REPEATABLE READ") == "");
  CHECK(two.Run(import) == "");
  CHECK(two.Run("SELECT * FROM t") == "1");
  CHECK(one.Run("SELECT * FROM t") == "1;2");
  CHECK(one.Run("COMMIT") == "");
  CHECK(two.Run("SELECT * FROM t") == "1");
  CHECK(two.Run("COMMIT; SELECT * FROM t ORDER BY a") == "1;2;3");

  CHECK(two.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; " + import) == "invalid snapshot identifier: \"" + id + "\"");
  CHECK(two.Run("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT 'x/../y'") ==
        "invalid snapshot identifier: \"x/../y\"");
  const std::string late = "SET TRANSACTION SNAPSHOT must be called before any query";
  CHECK(two.Run("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; " + import) == late);
  CHECK(two.Run("ROLLBACK; BEGIN; SELECT 1; " + import) == late);
  CHECK(two.Run("ROLLBACK; BEGIN; SAVEPOINT s; " + import) == late);
  CHECK(two.Run("ROLLBACK; BEGIN; " + import) ==
        "a snapshot-importing transaction must have isolation level SERIALIZABLE or REPEATABLE READ");
  CHECK(two.Run("ROLLBACK; BEGIN; SAVEPOINT s; SELECT pg_export_snapshot()") == "cannot export a snapshot from a subtransaction");
  CHECK(two.Run("ROLLBACK") == "");

  // READ COMMITTED exports what the statement sees.
  REQUIRE(one.Run("BEGIN") == "");
  const std::string second = one.Run("SELECT pg_export_snapshot()");
  CHECK(three.Run("DELETE FROM t; VACUUM t") == "VACUUM cannot run inside a transaction block");
  CHECK(three.Run("DELETE FROM t") == "");
  CHECK(three.Run("VACUUM t") == "");
  CHECK(two.Run("BEGIN ISOLATION LEVEL SERIALIZABLE; SET TRANSACTION SNAPSHOT '" + second + "'") ==
        "a serializable transaction cannot import a snapshot from a non-serializable transaction");
  CHECK(two.Run("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '" + second + "'") == "");
  CHECK(two.Run("SELECT * FROM t ORDER BY a") == "1;2;3");
  CHECK(two.Run("COMMIT; SELECT * FROM t") == "");
}

TEST_CASE("a snapshot that is safe can be imported, as long as its transaction lasts") {
  TwoPhaseFixture f;
  TestSession one(*f.instance), two(*f.instance), writer(*f.instance);
  REQUIRE(one.Run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)") == "");
  const std::string begin = "BEGIN ISOLATION LEVEL SERIALIZABLE", read_only = begin + " READ ONLY";
  REQUIRE(writer.Run(begin + "; SELECT a FROM t") == "1");
  REQUIRE(one.Run(read_only + "; SELECT a FROM t") == "1");
  const std::string id = one.Run("SELECT pg_export_snapshot()");
  REQUIRE(writer.Run("UPDATE t SET a = 2; COMMIT") == "");
  const std::string import = "SET TRANSACTION SNAPSHOT '" + id + "'";
  CHECK(two.Run(read_only + "; " + import + "; SELECT a FROM t; COMMIT") == "1");
  CHECK(two.Run(begin + "; " + import) ==
        "a non-read-only serializable transaction cannot import a snapshot from a read-only transaction");
  CHECK(two.Run("ROLLBACK") == "");
  CHECK(one.Run("COMMIT") == "");
  CHECK(two.Run(read_only + "; " + import) == "invalid snapshot identifier: \"" + id + "\"");
  CHECK(two.Run("ROLLBACK") == "");
}

TEST_CASE("the isolation level is not changed after a query, whatever it was") {
  TwoPhaseFixture f;
  TestSession one(*f.instance);
  CHECK(one.Run("BEGIN; SELECT 1; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE") ==
        "SET TRANSACTION ISOLATION LEVEL must be called before any query");
  CHECK(one.Run("ROLLBACK; BEGIN; SHOW work_mem; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; COMMIT") == "4MB");
}

}  // namespace phantom::session
