// store/space_size.h
//
// How many bytes on disk a space (a database, or the shared catalogs) and a tree hold, in pages, segments and runs.
//
// Thread safety: any thread.
#pragma once
#include <cstdint>

#include "common/ids.h"
#include "common/status.h"

namespace phantom::store {

class Store;

// 0 for a space that does not exist.
uint64_t SpaceBytes(Store& store, SpaceId space);
// 0 for a tree that does not exist. It must not be freed meanwhile.
Result<uint64_t> TreeBytes(Store& store, SpaceId space, TreeId tree);

}  // namespace phantom::store
