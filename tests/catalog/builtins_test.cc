#include "catalog/builtins.h"

#include <catch2/catch.hpp>

#include "catalog/builtin/data.h"

namespace phantom::catalog {
namespace {

TEST_CASE("built-in types are found by OID and by name") {
  const Builtins& builtins = Builtins::Get();
  const TypeRow* int4 = builtins.Type(23);
  REQUIRE(int4 != nullptr);
  CHECK(int4->name == "int4");
  CHECK(int4->category == 'N');
  CHECK(int4->array == 1007);
  CHECK(builtins.Type("_int4", oid::kSchemaPgCatalog)->oid == 1007);
  CHECK(builtins.Type(1007)->is_array());
  CHECK(builtins.Type("nonesuch", oid::kSchemaPgCatalog) == nullptr);
  CHECK(builtins.Range(3904)->subtype == 23);
}

TEST_CASE("functions carry arguments, modes and defaults") {
  const Builtins& builtins = Builtins::Get();
  CHECK(builtins.functions().size() > 3200);
  const FunctionRow* make_interval = builtins.Functions("make_interval").front();
  CHECK(make_interval->arguments.size() == 7);
  CHECK(make_interval->defaults.back() == "0.0");
  CHECK(make_interval->names[1] == "months");
  CHECK(builtins.Functions("abs").size() == 6);
  CHECK(builtins.Functions("nonesuch").empty());
  const AggregateRow* sum = builtins.Aggregate(2108);
  REQUIRE(sum != nullptr);
  CHECK(builtins.Function(sum->transition)->name == "int4_sum");
}

TEST_CASE("operators, casts and operator classes") {
  const Builtins& builtins = Builtins::Get();
  CHECK(builtins.Operator(96)->name == "=");
  CHECK(builtins.Function(builtins.Operator(96)->function)->source == "int4eq");
  CHECK(builtins.Cast(20, 23)->context == CastContext::kAssignment);
  CHECK(builtins.DefaultOpclass(23, oid::kAmBtree)->name == "int4_ops");
  CHECK(builtins.Amop(1976, 23, 23, 1)->operator_oid == 97);
  CHECK(builtins.Amproc(1976, 23, 23, 1)->function == 351);
  CHECK(builtins.Collation("C")->oid == oid::kCollationC);
}

TEST_CASE("COPY escapes are undone") {
  Arena arena;
  TsvReader in("a\\tb\t\\N\t\\\\x\nlast\n", arena);
  std::string_view field;
  CHECK((in.Next(field) && field == "a\tb"));
  CHECK(!in.Next(field));
  CHECK((in.Next(field) && field == "\\x"));
  CHECK(in.Text() == "last");
  CHECK(in.at_end());
}

}  // namespace
}  // namespace phantom::catalog
