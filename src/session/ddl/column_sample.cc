#include "session/ddl/column_sample.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "types/numeric.h"
#include "types/string_ref.h"

namespace phantom::session {

using types::Layout;

namespace {

// Bytes of a variable value as PostgreSQL stores it: with a length of 1 or 4 bytes.
double WithLength(size_t bytes) { return static_cast<double>(bytes + (bytes < 127 ? 1 : 4)); }

// A numeric's digits go in groups of four on either side of the point, after a header of two bytes.
double NumericWidth(const std::string& text) {
  size_t begin = text.find_first_of("123456789");
  if (begin == std::string::npos) return 3;
  size_t point = std::min(text.find('.'), text.size());
  size_t end = point == text.size() ? point : text.find_last_not_of('0') + 1;
  size_t whole = begin < point ? (point - begin + 3) / 4 : 0;
  size_t fraction = end > point + 1 ? (end - point - 1 + 3) / 4 : 0;
  if (begin > point) fraction -= std::min(fraction, (begin - point - 1) / 4);
  return WithLength(2 + 2 * (whole + fraction));
}

}  // namespace

double ColumnSample::WidthOf(const void* slot) const {
  int16_t length = types::TypeLength(type_.oid);
  if (length > 0) return length;
  if (layout_ == Layout::kString) return WithLength(static_cast<const types::StringRef*>(slot)->view().size());
  if (layout_ == Layout::kNumeric) return NumericWidth(types::Value::FromSlot(type_, layout_, slot).ToString());
  return static_cast<double>(types::SizeOf(layout_));
}

void ColumnSample::Add(const void* slot) {
  ++rows_;
  double width = WidthOf(slot);
  width_ += width;
  if (width > kValueBytesMax) {
    ++wide_;
  } else {
    items_.push_back({slot, static_cast<uint32_t>(items_.size())});
  }
}

double ColumnSample::EstimateDistinct(double total_rows, double once, double several, double null_fraction) const {
  double different = once + several;
  // Every value seen once: as many as rows. None: what was seen is all there is.
  if (several == 0) return -(1 - null_fraction);
  double distinct = different;
  if (once > 0) {
    double sampled = rows_ - nulls_;
    double all = total_rows * (1 - null_fraction);
    double estimate = all > 0 ? sampled * different / (sampled - once + once * sampled / all) : 0;
    distinct = std::floor(std::clamp(estimate, different, std::max(different, all)) + 0.5);
  }
  // A number that grows with the table is kept as a fraction of its rows.
  return distinct > 0.1 * total_rows ? -(distinct / total_rows) : distinct;
}

size_t ColumnSample::WorthListing(const std::vector<Group>& groups, size_t count, double distinct, double null_fraction,
                                  double total_rows) const {
  if (rows_ >= total_rows || total_rows <= 1) return count;
  if (distinct < 0) distinct *= -total_rows;
  double n = rows_, all = total_rows, listed = 0;
  for (size_t i = 0; i + 1 < count; ++i) listed += groups[i].count;
  // The last one stays only when it is clearly more frequent than the average of those not listed: by two standard
  // deviations of the hypergeometric distribution.
  for (; count > 0; --count) {
    double others = std::max(0.0, 1 - listed / n - null_fraction);
    double other_values = distinct - static_cast<double>(count - 1);
    if (other_values > 1) others /= other_values;
    double seen = groups[count - 1].count;
    double expected = all * seen / n;
    double variance = n * expected * (all - expected) * (all - n) / (all * all * (all - 1));
    if (seen > others * n + 2 * std::sqrt(std::max(0.0, variance)) + 0.5) break;
    if (count > 1) listed -= groups[count - 2].count;
  }
  return count;
}

catalog::ColumnStatistics ColumnSample::Summarize(double total_rows, int target) {
  catalog::ColumnStatistics result;
  if (rows_ == 0) return result;
  result.null_fraction = static_cast<double>(nulls_) / rows_;
  int16_t length = types::TypeLength(type_.oid);
  uint32_t values = rows_ - nulls_;
  result.width = values > 0 ? static_cast<int32_t>(width_ / values) : length > 0 ? length : 0;
  if (values == 0 || compare_ == nullptr) return result;
  if (items_.empty()) {
    result.distinct = -(1 - result.null_fraction);
    return result;
  }
  std::sort(items_.begin(), items_.end(), [this](const Item& a, const Item& b) {
    int order = compare_(a.slot, b.slot);
    return order != 0 ? order < 0 : a.place < b.place;
  });
  std::vector<Group> groups;
  double places = 0;
  for (uint32_t i = 0; i < items_.size(); ++i) {
    places += static_cast<double>(i) * items_[i].place;
    if (groups.empty() || compare_(items_[groups.back().first].slot, items_[i].slot) != 0) groups.push_back({i, 0});
    ++groups.back().count;
  }
  const size_t different = groups.size();
  std::vector<Group> repeated;
  for (const Group& group : groups) {
    if (group.count > 1) repeated.push_back(group);
  }
  result.distinct = EstimateDistinct(total_rows, static_cast<double>(different - repeated.size()) + wide_,
                                     static_cast<double>(repeated.size()), result.null_fraction);

  std::stable_sort(repeated.begin(), repeated.end(), [](const Group& a, const Group& b) { return a.count > b.count; });
  size_t common = std::min(repeated.size(), static_cast<size_t>(target));
  bool all_listed = repeated.size() == different && wide_ == 0 && result.distinct > 0 && common == repeated.size();
  if (!all_listed) common = WorthListing(repeated, common, result.distinct, result.null_fraction, total_rows);
  repeated.resize(common);
  for (const Group& group : repeated) {
    result.common_values.push_back(ValueOf(items_[group.first]));
    result.common_frequencies.push_back(static_cast<float>(static_cast<double>(group.count) / rows_));
  }

  size_t bounds = std::min(different - common, static_cast<size_t>(target) + 1);
  if (bounds >= 2) {
    std::sort(repeated.begin(), repeated.end(), [](const Group& a, const Group& b) { return a.first < b.first; });
    std::vector<uint32_t> rest;
    for (uint32_t i = 0, skip = 0; i < items_.size();) {
      if (skip < repeated.size() && repeated[skip].first == i) {
        i += repeated[skip++].count;
      } else {
        rest.push_back(i++);
      }
    }
    for (size_t i = 0; i < bounds; ++i) {
      result.histogram.push_back(ValueOf(items_[rest[i * (rest.size() - 1) / (bounds - 1)]]));
    }
  }
  if (items_.size() > 1) {
    double n = static_cast<double>(items_.size());
    double sum = (n - 1) * n / 2, squares = (n - 1) * n * (2 * n - 1) / 6;
    result.correlation = (n * places - sum * sum) / (n * squares - sum * sum);
    result.has_correlation = true;
  }
  return result;
}

}  // namespace phantom::session
