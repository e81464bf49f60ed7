// types/numeric.h
//
// SQL numeric: exact decimal of any precision, with NaN and the infinities, in 16 bytes. A value is
// sign * magnitude * 10^-dscale; dscale is PostgreSQL's display scale. Magnitudes below 2^120 with dscale <= 36 lie
// inline (36 digits and more); others are a pointer to a big number, bytes that someone else owns (an Arena, a
// StringHeap). A value that fits inline is always inline, so inline values are equal in all fields iff their 16 bytes
// are (-0 does not exist).
//
// Results that may be big are allocated from the Arena passed in. Results follow PostgreSQL 15's rules for the display
// scale. Errors: 22003 "value overflows numeric format", 22012 "division by zero", 2201F, 2201E as PostgreSQL raises.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/status.h"

namespace phantom::types {

using uint128_t = unsigned __int128;
using int128_t = __int128;

class Numeric {
 public:
  static constexpr int kInlineScaleMax = 36;
  static constexpr int kScaleMax = 16383;        // PostgreSQL's limit of digits after the point
  static constexpr int kIntegerDigitsMax = 131072;  // and before it

  constexpr Numeric() = default;  // 0
  static constexpr Numeric FromInt64(int64_t value) {
    return FromMagnitude(value < 0, value < 0 ? uint128_t{0} - static_cast<uint128_t>(static_cast<int128_t>(value))
                                              : static_cast<uint128_t>(value), 0);
  }
  // Requires magnitude < 2^120 and 0 <= dscale <= kInlineScaleMax.
  static constexpr Numeric FromMagnitude(bool negative, uint128_t magnitude, int dscale) {
    Numeric n;
    n.low_ = static_cast<uint64_t>(magnitude);
    uint64_t tag = static_cast<uint64_t>(dscale) | (negative && magnitude != 0 ? kSignBit : 0);
    n.high_ = static_cast<uint64_t>(magnitude >> 64) | tag << 56;
    return n;
  }
  static constexpr Numeric NaN() { return Special(kNaNTag); }
  static constexpr Numeric Infinity(bool negative = false) { return Special(kInfinityTag | (negative ? kSignBit : 0)); }

  // The value whose big form (docs/formats/row.md) these bytes are; they must outlive the result. The bytes must come
  // from big_bytes(), or have been checked with IsValidBig().
  static Numeric FromBig(Bytes big);
  static bool IsValidBig(Bytes big);

  bool is_inline() const { return (tag() & kKindMask) <= kInlineScaleMax; }
  bool is_big() const { return (tag() & kKindMask) == kBigTag; }
  bool is_nan() const { return tag() == kNaNTag; }
  bool is_infinite() const { return (tag() & kKindMask) == kInfinityTag; }
  bool is_finite() const { return is_inline() || is_big(); }
  bool is_zero() const {
    return is_inline() ? low_ == 0 && (high_ << 8) == 0 : is_big() && big_bytes().size() == kBigHeaderBytes;
  }
  bool is_negative() const { return (tag() & kSignBit) != 0; }  // also of -Infinity
  int dscale() const;                                           // 0 of NaN and infinities

  // Inline values.
  uint128_t magnitude() const { return static_cast<uint128_t>(high_ & kMagnitudeMask) << 64 | low_; }
  int inline_scale() const { return static_cast<int>(tag() & kKindMask); }
  int128_t signed_mantissa() const {
    int128_t m = static_cast<int128_t>(magnitude());
    return is_negative() ? -m : m;
  }
  // Big values: header (u32 little-endian: dscale | sign << 31), then the magnitude in 8-byte little-endian limbs, the
  // last one not zero.
  Bytes big_bytes() const { return {reinterpret_cast<const std::byte*>(low_), high_ & 0xffffffffu}; }

  // The 16 bytes; equal iff the same value with the same dscale, for inline and special values.
  uint64_t low_word() const { return low_; }
  uint64_t high_word() const { return high_; }

 private:
  static constexpr size_t kBigHeaderBytes = 4;
  static constexpr uint64_t kSignBit = 0x80, kKindMask = 0x7f;
  static constexpr uint64_t kBigTag = 0x7d, kInfinityTag = 0x7e, kNaNTag = 0x7f;
  static constexpr uint64_t kMagnitudeMask = (uint64_t{1} << 56) - 1;

  static constexpr Numeric Special(uint64_t tag) {
    Numeric n;
    n.high_ = tag << 56;
    return n;
  }
  uint64_t tag() const { return high_ >> 56; }

  uint64_t low_ = 0;   // magnitude's low word, or the pointer of a big number
  uint64_t high_ = 0;  // tag in the top byte (sign and dscale or kind); magnitude's high bits or a big number's length
};
static_assert(sizeof(Numeric) == 16);

// Owns a copy of a big number's bytes in the arena; inline values are returned as they are.
Numeric CopyNumeric(Numeric value, Arena& arena);

// Order ------------------------------------------------------------------------------------------------------------
// SQL order: -Infinity < numbers < Infinity < NaN, scale does not matter (1.0 = 1.00), NaN = NaN.
int CompareNumeric(const Numeric& a, const Numeric& b);
uint64_t HashNumeric(const Numeric& value, uint64_t seed);
int SignOf(const Numeric& value);  // -1, 0, 1; NaN: 1

// Text -------------------------------------------------------------------------------------------------------------
// 22P02 / 22003 as numeric_in raises. Leading and trailing blanks are allowed.
Result<Numeric> ParseNumeric(std::string_view text, Arena& arena);
void AppendNumeric(const Numeric& value, std::string& out);
std::string NumericText(const Numeric& value);

// The wire's binary form: 22P03 for bytes that are none.
Result<Numeric> ParseNumericBinary(std::string_view bytes, Arena& arena);
void AppendNumericBinary(const Numeric& value, std::string& out);

// Applies numeric(p,s): rounds to the scale, 22003 "numeric field overflow" with PostgreSQL's DETAIL. typmod -1: as is.
Result<Numeric> ApplyNumericTypmod(Numeric value, int32_t typmod, Arena& arena);

// Arithmetic -------------------------------------------------------------------------------------------------------
Result<Numeric> NumericAddSlow(const Numeric& a, const Numeric& b, Arena& arena);
Result<Numeric> NumericSubSlow(const Numeric& a, const Numeric& b, Arena& arena);
Result<Numeric> NumericMulSlow(const Numeric& a, const Numeric& b, Arena& arena);

// True and *out set when both are inline and so is the result: the way of nearly every row.
inline bool TryNumericAdd(const Numeric& a, const Numeric& b, Numeric* out) {
  if (!a.is_inline() || !b.is_inline() || a.inline_scale() != b.inline_scale()) return false;
  int128_t sum = a.signed_mantissa() + b.signed_mantissa();
  uint128_t magnitude = sum < 0 ? -static_cast<uint128_t>(sum) : static_cast<uint128_t>(sum);
  if (magnitude >> 120 != 0) return false;
  *out = Numeric::FromMagnitude(sum < 0, magnitude, a.inline_scale());
  return true;
}
inline bool TryNumericSub(const Numeric& a, const Numeric& b, Numeric* out) {
  if (!a.is_inline() || !b.is_inline() || a.inline_scale() != b.inline_scale()) return false;
  int128_t difference = a.signed_mantissa() - b.signed_mantissa();
  uint128_t magnitude = difference < 0 ? -static_cast<uint128_t>(difference) : static_cast<uint128_t>(difference);
  if (magnitude >> 120 != 0) return false;
  *out = Numeric::FromMagnitude(difference < 0, magnitude, a.inline_scale());
  return true;
}
inline bool TryNumericMul(const Numeric& a, const Numeric& b, Numeric* out) {
  if (!a.is_inline() || !b.is_inline()) return false;
  int scale = a.inline_scale() + b.inline_scale();
  uint128_t x = a.magnitude(), y = b.magnitude(), product;
  if (scale > Numeric::kInlineScaleMax || __builtin_mul_overflow(x, y, &product) || product >> 120 != 0) return false;
  *out = Numeric::FromMagnitude(a.is_negative() != b.is_negative(), product, scale);
  return true;
}

inline Result<Numeric> NumericAdd(const Numeric& a, const Numeric& b, Arena& arena) {
  Numeric out;
  if (TryNumericAdd(a, b, &out)) [[likely]] return out;
  return NumericAddSlow(a, b, arena);
}
inline Result<Numeric> NumericMul(const Numeric& a, const Numeric& b, Arena& arena) {
  Numeric out;
  if (TryNumericMul(a, b, &out)) [[likely]] return out;
  return NumericMulSlow(a, b, arena);
}
inline Result<Numeric> NumericSub(const Numeric& a, const Numeric& b, Arena& arena) {
  Numeric out;
  if (TryNumericSub(a, b, &out)) [[likely]] return out;
  return NumericSubSlow(a, b, arena);
}
Result<Numeric> NumericDiv(const Numeric& a, const Numeric& b, Arena& arena);       // PostgreSQL's result scale
Result<Numeric> NumericDivTrunc(const Numeric& a, const Numeric& b, Arena& arena);  // div(): integer quotient
Result<Numeric> NumericMod(const Numeric& a, const Numeric& b, Arena& arena);
Result<Numeric> NumericNeg(const Numeric& a, Arena& arena);
Result<Numeric> NumericAbs(const Numeric& a, Arena& arena);
Result<Numeric> NumericRound(const Numeric& a, int32_t scale, Arena& arena);  // half away from zero
Result<Numeric> NumericTrunc(const Numeric& a, int32_t scale, Arena& arena);
Result<Numeric> NumericCeil(const Numeric& a, Arena& arena);
Result<Numeric> NumericFloor(const Numeric& a, Arena& arena);
Result<Numeric> NumericSqrt(const Numeric& a, Arena& arena);
Result<Numeric> NumericExp(const Numeric& a, Arena& arena);
Result<Numeric> NumericLn(const Numeric& a, Arena& arena);
Result<Numeric> NumericLog(const Numeric& base, const Numeric& a, Arena& arena);
Result<Numeric> NumericLog10(const Numeric& a, Arena& arena);
Result<Numeric> NumericPower(const Numeric& a, const Numeric& b, Arena& arena);
Result<Numeric> NumericFactorial(int64_t n, Arena& arena);
Result<Numeric> NumericGcd(const Numeric& a, const Numeric& b, Arena& arena);
Result<Numeric> NumericLcm(const Numeric& a, const Numeric& b, Arena& arena);
Result<int32_t> NumericWidthBucket(const Numeric& operand, const Numeric& low, const Numeric& high, int32_t count);
// scale(), min_scale(), trim_scale(); no value for NaN and the infinities.
std::optional<int32_t> NumericScale(const Numeric& a);
std::optional<int32_t> NumericMinScale(const Numeric& a);
Numeric NumericTrimScale(const Numeric& a, Arena& arena);

// Aggregates' division: sum / count with avg()'s result scale is NumericDiv(sum, FromInt64(count)).

// Conversions ------------------------------------------------------------------------------------------------------
Result<int16_t> NumericToInt16(const Numeric& value);  // rounds; 22003 "smallint out of range"; 0A000 for NaN/Infinity
Result<int32_t> NumericToInt32(const Numeric& value);
Result<int64_t> NumericToInt64(const Numeric& value);
Result<double> NumericToDouble(const Numeric& value);  // 22003 when out of range, as float8in
Result<float> NumericToFloat(const Numeric& value);
Result<Numeric> NumericFromDouble(double value, Arena& arena);  // 15 significant digits, as PostgreSQL
Result<Numeric> NumericFromFloat(float value, Arena& arena);    // 6 significant digits
Numeric NumericFromInt128(int128_t value, int dscale, Arena& arena);  // value * 10^-dscale

}  // namespace phantom::types
