// What statements answer.
#include "query_fixture.h"

namespace phantom::engine {

TEST_CASE("values and expressions") {
  QueryFixture f;
  CHECK(f.Run("SELECT 1, 'x', NULL") == "1|x|");
  CHECK(f.Run("VALUES (1, 'a'), (2, NULL)") == "1|a;2|");
  CHECK(f.Run("SELECT CASE WHEN x = 0 THEN 0 ELSE 6 / x END FROM (VALUES (0), (2)) v(x)") == "0;3");
  CHECK(f.Run("SELECT x = 0 OR 6 / x > 2, x <> 0 AND 6 / x > 2 FROM (VALUES (0), (2)) v(x)") == "t|f;t|t");
  CHECK(f.Run("SELECT 6 / x FROM (VALUES (0), (2)) v(x)") == "22012: division by zero");
  CHECK(f.Run("SELECT coalesce(x, 7), nullif(x, 2), greatest(x, 1), x IS DISTINCT FROM 2 FROM (VALUES (NULL), (2)) v(x)") ==
        "7||1|t;2||2|f");
  CHECK(f.Run("SELECT (ARRAY[1,2,3])[2], (ARRAY[1,2,3])[2:3], ARRAY[[1,2],[3,4]], 2 = ANY (ARRAY[1,2])") ==
        "2|{2,3}|{{1,2},{3,4}}|t");
  CHECK(f.Run("SELECT ROW(1, 'a'), (1, 2) < (1, 3), (1, NULL::int) < (1, 3)") == "(1,a)|t|");
  CHECK(f.Run("SELECT x IN (1, 2), x NOT IN (1, NULL) FROM (VALUES (1), (3)) v(x)") == "t|f;f|");
}

TEST_CASE("rows are inserted, updated and deleted") {
  QueryFixture f;
  CHECK(f.Run("INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)") == "3");
  CHECK(f.Run("SELECT * FROM t ORDER BY a") == "1|10;2|20;3|30");
  CHECK(f.Run("SELECT b FROM t WHERE a = 2") == "20");
  CHECK(f.Run("UPDATE t SET b = b + 1, a = a + 10 WHERE a > 1 RETURNING a, b") == "12|21;13|31");
  CHECK(f.Run("SELECT a FROM t WHERE a = 12") == "12");
  CHECK(f.Run("SELECT a FROM t WHERE a = 2") == "");
  CHECK(f.Run("INSERT INTO t VALUES (1, 5) ON CONFLICT (a) DO UPDATE SET b = t.b + excluded.b RETURNING *") == "1|15");
  CHECK(f.Run("INSERT INTO t VALUES (1, 5), (4, 4) ON CONFLICT DO NOTHING") == "1");
  CHECK(f.Run("DELETE FROM t WHERE a = 1 RETURNING b") == "15");
  CHECK(f.Run("SELECT a FROM t ORDER BY a") == "4;12;13");
  CHECK(f.Run("WITH d AS (DELETE FROM t WHERE a > 10 RETURNING a) SELECT sum(a) FROM d") == "25");
  CHECK(f.Run("SELECT count(*) FROM t") == "1");
  CHECK(f.Run("INSERT INTO t VALUES (4, 1)").starts_with("23505: duplicate key value violates unique constraint"));
}

TEST_CASE("small executions are reusable unless they held much") {
  QueryFixture f;
  const std::string large = "repeat('x', 300000)";
  CHECK(f.Run("INSERT INTO s VALUES (1, 'a'), (2, 'b')") == "2");
  CHECK(f.reusable);
  CHECK(f.Run("INSERT INTO s VALUES (3, " + large + ")") == "1");
  CHECK(!f.reusable);
  CHECK(f.Run("SELECT name FROM s WHERE id = 1") == "a");
  CHECK(f.reusable);
  CHECK(f.Run("SELECT id FROM s WHERE id = 3 AND name <> 'a'") == "3");
  CHECK(!f.reusable);
  CHECK(f.Run("SELECT length(" + large + " || name) FROM s WHERE id = 1") == "300001");
  CHECK(f.reusable);
  CHECK(f.Run("SELECT " + large + " || name FROM s WHERE id = 1").size() == 300001);
  CHECK(!f.reusable);
  CHECK(f.Run("UPDATE s SET v = 1 WHERE id = 2") == "1");
  CHECK(f.reusable);
  CHECK(f.Run("UPDATE s SET name = name || " + large + " WHERE id = 2") == "1");
  CHECK(!f.reusable);
  CHECK(f.Run("DELETE FROM s WHERE id = 1") == "1");
  CHECK(f.reusable);
  CHECK(f.Run("SELECT id FROM s ORDER BY id") == "2;3");
  CHECK(!f.reusable);
}

TEST_CASE("a row without its key is refused") {
  QueryFixture f;
  CHECK(f.Run("INSERT INTO t VALUES (NULL, 1)") ==
        "23502: null value in column \"a\" of relation \"t\" violates not-null constraint (Failing row contains (null, 1).)");
}

TEST_CASE("joins, groups, sorts, windows and subqueries") {
  QueryFixture f;
  REQUIRE(f.Run("INSERT INTO t SELECT i, i % 3 FROM generate_series(1, 6) g(i)") == "6");
  REQUIRE(f.Run("INSERT INTO u VALUES (1, 1), (2, 2), (7, NULL)") == "3");
  CHECK(f.Run("SELECT t.a, u.b FROM t JOIN u ON t.a = u.a ORDER BY 1") == "1|1;2|2");
  CHECK(f.Run("SELECT t.a, u.a FROM t FULL JOIN u ON t.a = u.a ORDER BY 1, 2") == "1|1;2|2;3|;4|;5|;6|;|7");
  CHECK(f.Run("SELECT t.a, u.b FROM t LEFT JOIN u ON u.b = t.a ORDER BY 1") == "1|1;2|2;3|;4|;5|;6|");
  CHECK(f.Run("SELECT a FROM t WHERE a IN (SELECT a FROM u) ORDER BY a") == "1;2");
  CHECK(f.Run("SELECT a FROM t WHERE a NOT IN (SELECT b FROM u) ORDER BY a") == "");
  CHECK(f.Run("SELECT a FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a) ORDER BY a") == "3;4;5;6");
  CHECK(f.Run("SELECT a, (SELECT max(u.b) FROM u WHERE u.a <= t.a) FROM t WHERE a < 3 ORDER BY a") == "1|1;2|2");
  CHECK(f.Run("SELECT t.a, x.a FROM t, LATERAL (SELECT a FROM u WHERE u.a < t.a) x WHERE t.a = 3 ORDER BY 2") ==
        "3|1;3|2");
  CHECK(f.Run("SELECT b, count(*), sum(a) FROM t GROUP BY b HAVING count(*) > 1 ORDER BY b") == "0|2|9;1|2|5;2|2|7");
  CHECK(f.Run("SELECT b, grouping(b), count(*) FROM t GROUP BY ROLLUP (b) ORDER BY 2, 1") == "0|0|2;1|0|2;2|0|2;|1|6");
  CHECK(f.Run("SELECT count(DISTINCT b), string_agg(a::text, ',' ORDER BY a DESC) FROM t") == "3|6,5,4,3,2,1");
  CHECK(f.Run("SELECT a FROM t ORDER BY b DESC, a LIMIT 3 OFFSET 1") == "5;1;4");
  CHECK(f.Run("SELECT DISTINCT ON (b) b, a FROM t ORDER BY b, a DESC") == "0|6;1|4;2|5");
  CHECK(f.Run("SELECT a, row_number() OVER (PARTITION BY b ORDER BY a), sum(a) OVER (ORDER BY a), lag(a) OVER (ORDER BY a) "
              "FROM t ORDER BY a LIMIT 4") == "1|1|1|;2|1|3|1;3|1|6|2;4|2|10|3");
  CHECK(f.Run("SELECT a FROM t INTERSECT SELECT a FROM u ORDER BY 1") == "1;2");
  CHECK(f.Run("SELECT b FROM t EXCEPT ALL SELECT b FROM u ORDER BY 1") == "0;0;1;2");
  CHECK(f.Run("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 100) SELECT sum(n) FROM r") == "5050");
  CHECK(f.Run("SELECT generate_series(1, 2), a FROM t WHERE a < 3 ORDER BY a, 1") == "1|1;2|1;1|2;2|2");
  CHECK(f.Run("SELECT a FROM t WHERE a = ANY (SELECT a FROM u) AND a > ALL (SELECT 1)") == "2");
}

TEST_CASE("what does not fit in memory is spilled, with the same result") {
  QueryFixture f;
  f.memory = std::make_unique<MemoryBroker>(64 * 1024, 64 * 1024);
  CHECK(f.Run("SELECT count(*), sum(n) FROM (SELECT i, count(*) AS n FROM generate_series(1, 20000) g(i) GROUP BY i) x") ==
        "20000|20000");
  CHECK(f.Run("SELECT count(*), sum(x.i) FROM generate_series(1, 20000) x(i) JOIN generate_series(1, 20000) y(i) ON x.i = y.i") ==
        "20000|200010000");
  CHECK(f.Run("SELECT i FROM (SELECT i FROM generate_series(1, 20000) g(i) ORDER BY i DESC) s OFFSET 19998") == "2;1");
}

}  // namespace phantom::engine
