// What sessions leave behind is found in order, and an index that is not is named.
#include "session/check.h"

#include "instance_fixture.h"
#include "btree/tree.h"
#include "catalog/catalog.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "store/store.h"
#include "txn/transaction.h"

namespace phantom::session {
namespace {

class CheckFixture : public InstanceFixture {
 public:
  // Removes the first entry of an index, behind everybody's back.
  void Damage(SpaceId space, TreeId index) {
    const std::shared_ptr<btree::Tree> tree = Must(instance->store().OpenTree(space, index));
    std::string key(btree::kKeyBytesMax, '\0');
    const Status visited = tree->VisitLeaf({}, [&](const btree::LeafView& leaf) {
      REQUIRE(leaf.count() > 0);
      key.resize(leaf.CopyKey(0, reinterpret_cast<std::byte*>(key.data())));
    });
    REQUIRE(visited.ok());
    Must(tree->Modify(AsBytes(key), [](std::optional<Bytes>, btree::Edit& edit) {
      edit.op = btree::Edit::Op::kRemove;
      return Status::Ok();
    }));
  }
  void Damage(std::string_view table_name, std::string_view index_name) {
    catalog::Catalog catalog(instance->catalog(), catalog::oid::kDatabasePostgres);
    const std::unique_ptr<txn::Transaction> transaction = instance->transactions().Begin();
    catalog.Begin(*transaction);
    const catalog::TableRef table = Must(catalog.FindTable({.schema = "public", .name = table_name}));
    REQUIRE(table != nullptr);
    for (const catalog::Index& index : table->indexes) {
      if (index.name == index_name) Damage(table->space, index.tree);
    }
    static_cast<void>(transaction->Abort().ok());
    catalog.End(false);
  }

  std::vector<std::string> Faults() {
    std::vector<std::string> lines;
    const int64_t count = Must(Instance::Check(env, "data", [&](const std::string& line) { lines.push_back(line); }));
    CHECK(count == static_cast<int64_t>(lines.size()));
    return lines;
  }
};

constexpr const char* kWork = R"(
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
  CREATE DOMAIN code AS text CHECK (VALUE <> '');
  CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE, m mood, c code, n numeric, body text);
  CREATE INDEX t_lower ON t (lower(name), n DESC);
  CREATE INDEX t_partial ON t (n) WHERE id % 3 = 0;
  CREATE INDEX t_user ON t (m, c NULLS FIRST);
  INSERT INTO t SELECT i, CASE WHEN i % 7 > 0 THEN 'Name' || i END, 'ok', 'c' || i % 5, i / 2.0, repeat('x', i * 20)
    FROM generate_series(1, 300) AS i;
  ALTER TABLE t ADD COLUMN late int DEFAULT 5;
  CREATE INDEX t_late ON t (late);
  ALTER TABLE t DROP COLUMN body;
  UPDATE t SET n = n + 1, name = name || 'b', m = 'happy' WHERE id % 4 = 0;
  UPDATE t SET id = id + 1000, late = NULL WHERE id % 5 = 0;
  DELETE FROM t WHERE id % 11 = 0;
  CREATE TABLE gone (a int PRIMARY KEY);
  DROP TABLE gone;
)";
constexpr const char* kRolledBack = R"(
  BEGIN;
  UPDATE t SET n = n * 2, name = NULL, m = 'sad' WHERE id % 2 = 0;
  SAVEPOINT s;
  DELETE FROM t WHERE id < 50;
  CREATE TABLE never (a int PRIMARY KEY);
  ROLLBACK TO s;
  INSERT INTO t VALUES (5000, 'new', 'sad', 'x', 1);
  ROLLBACK;
)";

TEST_CASE("tables and indexes agree after changes and rollbacks") {
  CheckFixture f;
  CHECK(f.Run(kWork) == "");
  CHECK(f.Run(kRolledBack) == "");
  CHECK(f.Run("CREATE DATABASE other") == "");
  f.Close();
  CHECK(f.Faults().empty());
}

TEST_CASE("what a crash left half done is undone before it is looked at") {
  CheckFixture f;
  CHECK(f.Run(kWork) == "");
  {
    TestSession session(*f.instance);
    CHECK(session.Run("BEGIN; UPDATE t SET n = n * 2, name = NULL WHERE id % 2 = 0; DELETE FROM t WHERE id < 50") == "");
    REQUIRE(f.instance->store().Checkpoint().ok());
    f.env.CutPowerAfter(0);
  }
  f.instance.reset();
  f.env.Restart();
  CHECK(f.Faults().empty());
}

TEST_CASE("a lost index entry is reported with its database, table and index") {
  CheckFixture f;
  CHECK(f.Run(kWork) == "");
  const std::string index = GENERATE(as<std::string>(), "t_pkey", "t_lower", "t_partial", "t_user");
  f.Damage("t", index);
  f.Close();
  const std::vector<std::string> faults = f.Faults();
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].starts_with("database \"postgres\", table \"public.t\": index \"" + index +
                              "\" has no entry for row "));
}

TEST_CASE("indexes of system tables are looked at, the shared ones once") {
  CheckFixture f;
  CHECK(f.Run(kWork) == "");
  f.Damage(catalog::SharedCatalog::SpaceOf(catalog::oid::kDatabasePostgres), TreeId(catalog::index_oid::kEnumByLabel));
  f.Damage(SpaceId(0), TreeId(catalog::index_oid::kAuthidByName));
  f.Close();
  const std::vector<std::string> faults = f.Faults();
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].find("table \"pg_catalog.pg_authid\": index \"pg_authid_rolname_index\" has no entry") !=
        std::string::npos);
  CHECK(
      faults[1].starts_with("database \"postgres\", table \"pg_catalog.pg_enum\": index "
                            "\"pg_enum_typid_label_index\" has no entry"));
}

TEST_CASE("phantom_check finds nothing wrong in a database in use, and says where something is") {
  CheckFixture f;
  CHECK(f.Run(kWork) == "");
  CHECK(f.Run("CREATE TABLE cold AS SELECT i AS a, 'row ' || i AS b FROM generate_series(1, 5000) AS i;"
              "CREATE UNIQUE INDEX cold_a ON cold (a)") == "");
  CHECK(f.Run("VACUUM (FREEZE) cold") == "");
  CHECK(f.Run("UPDATE cold SET b = 'changed' WHERE a % 100 = 0") == "");
  constexpr const char* kAll = "SELECT * FROM phantom_check()";
  CHECK(f.Run(kAll) == "");
  TestSession other(*f.instance);
  CHECK(other.Run("BEGIN; UPDATE t SET n = n * 2, name = 'mine' || id WHERE id % 2 = 0; DELETE FROM t WHERE id < 50;"
                  "UPDATE cold SET a = -a WHERE a % 7 = 0") == "");
  CHECK(f.Run(kAll) == "");
  CHECK(other.Run("ROLLBACK") == "");
  CHECK(f.Run(kAll) == "");

  f.Damage("t", "t_pkey");
  CHECK(f.Run("SELECT count(*) > 0 FROM phantom_check('t') WHERE object = 'public.t_pkey' AND rows IS NOT NULL AND problem LIKE"
              " 'index \"t_pkey\" has no entry for row %'") == "t");
  // Memory is sound; the file is not.
  REQUIRE(f.instance->store().Checkpoint().ok());
  const uint64_t bytes = Must(Must(f.env.Open("data/pages", io::OpenMode::kExisting))->Size());
  for (uint64_t page = 8192; page < bytes; page += 8192) f.env.Corrupt("data/pages", page + 5000, 1);
  for (const std::string& segment : Must(f.env.List("data/segments"))) f.env.Corrupt("data/segments/" + segment, 2000, 1);
  CHECK(f.Run("SELECT count(*) > 0 FROM phantom_check('t') WHERE object = 'public.t' AND file = 'pages' AND rows LIKE '1-%' AND"
              " problem LIKE 'invalid page in block %'") == "t");
  CHECK(f.Run("SELECT count(*) > 0 FROM phantom_check() WHERE object = 'public.cold' AND file LIKE 'segments/%' AND rows LIKE '0-%'"
              " AND problem LIKE '%is damaged: column %'") == "t");
}

TEST_CASE("what a load writes beside the trees is found in order") {
  CheckFixture f;
  REQUIRE(f.Run("CREATE TABLE loaded (a int PRIMARY KEY)") == "");
  REQUIRE(f.Run("INSERT INTO loaded SELECT generate_series(1, 110000)") == "");
  CHECK(f.Run("SELECT * FROM phantom_check()") == "");
}

TEST_CASE("sizes are of what is on disk, segments included, and follow it at once") {
  CheckFixture f;
  CHECK(f.Run("CREATE TABLE big (a int PRIMARY KEY, b text)") == "");
  CHECK(f.Run("INSERT INTO big SELECT i, repeat('x', 100) || i FROM generate_series(1, 10000) AS i") == "");
  CHECK(f.Run("SELECT pg_relation_size('big') BETWEEN 1000000 AND 2500000 AND pg_relation_size('big_pkey') > 100000"
              " AND pg_database_size('postgres') >= pg_total_relation_size('big') AND pg_relation_size('pg_class') > 8192"
              " AND pg_relation_size('pg_database') >= 8192") == "t");
  CHECK(f.Run("VACUUM (FREEZE) big") == "");
  CHECK(f.Run("SELECT pg_relation_size('big') BETWEEN 30000 AND 900000") == "t");
  CHECK(f.Run("TRUNCATE big") == "");
  CHECK(f.Run("SELECT pg_relation_size('big') <= 16384") == "t");
}

TEST_CASE("phantom_check is the superuser's") {
  CheckFixture f;
  CHECK(f.Run("CREATE ROLE reader") == "");
  CHECK(f.Run("SET ROLE reader; SELECT * FROM phantom_check()").find("permission denied for function phantom_check") !=
        std::string::npos);
}

}  // namespace
}  // namespace phantom::session
