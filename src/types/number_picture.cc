#include "types/number_picture.h"

#include "types/ascii.h"
#include "types/utf8.h"

namespace phantom::types {
namespace {

using enum NumberPattern;

struct Keyword {
  std::string_view text;
  NumberPattern pattern;
};

// The first that fits is taken.
constexpr Keyword kKeywords[] = {
    {",", kComma}, {".", kPoint}, {"0", kZero}, {"9", kNine}, {"B", kBlank}, {"C", kCurrencyCode},
    {"D", kLocalPoint}, {"EEEE", kExponent}, {"FM", kFill}, {"G", kGroup}, {"L", kCurrency}, {"MI", kMinus},
    {"PL", kPlus}, {"PR", kBrackets}, {"RN", kRoman}, {"SG", kSignAny}, {"SP", kSpell}, {"S", kSign},
    {"TH", kOrdinal}, {"V", kShift}, {"b", kBlank}, {"c", kCurrencyCode}, {"d", kLocalPoint}, {"eeee", kExponent},
    {"fm", kFill}, {"g", kGroup}, {"l", kCurrency}, {"mi", kMinus}, {"pl", kPlus}, {"pr", kBrackets},
    {"rn", kLowerRoman}, {"sg", kSignAny}, {"sp", kSpell}, {"s", kSign}, {"th", kLowerOrdinal}, {"v", kShift},
};

Status Syntax(const char* message) { return Error(sqlstate::kSyntaxError, message); }

// Takes note of one pattern.
Status Note(NumberPattern pattern, NumberPicture& p) {
  if (p.exponent && pattern != kExponent) return Syntax("\"EEEE\" must be the last pattern used");
  switch (pattern) {
    case kNine:
      if (p.brackets) return Syntax("\"9\" must be ahead of \"PR\"");
      ++(p.multi ? p.shift : p.decimal ? p.post : p.pre);
      break;
    case kZero:
      if (p.brackets) return Syntax("\"0\" must be ahead of \"PR\"");
      if (!p.zero && !p.decimal) {
        p.zero = true;
        p.zero_start = p.pre + 1;
      }
      ++(p.decimal ? p.post : p.pre);
      p.zero_end = p.pre + p.post;
      break;
    case kBlank:
      if (p.pre == 0 && p.post == 0 && !p.zero) p.blank = true;
      break;
    case kLocalPoint:
    case kPoint:
      if (p.decimal) return Syntax("multiple decimal points");
      if (p.multi) return Syntax("cannot use \"V\" and decimal point together");
      p.decimal = true;
      break;
    case kFill:
      p.fill = true;
      break;
    case kSign:
      if (p.local_sign) return Syntax("cannot use \"S\" twice");
      if (p.plus || p.minus || p.brackets) {
        return Syntax("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
      }
      p.local_sign = true;
      if (!p.decimal) {
        p.sign = SignPlace::kBefore;
        p.pre_sign_digits = p.pre;
      } else if (p.sign == SignPlace::kNone) {
        p.sign = SignPlace::kAfter;
      }
      break;
    case kMinus:
      if (p.local_sign) return Syntax("cannot use \"S\" and \"MI\" together");
      p.minus = true;
      break;
    case kPlus:
      if (p.local_sign) return Syntax("cannot use \"S\" and \"PL\" together");
      p.plus = true;
      break;
    case kSignAny:
      if (p.local_sign) return Syntax("cannot use \"S\" and \"SG\" together");
      p.minus = p.plus = true;
      break;
    case kBrackets:
      if (p.local_sign || p.plus || p.minus) {
        return Syntax("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
      }
      p.brackets = true;
      break;
    case kRoman:
    case kLowerRoman:
      p.roman = true;
      break;
    case kShift:
      if (p.decimal) return Syntax("cannot use \"V\" and decimal point together");
      p.multi = true;
      break;
    case kExponent:
      if (p.exponent) return Syntax("cannot use \"EEEE\" twice");
      if (p.blank || p.fill || p.local_sign || p.brackets || p.minus || p.plus || p.roman || p.multi) {
        return Syntax("\"EEEE\" is incompatible with other formats")
            .Detail("\"EEEE\" may only be used together with digit and decimal point patterns.");
      }
      p.exponent = true;
      break;
    default:
      break;
  }
  return Status::Ok();
}

}  // namespace

Result<NumberPicture> ParseNumberPicture(std::string_view format) {
  NumberPicture picture;
  auto literal = [&](std::string_view& rest) {
    size_t size = std::min(Utf8Length(rest[0]), rest.size());
    picture.nodes.push_back({kLiteral, std::string(rest.substr(0, size))});
    rest.remove_prefix(size);
  };
  std::string_view rest = format;
  while (!rest.empty()) {
    const Keyword* found = nullptr;
    for (const Keyword& keyword : kKeywords) {
      if (rest.starts_with(keyword.text)) {
        found = &keyword;
        break;
      }
    }
    if (found != nullptr) {
      rest.remove_prefix(found->text.size());
      picture.nodes.push_back({found->pattern, {}});
      RETURN_IF_ERROR(Note(found->pattern, picture));
    } else if (rest[0] == '"') {
      rest.remove_prefix(1);
      while (!rest.empty()) {
        if (rest[0] == '"') {
          rest.remove_prefix(1);
          break;
        }
        if (rest[0] == '\\' && rest.size() > 1) rest.remove_prefix(1);
        literal(rest);
      }
    } else {
      if (rest.size() > 1 && rest[0] == '\\' && rest[1] == '"') rest.remove_prefix(1);
      literal(rest);
    }
  }
  return picture;
}

std::string_view OrdinalSuffix(std::string_view digits, bool upper) {
  char last = digits.empty() ? '0' : digits.back();
  if (digits.size() > 1 && digits[digits.size() - 2] == '1') last = '0';
  switch (last) {
    case '1':
      return upper ? "ST" : "st";
    case '2':
      return upper ? "ND" : "nd";
    case '3':
      return upper ? "RD" : "rd";
    default:
      return upper ? "TH" : "th";
  }
}

}  // namespace phantom::types
