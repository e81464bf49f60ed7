#include "btree/tree.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "btree/buffer_pool.h"
#include "btree/change.h"
#include "btree/node.h"
#include "btree/structure.h"
#include "common/check.h"
#include "wal/log_writer.h"

namespace phantom::btree {

uint32_t LeafView::count() const { return node::Count(page_); }
Bytes LeafView::value(uint32_t position) const { return node::Value(page_, position); }
Bytes LeafView::prefix() const { return node::Prefix(page_); }
Bytes LeafView::suffix(uint32_t position) const { return node::Suffix(page_, position); }
size_t LeafView::CopyKey(uint32_t position, std::byte* to) const { return node::CopyKey(page_, position, to); }
Bytes LeafView::low_fence() const { return node::LowFence(page_); }
uint32_t LeafView::used_bytes() const { return static_cast<uint32_t>(node::UsedBytes(page_)); }
bool LeafView::is_last() const { return !node::HasHighFence(page_); }
Bytes LeafView::high_fence() const { return node::HighFence(page_); }

uint32_t LeafView::LowerBound(Bytes key) const {
  bool equal;
  return node::LowerBound(page_, key, &equal);
}

uint32_t LeafView::UpperBound(Bytes key) const {
  bool equal;
  const uint32_t position = node::LowerBound(page_, key, &equal);
  return position + (equal ? 1 : 0);
}

RowId LeafView::row_id(uint32_t position) const {
  std::byte key[kKeyBytesMax];
  return RowIdOf({key, CopyKey(position, key)});
}

uint32_t Tree::Target::PositionIn(const std::byte* page) const {
  return below ? node::ChildPositionBelowCovered(page, key ? &*key : nullptr) : node::ChildPositionCovered(page, *key);
}

bool Tree::Target::IsCoveredBy(const std::byte* page) const {
  return below ? node::CoversBelow(page, key ? &*key : nullptr) : node::Covers(page, *key);
}

bool Tree::IsOurs(const Frame& frame, PageId page, uint32_t level) const {
  // A frame without a page still has the bytes of the one it held: a reference from before must not take them for it.
  const PageHeader& header = HeaderOf(frame.data);
  return page && frame.page_id() == page && header.page == page.value && header.tree == id_.value &&
         header.level == level && header.type == PageType::kNode;
}

Result<Tree::Attempt> Tree::TryDescend(const Target& target, uint32_t level, Position* node, Position* parent) const {
  PageId page = root_;
  *parent = {};
  Position above;
  for (;;) {
    Frame* frame = pool_.Find(page);
    if (frame == nullptr) {
      ASSIGN_OR_RETURN(frame, pool_.Fetch(page));
      if (frame == nullptr) {
        if (above.frame != nullptr && !above.frame->latch.Validate(above.version)) return Attempt::kRestart;
        return Errorf(sqlstate::kDataCorrupted, "page %u in space %u of tree %u does not exist", page.number(),
                      page.space().value, id_.value);
      }
    }
    const uint64_t version = frame->latch.BeginOptimistic();
    if (frame->page_id() != page) return Attempt::kRestart;
    const PageHeader& header = HeaderOf(frame->data);
    const uint32_t node_level = header.level;
    const bool ours = header.tree == id_.value && header.type == PageType::kNode;
    // The parent still leads here, so the page is what we take it for.
    if (above.frame != nullptr && !above.frame->latch.Validate(above.version)) return Attempt::kRestart;
    if (!frame->latch.Validate(version)) return Attempt::kRestart;
    if (!ours) {
      return Errorf(sqlstate::kDataCorrupted, "page %u in space %u does not belong to tree %u", page.number(),
                    page.space().value, id_.value);
    }
    if (node_level <= level) {
      *node = {frame, version};
      *parent = above;
      return node_level == level ? Attempt::kFound : Attempt::kNoLevel;
    }
    const uint32_t position = target.PositionIn(frame->data);
    const uint32_t child = node::Child(frame->data, position);
    if (!frame->latch.Validate(version)) return Attempt::kRestart;
    if (child == 0) {
      return Errorf(sqlstate::kDataCorrupted, "page %u in space %u has no child for a key", page.number(),
                    page.space().value);
    }
    above = {frame, version};
    page = PageId(space(), child);
  }
}

Result<bool> Tree::Descend(const Target& target, uint32_t level, Position* node, Position* parent) const {
  Backoff backoff;
  for (;;) {
    ASSIGN_OR_RETURN(Attempt attempt, TryDescend(target, level, node, parent));
    if (attempt != Attempt::kRestart) return attempt == Attempt::kFound;
    backoff.Pause();
  }
}

Result<Frame*> Tree::DescendToLeaf(const Target& target, bool exclusive) const {
  for (;;) {
    Position leaf;
    Position parent;
    ASSIGN_OR_RETURN(bool found, Descend(target, 0, &leaf, &parent));
    if (!found) continue;
    // The way down says that this was the right leaf at this version.
    Latch& latch = leaf.frame->latch;
    if (exclusive && latch.TryUpgrade(leaf.version)) return leaf.frame;
    const PageId page = leaf.frame->page_id();
    if (exclusive) {
      latch.LockExclusive();
    } else {
      latch.LockShared();
      if (latch.Validate(leaf.version)) return leaf.frame;
    }
    // Whatever has happened since: a leaf of this tree whose fences enclose the place is the right one.
    if (IsOurs(*leaf.frame, page, 0) && target.IsCoveredBy(leaf.frame->data)) return leaf.frame;
    if (exclusive) {
      latch.UnlockExclusive();
    } else {
      latch.UnlockShared();
    }
  }
}

Status Tree::Read(Bytes key, FunctionRef<void(std::optional<Bytes>)> visit) const {
  ASSIGN_OR_RETURN(Frame * leaf, DescendToLeaf({key, false}, false));
  bool exists;
  const uint32_t position = node::LowerBoundCovered(leaf->data, key, &exists);
  visit(exists ? std::optional<Bytes>(node::Value(leaf->data, position)) : std::nullopt);
  leaf->latch.UnlockShared();
  return Status::Ok();
}

Result<bool> Tree::Copy(Bytes key, std::byte* to, size_t* bytes) const {
  for (;;) {
    Position leaf;
    Position parent;
    ASSIGN_OR_RETURN(bool found, Descend({key, false}, 0, &leaf, &parent));
    if (!found) continue;
    // The way down says that this was the right leaf at this version.
    const std::byte* page = leaf.frame->data;
    bool exists;
    const uint32_t position = node::LowerBoundCovered(page, key, &exists);
    const Bytes value = exists ? node::Value(page, position) : Bytes();
    const bool fits = value.size() <= kValueBytesMax;
    if (fits && !value.empty()) std::memcpy(to, value.data(), value.size());
    if (!leaf.frame->latch.Validate(leaf.version)) continue;
    if (!fits) {
      return Errorf(sqlstate::kDataCorrupted, "value on page %u in space %u is too long", leaf.frame->page_id().number(),
                    space().value);
    }
    *bytes = value.size();
    return exists;
  }
}

Status Tree::VisitLeaf(Bytes key, FunctionRef<void(const LeafView&)> visit) const {
  ASSIGN_OR_RETURN(Frame * leaf, DescendToLeaf({key, false}, false));
  visit(LeafView(leaf->data));
  leaf->latch.UnlockShared();
  return Status::Ok();
}

Status Tree::VisitLeafBefore(std::optional<Bytes> key, FunctionRef<void(const LeafView&)> visit) const {
  // Nothing is below the empty key: that is the first leaf's low fence.
  if (key && key->empty()) return VisitLeaf({}, visit);
  ASSIGN_OR_RETURN(Frame * leaf, DescendToLeaf({key, true}, false));
  visit(LeafView(leaf->data));
  leaf->latch.UnlockShared();
  return Status::Ok();
}

Result<Lsn> Tree::Modify(Bytes key, FunctionRef<Status(std::optional<Bytes>, Edit&)> decide) {
  if (key.size() > kKeyBytesMax) {
    return Errorf(sqlstate::kProgramLimitExceeded, "index row size %zu exceeds maximum %zu", key.size(), kKeyBytesMax);
  }
  for (;;) {
    log_.AwaitRoom();
    ASSIGN_OR_RETURN(Frame * leaf, DescendToLeaf({key, false}, true));
    const std::byte* page = leaf->data;
    bool exists;
    const uint32_t position = node::LowerBoundCovered(page, key, &exists);
    Edit edit;
    Status status = decide(exists ? std::optional<Bytes>(node::Value(page, position)) : std::nullopt, edit);
    const size_t value_bytes = edit.head.size() + edit.body.size();
    if (status.ok() && edit.op == Edit::Op::kPut && value_bytes > kValueBytesMax) {
      status = Errorf(sqlstate::kProgramLimitExceeded, "row is too big: size %zu, maximum size %zu", value_bytes,
                      kValueBytesMax);
    }
    const bool nothing = edit.op == Edit::Op::kNone || (edit.op == Edit::Op::kRemove && !exists);
    if (!status.ok() || nothing) {
      leaf->latch.UnlockExclusive();
      if (!status.ok()) return status;
      return Lsn();
    }
    if (edit.op == Edit::Op::kPut && !node::Fits(page, position, exists, key.size(), value_bytes)) {
      leaf->latch.UnlockExclusive();
      RETURN_IF_ERROR(StructureChange(*this).Split(0, key));
      continue;
    }
    const Lsn lsn = Apply(*leaf, position, exists, key, edit);
    const bool underfull = edit.op == Edit::Op::kRemove && leaf->page_id() != root_ &&
                           node::UsedBytes(page) < kUnderfullBytes && node::Count(page) % 4 == 0;
    leaf->latch.UnlockExclusive();
    // The change is made; if the merge cannot be, the tree is only less tidy.
    if (underfull) (void)StructureChange(*this).Merge(0, key);
    return lsn;
  }
}

// Logs and applies a change to a latched leaf; it fits.
Lsn Tree::Apply(Frame& frame, uint32_t position, bool exists, Bytes key, const Edit& edit) const {
  std::byte* page = frame.data;
  const bool put = edit.op == Edit::Op::kPut;
  const Bytes before = exists ? node::Value(page, position) : Bytes();
  std::byte value[kValueBytesMax];
  const size_t value_bytes = put ? edit.head.size() + edit.body.size() : 0;
  if (put) {
    if (!edit.head.empty()) std::memcpy(value, edit.head.data(), edit.head.size());
    if (!edit.body.empty()) std::memcpy(value + edit.head.size(), edit.body.data(), edit.body.size());
  }
  const bool stamp = put && edit.stamp;
  if (stamp) {
    PHANTOM_CHECK(value_bytes >= sizeof(uint64_t));
    // Replaced by the LSN in the end; for the record, as like the value before as can be.
    if (before.size() >= sizeof(uint64_t)) {
      std::memcpy(value, before.data(), sizeof(uint64_t));
    } else {
      std::memset(value, 0, sizeof(uint64_t));
    }
  }
  ChangePayload payload{};
  payload.page = frame.page_id().value;
  payload.link = edit.link.value;
  payload.tree = id_.value;
  payload.key_bytes = static_cast<uint16_t>(key.size());
  payload.after_bytes = static_cast<uint16_t>(value_bytes);
  wal::RecordInfo info;
  info.type = wal::RecordType::kChange;
  info.txn = edit.txn;
  info.prev = edit.prev;
  auto append = [&](bool with_before) {
    const Bytes logged = with_before ? before : Bytes();
    const size_t common = std::min(logged.size(), value_bytes);
    const size_t prefix = CommonPrefix(value, logged.data(), common);
    const size_t suffix = CommonSuffix(value + value_bytes, logged.data() + logged.size(), common - prefix);
    payload.before_bytes = static_cast<uint16_t>(logged.size());
    payload.prefix_bytes = static_cast<uint16_t>(prefix);
    payload.suffix_bytes = static_cast<uint16_t>(suffix);
    info.flags = static_cast<uint8_t>((with_before ? kHasBefore : 0) | (put ? kHasAfter : 0) | (stamp ? kStampLsn : 0) |
                                      (edit.compensation ? wal::kCompensation : 0));
    return log_.Append(info, {{reinterpret_cast<const std::byte*>(&payload), sizeof(payload)},
                              key,
                              logged,
                              {value + prefix, value_bytes - prefix - suffix}});
  };

  pool_.MarkDirty(frame);
  bool with_before = exists && (edit.needs_before == nullptr || (*edit.needs_before)());
  Lsn lsn = append(with_before);
  if (exists && !with_before) [[unlikely]] {
    // Who came before the record was appended is seen here.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if ((*edit.needs_before)()) lsn = append(true);
  }
  if (stamp) StoreLE(value, lsn.value);
  if (!put) {
    node::Remove(page, position);
  } else if (exists) {
    node::Replace(page, position, {value, value_bytes});
  } else {
    node::Insert(page, position, key, {value, value_bytes});
  }
  HeaderOf(page).lsn = lsn.value;
  return lsn;
}

Result<Tree::Pruned> Tree::Prune(Bytes key, FunctionRef<bool(Bytes key, Bytes value)> drop) {
  return StructureChange(*this).Prune(key, drop);
}

Status Tree::Tidy(Bytes key) { return StructureChange(*this).Merge(0, key).status(); }

Status Tree::FreePages() {
  StructureChange change(*this);
  // The root's level must be read from the page; a root that is gone has been freed before.
  ASSIGN_OR_RETURN(Frame * frame, pool_.Fetch(root_));
  if (frame == nullptr) return Status::Ok();
  frame->latch.LockShared();
  const bool same = frame->page_id() == root_;
  const bool ours = HeaderOf(frame->data).tree == id_.value;
  const uint32_t level = HeaderOf(frame->data).level;
  frame->latch.UnlockShared();
  if (!same) return FreePages();
  if (!ours) return Status::Ok();
  RETURN_IF_ERROR(change.FreeBelow(root_, level));
  return change.FreeRoot();
}

}  // namespace phantom::btree
