// txn/row_locks.h
//
// Explicit row locks (SELECT ... FOR UPDATE and its kin, foreign key checks). A writer's lock is the version it wrote;
// it looks here only when a counter says that a row in the neighbourhood may be locked. Nobody waits here: who finds a
// conflict waits for the other's transaction (lock_manager.h) and looks again.
//
// Rows are kept by groups of 64 neighbours, a bit each, so that locking every row of a large table costs about a byte a row.
//
// The order that makes it safe: a locker enters its lock here first and reads the row's version after, under the
// leaf's latch; a writer looks at the counter under the leaf's exclusive latch before it writes. One sees the other.
//
// Thread safety: any thread. Mutexes of rank kRowLocks, never held over anything.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "common/ids.h"
#include "common/mutex.h"
#include "txn/lock_modes.h"

namespace phantom::txn {

struct RowName {
  SpaceId space;
  TreeId tree;
  RowId row;
  bool operator==(const RowName&) const = default;
  uint64_t Hash() const {
    uint64_t h = (uint64_t{space.value} << 32 | tree.value) * 0x9E3779B97F4A7C15u ^ row.value;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ h >> 32;
  }
};

class RowLocks {
 public:
  // False: certainly nobody has locked the row.
  bool MayBeLocked(const RowName& row) const { return counters_[Stripe(row)].load(std::memory_order_seq_cst) != 0; }

  // Takes the lock, or returns a transaction whose lock conflicts. *added: it was not held in this mode before.
  TxnId TryAcquire(const RowName& row, TxnId txn, RowLockMode mode, bool* added);
  // Whether the transaction has the row locked, in whatever mode.
  bool IsHeldBy(const RowName& row, TxnId txn) const;
  // Gives rows of one group back: `rows` has bit (1 << row % kGroupRows) for each. Requires that they are held.
  void Release(const RowName& group, uint64_t rows, TxnId txn, RowLockMode mode);

  // The group a row is in, named by its number in place of the row, and the row's bit.
  static RowName GroupOf(const RowName& row) { return {row.space, row.tree, RowId(row.row.value / kGroupRows)}; }
  static uint64_t BitOf(const RowName& row) { return uint64_t{1} << row.row.value % kGroupRows; }

  static constexpr uint64_t kGroupRows = 64;

 private:
  static constexpr size_t kStripes = 4096;
  static constexpr size_t kPartitions = 64;
  struct Holder {
    TxnId txn;
    RowLockMode mode;
    uint64_t rows;  // bit (1 << row % kGroupRows)
  };
  struct Hash {
    size_t operator()(const RowName& group) const { return group.Hash(); }
  };
  struct alignas(64) Partition {
    mutable Mutex mutex{LockRank::kRowLocks};
    std::unordered_map<RowName, std::vector<Holder>, Hash> groups;
  };
  static size_t Stripe(const RowName& row) { return row.Hash() / kPartitions % kStripes; }
  Partition& PartitionOf(const RowName& group) { return partitions_[group.Hash() % kPartitions]; }
  const Partition& PartitionOf(const RowName& group) const { return partitions_[group.Hash() % kPartitions]; }

  std::array<Partition, kPartitions> partitions_;
  std::array<std::atomic<uint32_t>, kStripes> counters_{};
};

}  // namespace phantom::txn
