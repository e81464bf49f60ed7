// Text of bytea and uuid, checks of UTF-8, and the lengths of varchar, bpchar and name.
#include "types/text_string.h"

#include <cstring>

#include "types/ascii.h"
#include "types/input_error.h"
#include "types/text_format.h"
#include "types/utf8.h"

namespace phantom::types {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

Status TooLong(const char* type, int32_t length) {
  return Error(sqlstate::kStringDataRightTruncation, Format("value too long for type %s(%d)", type, length));
}

bool AllBlanks(std::string_view text) { return text.find_first_not_of(' ') == std::string_view::npos; }

Status ParseHexBytes(std::string_view text, std::string& out) {
  size_t at = 0;
  auto digit = [&](int* value) {
    *value = HexDigit(text[at]);
    if (*value >= 0) return Status::Ok();
    size_t size = ValidUtf8Length(text.substr(at));
    return Error(sqlstate::kInvalidParameterValue,
                 Format("invalid hexadecimal digit: \"%.*s\"", static_cast<int>(size == 0 ? 1 : size), text.data() + at));
  };
  while (at < text.size()) {
    char c = text[at];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++at;
      continue;
    }
    int high = 0, low = 0;
    RETURN_IF_ERROR(digit(&high));
    if (++at == text.size()) {
      return Error(sqlstate::kInvalidParameterValue, "invalid hexadecimal data: odd number of digits");
    }
    RETURN_IF_ERROR(digit(&low));
    ++at;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return Status::Ok();
}

}  // namespace

Status ParseBytea(std::string_view text, std::string& out) {
  if (text.size() >= 2 && text[0] == '\\' && text[1] == 'x') return ParseHexBytes(text.substr(2), out);
  auto octal = [](char c, char most) { return c >= '0' && c <= most; };
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      out.push_back(text[at++]);
    } else if (at + 3 < text.size() && octal(text[at + 1], '3') && octal(text[at + 2], '7') &&
               octal(text[at + 3], '7')) {
      out.push_back(static_cast<char>((text[at + 1] - '0') << 6 | (text[at + 2] - '0') << 3 | (text[at + 3] - '0')));
      at += 4;
    } else if (at + 1 < text.size() && text[at + 1] == '\\') {
      out.push_back('\\');
      at += 2;
    } else {
      return Error(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type bytea");
    }
  }
  return Status::Ok();
}

void AppendBytea(std::string_view bytes, ByteaOutput style, std::string& out) {
  if (style == ByteaOutput::kHex) {
    size_t at = out.size();
    out.resize(at + 2 + bytes.size() * 2);
    out[at++] = '\\';
    out[at++] = 'x';
    for (char c : bytes) {
      out[at++] = kHexDigits[static_cast<uint8_t>(c) >> 4];
      out[at++] = kHexDigits[static_cast<uint8_t>(c) & 15];
    }
    return;
  }
  for (char c : bytes) {
    auto byte = static_cast<uint8_t>(c);
    if (c == '\\') {
      out.append("\\\\");
    } else if (byte < 0x20 || byte > 0x7e) {
      out.push_back('\\');
      out.push_back(static_cast<char>('0' + (byte >> 6)));
      out.push_back(static_cast<char>('0' + (byte >> 3 & 7)));
      out.push_back(static_cast<char>('0' + (byte & 7)));
    } else {
      out.push_back(c);
    }
  }
}

Result<Uuid> ParseUuid(std::string_view text) {
  Uuid uuid;
  std::string_view rest = text;
  bool braces = !rest.empty() && rest.front() == '{';
  if (braces) rest.remove_prefix(1);
  for (int i = 0; i < 16; ++i) {
    if (rest.size() < 2 || HexDigit(rest[0]) < 0 || HexDigit(rest[1]) < 0) return InvalidSyntax("uuid", text);
    uuid.bytes[i] = static_cast<uint8_t>(HexDigit(rest[0]) << 4 | HexDigit(rest[1]));
    rest.remove_prefix(2);
    if (!rest.empty() && rest.front() == '-' && i % 2 == 1 && i < 15) rest.remove_prefix(1);
  }
  if (rest != (braces ? "}" : "")) return InvalidSyntax("uuid", text);
  return uuid;
}

void AppendUuid(const Uuid& uuid, std::string& out) {
  char buffer[36];
  char* at = buffer;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    *at++ = kHexDigits[uuid.bytes[i] >> 4];
    *at++ = kHexDigits[uuid.bytes[i] & 15];
  }
  out.append(buffer, sizeof(buffer));
}

Result<std::string_view> FitVarchar(std::string_view text, int32_t typmod, bool is_explicit) {
  int32_t length = LengthOfTypmod(typmod);
  if (length < 0 || text.size() <= static_cast<size_t>(length)) return text;
  size_t bytes = Utf8Prefix(text, static_cast<size_t>(length));
  if (!is_explicit && !AllBlanks(text.substr(bytes))) return TooLong("character varying", length);
  return text.substr(0, bytes);
}

Result<std::string_view> FitBpchar(std::string_view text, int32_t typmod, bool is_explicit, Arena& arena) {
  int32_t length = LengthOfTypmod(typmod);
  if (length < 0) return text;
  size_t chars = Utf8CharCount(text), limit = static_cast<size_t>(length);
  if (chars == limit) return text;
  if (chars > limit) {
    size_t bytes = Utf8Prefix(text, limit);
    if (!is_explicit && !AllBlanks(text.substr(bytes))) return TooLong("character", length);
    return text.substr(0, bytes);
  }
  size_t size = text.size() + (limit - chars);
  char* padded = static_cast<char*>(arena.Allocate(size, 1));
  if (!text.empty()) std::memcpy(padded, text.data(), text.size());
  std::memset(padded + text.size(), ' ', size - text.size());
  return std::string_view(padded, size);
}

std::string_view ClipName(std::string_view text) { return text.substr(0, Utf8ClipBytes(text, kNameBytesMax)); }

}  // namespace phantom::types
