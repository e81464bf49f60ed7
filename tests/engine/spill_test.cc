// Every operator that holds rows answers with little memory what it answers with much, and leaves no temporary file, cancelled
// or not.
#include <algorithm>
#include <vector>

#include "query_fixture.h"

namespace phantom::engine {

namespace {

// Passes everything on, counts the temporary files there are, and cancels when the n-th is made.
class TemporaryFiles final : public io::Env {
 public:
  explicit TemporaryFiles(io::Env& env) : env_(env) {}
  Result<std::unique_ptr<io::File>> Open(const std::string& path, io::OpenMode mode) override {
    ++live;
    if (++made == cancel_at) cancelled = true;
    return env_.Open(path, mode);
  }
  Result<std::vector<std::string>> List(const std::string& directory) override { return env_.List(directory); }
  Result<bool> Exists(const std::string& path) override { return env_.Exists(path); }
  Status Rename(const std::string& from, const std::string& to) override { return env_.Rename(from, to); }
  Status Remove(const std::string& path) override {
    --live;
    return env_.Remove(path);
  }
  Status MakeDirectory(const std::string& path) override { return env_.MakeDirectory(path); }
  Status SyncDirectory(const std::string& path) override { return env_.SyncDirectory(path); }
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path) override { return env_.Lock(path); }
  int64_t WallMicros() override { return env_.WallMicros(); }
  int64_t MonotonicNanos() override { return env_.MonotonicNanos(); }
  void Random(std::span<std::byte> to) override { env_.Random(to); }

  int live = 0, made = 0, cancel_at = -1;
  std::atomic<bool> cancelled{false};

 private:
  io::Env& env_;
};

std::string Sorted(const std::string& rows) {
  std::vector<std::string> list;
  for (size_t at = 0; at <= rows.size();) {
    const size_t end = std::min(rows.find(';', at), rows.size());
    list.push_back(rows.substr(at, end - at));
    at = end + 1;
  }
  std::sort(list.begin(), list.end());
  std::string text;
  for (const std::string& row : list) text += row + ";";
  return text;
}

// :seed is replaced. Rows come out in any order, but for those of queries that sort.
std::string WithSeed(std::string text, int seed) {
  for (size_t at; (at = text.find(":seed")) != std::string::npos;) text.replace(at, 5, std::to_string(seed));
  return text;
}

struct Case {
  const char* name;
  const char* sql;
};

// x: row numbers, a and b pseudorandom.
#define ROWS(n)                                                                                                   \
  "(SELECT i, (i::bigint * 7919 + :seed) % 10007 AS a, (i::bigint * 104729 + :seed) % 313 AS b FROM generate_series(1, " n \
  ") g(i)) x"
#define OTHER_ROWS(n) "(SELECT i, (i::bigint * 7919 + :seed) % 10007 AS a FROM generate_series(1, " n ") g(i)) y"

const Case kCases[] = {
    {"sort", "SELECT a, i FROM " ROWS("30000") " ORDER BY a DESC, i % 7"},
    {"top-N of many", "SELECT a, i FROM " ROWS("30000") " ORDER BY b, i % 7 LIMIT 12000 OFFSET 5000"},
    {"top-N of all", "SELECT a, i FROM " ROWS("20000") " ORDER BY b LIMIT 100000 OFFSET 3"},
    {"groups", "SELECT a, count(*), sum(i), min(b) FROM " ROWS("30000") " GROUP BY a"},
    {"grouping sets", "SELECT a, b, count(*), sum(i), grouping(a, b) FROM " ROWS("20000")
                      " GROUP BY GROUPING SETS ((a), (b), (a, b), ())"},
    {"rollup", "SELECT a, b, i % 2, max(i) FROM " ROWS("8000") " GROUP BY ROLLUP (a, b, i % 2)"},
    {"cube", "SELECT a, b, count(DISTINCT i % 5), sum(i) FILTER (WHERE i % 2 = 0) FROM " ROWS("8000") " GROUP BY CUBE (a, b)"},
    {"distinct", "SELECT DISTINCT a, b FROM " ROWS("30000")},
    {"aggregates of distinct values", "SELECT b, count(DISTINCT a), sum(DISTINCT a % 100) FROM " ROWS("30000") " GROUP BY b"},
    {"ordered aggregates", "SELECT b, md5(string_agg(a::text, ',' ORDER BY a, i)) FROM " ROWS("30000") " GROUP BY b"},
    {"array_agg of many groups", "SELECT b, array_agg(a) FROM " ROWS("30000") " GROUP BY b"},
    {"string_agg of many groups", "SELECT b, string_agg(md5(a::text), ','), count(*) FROM " ROWS("20000") " GROUP BY b"},
    {"collected by grouping sets", "SELECT a % 50, b, array_agg(i), json_agg(i) FROM " ROWS("10000")
                                   " GROUP BY GROUPING SETS ((a % 50), (b), ())"},
    {"percentiles", "SELECT percentile_cont(0.3) WITHIN GROUP (ORDER BY a), percentile_disc(ARRAY[0.1, 0.7]) WITHIN GROUP "
                    "(ORDER BY a), mode() WITHIN GROUP (ORDER BY b) FROM " ROWS("30000")},
    {"hash join", "SELECT x.i, y.a FROM " ROWS("15000") " JOIN " OTHER_ROWS("15000") " ON x.i = y.i"},
    {"intersect", "SELECT a, b FROM " ROWS("20000") " INTERSECT SELECT a, b FROM " ROWS("30000") " WHERE i > 9000"},
    {"intersect all", "SELECT a FROM " ROWS("30000") " INTERSECT ALL SELECT a FROM " ROWS("30000") " WHERE i > 9000"},
    {"except", "SELECT a, i FROM " ROWS("30000") " EXCEPT SELECT a, i FROM " ROWS("30000") " WHERE i % 3 = 0"},
    {"except few", "SELECT a, i FROM " ROWS("30000") " EXCEPT SELECT a, i FROM " ROWS("5") ""},
    {"except all", "SELECT a FROM " ROWS("30000") " EXCEPT ALL SELECT a FROM " ROWS("30000") " WHERE i % 3 = 0"},
    {"union", "SELECT a, i FROM " ROWS("20000") " UNION SELECT a, i FROM " ROWS("30000") " WHERE i % 3 = 0"},
    {"window", "SELECT i, sum(a) OVER (ORDER BY i), lag(a, 9000) OVER (ORDER BY i) FROM " ROWS("20000")},
    {"window over groups", "SELECT i, sum(a) OVER w, max(b) OVER w, count(*) OVER w FROM " ROWS("20000")
                           " WINDOW w AS (ORDER BY b GROUPS BETWEEN 20 PRECEDING AND 20 FOLLOWING EXCLUDE TIES)"},
    {"window over ranges", "SELECT i, sum(a) OVER w, min(md5(b::text)) OVER w, first_value(i) OVER w FROM " ROWS("20000")
                           " WINDOW w AS (PARTITION BY i % 2 ORDER BY a, i RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"},
    {"window over rows", "SELECT i, sum(a) OVER w, max(a) OVER w, nth_value(a, 3000) OVER w FROM " ROWS("20000")
                         " WINDOW w AS (ORDER BY i ROWS BETWEEN 16384 PRECEDING AND 1000 FOLLOWING)"},
    {"materialized query", "WITH w AS MATERIALIZED (SELECT * FROM " ROWS("20000") ") SELECT count(*), sum(w.a), "
                           "(SELECT max(i) FROM w) FROM w JOIN w v ON w.i = v.i + 1"},
    {"recursion", "WITH RECURSIVE r (n) AS (SELECT i FROM " ROWS("15000") " UNION SELECT n + 15000 FROM r WHERE n <= 15000) "
                  "SELECT count(*), sum(n) FROM r"},
    {"hashed subquery", "SELECT count(*) FROM " ROWS("20000") " WHERE i NOT IN (SELECT i * 2 FROM " ROWS("90000") ") OR i < 0"},
};

// Joins, one of whose keys has most of the right side's rows.
const char* const kSkewedJoins[] = {"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"};
const char* const kSkewedTests[] = {"EXISTS", "NOT EXISTS"};

std::string Skewed(const std::string& join) {
  return "SELECT count(*), sum(l.i), sum(r.i), count(l.i), count(r.i) FROM (SELECT i, CASE WHEN i <= 5 THEN 1 ELSE i END AS k "
         "FROM generate_series(1, 4000) g(i)) l " +
         join +
         " (SELECT i, CASE WHEN i % 10 < 8 THEN 1 ELSE i + 2 END AS k, repeat('x', i % 20) AS t FROM generate_series(1, "
         "30000) g(i)) r ON l.k = r.k AND l.i + length(r.t) > 8";
}
std::string SkewedTest(const std::string& test) {
  return "SELECT count(*), sum(l.i) FROM (SELECT i, CASE WHEN i <= 5 THEN 1 ELSE i END AS k FROM generate_series(1, 4000) g(i)) l "
         "WHERE " +
         test +
         " (SELECT FROM (SELECT i, CASE WHEN i % 10 < 8 THEN 1 ELSE i + 2 END AS k, repeat('x', i % 20) AS t FROM "
         "generate_series(1, 30000) g(i)) r WHERE l.k = r.k AND l.i + length(r.t) > 8)";
}

// What may be forgotten instead of being written.
const char* const kKept[] = {
    "SELECT i, (SELECT string_agg(repeat('x', g + b::int), ',') FROM generate_series(1, 40) g) FROM " ROWS("1500"),
    "SELECT i, s FROM " ROWS("1500") ", LATERAL (SELECT repeat('y', b::int * 30 + g) AS s FROM generate_series(1, 2) g) l",
};

void Compare(const std::string& sql, bool cancel) {
  INFO(sql);
  QueryFixture f;
  TemporaryFiles files(f.env);
  f.temporary = &files;
  const std::string expected = f.Run(sql);
  REQUIRE(files.made == 0);
  REQUIRE(expected.find("ERROR") == std::string::npos);
  f.memory = std::make_unique<MemoryBroker>(64 * 1024, 64 * 1024);
  const std::string spilled = f.Run(sql);
  CHECK(files.made > 0);
  CHECK(files.live == 0);
  CHECK(f.memory->used_bytes() == 0);
  if (sql.find(" LIMIT ") != std::string::npos) {
    CHECK((spilled == expected));
  } else {
    CHECK((Sorted(spilled) == Sorted(expected)));
  }
  if (!cancel) return;
  // Cancelled while it writes, early and late.
  f.cancelled = &files.cancelled;
  const int made = files.made;
  for (const int at : {1, made}) {
    files.made = 0;
    files.cancel_at = std::max(at, 1);
    files.cancelled = false;
    CHECK(f.Run(sql).starts_with("57014"));
    CHECK(files.live == 0);
    CHECK(f.memory->used_bytes() == 0);
  }
}

}  // namespace

TEST_CASE("operators answer with little memory what they answer with much") {
  for (const Case& each : kCases) {
    SECTION(each.name) {
      for (const int seed : {1, 5003}) Compare(WithSeed(each.sql, seed), seed == 1);
    }
  }
}

TEST_CASE("results kept by their parameters are forgotten when they are too many") {
  for (const char* sql : kKept) {
    const std::string text = WithSeed(sql, 1);
    INFO(text);
    QueryFixture f;
    const std::string expected = f.Run(text);
    f.memory = std::make_unique<MemoryBroker>(64 * 1024, 64 * 1024);
    CHECK((Sorted(f.Run(text)) == Sorted(expected)));
    CHECK(f.memory->used_bytes() == 0);
  }
}

TEST_CASE("a key with more rows than memory is joined block by block") {
  for (const char* join : kSkewedJoins) {
    SECTION(join) { Compare(Skewed(join), true); }
  }
  for (const char* test : kSkewedTests) {
    SECTION(test) { Compare(SkewedTest(test), true); }
  }
}

}  // namespace phantom::engine
