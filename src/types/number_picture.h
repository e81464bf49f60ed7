// types/number_picture.h
//
// The template of to_char() and to_number() for numbers, cut into patterns. Private to this room.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace phantom::types {

enum class NumberPattern : uint8_t {
  kLiteral, kComma, kPoint, kZero, kNine, kBlank, kCurrencyCode, kLocalPoint, kExponent, kFill, kGroup, kCurrency,
  kMinus, kPlus, kBrackets, kRoman, kLowerRoman, kSignAny, kSpell, kSign, kOrdinal, kLowerOrdinal, kShift
};

struct NumberNode {
  NumberPattern pattern;
  std::string text;  // of a literal: one character
};

enum class SignPlace : uint8_t { kNone, kBefore, kAfter };

struct NumberPicture {
  std::vector<NumberNode> nodes;
  int pre = 0, post = 0;    // digits before and after the point
  int shift = 0;            // digits behind V
  int zero_start = 0, zero_end = 0;
  int pre_sign_digits = 0;  // digits before S
  SignPlace sign = SignPlace::kNone;
  bool decimal = false, zero = false, blank = false, fill = false, local_sign = false, brackets = false, minus = false,
       plus = false, roman = false, multi = false, exponent = false;
};

// 42601 for patterns that do not go together.
Result<NumberPicture> ParseNumberPicture(std::string_view format);

// "st", "nd", "rd" or "th" for a number's digits.
std::string_view OrdinalSuffix(std::string_view digits, bool upper);

}  // namespace phantom::types
