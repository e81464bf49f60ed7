// Walking an index's entries. A stretch of them is copied while their leaf is latched.
#include <algorithm>
#include <cstring>
#include <vector>

#include "store/tiered_scan.h"
#include "txn/index.h"
#include "txn/manager_impl.h"
#include "txn/row_header.h"
#include "txn/serializable_access.h"

namespace phantom::txn {

struct IndexScan::State {
  State(SerializableGraph& g, const TreeName& name, bool watched, const store::TieredTree& entries, const Snapshot& s, ScanDirection d)
      : graph(g),
        index(name),
        scan(entries, d == ScanDirection::kForward ? store::TieredScan::Direction::kForward
                                                   : store::TieredScan::Direction::kBackward),
        snapshot(s),
        is_watched(watched),
        direction(d) {}

  struct Entry {
    uint32_t begin, bytes;  // of the key with row id, in `keys`
    bool dead;
  };

  void Start(KeyRange r) {
    range = std::move(r);
    // The snapshot may be another transaction's than last time.
    reader = ReaderOf(snapshot, is_watched);
    found.clear();
    keys.clear();
    at = 0;
    // Where the walk begins; absent: at the very end (backward).
    std::string position;
    std::optional<Bytes> from(AsBytes(position));
    bool nothing = false;
    if (direction == ScanDirection::kForward) {
      if (range.lower) position = *range.lower;
      // An exclusive lower bound passes over all keys that start with it.
      nothing = range.lower && !range.lower_inclusive && !PrefixEnd(position);
    } else if (range.upper) {
      position = *range.upper;
      if (range.upper_inclusive && !PrefixEnd(position)) from.reset();
    } else {
      from.reset();
    }
    if (from) from = AsBytes(position);
    scan.Start(from);
    if (nothing) scan.Stop();
    if (reader == nullptr) return;
    low = range.lower.value_or(std::string());
    if (range.lower && !range.lower_inclusive && !PrefixEnd(low)) scan.Stop();
    high = range.upper;
    if (high && range.upper_inclusive && !PrefixEnd(*high)) high.reset();
  }

  // The stretch that the scan has just shown: no entry gets into it unnoticed from now on.
  void Lock() {
    const bool forward = direction == ScanDirection::kForward;
    std::optional<std::string> from = forward ? scan.position() : low;
    std::optional<std::string> to = high;
    if (!scan.done()) (forward ? to : from) = scan.upcoming();
    if (!forward && !scan.at_end()) to = scan.position();
    if (high && (!to || *to > *high)) to = high;
    graph.locks().LockStretch(*reader, index, std::max(*from, low), to);
  }

  // The least string above all that start with `key`; false when there is none.
  static bool PrefixEnd(std::string& key) {
    while (!key.empty() && static_cast<uint8_t>(key.back()) == 0xff) key.pop_back();
    if (key.empty()) return false;
    key.back() = static_cast<char>(static_cast<uint8_t>(key.back()) + 1);
    return true;
  }
  static bool StartsWith(Bytes key, const std::string& prefix) {
    return key.size() >= prefix.size() && std::memcmp(key.data(), prefix.data(), prefix.size()) == 0;
  }
  bool PastUpper(Bytes key) const {
    if (!range.upper) return false;
    if (range.upper_inclusive && StartsWith(key, *range.upper)) return false;
    return btree::CompareKeys(key, AsBytes(*range.upper)) >= 0;
  }
  bool BelowLower(Bytes key) const {
    if (!range.lower) return false;
    if (!range.lower_inclusive && StartsWith(key, *range.lower)) return true;
    return btree::CompareKeys(key, AsBytes(*range.lower)) < 0;
  }

  void Take(Bytes key, Bytes value) {
    bool dead = false;
    if (!value.empty()) {
      const RowHeader mark = RowHeader::Load(value);
      // This snapshot sees the row without the key.
      if (snapshot.Sees(mark.txn, mark.lsn)) return;
      dead = true;
    }
    const auto begin = static_cast<uint32_t>(keys.size());
    keys.insert(keys.end(), key.begin(), key.end());
    found.push_back({begin, static_cast<uint32_t>(key.size()), dead});
  }

  Status Fill() {
    found.clear();
    keys.clear();
    at = 0;
    const bool forward = direction == ScanDirection::kForward;
    auto past = [&](Bytes key) { return forward ? PastUpper(key) : BelowLower(key); };
    auto take = [&](Bytes key, Bytes value) { Take(key, value); };
    if (reader != nullptr) return FillWatched(past, take);
    while (found.empty() && !scan.done()) RETURN_IF_ERROR(scan.Next(past, take));
    return Status::Ok();
  }

  Status FillWatched(store::TieredScan::Past past, store::TieredScan::Take take) {
    RETURN_IF_ERROR(graph.BeginRead(*reader));
    auto lock = [&] { Lock(); };
    const FunctionRef<void()> shown(lock);
    while (found.empty() && !scan.done()) RETURN_IF_ERROR(scan.Next(past, take, &shown));
    return Status::Ok();
  }

  SerializableGraph& graph;
  const TreeName index;
  store::TieredScan scan;
  const Snapshot& snapshot;
  const bool is_watched;
  SerializableTransaction* reader = nullptr;  // null: nobody wants to know what is read
  std::string low;                            // of the range, if somebody does: from that entry
  std::optional<std::string> high;            // ... up to this
  const ScanDirection direction;
  KeyRange range;
  std::vector<Entry> found;
  std::vector<std::byte> keys;
  size_t at = 0;
};

IndexScan::IndexScan(const Index& index, const Snapshot& snapshot, KeyRange range, ScanDirection direction)
    : state_(std::make_unique<State>(index.manager_->impl().serializable, TreeName{index.space_, index.tree_},
                                     index.watched_, *index.entries_, snapshot, direction)) {
  state_->Start(std::move(range));
}
IndexScan::~IndexScan() = default;
IndexScan::IndexScan(IndexScan&&) noexcept = default;

void IndexScan::Restart(KeyRange range) { state_->Start(std::move(range)); }

void IndexScan::Stop() {
  state_->scan.Stop();
  state_->at = state_->found.size();
}

Result<bool> IndexScan::Next(IndexEntry* entry) {
  State& s = *state_;
  if (s.at == s.found.size()) {
    RETURN_IF_ERROR(s.Fill());
    if (s.found.empty()) return false;
  }
  const State::Entry& found = s.found[s.at++];
  const Bytes bytes(s.keys.data() + found.begin, found.bytes);
  if (bytes.size() < 8) return Error(sqlstate::kIndexCorrupted, "index entry without a row id");
  entry->key = AsText(bytes.first(bytes.size() - 8));
  entry->row = RowId(LoadBE<uint64_t>(bytes.data() + bytes.size() - 8));
  entry->dead = found.dead;
  return true;
}

}  // namespace phantom::txn
