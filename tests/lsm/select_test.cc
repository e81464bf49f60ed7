// Conditions evaluated on codes leave the rows that looking at every value leaves.
#include <algorithm>
#include <catch2/catch.hpp>

#include "segment_fixture.h"
#include "types/value.h"

using namespace phantom;
using namespace phantom::lsm;
using types::Value;

namespace {

constexpr uint32_t kRows = kVectorRows + 50;

// By SQL's rules, one row at a time.
bool Satisfies(const Kind& kind, Op op, const std::vector<Value>& values, const types::Vector& column, uint32_t row) {
  const bool null = column.IsNull(row);
  if (op == Op::kIsNull || op == Op::kIsNotNull) return null == (op == Op::kIsNull);
  if (null) return false;
  auto compare = [&](const Value& value) { return kind.compare(column.row_slot(row), value.slot()); };
  switch (op) {
    case Op::kLess:
      return !values[0].is_null() && compare(values[0]) < 0;
    case Op::kLessEqual:
      return !values[0].is_null() && compare(values[0]) <= 0;
    case Op::kEqual:
      return !values[0].is_null() && compare(values[0]) == 0;
    case Op::kGreaterEqual:
      return !values[0].is_null() && compare(values[0]) >= 0;
    case Op::kGreater:
      return !values[0].is_null() && compare(values[0]) > 0;
    case Op::kNotEqual:
      return !values[0].is_null() && compare(values[0]) != 0;
    case Op::kBetween:
      return !values[0].is_null() && !values[1].is_null() && compare(values[0]) >= 0 && compare(values[1]) <= 0;
    default:
      return std::ranges::any_of(values, [&](const Value& value) { return !value.is_null() && compare(value) == 0; });
  }
}

// A value of the column, or one between.
Value Constant(const TestTable& table, uint32_t column, Numbers& numbers) {
  const SegmentColumn& info = table.columns[column].column;
  const types::Vector& values = table.values[column];
  const auto row = static_cast<uint32_t>(numbers.Below(table.rows));
  if (values.IsNull(row)) return Value::Null(info.type);
  Value value = Value::FromSlot(info.type, info.layout, values.row_slot(row));
  if (numbers.Below(3) != 0) return value;
  if (info.layout == types::Layout::kNumeric) {
    Arena arena;
    auto sum = types::NumericAdd(value.AsNumeric(), types::Numeric::FromMagnitude(numbers.Below(2) == 0, 1, 7), arena);
    return Value::NumericValue(sum.value());
  }
  if (info.layout == types::Layout::kInt32) {
    const int32_t next = value.AsInt32() ^ 1;
    return Value::FromSlot(info.type, info.layout, &next);
  }
  if (info.layout == types::Layout::kString) return Value::String(info.type, std::string(value.AsString()) + "!");
  return value;
}

void RequireSelected(const TestTable& table, const SegmentReader& reader, uint32_t column, Op op,
                     std::vector<Value> values) {
  const Kind& kind = reader.kind(column);
  auto condition = Condition::Make(kind, op, values);
  REQUIRE(condition.status().ToString() == "OK");
  const ColumnCondition on_column{column, &condition.value()};
  for (uint32_t v = 0; v < reader.vector_count(); ++v) {
    RowSet want, got;
    table.present[v].ForEach(
        [&](uint32_t row) { want.Set(row, Satisfies(kind, op, values, table.values[column], v * kVectorRows + row)); });
    RequireOk(reader.Select({&on_column, 1}, v, &got));
    if (!(got == want)) {
      std::string text;
      for (const Value& value : values) text += value.ToString() + " ";
      FAIL(table.columns[column].name << " op " << static_cast<int>(op) << " " << text << ": " << got.Count()
                                      << " rows, not " << want.Count() << ", vector " << v);
    }
    const Match match = reader.MatchVector(on_column, v);
    if (match == Match::kNone && !want.Empty()) FAIL(table.columns[column].name << ": skipped");
    if (match == Match::kAll && !(want == table.present[v])) FAIL(table.columns[column].name << ": not all");
  }
}

}  // namespace

TEST_CASE("conditions are evaluated as SQL does") {
  for (uint32_t absent : {0, 150}) {
    io::SimEnv env(1);
    BlockCache cache(64 << 20);
    TestTable table(AllColumns(), kRows, absent + 11, absent);
    table.Write(env, "/d/segment");
    auto reader = std::move(OpenSegment(env, "/d/segment", cache)).value();
    Numbers numbers(absent + 3);
    for (uint32_t c = 0; c < table.columns.size(); ++c) {
      RequireSelected(table, *reader, c, Op::kIsNull, {});
      RequireSelected(table, *reader, c, Op::kIsNotNull, {});
      if (absent != 0 && c % 3 != 0) continue;
      if (reader->kind(c).compare == nullptr) {
        REQUIRE(Condition::Make(reader->kind(c), Op::kEqual, {Value()}).status().sqlstate() ==
                sqlstate::kFeatureNotSupported);
        continue;
      }
      for (int round = absent == 0 ? 0 : 1; round < 2; ++round) {
        for (Op op : {Op::kLess, Op::kLessEqual, Op::kEqual, Op::kGreaterEqual, Op::kGreater, Op::kNotEqual}) {
          RequireSelected(table, *reader, c, op, {Constant(table, c, numbers)});
        }
        RequireSelected(table, *reader, c, Op::kBetween, {Constant(table, c, numbers), Constant(table, c, numbers)});
        std::vector<Value> list;
        for (int i = 0; i < (round == 0 ? 3 : 30); ++i) list.push_back(Constant(table, c, numbers));
        RequireSelected(table, *reader, c, Op::kIn, list);
      }
    }
    REQUIRE(reader->present(0) == table.present[0]);
  }
}

TEST_CASE("conditions at the ends of what types can hold") {
  io::SimEnv env(1);
  BlockCache cache(64 << 20);
  TestTable table(AllColumns(), 400, 5);
  table.Write(env, "/d/segment");
  auto reader = std::move(OpenSegment(env, "/d/segment", cache)).value();
  const Op kOps[] = {Op::kLess, Op::kLessEqual, Op::kEqual, Op::kGreaterEqual, Op::kGreater, Op::kNotEqual};
  for (uint32_t c = 0; c < table.columns.size(); ++c) {
    const SegmentColumn& column = table.columns[c].column;
    std::vector<Value> ends;
    if (column.layout == types::Layout::kNumeric) {
      for (const char* text :
           {"NaN", "Infinity", "-Infinity", "0", "1e60", "-1e60", "1e-60", "9223372036854775808", "-0.0049999"}) {
        Arena arena;
        ends.push_back(Value::NumericValue(types::ParseNumeric(text, arena).value()));
      }
    } else if (column.layout == types::Layout::kInt64) {
      for (int64_t end : {INT64_MIN, INT64_MAX, int64_t{0}, int64_t{-1}})
        ends.push_back(Value::FromSlot(column.type, column.layout, &end));
    } else if (column.layout == types::Layout::kFloat64) {
      for (double end : {0.0, -0.0, double(NAN), double(INFINITY), -double(INFINITY)})
        ends.push_back(Value::FromSlot(column.type, column.layout, &end));
    }
    for (const Value& end : ends) {
      for (Op op : kOps) RequireSelected(table, *reader, c, op, {end});
    }
  }
}

TEST_CASE("several conditions, and vectors skipped unread") {
  std::vector<TestColumn> columns = ColumnsNamed({"int8 sequence", "text flags"});
  io::SimEnv env(1);
  BlockCache cache(1 << 20);
  TestTable table(columns, 3 * kVectorRows, 5);
  table.Write(env, "/d/segment");
  auto reader = std::move(OpenSegment(env, "/d/segment", cache)).value();
  auto range = Condition::Make(reader->kind(0), Op::kBetween, {Value::Int8(2100), Value::Int8(2199)});
  auto flag = Condition::Make(reader->kind(1), Op::kEqual, {Value::Text("A")});
  const ColumnCondition both[] = {{0, &range.value()}, {1, &flag.value()}};
  RowSet rows;
  env.FailReadAfter(0);  // the next read fails: there must be none
  REQUIRE(reader->Select(both, 0, &rows).ok());
  REQUIRE(rows.Empty());
  REQUIRE(reader->Select(both, 2, &rows).ok());
  REQUIRE(rows.Empty());
  REQUIRE(reader->Select(both, 1, &rows).sqlstate() == sqlstate::kIoError);
  REQUIRE(reader->Select(both, 1, &rows).ok());
  uint32_t want = 0;
  for (uint32_t i = 2100; i < 2200; ++i) want += table.values[1].Get<types::StringRef>(i).view() == "A";
  REQUIRE(rows.Count() == want);
}
