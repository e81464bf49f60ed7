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

namespace {

// So many rows that their entries become a run (txn::kIndexLoadEntriesMin).
class ConcurrentRun : public ConcurrentIndex {
 public:
  ConcurrentRun() : before_(*instance), beside_(*instance) {
    REQUIRE(Run("INSERT INTO t SELECT i, i % 1000, '' FROM generate_series(10001, 80000) i") == "");
  }

  // Begins to make an index and stops it where everybody has to keep it up to date, but it is still empty.
  void StartUntilReady(const std::string& sql, const std::string& index) {
    REQUIRE(before_.Run("BEGIN; UPDATE t SET note = 'before' WHERE id = 1") == "");
    Start(sql);
    REQUIRE(beside_.Run("BEGIN; UPDATE t SET note = 'beside' WHERE id = 2") == "");
    REQUIRE(before_.Run("COMMIT") == "");
    while (State(index) != "t|f" || Run("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") std::this_thread::yield();
  }
  // Lets it go on, filling the index.
  void GoOn() { REQUIRE(beside_.Run("COMMIT") == ""); }
  void AwaitLockWait() {
    while (Run("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") std::this_thread::yield();
  }

 private:
  TestSession before_, beside_;
};

}  // namespace

TEST_CASE_METHOD(ConcurrentRun, "what writers do while a run of entries is made stands over it, and so does what they take back") {
  TestSession back(*instance), part(*instance), kept(*instance), later(*instance);
  StartUntilReady("CREATE INDEX CONCURRENTLY t_k ON t (k)", "t_k");
  const std::string change = "UPDATE t SET k = k + 5000 WHERE id BETWEEN ";
  REQUIRE(back.Run("BEGIN; " + change + "10001 AND 10100; DELETE FROM t WHERE id BETWEEN 10101 AND 10200;"
                   "INSERT INTO t VALUES (90001, 7, 'taken back')") == "");
  REQUIRE(part.Run("BEGIN; SAVEPOINT s; " + change + "10201 AND 10300; ROLLBACK TO s; DELETE FROM t WHERE id BETWEEN 10301 AND 10400;"
                   "SAVEPOINT s2; " + change + "10401 AND 10500") == "");
  REQUIRE(kept.Run(change + "10501 AND 10600; UPDATE t SET k = k - 5000 WHERE id BETWEEN 10501 AND 10550;"
                   "DELETE FROM t WHERE id BETWEEN 10601 AND 10700; INSERT INTO t VALUES (90002, 7, 'kept')") == "");
  REQUIRE(later.Run("BEGIN; " + change + "10701 AND 10800; UPDATE t SET k = k - 5000 WHERE id BETWEEN 10701 AND 10750") == "");
  GoOn();
  REQUIRE(Finish() == "");
  REQUIRE(State("t_k") == "t|t");
  RequireComplete();
  REQUIRE(back.Run("ROLLBACK") == "");
  REQUIRE(part.Run("ROLLBACK TO s2; UPDATE t SET k = k + 7000 WHERE id BETWEEN 10451 AND 10500; COMMIT") == "");
  REQUIRE(later.Run("COMMIT") == "");
  RequireComplete();
  REQUIRE(Run("REINDEX INDEX CONCURRENTLY t_k") == "");
  REQUIRE(Run("REINDEX TABLE CONCURRENTLY t") == "");
  RequireComplete();
}

TEST_CASE_METHOD(ConcurrentRun, "a key that two rows get while a run of entries is made is found, those that need not differ are not") {
  REQUIRE(Run("UPDATE t SET k = id; ALTER TABLE t ADD COLUMN l int; UPDATE t SET l = 1 WHERE id <= 1000;"
              "UPDATE t SET k = NULL WHERE id BETWEEN 20001 AND 20100") == "");
  TestSession writer(*instance);
  StartUntilReady("CREATE UNIQUE INDEX CONCURRENTLY t_u ON t (k)", "t_u");
  // The row that has the key has no entry yet.
  REQUIRE(writer.Run("BEGIN; INSERT INTO t VALUES (90001, 500, 'rival'), (90002, NULL, ''), (90003, NULL, '')") == "");
  GoOn();
  AwaitLockWait();
  REQUIRE(!ended());
  SECTION("the writer takes it back") {
    REQUIRE(writer.Run("ROLLBACK") == "");
    REQUIRE(Finish() == "");
    REQUIRE(State("t_u") == "t|t");
    RequireComplete();
    REQUIRE(Run("INSERT INTO t VALUES (90001, 500, 'rival')") == "duplicate key value violates unique constraint \"t_u\"");
    REQUIRE(Run("CREATE UNIQUE INDEX CONCURRENTLY t_l ON t (l, k)") == "");
    REQUIRE(Run("CREATE UNIQUE INDEX CONCURRENTLY t_n ON t (l, (l + 1)) WHERE id > 1000") == "");
    REQUIRE(Run("CREATE UNIQUE INDEX CONCURRENTLY t_d ON t (k) NULLS NOT DISTINCT") == "could not create unique index \"t_d\"");
  }
  SECTION("the writer commits") {
    REQUIRE(writer.Run("COMMIT") == "");
    REQUIRE(Finish() == "duplicate key value violates unique constraint \"t_u\"");
    REQUIRE(State("t_u") == "t|f");
    REQUIRE(Run("UPDATE t SET k = k + 1000000 WHERE id % 100 = 0; DELETE FROM t WHERE id BETWEEN 400 AND 600 OR id > 90000") == "");
    REQUIRE(Run("REINDEX INDEX CONCURRENTLY t_u") == "");
    REQUIRE(State("t_u") == "t|t");
    RequireComplete();
  }
  SECTION("the old row goes") {
    REQUIRE(writer.Run("UPDATE t SET k = 1000500 WHERE id = 500; COMMIT") == "");
    REQUIRE(Finish() == "");
    REQUIRE(State("t_u") == "t|t");
    RequireComplete();
  }
}

TEST_CASE_METHOD(ConcurrentIndex, "an index that is rebuilt beside writers is another one, and is held") {
  REQUIRE(Run("CREATE INDEX t_k ON t (k); CREATE TABLE was AS SELECT 't_k'::regclass::oid AS oid") == "");
  TestSession writer(*instance), other(*instance);
  REQUIRE(writer.Run("BEGIN; INSERT INTO t VALUES (5000, 7, 'before')") == "");
  Start("REINDEX INDEX CONCURRENTLY t_k");
  REQUIRE(Run("SELECT count(*) FROM pg_locks WHERE mode = 'ShareUpdateExclusiveLock' AND relation::regclass::text IN "
              "('t', 't_k', 't_k_ccnew')") == "3");
  REQUIRE(other.Run("SET lock_timeout = 1; ALTER INDEX t_k RENAME TO t_other") == "canceling statement due to lock timeout");
  REQUIRE(writer.Run("COMMIT") == "");
  REQUIRE(Finish() == "");
  REQUIRE(Run("SELECT oid = 't_k'::regclass FROM was") == "f");
  RequireComplete();
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
