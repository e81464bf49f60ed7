#include "planner/cost/value_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "catalog/oids.h"
#include "types/compare.h"

namespace phantom::planner {

using namespace types;

namespace {

constexpr double kMicrosecondsPerDay = 86400.0 * 1000000;
// No comparison with a histogram is certain.
constexpr double kFractionMin = 0.0001;

double Clamp(double fraction) { return std::min(1.0, std::max(0.0, fraction)); }

// A number that orders values as SQL does and says how far they are apart; nothing for types without such.
std::optional<double> AsNumber(const Value& value) {
  switch (value.type().oid) {
    case kInt2Oid:
      return value.AsInt16();
    case kInt4Oid:
      return value.AsInt32();
    case kInt8Oid:
    case kTimeOid:
    case kMoneyOid:
      return static_cast<double>(value.AsInt64());
    case kOidOid:
      return value.AsOid();
    case kFloat4Oid:
      return value.AsFloat();
    case kFloat8Oid:
      return value.AsDouble();
    case kNumericOid:
      return std::strtod(value.ToString().c_str(), nullptr);
    case kDateOid:
      return value.AsInt32() * kMicrosecondsPerDay;
    case kTimestampOid:
    case kTimestamptzOid:
      return static_cast<double>(value.AsInt64());
    case kIntervalOid:
      return static_cast<double>(IntervalLength(value.AsInterval()));
    default:
      return std::nullopt;
  }
}

// Where the value lies between two bounds: by number, by the first bytes after what the bounds have in common, or halfway.
double PositionBetween(const Value& low, const Value& high, const Value& value) {
  std::optional<double> a = AsNumber(low), b = AsNumber(high), v = AsNumber(value);
  if (!a && low.layout() == Layout::kString && IsTextLike(low.type().oid)) {
    std::string_view from = low.AsString(), to = high.AsString(), at = value.AsString();
    size_t common = 0;
    while (common < from.size() && common < to.size() && from[common] == to[common]) ++common;
    auto number = [&](std::string_view text) {
      double sum = 0, unit = 1;
      for (size_t i = common; i < common + 6; ++i) {
        unit /= 256;
        if (i < text.size()) sum += static_cast<unsigned char>(text[i]) * unit;
      }
      return sum;
    };
    a = number(from), b = number(to), v = number(at);
  }
  if (!a || !b || !v || !(*b > *a) || std::isnan(*v)) return 0.5;
  return Clamp((*v - *a) / (*b - *a));
}

}  // namespace

std::optional<int> CompareValues(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return std::nullopt;
  if (a.type().oid == b.type().oid || (IsTextLike(a.type().oid) && IsTextLike(b.type().oid))) {
    if (a.layout() != b.layout()) return std::nullopt;
    if (a.type().oid >= catalog::kFirstUserOid) {
      // Enums are numbers; what else a user makes has no order to rely on.
      if (a.layout() == Layout::kString) return std::nullopt;
      return CompareFunctionOf(a.layout())(a.slot(), b.slot());
    }
    if (CompareFunction(a.type().oid) == nullptr) return std::nullopt;
    return a < b ? -1 : a == b ? 0 : 1;
  }
  std::optional<double> left = AsNumber(a), right = AsNumber(b);
  if (!left || !right) return std::nullopt;
  return *left < *right ? -1 : *left == *right ? 0 : 1;
}

double SumOf(const std::vector<float>& frequencies) {
  double sum = 0;
  for (float frequency : frequencies) sum += frequency;
  return sum;
}

double EqualFraction(const ColumnStatistics& statistics, const Value& value, double distinct) {
  for (size_t i = 0; i < statistics.common_values.size(); ++i) {
    std::optional<int> order = CompareValues(statistics.common_values[i], value);
    if (order && *order == 0) return statistics.common_frequencies[i];
  }
  double fraction = Clamp(1 - SumOf(statistics.common_frequencies) - statistics.null_fraction);
  double others = distinct - static_cast<double>(statistics.common_values.size());
  if (others > 1) fraction /= others;
  // Whatever is not among the common values is rarer than the rarest of them.
  if (!statistics.common_frequencies.empty()) fraction = std::min<double>(fraction, statistics.common_frequencies.back());
  return fraction;
}

double EqualFractionUnknown(const ColumnStatistics& statistics, double distinct) {
  double fraction = Clamp(1 - statistics.null_fraction);
  if (distinct > 1) fraction /= distinct;
  if (!statistics.common_frequencies.empty()) fraction = std::min<double>(fraction, statistics.common_frequencies.front());
  return fraction;
}

std::optional<double> BelowFraction(const ColumnStatistics& statistics, const Value& value, bool inclusive) {
  double common = 0, below = 0;
  for (size_t i = 0; i < statistics.common_values.size(); ++i) {
    std::optional<int> order = CompareValues(statistics.common_values[i], value);
    if (!order) return std::nullopt;
    common += statistics.common_frequencies[i];
    if (*order < 0 || (inclusive && *order == 0)) below += statistics.common_frequencies[i];
  }
  const std::vector<Value>& bounds = statistics.histogram;
  double rest = Clamp(1 - common - statistics.null_fraction);
  if (bounds.size() < 2) {
    if (statistics.common_values.empty()) return std::nullopt;
    return Clamp(below + 0.5 * rest);
  }
  if (!CompareValues(bounds[0], value)) return std::nullopt;
  // The first bound that is not below the value.
  auto place = std::partition_point(bounds.begin(), bounds.end(), [&](const Value& bound) {
    return CompareValues(bound, value).value_or(0) < 0;
  });
  double fraction = 0;
  if (place == bounds.end()) {
    fraction = 1;
  } else if (place != bounds.begin()) {
    auto bin = static_cast<double>(place - bounds.begin() - 1);
    fraction = (bin + PositionBetween(*(place - 1), *place, value)) / static_cast<double>(bounds.size() - 1);
  }
  return below + std::clamp(fraction, kFractionMin, 1 - kFractionMin) * rest;
}

std::optional<double> EqualJoinFraction(const ColumnStatistics& left, double left_distinct, const ColumnStatistics& right,
                                        double right_distinct) {
  if (left.common_values.empty() || right.common_values.empty()) return std::nullopt;
  double matched = 0, left_matched = 0, right_matched = 0;
  size_t matches = 0;
  std::vector<bool> taken(right.common_values.size());
  for (size_t i = 0; i < left.common_values.size(); ++i) {
    for (size_t j = 0; j < right.common_values.size(); ++j) {
      if (taken[j]) continue;
      std::optional<int> order = CompareValues(left.common_values[i], right.common_values[j]);
      if (!order) return std::nullopt;
      if (*order != 0) continue;
      taken[j] = true;
      matched += static_cast<double>(left.common_frequencies[i]) * right.common_frequencies[j];
      left_matched += left.common_frequencies[i];
      right_matched += right.common_frequencies[j];
      ++matches;
      break;
    }
  }
  auto left_listed = static_cast<double>(left.common_values.size());
  auto right_listed = static_cast<double>(right.common_values.size());
  double left_unmatched = Clamp(SumOf(left.common_frequencies) - left_matched);
  double right_unmatched = Clamp(SumOf(right.common_frequencies) - right_matched);
  double left_other = Clamp(1 - left.null_fraction - left_matched - left_unmatched);
  double right_other = Clamp(1 - right.null_fraction - right_matched - right_unmatched);
  // Listed values without a partner meet unlisted ones of the other side; unlisted ones meet each other and those.
  auto toward = [&](double unmatched, double other, double far_other, double far_unmatched, double far_distinct,
                    double far_listed) {
    double sum = matched;
    if (far_distinct > far_listed) sum += unmatched * far_other / (far_distinct - far_listed);
    double rest = far_distinct - static_cast<double>(matches);
    if (rest > 0) sum += other * (far_other + far_unmatched) / rest;
    return sum;
  };
  double one = toward(left_unmatched, left_other, right_other, right_unmatched, right_distinct, right_listed);
  double two = toward(right_unmatched, right_other, left_other, left_unmatched, left_distinct, left_listed);
  return Clamp(std::min(one, two));
}

}  // namespace phantom::planner
