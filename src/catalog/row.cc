#include "catalog/row.h"

#include <charconv>

#include "common/check.h"
#include "types/format_context.h"
#include "types/text_format.h"

namespace phantom::catalog {
namespace {

const types::FormatContext& PlainFormat() {
  static const types::FormatContext format;
  return format;
}

// Text that this room made or PostgreSQL's own rows hold: it parses.
types::Value MustParse(types::Type type, std::string_view text) {
  Result<types::Value> value = types::ParseText(type, text, PlainFormat());
  PHANTOM_CHECK(value.ok());
  return std::move(value).value();
}

std::string TextOf(const types::Value& value) {
  std::string text;
  Status status = types::AppendText(value, PlainFormat(), text);
  PHANTOM_CHECK(status.ok());
  return text;
}

}  // namespace

Row::Row(const Table& system_table) : table_(&system_table) {
  values_.reserve(system_table.columns.size());
  for (const Column& column : system_table.columns) values_.push_back(types::Value::Null(column.type));
}

int64_t Row::Int(int column) const {
  const types::Value& v = value(column);
  if (v.is_null()) return 0;
  switch (v.layout()) {
    case types::Layout::kInt16: return v.AsInt16();
    case types::Layout::kInt32: return v.type().oid == types::kInt4Oid ? v.AsInt32() : int64_t{v.AsOid()};
    default: return v.AsInt64();
  }
}

char Row::Char(int column) const {
  std::string_view text = Text(column);
  return text.empty() ? '\0' : text[0];
}

std::vector<int64_t> Row::Ints(int column) const {
  std::vector<int64_t> numbers;
  if (IsNull(column)) return numbers;
  std::string text = TextOf(value(column));
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    int64_t number;
    auto parsed = std::from_chars(at, end, number);
    if (parsed.ec == std::errc()) {
      numbers.push_back(number);
      at = parsed.ptr;
    } else {
      ++at;
    }
  }
  return numbers;
}

std::vector<std::string> Row::Texts(int column) const {
  if (IsNull(column)) return {};
  return SplitArrayText(TextOf(value(column)));
}

Row& Row::SetInt(int column, int64_t number) {
  types::Type type = TypeOf(column);
  types::Layout layout = types::LayoutOf(type);
  if (layout == types::Layout::kInt16) {
    int16_t slot = static_cast<int16_t>(number);
    SetValue(column, types::Value::FromSlot(type, &slot));
  } else if (layout == types::Layout::kInt32) {
    int32_t slot = static_cast<int32_t>(number);
    SetValue(column, types::Value::FromSlot(type, &slot));
  } else {
    PHANTOM_CHECK(layout == types::Layout::kInt64);
    SetValue(column, types::Value::FromSlot(type, &number));
  }
  return *this;
}

Row& Row::SetBool(int column, bool truth) {
  SetValue(column, types::Value::Bool(truth));
  return *this;
}

Row& Row::SetChar(int column, char letter) {
  SetValue(column, types::Value::Char(letter));
  return *this;
}

Row& Row::SetText(int column, std::string_view text) {
  types::Type type = TypeOf(column);
  if (types::IsTextLike(type.oid) || types::ElementTypeOf(type.oid) == types::kInvalidOid) {
    SetValue(column, types::Value::String(type, text));
  } else {
    SetValue(column, MustParse(type, text));
  }
  return *this;
}

Row& Row::SetFloat(int column, float number) {
  SetValue(column, types::Value::Float4(number));
  return *this;
}

Row& Row::SetInts(int column, const std::vector<int64_t>& numbers) {
  types::Type type = TypeOf(column);
  bool is_vector = type.oid == types::kInt2vectorOid || type.oid == types::kOidvectorOid;
  std::string text;
  for (int64_t number : numbers) {
    if (!text.empty()) text += is_vector ? ' ' : ',';
    text += std::to_string(number);
  }
  SetValue(column, MustParse(type, is_vector ? text : "{" + text + "}"));
  return *this;
}

Row& Row::SetTexts(int column, const std::vector<std::string>& texts) {
  SetValue(column, MustParse(TypeOf(column), JoinArrayText(texts)));
  return *this;
}

Row& Row::SetNull(int column) {
  SetValue(column, types::Value::Null(TypeOf(column)));
  return *this;
}

std::vector<std::string> SplitArrayText(std::string_view text) {
  std::vector<std::string> elements;
  if (text.size() <= 2) return elements;
  std::string element;
  bool quoted = false;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\') {
      element += text[++i];
    } else if (c == ',' && !quoted) {
      elements.push_back(std::move(element));
      element.clear();
    } else {
      element += c;
    }
  }
  elements.push_back(std::move(element));
  return elements;
}

std::string JoinArrayText(const std::vector<std::string>& elements) {
  std::string text = "{";
  for (const std::string& element : elements) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (char c : element) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + '}';
}

}  // namespace phantom::catalog
