// pg_get_viewdef() beside others who change views.
#include "instance_fixture.h"

namespace phantom::session {

TEST_CASE_METHOD(InstanceFixture, "a view's definition is what the statement's snapshot sees") {
  REQUIRE(Run("CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT 1 AS x") == "");
  const std::string oid = Run("SELECT 'w'::regclass::oid");
  TestSession reader(*instance);
  REQUIRE(reader.Run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1") == "1");
  REQUIRE(Run("CREATE OR REPLACE VIEW v AS SELECT b AS a FROM t; CREATE VIEW later AS SELECT 1 AS x; DROP VIEW w") == "");
  CHECK(reader.Run("SELECT pg_get_viewdef('v'::regclass)") == " SELECT t.a\n   FROM t;");
  CHECK(Run("SELECT pg_get_viewdef('v'::regclass)") == " SELECT t.b AS a\n   FROM t;");
  CHECK(reader.Run("SELECT pg_get_viewdef('later'::regclass) IS NULL") == "t");
  CHECK(reader.Run("SELECT pg_get_viewdef(" + oid + ")") == "could not open relation with OID " + oid);
  CHECK(reader.Run("ROLLBACK; SELECT pg_get_viewdef(" + oid + ") IS NULL") == "t");
}

}  // namespace phantom::session
