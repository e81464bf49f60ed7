// numeric as integers of one scale, with the display scale of each value. NaN, the infinities and what does not fit are
// kept apart.
#include <array>

#include "lsm/encoding/encoder.h"
#include "lsm/encoding/exceptions.h"
#include "lsm/encoding/sequence.h"
#include "lsm/encoding/values.h"
#include "types/slot_bytes.h"

namespace phantom::lsm {

namespace {

using types::int128_t;
using types::Numeric;
using types::uint128_t;

constexpr int kScaleMax = Numeric::kInlineScaleMax;

constexpr std::array<int128_t, kScaleMax + 1> kPowers = [] {
  std::array<int128_t, kScaleMax + 1> powers{1};
  for (int i = 1; i <= kScaleMax; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// Mantissas lie between -limit and limit, so that they stay below 2^120.
constexpr int64_t kUpperLimit = int64_t{1} << 56;
constexpr bool FitsUpper(int64_t upper) { return upper > -kUpperLimit && upper < kUpperLimit; }
constexpr int64_t Upper(int128_t mantissa) { return static_cast<int64_t>(mantissa >> 64); }

Numeric MakeNumeric(int128_t mantissa, int scale) {
  const bool negative = mantissa < 0;
  return Numeric::FromMagnitude(negative, static_cast<uint128_t>(negative ? -mantissa : mantissa), scale);
}

class DecimalValues final : public Values {
 public:
  explicit DecimalValues(const Source& source) : Values(source) {}

  bool Open(ByteCursor& in) {
    scale_ = in.Take<uint8_t>();
    const auto wide = in.Take<uint8_t>();
    const auto exceptions = in.Take<uint16_t>();
    wide_ = wide == 1;
    return in.ok() && kind().is_numeric() && scale_ <= kScaleMax && wide <= 1 && OpenScales(in) &&
           mantissas_.Open(in, count()) && (!wide_ || OpenUppers(in)) && OpenExceptions(in, exceptions);
  }

  Status Read(const uint64_t* validity, types::Vector& out) const override {
    PrepareFlat(out, count());
    auto* to = out.data<Numeric>();
    uint64_t mantissas[kVectorRows];
    mantissas_.Read(0, mantissas);
    if (!wide_ && one_scale_) {
      for (uint32_t i = 0; i < count(); ++i) {
        const auto mantissa = static_cast<int64_t>(mantissas[i]);
        const uint64_t magnitude = mantissa < 0 ? -mantissas[i] : mantissas[i];
        to[i] = Numeric::FromMagnitude(mantissa < 0, magnitude, scale_);
      }
    } else {
      uint64_t uppers[kVectorRows], scales[kVectorRows];
      if (wide_) uppers_.Read(0, uppers);
      scales_.Read(0, scales);
      for (uint32_t i = 0; i < count(); ++i) {
        const auto low = static_cast<int64_t>(mantissas[i]);
        to[i] = Shown(wide_ ? Join(uppers[i], mantissas[i]) : low, static_cast<int>(scales[i]));
      }
    }
    for (uint32_t i = 0; i < exceptions_.size(); ++i) {
      to[exceptions_[i]] = out.heap().Add(types::NumericFromBytes(exception_values_[i]));
    }
    SetValidity(validity, count(), out);
    return Status::Ok();
  }

  Status ReadOne(uint32_t row, void* slot, types::StringHeap& heap) const override {
    auto& to = *static_cast<Numeric*>(slot);
    if (auto exception = exceptions_.Find(row)) {
      to = heap.Add(types::NumericFromBytes(exception_values_[*exception]));
      return Status::Ok();
    }
    const int64_t low = mantissas_.Get(row);
    const int128_t mantissa = wide_ ? Join(static_cast<uint64_t>(uppers_.Get(row)), static_cast<uint64_t>(low)) : low;
    to = Shown(mantissa, one_scale_ ? scale_ : static_cast<int>(scales_.Get(row)));
    return Status::Ok();
  }

  Status Select(const Ranges& ranges, RowSet& rows) const override {
    std::vector<KeyRange> mantissas;
    for (const SlotRange& range : ranges.slots) {
      if (wide_ || IsBig(range.low) || IsBig(range.high)) return Values::Select(ranges, rows);
      int128_t low = INT64_MIN, high = INT64_MAX;
      if (range.low != nullptr) {
        const Scaled bound = Scale(range.low);
        low = std::max(low, bound.floor + (!bound.exact || range.low_open ? 1 : 0));
      }
      if (range.high != nullptr) {
        const Scaled bound = Scale(range.high);
        high = std::min(high, bound.floor - (bound.exact && range.high_open ? 1 : 0));
      }
      if (low <= high) mantissas.push_back({static_cast<int64_t>(low), static_cast<int64_t>(high)});
    }
    if (!mantissas.empty()) mantissas_.Select(mantissas, rows);
    for (uint32_t i = 0; i < exceptions_.size(); ++i) {
      const Numeric value = types::NumericFromBytes(exception_values_[i]);
      rows.Set(exceptions_[i], ranges.Contains(&value));
    }
    return Status::Ok();
  }

 private:
  // A bound in units of the mantissas.
  struct Scaled {
    int128_t floor;
    bool exact;
  };

  bool OpenScales(ByteCursor& in) {
    if (!scales_.Open(in, count())) return false;
    uint64_t scales[kVectorRows];
    scales_.Read(0, scales);
    one_scale_ = true;
    for (uint32_t i = 0; i < count(); ++i) {
      if (scales[i] > static_cast<uint64_t>(scale_)) return false;
      one_scale_ = one_scale_ && scales[i] == static_cast<uint64_t>(scale_);
    }
    return true;
  }

  bool OpenUppers(ByteCursor& in) {
    if (!uppers_.Open(in, count())) return false;
    uint64_t uppers[kVectorRows];
    uppers_.Read(0, uppers);
    return std::all_of(uppers, uppers + count(), [](uint64_t upper) { return FitsUpper(static_cast<int64_t>(upper)); });
  }

  bool OpenExceptions(ByteCursor& in, uint32_t exceptions) {
    if (!exceptions_.Open(in, exceptions, count())) return false;
    const Bytes ends = in.TakeBytes(exceptions * 4);
    if (!in.ok()) return false;
    uint32_t begin = 0;
    for (uint32_t i = 0; i < exceptions; ++i) {
      const auto end = LoadLE<uint32_t>(ends.data() + i * 4);
      if (end < begin) return false;
      exception_values_.push_back(AsText(in.TakeBytes(end - begin)));
      if (!types::IsValidNumericBytes(exception_values_.back())) return false;
      begin = end;
    }
    return true;
  }

  static int128_t Join(uint64_t upper, uint64_t lower) {
    return static_cast<int128_t>(static_cast<uint128_t>(upper) << 64 | lower);
  }

  Numeric Shown(int128_t mantissa, int scale) const {
    return MakeNumeric(scale == scale_ ? mantissa : mantissa / kPowers[scale_ - scale], scale);
  }

  static bool IsBig(const void* bound) { return bound != nullptr && static_cast<const Numeric*>(bound)->is_big(); }

  Scaled Scale(const void* bound) const {
    const Numeric& value = *static_cast<const Numeric*>(bound);
    // Beyond all mantissas.
    const int128_t far = static_cast<int128_t>(1) << 100;
    if (!value.is_inline()) return {value.is_negative() ? -far : far, true};
    const int128_t mantissa = value.signed_mantissa();
    const int shift = scale_ - value.inline_scale();
    if (shift >= 0) {
      int128_t scaled;
      if (__builtin_mul_overflow(mantissa, kPowers[shift], &scaled)) return {mantissa < 0 ? -far : far, true};
      return {scaled, true};
    }
    const int128_t quotient = mantissa / kPowers[-shift], rest = mantissa % kPowers[-shift];
    return {rest < 0 ? quotient - 1 : quotient, rest == 0};
  }

  int scale_ = 0;
  bool wide_ = false;
  bool one_scale_ = false;  // all display scales are scale_
  Sequence scales_, mantissas_, uppers_;
  ExceptionRows exceptions_;
  std::vector<std::string_view> exception_values_;
};

class DecimalEncoder final : public Encoder {
 public:
  Encoding encoding() const override { return Encoding::kDecimal; }

  size_t Cost(const Input& input) override {
    Split(input);
    if (rows_.size() * 4 > input.count) return kCannot;
    return 4 + Sequence::BytesOf(scales_) + Sequence::BytesOf(lowers_) + (wide_ ? Sequence::BytesOf(uppers_) : 0) +
           rows_.size() * 6 + exceptions_.size();
  }

  void Encode(const Input&, std::string& out) override {
    AppendLE(out, static_cast<uint8_t>(scale_));
    AppendLE(out, static_cast<uint8_t>(wide_));
    AppendLE(out, static_cast<uint16_t>(rows_.size()));
    Sequence::Append(scales_, out);
    Sequence::Append(lowers_, out);
    if (wide_) Sequence::Append(uppers_, out);
    ExceptionRows::Append(rows_, out);
    for (uint32_t end : exception_ends_) AppendLE(out, end);
    out.append(exceptions_);
  }

 private:
  // So few values (one in this many) do not decide about scale and width: they are kept apart.
  static constexpr uint32_t kFew = 32;

  // The greatest scale of more than a few values.
  static int ChooseScale(const Input& input) {
    std::array<uint32_t, kScaleMax + 1> counts{};
    uint32_t values = 0;
    for (uint32_t i = 0; i < input.count; ++i) {
      const Numeric& value = input.as<Numeric>()[i];
      if (!input.cares(i) || !value.is_inline()) continue;
      ++counts[value.inline_scale()];
      ++values;
    }
    int scale = kScaleMax;
    for (uint32_t seen = counts[scale]; scale > 0 && seen <= values / kFew; seen += counts[scale]) --scale;
    return scale;
  }

  bool ScaledMantissa(const Numeric& value, int128_t* mantissa) const {
    return value.is_inline() && value.inline_scale() <= scale_ &&
           !__builtin_mul_overflow(value.signed_mantissa(), kPowers[scale_ - value.inline_scale()], mantissa) &&
           FitsUpper(Upper(*mantissa));
  }
  static bool FitsLower(int128_t mantissa) { return mantissa >= INT64_MIN && mantissa <= INT64_MAX; }

  void Split(const Input& input) {
    scale_ = ChooseScale(input);
    uint32_t wide_values = 0;
    int128_t mantissa = 0, filler = 0;
    int filler_scale = scale_;
    bool filled = false;
    for (uint32_t i = 0; i < input.count; ++i) {
      if (!input.cares(i) || !ScaledMantissa(input.as<Numeric>()[i], &mantissa)) continue;
      if (!FitsLower(mantissa)) ++wide_values;
      if (!filled && FitsLower(mantissa)) {
        filler = mantissa;
        filler_scale = input.as<Numeric>()[i].inline_scale();
        filled = true;
      }
    }
    wide_ = wide_values > input.count / kFew;
    scales_.clear(), lowers_.clear(), uppers_.clear();
    rows_.clear(), exception_ends_.clear(), exceptions_.clear();
    for (uint32_t i = 0; i < input.count; ++i) {
      const Numeric& value = input.as<Numeric>()[i];
      if (input.cares(i) && ScaledMantissa(value, &mantissa) && (wide_ || FitsLower(mantissa))) {
        filler = mantissa;
        filler_scale = value.inline_scale();
      } else if (input.cares(i)) {
        rows_.push_back(static_cast<uint16_t>(i));
        types::AppendNumericBytes(value, exceptions_);
        exception_ends_.push_back(static_cast<uint32_t>(exceptions_.size()));
      }
      scales_.push_back(filler_scale);
      lowers_.push_back(static_cast<int64_t>(filler));
      uppers_.push_back(Upper(filler));
    }
  }

  int scale_ = 0;
  bool wide_ = false;
  std::vector<int64_t> scales_, lowers_, uppers_;
  std::vector<uint16_t> rows_;
  std::vector<uint32_t> exception_ends_;
  std::string exceptions_;
};

}  // namespace

Result<std::unique_ptr<Values>> OpenDecimal(ByteCursor& in, const Source& source) {
  return OpenForm<DecimalValues>(in, source, "bad decimals");
}

std::unique_ptr<Encoder> MakeDecimalEncoder() { return std::make_unique<DecimalEncoder>(); }

}  // namespace phantom::lsm
