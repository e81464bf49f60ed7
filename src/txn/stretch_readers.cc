#include "txn/stretch_readers.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace phantom::txn {

// The boundary at the key, made if there is none.
StretchReaders::Boundaries::iterator StretchReaders::BoundaryAt(std::string_view key) {
  const auto at = boundaries_.lower_bound(key);
  if (at != boundaries_.end() && at->first == key) return at;
  Readers readers;
  if (at != boundaries_.begin()) readers = std::prev(at)->second;
  const auto made = boundaries_.emplace_hint(at, key, std::move(readers));
  bytes_.fetch_add(BytesOf(*made), std::memory_order_relaxed);
  return made;
}

// Boundaries from `at` to `end` that separate nothing go.
void StretchReaders::Join(Boundaries::iterator at, Boundaries::iterator end) {
  for (bool last = false; at != boundaries_.end() && !last;) {
    last = at == end;
    const bool same = at == boundaries_.begin() ? at->second.empty() : std::prev(at)->second == at->second;
    if (!same) {
      ++at;
      continue;
    }
    bytes_.fetch_sub(BytesOf(*at), std::memory_order_relaxed);
    at = boundaries_.erase(at);
  }
}

void StretchReaders::Add(PredicateReader* reader, std::string_view from, const std::optional<std::string>& to) {
  const auto first = BoundaryAt(from);
  const auto end = to ? BoundaryAt(*to) : boundaries_.end();
  size_t added = 0;
  for (auto at = first; at != end; ++at) {
    const auto place = std::ranges::lower_bound(at->second, reader);
    if (place != at->second.end() && *place == reader) continue;
    at->second.insert(place, reader);
    ++added;
  }
  bytes_.fetch_add(added * sizeof(reader), std::memory_order_relaxed);
  Join(first, end);
}

void StretchReaders::Remove(PredicateReader* reader, std::string_view from, const std::optional<std::string>& to) {
  const auto first = boundaries_.lower_bound(from);
  const auto end = to ? boundaries_.lower_bound(*to) : boundaries_.end();
  size_t removed = 0;
  for (auto at = first; at != end; ++at) removed += std::erase(at->second, reader);
  bytes_.fetch_sub(removed * sizeof(reader), std::memory_order_relaxed);
  Join(first, end);
}

const StretchReaders::Readers* StretchReaders::Find(std::string_view key) const {
  const auto behind = boundaries_.upper_bound(key);
  return behind == boundaries_.begin() ? nullptr : &std::prev(behind)->second;
}

}  // namespace phantom::txn
