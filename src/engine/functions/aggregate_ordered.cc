// Ordered-set aggregates: percentile_cont, percentile_disc, mode (PostgreSQL 15, chapter 9.21). The operator gives the
// sorted values in order, so a state only keeps them; on disk when they are many.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "engine/functions/array_values.h"
#include "engine/functions/collecting_aggregate.h"
#include "engine/functions/tables.h"
#include "engine/paged_rows.h"
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
  std::unique_ptr<PagedRows> rows;
  std::unique_ptr<RandomReader> reader;
  Value fraction;
  bool seen = false;

  uint64_t size() const { return rows == nullptr ? 0 : rows->size(); }
  Result<Value> at(uint64_t rank) const {
    const types::Vector& column = reader->ColumnOf(rank, 0);
    RETURN_IF_ERROR(Status(reader->status()));
    return column.GetValue(static_cast<uint32_t>(rank % types::kVectorSize));
  }
};

Status Keep(AggregateContext& context, Sorted& state, Args args, uint32_t row) {
  if (!state.seen) {
    state.fraction = args[0]->GetValue(row);
    state.seen = true;
  }
  if (args[1]->IsNull(row)) return Status::Ok();
  if (state.rows == nullptr) {
    const types::Type type = args[1]->type();
    const types::Layout layout = args[1]->layout();
    state.rows = std::make_unique<PagedRows>(*context.call.execution, std::span(&type, 1), std::span(&layout, 1));
    state.reader = std::make_unique<RandomReader>(*state.rows);
  }
  const types::SelIndex index = static_cast<types::SelIndex>(row);
  return state.rows->Append({args.subspan(1, 1), {&index, 1}});
}

Status CheckFraction(double fraction) {
  if (fraction >= 0 && fraction <= 1) return Status::Ok();
  return Errorf(sqlstate::kNumericValueOutOfRange, "percentile value %g is not between 0 and 1", fraction);
}

// The first value at or beyond the fraction of all.
Result<Value> Discrete(const Sorted& values, double fraction) {
  const auto rank = static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(values.size())));
  return values.at(rank == 0 ? 0 : rank - 1);
}

// Between the two values around the fraction.
Result<Value> Continuous(const Sorted& values, double fraction) {
  const double place = fraction * static_cast<double>(values.size() - 1);
  const auto low_rank = static_cast<uint64_t>(std::floor(place)), high_rank = static_cast<uint64_t>(std::ceil(place));
  ASSIGN_OR_RETURN(const Value low, values.at(low_rank));
  if (low_rank == high_rank) return low;
  ASSIGN_OR_RETURN(const Value high, values.at(high_rank));
  const double part = place - static_cast<double>(low_rank);
  if (low.layout() == types::Layout::kInterval) {
    ASSIGN_OR_RETURN(const Interval difference, types::SubtractIntervals(high.AsInterval(), low.AsInterval()));
    ASSIGN_OR_RETURN(const Interval scaled, types::MultiplyInterval(difference, part));
    ASSIGN_OR_RETURN(const Interval sum, types::AddIntervals(scaled, low.AsInterval()));
    return Value::FromSlot(types::kIntervalOid, &sum);
  }
  const double a = low.AsDouble(), b = high.AsDouble();
  return Value::Float8(a + part * (b - a));
}

template <bool kContinuous>
Result<Value> Percentile(const Sorted& values, double fraction) {
  RETURN_IF_ERROR(CheckFraction(fraction));
  if (kContinuous) return Continuous(values, fraction);
  return Discrete(values, fraction);
}

template <bool kContinuous>
Status FinishOne(AggregateContext&, Sorted& state, types::Vector& result, uint32_t at) {
  if (state.seen && !state.fraction.is_null()) RETURN_IF_ERROR(CheckFraction(state.fraction.AsDouble()));
  if (state.size() == 0 || state.fraction.is_null()) {
    result.SetNull(at);
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const Value value, Percentile<kContinuous>(state, state.fraction.AsDouble()));
  result.SetValue(at, value);
  return Status::Ok();
}

// An array of fractions makes an array of the same shape.
template <bool kContinuous>
Status FinishMany(AggregateContext&, Sorted& state, types::Vector& result, uint32_t at) {
  if (state.size() == 0 || state.fraction.is_null()) {
    result.SetNull(at);
    return Status::Ok();
  }
  const types::ArrayView fractions(state.fraction.AsString());
  ASSIGN_OR_RETURN(const Value first, state.at(0));
  types::ArrayBuilder builder(first.type().oid, first.layout());
  for (uint32_t i = 0; i < fractions.size(); ++i) {
    if (fractions.IsNull(i)) {
      builder.AddNull();
      continue;
    }
    ASSIGN_OR_RETURN(const Value value, Percentile<kContinuous>(state, fractions.GetAs<double>(i)));
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
