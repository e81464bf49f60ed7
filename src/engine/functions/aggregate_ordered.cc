// Ordered-set aggregates: percentile_cont, percentile_disc, mode (PostgreSQL 15, chapter 9.21). The operator gives the
// sorted values in order, so a state only keeps them.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "engine/functions/array_values.h"
#include "engine/functions/collecting_aggregate.h"
#include "engine/functions/tables.h"
#include "types/datetime_math.h"
#include "types/value.h"

namespace phantom::engine {

namespace {

using types::Interval;
using types::StringRef;
using types::Value;
using Args = std::span<const types::Vector* const>;

// The values that are not NULL, in order, and the direct argument.
struct Sorted {
  std::unique_ptr<std::vector<Value>> values;
  Value fraction;
  bool seen = false;
};

Status Keep(AggregateContext&, Sorted& state, Args args, uint32_t row) {
  if (!state.seen) {
    state.fraction = args[0]->GetValue(row);
    state.seen = true;
  }
  if (args[1]->IsNull(row)) return Status::Ok();
  if (state.values == nullptr) state.values = std::make_unique<std::vector<Value>>();
  state.values->push_back(args[1]->GetValue(row));
  return Status::Ok();
}

Status CheckFraction(double fraction) {
  if (fraction >= 0 && fraction <= 1) return Status::Ok();
  return Errorf(sqlstate::kNumericValueOutOfRange, "percentile value %g is not between 0 and 1", fraction);
}

// The first value at or beyond the fraction of all.
const Value& Discrete(const std::vector<Value>& values, double fraction) {
  const auto rank = static_cast<size_t>(std::ceil(fraction * static_cast<double>(values.size())));
  return values[rank == 0 ? 0 : rank - 1];
}

// Between the two values around the fraction.
Result<Value> Continuous(const std::vector<Value>& values, double fraction) {
  const double place = fraction * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(std::floor(place)), high = static_cast<size_t>(std::ceil(place));
  if (low == high) return values[low];
  const double part = place - static_cast<double>(low);
  if (values[low].layout() == types::Layout::kInterval) {
    ASSIGN_OR_RETURN(const Interval difference,
                     types::SubtractIntervals(values[high].AsInterval(), values[low].AsInterval()));
    ASSIGN_OR_RETURN(const Interval scaled, types::MultiplyInterval(difference, part));
    ASSIGN_OR_RETURN(const Interval sum, types::AddIntervals(scaled, values[low].AsInterval()));
    return Value::FromSlot(types::kIntervalOid, &sum);
  }
  const double a = values[low].AsDouble(), b = values[high].AsDouble();
  return Value::Float8(a + part * (b - a));
}

template <bool kContinuous>
Result<Value> Percentile(const std::vector<Value>& values, double fraction) {
  RETURN_IF_ERROR(CheckFraction(fraction));
  if (kContinuous) return Continuous(values, fraction);
  return Discrete(values, fraction);
}

template <bool kContinuous>
Status FinishOne(AggregateContext&, Sorted& state, types::Vector& result, uint32_t at) {
  if (state.seen && !state.fraction.is_null()) RETURN_IF_ERROR(CheckFraction(state.fraction.AsDouble()));
  if (state.values == nullptr || state.fraction.is_null()) {
    result.SetNull(at);
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const Value value, Percentile<kContinuous>(*state.values, state.fraction.AsDouble()));
  result.SetValue(at, value);
  return Status::Ok();
}

// An array of fractions makes an array of the same shape.
template <bool kContinuous>
Status FinishMany(AggregateContext&, Sorted& state, types::Vector& result, uint32_t at) {
  if (state.values == nullptr || state.fraction.is_null()) {
    result.SetNull(at);
    return Status::Ok();
  }
  const types::ArrayView fractions(state.fraction.AsString());
  const Value& first = state.values->front();
  types::ArrayBuilder builder(first.type().oid, first.layout());
  for (uint32_t i = 0; i < fractions.size(); ++i) {
    if (fractions.IsNull(i)) {
      builder.AddNull();
      continue;
    }
    ASSIGN_OR_RETURN(const Value value, Percentile<kContinuous>(*state.values, fractions.GetAs<double>(i)));
    builder.Add(value.slot());
  }
  result.SetString(at, builder.Finish(DimensionsOf(fractions)));
  return Status::Ok();
}

// ---- mode ---------------------------------------------------------------------------------------

// Equal values come one after another; the first of the longest runs wins.
struct Runs {
  Value current, best;
  int64_t current_count = 0, best_count = 0;
};
Status CountRun(AggregateContext&, Runs& state, Args args, uint32_t row) {
  if (args[0]->IsNull(row)) return Status::Ok();
  Value value = args[0]->GetValue(row);
  if (state.current_count > 0 && state.current == value) {
    ++state.current_count;
  } else {
    state.current = std::move(value);
    state.current_count = 1;
  }
  if (state.current_count > state.best_count) {
    state.best_count = state.current_count;
    if (state.current_count == 1 || !(state.best == state.current)) state.best = state.current;
  }
  return Status::Ok();
}
Status FinishMode(AggregateContext&, Runs& state, types::Vector& result, uint32_t at) {
  state.best_count == 0 ? result.SetNull(at) : result.SetValue(at, state.best);
  return Status::Ok();
}

constexpr AggregateKernel kDiscrete = CollectingAggregate<Sorted, Keep, FinishOne<false>>(true);
constexpr AggregateKernel kContinuous = CollectingAggregate<Sorted, Keep, FinishOne<true>>(true);
constexpr AggregateKernel kDiscreteMany = CollectingAggregate<Sorted, Keep, FinishMany<false>>(true);
constexpr AggregateKernel kContinuousMany = CollectingAggregate<Sorted, Keep, FinishMany<true>>(true);
constexpr AggregateKernel kMode = CollectingAggregate<Runs, CountRun, FinishMode>(true);

constexpr KernelEntry kTable[] = {
    KernelEntry::Aggregate(3972, &kDiscrete),       KernelEntry::Aggregate(3974, &kContinuous),
    KernelEntry::Aggregate(3976, &kContinuous),     KernelEntry::Aggregate(3978, &kDiscreteMany),
    KernelEntry::Aggregate(3980, &kContinuousMany), KernelEntry::Aggregate(3982, &kContinuousMany),
    KernelEntry::Aggregate(3984, &kMode),
};

}  // namespace

std::span<const KernelEntry> AggregateOrderedKernels() { return kTable; }

}  // namespace phantom::engine
