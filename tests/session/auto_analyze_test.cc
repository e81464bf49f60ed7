// Tables that changed are analyzed without being asked, others are left alone.
#include "session/auto_analyze.h"

#include "catalog/catalog.h"
#include "catalog/shared_catalog.h"
#include "instance_fixture.h"
#include "txn/transaction.h"

namespace phantom::session {
namespace {

double EstimatedRows(Instance& instance, std::string_view name) {
  catalog::Catalog catalog(instance.catalog(), catalog::oid::kDatabasePostgres);
  const std::unique_ptr<txn::Transaction> transaction = instance.transactions().Begin();
  catalog.Begin(*transaction);
  const catalog::TableRef table = Must(catalog.FindTable({.schema = "public", .name = name}));
  REQUIRE(table != nullptr);
  static_cast<void>(transaction->Abort().ok());
  catalog.End(false);
  return table->estimated_rows;
}

TEST_CASE("what changed much is analyzed by itself") {
  InstanceFixture f;
  CHECK(f.Run("CREATE TABLE large (a int); CREATE TABLE small (a int);"
              "INSERT INTO large SELECT generate_series(1, 500); INSERT INTO small VALUES (1)") == "");
  CHECK(Must(AutoAnalyze::RunOnce(*f.instance)) == 1);
  CHECK(EstimatedRows(*f.instance, "large") == 500);
  CHECK(EstimatedRows(*f.instance, "small") == -1);
  CHECK(Must(AutoAnalyze::RunOnce(*f.instance)) == 0);
  CHECK(f.Run("UPDATE large SET a = a + 1 WHERE a <= 90") == "");
  CHECK(Must(AutoAnalyze::RunOnce(*f.instance)) == 0);
  CHECK(f.Run("DELETE FROM large WHERE a > 450") == "");
  CHECK(Must(AutoAnalyze::RunOnce(*f.instance)) == 1);
  CHECK(EstimatedRows(*f.instance, "large") == 450);

  // The counters are gone after a restart; the sizes are not.
  f.Close();
  f.Open();
  CHECK(Must(AutoAnalyze::RunOnce(*f.instance)) == 0);
  CHECK(f.Run("CREATE TABLE filled (a int); INSERT INTO filled SELECT generate_series(1, 100)") == "");
  f.Close();
  f.Open();
  CHECK(Must(AutoAnalyze::RunOnce(*f.instance)) == 1);
  f.Close();
}

}  // namespace
}  // namespace phantom::session
