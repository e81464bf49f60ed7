#include "store/space_size.h"

#include "btree/buffer_pool.h"
#include "btree/key.h"
#include "btree/page_map.h"
#include "store/chunks.h"
#include "store/run_list.h"
#include "store/store.h"

namespace phantom::store {

namespace {

Result<uint64_t> ColdBytes(Store& store, SpaceId space) {
  uint64_t bytes = 0;
  ASSIGN_OR_RETURN(const std::vector<TreeInfo> trees, store.ListTrees(space));
  for (const TreeInfo& tree : trees) {
    if (tree.kind != btree::TreeKind::kRowId) continue;
    ASSIGN_OR_RETURN(const std::vector<ColdChunk> chunks, store.chunks().List(space, tree.id));
    for (const ColdChunk& chunk : chunks) bytes += chunk.bytes;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> directory, store.OpenTree(space, kDirectoryTree));
  RETURN_IF_ERROR(ForEachRun(*directory, [&](TreeId, const RunInfo& run) {
    bytes += run.bytes;
    return Status::Ok();
  }));
  return bytes;
}

}  // namespace

uint64_t SpaceBytes(Store& store, SpaceId space) {
  btree::PageMap& map = store.pool().map();
  if (!map.HasSpace(space)) return 0;
  // Of a space that goes meanwhile what could be read.
  const Result<uint64_t> cold = ColdBytes(store, space);
  return map.ListPages(space).size() * uint64_t{btree::kPageBytes} + (cold.ok() ? *cold : 0);
}

}  // namespace phantom::store
