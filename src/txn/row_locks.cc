#include "txn/row_locks.h"

#include "common/check.h"

namespace phantom::txn {

TxnId RowLocks::TryAcquire(const RowName& row, TxnId txn, RowLockMode mode, bool* added) {
  *added = false;
  const uint8_t bit = static_cast<uint8_t>(1u << static_cast<int>(mode));
  Partition& partition = PartitionOf(row);
  MutexLock lock(partition.mutex);
  std::vector<Entry>& entries = partition.rows[row];
  Entry* own = nullptr;
  for (Entry& entry : entries) {
    if (entry.txn == txn) {
      own = &entry;
      continue;
    }
    for (int other = 0; other < 4; ++other) {
      if ((entry.modes >> other & 1) != 0 && Conflict(mode, static_cast<RowLockMode>(other))) return entry.txn;
    }
  }
  if (own == nullptr) {
    entries.push_back({txn, 0});
    own = &entries.back();
  }
  if ((own->modes & bit) == 0) {
    own->modes |= bit;
    *added = true;
    counters_[Stripe(row)].fetch_add(1, std::memory_order_seq_cst);
  }
  return TxnId();
}

void RowLocks::Release(const RowName& row, TxnId txn, RowLockMode mode) {
  const uint8_t bit = static_cast<uint8_t>(1u << static_cast<int>(mode));
  Partition& partition = PartitionOf(row);
  MutexLock lock(partition.mutex);
  auto it = partition.rows.find(row);
  PHANTOM_CHECK(it != partition.rows.end());
  std::vector<Entry>& entries = it->second;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].txn != txn) continue;
    PHANTOM_CHECK((entries[i].modes & bit) != 0);
    entries[i].modes &= static_cast<uint8_t>(~bit);
    counters_[Stripe(row)].fetch_sub(1, std::memory_order_seq_cst);
    if (entries[i].modes == 0) {
      entries[i] = entries.back();
      entries.pop_back();
    }
    break;
  }
  if (entries.empty()) partition.rows.erase(it);
}

bool RowLocks::Holds(const RowName& row, TxnId txn, RowLockMode mode) const {
  if (!MayBeLocked(row)) return false;
  const Partition& partition = PartitionOf(row);
  MutexLock lock(partition.mutex);
  auto it = partition.rows.find(row);
  if (it == partition.rows.end()) return false;
  for (const Entry& entry : it->second) {
    if (entry.txn == txn) return entry.modes >> static_cast<int>(mode) != 0;
  }
  return false;
}

}  // namespace phantom::txn
