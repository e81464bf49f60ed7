// DDL statements from their text to what the catalog then holds.
#include "session/ddl/ddl.h"

#include "../catalog/fixture.h"
#include "engine/context.h"
#include "parser/parser.h"
#include "types/format_context.h"

namespace phantom::session {
namespace {

class DdlFixture : public catalog::CatalogFixture {
 public:
  // The tag, or the error as "42P01: message".
  std::string Run(const std::string& sql) {
    Result<parser::ParsedText> parsed = parser::Parse(sql);
    if (!parsed.ok()) return parsed.status().ToString();
    std::string tag;
    for (const parser::ParsedStatement& statement : parsed->statements) {
      planner::PlannerContext planner;
      planner.catalog = catalog.get();
      planner.format = &format;
      DdlContext context{.catalog = *catalog,
                         .planner = planner,
                         .fill_execution = [](engine::ExecutionContext&) {},
                         .query_text = parsed->text,
                         .begin = statement.begin,
                         .length = statement.length};
      Result<DdlResult> result = RunDdlStatement(*statement.node, context);
      if (!result.ok()) return SqlStateText(result.status().sqlstate()) + ": " + result.status().message();
      tag = result->tag;
    }
    return tag;
  }
  std::string Default(const std::string& table, int column) {
    catalog::TableRef found = Table(table);
    return found->column(column).default_sql;
  }

  types::FormatContext format;
};

TEST_CASE("CREATE TABLE names and numbers its parts") {
  DdlFixture f;
  CHECK(f.Run("CREATE TABLE t (a serial PRIMARY KEY, b varchar(10) NOT NULL DEFAULT 'x', c int CHECK (c > 0), UNIQUE (b, c))") ==
        "CREATE TABLE");
  catalog::TableRef t = f.Table("t");
  REQUIRE(t != nullptr);
  REQUIRE(t->columns.size() == 3);
  CHECK(f.Default("t", 1) == "nextval('public.t_a_seq'::regclass)");
  CHECK(f.Default("t", 2) == "'x'::character varying");
  REQUIRE(t->indexes.size() == 2);
  CHECK(t->indexes[0].name == "t_pkey");
  CHECK(t->indexes[1].name == "t_b_c_key");
  REQUIRE(t->FindConstraint("t_c_check") != nullptr);
  CHECK(t->FindConstraint("t_c_check")->check_sql == "(c > 0)");
  CHECK(f.Run("ALTER TABLE t RENAME COLUMN c TO d") == "ALTER TABLE");
  CHECK(f.Table("t")->FindConstraint("t_c_check")->check_sql == "(d > 0)");
  CHECK(f.Run("CREATE TABLE t (a int)") == "42P07: relation \"t\" already exists");
  CHECK(f.Run("CREATE TABLE IF NOT EXISTS t (a int)") == "CREATE TABLE");
  CHECK(f.Run("CREATE TABLE u (a int, a text)") == "42701: column \"a\" specified more than once");
  CHECK(f.Run("CREATE TABLE u (a nonesuch)") == "42704: type \"nonesuch\" does not exist");
  CHECK(f.Run("CREATE TABLE u (a int, PRIMARY KEY (b))") == "42703: column \"b\" named in key does not exist");
}

TEST_CASE("foreign keys find their key") {
  DdlFixture f;
  REQUIRE(f.Run("CREATE TABLE p (id int PRIMARY KEY, code text UNIQUE)") == "CREATE TABLE");
  CHECK(f.Run("CREATE TABLE c (id int, p int REFERENCES p ON DELETE CASCADE, k text REFERENCES p (code))") == "CREATE TABLE");
  catalog::TableRef c = f.Table("c");
  REQUIRE(c->FindConstraint("c_p_fkey") != nullptr);
  CHECK(c->FindConstraint("c_p_fkey")->on_delete == catalog::ForeignKeyAction::kCascade);
  CHECK(c->FindConstraint("c_k_fkey")->referenced_columns == std::vector<int16_t>{2});
  CHECK(f.Table("p")->referenced_by.size() == 2);
  CHECK(f.Run("CREATE TABLE d (x text REFERENCES p)") == "42804: foreign key constraint \"d_x_fkey\" cannot be implemented");
  CHECK(f.Run("CREATE TABLE e (id int PRIMARY KEY, up int REFERENCES e)") == "CREATE TABLE");
  CHECK(f.Table("e")->FindConstraint("e_up_fkey")->referenced_table == f.Table("e")->oid);
  CHECK(f.Run("DROP TABLE p") == "2BP01: cannot drop table p because other objects depend on it");
  CHECK(f.Run("DROP TABLE p, c") == "DROP TABLE");
  CHECK(f.Run("DROP TABLE p") == "42P01: table \"p\" does not exist");
  CHECK(f.Run("DROP TABLE IF EXISTS p") == "DROP TABLE");
}

// Stored text names FROM items without alias by markers: @ stands for the first.
static std::string ShownSql(std::string_view text) {
  std::string sql;
  for (char c : text) sql += c == '@' ? "\"\x05" "1\"" : std::string(1, c);
  return sql;
}

TEST_CASE("views are kept by what they refer to and follow renames of tables") {
  DdlFixture f;
  REQUIRE(f.Run("CREATE TABLE t (a int, b text)") == "CREATE TABLE");
  CHECK(f.Run("CREATE VIEW v AS SELECT a, upper(b) AS u FROM t WHERE a > 1;") == "CREATE VIEW");
  REQUIRE(f.Table("v") != nullptr);
  CHECK(f.Table("v")->columns[1].name == "u");
  CHECK(f.Table("v")->view_sql == ShownSql("SELECT @.a AS a, upper(@.b) AS u FROM public.t @ WHERE (@.a > 1)"));
  CHECK(f.Run("ALTER TABLE t RENAME TO s") == "ALTER TABLE");
  CHECK(f.Table("v")->view_sql == ShownSql("SELECT @.a AS a, upper(@.b) AS u FROM public.s @ WHERE (@.a > 1)"));
  CHECK(f.Run("DROP TABLE s") == "2BP01: cannot drop table s because other objects depend on it");
  CHECK(f.Run("CREATE OR REPLACE VIEW v AS SELECT a FROM s") == "42P16: cannot drop columns from view");
  CHECK(f.Run("DROP TABLE s CASCADE") == "DROP TABLE");
  CHECK(f.notices.messages.back() == "drop cascades to view v");
  CHECK(f.Table("v") == nullptr);
}

TEST_CASE("schemas, sequences, types, roles and privileges") {
  DdlFixture f;
  CHECK(f.Run("CREATE SCHEMA s CREATE TABLE inside (a int)") == "CREATE SCHEMA");
  CHECK(f.Run("CREATE SCHEMA s") == "42P06: schema \"s\" already exists");
  CHECK(f.Run("DROP SCHEMA s") == "2BP01: cannot drop schema s because other objects depend on it");
  CHECK(f.Run("DROP SCHEMA s CASCADE") == "DROP SCHEMA");
  CHECK(f.Run("CREATE SEQUENCE q INCREMENT 2 START 5") == "CREATE SEQUENCE");
  CHECK(f.Table("q")->sequence.start == 5);
  CHECK(f.Run("ALTER SEQUENCE q MAXVALUE 3") == "22023: START value (5) cannot be greater than MAXVALUE (3)");
  CHECK(f.Run("CREATE TYPE mood AS ENUM ('sad', 'ok')") == "CREATE TYPE");
  CHECK(f.Run("ALTER TYPE mood ADD VALUE 'happy' AFTER 'ok'") == "ALTER TYPE");
  CHECK(f.Run("CREATE DOMAIN positive AS int CHECK (VALUE > 0)") == "CREATE DOMAIN");
  CHECK(f.Run("CREATE TABLE t (m mood, p positive)") == "CREATE TABLE");
  CHECK(f.Run("DROP TYPE mood") == "2BP01: cannot drop type mood because other objects depend on it");
  CHECK(f.Run("CREATE ROLE bob LOGIN PASSWORD 'x'") == "CREATE ROLE");
  CHECK(Must(f.catalog->FindRole("bob"))->password.starts_with("SCRAM-SHA-256$4096:"));
  CHECK(f.Run("GRANT SELECT, UPDATE ON t TO bob WITH GRANT OPTION") == "GRANT");
  CHECK(f.Run("REVOKE ALL ON t FROM bob") == "REVOKE");
  CHECK(f.Run("DROP ROLE bob") == "DROP ROLE");
  CHECK(f.Run("COMMENT ON COLUMN t.m IS 'how'") == "COMMENT");
  CHECK(f.Run("COMMENT ON TABLE nonesuch IS 'how'") == "42P01: relation \"nonesuch\" does not exist");
}

TEST_CASE("indexes of columns and expressions") {
  DdlFixture f;
  REQUIRE(f.Run("CREATE TABLE t (a int, b text)") == "CREATE TABLE");
  CHECK(f.Run("CREATE INDEX ON t (a DESC, lower(b)) WHERE a > 0") == "CREATE INDEX");
  catalog::TableRef t = f.Table("t");
  REQUIRE(t->indexes.size() == 1);
  CHECK(t->indexes[0].name == "t_a_lower_idx");
  CHECK(t->indexes[0].keys[0].descending);
  CHECK(t->indexes[0].keys[0].nulls_first);
  CHECK(t->indexes[0].keys[1].expression_sql == "lower(b)");
  CHECK(t->indexes[0].predicate_sql == "(a > 0)");
  CHECK(f.Run("CREATE INDEX t_a_lower_idx ON t (a)") == "42P07: relation \"t_a_lower_idx\" already exists");
  CHECK(f.Run("ALTER TABLE t DROP COLUMN b") == "ALTER TABLE");
  CHECK(f.Table("t")->indexes.empty());
}

}  // namespace
}  // namespace phantom::session
