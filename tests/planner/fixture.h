// Statements planned against a small schema.
#pragma once
#include <string>
#include <string_view>

#include "../catalog/fixture.h"
#include "parser/parser.h"
#include "planner/planner.h"
#include "types/format_context.h"

namespace phantom::planner {

class PlannerFixture : public catalog::CatalogFixture {
 public:
  PlannerFixture() {
    MakeTable("t");
    MakeTable("u");
    MakeText("s");
    Prepare();
  }
  // Without tables.
  explicit PlannerFixture(int) { Prepare(); }
  void Prepare() {
    context.catalog = catalog.get();
    context.format = &format;
  }

  // (id int4 primary key, name text, v numeric, d date)
  void MakeText(const std::string& name) {
    catalog::TableDefinition definition;
    definition.name = name;
    definition.schema = Must(catalog->CreationSchema("", catalog::Persistence::kPermanent));
    definition.columns = {MakeColumn("id", types::kInt4Oid), MakeColumn("name", types::kTextOid),
                          MakeColumn("v", types::kNumericOid), MakeColumn("d", types::kDateOid)};
    catalog::ConstraintDefinition key;
    key.kind = catalog::ConstraintKind::kPrimaryKey;
    key.columns = {1};
    definition.constraints = {key};
    Must(catalog->CreateTable(definition));
  }

  Result<std::unique_ptr<PhysicalPlan>> Plan(std::string_view sql) {
    auto parsed = parser::Parse(sql);
    if (!parsed.ok()) return parsed.status();
    last = std::move(parsed).value();
    return PlanStatement(*last.statements[0].node, {}, context);
  }
  // "" or "SQLSTATE: message"
  std::string Failure(std::string_view sql) {
    auto plan = Plan(sql);
    return plan.ok() ? std::string() : plan.status().ToString();
  }

  types::FormatContext format;
  PlannerContext context;
  parser::ParsedText last;
};

// The operators' names, indented by nesting: "HashJoin(SeqScan, SeqScan)".
std::string Shape(const PhysicalNode& node);

}  // namespace phantom::planner
