// random(), uuids, width_bucket over thresholds, series of numerics and timestamps.
#include <cstring>

#include "common/crypto.h"
#include "common/random.h"
#include "engine/functions/array_values.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/datetime_math.h"
#include "types/format_context.h"
#include "types/numeric.h"
#include "types/uuid.h"

namespace phantom::engine {

namespace {

using types::Interval;
using types::Numeric;
using types::StringRef;
using Args = std::span<const types::Vector* const>;
using T = int64_t;

// ---- random -------------------------------------------------------------------------------------

// Without a session (the planner, tests) each call site has a generator of its own.
struct RandomState final : KernelState {
  RandomGenerator generator;
};
RandomGenerator& Generator(KernelContext& context) {
  if (context.execution != nullptr && context.execution->session != nullptr) return context.execution->session->Random();
  return context.State<RandomState>().generator;
}
Status Random(KernelContext& context, double& out) {
  out = Generator(context).NextDouble();
  return Status::Ok();
}
Status SetSeed(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    const double seed = args[0]->Get<double>(row);
    if (!(seed >= -1 && seed <= 1)) {
      return Error(sqlstate::kInvalidParameterValue,
                   Format("setseed parameter %g is out of allowed range [-1,1]", seed));
    }
    Generator(context).Seed(seed);
    result.SetString(row, "");
  }
  return Status::Ok();
}
Status RandomUuid(KernelContext&, types::Uuid& out) {
  const std::string bytes = RandomBytes(16);
  std::memcpy(out.bytes, bytes.data(), 16);
  out.bytes[6] = static_cast<uint8_t>((out.bytes[6] & 0x0F) | 0x40);  // version 4
  out.bytes[8] = static_cast<uint8_t>((out.bytes[8] & 0x3F) | 0x80);  // the variant of RFC 4122
  return Status::Ok();
}

// ---- width_bucket(operand, thresholds) ----------------------------------------------------------

Status WidthBucket(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row) || args[1]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    const types::ArrayView thresholds(args[1]->Get<StringRef>(row).view());
    if (thresholds.dimensions() > 1) {
      return Error(sqlstate::kArraySubscriptError, "thresholds must be one-dimensional array");
    }
    if (thresholds.has_nulls()) {
      return Error(sqlstate::kNullValueNotAllowed, "thresholds array must not contain NULLs");
    }
    const types::CompareFn compare = types::CompareFunction(thresholds.element_type());
    if (compare == nullptr) {
      return Error(sqlstate::kUndefinedFunction, "could not identify a comparison function for type " +
                                                     types::FormatTypeName(thresholds.element_type()));
    }
    uint32_t low = 0, high = thresholds.size();
    while (low < high) {
      const uint32_t middle = (low + high) / 2;
      alignas(8) std::byte slot[16];
      thresholds.Get(middle, slot);
      compare(args[0]->row_slot(row), slot) < 0 ? high = middle : low = middle + 1;
    }
    result.data<int32_t>()[row] = static_cast<int32_t>(low);
  }
  return Status::Ok();
}

// ---- generate_series ----------------------------------------------------------------------------

class NumericSeries final : public SetGenerator {
 public:
  NumericSeries(const Numeric& start, const Numeric& stop, const Numeric& step)
      : next_(types::CopyNumeric(start, arena_)), stop_(types::CopyNumeric(stop, arena_)),
        step_(types::CopyNumeric(step, arena_)) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    for (; count < types::kVectorSize; ++count) {
      const int order = types::CompareNumeric(next_, stop_);
      if (step_.is_negative() ? order < 0 : order > 0) break;
      PutSlot(&next_, out.column(0), count);
      ASSIGN_OR_RETURN(next_, types::NumericAdd(next_, step_, arena_));
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  Arena arena_;
  Numeric next_, stop_, step_;
};

Status NoSuchBound(const char* which, const Numeric& value) {
  return Error(sqlstate::kInvalidParameterValue,
               std::string(which) + " cannot be " + (value.is_nan() ? "NaN" : "infinity"));
}
Result<std::unique_ptr<SetGenerator>> StartNumeric(KernelContext&, Args args, size_t row) {
  const auto r = static_cast<uint32_t>(row);
  for (const types::Vector* arg : args) {
    if (arg->IsNull(r)) return std::unique_ptr<SetGenerator>();
  }
  const Numeric& start = args[0]->Get<Numeric>(r);
  const Numeric& stop = args[1]->Get<Numeric>(r);
  if (!start.is_finite()) return NoSuchBound("start value", start);
  if (!stop.is_finite()) return NoSuchBound("stop value", stop);
  const Numeric step = args.size() > 2 ? args[2]->Get<Numeric>(r) : Numeric::FromInt64(1);
  if (!step.is_finite()) return NoSuchBound("step size", step);
  if (types::SignOf(step) == 0) return Error(sqlstate::kInvalidParameterValue, "step size cannot equal zero");
  return std::unique_ptr<SetGenerator>(std::make_unique<NumericSeries>(start, stop, step));
}

class TimestampSeries final : public SetGenerator {
 public:
  TimestampSeries(T start, T stop, const Interval& step, bool down, const types::TimeZone* zone)
      : next_(start), stop_(stop), step_(step), down_(down), zone_(zone) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    for (; count < types::kVectorSize && (down_ ? next_ >= stop_ : next_ <= stop_); ++count) {
      out.column(0).data<T>()[count] = next_;
      ASSIGN_OR_RETURN(next_, zone_ == nullptr ? types::AddToTimestamp(next_, step_)
                                               : types::AddToTimestampTz(next_, step_, *zone_));
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  T next_;
  const T stop_;
  const Interval step_;
  const bool down_;
  const types::TimeZone* zone_;
};

template <bool kZoned>
Result<std::unique_ptr<SetGenerator>> StartTimestamp(KernelContext& context, Args args, size_t row) {
  const auto r = static_cast<uint32_t>(row);
  for (const types::Vector* arg : args) {
    if (arg->IsNull(r)) return std::unique_ptr<SetGenerator>();
  }
  const Interval& step = args[2]->Get<Interval>(r);
  const int sign = types::CompareInterval(step, Interval{});
  if (sign == 0) return Error(sqlstate::kInvalidParameterValue, "step size cannot equal zero");
  return std::unique_ptr<SetGenerator>(std::make_unique<TimestampSeries>(
      args[0]->Get<T>(r), args[1]->Get<T>(r), step, sign < 0, kZoned ? &context.format->time_zone : nullptr));
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("drandom", Strict<Random, double>),
    KernelEntry::Scalar("setseed", SetSeed),
    KernelEntry::Scalar("gen_random_uuid", Strict<RandomUuid, types::Uuid>),
    KernelEntry::Scalar("width_bucket_array", WidthBucket),
    KernelEntry::Set("generate_series_numeric", StartNumeric),
    KernelEntry::Set("generate_series_step_numeric", StartNumeric),
    KernelEntry::Set("generate_series_timestamp", StartTimestamp<false>),
    KernelEntry::Set("generate_series_timestamptz", StartTimestamp<true>),
};

}  // namespace

std::span<const KernelEntry> RandomKernels() { return kTable; }

}  // namespace phantom::engine
