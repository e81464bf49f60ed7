#include "catalog/system_tables.h"

#include <catch2/catch.hpp>

#include "catalog/acl.h"
#include "catalog/builtin/columns.h"
#include "catalog/stored_sql.h"

namespace phantom::catalog {
namespace {

TEST_CASE("system tables have PostgreSQL's columns") {
  const SystemTables& tables = SystemTables::Get();
  TableRef pg_class_table = tables.Find(oid::kSchemaPgCatalog, "pg_class");
  REQUIRE(pg_class_table != nullptr);
  CHECK(pg_class_table->oid == oid::kPgClass);
  CHECK(pg_class_table->columns.size() == static_cast<size_t>(pg_class::kColumns));
  CHECK(pg_class_table->column(pg_class::relname).name == "relname");
  CHECK(tables.Find(oid::kSchemaInformationSchema, "columns")->is_view());
  CHECK(tables.IsShared(oid::kPgAuthid));
  CHECK(!tables.IsShared(oid::kPgClass));
  CHECK(tables.Indexes(oid::kPgClass).size() == 3);
  CHECK(tables.Find(oid::kSchemaPgCatalog, "nonesuch") == nullptr);
}

TEST_CASE("stored text follows renames") {
  Table table;
  table.oid = 20000;
  table.name = "t";
  table.schema_name = "public";
  table.columns.resize(2);
  table.columns[0].name = "a";
  table.columns[1].name = "odd \"name";
  auto none = [&](Oid) -> Result<TableRef> { return std::make_shared<const Table>(table); };
  std::string stored = "(\"" + ColumnMarker(1) + "\" > \"" + ColumnMarker(2) + "\") AND nextval('" + RelationMarker(20001) +
                       "'::regclass) > 0";
  Result<std::string> sql = ExpandSql(stored, &table, none);
  REQUIRE(sql.ok());
  CHECK(*sql == "(a > \"odd \"\"name\") AND nextval('public.t'::regclass) > 0");
}

TEST_CASE("privilege lists keep roles by number and show names") {
  Acl acl = ParseAcl("{postgres=arwdDxt/postgres,=r/postgres}", [](std::string_view) { return Oid{10}; });
  REQUIRE(acl.size() == 2);
  CHECK(acl[0].privileges == acl::kAllTable);
  CHECK(acl[1].grantee == 0);
  acl.push_back({16384, 10, acl::kSelect | acl::kInsert, acl::kSelect});
  std::string stored = StoreAcl(acl);
  CHECK(stored == "{#10=arwdDxt/#10,=r/#10,#16384=ar*/#10}");
  std::string shown = ShowAcl(stored, [](Oid role) { return role == 10 ? "postgres" : "Bob"; });
  CHECK(shown == "{\"postgres=arwdDxt/postgres\",\"=r/postgres\",\"\\\"Bob\\\"=ar*/postgres\"}");
}

}  // namespace
}  // namespace phantom::catalog
