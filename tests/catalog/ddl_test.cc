#include "catalog/builtin/columns.h"
#include "catalog/system_store.h"
#include "catalog/system_table_scan.h"
#include "fixture.h"

namespace phantom::catalog {
namespace {

TEST_CASE("a new store has the first databases and roles") {
  CatalogFixture f;
  CHECK(Must(f.catalog->FindDatabase("postgres"))->oid == oid::kDatabasePostgres);
  CHECK(Must(f.catalog->FindDatabase("template1"))->is_template);
  CHECK(Must(f.catalog->FindRole("postgres"))->superuser);
  CHECK(Must(f.catalog->FindSchema("public"))->oid == oid::kSchemaPublic);
  CHECK(Must(f.catalog->FindSchema("nonesuch")) == nullptr);
  CHECK(f.Table("pg_class")->oid == oid::kPgClass);
  CHECK(f.Table("nonesuch") == nullptr);
}

TEST_CASE("a table is found by name after it was committed, and in another session") {
  CatalogFixture f;
  Oid oid = f.MakeTable("t");
  TableRef table = f.Table("t");
  REQUIRE(table != nullptr);
  CHECK(table->oid == oid);
  REQUIRE(table->columns.size() == 2);
  CHECK(table->columns[0].not_null);
  REQUIRE(table->indexes.size() == 1);
  CHECK(table->indexes[0].name == "t_pkey");
  CHECK(table->indexes[0].primary);
  CHECK(table->PrimaryKey()->keys[0].column == 1);
  REQUIRE(table->constraints.size() == 1);
  CHECK(f.catalog->TypeByOid(table->row_type)->name == "t");

  Catalog other(*f.shared, oid::kDatabasePostgres);
  std::unique_ptr<txn::Transaction> theirs = f.manager->Begin();
  other.Begin(*theirs);
  CHECK(Must(other.FindTable({"", "t", -1})) == nullptr);
  f.Commit();
  CHECK(Must(other.FindTable({"public", "t", -1}))->oid == oid);
  other.End(false);
  Must(theirs->Abort());

  Result<Oid> again = f.catalog->CreateTable({.name = "t", .schema = oid::kSchemaPublic});
  REQUIRE(!again.ok());
  CHECK(again.status().ToString() == "42P07: relation \"t\" already exists");
}

TEST_CASE("an aborted CREATE TABLE leaves nothing behind") {
  CatalogFixture f;
  f.MakeTable("t");
  f.Abort();
  CHECK(f.Table("t") == nullptr);
  f.MakeTable("t");
  txn::Transaction::SavepointId savepoint = f.transaction->Savepoint();
  f.MakeTable("u");
  CHECK(f.Table("u") != nullptr);
  Must(f.transaction->RollbackTo(savepoint));
  f.catalog->RolledBackToSavepoint();
  CHECK(f.Table("u") == nullptr);
  CHECK(f.Table("t") != nullptr);
}

TEST_CASE("objects survive reopening, and OIDs go on") {
  CatalogFixture f;
  Oid first = f.MakeTable("t");
  f.Commit();
  f.Close();
  f.Open();
  f.Connect();
  REQUIRE(f.Table("t") != nullptr);
  CHECK(f.Table("t")->oid == first);
  CHECK(f.MakeTable("u") > first);
}

TEST_CASE("system tables show built-in and stored rows") {
  CatalogFixture f;
  f.MakeTable("t");
  TableRef pg_class_table = f.Table("pg_class");
  txn::Snapshot snapshot = f.transaction->TakeSnapshot();
  SystemTableScan scan(*f.catalog, *pg_class_table, {pg_class::oid - 1, pg_class::relname - 1}, snapshot);
  std::vector<std::string> names;
  types::Chunk chunk;
  chunk.AddColumn(types::Vector(types::Type(types::kOidOid)));
  chunk.AddColumn(types::Vector(types::Type(types::kNameOid)));
  for (;;) {
    Must(scan.Next(chunk));
    if (chunk.empty()) break;
    for (uint32_t i = 0; i < chunk.size(); ++i) names.emplace_back(chunk.column(1).GetValue(i).AsString());
  }
  CHECK(std::count(names.begin(), names.end(), "pg_class") == 1);
  CHECK(std::count(names.begin(), names.end(), "t") == 1);
  CHECK(std::count(names.begin(), names.end(), "t_pkey") == 1);
}

TEST_CASE("every built-in row can be read") {
  for (const TableRef& table : SystemTables::Get().tables()) {
    if (table->kind == RelationKind::kTable && table->schema == oid::kSchemaPgCatalog) BuiltinChunks(*table);
  }
}

TEST_CASE("foreign keys stand in the way of DROP") {
  CatalogFixture f;
  Oid parent = f.MakeTable("parent");
  f.MakeTable("child");
  TableRef table = f.Table("child");
  ConstraintDefinition key;
  key.kind = ConstraintKind::kForeignKey;
  key.columns = {2};
  key.referenced_table = parent;
  key.referenced_columns = {1};
  key.referenced_index = f.Table("parent")->indexes[0].oid;
  key.equal_operators = {96};
  Must(f.catalog->AddConstraint(*table, key));
  CHECK(f.Table("child")->constraints.size() == 2);
  REQUIRE(f.Table("parent")->referenced_by.size() == 1);
  CHECK(f.Table("parent")->referenced_by[0].name == "child_b_fkey");

  Status refused = f.catalog->DropObjects({{oid::kPgClass, parent}}, false);
  REQUIRE(!refused.ok());
  CHECK(refused.message() == "cannot drop table parent because other objects depend on it");
  CHECK(refused.error().detail == "constraint child_b_fkey on table child depends on table parent");
  Must(f.catalog->DropObjects({{oid::kPgClass, parent}}, true));
  CHECK(f.notices.messages == std::vector<std::string>{"drop cascades to constraint child_b_fkey on table child"});
  CHECK(f.Table("parent") == nullptr);
  CHECK(f.Table("child")->constraints.size() == 1);
}

TEST_CASE("a column is renamed, dropped, and its place kept") {
  CatalogFixture f;
  Oid oid = f.MakeTable("t");
  Must(f.catalog->AddColumn(*f.Table("t"), CatalogFixture::MakeColumn("c", types::kTextOid)));
  CHECK(f.Table("t")->FindColumn("c") == 3);
  Must(f.catalog->RenameObject({oid::kPgClass, oid, 3}, "d"));
  CHECK(f.Table("t")->FindColumn("d") == 3);
  Must(f.catalog->DropColumn(*f.Table("t"), 2, false));
  TableRef table = f.Table("t");
  CHECK(table->FindColumn("b") == 0);
  CHECK(table->columns[1].dropped);
  CHECK(table->layout.layout(1) == types::Layout::kInt32);
  // The key's column takes the key along.
  Must(f.catalog->DropColumn(*f.Table("t"), 1, false));
  CHECK(f.Table("t")->indexes.empty());
  CHECK(f.Table("t")->constraints.empty());
}

TEST_CASE("privileges are granted, checked and shown") {
  CatalogFixture f;
  Oid oid = f.MakeTable("t");
  Oid bob = Must(f.catalog->CreateRole({.name = "bob"}));
  Status denied = f.catalog->CheckTablePrivilege(*f.Table("t"), acl::kSelect, bob);
  CHECK(denied.ToString() == "42501: permission denied for table t");
  GrantDefinition grant;
  grant.objects = {{oid::kPgClass, oid}};
  grant.privileges = acl::kSelect;
  grant.grantees = {bob};
  Must(f.catalog->Grant(grant));
  Must(f.catalog->CheckTablePrivilege(*f.Table("t"), acl::kSelect, bob));
  CHECK(!f.catalog->DropRole(bob).ok());
  grant.grant = false;
  Must(f.catalog->Grant(grant));
  CHECK(!f.catalog->CheckTablePrivilege(*f.Table("t"), acl::kSelect, bob).ok());
  Must(f.catalog->DropRole(bob));
}

TEST_CASE("a database is made from a template") {
  CatalogFixture f;
  f.MakeTable("t");
  f.Commit();
  Oid oid = Must(f.catalog->CreateDatabase({.name = "copy", .template_name = "postgres"}));
  f.Commit();
  Catalog other(*f.shared, oid);
  std::unique_ptr<txn::Transaction> transaction = f.manager->Begin();
  other.Begin(*transaction);
  TableRef table = Must(other.FindTable({"", "t", -1}));
  REQUIRE(table != nullptr);
  CHECK(table->space == SharedCatalog::SpaceOf(oid));
  other.End(false);
  Must(transaction->Abort());
}

TEST_CASE("a column's remembered default goes when its type changes") {
  CatalogFixture f;
  f.MakeTable("t");
  ColumnDefinition column = CatalogFixture::MakeColumn("c", types::kInt4Oid);
  column.missing = types::Value::Int4(7);
  Must(f.catalog->AddColumn(*f.Table("t"), column));
  REQUIRE(f.Table("t")->column(3).missing.has_value());
  CHECK(f.Table("t")->column(3).missing->AsInt32() == 7);
  Must(f.catalog->SetColumnType(*f.Table("t"), 3, {types::kTextOid}, oid::kCollationDefault, true));
  CHECK(!f.Table("t")->column(3).missing.has_value());
  CHECK(f.Table("t")->column(3).type.oid == types::kTextOid);
}

}  // namespace
}  // namespace phantom::catalog
