#include "engine/functions/json_text.h"

#include "common/utf8.h"
#include "types/ascii.h"

namespace phantom::engine {

namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The length of the string literal that text begins with.
size_t StringLength(std::string_view text) {
  size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at + 1;
}

// The length of the value that text begins with.
size_t ValueLength(std::string_view text) {
  if (text[0] == '"') return StringLength(text);
  if (text[0] != '{' && text[0] != '[') {
    const size_t end = text.find_first_of(",]} \t\n\r");
    return end == std::string_view::npos ? text.size() : end;
  }
  int depth = 0;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at += StringLength(text.substr(at));
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return text.size();
}

std::string_view SkipBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  return text;
}

uint32_t FourHexDigits(std::string_view text) {
  uint32_t code = 0;
  for (size_t i = 0; i < 4; ++i) code = code << 4 | static_cast<uint32_t>(types::HexDigit(text[i]));
  return code;
}

}  // namespace

std::string_view TrimJson(std::string_view text) {
  text = SkipBlanks(text);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

JsonTextKind KindOfJson(std::string_view value) {
  switch (value.empty() ? 'n' : value[0]) {
    case '{':
      return JsonTextKind::kObject;
    case '[':
      return JsonTextKind::kArray;
    case '"':
      return JsonTextKind::kString;
    case 't':
    case 'f':
      return JsonTextKind::kBoolean;
    case 'n':
      return JsonTextKind::kNull;
    default:
      return JsonTextKind::kNumber;
  }
}

JsonItems::JsonItems(std::string_view container) {
  container = TrimJson(container);
  object_ = !container.empty() && container[0] == '{';
  rest_ = container.substr(1, container.size() - 2);
}

bool JsonItems::Next() {
  rest_ = SkipBlanks(rest_);
  if (!rest_.empty() && rest_[0] == ',') rest_ = SkipBlanks(rest_.substr(1));
  if (rest_.empty()) return false;
  if (object_) {
    key_ = rest_.substr(0, StringLength(rest_));
    rest_ = SkipBlanks(rest_.substr(key_.size()));
    rest_ = SkipBlanks(rest_.substr(1));  // the colon
  }
  value_ = rest_.substr(0, ValueLength(rest_));
  rest_.remove_prefix(value_.size());
  return true;
}

Status UnescapeJson(std::string_view literal, std::string& out) {
  std::string_view text = literal.substr(1, literal.size() - 2);
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    switch (text[++at]) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        uint32_t code = FourHexDigits(text.substr(at + 1));
        at += 4;
        if (code == 0) {
          return Error(sqlstate::kUntranslatableCharacter, "unsupported Unicode escape sequence")
              .Detail("\\u0000 cannot be converted to text.");
        }
        if (code >= 0xD800 && code < 0xDC00) {
          if (text.substr(at + 1, 2) != "\\u") {
            return Error(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type json")
                .Detail("Unicode low surrogate must follow a high surrogate.");
          }
          const uint32_t low = FourHexDigits(text.substr(at + 3));
          at += 6;
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        utf8::Append(static_cast<char32_t>(code), out);
        break;
      }
      default:
        out += text[at];
    }
  }
  return Status::Ok();
}

Result<std::optional<std::string_view>> JsonMember(std::string_view object, std::string_view key) {
  std::optional<std::string_view> found;
  std::string name;
  for (JsonItems items(object); items.Next();) {
    const std::string_view literal = items.key();
    if (literal.find('\\') == std::string_view::npos) {
      if (literal.substr(1, literal.size() - 2) == key) found = items.value();
      continue;
    }
    name.clear();
    RETURN_IF_ERROR(UnescapeJson(literal, name));
    if (name == key) found = items.value();
  }
  return found;
}

std::optional<std::string_view> JsonElement(std::string_view array, int64_t index) {
  if (index < 0) index += CountJsonItems(array);
  if (index < 0) return std::nullopt;
  JsonItems items(array);
  while (items.Next()) {
    if (index-- == 0) return items.value();
  }
  return std::nullopt;
}

uint32_t CountJsonItems(std::string_view container) {
  uint32_t count = 0;
  for (JsonItems items(container); items.Next();) ++count;
  return count;
}

}  // namespace phantom::engine
