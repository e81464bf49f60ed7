// Tree::Check.
#include <algorithm>
#include <memory>

#include "btree/buffer_pool.h"
#include "btree/node.h"
#include "btree/tree.h"
#include "btree/tree_verify.h"

namespace phantom::btree {

struct Tree::CheckState {
  FunctionRef<void(PageId)> visit;
  TreeStats* stats;
  bool partial;
};

Status Tree::CheckNode(CheckState& state, PageId page, uint32_t level, Bytes low, const Bytes* high) const {
  auto fault = [&](const char* what) {
    return Errorf(sqlstate::kDataCorrupted, "tree %u, page %u in space %u: %s", id_.value, page.number(),
                  page.space().value, what);
  };
  struct Copy {
    alignas(64) std::byte bytes[kPageBytes];
  };
  auto copy = std::make_unique<Copy>();
  const std::byte* content = copy->bytes;
  for (bool read = false; !read;) {
    ASSIGN_OR_RETURN(Frame * frame, pool_.Fetch(page));
    if (frame == nullptr) return state.partial && page == root_ ? Status::Ok() : fault("page does not exist");
    frame->latch.LockShared();
    read = frame->page_id() == page;
    if (read) std::memcpy(copy->bytes, frame->data, kPageBytes);
    frame->latch.UnlockShared();
  }
  const PageHeader& header = HeaderOf(content);
  // A root that was not made yet has left its number to others.
  if (state.partial && page == root_ && header.page == page.value && header.tree != id_.value) return Status::Ok();
  if (const char* what = FaultOfNode(content, page, id_, kind_, level, low, high)) return fault(what);
  const uint32_t count = node::Count(content);
  state.visit(page);
  state.stats->used_bytes += node::UsedBytes(content);
  state.stats->height = std::max<uint32_t>(state.stats->height, header.level + 1u);
  if (header.level == 0) {
    ++state.stats->leaf_pages;
    state.stats->entries += count;
    return Status::Ok();
  }
  ++state.stats->inner_pages;
  if (count == 0) return state.partial ? Status::Ok() : fault("inner node without children");
  std::byte keys[2][kKeyBytesMax];
  Bytes child_low(keys[0], node::CopyKey(content, 0, keys[0]));
  for (uint32_t i = 0; i < count; ++i) {
    Bytes next;
    const Bytes* child_high = high;
    if (i + 1 < count) {
      next = Bytes(keys[(i + 1) % 2], node::CopyKey(content, i + 1, keys[(i + 1) % 2]));
      child_high = &next;
    }
    RETURN_IF_ERROR(
        CheckNode(state, PageId(space(), node::Child(content, i)), header.level - 1u, child_low, child_high));
    child_low = next;
  }
  return Status::Ok();
}

Status Tree::Check(FunctionRef<void(PageId)> page, TreeStats* stats, bool partial) const {
  *stats = {};
  CheckState state{page, stats, partial};
  return CheckNode(state, root_, UINT32_MAX, {}, nullptr);
}

}  // namespace phantom::btree
