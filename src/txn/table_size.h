// txn/table_size.h
//
// Thread safety: any thread.
#pragma once
#include <cstdint>

#include "common/ids.h"
#include "common/status.h"

namespace phantom::store {
class Store;
}

namespace phantom::txn {

// Bytes on disk of a table's rows with their long values, hot and cold. It must not be dropped meanwhile.
Result<uint64_t> TableBytes(store::Store& store, SpaceId space, TreeId tree);

}  // namespace phantom::txn
