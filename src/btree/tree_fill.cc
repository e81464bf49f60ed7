// Many entries at once: into one leaf, or over several that are made, in one record.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "btree/buffer_pool.h"
#include "btree/new_page.h"
#include "btree/node.h"
#include "btree/pages_record.h"
#include "btree/structure.h"
#include "btree/tree.h"
#include "common/check.h"
#include "wal/log_writer.h"

namespace phantom::btree {

namespace {

// Leaves that one record makes.
constexpr size_t kNewLeavesMax = 8;
// What a leaf has for entries and fences.
constexpr size_t kLeafBytes = kPageBytes - kSlotsOffset;

struct Item {
  Bytes key;
  Bytes value;
  bool is_new = false;
};

// What a leaf has and what is to be put into it, in order, and where to cut that into leaves.
class FillPlan {
 public:
  // The page must stay as it is while the plan is used.
  FillPlan(const std::byte* page, std::span<const Tree::Entry> entries) : page_(page) {
    const uint32_t count = node::Count(page);
    uint32_t next = 0;
    auto take_before = [&](uint32_t position) {
      for (; next < position; ++next) AddPresent(next);
    };
    for (const Tree::Entry& entry : entries) {
      if (!node::Covers(page, entry.key)) break;
      bool exists;
      take_before(node::LowerBoundCovered(page, entry.key, &exists));
      if (!exists) items_.push_back({entry.key, entry.value, true});
      ends_.push_back(items_.size() + (exists ? 1 : 0));
    }
    take_before(count);
  }

  // Into at most so many leaves; leaves out of the new entries the last ones that do not fit. False: not even what is there would.
  bool Cut(size_t leaves_max) {
    starts_.assign(1, 0);
    size_t present = 0;  // bytes of what is there and not placed yet
    for (const Item& item : items_) present += item.is_new ? 0 : BytesOf(item);
    size_t used = node::LowFence(page_).size();
    const size_t high_bytes = node::HighFence(page_).size();
    placed_.clear();
    bool full = false;  // no more new ones
    for (size_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      if (item.is_new && full) continue;
      const size_t bytes = BytesOf(item);
      const bool last = starts_.size() == leaves_max;
      // The fence above is no longer than a key by one, or it is the page's.
      const size_t fence = std::max(high_bytes, item.key.size() + 1);
      const size_t kept = item.is_new && last ? present : 0;
      if (used + bytes + kept + fence > kLeafBytes && !placed_.empty()) {
        if (last) {
          if (!item.is_new) return false;
          full = true;
          left_out_ = i;
          continue;
        }
        starts_.push_back(placed_.size());
        used = ShortestBetween(items_[placed_.back()].key, item.key);
        if (used + bytes + fence > kLeafBytes) return false;
      }
      used += bytes;
      present -= item.is_new ? 0 : bytes;
      placed_.push_back(i);
    }
    if (!full) left_out_ = items_.size();
    return true;
  }

  size_t leaves() const { return starts_.size(); }
  // The fence below leaf `n` > 0.
  Bytes Separator(size_t n) const {
    const Bytes high = items_[placed_[starts_[n]]].key;
    return high.first(ShortestBetween(items_[placed_[starts_[n] - 1]].key, high));
  }
  void Build(size_t n, PageId id, std::byte* to) const {
    const PageHeader& header = HeaderOf(page_);
    const bool last = n + 1 == leaves();
    const Bytes low = n == 0 ? node::LowFence(page_) : Separator(n);
    const Bytes high = last ? node::HighFence(page_) : Separator(n + 1);
    node::Init(to, id, TreeId(header.tree), header.kind, 0, low, last && !node::HasHighFence(page_) ? nullptr : &high);
    const size_t end = last ? placed_.size() : starts_[n + 1];
    for (size_t k = starts_[n]; k < end; ++k) {
      const Item& item = items_[placed_[k]];
      node::Insert(to, node::Count(to), item.key, item.value);
    }
  }
  // Of the entries, those before the first that has been left out.
  size_t done() const {
    return static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), left_out_) - ends_.begin());
  }

 private:
  // In a leaf with no longer a common prefix than this one's.
  size_t BytesOf(const Item& item) const { return node::EntryBytes(page_, item.key.size(), item.value.size()); }

  void AddPresent(uint32_t position) {
    const size_t bytes = node::Prefix(page_).size() + node::Suffix(page_, position).size();
    if (key_chunk_left_ < bytes) {
      key_chunk_left_ = std::max<size_t>(bytes, 4096);
      key_chunks_.emplace_back(new std::byte[key_chunk_left_]);
      key_next_ = key_chunks_.back().get();
    }
    const Bytes key(key_next_, node::CopyKey(page_, position, key_next_));
    key_next_ += bytes;
    key_chunk_left_ -= bytes;
    items_.push_back({key, node::Value(page_, position), false});
  }

  const std::byte* page_;
  std::vector<Item> items_;
  std::vector<size_t> ends_;    // for each entry, how many items there are up to it
  std::vector<size_t> placed_;  // indexes of items
  std::vector<size_t> starts_;  // of leaves, in placed_
  size_t left_out_ = 0;         // the first item that is not placed
  std::vector<std::unique_ptr<std::byte[]>> key_chunks_;
  std::byte* key_next_ = nullptr;
  size_t key_chunk_left_ = 0;
};

}  // namespace

Result<size_t> Tree::Fill(std::span<const Entry> entries) {
  PHANTOM_CHECK(!entries.empty());
  for (const Entry& entry : entries) {
    if (entry.key.size() <= kKeyBytesMax && entry.value.size() <= kValueBytesMax) continue;
    return Errorf(sqlstate::kProgramLimitExceeded, "row is too big: size %zu, maximum size %zu", entry.value.size(), kValueBytesMax);
  }
  for (bool spread = true;;) {
    log_.AwaitRoom();
    ASSIGN_OR_RETURN(Frame * leaf, DescendToLeaf({entries.front().key, false}, true));
    alignas(8) std::byte filled[kPageBytes];
    std::memcpy(filled, leaf->data, kPageBytes);
    node::Compact(filled);
    std::vector<std::byte> puts;
    size_t done = 0;
    bool all_fit = true;
    for (const Entry& entry : entries) {
      if (!node::Covers(filled, entry.key)) break;
      bool exists;
      const uint32_t position = node::LowerBoundCovered(filled, entry.key, &exists);
      all_fit = exists || node::Fits(filled, position, false, entry.key.size(), entry.value.size());
      if (!all_fit) break;
      if (!exists) {
        node::Insert(filled, position, entry.key, entry.value);
        PagesRecord::AddEntry(&puts, entry.key, entry.value);
      }
      ++done;
    }
    const bool enough = all_fit || (!spread && done > 0);
    if (enough && !puts.empty()) {
      // Whichever is shorter.
      PagesRecord record, image;
      record.PutAll(leaf->page_id(), puts);
      image.Image(filled);
      pool_.MarkDirty(*leaf);
      const Lsn lsn = (record.bytes() < image.bytes() ? record : image).Append(log_, id_);
      std::memcpy(leaf->data, filled, kPageBytes);
      StampLsn(*leaf, lsn);
    }
    leaf->latch.UnlockExclusive();
    if (enough) return done;
    if (!spread) {
      RETURN_IF_ERROR(StructureChange(*this).Split(0, entries.front().key));
      spread = true;
      continue;
    }
    ASSIGN_OR_RETURN(done, StructureChange(*this).FillOver(entries));
    if (done > 0) return done;
    spread = false;
  }
}

Result<size_t> StructureChange::FillOver(std::span<const Tree::Entry> entries) {
  BufferPool& pool = tree_.pool_;
  const Bytes first = entries.front().key;
  tree_.log_.AwaitRoom();
  Tree::Position at;
  Tree::Position parent;
  ASSIGN_OR_RETURN(bool found, tree_.Descend({first, false}, 0, &at, &parent));
  if (!found) return size_t{0};
  // A root that is a leaf.
  if (parent.frame == nullptr) return size_t{0};

  size_t bytes = kPageBytes;  // what the leaf has
  for (const Tree::Entry& entry : entries) bytes += entry.key.size() + entry.value.size() + sizeof(Slot);
  const size_t record_leaves = tree_.log_.record_bytes_max() / 2 / kPageBytes;
  std::vector<std::unique_ptr<NewPage>> made(std::clamp<size_t>(std::min(bytes / kPageBytes + 1, record_leaves), 2, kNewLeavesMax));
  for (std::unique_ptr<NewPage>& page : made) {
    page = std::make_unique<NewPage>(pool);
    RETURN_IF_ERROR(page->Make(tree_.space()));
  }
  if (!parent.frame->latch.TryUpgrade(parent.version)) return size_t{0};
  if (!at.frame->latch.TryUpgrade(at.version)) {
    parent.frame->latch.UnlockExclusive();
    return size_t{0};
  }
  auto unlatch = [&] {
    at.frame->latch.UnlockExclusive();
    parent.frame->latch.UnlockExclusive();
  };
  std::byte* above = parent.frame->data;
  FillPlan plan(at.frame->data, entries);
  // As many leaves as the parent has room for.
  std::vector<std::byte> children;
  size_t leaves = made.size() + 1;
  bool fits = false;
  for (; leaves > 1 && !fits; --leaves) {
    if (!plan.Cut(leaves)) break;
    size_t above_bytes = 0;
    children.clear();
    for (size_t n = 1; n < plan.leaves(); ++n) {
      const uint32_t number = made[n - 1]->id().number();
      above_bytes += node::EntryBytes(above, plan.Separator(n).size(), sizeof(number));
      PagesRecord::AddEntry(&children, plan.Separator(n), ChildValue(number));
    }
    fits = above_bytes <= node::FreeBytes(above);
  }
  if (!fits || plan.leaves() == 1 || plan.done() == 0) {
    const bool parent_full = !fits && leaves == 1;
    unlatch();
    if (parent_full) RETURN_IF_ERROR(Split(1, first));
    return size_t{0};
  }
  alignas(8) std::byte left[kPageBytes];
  std::memset(left, 0, sizeof(left));
  plan.Build(0, at.frame->page_id(), left);
  PagesRecord record;
  record.Image(left);
  for (size_t n = 1; n < plan.leaves(); ++n) {
    NewPage& page = *made[n - 1];
    plan.Build(n, page.id(), page.data());
    record.Image(page.data());
    pool.MarkDirty(page.frame());
  }
  record.PutAll(parent.frame->page_id(), children);
  pool.MarkDirty(*parent.frame);
  pool.MarkDirty(*at.frame);
  const size_t done = plan.done();
  const Lsn lsn = record.Append(tree_.log_, tree_.id());
  for (size_t n = 1; n < plan.leaves(); ++n) {
    const bool put = node::Put(above, plan.Separator(n), ChildValue(made[n - 1]->id().number()));
    PHANTOM_CHECK(put);
  }
  const size_t new_leaves = plan.leaves() - 1;
  std::memcpy(at.frame->data, left, kPageBytes);  // the plan is void from here on
  StampLsn(*parent.frame, lsn);
  StampLsn(*at.frame, lsn);
  for (size_t n = 0; n < new_leaves; ++n) made[n]->Publish(lsn);
  unlatch();
  return done;
}

}  // namespace phantom::btree
