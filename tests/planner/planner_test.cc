#include "fixture.h"

#include "planner/explain.h"

#include <catch2/catch.hpp>

namespace phantom::planner {

std::string Shape(const PhysicalNode& node) {
  static constexpr const char* kNames[] = {
      "Values", "SeqScan", "IndexScan", "FunctionScan", "CteScan", "WorkTableScan", "Filter", "Project", "ProjectSet",
      "HashJoin", "NestedLoop", "IndexLookupJoin", "Aggregate", "Window", "Sort", "TopN", "Limit", "Unique", "SetOp", "Append",
      "RecursiveUnion", "With", "Materialize", "Memoize", "LockRows", "Insert", "Update", "Delete", "Merge", "PointSelect"};
  std::string text = kNames[static_cast<int>(node.kind)];
  if (node.children.empty()) return text;
  text += "(";
  for (size_t i = 0; i < node.children.size(); ++i) text += (i > 0 ? ", " : "") + Shape(*node.children[i]);
  return text + ")";
}

TEST_CASE("every kind of statement is planned") {
  PlannerFixture f;
  const char* statements[] = {
      "SELECT 1, 'x', 1.5, NULL, true",
      "SELECT * FROM t",
      "SELECT a FROM t WHERE b = 3 AND a > 1",
      "SELECT a + 1 AS x, b::text FROM t ORDER BY x DESC LIMIT 3",
      "SELECT t.a, u.b FROM t JOIN u ON t.a = u.a",
      "SELECT * FROM t LEFT JOIN u USING (a)",
      "SELECT * FROM t NATURAL JOIN u",
      "SELECT * FROM t FULL JOIN u USING (a) WHERE t.b IS NULL",
      "SELECT b, count(*), sum(a), avg(a) FROM t GROUP BY b HAVING count(*) > 1 ORDER BY 2 DESC",
      "SELECT count(*) FROM t",
      "SELECT DISTINCT b FROM t ORDER BY b",
      "SELECT DISTINCT ON (b) a, b FROM t ORDER BY b, a",
      "SELECT a, row_number() OVER (PARTITION BY b ORDER BY a), sum(a) OVER w FROM t WINDOW w AS (ORDER BY b)",
      "SELECT a FROM t UNION SELECT b FROM u ORDER BY 1",
      "SELECT a FROM t UNION ALL SELECT 1.5",
      "SELECT a FROM t EXCEPT SELECT b FROM u",
      "WITH x AS (SELECT a FROM t) SELECT * FROM x",
      "WITH x AS (SELECT a FROM t) SELECT * FROM x, x AS y",
      "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT sum(n) FROM r",
      "SELECT (SELECT max(b) FROM u WHERE u.a = t.a) FROM t",
      "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
      "SELECT * FROM t WHERE a IN (SELECT b FROM u)",
      "SELECT * FROM t WHERE a NOT IN (SELECT b FROM u)",
      "SELECT * FROM t WHERE a IN (1, 2, 3)",
      "SELECT * FROM t, LATERAL (SELECT * FROM u WHERE u.a = t.b) x",
      "SELECT * FROM generate_series(1, 10) g(i) WHERE i > 3",
      "SELECT generate_series(1, 3), a FROM t",
      "SELECT * FROM unnest(ARRAY[1,2], ARRAY['a','b']) WITH ORDINALITY",
      "VALUES (1, 'a'), (2, NULL)",
      "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(x, y) WHERE x = 1",
      "SELECT CASE a WHEN 1 THEN 'one' ELSE 'other' END, coalesce(b, 0), nullif(a, b), greatest(a, b) FROM t",
      "SELECT (t).a, t, (t.*)::text, count(t.*) OVER () FROM t",
      "SELECT NULL IN (SELECT a FROM t)",
      "SELECT ROW(1, 2) = ROW(a, b), (a, b) < (1, 2) FROM t",
      "SELECT (ARRAY[1, 2, 3])[2], ARRAY(SELECT a FROM t)",
      "SELECT b, grouping(b), count(*) FROM t GROUP BY ROLLUP (a, b)",
      "SELECT name || 'x', upper(name), length(name), substring(name from 2 for 3), d + 1, d - d, now() - interval '1 day' FROM s",
      "SELECT name LIKE 'a%', name ~ 'x', v BETWEEN 1 AND 2, d IS DISTINCT FROM NULL FROM s",
      "SELECT s.id, name, count(*) FROM s JOIN t ON t.a = s.id GROUP BY s.id",
      "SELECT extract(year from d), date_trunc('month', d), to_char(d, 'YYYY') FROM s",
      "SELECT string_agg(name, ',' ORDER BY id), array_agg(DISTINCT v), count(*) FILTER (WHERE v > 1) FROM s",
      "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) FROM s",
      "SELECT lag(v, 1) OVER (ORDER BY id), ntile(4) OVER (ORDER BY id) FROM s",
      "INSERT INTO t VALUES (1, 2)",
      "INSERT INTO t (b, a) VALUES (1, 2), (3, 4) RETURNING a, b + 1",
      "INSERT INTO t SELECT a, b FROM u",
      "INSERT INTO t DEFAULT VALUES",
      "INSERT INTO t VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = excluded.b WHERE t.b < excluded.b",
      "INSERT INTO t VALUES (1, 2) ON CONFLICT DO NOTHING",
      "UPDATE t SET b = b + 1 WHERE a = 1",
      "UPDATE t SET b = u.b FROM u WHERE u.a = t.a RETURNING t.*",
      "UPDATE t SET (a, b) = (SELECT a, b FROM u WHERE u.a = t.a)",
      "DELETE FROM t WHERE a = 5 RETURNING *",
      "DELETE FROM t USING u WHERE t.a = u.a",
      "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = u.b WHEN NOT MATCHED THEN INSERT VALUES (u.a, u.b)",
      "SELECT * FROM t WHERE a = 1 FOR UPDATE",
      "SELECT * FROM t ORDER BY b LIMIT 1 FOR UPDATE SKIP LOCKED",
      "SELECT a FROM t WHERE a = $1 AND b = $2",
      "WITH d AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM d",
      "SELECT relname FROM pg_catalog.pg_class WHERE oid = 1259",
      "SELECT current_user, current_date, current_timestamp",
      "SELECT max(a) FROM t WHERE b > ALL (SELECT b FROM u)",
      "SELECT (SELECT count(*) FROM u WHERE u.b = sum(t.a)) FROM t",
      "SELECT a FROM t ORDER BY (SELECT b FROM u WHERE u.a = t.a)",
  };
  for (const char* sql : statements) {
    INFO(sql);
    CHECK(f.Failure(sql) == "");
  }
}

TEST_CASE("errors are PostgreSQL's") {
  PlannerFixture f;
  CHECK(f.Failure("SELECT x FROM t") == "42703: column \"x\" does not exist");
  CHECK(f.Failure("SELECT t.x FROM t") == "42703: column t.x does not exist");
  CHECK(f.Failure("SELECT * FROM nope") == "42P01: relation \"nope\" does not exist");
  CHECK(f.Failure("SELECT z.a FROM t") == "42P01: missing FROM-clause entry for table \"z\"");
  CHECK(f.Failure("SELECT a FROM t, u") == "42702: column reference \"a\" is ambiguous");
  CHECK(f.Failure("SELECT 1 + 'a'::text") == "42883: operator does not exist: integer + text");
  CHECK(f.Failure("SELECT f(1)") == "42883: function f(integer) does not exist");
  CHECK(f.Failure("SELECT a, count(*) FROM t") ==
        "42803: column \"t.a\" must appear in the GROUP BY clause or be used in an aggregate function");
  CHECK(f.Failure("SELECT a FROM t WHERE count(*) > 1") == "42803: aggregate functions are not allowed in WHERE");
  CHECK(f.Failure("SELECT a FROM t WHERE a") == "42804: argument of WHERE must be type boolean, not type integer");
  CHECK(f.Failure("SELECT sum(sum(a)) FROM t") == "42803: aggregate function calls cannot be nested");
  CHECK(f.Failure("SELECT 1 UNION SELECT 'x'::text") == "42804: UNION types integer and text cannot be matched");
  CHECK(f.Failure("SELECT 1, 2 UNION SELECT 1") == "42601: each UNION query must have the same number of columns");
  CHECK(f.Failure("INSERT INTO t VALUES (1, 2, 3)") == "42601: INSERT has more expressions than target columns");
  CHECK(f.Failure("INSERT INTO t (a, c) VALUES (1, 2)") == "42703: column \"c\" of relation \"t\" does not exist");
  CHECK(f.Failure("INSERT INTO t VALUES ('2020-01-01'::date)") ==
        "42804: column \"a\" is of type integer but expression is of type date");
  CHECK(f.Failure("UPDATE t SET a = 1, a = 2") == "42601: multiple assignments to same column \"a\"");
  CHECK(f.Failure("SELECT 'abc'::integer") == "22P02: invalid input syntax for type integer: \"abc\"");
  CHECK(f.Failure("SELECT * FROM t ORDER BY 9") == "42P10: ORDER BY position 9 is not in select list");
  CHECK(f.Failure("SELECT DISTINCT a FROM t ORDER BY b") ==
        "42P10: for SELECT DISTINCT, ORDER BY expressions must appear in select list");
  CHECK(f.Failure("SELECT $1") == "");
  CHECK(f.Failure("SELECT a FROM t WHERE $1 IS NULL") == "42P18: could not determine data type of parameter $1");
  CHECK(f.Failure("SELECT 1 FROM t GROUP BY 1 HAVING b > 1") ==
        "42803: column \"t.b\" must appear in the GROUP BY clause or be used in an aggregate function");
  CHECK(f.Failure("SELECT true::date") == "42846: cannot cast type boolean to date");
}

TEST_CASE("access paths and joins") {
  PlannerFixture f;
  auto shape = [&](const char* sql) {
    INFO(sql);
    auto plan = f.Plan(sql);
    INFO(plan.status().ToString());
    REQUIRE(plan.ok());
    return Shape(*plan.value()->root);
  };
  CHECK(shape("SELECT b FROM t WHERE a = 1") == "PointSelect");
  CHECK(shape("UPDATE t SET b = b + 1 WHERE a = $1") == "Update(PointSelect)");
  CHECK(shape("SELECT t.b FROM t, u WHERE t.a = u.a AND t.b = u.b AND u.b = 1") == "Project(IndexLookupJoin(SeqScan))");
  CHECK(shape("SELECT * FROM t ORDER BY a LIMIT 5") == "Limit(IndexScan)");
  CHECK(shape("SELECT * FROM t ORDER BY b LIMIT 5") == "TopN(SeqScan)");
  CHECK(shape("SELECT * FROM t ORDER BY a, b LIMIT 5") == "Limit(IndexScan)");
  CHECK(shape("SELECT DISTINCT ON (a) a, b FROM t ORDER BY a LIMIT 5") == "Limit(Unique(IndexScan))");
  CHECK(shape("SELECT a, count(*) FROM t GROUP BY a ORDER BY a DESC LIMIT 5") == "Limit(Aggregate(IndexScan))");
  CHECK(shape("SELECT a, count(DISTINCT b) FROM t GROUP BY a ORDER BY a LIMIT 5") == "TopN(Aggregate(SeqScan))");
  CHECK(shape("SELECT b, count(*) FROM t GROUP BY b ORDER BY b LIMIT 5") == "TopN(Aggregate(SeqScan))");
  CHECK(shape("SELECT min(a), max(a) FROM t") == "Values");
  CHECK(shape("SELECT min(a), max(b) FROM t") == "Aggregate(SeqScan)");
  CHECK(shape("SELECT max(a) FILTER (WHERE b > 1) FROM t") == "Aggregate(SeqScan)");
}

TEST_CASE("EXPLAIN reads like PostgreSQL's") {
  PlannerFixture f;
  auto explain = [&](const char* sql) {
    INFO(sql);
    auto plan = f.Plan(sql);
    INFO(plan.status().ToString());
    REQUIRE(plan.ok());
    return Explain(*plan.value(), {.costs = false}, {}, f.context);
  };
  CHECK(explain("SELECT a FROM t WHERE b = 1 AND a > 3") == "Seq Scan on t\n  Filter: ((b = 1) AND (a > 3))");
  CHECK(explain("SELECT * FROM t ORDER BY b LIMIT 5") ==
        "Limit\n  ->  Sort\n        Sort Key: b\n        ->  Seq Scan on t");
  CHECK(explain("SELECT b FROM t WHERE a = 1") == "Index Scan using t_pkey on t\n  Index Cond: (a = 1)");
  // Other members of the key's btree family are looked for as what they are.
  CHECK(explain("SELECT b FROM t WHERE a = '1'::bigint") == "Index Scan using t_pkey on t\n  Index Cond: (a = '1'::bigint)");
  CHECK(explain("SELECT max(a) FROM t WHERE b > 1") ==
        "Result\n  InitPlan 1\n    ->  Limit\n        ->  Index Scan Backward using t_pkey on t\n              Filter: (b > 1)");
  // What follows from equalities is asked of all.
  CHECK(explain("SELECT t.b FROM t, u WHERE t.b = u.b AND u.b = 7").find("(t.b = 7)") != std::string::npos);
  CHECK(explain("SELECT count(*) FROM t, u, s WHERE t.b = u.b AND u.b = s.id AND s.id = 3").find("(t.b = 3)") != std::string::npos);
  CHECK(explain("SELECT count(*) FROM t JOIN s ON s.v = t.b::numeric") ==
        "Aggregate\n  ->  Hash Join\n        Hash Cond: ((t.b)::numeric = s.v)\n        ->  Seq Scan on t\n        ->  Hash\n"
        "              ->  Seq Scan on s");
  CHECK(explain("SELECT * FROM t WHERE EXISTS (SELECT 1 FROM s WHERE s.v = t.b AND s.id <> t.a)").starts_with("Hash Semi Join"));
  CHECK(explain("SELECT * FROM t WHERE b < (SELECT avg(v) FROM s WHERE s.id = t.a)").find("SubPlan") == std::string::npos);
}

}  // namespace phantom::planner
