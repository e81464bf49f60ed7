// Indexes made, rebuilt and dropped beside writers: what they wait for, what is seen meanwhile, and that nothing is missing
// in the end.
#include <atomic>
#include <thread>
#include <vector>

#include "instance_fixture.h"

namespace phantom::session {
namespace {

class ConcurrentIndex : public InstanceFixture {
 public:
  ConcurrentIndex() {
    REQUIRE(Run("CREATE TABLE t (id int PRIMARY KEY, k int, note text)") == "");
    REQUIRE(Run("INSERT INTO t SELECT i, i % 100, 'row ' || i FROM generate_series(1, 2000) i") == "");
  }

  // Runs the statement in a thread of its own; returns when it waits for a lock.
  void Start(const std::string& sql) {
    ended_ = false;
    thread_ = std::thread([this, sql] {
      said_ = TestSession(*instance).Run(sql);
      ended_ = true;
    });
    while (!ended_ && Run("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") std::this_thread::yield();
  }
  bool ended() const { return ended_; }
  std::string Finish() {
    thread_.join();
    return said_;
  }

  std::string State(const std::string& index) {
    return Run("SELECT indisready, indisvalid FROM pg_index WHERE indexrelid = '" + index + "'::regclass");
  }
  // Rows with a k as the index finds them, and as they are.
  void RequireComplete() {
    TestSession session(*instance);
    REQUIRE(session.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SET enable_seqscan = off") == "");
    const std::string by_index = session.Run("SELECT count(*), sum(id) FROM t WHERE k >= 0");
    REQUIRE(session.Run("SET enable_seqscan = on; SET enable_indexscan = off; SET enable_indexonlyscan = off") == "");
    REQUIRE(session.Run("SELECT count(*), sum(id) FROM t WHERE k >= 0") == by_index);
    REQUIRE(session.Run("COMMIT") == "");
    REQUIRE(Run("SELECT count(*) FROM phantom_check() WHERE problem IS NOT NULL") == "0");
  }

 private:
  std::thread thread_;
  std::string said_;
  std::atomic<bool> ended_{false};
};

}  // namespace

TEST_CASE_METHOD(ConcurrentIndex, "CREATE INDEX CONCURRENTLY waits for writers, who do not wait for it") {
  TestSession writer(*instance);
  REQUIRE(writer.Run("BEGIN; INSERT INTO t VALUES (5000, 7, 'before')") == "");
  Start("CREATE INDEX CONCURRENTLY t_k ON t (k)");
  REQUIRE(State("t_k") == "f|f");
  REQUIRE(Run("INSERT INTO t VALUES (5001, 7, 'beside')") == "");
  REQUIRE(Run("UPDATE t SET k = 8 WHERE id = 7") == "");
  REQUIRE(writer.Run("UPDATE t SET k = 9 WHERE id = 5000; COMMIT") == "");
  REQUIRE(Finish() == "");
  REQUIRE(State("t_k") == "t|t");
  RequireComplete();
}

TEST_CASE_METHOD(ConcurrentIndex, "CREATE INDEX CONCURRENTLY waits for older snapshots before the index is used") {
  TestSession reader(*instance), writer(*instance);
  REQUIRE(reader.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class WHERE false") == "0");
  REQUIRE(writer.Run("UPDATE t SET k = 1000 WHERE id = 5") == "");
  Start("CREATE INDEX CONCURRENTLY t_k ON t (k)");
  REQUIRE(!ended());
  REQUIRE(State("t_k") == "t|f");
  REQUIRE(reader.Run("SET enable_seqscan = off; SELECT k FROM t WHERE id = 5") == "5");
  REQUIRE(reader.Run("SELECT count(*) FROM t WHERE k = 5") == "20");
  REQUIRE(reader.Run("COMMIT") == "");
  REQUIRE(Finish() == "");
  REQUIRE(State("t_k") == "t|t");
  RequireComplete();
}

TEST_CASE_METHOD(ConcurrentIndex, "an old snapshot does not use an index made since") {
  TestSession reader(*instance);
  REQUIRE(reader.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t WHERE k = 5") == "20");
  REQUIRE(Run("UPDATE t SET k = 1000 WHERE k = 5; CREATE INDEX t_k ON t (k)") == "");
  REQUIRE(reader.Run("SET enable_seqscan = off; SELECT count(*) FROM t WHERE k = 5") == "20");
  REQUIRE(reader.Run("SELECT count(*) FROM t WHERE k = 1000") == "0");
  REQUIRE(reader.Run("COMMIT; SELECT count(*) FROM t WHERE k = 1000") == "20");
}

TEST_CASE_METHOD(ConcurrentIndex, "an index is built over all rows in a transaction with an old snapshot") {
  TestSession other(*instance), builder(*instance);
  REQUIRE(builder.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t WHERE k = 5") == "20");
  REQUIRE(other.Run("INSERT INTO t SELECT i, 5, '' FROM generate_series(3001, 3010) i; DELETE FROM t WHERE id = 5") == "");
  REQUIRE(builder.Run("CREATE INDEX t_k ON t (k); SET enable_seqscan = off; SELECT count(*) FROM t WHERE k = 5") == "20");
  REQUIRE(builder.Run("COMMIT; SELECT count(*) FROM t WHERE k = 5") == "29");
  RequireComplete();
}

TEST_CASE_METHOD(ConcurrentIndex, "what a failed build leaves is not read, but kept up to date, and can be dropped") {
  REQUIRE(Run("CREATE UNIQUE INDEX CONCURRENTLY t_u ON t (k)") == "could not create unique index \"t_u\"");
  REQUIRE(State("t_u") == "f|f");
  REQUIRE(Run("UPDATE t SET k = k + 1 WHERE id < 100; DELETE FROM t WHERE id BETWEEN 50 AND 60") == "");
  REQUIRE(Run("DROP INDEX CONCURRENTLY t_u") == "");
  REQUIRE(Run("SELECT count(*) FROM pg_class WHERE relname = 't_u'") == "0");

  // Two rows get one key between the look at the keys and the filling.
  REQUIRE(Run("UPDATE t SET k = id") == "");
  TestSession writer(*instance);
  REQUIRE(writer.Run("BEGIN; INSERT INTO t VALUES (6000, 17, '')") == "");
  Start("CREATE UNIQUE INDEX CONCURRENTLY t_u ON t (k)");
  REQUIRE(writer.Run("COMMIT") == "");
  REQUIRE(Finish() == "could not create unique index \"t_u\"");
  REQUIRE(Run("DELETE FROM t WHERE id = 6000; REINDEX INDEX t_u") == "");
  REQUIRE(State("t_u") == "t|t");
  REQUIRE(Run("INSERT INTO t VALUES (6000, 17, '')") == "duplicate key value violates unique constraint \"t_u\"");
  REQUIRE(Run("SELECT count(*) FROM phantom_check() WHERE problem IS NOT NULL") == "0");
}

TEST_CASE_METHOD(ConcurrentIndex, "DROP INDEX CONCURRENTLY waits for readers") {
  REQUIRE(Run("CREATE INDEX t_k ON t (k)") == "");
  TestSession reader(*instance);
  REQUIRE(reader.Run("BEGIN; SET enable_seqscan = off; SELECT count(*) FROM t WHERE k = 3") == "20");
  Start("DROP INDEX CONCURRENTLY t_k");
  REQUIRE(State("t_k") == "t|f");
  REQUIRE(Run("UPDATE t SET k = 3 WHERE id = 1") == "");
  REQUIRE(reader.Run("SELECT count(*) FROM t WHERE k = 3") == "21");
  REQUIRE(reader.Run("COMMIT") == "");
  REQUIRE(Finish() == "");
  REQUIRE(Run("SELECT count(*) FROM pg_class WHERE relname = 't_k'") == "0");
}

TEST_CASE_METHOD(ConcurrentIndex, "indexes made, rebuilt and dropped beside random writers are complete") {
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  std::atomic<int> wrong{0};
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&, w] {
      TestSession session(*instance);
      uint64_t state = static_cast<uint64_t>(w) + 17;
      const auto below = [&](uint64_t n) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return std::to_string((state >> 33) % n);
      };
      while (!stop) {
        const std::string id = below(2500), end = below(3) == "0" ? "ROLLBACK" : "COMMIT";
        for (const std::string& sql :
             {std::string("BEGIN"), "UPDATE t SET k = " + below(200) + " WHERE id = " + id, "DELETE FROM t WHERE id = " + below(2500),
              "INSERT INTO t VALUES (" + below(2500) + ", " + below(200) + ", 'x') ON CONFLICT (id) DO UPDATE SET k = excluded.k",
              end}) {
          const std::string said = session.Run(sql);
          if (said.empty() || said.find("deadlock") != std::string::npos || said.find("aborted") != std::string::npos) continue;
          ++wrong;
          UNSCOPED_INFO(said);
        }
      }
    });
  }
  for (int round = 0; round < 4; ++round) {
    CHECK(Run("CREATE INDEX CONCURRENTLY t_k ON t (k)") == "");
    CHECK(Run("CREATE INDEX CONCURRENTLY t_e ON t ((k + id)) WHERE k % 2 = 0") == "");
    CHECK(Run("REINDEX TABLE CONCURRENTLY t") == "");
    CHECK(Run("REINDEX INDEX CONCURRENTLY t_k") == "");
    RequireComplete();
    CHECK(Run("DROP INDEX CONCURRENTLY t_k") == "");
    CHECK(Run("DROP INDEX CONCURRENTLY t_e") == "");
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
  CHECK(wrong == 0);
  REQUIRE(Run("SELECT count(*) FROM phantom_check() WHERE problem IS NOT NULL") == "0");
  REQUIRE(Run("SELECT count(*) FROM pg_class WHERE relname LIKE '%ccnew%' OR relname LIKE '%ccold%'") == "0");
}

}  // namespace phantom::session
