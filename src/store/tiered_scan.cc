#include "store/tiered_scan.h"

#include <algorithm>
#include <array>

#include "btree/key.h"
#include "common/check.h"
#include "lsm/run_reader.h"

namespace phantom::store {

// Entries gathered from runs at once: few at first unless more are expected, for most walks are short.
static constexpr uint32_t kBatchMin = 4, kBatchMax = 256;

TieredScan::TieredScan(const TieredTree& tree, Direction direction) : tree_(tree), direction_(direction) {}
TieredScan::~TieredScan() = default;

void TieredScan::Start(std::optional<Bytes> key, std::optional<Bytes> whole, uint64_t expected) {
  PHANTOM_CHECK(key || !forward());
  open_ = !key;
  position_.clear();
  if (key) position_ = AsText(*key);
  whole_.reset();
  if (whole) whole_.emplace(AsText(*whole));
  done_ = false;
  Release();
  batch_ = static_cast<uint32_t>(std::clamp<uint64_t>(expected, kBatchMin, kBatchMax));
}

Bytes TieredScan::KeyOf(const Gathered& g) const { return AsBytes(std::string_view(bytes_).substr(g.key, g.value - g.key)); }
Bytes TieredScan::ValueOf(const Gathered& g) const {
  return AsBytes(std::string_view(bytes_).substr(g.value, g.end - g.value));
}

int TieredScan::Order(Bytes a, Bytes b) const {
  const int order = btree::CompareKeys(a, b);
  return forward() ? order : -order;
}

void TieredScan::Stop() {
  done_ = true;
  Release();
}

void TieredScan::Release() {
  for (uint32_t i = 0; i < cursor_count_; ++i) cursors_[i]->Close();
  cursor_count_ = 0;
  order_.clear();
  gathered_.clear();
  bytes_.clear();
  next_ = 0;
  runs_ = nullptr;
  exhausted_ = true;
  version_ = 0;
}

lsm::RunCursor& TieredScan::AddCursor(const lsm::RunReader& run) {
  if (cursor_count_ == cursors_.size()) cursors_.push_back(std::make_unique<lsm::RunCursor>());
  lsm::RunCursor& cursor = *cursors_[cursor_count_++];
  cursor.Open(run);
  return cursor;
}

// Begins anew at the present place when the list of runs has changed.
Status TieredScan::Refresh() {
  const uint64_t now = tree_.version();
  if (now == version_) return Status::Ok();
  Release();
  version_ = now;
  if (!tree_.has_runs()) return Status::Ok();
  TieredTree::Listed runs = tree_.Current();
  version_ = runs.version;
  if (runs.list == nullptr) return Status::Ok();
  runs_ = std::move(runs.list);
  for (const auto& run : *runs_) {
    if (whole_) {
      ASSIGN_OR_RETURN(const bool may_have, run->reader->MayHaveTrimmed(AsBytes(*whole_)));
      if (!may_have) continue;
    }
    lsm::RunCursor& cursor = AddCursor(*run->reader);
    RETURN_IF_ERROR(forward()       ? cursor.Seek(AsBytes(position_))
                    : open_         ? cursor.SeekLast()
                                    : cursor.SeekBelow(AsBytes(position_)));
    if (cursor.Valid()) order_.push_back(cursor_count_ - 1);
  }
  std::ranges::sort(order_, [&](uint32_t a, uint32_t b) { return IsBefore(a, b); });
  exhausted_ = order_.empty();
  return Status::Ok();
}

bool TieredScan::IsBefore(uint32_t a, uint32_t b) const {
  const int order = Order(cursors_[a]->key(), cursors_[b]->key());
  return order < 0 || (order == 0 && a < b);
}

Status TieredScan::MoveFirst() {
  const uint32_t moved = order_.front();
  lsm::RunCursor& cursor = *cursors_[moved];
  RETURN_IF_ERROR(forward() ? cursor.Next() : cursor.Previous());
  if (!cursor.Valid()) {
    order_.erase(order_.begin());
    return Status::Ok();
  }
  size_t place = 0;
  for (; place + 1 < order_.size() && IsBefore(order_[place + 1], moved); ++place) order_[place] = order_[place + 1];
  order_[place] = moved;
  return Status::Ok();
}

Status TieredScan::Gather(Past past) {
  if (exhausted_ || next_ < gathered_.size()) return Status::Ok();
  gathered_.clear();
  bytes_.clear();
  next_ = 0;
  while (gathered_.size() < batch_) {
    if (order_.empty() || past(First().key())) {
      exhausted_ = true;
      return Status::Ok();
    }
    const auto begin = static_cast<uint32_t>(bytes_.size());
    bytes_.append(AsText(First().key()));
    const auto value = static_cast<uint32_t>(bytes_.size());
    const bool alive = !IsTombstone(First().value());
    if (alive) {
      bytes_.append(AsText(First().value()));
      gathered_.push_back({begin, value, static_cast<uint32_t>(bytes_.size())});
    }
    const Bytes key = AsBytes(std::string_view(bytes_).substr(begin, value - begin));
    do {
      RETURN_IF_ERROR(MoveFirst());
    } while (!order_.empty() && btree::CompareKeys(First().key(), key) == 0);
    if (!alive) bytes_.resize(begin);
  }
  batch_ = std::min(batch_ * 4, kBatchMax);
  return Status::Ok();
}

Status TieredScan::Next(Past past, Take take, const FunctionRef<void()>* shown) {
  PHANTOM_DCHECK(!done_);
  for (;;) {
    RETURN_IF_ERROR(Refresh());
    RETURN_IF_ERROR(Gather(past));
    bool current = false;
    auto visit = [&](const btree::LeafView& leaf) {
      current = tree_.version() == version_;
      if (!current) return;
      Merge(leaf, past, take);
      if (shown != nullptr) (*shown)();
    };
    if (forward()) {
      RETURN_IF_ERROR(tree_.tree().VisitLeaf(AsBytes(position_), visit));
    } else {
      std::optional<Bytes> below;
      if (!open_) below = AsBytes(position_);
      RETURN_IF_ERROR(tree_.tree().VisitLeafBefore(below, visit));
    }
    if (!current) continue;
    position_.swap(next_position_);
    open_ = false;
    if (done_) Release();
    return Status::Ok();
  }
}

void TieredScan::Merge(const btree::LeafView& leaf, Past past, Take take) {
  const bool last = forward() ? leaf.is_last() : leaf.low_fence().empty();
  const Bytes fence = forward() ? leaf.high_fence() : leaf.low_fence();
  // The leaf's entries still to come: forward from `at` on, backward those before it.
  uint32_t at = forward() ? leaf.LowerBound(AsBytes(position_))
                : open_   ? leaf.count()
                          : leaf.LowerBound(AsBytes(position_));
  std::array<std::byte, btree::kKeyBytesMax> buffer;
  Bytes hot;
  auto load = [&] {
    const bool there = forward() ? at < leaf.count() : at > 0;
    if (there) hot = Bytes(buffer.data(), leaf.CopyKey(forward() ? at : at - 1, buffer.data()));
    return there;
  };
  bool has_hot = load();
  for (;;) {
    if (next_ == gathered_.size() && !exhausted_) {
      // What lies beyond has not been gathered yet.
      GoOnAt(KeyOf(gathered_.back()));
      if (forward()) next_position_.push_back('\0');
      return;
    }
    const bool has_run =
        next_ < gathered_.size() &&
        (last || (forward() ? btree::CompareKeys(KeyOf(gathered_[next_]), fence) < 0
                            : btree::CompareKeys(KeyOf(gathered_[next_]), fence) >= 0));
    if (!has_hot && !has_run) {
      done_ = last;
      GoOnAt(fence);
      return;
    }
    const int order = !has_run ? -1 : !has_hot ? 1 : Order(hot, KeyOf(gathered_[next_]));
    if (past(order <= 0 ? hot : KeyOf(gathered_[next_]))) {
      done_ = true;
      return;
    }
    if (order > 0) {
      take(KeyOf(gathered_[next_]), ValueOf(gathered_[next_]));
    } else {
      const Bytes value = leaf.value(forward() ? at : at - 1);
      if (!IsTombstone(value)) take(hot, value);
      forward() ? ++at : --at;
      has_hot = load();
    }
    if (order >= 0) ++next_;
  }
}

}  // namespace phantom::store
