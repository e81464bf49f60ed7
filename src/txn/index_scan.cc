// Walking an index's entries. A leaf's entries are copied while it is latched; then the walk goes on from its fence.
#include <array>
#include <cstring>
#include <vector>

#include "btree/tree.h"
#include "txn/index.h"
#include "txn/manager_impl.h"
#include "txn/row_header.h"

namespace phantom::txn {

struct IndexScan::State {
  State(const btree::Tree& e, const Snapshot& s, ScanDirection d) : entries(e), snapshot(s), direction(d) {}

  struct Entry {
    uint32_t begin, bytes;  // of the key with row id, in `keys`
    bool dead;
  };

  void Start(KeyRange r) {
    range = std::move(r);
    found.clear();
    keys.clear();
    at = 0;
    done = false;
    // Where the walk begins; absent: at the very end (backward).
    position.clear();
    position_open = false;
    if (direction == ScanDirection::kForward) {
      if (range.lower) position = *range.lower;
      // An exclusive lower bound passes over all keys that start with it.
      if (range.lower && !range.lower_inclusive && !PrefixEnd(position)) done = true;
    } else if (range.upper) {
      position = *range.upper;
      if (range.upper_inclusive && !PrefixEnd(position)) position_open = true;
    } else {
      position_open = true;
    }
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

  void Take(const btree::LeafView& leaf, uint32_t i) {
    const Bytes value = leaf.value(i);
    bool dead = false;
    if (!value.empty()) {
      const RowHeader mark = RowHeader::Load(value);
      // This snapshot sees the row without the key.
      if (snapshot.Sees(mark.txn, mark.lsn)) return;
      dead = true;
    }
    const auto begin = static_cast<uint32_t>(keys.size());
    keys.resize(keys.size() + btree::kKeyBytesMax);
    const size_t size = leaf.CopyKey(i, keys.data() + begin);
    keys.resize(begin + size);
    found.push_back({begin, static_cast<uint32_t>(size), dead});
  }

  Status Fill() {
    found.clear();
    keys.clear();
    at = 0;
    while (found.empty() && !done) RETURN_IF_ERROR(direction == ScanDirection::kForward ? FillForward() : FillBackward());
    return Status::Ok();
  }

  Status FillForward() {
    std::string next;
    RETURN_IF_ERROR(entries.VisitLeaf(AsBytes(position), [&](const btree::LeafView& leaf) {
      found.clear();
      keys.clear();
      done = leaf.is_last();
      const uint32_t count = leaf.count();
      for (uint32_t i = leaf.LowerBound(AsBytes(position)); i < count; ++i) {
        const size_t size = leaf.CopyKey(i, key.data());
        if (PastUpper({key.data(), size})) {
          done = true;
          break;
        }
        Take(leaf, i);
      }
      if (!done) next.assign(AsText(leaf.high_fence()));
    }));
    position = std::move(next);
    return Status::Ok();
  }

  Status FillBackward() {
    std::string next;
    std::optional<Bytes> below;
    if (!position_open) below = AsBytes(position);
    RETURN_IF_ERROR(entries.VisitLeafBefore(below, [&](const btree::LeafView& leaf) {
      found.clear();
      keys.clear();
      done = leaf.low_fence().empty();
      for (uint32_t i = below ? leaf.LowerBound(*below) : leaf.count(); i-- > 0;) {
        const size_t size = leaf.CopyKey(i, key.data());
        if (BelowLower({key.data(), size})) {
          done = true;
          break;
        }
        Take(leaf, i);
      }
      if (!done) next.assign(AsText(leaf.low_fence()));
    }));
    position = std::move(next);
    position_open = false;
    return Status::Ok();
  }

  const btree::Tree& entries;
  const Snapshot& snapshot;
  const ScanDirection direction;
  KeyRange range;
  std::string position;
  bool position_open = false;
  bool done = false;
  std::vector<Entry> found;
  std::vector<std::byte> keys;
  std::array<std::byte, btree::kKeyBytesMax> key;
  size_t at = 0;
};

IndexScan::IndexScan(const Index& index, const Snapshot& snapshot, KeyRange range, ScanDirection direction)
    : state_(std::make_unique<State>(*index.entries_, snapshot, direction)) {
  state_->Start(std::move(range));
}
IndexScan::~IndexScan() = default;
IndexScan::IndexScan(IndexScan&&) noexcept = default;

void IndexScan::Restart(KeyRange range) { state_->Start(std::move(range)); }

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
