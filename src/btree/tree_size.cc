#include "btree/tree_size.h"

#include <vector>

#include "btree/buffer_pool.h"
#include "btree/node.h"

namespace phantom::btree {

Result<uint64_t> CountPages(BufferPool& pool, const Tree& tree) {
  uint64_t pages = 1;
  std::vector<PageId> inner = {tree.root()};
  while (!inner.empty()) {
    const PageId page = inner.back();
    ASSIGN_OR_RETURN(Frame * frame, pool.Fetch(page));
    if (frame == nullptr) {
      inner.pop_back();
      continue;
    }
    frame->latch.LockShared();
    if (frame->page_id() == page) {
      inner.pop_back();
      const PageHeader& header = HeaderOf(frame->data);
      const uint32_t count = header.level > 0 && header.tree == tree.id().value ? node::Count(frame->data) : 0;
      pages += count;
      for (uint32_t i = 0; header.level > 1 && i < count; ++i) {
        inner.emplace_back(tree.space(), node::Child(frame->data, i));
      }
    }
    frame->latch.UnlockShared();
  }
  return pages;
}

}  // namespace phantom::btree
