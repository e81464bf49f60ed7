// How many rows the planner takes a table to have, wherever they lie.
#include <catch2/catch.hpp>

#include "instance_fixture.h"

namespace phantom::session {
namespace {

class EstimateFixture : public InstanceFixture {
 public:
  explicit EstimateFixture(const std::string& tiering) : InstanceFixture({{"phantom.tiering", tiering}}) {}

  double Rows() {
    const std::string plan = Run("EXPLAIN SELECT * FROM t");
    INFO(plan);
    const size_t at = plan.find(" rows=");
    REQUIRE(at != std::string::npos);
    return std::stod(plan.substr(at + 6));
  }
  // Of more rows than go into the tree one by one those beyond are loaded into segments.
  void Fill(int first, int last) {
    REQUIRE(Run(Format("INSERT INTO t SELECT i, 0 FROM generate_series(%d, %d) i", first, last)) == "");
  }
};

}  // namespace

TEST_CASE("the planner knows how many rows there are, analyzed or not") {
  const std::string tiering = GENERATE(as<std::string>{}, "auto", "hot", "cold", "mixed");
  INFO(tiering);
  EstimateFixture f(tiering);
  REQUIRE(f.Run("CREATE TABLE t (id int, v int)") == "");
  CHECK(f.Run("ANALYZE t") == "");
  CHECK(f.Rows() == 1);
  f.Fill(1, 20000);
  CHECK(f.Rows() == Approx(20000).epsilon(0.05));
  CHECK(f.Run("ANALYZE t") == "");
  CHECK(f.Rows() == 20000);
  f.Fill(20001, 100000);
  CHECK(f.Rows() == Approx(100000).epsilon(0.05));
  CHECK(f.Run("ANALYZE t") == "");
  CHECK(f.Rows() == 100000);
  // Neither deleting nor what purge does later deceives it.
  CHECK(f.Run("DELETE FROM t WHERE id % 3 = 0") == "");
  CHECK(f.Rows() == Approx(66667).epsilon(0.05));
  CHECK(f.Run("ANALYZE t") == "");
  CHECK(f.Rows() == 66667);
  CHECK(f.Run("VACUUM t") == "");
  CHECK(f.Rows() == 66667);
  CHECK(f.Run("BEGIN; DELETE FROM t; ROLLBACK") == "");
  CHECK(f.Rows() == 66667);
  f.Close();
  f.Open();
  CHECK(f.Rows() == 66667);
  CHECK(f.Run("TRUNCATE t") == "");
  CHECK(f.Rows() == 1);
  f.Fill(1, 40000);
  CHECK(f.Rows() == Approx(40000).epsilon(0.05));
}

}  // namespace phantom::session
