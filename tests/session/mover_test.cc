// Chunks move by themselves: what rests is frozen, what is written is not, and who wants the table gets it.
#include "session/tiering/mover.h"

#include "instance_fixture.h"
#include "session/tiering/move_log.h"

namespace phantom::session {
namespace {

constexpr int64_t kSecond = 1000000;

// A table `t` of one full chunk and the begin of another; no rate.
class MoverFixture : public InstanceFixture {
 public:
  explicit MoverFixture(const std::string& tiering = "auto") {
    Close();
    Reopen(tiering);
  }
  void Reopen(const std::string& tiering) {
    auto settings = std::make_unique<ServerSettings>();
    REQUIRE(settings->Set("shared_buffers", "64MB", SettingSource::kCommandLine).ok());
    REQUIRE(settings->Set("phantom.tiering", tiering, SettingSource::kCommandLine).ok());
    REQUIRE(settings->Set("phantom.tiering_rate", "0", SettingSource::kCommandLine).ok());
    instance = Must(Instance::Open(env, "data", std::move(settings)));
  }
  // Rows come in small statements, as large ones go to segments by themselves.
  void Fill() {
    REQUIRE(Run("CREATE TABLE t (id int, v int)") == "");
    for (int i = 0; i < 7; ++i) {
      REQUIRE(Run(Format("INSERT INTO t SELECT i, 0 FROM generate_series(%d, %d) i", i * 20000 + 1, (i + 1) * 20000)) == "");
    }
  }
  // Passes second after second; the number of chunks moved.
  int Pass(Mover& mover, int seconds = 1) {
    int moved = 0;
    for (int i = 0; i < seconds; ++i) {
      env.AdvanceClock(kSecond);
      moved += Must(mover.Pass());
    }
    return moved;
  }
  MoveCounts Counts(const std::string& work) {
    for (const MoveCounts& counts : instance->moves().All()) {
      if (counts.work == work) return counts;
    }
    return {};
  }
};

}  // namespace

TEST_CASE("a table that is left alone becomes cold, but for its last chunk") {
  MoverFixture f;
  f.Fill();
  Mover mover(*f.instance);
  CHECK(f.Pass(mover, 9) == 0);
  CHECK(f.Pass(mover, 4) == 1);
  CHECK(f.Pass(mover, 30) == 0);
  CHECK(f.Counts("freeze").done == 1);
  CHECK(f.Run("SELECT kind, cold_chunks, hot_chunks, cold_rows FROM phantom_storage WHERE relname = 't'") == "table|1|1|131071");
  CHECK(f.Run("SELECT count(*) > 0 FROM phantom_segment_columns WHERE relname = 't' AND attname = 'id' AND bytes > 0") == "t");
  CHECK(f.Run("SELECT done, last_error FROM phantom_compaction WHERE work = 'freeze'") == "1|");
  CHECK(f.Run("SELECT count(*), sum(id) FROM t") == "140000|9800070000");
}

TEST_CASE("what is written is not frozen") {
  MoverFixture f;
  f.Fill();
  Mover mover(*f.instance);
  for (int i = 0; i < 10; ++i) {
    CHECK(f.Pass(mover, 5) == 0);
    REQUIRE(f.Run("UPDATE t SET v = v + 1 WHERE id = 77") == "");
  }
  CHECK(f.Pass(mover, 60) == 1);
}

TEST_CASE("cold chunks that change much are thawed or rewritten, those that changed little stay") {
  MoverFixture f;
  f.Fill();
  Mover mover(*f.instance);
  REQUIRE(f.Pass(mover, 15) == 1);
  REQUIRE(f.Run("UPDATE t SET v = 1 WHERE id <= 1000") == "");
  CHECK(f.Pass(mover, 60) == 0);
  // A tenth at once: it goes back to the tree, and rests longer the next time.
  REQUIRE(f.Run("UPDATE t SET v = 2 WHERE id <= 20000") == "");
  CHECK(f.Pass(mover, 2) == 1);
  CHECK(f.Counts("thaw").done == 1);
  CHECK(f.Pass(mover, 15) == 0);
  CHECK(f.Pass(mover, 300) == 1);
  CHECK(f.Counts("freeze").done == 2);
  // Deleted rows: the segment is written anew without them.
  REQUIRE(f.Run("DELETE FROM t WHERE id BETWEEN 1000 AND 50000") == "");
  REQUIRE(f.Run("VACUUM") == "");
  CHECK(f.Pass(mover, 120) == 1);
  CHECK(f.Counts("rewrite").done == 1);
  CHECK(f.Run("SELECT count(*), sum(v) FROM t") == "90999|1998");
  CHECK(f.Run("SELECT dead_rows, overlaid_rows FROM phantom_storage WHERE relname = 't'") == "0|0");
}

TEST_CASE("moving gives way to who wants the table") {
  MoverFixture f;
  f.Fill();
  Mover mover(*f.instance);
  TestSession session(*f.instance);
  CHECK(session.Run("BEGIN; LOCK TABLE t IN SHARE MODE") == "");
  CHECK(f.Pass(mover, 60) == 0);
  CHECK(session.Run("COMMIT") == "");
  CHECK(f.Pass(mover, 20) == 1);
  CHECK(session.Run("CREATE INDEX ON t (v)") == "");
  // A table that is dropped or rewritten meanwhile is another one.
  CHECK(session.Run("ALTER TABLE t ALTER COLUMN v TYPE bigint") == "");
  CHECK(session.Run("DROP TABLE t") == "");
  CHECK(f.Pass(mover, 60) == 0);
}

TEST_CASE("a mover that is stopped leaves what it was at") {
  MoverFixture f;
  f.Fill();
  {
    Mover mover(*f.instance);
    f.Pass(mover, 5);
    mover.RequestStop();
    CHECK(f.Pass(mover, 60) == 0);
  }
  f.Close();
  f.Reopen("auto");
  CHECK(f.Run("SELECT count(*) FROM t") == "140000");
  // The rest counts from now.
  Mover mover(*f.instance);
  CHECK(f.Pass(mover, 9) == 0);
  CHECK(f.Pass(mover, 5) == 1);
}

TEST_CASE("where rows lie can be forced") {
  MoverFixture f("cold");
  REQUIRE(f.Run("CREATE TABLE s (a int, b text); INSERT INTO s SELECT i, 'x' || i FROM generate_series(1, 100) i") == "");
  CHECK(f.Run("SELECT cold_rows, hot_rows FROM phantom_storage WHERE relname = 's'") == "100|0");
  REQUIRE(f.Run("UPDATE s SET b = 'y' WHERE a = 5; DELETE FROM s WHERE a > 90; INSERT INTO s VALUES (101, 'z')") == "");
  CHECK(f.Run("SELECT cold_rows, overlaid_rows FROM phantom_storage WHERE relname = 's'") == "91|0");
  CHECK(f.Run("SELECT count(*), count(*) FILTER (WHERE b = 'y') FROM s") == "91|1");
  f.Close();
  f.Reopen("hot");
  REQUIRE(f.Run("UPDATE s SET b = 'w' WHERE a = 7") == "");
  CHECK(f.Run("SELECT cold_rows FROM phantom_storage WHERE relname = 's'") == "0");
  CHECK(f.Run("SELECT count(*) FROM s") == "91");
}

}  // namespace phantom::session
