#include "store/lent_memory.h"

#include <algorithm>

#include "btree/buffer_pool.h"
#include "store/cold_files.h"
#include "store/store.h"

namespace phantom::store {

static constexpr auto kInterval = std::chrono::milliseconds(100);
// Of what could be lent more, so much at a time: what a tree gives back at a flush it needs again soon.
static constexpr uint64_t kGrowthShare = 16;
// Memory of free frames is given back to the system when it is this share of the pool.
static constexpr uint64_t kReleaseShare = 8;

LentMemory::LentMemory(Store& store) : store_(store), own_bytes_(store.files().cache().bytes_max()) {}

void LentMemory::Balance() {
  const Clock::time_point now = Clock::now();
  if (now < due_) return;
  due_ = now + kInterval;
  btree::BufferPool& pool = store_.pool();
  btree::PoolStats stats = pool.Stats();
  if (stats.free - stats.untouched >= stats.frames / kReleaseShare) {
    pool.ReleaseFree();
    stats = pool.Stats();
  }
  const uint64_t unused = stats.untouched * btree::kPageBytes;
  lent_bytes_ = unused < lent_bytes_ ? unused : lent_bytes_ + (unused - lent_bytes_) / kGrowthShare;
  store_.files().cache().SetBytesMax(own_bytes_ + lent_bytes_);
}

}  // namespace phantom::store
