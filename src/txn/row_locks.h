// txn/row_locks.h
//
// Explicit row locks (SELECT ... FOR UPDATE and its kin, foreign key checks). A writer's lock is the version it wrote;
// it looks here only when a counter says that a row in the neighbourhood may be locked. Nobody waits here: who finds a
// conflict waits for the other's transaction (lock_manager.h) and looks again.
//
// Rows are kept by groups of 64 neighbours, a bit each, so that locking every row of a large table costs about two bytes a
// row. All of it together is bounded: docs/LOCKS.md has the figures.
//
// The order that makes it safe: a locker enters its lock here first and reads the row's version after, under the
// leaf's latch; a writer looks at the counter under the leaf's exclusive latch before it writes. One sees the other.
//
// Thread safety: any thread. Mutexes of rank kRowLocks, never held over anything.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"
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
  static constexpr uint64_t kGroupRows = 64;
  // Which entry of the holder's own list a lock is in, when that is not known.
  static constexpr uint32_t kNoEntry = UINT32_MAX;

  // At most `bytes_max` bytes of locks, lists of the holders included.
  explicit RowLocks(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // False: certainly nobody has locked the row.
  bool MayBeLocked(const RowName& row) const { return counters_[Stripe(row)].load(std::memory_order_seq_cst) != 0; }

  // A holder keeps a list of entries, one for the rows of a group that it locked in one mode since its last savepoint.
  struct Wish {
    TxnId txn;
    RowLockMode mode;
    uint32_t first_entry;  // of its list that may be added to
    uint32_t next_entry;   // the number a new one would get
    bool limited = true;   // false: the lock has been held before, and must not be lost to a limit
  };
  struct Outcome {
    TxnId blocker;               // its lock conflicts; nothing was changed
    bool added = false;          // the row was not held in this mode before
    uint32_t entry = kNoEntry;   // of the holder's list that the row belongs to: next_entry for a new one
  };
  // Takes the lock, or names who is in the way. 53200 when there are too many, with nothing changed.
  Result<Outcome> TryAcquire(const RowName& row, const Wish& wish);
  // Gives rows of one group back: `rows` has bit (1 << row % kGroupRows) for each. Requires that they are held. Returns the entry
  // that the group's locks went to last.
  uint32_t Release(const RowName& group, uint64_t rows, TxnId txn, RowLockMode mode);

  // Whether the transaction has the row locked, in whatever mode.
  bool IsHeldBy(const RowName& row, TxnId txn) const;
  // A transaction that holds the row in some mode; none when nobody does. For xmax: it may have changed meanwhile.
  TxnId HolderOf(const RowName& row) const;

  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // The group a row is in, named by its number in place of the row, and the row's bit.
  static RowName GroupOf(const RowName& row) { return {row.space, row.tree, RowId(row.row.value / kGroupRows)}; }
  static uint64_t BitOf(const RowName& row) { return uint64_t{1} << row.row.value % kGroupRows; }

 private:
  static constexpr size_t kStripes = 4096;
  static constexpr size_t kPartitions = 64;
  struct Holder {
    TxnId txn;
    uint64_t rows;  // bit (1 << row % kGroupRows)
    uint32_t entry;
    RowLockMode mode;
  };
  // Nearly always one transaction in one mode.
  struct Group {
    Holder first{};  // no transaction: nobody
    std::unique_ptr<std::vector<Holder>> more;

    template <typename Visit>
    void ForEach(Visit visit) {
      if (first.txn) visit(first);
      if (more == nullptr) return;
      for (Holder& holder : *more) visit(holder);
    }
    template <typename Visit>
    void ForEach(Visit visit) const {
      if (first.txn) visit(first);
      if (more == nullptr) return;
      for (const Holder& holder : *more) visit(holder);
    }
  };
  struct Hash {
    size_t operator()(const RowName& group) const { return group.Hash(); }
  };
  struct alignas(64) Partition {
    mutable Mutex mutex{LockRank::kRowLocks};
    std::unordered_map<RowName, Group, Hash> groups;
  };
  // What things cost with the allocator's own: a group with its first holder and that one's entry, another holder and its entry.
  static constexpr uint64_t kGroupBytes = 80 + 32 + 8;
  static constexpr uint64_t kHolderBytes = 48 + 32;

  static size_t Stripe(const RowName& row) { return row.Hash() / kPartitions % kStripes; }
  Partition& PartitionOf(const RowName& group) { return partitions_[group.Hash() % kPartitions]; }
  const Partition& PartitionOf(const RowName& group) const { return partitions_[group.Hash() % kPartitions]; }
  Status Reserve(uint64_t bytes, bool limited);

  const uint64_t bytes_max_;
  std::atomic<uint64_t> bytes_{0};
  std::array<Partition, kPartitions> partitions_;
  std::array<std::atomic<uint32_t>, kStripes> counters_{};
};

}  // namespace phantom::txn
