#include "segment_fixture.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "types/numeric.h"
#include "types/value.h"

namespace phantom::lsm {

using types::Layout;
using types::Numeric;
using types::Vector;

namespace {

template <typename T, typename Fn>
Generator Fixed(Fn fn) {
  return [fn](Numbers& numbers, uint32_t i, Vector& to) {
    to.data<T>()[i] = static_cast<T>(fn(numbers, i));
    return true;
  };
}

template <typename Fn>
Generator Text(Fn fn) {
  return [fn](Numbers& numbers, uint32_t i, Vector& to) {
    to.SetString(i, fn(numbers, i));
    return true;
  };
}

template <typename Fn>
Generator Decimal(Fn fn) {
  return [fn](Numbers& numbers, uint32_t i, Vector& to) {
    to.data<Numeric>()[i] = to.heap().Add(fn(numbers, i, to.heap().arena()));
    return true;
  };
}

Generator WithNulls(uint32_t per_thousand, Generator generate) {
  return [=](Numbers& numbers, uint32_t i, Vector& to) {
    return numbers.Below(1000) >= per_thousand && generate(numbers, i, to);
  };
}

std::string Words(Numbers& numbers, uint32_t words) {
  static constexpr const char* kWords[] = {"furiously", "quick", "deposits", "sleep",    "above",
                                           "the",       "final", "ideas",    "carefully"};
  std::string text;
  for (uint32_t i = 0; i < words; ++i) text.append(kWords[numbers.Below(9)]).append(" ");
  return text;
}

Numeric NumericOf(const std::string& text, Arena& arena) { return types::ParseNumeric(text, arena).value(); }

uint64_t RandomBits(Numbers& numbers) { return numbers.Next() >> numbers.Below(64); }

// The distributions that differ by width and sign.
template <typename T>
void AddWidths(std::vector<TestColumn>* columns, const std::string& name, types::Type type, Layout layout) {
  auto add = [&](const char* what, Generator generate) {
    columns->push_back({name + what, {0, type, layout}, generate});
  };
  constexpr T kMax = std::numeric_limits<T>::max(), kMin = std::numeric_limits<T>::min();
  add(" few", Fixed<T>([](Numbers& n, uint32_t) { return n.Below(5) * 24571; }));
  add(" widths", Fixed<T>([](Numbers& n, uint32_t) { return RandomBits(n); }));
  add(" extremes", Fixed<T>([=](Numbers& n, uint32_t) { return n.Below(2) != 0 ? kMax : kMin; }));
  add(" nulls", WithNulls(300, Fixed<T>([](Numbers& n, uint32_t) { return n.Below(90); })));
}

template <typename T>
void AddIntegers(std::vector<TestColumn>* columns, const std::string& name, types::Type type, Layout layout) {
  AddWidths<T>(columns, name, type, layout);
  auto add = [&](const char* what, Generator generate) {
    columns->push_back({name + what, {0, type, layout}, generate});
  };
  add(" constant", Fixed<T>([](Numbers&, uint32_t) { return 42; }));
  add(" sequence", Fixed<T>([](Numbers&, uint32_t i) { return i; }));
  add(" gaps", Fixed<T>([](Numbers& n, uint32_t i) { return i * 7 + n.Below(7); }));
  add(" descending", Fixed<T>([](Numbers& n, uint32_t i) { return 30000 - static_cast<int64_t>(i * 3 + n.Below(3)); }));
  add(" runs", Fixed<T>([](Numbers&, uint32_t i) { return i / 37 * 1001; }));
  add(" small", Fixed<T>([](Numbers& n, uint32_t) { return 100 - static_cast<int64_t>(n.Below(300)); }));
  add(" any", Fixed<T>([](Numbers& n, uint32_t) { return n.Next(); }));
  add(" mostly null", WithNulls(998, Fixed<T>([](Numbers& n, uint32_t) { return n.Next(); })));
  add(" constant or null", WithNulls(300, Fixed<T>([](Numbers&, uint32_t) { return 7; })));
}

template <typename T>
void AddFloats(std::vector<TestColumn>* columns, const std::string& name, types::Type type, Layout layout) {
  auto add = [&](const char* what, auto fn) { columns->push_back({name + what, {0, type, layout}, Fixed<T>(fn)}); };
  add(" decimals", [](Numbers& n, uint32_t) { return static_cast<double>(n.Below(1000000)) / 100; });
  add(" decimals with strays", [](Numbers& n, uint32_t) {
    return n.Below(50) == 0 ? std::sqrt(static_cast<double>(n.Below(1000))) : static_cast<double>(n.Below(5000)) / 10;
  });
  add(" specials", [](Numbers& n, uint32_t) {
    const double kSpecial[] = {0.0, -0.0, NAN, -NAN, INFINITY, -INFINITY, 1e300, 5e-324, -1.5};
    return kSpecial[n.Below(9)];
  });
  add(" any", [](Numbers& n, uint32_t) { return std::bit_cast<double>(n.Next()); });
  add(" runs", [](Numbers&, uint32_t i) { return i / 100 * 0.1; });
  columns->push_back({name + " nulls", {0, type, layout}, WithNulls(200, Fixed<T>([](Numbers& n, uint32_t) {
                                                                      return static_cast<double>(n.Below(999)) / 8;
                                                                    }))});
}

void AddNumerics(std::vector<TestColumn>* columns) {
  auto add = [&](const char* what, auto fn) {
    columns->push_back({std::string("numeric ") + what, {0, types::kNumericOid, Layout::kNumeric}, Decimal(fn)});
  };
  add("prices",
      [](Numbers& n, uint32_t, Arena&) { return Numeric::FromMagnitude(n.Below(3) == 0, n.Below(10000000), 2); });
  add("few", [](Numbers& n, uint32_t, Arena&) { return Numeric::FromMagnitude(false, n.Below(50) * 100, 2); });
  add("mixed scales", [](Numbers& n, uint32_t, Arena&) {
    return Numeric::FromMagnitude(n.Below(2) == 0, n.Below(100000), static_cast<int>(n.Below(6)));
  });
  add("wide", [](Numbers& n, uint32_t, Arena&) {
    return Numeric::FromMagnitude(n.Below(2) == 0, static_cast<types::uint128_t>(n.Next() >> 9) << 64 | n.Next(), 5);
  });
  add("strays", [](Numbers& n, uint32_t, Arena& arena) {
    switch (n.Below(60)) {
      case 0:
        return Numeric::NaN();
      case 1:
        return Numeric::Infinity(n.Below(2) == 0);
      case 2:
        return NumericOf("-123456789012345678901234567890123456789012345.00100", arena);
      case 3:
        return NumericOf("0.000000000000000000000000000000000000000000000000123", arena);
      case 4:
        return NumericOf("1.50000000000000000000000", arena);
      case 5:
        return NumericOf("123456789012345678901234567890", arena);
      default:
        return Numeric::FromMagnitude(n.Below(2) == 0, n.Below(1000000000), 1);
    }
  });
  add("big",
      [](Numbers& n, uint32_t, Arena& arena) { return NumericOf("1" + std::string(40 + n.Below(30), '7'), arena); });
  columns->push_back({"numeric nulls",
                      {0, types::kNumericOid, Layout::kNumeric},
                      WithNulls(500, Decimal([](Numbers& n, uint32_t, Arena&) {
                                  return Numeric::FromInt64(static_cast<int64_t>(n.Next()));
                                }))});
}

void AddStrings(std::vector<TestColumn>* columns) {
  auto add = [&](const char* what, Oid type, auto fn) {
    columns->push_back({what, {0, type, Layout::kString}, Text(fn)});
  };
  add("text comments", types::kTextOid, [](Numbers& n, uint32_t) { return Words(n, 1 + n.Below(9)); });
  add("text flags", types::kTextOid, [](Numbers& n, uint32_t) { return std::string(1, "ANR"[n.Below(3)]); });
  add("text modes", types::kVarcharOid,
      [](Numbers& n, uint32_t) { return "mode number " + std::to_string(n.Below(7)); });
  add("text constant", types::kTextOid,
      [](Numbers&, uint32_t) { return std::string("the same long text everywhere"); });
  add("text runs", types::kTextOid, [](Numbers&, uint32_t i) { return "a rather long key " + std::to_string(i / 40); });
  add("text numbered", types::kTextOid,
      [](Numbers&, uint32_t i) { return "Customer#" + std::to_string(100000000 + i); });
  add("text empty", types::kTextOid, [](Numbers& n, uint32_t) { return n.Below(2) != 0 ? "" : Words(n, 1); });
  add("text long", types::kTextOid,
      [](Numbers& n, uint32_t) { return n.Below(4) != 0 ? Words(n, 40 + n.Below(90)) : "x"; });
  add("text common prefix", types::kTextOid,
      [](Numbers& n, uint32_t) { return std::string(40, 'p') + std::to_string(n.Below(100000)); });
  add("bpchar", types::kBpcharOid, [](Numbers& n, uint32_t) { return Words(n, 1) + std::string(n.Below(4), ' '); });
  add("name", types::kNameOid, [](Numbers& n, uint32_t) { return "column_" + std::to_string(n.Below(2000)); });
  add("char", types::kCharOid, [](Numbers& n, uint32_t) { return std::string(n.Below(2), 'c'); });
  add("json", types::kJsonOid, [](Numbers& n, uint32_t) { return "{\"key\": " + std::to_string(n.Below(9)) + "}"; });
  auto bytes = [](Numbers& n, uint32_t) {
    std::string text(n.Below(50), '\0');
    for (char& byte : text) byte = static_cast<char>(n.Next());
    return text;
  };
  add("bytea", types::kByteaOid, bytes);
  add("bytea 255", types::kByteaOid,
      [](Numbers& n, uint32_t) { return std::string(n.Below(60), '\xff') + std::to_string(n.Below(5)); });
  add("jsonb", types::kJsonbOid, bytes);
  add("int4[]", types::kInt4ArrayOid, bytes);
  add("record", types::kRecordOid, bytes);
  add("varbit", types::kVarbitOid, bytes);
  columns->push_back({"text nulls",
                      {0, types::kTextOid, Layout::kString},
                      WithNulls(400, Text([](Numbers& n, uint32_t) { return Words(n, n.Below(6)); }))});
  columns->push_back({"text flags nulls",
                      {0, types::kTextOid, Layout::kString},
                      WithNulls(100, Text([](Numbers& n, uint32_t) {
                                  return std::string(20, static_cast<char>('a' + n.Below(4)));
                                }))});
  columns->push_back(
      {"text runs nulls",
       {0, types::kTextOid, Layout::kString},
       WithNulls(100, Text([](Numbers&, uint32_t i) { return "run of a long key " + std::to_string(i / 300); }))});
}

void AddSixteens(std::vector<TestColumn>* columns) {
  columns->push_back(
      {"interval", {0, types::kIntervalOid, Layout::kInterval}, Fixed<types::Interval>([](Numbers& n, uint32_t) {
         return types::Interval{static_cast<int32_t>(n.Below(3)), static_cast<int32_t>(n.Below(61)),
                                static_cast<int64_t>(n.Below(5)) * 1000000};
       })});
  columns->push_back({"uuid", {0, types::kUuidOid, Layout::kUuid}, [](Numbers& n, uint32_t i, Vector& to) {
                        to.data<Slot16>()[i] = {n.Next(), n.Next()};
                        return true;
                      }});
  columns->push_back(
      {"timetz runs", {0, types::kTimetzOid, Layout::kTimeTz}, Fixed<types::TimeTz>([](Numbers&, uint32_t i) {
         return types::TimeTz{static_cast<int64_t>(i / 50) * 1000, 3600, 0};
       })});
  columns->push_back(
      {"uuid nulls", {0, types::kUuidOid, Layout::kUuid}, WithNulls(700, [](Numbers& n, uint32_t i, Vector& to) {
         to.data<Slot16>()[i] = {n.Below(4), 0};
         return true;
       })});
}

}  // namespace

std::vector<TestColumn> AllColumns() {
  std::vector<TestColumn> columns;
  AddIntegers<int16_t>(&columns, "int2", types::kInt2Oid, Layout::kInt16);
  AddIntegers<int32_t>(&columns, "int4", types::kInt4Oid, Layout::kInt32);
  AddWidths<uint32_t>(&columns, "oid", types::kOidOid, Layout::kInt32);
  AddIntegers<int64_t>(&columns, "int8", types::kInt8Oid, Layout::kInt64);
  AddWidths<uint64_t>(&columns, "pg_lsn", types::kPgLsnOid, Layout::kInt64);
  AddWidths<int32_t>(&columns, "enum", types::Type(20000), Layout::kInt32);
  AddFloats<float>(&columns, "float4", types::kFloat4Oid, Layout::kFloat32);
  AddFloats<double>(&columns, "float8", types::kFloat8Oid, Layout::kFloat64);
  AddNumerics(&columns);
  AddStrings(&columns);
  AddSixteens(&columns);
  auto flag = Fixed<uint8_t>([](Numbers& n, uint32_t) { return n.Below(2); });
  columns.push_back({"bool", {0, types::kBoolOid, Layout::kBool}, flag});
  columns.push_back({"bool nulls", {0, types::kBoolOid, Layout::kBool}, WithNulls(100, flag)});
  columns.push_back({"bool runs", {0, types::kBoolOid, Layout::kBool}, Fixed<uint8_t>([](Numbers&, uint32_t i) {
                       return i / 700 % 2;
                     })});
  columns.push_back({"all null", {0, types::kTextOid, Layout::kString}, WithNulls(1000, Text([](Numbers&, uint32_t) {
                                                                                    return "";
                                                                                  }))});
  for (size_t i = 0; i < columns.size(); ++i) columns[i].column.attribute = static_cast<uint16_t>(i + 1);
  return columns;
}

std::vector<TestColumn> ColumnsNamed(std::initializer_list<std::string_view> names) {
  std::vector<TestColumn> columns = AllColumns();
  std::erase_if(columns,
                [&](const TestColumn& column) { return std::ranges::find(names, column.name) == names.end(); });
  REQUIRE(columns.size() == names.size());
  return columns;
}

TestTable::TestTable(std::vector<TestColumn> test_columns, uint32_t rows, uint64_t seed, uint32_t absent)
    : columns(std::move(test_columns)), rows(rows) {
  Numbers numbers(seed);
  for (const TestColumn& column : columns) {
    Vector& vector = values.emplace_back(column.column.type, column.column.layout, rows);
    for (uint32_t i = 0; i < rows; ++i) {
      if (!column.generate(numbers, i, vector)) vector.SetNull(i);
    }
  }
  for (uint32_t v = 0; v < VectorsOf(rows); ++v) {
    present.push_back(RowSet::First(RowsOfVector(rows, v)));
    for (uint32_t row = 0; row < RowsOfVector(rows, v); ++row) {
      if (numbers.Below(1000) < absent) present.back().Remove(row);
    }
  }
}

SegmentSchema TestTable::Schema() const {
  SegmentSchema schema{17, 3, 1 << 17, {}};
  for (const TestColumn& column : columns) schema.columns.push_back(column.column);
  return schema;
}

types::Chunk TestTable::Rows(uint32_t vector) const {
  const uint32_t count = RowsOfVector(rows, vector);
  types::Chunk chunk;
  for (const Vector& column : values) {
    Vector part(column.type(), column.layout(), kVectorRows);
    part.CopyRows(column, vector * kVectorRows, count, 0);
    chunk.AddColumn(std::move(part));
  }
  chunk.SetSize(count);
  return chunk;
}

std::string TestTable::Write(io::Env& env, const std::string& path) const {
  REQUIRE(env.MakeDirectory("/d").ok());
  auto file = std::move(env.Open(path, io::OpenMode::kCreateNew)).value();
  SegmentWriter writer(*file, Schema());
  for (uint32_t v = 0; v < present.size(); ++v) RequireOk(writer.Append(Rows(v), &present[v]));
  auto size = writer.Finish();
  REQUIRE(size.ok());
  REQUIRE(size.value() == file->Size().value());
  file.reset();
  return ReadFile(env, path);
}

void RequireOk(const Status& status) {
  if (!status.ok()) FAIL(status.ToString());
}

std::string ReadFile(io::Env& env, const std::string& path) {
  auto file = std::move(env.Open(path, io::OpenMode::kExisting)).value();
  std::string bytes(file->Size().value(), '\0');
  REQUIRE(file->Read(0, {reinterpret_cast<std::byte*>(bytes.data()), bytes.size()}).ok());
  return bytes;
}

void WriteFile(io::Env& env, const std::string& path, std::string_view bytes) {
  auto file = std::move(env.Open(path, io::OpenMode::kCreate)).value();
  REQUIRE(file->Truncate(0).ok());
  REQUIRE(file->Write(0, AsBytes(bytes)).ok());
}

Result<std::unique_ptr<SegmentReader>> OpenSegment(io::Env& env, const std::string& path, BlockCache& cache) {
  return SegmentReader::Open(std::move(env.Open(path, io::OpenMode::kExisting)).value(), path, cache);
}

}  // namespace phantom::lsm
