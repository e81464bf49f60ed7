#include "txn/row_locks.h"

#include <bit>
#include <utility>

#include "common/check.h"

namespace phantom::txn {

Status RowLocks::Reserve(uint64_t bytes, bool limited) {
  if (bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_ || !limited) return Status::Ok();
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return Error(sqlstate::kOutOfMemory, "out of shared memory")
      .Hint("You might need to increase phantom.row_lock_memory.");
}

Result<RowLocks::Outcome> RowLocks::TryAcquire(const RowName& row, const Wish& wish) {
  Outcome outcome;
  const RowName name = GroupOf(row);
  const uint64_t bit = BitOf(row);
  Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  auto found = partition.groups.find(name);
  Holder* own = nullptr;
  if (found != partition.groups.end()) {
    found->second.ForEach([&](Holder& holder) {
      if (holder.txn == wish.txn) {
        if (holder.mode == wish.mode) own = &holder;
      } else if ((holder.rows & bit) != 0 && Conflict(wish.mode, holder.mode)) {
        outcome.blocker = holder.txn;
      }
    });
    if (outcome.blocker) return outcome;
  }
  if (own == nullptr) {
    const bool alone = found == partition.groups.end();
    RETURN_IF_ERROR(Reserve(alone ? kGroupBytes : kHolderBytes, wish.limited));
    if (alone) found = partition.groups.try_emplace(name).first;
    Group& group = found->second;
    if (!group.first.txn) {
      own = &group.first;
    } else {
      if (group.more == nullptr) group.more = std::make_unique<std::vector<Holder>>();
      own = &group.more->emplace_back();
    }
    *own = {wish.txn, 0, kNoEntry, wish.mode};
  }
  if ((own->rows & bit) != 0) return outcome;
  own->rows |= bit;
  outcome.added = true;
  if (own->entry == kNoEntry || own->entry < wish.first_entry) own->entry = wish.next_entry;
  outcome.entry = own->entry;
  counters_[Stripe(row)].fetch_add(1, std::memory_order_seq_cst);
  return outcome;
}

uint32_t RowLocks::Release(const RowName& name, uint64_t rows, TxnId txn, RowLockMode mode) {
  Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  auto found = partition.groups.find(name);
  PHANTOM_CHECK(found != partition.groups.end());
  Group& group = found->second;
  Holder* own = nullptr;
  group.ForEach([&](Holder& holder) {
    if (holder.txn == txn && holder.mode == mode) own = &holder;
  });
  PHANTOM_CHECK(own != nullptr && (own->rows & rows) == rows);
  own->rows &= ~rows;
  for (uint64_t rest = rows; rest != 0; rest &= rest - 1) {
    const RowId row(name.row.value * kGroupRows + static_cast<uint64_t>(std::countr_zero(rest)));
    counters_[Stripe({name.space, name.tree, row})].fetch_sub(1, std::memory_order_seq_cst);
  }
  // What is left belongs to an earlier entry.
  const uint32_t entry = std::exchange(own->entry, kNoEntry);
  if (own->rows != 0) return entry;
  if (own == &group.first) {
    group.first = {};
  } else {
    *own = group.more->back();
    group.more->pop_back();
    if (group.more->empty()) group.more.reset();
  }
  const bool empty = !group.first.txn && group.more == nullptr;
  if (empty) partition.groups.erase(found);
  bytes_.fetch_sub(empty ? kGroupBytes : kHolderBytes, std::memory_order_relaxed);
  return entry;
}

bool RowLocks::IsHeldBy(const RowName& row, TxnId txn) const {
  const uint64_t bit = BitOf(row);
  const Partition& partition = PartitionOf(GroupOf(row));
  MutexLock lock(partition.mutex);
  const auto found = partition.groups.find(GroupOf(row));
  if (found == partition.groups.end()) return false;
  bool held = false;
  found->second.ForEach([&](const Holder& holder) { held |= holder.txn == txn && (holder.rows & bit) != 0; });
  return held;
}

TxnId RowLocks::HolderOf(const RowName& row) const {
  if (!MayBeLocked(row)) return TxnId();
  const uint64_t bit = BitOf(row);
  const Partition& partition = PartitionOf(GroupOf(row));
  MutexLock lock(partition.mutex);
  const auto found = partition.groups.find(GroupOf(row));
  TxnId holder;
  if (found == partition.groups.end()) return holder;
  found->second.ForEach([&](const Holder& other) {
    if ((other.rows & bit) != 0) holder = other.txn;
  });
  return holder;
}

}  // namespace phantom::txn
