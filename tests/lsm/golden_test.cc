// Segments once written are read for ever: golden/ holds files of every format version. The writer of this version
// makes the newest one byte for byte; when it learns something, a file is added (PHANTOM_WRITE_GOLDEN=NAME writes it)
// and the others stay.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "segment_fixture.h"
#include "test_paths.h"

using namespace phantom;
using namespace phantom::lsm;

namespace {

constexpr const char* kNewest = "segment-1.bin";

std::string Golden(const std::string& name) { return TestsDirectory() + "/lsm/golden/" + name; }

// What is in the golden files: every encoding, of values that no library's arithmetic decides about.
TestTable GoldenTable() {
  std::vector<TestColumn> columns =
      ColumnsNamed({"int2 small",    "int4 constant",   "int4 runs",        "int8 gaps",    "int8 any",
                    "pg_lsn widths", "oid nulls",       "enum few",         "bool",         "float8 decimals",
                    "float4 nulls",  "float8 specials", "numeric prices",   "numeric wide", "numeric strays",
                    "numeric few",   "text comments",   "text flags nulls", "text long",    "text nulls",
                    "bpchar",        "jsonb",           "interval",         "uuid",         "all null"});
  return TestTable(std::move(columns), 350, 2024, 60);
}

}  // namespace

TEST_CASE("golden segments") {
  io::SimEnv env(1);
  const TestTable table = GoldenTable();
  const std::string written = table.Write(env, "/d/written");
  if (const char* name = std::getenv("PHANTOM_WRITE_GOLDEN")) std::ofstream(Golden(name), std::ios::binary) << written;
  for (const char* name : {kNewest}) {
    std::ostringstream golden;
    golden << std::ifstream(Golden(name), std::ios::binary).rdbuf();
    REQUIRE(!golden.str().empty());
    if (name == kNewest) CHECK((golden.str() == written));
    WriteFile(env, "/d/golden", golden.str());
    BlockCache cache(1 << 20);
    auto reader = OpenSegment(env, "/d/golden", cache);
    REQUIRE(reader.status().ToString() == "OK");
    REQUIRE(reader.value()->Check().ToString() == "OK");
    for (uint32_t c = 0; c < table.columns.size(); ++c) {
      const types::Vector& want = table.values[c];
      types::Vector out(want.type(), want.layout(), kVectorRows);
      REQUIRE(reader.value()->ReadVector(c, 0, out).ok());
      bool same = true;
      table.present[0].ForEach([&](uint32_t row) {
        same = same && out.IsNull(row) == want.IsNull(row) &&
               (out.IsNull(row) || SameSlot(want.layout(), out.row_slot(row), want.slot(row)));
      });
      if (!same) FAIL(name << ": " << table.columns[c].name);
    }
  }
}
