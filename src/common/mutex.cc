#include "common/mutex.h"

#ifndef NDEBUG
#include <algorithm>
#include <vector>

#include "common/check.h"

namespace phantom {

static thread_local std::vector<LockRank> held_ranks;

void PushLockRank(LockRank rank) {
  for (LockRank held : held_ranks) PHANTOM_CHECK(held < rank);
  held_ranks.push_back(rank);
}

void PopLockRank(LockRank rank) {
  auto it = std::find(held_ranks.rbegin(), held_ranks.rend(), rank);
  PHANTOM_CHECK(it != held_ranks.rend());
  held_ranks.erase(std::next(it).base());
}

}  // namespace phantom
#endif
