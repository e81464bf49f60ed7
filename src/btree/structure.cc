#include "btree/structure.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "btree/buffer_pool.h"
#include "btree/new_page.h"
#include "btree/node.h"
#include "btree/page_map.h"
#include "btree/pages_record.h"
#include "common/check.h"
#include "wal/log_writer.h"

namespace phantom::btree {
namespace {

struct SplitPoint {
  uint32_t position = 0;  // of the first entry that goes right
  std::byte separator[kKeyBytesMax];
  size_t separator_bytes = 0;
  Bytes key() const { return {separator, separator_bytes}; }
};

void SetShortest(SplitPoint* point, Bytes low, Bytes high) {
  point->separator_bytes = ShortestBetween(low, high);
  std::memcpy(point->separator, high.data(), point->separator_bytes);
}

// Where to cut the full node so that `key` can be inserted. Both parts fit with the fence they get: with
// truncated separators it is no longer than what moves out, give or take the prefix that both fences have;
// in inner nodes neither part keeps more than half.
void ChooseSplit(const std::byte* page, Bytes key, SplitPoint* point) {
  const uint32_t count = node::Count(page);
  std::byte left[kKeyBytesMax];
  std::byte right[kKeyBytesMax];
  auto key_at = [&](uint32_t position, std::byte* to) { return Bytes(to, node::CopyKey(page, position, to)); };
  bool equal;
  const uint32_t place = node::LowerBound(page, key, &equal);
  const bool is_leaf = HeaderOf(page).level == 0;
  if (is_leaf && !equal && count == 1) {
    point->position = place;
    if (place == 0) {
      SetShortest(point, key, key_at(0, right));
    } else {
      SetShortest(point, key_at(0, left), key);
    }
    return;
  }
  if (is_leaf && place == count && !node::HasHighFence(page)) {
    // Keys that only grow leave full leaves behind. The high fence that the leaf gets must fit; with
    // an entry moved out it does.
    point->position = count;
    SetShortest(point, key_at(count - 1, left), key);
    if (point->separator_bytes <= node::FreeBytes(page)) return;
    point->position = count - 1;
    SetShortest(point, key_at(count - 2, left), key_at(count - 1, right));
    return;
  }
  PHANTOM_CHECK(count >= 2);
  size_t total = 0;
  for (uint32_t i = 0; i < count; ++i) total += node::Suffix(page, i).size() + node::Value(page, i).size() + 10;
  size_t before = 0;
  uint32_t position = 0;
  while (position < count - 1 && before < total / 2) {
    before += node::Suffix(page, position).size() + node::Value(page, position).size() + 10;
    ++position;
  }
  point->position = std::max<uint32_t>(position, 1);
  const Bytes first_right = key_at(point->position, right);
  if (is_leaf) {
    SetShortest(point, key_at(point->position - 1, left), first_right);
  } else {
    point->separator_bytes = first_right.size();
    std::memcpy(point->separator, first_right.data(), first_right.size());
  }
}

// Builds the right part of a node in an empty page.
void BuildRight(const std::byte* from, const SplitPoint& point, PageId id, std::byte* to) {
  const PageHeader& header = HeaderOf(from);
  const Bytes high = node::HighFence(from);
  node::Init(to, id, TreeId(header.tree), header.kind, header.level, point.key(),
             node::HasHighFence(from) ? &high : nullptr);
  node::AppendFrom(to, from, point.position, header.count);
}

// Whether a node that somebody found full has been split or emptied since, so that there is nothing to cut: an empty leaf takes any
// entry, and one that holds nothing but the key takes any value for it.
bool HasRoomByNow(const std::byte* page, Bytes key) {
  const uint32_t count = node::Count(page);
  if (HeaderOf(page).level > 0) return count < 2;
  bool equal = false;
  if (count == 1) node::LowerBound(page, key, &equal);
  return count == 0 || equal;
}

}  // namespace

Status Tree::Make(BufferPool& pool, wal::LogWriter& log, TreeId id, PageId root, TreeKind kind) {
  log.AwaitRoom();
  ASSIGN_OR_RETURN(Frame * frame, pool.NewFrame());
  node::Init(frame->data, root, id, kind, 0, {}, nullptr);
  PagesRecord record;
  record.Image(frame->data);
  pool.MarkDirty(*frame);
  const Lsn lsn = record.Append(log, id);
  StampLsn(*frame, lsn);
  pool.Publish(*frame, root);
  frame->latch.UnlockExclusive();
  return Status::Ok();
}

Status StructureChange::Split(uint32_t level, Bytes key) {
  BufferPool& pool = tree_.pool_;
  Backoff backoff;
  for (;; backoff.Pause()) {
    tree_.log_.AwaitRoom();
    Tree::Position at;
    Tree::Position parent;
    ASSIGN_OR_RETURN(bool found, tree_.Descend({key, false}, level, &at, &parent));
    if (!found) return Status::Ok();
    if (parent.frame == nullptr) return SplitRoot(at.frame, at.version, key);

    NewPage right(pool);
    RETURN_IF_ERROR(right.Make(tree_.space()));
    if (!parent.frame->latch.TryUpgrade(parent.version)) continue;
    if (!at.frame->latch.TryUpgrade(at.version)) {
      parent.frame->latch.UnlockExclusive();
      continue;
    }
    std::byte* above = parent.frame->data;
    std::byte* left = at.frame->data;
    if (HasRoomByNow(left, key)) {
      at.frame->latch.UnlockExclusive();
      parent.frame->latch.UnlockExclusive();
      return Status::Ok();
    }
    SplitPoint point;
    ChooseSplit(left, key, &point);
    bool equal;
    const uint32_t place = node::LowerBound(above, point.key(), &equal);
    PHANTOM_CHECK(!equal);
    if (!node::Fits(above, place, false, point.separator_bytes, sizeof(uint32_t))) {
      // The parent first; it is split for the separator, and then we look again.
      at.frame->latch.UnlockExclusive();
      parent.frame->latch.UnlockExclusive();
      RETURN_IF_ERROR(Split(level + 1, point.key()));
      continue;
    }
    BuildRight(left, point, right.id(), right.data());
    const uint32_t number = right.id().number();
    PagesRecord record;
    record.Image(right.data());
    record.SplitLeft(at.frame->page_id(), point.key());
    record.Put(parent.frame->page_id(), point.key(), ChildValue(number));
    pool.MarkDirty(*parent.frame);
    pool.MarkDirty(*at.frame);
    pool.MarkDirty(right.frame());
    const Lsn lsn = record.Append(tree_.log_, tree_.id());
    node::Insert(above, place, point.key(), ChildValue(number));
    node::SplitLeft(left, point.key());
    StampLsn(*parent.frame, lsn);
    StampLsn(*at.frame, lsn);
    right.Publish(lsn);
    at.frame->latch.UnlockExclusive();
    parent.frame->latch.UnlockExclusive();
    return Status::Ok();
  }
}

// The root's content goes to two new pages below it.
Status StructureChange::SplitRoot(Frame* root, uint64_t version, Bytes key) {
  BufferPool& pool = tree_.pool_;
  NewPage left(pool);
  NewPage right(pool);
  RETURN_IF_ERROR(left.Make(tree_.space()));
  RETURN_IF_ERROR(right.Make(tree_.space()));
  if (!root->latch.TryUpgrade(version)) return Status::Ok();
  std::byte* page = root->data;
  if (HasRoomByNow(page, key)) {
    root->latch.UnlockExclusive();
    return Status::Ok();
  }
  const uint8_t level = HeaderOf(page).level;
  SplitPoint point;
  ChooseSplit(page, key, &point);
  const Bytes separator = point.key();
  BuildRight(page, point, right.id(), right.data());
  node::Init(left.data(), left.id(), tree_.id(), tree_.kind(), level, {}, &separator);
  node::AppendFrom(left.data(), page, 0, point.position);
  alignas(8) std::byte above[kPageBytes];
  std::memset(above, 0, sizeof(above));
  const uint32_t left_number = left.id().number();
  const uint32_t right_number = right.id().number();
  node::Init(above, tree_.root(), tree_.id(), tree_.kind(), static_cast<uint8_t>(level + 1), {}, nullptr);
  node::Insert(above, 0, {}, ChildValue(left_number));
  node::Insert(above, 1, separator, ChildValue(right_number));

  PagesRecord record;
  record.Image(left.data());
  record.Image(right.data());
  record.Image(above);
  pool.MarkDirty(*root);
  pool.MarkDirty(left.frame());
  pool.MarkDirty(right.frame());
  const Lsn lsn = record.Append(tree_.log_, tree_.id());
  std::memcpy(page, above, kPageBytes);
  StampLsn(*root, lsn);
  left.Publish(lsn);
  right.Publish(lsn);
  root->latch.UnlockExclusive();
  return Status::Ok();
}

Result<bool> StructureChange::Merge(uint32_t level, Bytes key) {
  for (bool with_next = true;;) {
    tree_.log_.AwaitRoom();
    Tree::Position at;
    Tree::Position parent;
    ASSIGN_OR_RETURN(bool found, tree_.Descend({key, false}, level, &at, &parent));
    if (!found || parent.frame == nullptr) return false;
    const uint32_t count = node::Count(parent.frame->data);
    const uint32_t position = node::ChildPosition(parent.frame->data, key);
    const bool parent_has_parent = parent.frame->page_id() != tree_.root();
    if (!parent.frame->latch.Validate(parent.version)) return false;
    if (count == 1) {
      // It has neighbours when its parent has been joined with one of its own.
      if (!parent_has_parent) return false;
      ASSIGN_OR_RETURN(const bool joined, Merge(level + 1, key));
      if (!joined) return false;
      continue;
    }
    if (with_next && position + 1 < count) {
      ASSIGN_OR_RETURN(const bool joined, Join(level, key, parent, position + 1));
      if (joined) return true;
      with_next = false;  // now the one before it
      continue;
    }
    return position > 0 ? Join(level, key, parent, position) : false;
  }
}

// Joins the child at `right_position` of the parent with the one before it.
Result<bool> StructureChange::Join(uint32_t level, Bytes key, const Tree::Position& parent, uint32_t right_position) {
  BufferPool& pool = tree_.pool_;
  std::byte* above = parent.frame->data;
  const PageId left_page(tree_.space(), node::Child(above, right_position - 1));
  const PageId right_page(tree_.space(), node::Child(above, right_position));
  if (!parent.frame->latch.Validate(parent.version)) return false;
  ASSIGN_OR_RETURN(Frame * left, pool.Fetch(left_page));
  ASSIGN_OR_RETURN(Frame * right, pool.Fetch(right_page));
  if (left == nullptr || right == nullptr || !parent.frame->latch.TryUpgrade(parent.version)) return false;
  // The parent cannot change now, so neither can its children's identity; but frames may have been evicted.
  left->latch.LockExclusive();
  right->latch.LockExclusive();
  auto unlatch = [&] {
    left->latch.UnlockExclusive();
    parent.frame->latch.UnlockExclusive();
  };
  const bool both = left->page_id() == left_page && right->page_id() == right_page;
  alignas(8) std::byte merged[kPageBytes];
  bool fits = false;
  if (both && node::UsedBytes(left->data) + node::UsedBytes(right->data) < kPageBytes) {
    // The common prefix may be shorter than each one's, so the entries may be longer.
    const uint32_t left_count = node::Count(left->data);
    const uint32_t right_count = node::Count(right->data);
    const size_t longer =
        (left_count * HeaderOf(left->data).prefix_bytes) + (right_count * HeaderOf(right->data).prefix_bytes);
    std::memset(merged, 0, sizeof(merged));
    const Bytes high = node::HighFence(right->data);
    node::Init(merged, left_page, tree_.id(), tree_.kind(), static_cast<uint8_t>(level), node::LowFence(left->data),
               node::HasHighFence(right->data) ? &high : nullptr);
    const size_t need = node::UsedBytes(merged) + node::UsedBytes(left->data) + node::UsedBytes(right->data) + longer -
                        (left_count + right_count) * HeaderOf(merged).prefix_bytes;
    fits = need <= kMergedBytesMax;
  }
  if (!fits) {
    right->latch.UnlockExclusive();
    unlatch();
    return false;
  }
  node::AppendFrom(merged, left->data, 0, node::Count(left->data));
  node::AppendFrom(merged, right->data, 0, node::Count(right->data));
  std::byte separator[kKeyBytesMax];
  const Bytes gone(separator, node::CopyKey(above, right_position, separator));
  PagesRecord record;
  record.Image(merged);
  record.Remove(parent.frame->page_id(), gone);
  record.Free(right_page);
  pool.MarkDirty(*parent.frame);
  pool.MarkDirty(*left);
  const Lsn lsn = record.Append(tree_.log_, tree_.id());
  std::memcpy(left->data, merged, kPageBytes);
  node::Remove(above, right_position);
  StampLsn(*left, lsn);
  StampLsn(*parent.frame, lsn);
  pool.FreePage(right_page, right);
  const bool parent_is_root = parent.frame->page_id() == tree_.root();
  const bool only_child = node::Count(above) == 1;
  const bool underfull = node::UsedBytes(above) < kUnderfullBytes;
  unlatch();
  if (parent_is_root) {
    if (only_child) RETURN_IF_ERROR(CollapseRoot());
  } else if (underfull) {
    RETURN_IF_ERROR(Merge(level + 1, key).status());
  }
  return true;
}

// Takes the only child's content into the root.
Status StructureChange::CollapseRoot() {
  BufferPool& pool = tree_.pool_;
  ASSIGN_OR_RETURN(Frame * root, pool.Fetch(tree_.root()));
  if (root == nullptr) return Status::Ok();
  const uint64_t version = root->latch.BeginOptimistic();
  if (root->page_id() != tree_.root()) return Status::Ok();
  const uint32_t level = HeaderOf(root->data).level;
  const PageId child_page(tree_.space(), node::Child(root->data, 0));
  const bool only_child = level > 0 && node::Count(root->data) == 1;
  if (!root->latch.Validate(version) || !only_child) return Status::Ok();
  ASSIGN_OR_RETURN(Frame * child, pool.Fetch(child_page));
  if (child == nullptr || !root->latch.TryUpgrade(version)) return Status::Ok();
  child->latch.LockExclusive();
  if (child->page_id() != child_page) {
    child->latch.UnlockExclusive();
    root->latch.UnlockExclusive();
    return Status::Ok();
  }
  alignas(8) std::byte content[kPageBytes];
  std::memset(content, 0, sizeof(content));
  node::Init(content, tree_.root(), tree_.id(), tree_.kind(), static_cast<uint8_t>(level - 1), {}, nullptr);
  node::AppendFrom(content, child->data, 0, node::Count(child->data));
  PagesRecord record;
  record.Image(content);
  record.Free(child_page);
  pool.MarkDirty(*root);
  const Lsn lsn = record.Append(tree_.log_, tree_.id());
  std::memcpy(root->data, content, kPageBytes);
  StampLsn(*root, lsn);
  pool.FreePage(child_page, child);
  root->latch.UnlockExclusive();
  return CollapseRoot();
}

Result<Tree::Pruned> StructureChange::Prune(Bytes key, FunctionRef<bool(Bytes key, Bytes value)> drop) {
  tree_.log_.AwaitRoom();
  ASSIGN_OR_RETURN(Frame * leaf, tree_.DescendToLeaf({key, false}, true));
  std::byte* page = leaf->data;
  Tree::Pruned pruned;
  const Bytes high = node::HighFence(page);
  if (node::HasHighFence(page)) pruned.high_fence = AsText(high);
  alignas(8) std::byte kept[kPageBytes];
  std::memset(kept, 0, sizeof(kept));
  node::Init(kept, leaf->page_id(), tree_.id(), tree_.kind(), 0, node::LowFence(page),
             node::HasHighFence(page) ? &high : nullptr);
  std::byte whole_key[kKeyBytesMax];
  const uint32_t count = node::Count(page);
  for (uint32_t i = 0; i < count; ++i) {
    const size_t size = node::CopyKey(page, i, whole_key);
    if (!drop({whole_key, size}, node::Value(page, i))) node::AppendFrom(kept, page, i, i + 1);
  }
  pruned.left = node::Count(kept);
  if (pruned.left != count) {
    PagesRecord record;
    record.Image(kept);
    tree_.pool_.MarkDirty(*leaf);
    const Lsn lsn = record.Append(tree_.log_, tree_.id());
    std::memcpy(page, kept, kPageBytes);
    StampLsn(*leaf, lsn);
  }
  leaf->latch.UnlockExclusive();
  return pruned;
}

Status StructureChange::FreeBelow(PageId page, uint32_t level) {
  if (level == 0) return Status::Ok();
  BufferPool& pool = tree_.pool_;
  std::vector<PageId> children;
  for (bool read = false; !read;) {
    ASSIGN_OR_RETURN(Frame * frame, pool.Fetch(page));
    // Freed by an earlier attempt that a crash interrupted.
    if (frame == nullptr) return Status::Ok();
    frame->latch.LockShared();
    read = frame->page_id() == page;
    const bool ours = tree_.IsOurs(*frame, page, level);
    if (read && ours) {
      for (uint32_t i = 0; i < node::Count(frame->data); ++i) {
        children.emplace_back(tree_.space(), node::Child(frame->data, i));
      }
    }
    frame->latch.UnlockShared();
    if (read && !ours) {
      return Errorf(sqlstate::kDataCorrupted, "page %u in space %u does not belong to tree %u", page.number(),
                    page.space().value, tree_.id().value);
    }
  }
  for (PageId child : children) RETURN_IF_ERROR(FreeBelow(child, level - 1));

  for (;;) {
    tree_.log_.AwaitRoom();
    ASSIGN_OR_RETURN(Frame * frame, pool.Fetch(page));
    if (frame == nullptr) return Status::Ok();
    frame->latch.LockExclusive();
    if (frame->page_id() != page) {
      frame->latch.UnlockExclusive();
      continue;
    }
    // An empty node in its place, so that a second attempt does not meet the children again. The latch is held until
    // the map knows of it all: a checkpoint waits for this page and then finds the children freed.
    alignas(8) std::byte empty[kPageBytes];
    std::memset(empty, 0, sizeof(empty));
    const Bytes high = node::HighFence(frame->data);
    node::Init(empty, page, tree_.id(), tree_.kind(), static_cast<uint8_t>(level), node::LowFence(frame->data),
               node::HasHighFence(frame->data) ? &high : nullptr);
    PagesRecord record;
    record.Image(empty);
    for (PageId child : children) record.Free(child);
    pool.MarkDirty(*frame);
    const Lsn lsn = record.Append(tree_.log_, tree_.id());
    std::memcpy(frame->data, empty, kPageBytes);
    StampLsn(*frame, lsn);
    for (PageId child : children) pool.FreePage(child, nullptr);
    frame->latch.UnlockExclusive();
    return Status::Ok();
  }
}

Status StructureChange::FreeRoot() {
  BufferPool& pool = tree_.pool_;
  for (;;) {
    tree_.log_.AwaitRoom();
    ASSIGN_OR_RETURN(Frame * frame, pool.Fetch(tree_.root()));
    if (frame == nullptr) return Status::Ok();
    frame->latch.LockExclusive();
    if (frame->page_id() != tree_.root()) {
      frame->latch.UnlockExclusive();
      continue;
    }
    PagesRecord record;
    record.Free(tree_.root());
    pool.MarkDirty(*frame);
    record.Append(tree_.log_, tree_.id());
    pool.FreePage(tree_.root(), frame);
    return Status::Ok();
  }
}

}  // namespace phantom::btree
