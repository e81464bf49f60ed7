#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "expected.h"
#include "types/datetime.h"
#include "types/numeric.h"
#include "types/text_format.h"
#include "types/to_char.h"

namespace phantom::types {
namespace {

using Binary = Result<Numeric> (*)(const Numeric&, const Numeric&, Arena&);

Result<std::string> Text(Result<Numeric> value) {
  if (!value.ok()) return std::move(value).status();
  return NumericText(*value);
}

template <typename T>
Result<std::string> Cast(Result<T> value, Oid type) {
  if (!value.ok()) return std::move(value).status();
  std::string text;
  RETURN_IF_ERROR(AppendText(type, &*value, FormatContext{}, text));
  return text;
}

Result<std::string> Unary(const std::string& name, const Numeric& a, Arena& arena) {
  if (name == "sqrt") return Text(NumericSqrt(a, arena));
  if (name == "exp") return Text(NumericExp(a, arena));
  if (name == "ln") return Text(NumericLn(a, arena));
  if (name == "log10") return Text(NumericLog10(a, arena));
  if (name == "ceil") return Text(NumericCeil(a, arena));
  if (name == "floor") return Text(NumericFloor(a, arena));
  if (name == "neg") return Text(NumericNeg(a, arena));
  if (name == "abs") return Text(NumericAbs(a, arena));
  if (name.starts_with("round")) return Text(NumericRound(a, std::stoi(name.substr(5)), arena));
  if (name.starts_with("trunc")) return Text(NumericTrunc(a, std::stoi(name.substr(5)), arena));
  if (name == "trim") return NumericText(NumericTrimScale(a, arena));
  if (name == "int2") return Cast(NumericToInt16(a), kInt2Oid);
  if (name == "int4") return Cast(NumericToInt32(a), kInt4Oid);
  if (name == "int8") return Cast(NumericToInt64(a), kInt8Oid);
  if (name == "float8") return Cast(NumericToDouble(a), kFloat8Oid);
  if (name == "float4") return Cast(NumericToFloat(a), kFloat4Oid);
  std::optional<int32_t> scale = NumericMinScale(a);  // min_scale
  return scale ? std::to_string(*scale) : std::string();
}

Result<std::string> Evaluate(const Fields& row) {
  const std::map<std::string, Binary> binary = {
      {"add", NumericAdd}, {"sub", NumericSub}, {"mul", NumericMul}, {"div", NumericDiv}, {"mod", NumericMod},
      {"divtrunc", NumericDivTrunc}, {"power", NumericPower}, {"log", NumericLog}, {"gcd", NumericGcd},
      {"lcm", NumericLcm}};
  const std::string &name = row[0], &first = row[1], &second = row[2];
  FormatContext context = ContextOf("timezone=America/New_York");
  Arena arena;
  std::string out;
  if (auto found = binary.find(name); found != binary.end()) {
    return Text(found->second(*ParseNumeric(first, arena), *ParseNumeric(second, arena), arena));
  }
  if (name == "to_char numeric") {
    RETURN_IF_ERROR(NumericToChar(*ParseNumeric(first, arena), second, out));
  } else if (name == "to_char float8") {
    RETURN_IF_ERROR(Float8ToChar(*ParseFloat8(first), second, out));
  } else if (name == "to_char int4") {
    RETURN_IF_ERROR(Int4ToChar(*ParseInt32(first), second, out));
  } else if (name == "to_number") {
    return Text(ToNumber(first, second, arena));
  } else if (name == "to_char timestamp") {
    RETURN_IF_ERROR(TimestampToChar(*ParseTimestamp(first, context), second, out));
  } else if (name == "to_char timestamptz") {
    RETURN_IF_ERROR(TimestampTzToChar(*ParseTimestampTz(first, context), second, context.time_zone, out));
  } else if (name == "to_char interval") {
    RETURN_IF_ERROR(IntervalToChar(*ParseInterval(first, -1, context), second, out));
  } else if (name == "to_timestamp") {
    ASSIGN_OR_RETURN(int64_t timestamp, ToTimestamp(first, second, context));
    AppendTimestampTz(timestamp, context, out);
  } else if (name == "to_date") {
    ASSIGN_OR_RETURN(int32_t date, ToDate(first, second, context));
    AppendDate(date, context, out);
  } else {
    return Unary(name, *ParseNumeric(first, arena), arena);
  }
  return out;
}

}  // namespace

TEST_CASE("functions of numbers and formatting give what PostgreSQL gives") {
  Differences differences;
  for (const Fields& row : ReadExpected("functions.tsv")) {
    Result<std::string> result = Evaluate(row);
    differences.Compare(row, row[3], result.ok() ? *result : ErrorText(result.status()));
  }
}

}  // namespace phantom::types
