#include "catalog/enum_labels.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace phantom::catalog {

void AssignEnumValues(std::vector<EnumLabel>& labels) {
  std::sort(labels.begin(), labels.end(), [](const EnumLabel& a, const EnumLabel& b) { return a.oid < b.oid; });
  std::map<float, int64_t> placed;
  for (EnumLabel& label : labels) {
    const auto after = placed.lower_bound(label.order);
    if (placed.empty()) {
      label.value = 0;
    } else if (after == placed.end()) {
      label.value = std::prev(after)->second + kEnumValueSpacing;
    } else if (after == placed.begin()) {
      label.value = after->second - kEnumValueSpacing;
    } else {
      const int64_t before = std::prev(after)->second;
      label.value = before + (after->second - before) / 2;
    }
    placed.emplace_hint(after, label.order, label.value);
  }
  std::sort(labels.begin(), labels.end(), [](const EnumLabel& a, const EnumLabel& b) { return a.order < b.order; });
}

bool HasRoomForLabel(const std::vector<EnumLabel>& labels, size_t place) {
  return place == 0 || place >= labels.size() || labels[place].value - labels[place - 1].value >= 2;
}

}  // namespace phantom::catalog
