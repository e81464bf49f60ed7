// avg, variance, standard deviation and regression of floats, by the Youngs-Cramer recurrence (Youngs and Cramer,
// "Some Results Relevant to Choice of Sum and Sum-of-Product Algorithms", Technometrics 1971), as PostgreSQL does, so that
// results agree to the last digit.
#include <cmath>
#include <limits>

#include "engine/aggregate_adapters.h"
#include "engine/functions/tables.h"

namespace phantom::engine {

namespace {

using D = double;

constexpr D kNaN = std::numeric_limits<D>::quiet_NaN();

Status Overflow() { return Error(sqlstate::kNumericValueOutOfRange, "value out of range: overflow"); }

// Count, sum and sum of squared differences from the mean.
struct Moments {
  D n = 0, sum = 0, squares = 0;
};

template <typename T>
Status Add(AggregateContext&, Moments& state, T value_in) {
  const D value = value_in;
  const D old_sum = state.sum;
  state.n += 1;
  state.sum += value;
  if (state.n > 1) {
    const D difference = value * state.n - state.sum;
    state.squares += difference * difference / (state.n * (state.n - 1));
    if (std::isinf(state.sum) || std::isinf(state.squares)) {
      if (!std::isinf(old_sum) && !std::isinf(value)) return Overflow();
      state.squares = kNaN;
    }
  } else if (!std::isfinite(value)) {
    state.squares = kNaN;
  }
  return Status::Ok();
}

Status Merge(AggregateContext&, Moments& a, Moments& b) {
  if (b.n == 0) return Status::Ok();
  if (a.n == 0) {
    a = b;
    return Status::Ok();
  }
  const D n = a.n + b.n;
  const D difference = a.sum / a.n - b.sum / b.n;
  a.squares += b.squares + a.n * b.n * difference * difference / n;
  a.sum += b.sum;
  a.n = n;
  return std::isinf(a.squares) && !std::isinf(a.sum) ? Overflow() : Status::Ok();
}

Status Average(AggregateContext&, Moments& state, Writer<D>& out) {
  state.n == 0 ? out.SetNull() : out.Set(state.sum / state.n);
  return Status::Ok();
}
template <bool kSample, bool kRoot>
Status Variance(AggregateContext&, Moments& state, Writer<D>& out) {
  if (state.n == 0 || (kSample && state.n == 1)) {
    out.SetNull();
    return Status::Ok();
  }
  const D variance = state.squares / (state.n - kSample);
  out.Set(kRoot ? std::sqrt(variance) : variance);
  return Status::Ok();
}

// The same for pairs; regr_*(Y, X).
struct Pairs {
  D n = 0, x = 0, xx = 0, y = 0, yy = 0, xy = 0;
};

Status AddPair(AggregateContext&, Pairs& s, D y, D x) {
  const D old_x = s.x, old_y = s.y;
  s.n += 1;
  s.x += x;
  s.y += y;
  if (s.n > 1) {
    const D dx = x * s.n - s.x, dy = y * s.n - s.y, scale = 1 / (s.n * (s.n - 1));
    s.xx += dx * dx * scale;
    s.yy += dy * dy * scale;
    s.xy += dx * dy * scale;
    if (std::isinf(s.x) || std::isinf(s.xx) || std::isinf(s.y) || std::isinf(s.yy) || std::isinf(s.xy)) {
      if (((std::isinf(s.x) || std::isinf(s.xx)) && !std::isinf(old_x) && !std::isinf(x)) ||
          ((std::isinf(s.y) || std::isinf(s.yy)) && !std::isinf(old_y) && !std::isinf(y)) ||
          (std::isinf(s.xy) && !std::isinf(old_x) && !std::isinf(x) && !std::isinf(old_y) && !std::isinf(y))) {
        return Overflow();
      }
      if (std::isinf(s.xx)) s.xx = kNaN;
      if (std::isinf(s.yy)) s.yy = kNaN;
      if (std::isinf(s.xy)) s.xy = kNaN;
    }
  } else {
    if (!std::isfinite(x)) s.xx = s.xy = kNaN;
    if (!std::isfinite(y)) s.yy = s.xy = kNaN;
  }
  return Status::Ok();
}

Status MergePairs(AggregateContext&, Pairs& a, Pairs& b) {
  if (b.n == 0) return Status::Ok();
  if (a.n == 0) {
    a = b;
    return Status::Ok();
  }
  const D n = a.n + b.n;
  const D dx = a.x / a.n - b.x / b.n, dy = a.y / a.n - b.y / b.n;
  a.xx += b.xx + a.n * b.n * dx * dx / n;
  a.yy += b.yy + a.n * b.n * dy * dy / n;
  a.xy += b.xy + a.n * b.n * dx * dy / n;
  a.x += b.x;
  a.y += b.y;
  a.n = n;
  return Status::Ok();
}

// F computes from a state of at least kRows pairs; NaN that F marks with `null` is NULL.
template <auto F, int kRows>
Status FinishPairs(AggregateContext&, Pairs& state, Writer<D>& out) {
  if (state.n < kRows) {
    out.SetNull();
    return Status::Ok();
  }
  bool null = false;
  const D value = F(state, null);
  null ? out.SetNull() : out.Set(value);
  return Status::Ok();
}
Status CountPairs(AggregateContext&, Pairs& state, Writer<int64_t>& out) {
  out.Set(static_cast<int64_t>(state.n));
  return Status::Ok();
}

D Correlation(const Pairs& s, bool& null) {
  null = s.xx == 0 || s.yy == 0;
  return s.xy / std::sqrt(s.xx * s.yy);
}
D RSquared(const Pairs& s, bool& null) {
  null = s.xx == 0;
  return s.yy == 0 ? 1 : s.xy * s.xy / (s.xx * s.yy);
}
D Slope(const Pairs& s, bool& null) {
  null = s.xx == 0;
  return s.xy / s.xx;
}
D Intercept(const Pairs& s, bool& null) {
  null = s.xx == 0;
  return (s.y - s.x * s.xy / s.xx) / s.n;
}

constexpr AggregateKernel Inexact(AggregateKernel kernel) {
  kernel.inexact = true;
  return kernel;
}
template <typename T, auto Finish>
constexpr AggregateKernel kMoments = Inexact(StrictAggregate<Moments, Add<T>, Merge, Finish, D, T>());
template <auto F, int kRows = 1>
constexpr AggregateKernel kPairs = Inexact(StrictAggregate<Pairs, AddPair, MergePairs, FinishPairs<F, kRows>, D, D, D>());
constexpr AggregateKernel kPairCount = StrictAggregate<Pairs, AddPair, MergePairs, CountPairs, int64_t, D, D>();

// pg_proc lists them for real, then double precision.
#define VARIANCE(first, kSample, kRoot)                                          \
  KernelEntry::Aggregate(first, &kMoments<float, Variance<kSample, kRoot>>),     \
      KernelEntry::Aggregate((first) + 1, &kMoments<double, Variance<kSample, kRoot>>)

constexpr KernelEntry kTable[] = {
    KernelEntry::Aggregate(2104, &kMoments<float, Average>),
    KernelEntry::Aggregate(2105, &kMoments<double, Average>),
    VARIANCE(2721, false, false),
    VARIANCE(2644, true, false),
    VARIANCE(2151, true, false),
    VARIANCE(2727, false, true),
    VARIANCE(2715, true, true),
    VARIANCE(2157, true, true),
    KernelEntry::Aggregate(2818, &kPairCount),
    KernelEntry::Aggregate(2819, &kPairs<[](const Pairs& s, bool&) { return s.xx; }>),
    KernelEntry::Aggregate(2820, &kPairs<[](const Pairs& s, bool&) { return s.yy; }>),
    KernelEntry::Aggregate(2821, &kPairs<[](const Pairs& s, bool&) { return s.xy; }>),
    KernelEntry::Aggregate(2822, &kPairs<[](const Pairs& s, bool&) { return s.x / s.n; }>),
    KernelEntry::Aggregate(2823, &kPairs<[](const Pairs& s, bool&) { return s.y / s.n; }>),
    KernelEntry::Aggregate(2824, &kPairs<RSquared>),
    KernelEntry::Aggregate(2825, &kPairs<Slope>),
    KernelEntry::Aggregate(2826, &kPairs<Intercept>),
    KernelEntry::Aggregate(2827, &kPairs<[](const Pairs& s, bool&) { return s.xy / s.n; }>),
    KernelEntry::Aggregate(2828, &kPairs<[](const Pairs& s, bool&) { return s.xy / (s.n - 1); }, 2>),
    KernelEntry::Aggregate(2829, &kPairs<Correlation>),
};

}  // namespace

std::span<const KernelEntry> AggregateMomentKernels() { return kTable; }

}  // namespace phantom::engine
