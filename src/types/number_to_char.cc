#include <algorithm>
#include <cmath>
#include <cstring>

#include "types/ascii.h"
#include "types/number_picture.h"
#include "types/numeric_big.h"
#include "types/text_format.h"
#include "types/to_char.h"

namespace phantom::types {
namespace {

using enum NumberPattern;

// A number's digits for the picture: "123.40" without sign, or something that fills its place.
struct Digits {
  std::string text;
  char sign = '+';
  int spaces = 0;  // places of the picture before the first digit
};

// Replays the picture's patterns over the digits. The state follows PostgreSQL's, whose output depends on it at many
// corners (FM, leading zeros, where the sign goes).
class Writer {
 public:
  Writer(NumberPicture& picture, const Digits& digits, std::string& out)
      : p_(picture), text_(digits.text), out_(out), sign_(digits.sign), spaces_(digits.spaces) {}

  Status Run() {
    Prepare();
    for (const NumberNode& node : p_.nodes) RETURN_IF_ERROR(Node(node));
    if (end_ < out_.size()) out_.resize(end_);
    return Status::Ok();
  }

 private:
  void Prepare() {
    if (p_.zero_start != 0) --p_.zero_start;
    if (p_.roman) {
      bool fill = p_.fill;
      std::vector<NumberNode> nodes = std::move(p_.nodes);
      p_ = NumberPicture();
      p_.nodes = std::move(nodes);
      p_.fill = fill;
      p_.roman = true;
      spaces_ = 0;
    }
    if (p_.plus || p_.minus) {
      sign_written_ = !(p_.plus && !p_.minus);
    } else {
      if (sign_ != '-' && p_.brackets && p_.fill) p_.brackets = false;
      sign_written_ = sign_ == '+' && p_.fill && !p_.local_sign;
      if (p_.sign == SignPlace::kBefore && p_.pre == p_.pre_sign_digits) p_.sign = SignPlace::kAfter;
    }
    count_ = p_.post + p_.pre - 1;
    if (p_.fill && p_.decimal) {
      // The last digit that FM keeps: the last that is not zero, or the last a 0 pattern asks for.
      size_t point = text_.find('.');
      if (point != std::string::npos) {
        size_t last = point;
        for (size_t i = point + 1; i < text_.size(); ++i) {
          if (text_[i] != '0') last = i;
        }
        if (p_.zero_end > spaces_) {
          auto zero = std::min(static_cast<int>(text_.size()) - 1, p_.zero_end - spaces_);
          if (static_cast<int>(last) < zero) last = static_cast<size_t>(zero);
        }
        last_relevant_ = static_cast<int>(last);
      }
    }
    if (!sign_written_ && spaces_ == 0) ++count_;
  }

  char DigitAt(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  bool LastRelevantIsPoint() const { return last_relevant_ >= 0 && DigitAt(static_cast<size_t>(last_relevant_)) == '.'; }
  // A lone zero before the point, which a 9 shows as a blank.
  bool PointlessZero() const { return !p_.zero && at_ == 0 && DigitAt(0) == '0' && p_.post != 0; }

  void WriteSign() {
    if (p_.local_sign) {
      if (p_.sign == SignPlace::kBefore) {
        out_.push_back(sign_);
        sign_written_ = true;
      }
    } else if (p_.brackets) {
      out_.push_back(sign_ == '+' ? ' ' : '<');
      sign_written_ = true;
    } else if (sign_ == '+') {
      if (!p_.fill) out_.push_back(' ');
      sign_written_ = true;
    } else {
      out_.push_back('-');
      sign_written_ = true;
    }
  }

  void Digit(NumberPattern pattern) {
    if (p_.roman) return;
    in_number_ = false;
    if (!sign_written_ && (current_ >= spaces_ || (p_.zero && p_.zero_start == current_)) &&
        (!PointlessZero() || LastRelevantIsPoint())) {
      WriteSign();
    }
    if (current_ < spaces_ && (p_.zero_start > current_ || !p_.zero)) {
      if (!p_.fill) out_.push_back(' ');
    } else if (p_.zero && current_ < spaces_ && p_.zero_start <= current_) {
      out_.push_back('0');
      in_number_ = true;
    } else {
      if (DigitAt(at_) == '.') {
        if (!LastRelevantIsPoint() || p_.fill) out_.push_back('.');
      } else if (last_relevant_ >= 0 && static_cast<int>(at_) > last_relevant_ && pattern != kZero) {
        // cut by FM
      } else if (PointlessZero()) {
        if (!p_.fill) {
          out_.push_back(' ');
        } else if (LastRelevantIsPoint()) {
          out_.push_back('0');
        }
      } else {
        // Past the text (of NaN in a wide picture) PostgreSQL's result ends.
        if (DigitAt(at_) == '\0') {
          end_ = std::min(end_, out_.size());
        } else {
          out_.push_back(DigitAt(at_));
        }
        in_number_ = true;
      }
      if (at_ < text_.size()) ++at_;
    }
    int end = count_ + (spaces_ != 0 ? 1 : 0) + (p_.decimal ? 1 : 0);
    if (last_relevant_ >= 0 && last_relevant_ == static_cast<int>(at_)) end = current_;
    if (current_ + 1 == end) {
      if (sign_written_ && p_.brackets) {
        out_.push_back(sign_ == '+' ? ' ' : '>');
      } else if (p_.local_sign && p_.sign == SignPlace::kAfter) {
        out_.push_back(sign_);
      }
    }
    ++current_;
  }

  Status Node(const NumberNode& node) {
    switch (node.pattern) {
      case kLiteral:
        out_.append(node.text);
        return Status::Ok();
      case kNine:
      case kZero:
      case kPoint:
      case kLocalPoint:
        Digit(node.pattern);
        return Status::Ok();
      case kComma:
      case kGroup:
        if (in_number_) {
          out_.push_back(',');
        } else if (!p_.fill) {
          out_.push_back(' ');
        }
        return Status::Ok();
      case kCurrency:
        out_.push_back(' ');
        return Status::Ok();
      case kRoman:
      case kLowerRoman: {
        std::string roman = node.pattern == kRoman ? text_ : ToLower(text_);
        constexpr size_t kRomanWidth = 15;
        if (!p_.fill && roman.size() < kRomanWidth) out_.append(kRomanWidth - roman.size(), ' ');
        out_.append(roman);
        return Status::Ok();
      }
      case kOrdinal:
      case kLowerOrdinal:
        if (p_.roman || DigitAt(0) == '#' || sign_ == '-' || p_.decimal) return Status::Ok();
        if (text_.empty() || !IsDigit(text_.back())) {
          return Error(sqlstate::kInvalidTextRepresentation, Format("\"%s\" is not a number", text_.c_str()));
        }
        out_.append(OrdinalSuffix(text_, node.pattern == kOrdinal));
        return Status::Ok();
      case kMinus:
        if (sign_ == '-') {
          out_.push_back('-');
        } else if (!p_.fill) {
          out_.push_back(' ');
        }
        return Status::Ok();
      case kPlus:
        if (sign_ == '+') {
          out_.push_back('+');
        } else if (!p_.fill) {
          out_.push_back(' ');
        }
        return Status::Ok();
      case kSignAny:
        out_.push_back(sign_);
        return Status::Ok();
      default:
        return Status::Ok();
    }
  }

  NumberPicture& p_;
  std::string text_;
  std::string& out_;
  char sign_;
  int spaces_;
  size_t at_ = 0;           // next digit
  int current_ = 0;         // patterns of digits seen
  int count_ = 0;
  int last_relevant_ = -1;  // index of the last digit FM keeps
  bool sign_written_ = false;
  bool in_number_ = false;
  size_t end_ = std::string::npos;  // of the result
};

std::string Roman(int64_t number) {
  constexpr int64_t kRomanMax = 3999;
  if (number < 1 || number > kRomanMax) return std::string(15, '#');
  constexpr std::pair<int, const char*> kParts[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"},
                                                    {90, "XC"},  {50, "L"},   {40, "XL"}, {10, "X"},   {9, "IX"},
                                                    {5, "V"},    {4, "IV"},   {1, "I"}};
  std::string roman;
  for (auto [value, text] : kParts) {
    for (; number >= value; number -= value) roman += text;
  }
  return roman;
}

// Splits off the sign, and finds the spaces before the number, or the hashes of one too long for the picture.
Digits Fit(std::string text, const NumberPicture& p) {
  Digits digits;
  if (text[0] == '-') {
    digits.sign = '-';
    text.erase(0, 1);
  }
  auto whole = static_cast<int>(std::min(text.find('.'), text.size()));
  if (whole < p.pre) {
    digits.spaces = p.pre - whole;
  } else if (whole > p.pre) {
    text.assign(static_cast<size_t>(p.pre + p.post + 1), '#');
    text[static_cast<size_t>(p.pre)] = '.';
  }
  digits.text = std::move(text);
  return digits;
}

std::string Unprintable(const NumberPicture& p) {
  std::string text(static_cast<size_t>(p.pre + p.post + 6), '#');
  text[0] = ' ';
  text[static_cast<size_t>(p.pre + 1)] = '.';
  return text;
}

// "1.23e+04" of a finite numeric.
Result<std::string> Scientific(const Numeric& value, int scale) {
  int exponent = value.is_zero() ? 0 : DecimalPosition(value) - 1;
  BigInt mantissa(value);
  ScaleBy(mantissa, scale - exponent - value.dscale());
  Arena arena;
  ASSIGN_OR_RETURN(Numeric significand, MakeNumeric(mantissa, scale, arena));
  return NumericText(significand) + Format("e%+03d", exponent);
}

int64_t PowerOfTenInt(int n) {
  int64_t power = 1;
  while (n-- > 0 && power < INT64_MAX / 10) power *= 10;
  return power;
}

template <typename Int>
Status IntegerToChar(Int value, std::string_view format, Int (*shifted)(Int, int, bool*), const char* type,
                     std::string& out) {
  if (format.empty()) return Status::Ok();
  ASSIGN_OR_RETURN(NumberPicture p, ParseNumberPicture(format));
  Digits digits;
  if (p.roman) {
    digits.text = Roman(value);
  } else if (p.exponent) {
    std::string text = Format("%+.*e", p.post, static_cast<double>(value));
    if (text[0] == '+') text[0] = ' ';
    out.append(text);
    return Status::Ok();
  } else {
    if (p.multi) {
      bool overflow = false;
      value = shifted(value, p.shift, &overflow);
      if (overflow) return Error(sqlstate::kNumericValueOutOfRange, Format("%s out of range", type));
      p.pre += p.shift;
    }
    std::string text;
    AppendInt64(value, text);
    if (p.post != 0) text.append(".").append(static_cast<size_t>(p.post), '0');
    digits = Fit(std::move(text), p);
  }
  return Writer(p, digits, out).Run();
}

template <typename Float>
Status FloatToChar(Float value, std::string_view format, int digits_max, std::string& out) {
  if (format.empty()) return Status::Ok();
  ASSIGN_OR_RETURN(NumberPicture p, ParseNumberPicture(format));
  Digits digits;
  if (p.roman) {
    digits.text = Roman(static_cast<int64_t>(std::rint(value)));
  } else if (p.exponent) {
    if (!std::isfinite(value)) {
      out.append(Unprintable(p));
      return Status::Ok();
    }
    std::string text = Format("%+.*e", p.post, static_cast<double>(value));
    if (text[0] == '+') text[0] = ' ';
    out.append(text);
    return Status::Ok();
  } else {
    Float shifted = value;
    if (p.multi) {
      shifted = static_cast<Float>(value * static_cast<Float>(std::pow(10.0, p.shift)));
      p.pre += p.shift;
    }
    // No more digits than the type has.
    auto printed = [](double v, int post) {
      if (std::isnan(v)) return std::string("NaN");
      if (std::isinf(v)) return std::string(v < 0 ? "-Infinity" : "Infinity");
      return Format("%.*f", post, v);
    };
    auto whole = static_cast<int>(printed(std::abs(static_cast<double>(shifted)), 0).size());
    if (whole >= digits_max) {
      p.post = 0;
    } else if (whole + p.post > digits_max) {
      p.post = digits_max - whole;
    }
    digits = Fit(printed(static_cast<double>(shifted), p.post), p);
  }
  return Writer(p, digits, out).Run();
}

}  // namespace

Status NumericToChar(const Numeric& value, std::string_view format, std::string& out) {
  if (format.empty()) return Status::Ok();
  ASSIGN_OR_RETURN(NumberPicture p, ParseNumberPicture(format));
  Arena arena;
  Digits digits;
  if (p.roman) {
    ASSIGN_OR_RETURN(int32_t number, NumericToInt32(value));
    digits.text = Roman(number);
  } else if (p.exponent) {
    if (!value.is_finite()) {
      out.append(Unprintable(p));
      return Status::Ok();
    }
    ASSIGN_OR_RETURN(std::string text, Scientific(value, p.post));
    if (text[0] != '-') out.push_back(' ');
    out.append(text);
    return Status::Ok();
  } else {
    Numeric shifted = value;
    if (p.multi) {
      ASSIGN_OR_RETURN(Numeric power, NumericPower(Numeric::FromInt64(10), Numeric::FromInt64(p.shift), arena));
      ASSIGN_OR_RETURN(shifted, NumericMul(value, power, arena));
      p.pre += p.shift;
    }
    ASSIGN_OR_RETURN(Numeric rounded, NumericRound(shifted, p.post, arena));
    digits = Fit(NumericText(rounded), p);
  }
  return Writer(p, digits, out).Run();
}

Status Int4ToChar(int32_t value, std::string_view format, std::string& out) {
  // PostgreSQL multiplies without looking at overflow here.
  auto shifted = [](int32_t v, int shift, bool*) {
    return static_cast<int32_t>(static_cast<uint32_t>(v) * static_cast<uint32_t>(PowerOfTenInt(shift)));
  };
  return IntegerToChar<int32_t>(value, format, shifted, "integer", out);
}

Status Int8ToChar(int64_t value, std::string_view format, std::string& out) {
  auto shifted = [](int64_t v, int shift, bool* overflow) {
    int64_t product = 0;
    *overflow = __builtin_mul_overflow(v, PowerOfTenInt(shift), &product);
    return product;
  };
  if (!format.empty()) {
    ASSIGN_OR_RETURN(NumberPicture p, ParseNumberPicture(format));
    // In these forms PostgreSQL goes through other types.
    if (p.exponent) return NumericToChar(Numeric::FromInt64(value), format, out);
    if (p.roman && value != static_cast<int32_t>(value)) {
      return Error(sqlstate::kNumericValueOutOfRange, "integer out of range");
    }
  }
  return IntegerToChar<int64_t>(value, format, shifted, "bigint", out);
}

Status Float4ToChar(float value, std::string_view format, std::string& out) {
  return FloatToChar<float>(value, format, 6, out);
}
Status Float8ToChar(double value, std::string_view format, std::string& out) {
  return FloatToChar<double>(value, format, 15, out);
}

// to_number() ---------------------------------------------------------------------------------------------------------

namespace {

// Takes the digits out of text by the picture.
class NumberReader {
 public:
  NumberReader(const NumberPicture& picture, std::string_view text) : p_(picture), text_(text) {}

  // Sign (or blank), digits and point, as numeric's input reads them.
  std::string Run() {
    for (const NumberNode& node : p_.nodes) {
      if (AtEnd()) break;
      if (Node(node)) ++at_;
    }
    if (number_.back() == '.') number_.pop_back();
    return sign_ + number_.substr(1);
  }
  int post() const { return read_post_; }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // Skips up to so many characters that are no digits, points or signs.
  void Skip(int count) {
    constexpr std::string_view kData = "0123456789.,+-";
    while (count-- > 0 && !AtEnd() && kData.find(Peek()) == std::string_view::npos) at_ += CharSize();
  }
  size_t CharSize() const {
    auto c = static_cast<uint8_t>(text_[at_]);
    size_t size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return std::min(size, text_.size() - at_);
  }

  // True when the pattern took the character it is at.
  bool Node(const NumberNode& node) {
    switch (node.pattern) {
      case kLiteral:
        at_ += CharSize();
        return false;
      case kNine:
      case kZero:
      case kPoint:
      case kLocalPoint:
        Digit(node.pattern);
        return true;
      case kComma:
      case kGroup:
        if (p_.fill) return false;
        return Peek() == ',';
      case kCurrency:
        Skip(1);
        return false;
      case kOrdinal:
      case kLowerOrdinal:
        if (!p_.roman && sign_ != '-' && !p_.decimal) Skip(2);
        return false;
      case kMinus:
        if (Peek() == '-') {
          sign_ = '-';
          return true;
        }
        Skip(1);
        return false;
      case kPlus:
        if (Peek() == '+') {
          sign_ = '+';
          return true;
        }
        Skip(1);
        return false;
      case kSignAny:
        if (Peek() == '-' || Peek() == '+') {
          sign_ = Peek();
          return true;
        }
        Skip(1);
        return false;
      default:
        return false;
    }
  }

  void Digit(NumberPattern pattern) {
    if (Peek() == ' ') ++at_;
    if (AtEnd()) return;
    if (sign_ == ' ' && (pattern == kZero || pattern == kNine) && read_pre_ + read_post_ == 0) {
      bool local = p_.local_sign && p_.sign == SignPlace::kBefore;
      if (Peek() == '-' || (!local && p_.brackets && Peek() == '<')) {
        sign_ = '-';
        ++at_;
      } else if (Peek() == '+') {
        sign_ = '+';
        ++at_;
      }
    }
    if (AtEnd()) return;
    bool read = false;
    if (IsDigit(Peek())) {
      if (read_point_ && read_post_ == p_.post) return;
      number_.push_back(Peek());
      ++(read_point_ ? read_post_ : read_pre_);
      read = true;
    } else if (p_.decimal && !read_point_ && Peek() == '.') {
      number_.push_back('.');
      read_point_ = read = true;
    }
    if (sign_ != ' ' || read_pre_ + read_post_ == 0) return;
    if (p_.local_sign && read && at_ + 1 < text_.size() && !IsDigit(text_[at_ + 1])) {
      char next = text_[at_ + 1];
      if (next == '-' || next == '+') {
        ++at_;
        sign_ = next;
      }
    } else if (!read && !p_.local_sign && (p_.plus || p_.minus)) {
      if (Peek() == '-' || Peek() == '+') sign_ = Peek();
    }
  }

  const NumberPicture& p_;
  std::string_view text_;
  size_t at_ = 0;
  char sign_ = ' ';
  std::string number_ = " ";
  int read_pre_ = 0, read_post_ = 0;
  bool read_point_ = false;
};

}  // namespace

Result<Numeric> ToNumber(std::string_view text, std::string_view format, Arena& arena) {
  ASSIGN_OR_RETURN(NumberPicture p, ParseNumberPicture(format));
  if (p.exponent) return Error(sqlstate::kFeatureNotSupported, "\"EEEE\" not supported for input");
  if (p.roman) return Error(sqlstate::kFeatureNotSupported, "\"RN\" not supported for input");
  NumberReader reader(p, text);
  std::string number = reader.Run();
  ASSIGN_OR_RETURN(Numeric value, ParseNumeric(number, arena));
  ASSIGN_OR_RETURN(value, ApplyNumericTypmod(
                              value, NumericTypmod(p.pre + p.shift + reader.post(), reader.post()), arena));
  if (!p.multi) return value;
  ASSIGN_OR_RETURN(Numeric power, NumericPower(Numeric::FromInt64(10), Numeric::FromInt64(-p.shift), arena));
  return NumericMul(value, power, arena);
}

}  // namespace phantom::types
