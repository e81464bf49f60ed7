// btree/tree_size.h
//
// How many pages a tree has: counted in its inner nodes, so that one page in some hundreds is read. The tree may be in use; what
// changes meanwhile may be counted or not.
//
// Thread safety: any thread; the tree must not be freed.
#pragma once
#include <cstdint>

#include "btree/tree.h"
#include "common/status.h"

namespace phantom::btree {

class BufferPool;

Result<uint64_t> CountPages(BufferPool& pool, const Tree& tree);

}  // namespace phantom::btree
