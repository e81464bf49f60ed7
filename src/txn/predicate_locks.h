// txn/predicate_locks.h
//
// What serializable transactions have read, so that writers find them: whole trees, rows of tables, stretches of
// indexes. Nobody ever waits here. PostgreSQL's SIREAD locks (15, chapter 13.2.3).
//
// A tree is a table's or an index's. Rows are kept by groups of 64 neighbours, a bit each, an index's stretches by their boundaries
// (stretch_readers.h). Who holds more groups of one table than it may gets the whole table instead; of an index, stretches near
// each other are joined over the gaps between them. When all of it together takes more than it may, whoever adds to what it has read
// of a tree gets the whole tree: never too little. So beyond `bytes_max` only whole trees add up, kHoldingBytes for each reader.
//
// The order that makes it sound: a reader enters what it reads under the latch of the leaf it reads (or before it
// looks); a writer writes, then visits the readers. So of two that meet one sees the other.
//
// Thread safety: locking and visiting from any thread, under latches too; Release, MoveTo, ReleaseUpTo and CopyToTree
// by one thread at a time. Lock order: a partition's mutex has rank kPredicateLocks and is held while readers are
// visited, who therefore stay; the list of a reader's trees (kPredicateReader) is a leaf.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/function_ref.h"
#include "common/ids.h"
#include "common/mutex.h"
#include "txn/stretch_readers.h"

namespace phantom::txn {

struct TreeName {
  SpaceId space;
  TreeId tree;
  bool operator==(const TreeName&) const = default;
};

class PredicateLocks;

// One who reads. Must not go while it holds anything.
class PredicateReader {
 public:
  explicit PredicateReader(size_t tree_locks_max) : tree_locks_max_(tree_locks_max) {}
  PredicateReader(const PredicateReader&) = delete;
  PredicateReader& operator=(const PredicateReader&) = delete;

  std::vector<TreeName> trees() const;

 private:
  friend class PredicateLocks;
  const size_t tree_locks_max_;  // groups of a table, stretches of an index
  mutable Mutex mutex_{LockRank::kPredicateReader};
  std::vector<TreeName> trees_;  // of which it holds something
};

// One row of pg_locks.
struct PredicateLockInfo {
  enum class Kind : uint8_t { kTree, kStretch, kRow };
  Kind kind = Kind::kTree;
  TreeName tree;
  RowId row;            // kRow
  uint32_t number = 0;  // kStretch: which of the reader's, from 0
};

class PredicateLocks {
 public:
  static constexpr uint64_t kGroupRows = 64;
  static constexpr size_t kBytesMax = 64 << 20;
  // What a reader takes for a tree of which it has read anything, about.
  static constexpr size_t kHoldingBytes = 256;

  explicit PredicateLocks(size_t bytes_max = kBytesMax) : bytes_max_(bytes_max) {}

  // Entries of an index are its keys with row ids. No `to`: to the end.
  void LockTree(PredicateReader& reader, const TreeName& name);
  void LockRow(PredicateReader& reader, const TreeName& name, RowId row);
  void LockStretch(PredicateReader& reader, const TreeName& name, std::string_view from,
                   std::optional<std::string_view> to);
  // Gives the lock on one row back; one on the whole table stays.
  void UnlockRow(PredicateReader& reader, const TreeName& name, RowId row);

  // Each reader once. `upto`: the greatest number that MoveTo() was given for what it holds of the tree, or 0.
  using Visit = FunctionRef<void(PredicateReader& reader, uint64_t upto)>;
  // Of the whole tree; of that or the row; of that or a stretch with the entry; of anything in it.
  void VisitTree(const TreeName& name, Visit visit) const;
  void VisitRow(const TreeName& name, RowId row, Visit visit) const;
  void VisitEntry(const TreeName& name, std::string_view entry, Visit visit) const;
  void VisitAll(const TreeName& name, Visit visit) const;
  bool HasReaders(const TreeName& name) const;

  void Release(PredicateReader& reader);
  // All that `from` holds becomes `to`'s.
  void MoveTo(PredicateReader& from, PredicateReader& to, uint64_t number);
  // What it holds of trees for which it was given no greater number.
  void ReleaseUpTo(PredicateReader& reader, uint64_t number);
  // Who has read anything of `from` has read all of `to`.
  void CopyToTree(const TreeName& from, const TreeName& to);

  // About what all of it takes; whether that is more than it should be.
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  bool IsFull() const { return bytes() > bytes_max_; }

  void ForEach(FunctionRef<void(PredicateReader& reader, const PredicateLockInfo& info)> show) const;

 private:
  static constexpr size_t kPartitions = 32;
  // A reader of a group, and its share of the group's place.
  static constexpr size_t kGroupReaderBytes = 96;
  // A stretch in the reader's own list, without its keys.
  static constexpr size_t kStretchBytes = 112;
  using Readers = StretchReaders::Readers;
  using Stretches = std::map<std::string, std::optional<std::string>, std::less<>>;  // from, to

  // What one reader holds of a tree. Stretches are apart from each other.
  struct Holding {
    bool whole = false;
    uint64_t upto = 0;
    std::vector<uint64_t> groups;
    Stretches stretches;
  };
  struct GroupReader {
    PredicateReader* reader;
    uint64_t rows;  // bit (1 << row % kGroupRows)
  };
  struct Tree {
    explicit Tree(std::atomic<size_t>& bytes) : stretches(bytes) {}
    std::unordered_map<PredicateReader*, Holding> holdings;
    Readers whole;
    std::unordered_map<uint64_t, std::vector<GroupReader>> groups;
    StretchReaders stretches;
  };
  struct Hash {
    size_t operator()(const TreeName& name) const {
      return std::hash<uint64_t>()((uint64_t{name.space.value} << 32 | name.tree.value) * 0x9E3779B97F4A7C15u);
    }
  };
  struct alignas(64) Partition {
    mutable Mutex mutex{LockRank::kPredicateLocks};
    std::unordered_map<TreeName, Tree, Hash> trees;
  };

  Partition& PartitionOf(const TreeName& name) { return partitions_[Hash()(name) / 64 % kPartitions]; }
  const Partition& PartitionOf(const TreeName& name) const { return partitions_[Hash()(name) / 64 % kPartitions]; }
  Tree& TreeOf(Partition& partition, const TreeName& name) { return partition.trees.try_emplace(name, bytes_).first->second; }
  void Charge(size_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void Credit(size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  static size_t BytesOf(const Stretches::value_type& stretch) {
    return kStretchBytes + stretch.first.size() + (stretch.second ? stretch.second->size() : 0);
  }
  Stretches::iterator Forget(Stretches& stretches, Stretches::iterator at);
  Holding& Hold(Tree& tree, PredicateReader& reader, const TreeName& name);
  void AddRows(Tree& tree, PredicateReader& reader, Holding& holding, uint64_t group, uint64_t rows);
  void AddStretch(Tree& tree, PredicateReader& reader, Holding& holding, std::string from, std::optional<std::string> to);
  void JoinNeighbours(Tree& tree, PredicateReader& reader, Holding& holding);
  void MakeWhole(Tree& tree, PredicateReader& reader, Holding& holding);
  // Everything but the holding's place in tree.holdings.
  void Clear(Tree& tree, PredicateReader& reader, Holding& holding);
  void Drop(Partition& partition, const TreeName& name, PredicateReader& reader);
  static void VisitEach(const Tree& tree, const Readers& readers, Visit visit);
  const Tree* Find(const Partition& partition, const TreeName& name) const;

  const size_t bytes_max_;
  std::atomic<size_t> bytes_{0};
  std::array<Partition, kPartitions> partitions_;
};

}  // namespace phantom::txn
