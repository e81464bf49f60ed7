#include "engine/load_keys.h"

#include <algorithm>
#include <array>

#include "common/bytes.h"
#include "common/check.h"

namespace phantom::engine {

void LoadKeys::Add(std::string_view bytes, RowId row, uint32_t number, bool unique) {
  PHANTOM_CHECK(bytes.size() <= UINT16_MAX);
  std::array<char, sizeof(uint64_t)> head{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), head.size()), head.begin());
  entries_.push_back({LoadBE<uint64_t>(head.data()), row, bytes_.size(), number, static_cast<uint16_t>(bytes.size()), unique});
  bytes_.append(bytes);
}

void LoadKeys::Sort(Within within) {
  auto before = [this, by_row = within == Within::kRow](const Entry& a, const Entry& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    const std::string_view all(bytes_);
    const int order = all.substr(a.offset, a.size).compare(all.substr(b.offset, b.size));
    if (order != 0) return order < 0;
    return by_row ? a.row < b.row : a.number < b.number;
  };
  if (!std::ranges::is_sorted(entries_, before)) std::ranges::sort(entries_, before);
}

LoadKeys::Key LoadKeys::at(size_t i) const {
  const Entry& entry = entries_[i];
  return {std::string_view(bytes_).substr(entry.offset, entry.size), entry.row, entry.number, entry.unique};
}

void LoadKeys::Clear() {
  bytes_.clear();
  entries_.clear();
}

}  // namespace phantom::engine
