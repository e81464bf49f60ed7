// btree/tree_size.h
//
// How large a tree is, told from part of its pages. The tree may be in use; what changes meanwhile may be counted or not.
//
// Thread safety: any thread; the tree must not be freed.
#pragma once
#include <cstdint>

#include "btree/tree.h"
#include "common/function_ref.h"
#include "common/status.h"

namespace phantom::btree {

class BufferPool;

// Counted in the inner nodes, so that one page in some hundreds is read.
Result<uint64_t> CountPages(BufferPool& pool, const Tree& tree);

// Visits leaves that lie evenly among all there are, whatever their keys: all of them when there are no more than `leaves_max`. Returns for
// how many leaves each of those visited stands; that is exact up to some thousands of leaves, beyond it is told from some of the inner
// nodes. The callback is given a latched leaf, as Tree::VisitLeaf's is.
Result<double> SampleLeaves(BufferPool& pool, const Tree& tree, size_t leaves_max, FunctionRef<void(const LeafView&)> visit);

}  // namespace phantom::btree
