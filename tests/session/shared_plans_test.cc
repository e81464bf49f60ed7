// Plans that sessions share, and that a session keeps for the texts of its unnamed statement: the same results as if each were
// made anew.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "instance_fixture.h"
#include "session/plan_cache.h"

namespace phantom::session {
namespace {

class SharedPlans : public InstanceFixture {
 public:
  SharedPlans() {
    REQUIRE(Run("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, 10 * i FROM generate_series(1, 9) i") == "");
  }

  uint64_t Found() { return instance->plans().usage().found; }
  size_t Entries() { return instance->plans().usage().entries; }
};

const std::string kPoint = "SELECT v FROM t WHERE id = $1";

}  // namespace

TEST_CASE_METHOD(SharedPlans, "a session takes the plan of another for Parse") {
  TestSession one(*instance), other(*instance);
  REQUIRE(one.Extended(kPoint, {"4"}) == "40");
  const size_t entries = Entries();
  uint64_t found = Found();
  CHECK(other.Extended(kPoint, {"5"}) == "50");
  CHECK(Found() > found);
  CHECK(other.Prepare("s", kPoint) == "");
  CHECK(other.Execute("s", {"6"}) == "60");
  CHECK(Entries() == entries);
  // Its own statements it need not look for.
  found = Found();
  CHECK(other.Extended("BEGIN") == "");
  for (int i = 1; i <= 3; ++i) {
    CHECK(other.Extended(kPoint, {std::to_string(i)}) == std::to_string(10 * i));
    CHECK(other.Extended("SELECT $1::text", {"x"}) == "x");
    if (i == 1) found = Found();
  }
  CHECK(other.Extended("COMMIT") == "");
  CHECK(Found() == found);
  CHECK(other.Run("SELECT name FROM pg_prepared_statements") == "s");
  CHECK(other.Prepare("s", kPoint) == "prepared statement \"s\" already exists");
}

TEST_CASE_METHOD(SharedPlans, "a session takes the plan of another for a simple query with other literals") {
  TestSession one(*instance), other(*instance);
  REQUIRE(one.Run("SELECT v FROM t WHERE id = 4") == "40");
  const uint64_t found = Found();
  CHECK(other.Run("SELECT v FROM t WHERE id = 5") == "50");
  CHECK(Found() == found + 1);
  CHECK(other.Run("SELECT v FROM t WHERE id = 6") == "60");
  CHECK(Found() == found + 1);
  REQUIRE(one.Run("ALTER TABLE t ALTER v TYPE text") == "");
  CHECK(other.Run("SELECT v FROM t WHERE id = 7") == "70");
  CHECK(other.Run("SELECT v || '!' FROM t WHERE id = 8") == "80!");
}

TEST_CASE_METHOD(SharedPlans, "plans follow DDL") {
  TestSession one(*instance), other(*instance);
  const std::string all = "SELECT * FROM t WHERE id = 1";
  REQUIRE(one.Extended(all) == "1|10");
  REQUIRE(other.Extended(all) == "1|10");
  REQUIRE(other.Prepare("s", all) == "");
  REQUIRE(one.Run("ALTER TABLE t ADD w int DEFAULT 7") == "");
  CHECK(one.Extended(all) == "1|10|7");
  CHECK(other.Extended(all) == "1|10|7");
  CHECK(other.Execute("s") == "cached plan must not change result type");
  REQUIRE(one.Run("ALTER TABLE t DROP w") == "");
  CHECK(other.Execute("s") == "1|10");
  REQUIRE(one.Run("DROP TABLE t") == "");
  CHECK(other.Extended(all) == "relation \"t\" does not exist");
  REQUIRE(one.Run("CREATE TABLE t (id text); INSERT INTO t VALUES ('1')") == "");
  CHECK(other.Extended("SELECT * FROM t WHERE id = '1'") == "1");
  CHECK(other.Extended(all) == "operator does not exist: text = integer");
}

TEST_CASE_METHOD(SharedPlans, "plans follow ANALYZE and the sizes of tables") {
  TestSession one(*instance), other(*instance);
  REQUIRE(one.Run("CREATE TABLE large (id int, k int); CREATE INDEX large_k ON large (k)") == "");
  const std::string by_k = "SELECT count(*) FROM large WHERE k = $1";
  REQUIRE(one.Extended(by_k, {"1"}) == "0");
  REQUIRE(other.Run("INSERT INTO large SELECT i, i FROM generate_series(1, 20000) i") == "");
  CHECK(one.Extended(by_k, {"1"}) == "1");
  REQUIRE(other.Prepare("s", by_k) == "");
  CHECK(other.Run("EXPLAIN (COSTS OFF) EXECUTE s (5)").find("large_k") != std::string::npos);
  const size_t entries = Entries();
  REQUIRE(other.Run("ANALYZE large") == "");
  CHECK(one.Extended(by_k, {"7"}) == "1");
  CHECK(Entries() == entries);
  const uint64_t found = Found();
  CHECK(other.Extended(by_k, {"8"}) == "1");
  CHECK(Found() > found);
}

TEST_CASE_METHOD(SharedPlans, "names mean what a session's search path says") {
  REQUIRE(Run("CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.n (v int); CREATE TABLE b.n (v text);"
              "INSERT INTO a.n VALUES (1); INSERT INTO b.n VALUES ('two')") == "");
  TestSession one(*instance), other(*instance);
  const std::string both = "SELECT v FROM n";
  REQUIRE(one.Run("SET search_path = a") == "");
  REQUIRE(other.Run("SET search_path = b") == "");
  for (int i = 0; i < 2; ++i) {
    CHECK(one.Extended(both) == "1");
    CHECK(other.Extended(both) == "two");
  }
  const uint64_t found = Found();
  REQUIRE(one.Run("SET search_path = b") == "");
  CHECK(one.Extended(both) == "two");
  CHECK(Found() > found);
  REQUIRE(one.Run("BEGIN; SET LOCAL search_path = a") == "");
  CHECK(one.Extended(both) == "1");
  REQUIRE(one.Run("ROLLBACK") == "");
  CHECK(one.Extended(both) == "two");
  REQUIRE(one.Run("RESET search_path") == "");
  CHECK(one.Extended(both) == "relation \"n\" does not exist");
}

TEST_CASE_METHOD(SharedPlans, "settings that values are read by tell plans apart, names of sessions do not") {
  TestSession one(*instance), other(*instance);
  const std::string date = "SELECT extract(month FROM '2/1/2000'::date)";
  REQUIRE(other.Run("SET DateStyle = 'ISO, DMY'") == "");
  for (int i = 0; i < 2; ++i) {
    CHECK(one.Extended(date) == "2");
    CHECK(other.Extended(date) == "1");
  }
  REQUIRE(one.Extended(kPoint, {"1"}) == "10");
  REQUIRE(one.Run("SET application_name = 'one'") == "");
  REQUIRE(other.Run("RESET DateStyle; SET application_name = 'other'; SET my.own = 'x'") == "");
  const uint64_t found = Found();
  CHECK(other.Extended(kPoint, {"1"}) == "10");
  CHECK(Found() > found);
}

TEST_CASE_METHOD(SharedPlans, "a plan with the time of its making in it is of its transaction alone") {
  TestSession session(*instance);
  const std::string now = "SELECT 'now'::timestamptz = now(), 'today'::date = current_date";
  const size_t entries = Entries();
  for (int i = 0; i < 2; ++i) {
    CHECK(session.Extended(now) == "t|t");
    CHECK(Entries() == entries);
  }
  CHECK(session.Extended("SELECT now() > '2000-01-01'") == "t");
  CHECK(Entries() == entries + 1);
}

TEST_CASE_METHOD(SharedPlans, "plans are their role's") {
  REQUIRE(Run("CREATE ROLE reader; CREATE ROLE stranger; GRANT SELECT ON t TO reader") == "");
  TestSession one(*instance), other(*instance);
  REQUIRE(one.Extended(kPoint, {"1"}) == "10");
  REQUIRE(other.Run("SET ROLE stranger") == "");
  CHECK(other.Extended(kPoint, {"1"}) == "permission denied for table t");
  REQUIRE(other.Run("SET ROLE reader") == "");
  CHECK(other.Extended(kPoint, {"1"}) == "10");
  REQUIRE(one.Run("REVOKE SELECT ON t FROM reader") == "");
  CHECK(other.Extended(kPoint, {"1"}) == "permission denied for table t");
  REQUIRE(other.Run("RESET ROLE") == "");
  CHECK(other.Extended(kPoint, {"1"}) == "10");
}

TEST_CASE_METHOD(SharedPlans, "temporary tables hide others in their session only") {
  TestSession one(*instance), other(*instance);
  REQUIRE(one.Extended(kPoint, {"1"}) == "10");
  REQUIRE(other.Extended(kPoint, {"1"}) == "10");
  REQUIRE(other.Run("CREATE TEMP TABLE t (id int, v text); INSERT INTO t VALUES (1, 'mine')") == "");
  CHECK(other.Extended(kPoint, {"1"}) == "mine");
  CHECK(other.Run("SELECT v FROM t WHERE id = 1") == "mine");
  CHECK(one.Extended(kPoint, {"1"}) == "10");
  CHECK(one.Run("SELECT v FROM t WHERE id = 1") == "10");
  TestSession third(*instance);
  CHECK(third.Extended(kPoint, {"1"}) == "10");
  CHECK(third.Run("SELECT v FROM t WHERE id = 1") == "10");
  REQUIRE(other.Run("DROP TABLE t") == "");
  CHECK(other.Extended(kPoint, {"1"}) == "10");
}

TEST_CASE_METHOD(SharedPlans, "what a transaction has not committed is in its own plans only") {
  REQUIRE(Run("CREATE SCHEMA s") == "");
  TestSession one(*instance), other(*instance);
  REQUIRE(one.Run("SET search_path = s, public") == "");
  REQUIRE(other.Run("SET search_path = s, public") == "");
  REQUIRE(one.Extended(kPoint, {"1"}) == "10");
  REQUIRE(one.Run("BEGIN; CREATE TABLE s.t (id int, v text); INSERT INTO s.t VALUES (1, 'new')") == "");
  CHECK(one.Extended(kPoint, {"1"}) == "new");
  CHECK(other.Extended(kPoint, {"1"}) == "10");
  REQUIRE(one.Run("ROLLBACK") == "");
  CHECK(one.Extended(kPoint, {"1"}) == "10");
  REQUIRE(one.Run("BEGIN; CREATE TABLE s.t (id int, v text); INSERT INTO s.t VALUES (1, 'new')") == "");
  CHECK(one.Extended(kPoint, {"1"}) == "new");
  REQUIRE(one.Run("COMMIT") == "");
  CHECK(one.Extended(kPoint, {"1"}) == "new");
  CHECK(other.Extended(kPoint, {"1"}) == "new");
}

TEST_CASE_METHOD(SharedPlans, "a plan by an index is not for a snapshot that is older than the index") {
  TestSession old(*instance), other(*instance), later(*instance);
  for (TestSession* each : {&old, &other, &later}) REQUIRE(each->Run("SET enable_seqscan = off") == "");
  REQUIRE(old.Run("BEGIN ISOLATION LEVEL REPEATABLE READ") == "");
  const std::string snapshot = old.Run("SELECT pg_export_snapshot()");
  REQUIRE(other.Run("UPDATE t SET v = v + 1; CREATE INDEX t_v ON t (v)") == "");
  const std::string by_v = "SELECT id FROM t WHERE v = $1";
  REQUIRE(other.Extended(by_v, {"41"}) == "4");
  REQUIRE(other.Run("EXPLAIN (COSTS OFF) SELECT id FROM t WHERE v = 41").find("t_v") != std::string::npos);
  CHECK(old.Extended(by_v, {"40"}) == "4");
  CHECK(old.Extended(by_v, {"41"}) == "");
  // Nor, of another session's snapshot, what the session itself has planned before.
  REQUIRE(later.Prepare("s", by_v) == "");
  REQUIRE(later.Execute("s", {"41"}) == "4");
  REQUIRE(later.Extended(by_v, {"41"}) == "4");
  REQUIRE(later.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '" + snapshot + "'") == "");
  CHECK(later.Execute("s", {"40"}) == "4");
  CHECK(later.Extended(by_v, {"40"}) == "4");
  CHECK(later.Extended(by_v, {"41"}) == "");
  REQUIRE(later.Run("COMMIT") == "");
  CHECK(later.Extended(by_v, {"41"}) == "4");
}

TEST_CASE_METHOD(SharedPlans, "the unnamed statement goes as it must, and its portals stay") {
  TestSession session(*instance);
  REQUIRE(session.Prepare("", kPoint) == "");
  CHECK(session.Execute("", {"1"}) == "10");
  CHECK(session.Execute("", {"2"}) == "20");
  CHECK(session.Prepare("", "SELEC") == "syntax error at or near \"SELEC\"");
  CHECK(session.Execute("", {"1"}) == "unnamed prepared statement does not exist");
  REQUIRE(session.Prepare("", kPoint) == "");
  REQUIRE(session.Run("SELECT 1") == "1");
  CHECK(session.Execute("", {"1"}) == "unnamed prepared statement does not exist");
  REQUIRE(session.Run("BEGIN") == "");
  const std::string all = "SELECT id FROM t ORDER BY id";
  REQUIRE(session.Prepare("", all) == "");
  CHECK(session.Fetch("p", "", 2) == "1;2");
  CHECK(session.Extended(all) == "1;2;3;4;5;6;7;8;9");
  CHECK(session.FetchMore("p", 2) == "3;4");
  CHECK(session.Extended("SELECT 1/$1::int", {"0"}) == "division by zero");
  CHECK(session.Extended(all).starts_with("current transaction is aborted"));
  CHECK(session.Extended("ROLLBACK") == "");
  CHECK(session.Extended("SELECT 1/$1::int", {"1"}) == "1");
  REQUIRE(session.Run("DISCARD PLANS") == "");
  CHECK(Entries() == 0);
  CHECK(session.Extended(all) == "1;2;3;4;5;6;7;8;9");
  REQUIRE(session.Run("DISCARD ALL") == "");
  CHECK(session.Extended(all) == "1;2;3;4;5;6;7;8;9");
}

TEST_CASE_METHOD(SharedPlans, "types given for parameters tell plans apart") {
  TestSession one(*instance), other(*instance);
  REQUIRE(one.Run("PREPARE p (text) AS SELECT $1; SELECT 1") == "1");
  CHECK(one.Extended("SELECT $1 || 'x'", {"1"}) == "1x");
  CHECK(other.Extended("SELECT $1 || 'x'", {"2"}) == "2x");
  CHECK(one.Run("EXECUTE p ('y')") == "y");
}

TEST_CASE_METHOD(SharedPlans, "sessions use the same plans at once, beside DDL and ANALYZE") {
  constexpr int kSessions = 4, kRounds = 150;
  std::atomic<int> wrong{0}, running{kSessions};
  std::vector<std::thread> threads;
  for (int number = 0; number < kSessions; ++number) {
    threads.emplace_back([&, number] {
      TestSession session(*instance);
      for (int i = 0; i < kRounds; ++i) {
        const int id = 1 + (i + number) % 9;
        const std::string wanted = std::to_string(10 * id), given = std::to_string(id);
        if (session.Extended(kPoint, {given}) != wanted) ++wrong;
        if (session.Run("SELECT v FROM t WHERE id = " + given) != wanted) ++wrong;
        if (session.Extended("SELECT sum(a.v) FROM t a JOIN t b USING (id) WHERE b.v = $1", {wanted}) != wanted) ++wrong;
      }
      --running;
    });
  }
  TestSession changer(*instance);
  int failed = 0;
  // No more than a table may have columns in its life.
  for (int i = 0; i < 500 && running > 0; ++i) {
    for (const char* sql : {"ALTER TABLE t ADD w int DEFAULT 3", "ANALYZE t", "CREATE INDEX t_v ON t (v)",
                            "ALTER TABLE t DROP w", "DROP INDEX t_v"}) {
      failed += changer.Run(sql) != "";
    }
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(failed == 0);
}

TEST_CASE_METHOD(SharedPlans, "statements of one text run by one execution, one after the other and at once") {
  TestSession session(*instance);
  for (const char* name : {"a", "b", "c"}) REQUIRE(session.Prepare(name, kPoint) == "");
  for (int i = 1; i <= 9; ++i) CHECK(session.Execute(i % 2 == 0 ? "a" : "b", {std::to_string(i)}) == std::to_string(10 * i));
  // A portal that is open has its execution for itself.
  const std::string all = "SELECT v FROM t WHERE id IN (1, 2) ORDER BY id";
  for (const char* name : {"d", "e"}) REQUIRE(session.Prepare(name, all) == "");
  REQUIRE(session.Run("BEGIN") == "");
  CHECK(session.Fetch("one", "d", 1) == "10");
  CHECK(session.Execute("a", {"3"}) == "30");
  CHECK(session.Fetch("two", "e", 1) == "10");
  CHECK(session.FetchMore("one", 1) == "20");
  CHECK(session.FetchMore("two", 1) == "20");
  REQUIRE(session.Run("COMMIT") == "");
  // One of them goes, or fails; the plan is made anew.
  REQUIRE(session.Run("DEALLOCATE a") == "");
  CHECK(session.Execute("b", {"x"}).starts_with("invalid input syntax for type integer: \"x\""));
  CHECK(session.Execute("b", {"4"}) == "40");
  REQUIRE(session.Run("ALTER TABLE t ADD w int; UPDATE t SET v = v + 1") == "");
  CHECK(session.Execute("c", {"4"}) == "41");
  CHECK(session.Execute("b", {"5"}) == "51");
}

}  // namespace phantom::session
