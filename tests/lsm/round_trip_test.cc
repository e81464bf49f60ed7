// What is written is read: whole vectors, chosen rows, single values; value and representation.
#include <catch2/catch.hpp>

#include "segment_fixture.h"

using namespace phantom;
using namespace phantom::lsm;

namespace {

void RequireRow(const TestTable& table, uint32_t column, uint32_t position, const types::Vector& got, uint32_t row) {
  const types::Vector& want = table.values[column];
  const bool right = got.IsNull(row) == want.IsNull(position) &&
                     (got.IsNull(row) || SameSlot(want.layout(), got.row_slot(row), want.row_slot(position)));
  if (!right) FAIL(table.columns[column].name << " position " << position);
}

void RequireSame(const TestTable& table, const SegmentReader& reader) {
  REQUIRE(reader.rows() == table.rows);
  REQUIRE(reader.column_count() == table.columns.size());
  REQUIRE((reader.tree() == 17 && reader.schema_version() == 3 && reader.base() == 1 << 17));
  Numbers numbers(99);
  for (uint32_t c = 0; c < table.columns.size(); ++c) {
    INFO(table.columns[c].name);
    const SegmentColumn& column = table.columns[c].column;
    REQUIRE(reader.attribute(c) == column.attribute);
    REQUIRE(reader.FindColumn(column.attribute) == c);
    REQUIRE(reader.kind(c).type == column.type);
    types::Vector out(column.type, column.layout, kVectorRows);
    types::Vector single(column.type, column.layout, kVectorRows);
    types::SelectionVector chosen(kVectorRows);
    for (uint32_t v = 0; v < reader.vector_count(); ++v) {
      const uint32_t begin = v * kVectorRows;
      REQUIRE(reader.present(v) == table.present[v]);
      RequireOk(reader.ReadVector(c, v, out));
      table.present[v].ForEach([&](uint32_t row) { RequireRow(table, c, begin + row, out, row); });

      single.Reset();
      RowSet some;
      for (uint32_t k = 0; k < 60; ++k) some.Add(static_cast<uint32_t>(numbers.Below(reader.rows_of(v))));
      some.Intersect(table.present[v]);
      some.ForEach([&](uint32_t row) {
        RequireOk(reader.ReadValue(c, begin + row, single, row));
        RequireRow(table, c, begin + row, single, row);
      });
      // Few rows are decoded alone, many together.
      for (const RowSet& rows : {some, table.present[v]}) {
        const uint32_t count = rows.ToIndices(chosen.data());
        RequireOk(reader.ReadRows(c, v, chosen, count, out));
        for (uint32_t i = 0; i < count; ++i) RequireRow(table, c, begin + chosen[i], out, i);
        chosen.Reset();
      }
    }
  }
  REQUIRE(reader.Check().ToString() == "OK");
}

}  // namespace

TEST_CASE("every layout and distribution round-trips") {
  for (uint32_t absent : {0, 200}) {
    io::SimEnv env(1);
    BlockCache cache(64 << 20);
    TestTable table(AllColumns(), kVectorRows + 100, absent + 7, absent);
    table.Write(env, "/d/segment");
    auto reader = OpenSegment(env, "/d/segment", cache);
    REQUIRE(reader.status().ToString() == "OK");
    RequireSame(table, *reader.value());
  }
}

TEST_CASE("sizes from nothing to one row over a vector") {
  std::vector<TestColumn> columns = AllColumns();
  for (uint32_t rows : {1u, 65u, 2049u}) {
    io::SimEnv env(1);
    BlockCache cache(64 << 20);
    TestTable table(columns, rows, rows, rows == 65 ? 1000 : 0);
    table.Write(env, "/d/segment");
    auto reader = OpenSegment(env, "/d/segment", cache);
    REQUIRE(reader.status().ToString() == "OK");
    RequireSame(table, *reader.value());
  }
  io::SimEnv env(1);
  BlockCache cache(1 << 20);
  REQUIRE(env.MakeDirectory("/d").ok());
  auto file = std::move(env.Open("/d/empty", io::OpenMode::kCreateNew)).value();
  SegmentWriter writer(*file, SegmentSchema{1, 1, 0, {columns[0].column}});
  REQUIRE(writer.Finish().ok());
  auto reader = OpenSegment(env, "/d/empty", cache);
  REQUIRE(reader.status().ToString() == "OK");
  REQUIRE((reader.value()->rows() == 0 && !reader.value()->IsPresent(0)));
}

TEST_CASE("many vectors: dictionaries come and go, symbol tables change, memory is bounded") {
  std::vector<TestColumn> columns =
      ColumnsNamed({"int8 gaps", "text comments", "text flags", "name", "numeric prices"});
  // A dictionary at first, then ever new values.
  columns.push_back(
      {"late", {900, types::kTextOid, types::Layout::kString}, [](Numbers& n, uint32_t i, types::Vector& to) {
         to.SetString(i, "value " + std::to_string(i < 20000 ? n.Below(100) : n.Next()));
         return true;
       }});
  // The other way round: nothing to gain at first.
  columns.push_back(
      {"later", {901, types::kTextOid, types::Layout::kString}, [](Numbers& n, uint32_t i, types::Vector& to) {
         to.SetString(i, i < 6 * kVectorRows ? "A" : std::string(1, "ANR"[n.Below(3)]));
         return true;
       }});
  io::SimEnv env(1);
  BlockCache cache(256 << 10);  // so little that blocks go while others are read
  TestTable table(columns, 18 * kVectorRows, 5, 10);
  table.Write(env, "/d/segment");
  auto reader = OpenSegment(env, "/d/segment", cache);
  REQUIRE(reader.status().ToString() == "OK");
  RequireSame(table, *reader.value());
  REQUIRE(cache.bytes() <= cache.bytes_max() + (64 << 10));

  auto encoded = [&](uint32_t column, Encoding encoding) {
    return reader.value()->Statistics(column).vectors[static_cast<size_t>(encoding)];
  };
  CHECK(encoded(0, Encoding::kDelta) == 18);
  CHECK(encoded(1, Encoding::kDecimal) == 18);
  CHECK(encoded(2, Encoding::kFsst) == 18);
  CHECK(encoded(3, Encoding::kDictionary) == 18);
  CHECK(encoded(4, Encoding::kDictionary) == 18);
  CHECK(encoded(5, Encoding::kDictionary) == 0);
  CHECK(encoded(6, Encoding::kDictionary) == 18);
  CHECK(reader.value()->sketch(4).Estimate() == Approx(2000).epsilon(0.1));
  CHECK(reader.value()->sketch(0).Estimate() == Approx(18 * kVectorRows * 0.99).epsilon(0.1));
}

TEST_CASE("a full segment") {
  io::SimEnv env(1);
  BlockCache cache(1 << 20);
  TestTable table(ColumnsNamed({"int8 gaps"}), kSegmentRows, 5, 10);
  table.Write(env, "/d/segment");
  auto reader = OpenSegment(env, "/d/segment", cache);
  REQUIRE(reader.status().ToString() == "OK");
  REQUIRE(reader.value()->Check().ToString() == "OK");
  types::Vector out(types::kInt8Oid);
  RequireOk(reader.value()->ReadVector(0, kVectorsMax - 1, out));
  REQUIRE(out.Get<int64_t>(kVectorRows - 1) == table.values[0].Get<int64_t>(kSegmentRows - 1));
}

TEST_CASE("constants and dictionaries are handed out as such") {
  std::vector<TestColumn> columns = ColumnsNamed({"int4 constant", "text constant", "text flags"});
  io::SimEnv env(1);
  BlockCache cache(1 << 20);
  TestTable table(columns, 2 * kVectorRows, 1);
  table.Write(env, "/d/segment");
  auto reader = std::move(OpenSegment(env, "/d/segment", cache)).value();
  REQUIRE(columns[1].name == "text flags");
  types::Vector number(columns[0].column.type), flag(columns[1].column.type), text(columns[2].column.type);
  REQUIRE(reader->ReadVector(0, 0, number).ok());
  CHECK(number.is_constant());
  REQUIRE(reader->ReadVector(2, 0, text).ok());
  CHECK(text.is_constant());
  REQUIRE(reader->ReadVector(1, 0, flag).ok());
  CHECK(flag.form() == types::VectorForm::kDictionary);
  CHECK(flag.all_valid());
  types::Vector other(columns[1].column.type);
  REQUIRE(reader->ReadVector(1, 1, other).ok());
  CHECK(other.data<std::byte>() == flag.data<std::byte>());  // one dictionary for all vectors
  // What was handed out outlives the reader.
  reader.reset();
  CHECK(flag.Get<types::StringRef>(5) == table.values[1].Get<types::StringRef>(5));
}
