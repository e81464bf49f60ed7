// Temporary tables are their session's own.
#include "instance_fixture.h"

namespace phantom::session {

TEST_CASE("commands on all tables leave other sessions' temporary tables alone") {
  InstanceFixture f;
  TestSession owner(*f.instance), other(*f.instance);
  REQUIRE(owner.Run("CREATE TEMP TABLE own (a int PRIMARY KEY); INSERT INTO own VALUES (2), (1)") == "");
  REQUIRE(owner.Run("CLUSTER own USING own_pkey") == "");
  REQUIRE(owner.Run("BEGIN; LOCK TABLE own") == "");
  CHECK(other.Run("SET lock_timeout = '100ms'") == "");
  CHECK(other.Run("CLUSTER") == "");
  CHECK(other.Run("REINDEX DATABASE postgres") == "");
  CHECK(other.Run("VACUUM (FREEZE, ANALYZE)") == "");
  CHECK(owner.Run("COMMIT") == "");
  CHECK(owner.Run("SELECT count(*) FROM phantom_storage WHERE relname = 'own' AND kind = 'table'") == "1");
  CHECK(other.Run("SELECT count(*) FROM phantom_storage WHERE relname = 'own' AND kind = 'table'") == "0");
}

}  // namespace phantom::session
