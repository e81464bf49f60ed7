#include <catch2/catch.hpp>

#include "expected.h"
#include "types/text_format.h"

namespace phantom::types {

TEST_CASE("text in and out is PostgreSQL's") {
  Differences differences;
  for (const Fields& row : ReadExpected("text.tsv")) {
    FormatContext context = ContextOf(row[0]);
    Type type = TypeOf(row[1]);
    std::string text;
    Result<Value> value = ParseText(type, row[2], context);
    Status status = value.ok() ? AppendText(*value, context, text) : std::move(value).status();
    differences.Compare(row, row[3], status.ok() ? text : ErrorText(status));
  }
}

}  // namespace phantom::types
