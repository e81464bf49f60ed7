// Parse, Bind and Execute of what is no plain query.
#include <string>

#include "instance_fixture.h"

namespace phantom::session {

TEST_CASE("queries in utility statements take parameters, their types inferred") {
  InstanceFixture f;
  TestSession session(*f.instance);
  REQUIRE(session.Run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, i || '!' FROM generate_series(1, 9) i") == "");
  CHECK(session.Extended("CREATE TABLE made AS SELECT id, $2 AS w FROM t WHERE id > $1", {"7", "x"}) == "");
  CHECK(session.Extended("SELECT id, v INTO chosen FROM t WHERE v = $1", {"3!"}) == "");
  CHECK(session.Run("SELECT id, w FROM made UNION ALL SELECT id, v FROM chosen ORDER BY 1") == "3|3!;8|x;9|x");
  CHECK(session.Extended("EXPLAIN (COSTS OFF) SELECT v FROM t WHERE id = $1", {"4"}).starts_with("Index Scan using t_pkey on t"));
  CHECK(session.Extended("EXPLAIN ANALYZE UPDATE t SET v = $2 WHERE id = $1", {"4", "four"}).starts_with("Update on t"));
  CHECK(session.Extended("SELECT v FROM t WHERE id = $1", {"4"}) == "four");
  REQUIRE(session.Run("BEGIN") == "");
  CHECK(session.Extended("DECLARE c CURSOR FOR SELECT id FROM t WHERE id >= $1 ORDER BY id", {"8"}) == "");
  CHECK(session.Extended("FETCH ALL c") == "8;9");
  REQUIRE(session.Run("COMMIT") == "");
  // Known when the statement is parsed, as with a query.
  CHECK(session.Prepare("s", "EXPLAIN SELECT * FROM nowhere") == "relation \"nowhere\" does not exist");
  CHECK(session.Prepare("s", "CREATE TABLE again AS SELECT $1::int AS a") == "");
  for (const char* value : {"1", "2"}) {
    CHECK(session.Execute("s", {value}) == "");
    CHECK(session.Run("SELECT a FROM again; DROP TABLE again") == value);
  }
}

TEST_CASE("a parameter of a domain is checked as its values are") {
  InstanceFixture f;
  TestSession session(*f.instance);
  REQUIRE(session.Run("CREATE DOMAIN small AS int CHECK (VALUE < 7); CREATE DOMAIN tiny AS small NOT NULL; CREATE DOMAIN short AS varchar(3);"
                      "CREATE TABLE t (a small, b tiny, c short)") == "");
  const std::string violation = "value for domain small violates check constraint \"small_check\"";
  REQUIRE(session.Prepare("put", "INSERT INTO t VALUES ($1, $2, $3)") == "");
  for (int i = 0; i < 2; ++i) {
    CHECK(session.Execute("put", {"1", "2", "abc"}) == "");
    CHECK(session.Execute("put", {"9", "2", "abc"}) == violation);
    CHECK(session.Execute("put", {"1", "9", "abc"}) == "value for domain tiny violates check constraint \"small_check\"");
    CHECK(session.Execute("put", {"1", "2", "abcd"}) == "value too long for type character varying(3) | portal parameter $3");
  }
  CHECK(session.Extended("UPDATE t SET a = $1", {"9"}) == violation);
  CHECK(session.Extended("SELECT $1::small", {"9"}) == violation);
  CHECK(session.Extended("SELECT a FROM t WHERE a = $1 OR a < $1::small", {"9"}) == violation);
  CHECK(session.Extended("SELECT count(*) FROM t WHERE a = $1", {"9"}) == "0");
  REQUIRE(session.Run("ALTER DOMAIN small DROP CONSTRAINT small_check") == "");
  CHECK(session.Execute("put", {"9", "9", ""}) == "");
}

TEST_CASE("portals are cursors") {
  InstanceFixture f;
  TestSession session(*f.instance);
  REQUIRE(session.Run("BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT 1") == "");
  REQUIRE(session.Prepare("s", "SELECT name, statement, is_scrollable FROM pg_cursors ORDER BY 1") == "");
  CHECK(session.Fetch("p", "s", 2) == "c| DECLARE c NO SCROLL CURSOR FOR SELECT 1|f;"
                                      "p|SELECT name, statement, is_scrollable FROM pg_cursors ORDER BY 1|f");
}

TEST_CASE("what EXECUTE runs knows the request's text") {
  InstanceFixture f;
  TestSession session(*f.instance);
  REQUIRE(session.Run("PREPARE q AS SELECT current_query()") == "");
  CHECK(session.Run("EXECUTE q") == "EXECUTE q");
  CHECK(session.Extended("EXECUTE q") == "EXECUTE q");
  CHECK(session.Execute("q") == "PREPARE q AS SELECT current_query()");
}

}  // namespace phantom::session
