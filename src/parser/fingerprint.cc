#include "parser/fingerprint.h"

#include <algorithm>
#include <array>

#include "common/checksum.h"

namespace phantom::parser {

namespace {

// Character classes of PostgreSQL's scanner, as bits.
enum : uint8_t { kSpace = 1, kDigit = 2, kLetter = 4, kDollar = 8, kUpper = 16, kOperator = 32, kSelf = 64 };

constexpr std::array<uint8_t, 256> kClasses = [] {
  std::array<uint8_t, 256> classes{};
  auto mark = [&](std::string_view characters, int bits) {
    for (char c : characters) classes[static_cast<uint8_t>(c)] |= bits;
  };
  mark(" \t\n\r\f", kSpace);
  mark("0123456789", kDigit);
  mark("abcdefghijklmnopqrstuvwxyz_", kLetter);
  mark("ABCDEFGHIJKLMNOPQRSTUVWXYZ", kLetter | kUpper);
  for (int c = 0x80; c < 0x100; ++c) classes[c] = kLetter;
  mark("$", kDollar);
  mark("~!@#^&|`?+-*/%<>=", kOperator);
  mark(",()[].;:", kSelf);
  return classes;
}();

constexpr bool IsIn(char c, int bits) { return (kClasses[static_cast<uint8_t>(c)] & bits) != 0; }
constexpr bool IsSpace(char c) { return IsIn(c, kSpace); }
constexpr bool IsDigit(char c) { return IsIn(c, kDigit); }
constexpr bool IsUpper(char c) { return IsIn(c, kUpper); }
constexpr bool StartsWord(char c) { return IsIn(c, kLetter); }
constexpr bool ContinuesTag(char c) { return IsIn(c, kLetter | kDigit); }
constexpr bool ContinuesWord(char c) { return IsIn(c, kLetter | kDigit | kDollar); }
constexpr bool IsOperator(char c) { return IsIn(c, kOperator); }
constexpr bool IsSelf(char c) { return IsIn(c, kSelf); }
constexpr bool IsOneOf(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

constexpr size_t kWordBytesMax = 63;  // longer identifiers are truncated, with a notice

// One pass over the text. Each Scan method is called at its token's first byte and returns false to give up.
class Scanner {
 public:
  Scanner(std::string_view text, Fingerprint* result) : text_(text), result_(*result) {}

  bool Run() {
    while (true) {
      if (!SkipBlanks()) return false;
      if (at_ == text_.size()) return !result_.normalized.empty();
      if (ended_ || !ScanToken()) return false;
    }
  }

 private:
  // The byte `ahead` places on; NUL past the end (text has no NUL that a token may hold).
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  bool SkipBlanks();
  bool SkipBlockComment();
  bool ScanToken();
  bool ScanWord();
  bool ScanQuotedWord();
  bool ScanNumber();
  bool ScanString();
  bool ScanEscapeString();
  bool ScanBitString();
  bool ScanDollarString();
  bool ScanOperator();
  bool ScanSelf();

  void BeginToken() {
    if (!result_.normalized.empty()) result_.normalized += ' ';
    after_string_ = false;
    minus_ = -1;
  }
  void EmitToken(std::string_view token) {
    BeginToken();
    result_.normalized += token;
  }
  // A literal whose value was appended to values from value_begin on, and whose token is text_[begin, at_).
  void EmitLiteral(LiteralType type, size_t begin, size_t value_begin) {
    static constexpr std::string_view kMarks[] = {"?i", "?n", "?s", "?b"};
    int32_t minus = minus_;
    EmitToken(kMarks[static_cast<int>(type)]);
    result_.literals.push_back({type, static_cast<int32_t>(begin), static_cast<int32_t>(at_ - begin), minus,
                                static_cast<int32_t>(value_begin),
                                static_cast<int32_t>(result_.values.size() - value_begin)});
    after_string_ = type == LiteralType::kString || type == LiteralType::kBitString;
  }

  const std::string_view text_;
  Fingerprint& result_;
  size_t at_ = 0;
  bool ended_ = false;         // a semicolon was seen
  bool after_string_ = false;  // the previous token was a string, which a further one on a later line would continue
  int32_t minus_ = -1;         // where the previous token is, if it is a minus
};

bool Scanner::SkipBlanks() {
  while (at_ < text_.size()) {
    char c = text_[at_];
    if (IsSpace(c)) {
      ++at_;
    } else if (c == '-' && Peek(1) == '-') {
      while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
    } else if (c == '/' && Peek(1) == '*') {
      if (!SkipBlockComment()) return false;
    } else {
      break;
    }
  }
  return true;
}

bool Scanner::SkipBlockComment() {
  int depth = 0;
  while (at_ < text_.size()) {
    if (Peek() == '/' && Peek(1) == '*') {
      ++depth;
      at_ += 2;
    } else if (Peek() == '*' && Peek(1) == '/') {
      at_ += 2;
      if (--depth == 0) return true;
    } else {
      ++at_;
    }
  }
  return false;
}

bool Scanner::ScanToken() {
  char c = text_[at_];
  if (StartsWord(c)) {
    if (Peek(1) == '\'') {
      if (c == 'e' || c == 'E') return ScanEscapeString();
      if (c == 'b' || c == 'B' || c == 'x' || c == 'X') return ScanBitString();
      if (c == 'n' || c == 'N') return false;  // N'...' becomes a cast
    }
    if ((c == 'u' || c == 'U') && Peek(1) == '&' && (Peek(2) == '\'' || Peek(2) == '"')) return false;
    return ScanWord();
  }
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return ScanNumber();
  if (c == '\'') return ScanString();
  if (c == '"') return ScanQuotedWord();
  if (c == '$') return ScanDollarString();
  if (IsSelf(c)) return ScanSelf();
  if (IsOperator(c)) return ScanOperator();
  return false;
}

bool Scanner::ScanWord() {
  size_t begin = at_;
  while (at_ < text_.size() && ContinuesWord(text_[at_])) ++at_;
  EmitToken(text_.substr(begin, at_ - begin));
  char* word = result_.normalized.data() + result_.normalized.size() - (at_ - begin);
  for (size_t i = 0; i < at_ - begin; ++i)
    if (IsUpper(word[i])) word[i] = static_cast<char>(word[i] + ('a' - 'A'));
  return at_ - begin <= kWordBytesMax;
}

bool Scanner::ScanQuotedWord() {
  size_t begin = at_++;
  while (true) {
    size_t quote = text_.find('"', at_);
    if (quote == std::string_view::npos) return false;
    at_ = quote + 1;
    if (Peek() != '"') break;
    ++at_;
  }
  if (at_ - begin == 2 || at_ - begin - 2 > kWordBytesMax) return false;
  EmitToken(text_.substr(begin, at_ - begin));
  return true;
}

bool Scanner::ScanNumber() {
  size_t begin = at_;
  bool integer = true;
  while (IsDigit(Peek())) ++at_;
  if (Peek() == '.' && Peek(1) != '.') {  // 1..2 is 1 and ..
    integer = false;
    ++at_;
    while (IsDigit(Peek())) ++at_;
  }
  if (Peek() == 'e' || Peek() == 'E') {
    size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
    if (!IsDigit(Peek(1 + sign))) return false;
    integer = false;
    at_ += 1 + sign;
    while (IsDigit(Peek())) ++at_;
  }
  if (StartsWord(Peek())) return false;
  std::string_view digits = text_.substr(begin, at_ - begin);
  if (integer) {
    std::string_view significant = digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
    integer = significant.size() < 10 || (significant.size() == 10 && significant <= "2147483647");
  }
  size_t value_begin = result_.values.size();
  result_.values += digits;
  EmitLiteral(integer ? LiteralType::kInteger : LiteralType::kNumber, begin, value_begin);
  return true;
}

bool Scanner::ScanString() {
  if (after_string_) return false;
  size_t begin = at_++;
  size_t value_begin = result_.values.size();
  while (true) {
    size_t quote = text_.find('\'', at_);
    if (quote == std::string_view::npos) return false;
    result_.values += text_.substr(at_, quote - at_);
    at_ = quote + 1;
    if (Peek() != '\'') break;
    result_.values += '\'';
    ++at_;
  }
  EmitLiteral(LiteralType::kString, begin, value_begin);
  return true;
}

bool Scanner::ScanEscapeString() {
  size_t begin = at_;
  size_t value_begin = result_.values.size();
  at_ += 2;
  while (true) {
    if (at_ >= text_.size()) return false;
    char c = text_[at_++];
    if (c == '\'') {
      if (Peek() != '\'') break;
      ++at_;
    } else if (c == '\\') {
      c = Peek();
      ++at_;
      // Numeric escapes can make invalid text, and \' depends on a setting: the scanner proper judges those.
      if (IsDigit(c) || IsOneOf(c, "xuU'") || c == '\0') return false;
      static constexpr std::string_view kEscapes = "bfnrt", kValues = "\b\f\n\r\t";
      size_t escape = kEscapes.find(c);
      if (escape != std::string_view::npos) c = kValues[escape];
    }
    result_.values += c;
  }
  EmitLiteral(LiteralType::kString, begin, value_begin);
  return true;
}

bool Scanner::ScanBitString() {
  size_t begin = at_;
  size_t value_begin = result_.values.size();
  size_t quote = text_.find('\'', at_ + 2);
  if (quote == std::string_view::npos) return false;
  result_.values += text_[at_] == 'b' || text_[at_] == 'B' ? 'b' : 'x';
  result_.values += text_.substr(at_ + 2, quote - at_ - 2);
  at_ = quote + 1;
  EmitLiteral(LiteralType::kBitString, begin, value_begin);
  return true;
}

// A parameter ($1) is no dollar quote, and makes the statement unfit.
bool Scanner::ScanDollarString() {
  size_t begin = at_;
  size_t tag_end = at_ + 1;
  if (tag_end < text_.size() && StartsWord(text_[tag_end]))
    while (tag_end < text_.size() && ContinuesTag(text_[tag_end])) ++tag_end;
  if (tag_end >= text_.size() || text_[tag_end] != '$') return false;
  std::string_view delimiter = text_.substr(begin, tag_end + 1 - begin);
  size_t end = text_.find(delimiter, tag_end + 1);
  if (end == std::string_view::npos) return false;
  size_t value_begin = result_.values.size();
  result_.values += text_.substr(tag_end + 1, end - tag_end - 1);
  at_ = end + delimiter.size();
  EmitLiteral(LiteralType::kString, begin, value_begin);
  after_string_ = false;  // a dollar-quoted string is not continued
  return true;
}

// The longest run of operator characters, cut where a comment begins; an operator of several characters ends in + or -
// only if it holds a character that standard SQL's operators do not have.
bool Scanner::ScanOperator() {
  size_t begin = at_;
  size_t length = 0;
  bool unusual = false;
  while (begin + length < text_.size() && IsOperator(text_[begin + length])) {
    char c = text_[begin + length];
    char next = begin + length + 1 < text_.size() ? text_[begin + length + 1] : '\0';
    if ((c == '-' && next == '-') || (c == '/' && next == '*')) break;
    unusual = unusual || IsOneOf(c, "~!@#^&|`?%");
    ++length;
  }
  if (!unusual)
    while (length > 1 && (text_[begin + length - 1] == '+' || text_[begin + length - 1] == '-')) --length;
  at_ += length;
  EmitToken(text_.substr(begin, length));
  if (length == 1 && text_[begin] == '-') minus_ = static_cast<int32_t>(begin);
  return true;
}

bool Scanner::ScanSelf() {
  char c = text_[at_];
  if (c == ';') {
    ended_ = true;
    ++at_;
    return true;
  }
  bool pair = (c == ':' && (Peek(1) == ':' || Peek(1) == '=')) || (c == '.' && Peek(1) == '.');
  EmitToken(text_.substr(at_, pair ? 2 : 1));
  at_ += pair ? 2 : 1;
  return true;
}

}  // namespace

bool ComputeFingerprint(std::string_view sql, Fingerprint* result) {
  result->normalized.clear();
  result->values.clear();
  result->literals.clear();
  if (sql.size() > kFingerprintBytesMax || !Scanner(sql, result).Run()) return false;
  result->hash =
      Checksum(Bytes(reinterpret_cast<const std::byte*>(result->normalized.data()), result->normalized.size()));
  return true;
}

}  // namespace phantom::parser
