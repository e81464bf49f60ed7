#include <catch2/catch.hpp>

#include "expected.h"
#include "types/binary_format.h"
#include "types/compare.h"
#include "types/hash.h"
#include "types/key_codec.h"
#include "types/text_format.h"

namespace phantom::types {

TEST_CASE("the binary format is PostgreSQL's, both ways") {
  Differences differences;
  FormatContext context;
  for (const Fields& row : ReadExpected("binary.tsv")) {
    Type type = TypeOf(row[0]);
    Value value = ParseText(type, row[1], context).value();
    std::string bytes, hex, text, back;
    REQUIRE(AppendBinary(value, context, bytes).ok());
    AppendBytea(bytes, ByteaOutput::kHex, hex);
    differences.Compare(row, row[2], hex.substr(2));
    Result<Value> read = ParseBinary(type, bytes, context);
    REQUIRE(read.ok());
    REQUIRE(AppendText(value, context, text).ok());
    REQUIRE(AppendText(*read, context, back).ok());
    CHECK(text == back);
    // Cut short it is an error, never a crash.
    for (size_t size = 0; size < bytes.size(); ++size) {
      (void)ParseBinary(type, std::string_view(bytes).substr(0, size), context);
    }
  }
}

TEST_CASE("order, keys and hashes agree with PostgreSQL's order") {
  Differences differences;
  FormatContext context;
  for (const Fields& row : ReadExpected("order.tsv")) {
    Type type = TypeOf(row[0]);
    Value a = ParseText(type, row[1], context).value(), b = ParseText(type, row[2], context).value();
    int order = CompareSlots(type.oid, a.slot(), b.slot());
    differences.Compare(row, row[3], std::to_string(order < 0 ? -1 : order > 0 ? 1 : 0));
    for (bool descending : {false, true}) {
      KeyCodec codec({{type, descending, false}});
      std::string key_a, key_b;
      codec.Append(0, a, key_a);
      codec.Append(0, b, key_b);
      int keys = key_a.compare(key_b);
      keys = descending ? -keys : keys;
      differences.Compare(row, "key " + row[3], "key " + std::to_string(keys < 0 ? -1 : keys > 0 ? 1 : 0));
      if (key_a != key_b) CHECK_FALSE((key_a.starts_with(key_b) || key_b.starts_with(key_a)));
    }
    if (order == 0) CHECK(a.Hash() == b.Hash());
    CHECK(EqualFunction(type.oid)(a.slot(), b.slot()) == (order == 0));
  }
}

TEST_CASE("NULLs of a key come where the column says") {
  std::string null_first, null_last, value;
  KeyCodec first({{kInt4Oid, false, true}}), last({{kInt4Oid, false, false}});
  first.AppendNull(0, null_first);
  last.AppendNull(0, null_last);
  first.Append(0, Value::Int4(INT32_MIN), value);
  CHECK(null_first < value);
  value.clear();
  last.Append(0, Value::Int4(INT32_MAX), value);
  CHECK(value < null_last);
  std::string prefix("a\xff", 2);
  CHECK(PrefixSuccessor(prefix));
  CHECK(prefix == "b");
}

}  // namespace phantom::types
