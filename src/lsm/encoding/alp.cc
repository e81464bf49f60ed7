// Adaptive Lossless floating-Point compression (Afroozeh, Kuffó, Boncz, SIGMOD 2023): floats that were decimals once
// become integers again, d = n * 10^f * 10^-e, with one (e, f) a vector. What does not come back bit by bit is kept
// apart.
//
// float4 goes through double: it has room for every float and the way back rounds once.
#include <array>
#include <cmath>

#include "lsm/encoding/encoder.h"
#include "lsm/encoding/exceptions.h"
#include "lsm/encoding/frame.h"
#include "lsm/encoding/values.h"

namespace phantom::lsm {

namespace {

template <typename Fn>
auto WithFloat(const Input& input, Fn fn) {
  return input.kind->layout == types::Layout::kFloat32 ? fn(input.as<float>()) : fn(input.as<double>());
}

constexpr int kExponentMax = 18;

constexpr double kPowers[kExponentMax + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                              1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
constexpr double kInverses[kExponentMax + 1] = {1e0,   1e-1,  1e-2,  1e-3,  1e-4,  1e-5,  1e-6,  1e-7,  1e-8, 1e-9,
                                                1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17, 1e-18};

struct Exponents {
  int e, f;

  double Decode(int64_t number) const { return static_cast<double>(number) * kPowers[f] * kInverses[e]; }
  // Some number that may come back as the value.
  int64_t Encode(double value) const {
    const double scaled = value * kPowers[e] * kInverses[f];
    if (!(std::fabs(scaled) < 0x1p51)) return 0;
    // Adding 1.5 * 2^52 leaves no bits behind the point: rounds to the nearest integer.
    return static_cast<int64_t>(scaled + 0x1.8p52 - 0x1.8p52);
  }
  template <typename Float>
  bool Try(Float value, int64_t* number) const {
    *number = Encode(value);
    const auto back = static_cast<Float>(Decode(*number));
    return std::memcmp(&back, &value, sizeof(value)) == 0;
  }
};

template <typename Float>
class AlpValues final : public Values {
 public:
  explicit AlpValues(const Source& source) : Values(source) {}

  bool Open(ByteCursor& in) {
    exponents_.e = in.Take<uint8_t>();
    exponents_.f = in.Take<uint8_t>();
    const auto exceptions = in.Take<uint16_t>();
    if (!in.ok() || exponents_.e > kExponentMax || exponents_.f > exponents_.e) return false;
    if (!numbers_.Open(in, count()) || !exceptions_.Open(in, exceptions, count())) return false;
    exception_values_ = in.TakeBytes(exceptions * sizeof(Float));
    return in.ok();
  }

  Status Read(const uint64_t* validity, types::Vector& out) const override {
    PrepareFlat(out, count());
    uint64_t numbers[kVectorRows];
    numbers_.Read(0, numbers);
    auto* to = out.data<Float>();
    for (uint32_t i = 0; i < count(); ++i)
      to[i] = static_cast<Float>(exponents_.Decode(static_cast<int64_t>(numbers[i])));
    for (uint32_t i = 0; i < exceptions_.size(); ++i) to[exceptions_[i]] = ExceptionValue(i);
    SetValidity(validity, count(), out);
    return Status::Ok();
  }

  Status ReadOne(uint32_t row, void* slot, types::StringHeap&) const override {
    auto exception = exceptions_.Find(row);
    const Float value =
        exception ? ExceptionValue(*exception) : static_cast<Float>(exponents_.Decode(numbers_.Get(row)));
    std::memcpy(slot, &value, sizeof(value));
    return Status::Ok();
  }

 private:
  Float ExceptionValue(uint32_t i) const { return LoadLE<Float>(exception_values_.data() + i * sizeof(Float)); }

  Exponents exponents_;
  Frame numbers_;
  ExceptionRows exceptions_;
  Bytes exception_values_;
};

class AlpEncoder final : public Encoder {
 public:
  Encoding encoding() const override { return Encoding::kAlp; }

  size_t Cost(const Input& input) override {
    return WithFloat(input, [&](auto* values) { return CostOf(input, values); });
  }

  void Encode(const Input& input, std::string& out) override {
    WithFloat(input, [&](auto* values) {
      AppendLE(out, static_cast<uint8_t>(exponents_.e));
      AppendLE(out, static_cast<uint8_t>(exponents_.f));
      AppendLE(out, static_cast<uint16_t>(rows_.size()));
      Frame::Append(numbers_, out);
      ExceptionRows::Append(rows_, out);
      for (uint16_t row : rows_) AppendLE(out, values[row]);
    });
  }

 private:
  static constexpr uint32_t kSample = 32;

  template <typename Float>
  size_t CostOf(const Input& input, const Float* values) {
    if (!Split(input, values)) {
      ChooseExponents(input, values);
      if (!Split(input, values)) return kCannot;
    }
    return 4 + Frame::BytesOf(numbers_) + rows_.size() * (2 + sizeof(Float));
  }

  // With the present exponents, which mostly suit the next vector too. False when one in eight or more is an exception.
  template <typename Float>
  bool Split(const Input& input, const Float* values) {
    numbers_.clear();
    rows_.clear();
    int64_t number = 0, filler = 0;
    bool filled = false;
    for (uint32_t i = 0; i < input.count; ++i) {
      if (exponents_.Try(values[i], &number)) {
        if (!filled) std::ranges::fill(numbers_, number);
        filled = true;
        filler = number;
      } else if (input.cares(i)) {
        rows_.push_back(static_cast<uint16_t>(i));
      }
      numbers_.push_back(filler);
    }
    return rows_.size() * 8 < input.count;
  }

  // The pair that makes a sample smallest.
  template <typename Float>
  void ChooseExponents(const Input& input, const Float* values) {
    const uint32_t step = std::max(1u, input.count / kSample);
    size_t best = SIZE_MAX;
    for (int e = kExponentMax; e >= 0; --e) {
      for (int f = e; f >= 0; --f) {
        const Exponents exponents{e, f};
        int64_t least = INT64_MAX, greatest = INT64_MIN, number;
        size_t tried = 0, exceptions = 0;
        for (uint32_t i = 0; i < input.count; i += step, ++tried) {
          if (exponents.Try(values[i], &number)) {
            least = std::min(least, number);
            greatest = std::max(greatest, number);
          } else {
            ++exceptions;
          }
        }
        const int width =
            exceptions == tried ? 0 : WidthOf(static_cast<uint64_t>(greatest) - static_cast<uint64_t>(least));
        const size_t bits = tried * static_cast<size_t>(width) + exceptions * (16 + 8 * sizeof(Float));
        if (bits < best) {
          best = bits;
          exponents_ = exponents;
        }
      }
    }
  }

  Exponents exponents_{14, 12};
  std::vector<int64_t> numbers_;
  std::vector<uint16_t> rows_;
};

}  // namespace

Result<std::unique_ptr<Values>> OpenAlp(ByteCursor& in, const Source& source) {
  constexpr const char* kDamage = "bad ALP values";
  if (!source.kind->is_float()) return DamagedValues(kDamage);
  return source.kind->layout == types::Layout::kFloat32 ? OpenForm<AlpValues<float>>(in, source, kDamage)
                                                        : OpenForm<AlpValues<double>>(in, source, kDamage);
}

std::unique_ptr<Encoder> MakeAlpEncoder() { return std::make_unique<AlpEncoder>(); }

}  // namespace phantom::lsm
