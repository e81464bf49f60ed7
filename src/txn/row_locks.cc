#include "txn/row_locks.h"

#include <algorithm>
#include <bit>

#include "common/check.h"

namespace phantom::txn {

TxnId RowLocks::TryAcquire(const RowName& row, TxnId txn, RowLockMode mode, bool* added) {
  *added = false;
  const RowName group = GroupOf(row);
  const uint64_t bit = BitOf(row);
  Partition& partition = PartitionOf(group);
  MutexLock lock(partition.mutex);
  std::vector<Holder>& holders = partition.groups[group];
  Holder* own = nullptr;
  for (Holder& holder : holders) {
    if (holder.txn == txn) {
      if (holder.mode == mode) own = &holder;
    } else if ((holder.rows & bit) != 0 && Conflict(mode, holder.mode)) {
      return holder.txn;
    }
  }
  if (own == nullptr) {
    holders.push_back({txn, mode, 0});
    own = &holders.back();
  }
  if ((own->rows & bit) == 0) {
    own->rows |= bit;
    *added = true;
    counters_[Stripe(row)].fetch_add(1, std::memory_order_seq_cst);
  }
  return TxnId();
}

bool RowLocks::IsHeldBy(const RowName& row, TxnId txn) const {
  const RowName group = GroupOf(row);
  const uint64_t bit = BitOf(row);
  const Partition& partition = PartitionOf(group);
  MutexLock lock(partition.mutex);
  const auto it = partition.groups.find(group);
  return it != partition.groups.end() && std::ranges::any_of(it->second, [&](const Holder& holder) {
           return holder.txn == txn && (holder.rows & bit) != 0;
         });
}

void RowLocks::Release(const RowName& group, uint64_t rows, TxnId txn, RowLockMode mode) {
  Partition& partition = PartitionOf(group);
  MutexLock lock(partition.mutex);
  auto it = partition.groups.find(group);
  PHANTOM_CHECK(it != partition.groups.end());
  std::vector<Holder>& holders = it->second;
  for (size_t i = 0; i < holders.size(); ++i) {
    if (holders[i].txn != txn || holders[i].mode != mode) continue;
    PHANTOM_CHECK((holders[i].rows & rows) == rows);
    holders[i].rows &= ~rows;
    for (uint64_t rest = rows; rest != 0; rest &= rest - 1) {
      const RowId row(group.row.value * kGroupRows + static_cast<uint64_t>(std::countr_zero(rest)));
      counters_[Stripe({group.space, group.tree, row})].fetch_sub(1, std::memory_order_seq_cst);
    }
    if (holders[i].rows == 0) {
      holders[i] = holders.back();
      holders.pop_back();
    }
    break;
  }
  if (holders.empty()) partition.groups.erase(it);
}

}  // namespace phantom::txn
