// types/numeric_big.h
//
// The way numerics are computed when 128 bits do not suffice: a GMP integer with a decimal scale. Private to this room.
#pragma once
#include <gmp.h>

#include <array>
#include <utility>

#include "types/numeric.h"

namespace phantom::types {

class BigInt {
 public:
  BigInt() { mpz_init(value_); }
  explicit BigInt(int64_t v) { mpz_init_set_si(value_, v); }
  BigInt(const BigInt& other) { mpz_init_set(value_, other.value_); }
  BigInt(BigInt&& other) noexcept {
    mpz_init(value_);
    mpz_swap(value_, other.value_);
  }
  BigInt& operator=(BigInt other) noexcept {
    mpz_swap(value_, other.value_);
    return *this;
  }
  ~BigInt() { mpz_clear(value_); }

  // Signed mantissa of a finite numeric.
  explicit BigInt(const Numeric& value);

  mpz_ptr get() { return value_; }
  mpz_srcptr get() const { return value_; }
  int sign() const { return mpz_sgn(value_); }
  bool is_zero() const { return sign() == 0; }

  BigInt& operator+=(const BigInt& o) { return mpz_add(value_, value_, o.value_), *this; }
  BigInt& operator-=(const BigInt& o) { return mpz_sub(value_, value_, o.value_), *this; }
  BigInt& operator*=(const BigInt& o) { return mpz_mul(value_, value_, o.value_), *this; }
  BigInt& operator<<=(unsigned long bits) { return mpz_mul_2exp(value_, value_, bits), *this; }
  BigInt& operator>>=(unsigned long bits) { return mpz_fdiv_q_2exp(value_, value_, bits), *this; }

 private:
  mpz_t value_;
};

// 10^n, n >= 0.
BigInt PowerOfTen(uint32_t n);
// Digits of the magnitude; 0 of 0.
uint32_t DigitCount(const BigInt& value);
// value * 10^n; negative n divides, rounding half away from zero or cutting.
void ScaleBy(BigInt& value, int n, bool round = true);
// a / b rounded half away from zero (or cut).
BigInt DivideRounded(const BigInt& a, const BigInt& b, bool round = true);
// value * 10^-dscale as a Numeric: inline when it fits, else allocated. 22003 beyond PostgreSQL's format.
Result<Numeric> MakeNumeric(const BigInt& value, int dscale, Arena& arena);
Status NumericOverflow();

// 128-bit helpers ---------------------------------------------------------------------------------------------------

inline constexpr int kPowersOfTen128 = 39;
// 10^0 .. 10^38
inline constexpr std::array<uint128_t, kPowersOfTen128> kPowerOfTen128 = [] {
  std::array<uint128_t, kPowersOfTen128> powers{};
  uint128_t power = 1;
  for (auto& p : powers) {
    p = power;
    power *= 10;
  }
  return powers;
}();
// Digits of a magnitude; 0 of 0.
int DigitCount128(uint128_t magnitude);
// magnitude / 10^n rounded half away from zero.
uint128_t DivideByPowerRounded(uint128_t magnitude, int n);

// Digits before the decimal point of a finite value that is not zero: the value is in [10^(p-1), 10^p).
int DecimalPosition(const Numeric& value);
// The value as a double, infinite when out of range; for estimates.
double RoughDouble(const Numeric& value);

}  // namespace phantom::types
