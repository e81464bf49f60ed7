#include "store/space_size.h"

#include "btree/buffer_pool.h"
#include "btree/key.h"
#include "btree/page_map.h"
#include "store/store.h"

namespace phantom::store {

uint64_t SpaceBytes(Store& store, SpaceId space) {
  btree::PageMap& map = store.pool().map();
  return map.HasSpace(space) ? map.ListPages(space).size() * uint64_t{btree::kPageBytes} : 0;
}

}  // namespace phantom::store
