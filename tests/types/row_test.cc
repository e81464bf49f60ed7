#include <catch2/catch.hpp>

#include "types/row_codec.h"
#include "types/text_format.h"

namespace phantom::types {
namespace {

Value Parsed(Oid type, std::string_view text) { return ParseText(type, text, FormatContext{}).value(); }

const std::vector<Type> kTypes = {kInt4Oid, kTextOid, kNumericOid, kBoolOid, kIntervalOid, kByteaOid, kInt8Oid};

std::vector<Value> SampleRow() {
  return {Value::Int4(-7), Value::Text("a string that is not inline"),
          Parsed(kNumericOid, "123456789012345678901234567890123456789012345.678"), Value::Bool(true),
          Parsed(kIntervalOid, "1 mon 2 days 3 sec"), Value::Null(kByteaOid), Value::Int8(INT64_MIN)};
}

}  // namespace

TEST_CASE("a row gives back its columns") {
  RowLayout layout(kTypes);
  RowEncoder encoder(layout);
  std::vector<Value> values = SampleRow();
  std::string row(encoder.EncodeValues(values));
  REQUIRE(RowReader::Validate(layout, row).ok());
  RowReader reader(layout, row);
  for (uint32_t i = 0; i < kTypes.size(); ++i) CHECK(reader.GetValue(i) == values[i]);

  std::vector<Vector> vectors;
  const uint32_t columns[] = {6, 1, 5, 2};
  for (uint32_t column : columns) vectors.emplace_back(kTypes[column], 4);
  REQUIRE(reader.Decode(columns, vectors, 3).ok());
  for (size_t k = 0; k < 4; ++k) CHECK(vectors[k].GetValue(3) == values[columns[k]]);
}

TEST_CASE("a row with long values uses wide offsets") {
  RowLayout layout(kTypes);
  RowEncoder encoder(layout);
  std::vector<Value> values = SampleRow();
  values[1] = Value::Text(std::string(100000, 'x'));
  std::string row(encoder.EncodeValues(values));
  REQUIRE(RowReader::Validate(layout, row).ok());
  for (uint32_t i = 0; i < kTypes.size(); ++i) CHECK(RowReader(layout, row).GetValue(i) == values[i]);
}

TEST_CASE("columns added later have their default in old rows") {
  RowLayout old_layout(std::vector<Type>{kInt4Oid, kTextOid});
  std::string row(RowEncoder(old_layout).EncodeValues(std::vector<Value>{Value::Int4(1), Value::Text("x")}));
  RowLayout layout(std::vector<Type>{kInt4Oid, kTextOid, kInt8Oid, kTextOid});
  layout.SetMissing(2, Value::Int8(42));
  RowReader reader(layout, row);
  REQUIRE(RowReader::Validate(layout, row).ok());
  CHECK(reader.GetValue(1) == Value::Text("x"));
  CHECK(reader.GetValue(2) == Value::Int8(42));
  CHECK(reader.IsNull(3));
  RowEncoder encoder(layout);
  encoder.Begin();
  for (uint32_t i = 0; i < 4; ++i) encoder.AddFrom(reader, i);
  std::string copy(encoder.Finish());
  CHECK(RowReader(layout, copy).GetValue(2) == Value::Int8(42));
  CHECK(RowReader(layout, copy).stored_columns() == 4);
}

TEST_CASE("long values move out of a row that must fit") {
  RowLayout layout(kTypes);
  RowEncoder encoder(layout);
  encoder.Begin();
  std::vector<Value> values = SampleRow();
  values[1] = Value::Text(std::string(5000, 'y'));
  for (const Value& value : values) encoder.Add(value);
  std::string moved;
  Result<std::string_view> row = encoder.FinishWithOverflow(500, [&](std::string_view value) {
    moved = value;
    return Result<OverflowRef>(OverflowRef{9, value.size(), 0});
  });
  REQUIRE(row.ok());
  CHECK(row->size() <= 500);
  RowReader reader(layout, *row);
  CHECK(reader.IsOverflow(1));
  CHECK(reader.Overflow(1).id == 9);
  CHECK(moved == values[1].AsString());
  CHECK(reader.GetValue(2) == values[2]);
  RowReader::OverflowFetch fetch = [&](const OverflowRef&, std::string& value) {
    value = moved;
    return Status::Ok();
  };
  std::vector<Vector> vectors;
  vectors.emplace_back(Type(kTextOid), 1);
  const uint32_t columns[] = {1};
  REQUIRE(reader.Decode(columns, vectors, 0, &fetch).ok());
  CHECK(vectors[0].GetValue(0) == values[1]);
}

TEST_CASE("damaged rows are found") {
  RowLayout layout(kTypes);
  std::string row(RowEncoder(layout).EncodeValues(SampleRow()));
  for (size_t size = 0; size < row.size(); ++size) CHECK_FALSE(RowReader::Validate(layout, row.substr(0, size)).ok());
  // The bytes of a row never change their meaning: docs/formats/row.md.
  RowLayout small(std::vector<Type>{kInt4Oid, kTextOid, kNumericOid});
  std::string golden(RowEncoder(small).EncodeValues(
      std::vector<Value>{Value::Int4(258), Value::Text("ab"), Parsed(kNumericOid, "-1.50")}));
  CHECK(golden == std::string("\x03\x00\x02\x01\x00\x00\x02\x00\x04\x00"
                              "ab\x82\x96",
                              14));
}

TEST_CASE("vectors slice, flatten and copy in every form") {
  Vector numbers{Type(kTextOid)};
  for (uint32_t i = 0; i < 10; ++i) numbers.SetString(i, "a long string number " + std::to_string(i));
  numbers.SetNull(3);
  SelectionVector selection(3);
  selection[0] = 9;
  selection[1] = 3;
  selection[2] = 0;
  Vector slice{Type(kTextOid)};
  slice.Slice(numbers, selection, 3);
  CHECK(slice.Get<StringRef>(0).view() == "a long string number 9");
  CHECK(slice.IsNull(1));
  Chunk chunk;
  chunk.AddColumn(slice);
  chunk.AddColumn(slice);
  chunk.SetSize(3);
  SelectionVector last(1);
  last[0] = 2;
  chunk.Slice(last, 1);
  CHECK(chunk.column(1).GetValue(0) == Value::Text("a long string number 0"));
  chunk.Flatten();
  CHECK(chunk.column(0).is_flat());
  CHECK(chunk.column(0).GetValue(0) == Value::Text("a long string number 0"));
  const Type types[] = {kTextOid, kTextOid};
  Chunk grown(types, 1);
  for (int i = 0; i < 5; ++i) grown.Append(chunk);
  grown.AppendRow(chunk, 0);
  CHECK(grown.size() == 6);
  numbers.Reset();
  CHECK(grown.column(1).GetValue(5) == Value::Text("a long string number 0"));
  CHECK(slice.Get<StringRef>(0).view() == "a long string number 9");
}

}  // namespace phantom::types
