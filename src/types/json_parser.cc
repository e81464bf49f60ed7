#include "types/json_parser.h"

#include <algorithm>

#include "types/ascii.h"
#include "types/jsonb.h"
#include "types/utf8.h"

namespace phantom::types {
namespace {

enum class Token { kNone, kEnd, kObjectStart, kObjectEnd, kArrayStart, kArrayEnd, kComma, kColon, kString, kNumber, kTrue,
                   kFalse, kNull };

constexpr size_t kContextBytesMax = 50;  // of the text shown in an error's CONTEXT

bool IsWordChar(char c) { return IsAlnum(c) || c == '_' || static_cast<uint8_t>(c) >= 0x80; }

class Parser {
 public:
  Parser(std::string_view text, bool decode, JsonHandler& handler) : text_(text), decode_(decode), handler_(handler) {}

  Status Run() {
    RETURN_IF_ERROR(Next());
    RETURN_IF_ERROR(Value(0));
    if (token_ != Token::kEnd) return Unexpected("Expected end of input, but found \"%s\".");
    return Status::Ok();
  }

 private:
  // The grammar -------------------------------------------------------------------------------------------------------

  Status Value(int depth) {
    switch (token_) {
      case Token::kObjectStart:
        return Object(depth);
      case Token::kArrayStart:
        return Array(depth);
      case Token::kString:
        handler_.At(begin_, end_);
        RETURN_IF_ERROR(handler_.String(string()));
        return Next();
      case Token::kNumber:
        handler_.At(begin_, end_);
        RETURN_IF_ERROR(handler_.Number(text_.substr(begin_, end_ - begin_)));
        return Next();
      case Token::kTrue:
      case Token::kFalse:
        handler_.At(begin_, end_);
        RETURN_IF_ERROR(handler_.Bool(token_ == Token::kTrue));
        return Next();
      case Token::kNull:
        handler_.At(begin_, end_);
        RETURN_IF_ERROR(handler_.Null());
        return Next();
      default:
        return Unexpected("Expected JSON value, but found \"%s\".");
    }
  }

  Status Object(int depth) {
    RETURN_IF_ERROR(CheckDepth(depth));
    handler_.At(begin_, end_);
    RETURN_IF_ERROR(handler_.StartObject());
    RETURN_IF_ERROR(Next());
    if (token_ == Token::kString) {
      while (true) {
        if (token_ != Token::kString) return Unexpected("Expected string, but found \"%s\".");
        RETURN_IF_ERROR(handler_.Key(string()));
        RETURN_IF_ERROR(Next());
        if (token_ != Token::kColon) return Unexpected("Expected \":\", but found \"%s\".");
        RETURN_IF_ERROR(Next());
        RETURN_IF_ERROR(Value(depth + 1));
        if (token_ != Token::kComma) break;
        RETURN_IF_ERROR(Next());
      }
    } else if (token_ != Token::kObjectEnd) {
      return Unexpected("Expected string or \"}\", but found \"%s\".");
    }
    if (token_ != Token::kObjectEnd) return Unexpected("Expected \",\" or \"}\", but found \"%s\".");
    handler_.At(begin_, end_);
    RETURN_IF_ERROR(handler_.EndObject());
    return Next();
  }

  Status Array(int depth) {
    RETURN_IF_ERROR(CheckDepth(depth));
    handler_.At(begin_, end_);
    RETURN_IF_ERROR(handler_.StartArray());
    RETURN_IF_ERROR(Next());
    if (token_ != Token::kArrayEnd) {
      RETURN_IF_ERROR(Value(depth + 1));
      while (token_ == Token::kComma) {
        RETURN_IF_ERROR(Next());
        RETURN_IF_ERROR(Value(depth + 1));
      }
    }
    if (token_ != Token::kArrayEnd) return Unexpected("Expected \",\" or \"]\", but found \"%s\".");
    handler_.At(begin_, end_);
    RETURN_IF_ERROR(handler_.EndArray());
    return Next();
  }

  Status CheckDepth(int depth) {
    if (depth < kJsonDepthMax) return Status::Ok();
    return Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded")
        .Detail(Format("JSON nested deeper than %d levels.", kJsonDepthMax));
  }

  // Tokens ------------------------------------------------------------------------------------------------------------

  Status Next() {
    size_t at = end_;
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t' || text_[at] == '\n' || text_[at] == '\r')) {
      if (text_[at++] == '\n') {
        ++line_;
        line_start_ = at;
      }
    }
    begin_ = at;
    end_ = at + 1;
    if (at == text_.size()) {
      end_ = at;
      token_ = Token::kEnd;
      return Status::Ok();
    }
    switch (text_[at]) {
      case '{':
        token_ = Token::kObjectStart;
        return Status::Ok();
      case '}':
        token_ = Token::kObjectEnd;
        return Status::Ok();
      case '[':
        token_ = Token::kArrayStart;
        return Status::Ok();
      case ']':
        token_ = Token::kArrayEnd;
        return Status::Ok();
      case ',':
        token_ = Token::kComma;
        return Status::Ok();
      case ':':
        token_ = Token::kColon;
        return Status::Ok();
      case '"':
        RETURN_IF_ERROR(LexString());
        token_ = Token::kString;
        return Status::Ok();
      default:
        return text_[at] == '-' || IsDigit(text_[at]) ? LexNumber() : LexWord();
    }
  }

  Status LexWord() {
    size_t at = begin_;
    while (at < text_.size() && IsWordChar(text_[at])) ++at;
    if (at == begin_) return InvalidToken(begin_ + 1);
    std::string_view word = text_.substr(begin_, at - begin_);
    if (word == "true") {
      token_ = Token::kTrue;
    } else if (word == "false") {
      token_ = Token::kFalse;
    } else if (word == "null") {
      token_ = Token::kNull;
    } else {
      return InvalidToken(at);
    }
    end_ = at;
    return Status::Ok();
  }

  Status LexNumber() {
    size_t at = begin_;
    bool bad = false;
    auto digit = [&] { return at < text_.size() && IsDigit(text_[at]); };
    auto digits = [&] {
      if (!digit()) bad = true;
      while (digit()) ++at;
    };
    if (text_[at] == '-') ++at;
    if (at < text_.size() && text_[at] == '0') {
      ++at;
    } else {
      digits();
    }
    if (at < text_.size() && text_[at] == '.') {
      ++at;
      digits();
    }
    if (at < text_.size() && (text_[at] == 'e' || text_[at] == 'E')) {
      ++at;
      if (at < text_.size() && (text_[at] == '+' || text_[at] == '-')) ++at;
      digits();
    }
    for (; at < text_.size() && IsWordChar(text_[at]); ++at) bad = true;
    if (bad) return InvalidToken(at);
    end_ = at;
    token_ = Token::kNumber;
    return Status::Ok();
  }

  Status LexString() {
    decoded_.clear();
    plain_ = true;
    int32_t high = -1;  // half of a surrogate pair
    size_t at = begin_ + 1;
    for (;; ++at) {
      if (at >= text_.size()) return InvalidToken(text_.size());
      char c = text_[at];
      if (c == '"') break;
      if (static_cast<uint8_t>(c) < 32) {
        return Fail(at, Format("Character with value 0x%02x must be escaped.", static_cast<uint8_t>(c)));
      }
      if (c != '\\') {
        if (decode_ && high != -1) return LowSurrogate(at);
        if (!plain_) decoded_.push_back(c);
        continue;
      }
      if (plain_) {
        decoded_ = text_.substr(begin_ + 1, at - begin_ - 1);
        plain_ = false;
      }
      if (++at >= text_.size()) return InvalidToken(text_.size());
      if (text_[at] == 'u') {
        RETURN_IF_ERROR(LexUnicode(&at, &high));
        continue;
      }
      if (decode_ && high != -1) return LowSurrogate(at);
      constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
      size_t escape = kEscapes.find(text_[at]);
      if (escape == std::string_view::npos) {
        size_t end = CharEnd(at);
        return Fail(end, Format("Escape sequence \"\\%s\" is invalid.", std::string(text_.substr(at, end - at)).c_str()));
      }
      decoded_.push_back(kMeanings[escape]);
    }
    if (decode_ && high != -1) return LowSurrogate(at);
    end_ = at + 1;
    return Status::Ok();
  }

  // *at is at the 'u'; moves it to the last hexadecimal digit.
  Status LexUnicode(size_t* at, int32_t* high) {
    int32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      if (++*at >= text_.size()) return InvalidToken(text_.size());
      int digit = HexDigit(text_[*at]);
      if (digit < 0) return Fail(CharEnd(*at), "\"\\u\" must be followed by four hexadecimal digits.");
      code = code * 16 + digit;
    }
    if (!decode_) return Status::Ok();
    if (code >= 0xd800 && code < 0xdc00) {
      if (*high != -1) return Fail(CharEnd(*at), "Unicode high surrogate must not follow a high surrogate.");
      *high = code;
      return Status::Ok();
    }
    if (code >= 0xdc00 && code < 0xe000) {
      if (*high == -1) return LowSurrogate(*at);
      code = 0x10000 + ((*high - 0xd800) << 10) + (code - 0xdc00);
      *high = -1;
    }
    if (*high != -1) return LowSurrogate(*at);
    if (code == 0) {
      return Error(sqlstate::kUntranslatableCharacter, "unsupported Unicode escape sequence")
          .Detail("\\u0000 cannot be converted to text.")
          .Context(Context(CharEnd(*at)));
    }
    AppendUtf8(static_cast<uint32_t>(code), decoded_);
    return Status::Ok();
  }

  std::string_view string() const {
    if (!decode_) return text_.substr(begin_, end_ - begin_);
    return plain_ ? text_.substr(begin_ + 1, end_ - begin_ - 2) : std::string_view(decoded_);
  }

  // Errors ------------------------------------------------------------------------------------------------------------

  size_t CharEnd(size_t at) const { return std::min(at + Utf8Length(text_[at]), text_.size()); }

  Status Fail(size_t end, std::string detail) {
    return Error(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type json")
        .Detail(std::move(detail))
        .Context(Context(end));
  }
  Status LowSurrogate(size_t at) { return Fail(CharEnd(at), "Unicode low surrogate must follow a high surrogate."); }
  Status InvalidToken(size_t end) {
    return Fail(end, Format("Token \"%s\" is invalid.", std::string(text_.substr(begin_, end - begin_)).c_str()));
  }
  // format has one %s, for the token.
  Status Unexpected(const char* format) {
    if (token_ == Token::kEnd) return Fail(end_, "The input string ended unexpectedly.");
    std::string detail(format);
    detail.replace(detail.find("%s"), 2, text_.substr(begin_, end_ - begin_));
    return Fail(end_, std::move(detail));
  }

  // The line of the error up to `end`.
  std::string Context(size_t end) const {
    size_t start = line_start_;
    while (end - start >= kContextBytesMax) start += Utf8Length(text_[start]);
    if (start - line_start_ <= 3) start = line_start_;
    bool more = !(token_ == Token::kEnd && end_ == end) && end < text_.size() && text_[end] != '\n' &&
                text_[end] != '\r';
    return Format("JSON data, line %d: %s%s%s", line_, start > line_start_ ? "..." : "",
                  std::string(text_.substr(start, end - start)).c_str(), more ? "..." : "");
  }

  std::string_view text_;
  const bool decode_;
  JsonHandler& handler_;
  Token token_ = Token::kNone;
  size_t begin_ = 0, end_ = 0;  // of the token
  std::string decoded_;         // of a string with escapes
  bool plain_ = true;           // no escapes: the text itself is the string
  int line_ = 1;
  size_t line_start_ = 0;
};

}  // namespace

Status ParseJson(std::string_view text, bool decode, JsonHandler& handler) {
  return Parser(text, decode, handler).Run();
}

Status ValidateJson(std::string_view text) {
  JsonHandler handler;
  return ParseJson(text, false, handler);
}

}  // namespace phantom::types
