#include "store/space_size.h"

#include "btree/buffer_pool.h"
#include "btree/key.h"
#include "btree/page_map.h"
#include "btree/tree_size.h"
#include "store/chunks.h"
#include "store/run_list.h"
#include "store/store.h"

namespace phantom::store {

namespace {

// Segments of a table or runs of an index, by what the directory says.
Result<uint64_t> ColdBytes(Store& store, SpaceId space, TreeId tree) {
  uint64_t bytes = 0;
  ASSIGN_OR_RETURN(const std::vector<ColdChunk> chunks, store.chunks().List(space, tree));
  for (const ColdChunk& chunk : chunks) bytes += chunk.bytes;
  ASSIGN_OR_RETURN(const std::shared_ptr<btree::Tree> directory, store.OpenTree(space, kDirectoryTree));
  ASSIGN_OR_RETURN(const std::vector<RunInfo> runs, ReadRunList(*directory, tree));
  for (const RunInfo& run : runs) bytes += run.bytes;
  return bytes;
}

}  // namespace

uint64_t SpaceBytes(Store& store, SpaceId space) {
  btree::PageMap& map = store.pool().map();
  if (!map.HasSpace(space)) return 0;
  uint64_t bytes = map.ListPages(space).size() * uint64_t{btree::kPageBytes};
  // Of a space that goes meanwhile what could be read.
  const Result<std::vector<TreeInfo>> trees = store.ListTrees(space);
  if (!trees.ok()) return bytes;
  for (const TreeInfo& tree : *trees) {
    const Result<uint64_t> cold = ColdBytes(store, space, tree.id);
    if (cold.ok()) bytes += *cold;
  }
  return bytes;
}

Result<uint64_t> TreeBytes(Store& store, SpaceId space, TreeId tree) {
  Result<std::shared_ptr<btree::Tree>> opened = store.OpenTree(space, tree);
  if (!opened.ok()) {
    if (opened.status().sqlstate() == sqlstate::kUndefinedFile) return 0;
    return std::move(opened).status();
  }
  ASSIGN_OR_RETURN(const uint64_t pages, btree::CountPages(store.pool(), **opened));
  ASSIGN_OR_RETURN(const uint64_t cold, ColdBytes(store, space, tree));
  return pages * btree::kPageBytes + cold;
}

}  // namespace phantom::store
