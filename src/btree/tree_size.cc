#include "btree/tree_size.h"

#include <vector>

#include "btree/buffer_pool.h"
#include "btree/node.h"

namespace phantom::btree {

namespace {

// Inner nodes of a level that are looked at for a sample of leaves.
constexpr size_t kInnerNodesMax = 32;

// Calls `visit` with the latched node, unless the page is the tree's no more.
Status VisitNode(BufferPool& pool, const Tree& tree, PageId page, FunctionRef<void(const std::byte* node)> visit) {
  for (;;) {
    ASSIGN_OR_RETURN(Frame * frame, pool.Fetch(page));
    if (frame == nullptr) return Status::Ok();
    frame->latch.LockShared();
    const bool there = frame->page_id() == page;
    if (there && HeaderOf(frame->data).tree == tree.id().value) visit(frame->data);
    frame->latch.UnlockShared();
    if (there) return Status::Ok();
  }
}

void AppendChildren(const Tree& tree, const std::byte* node, std::vector<PageId>* children) {
  const uint32_t count = node::Count(node);
  for (uint32_t i = 0; i < count; ++i) children->emplace_back(tree.space(), node::Child(node, i));
}

// Keeps at most so many, spread evenly; returns for how many each of them stands.
double Thin(size_t max, std::vector<PageId>* pages) {
  const size_t count = pages->size();
  if (count <= max) return 1;
  for (size_t i = 0; i < max; ++i) (*pages)[i] = (*pages)[(2 * i + 1) * count / (2 * max)];
  pages->resize(max);
  return static_cast<double>(count) / static_cast<double>(max);
}

}  // namespace

Result<uint64_t> CountPages(BufferPool& pool, const Tree& tree) {
  uint64_t pages = 1;
  std::vector<PageId> inner = {tree.root()};
  while (!inner.empty()) {
    const PageId page = inner.back();
    inner.pop_back();
    RETURN_IF_ERROR(VisitNode(pool, tree, page, [&](const std::byte* node) {
      const uint32_t level = HeaderOf(node).level;
      pages += level > 0 ? node::Count(node) : 0;
      if (level > 1) AppendChildren(tree, node, &inner);
    }));
  }
  return pages;
}

Result<double> SampleLeaves(BufferPool& pool, const Tree& tree, size_t leaves_max, FunctionRef<void(const LeafView&)> visit) {
  // Level by level: a node is split and merged, but it stays at its level.
  double each = 1;
  size_t nodes_max = leaves_max;  // of the level; the root may be the only leaf
  for (std::vector<PageId> nodes = {tree.root()}, below; !nodes.empty(); nodes.swap(below)) {
    each *= Thin(nodes_max, &nodes);
    below.clear();
    for (const PageId page : nodes) {
      RETURN_IF_ERROR(VisitNode(pool, tree, page, [&](const std::byte* node) {
        const uint32_t level = HeaderOf(node).level;
        nodes_max = level > 1 ? kInnerNodesMax : leaves_max;
        if (level == 0) return visit(LeafView(node));
        AppendChildren(tree, node, &below);
      }));
    }
  }
  return each;
}

}  // namespace phantom::btree
