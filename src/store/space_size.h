// store/space_size.h
//
// How much of the page file a space (a database, or the shared catalogs) holds, with its segments and runs.
//
// Thread safety: any thread.
#pragma once
#include <cstdint>

#include "common/ids.h"

namespace phantom::store {

class Store;

// Bytes of the pages and files in use; 0 for a space that does not exist.
uint64_t SpaceBytes(Store& store, SpaceId space);

}  // namespace phantom::store
