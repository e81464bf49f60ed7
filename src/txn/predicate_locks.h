// txn/predicate_locks.h
//
// What serializable transactions have read, so that writers find them: whole trees, rows of tables, stretches of
// indexes. Nobody ever waits here. PostgreSQL's SIREAD locks (15, chapter 13.2.3).
//
// A tree is a table's or an index's. Rows are kept by groups of 64 neighbours, a bit each. An index's stretches are kept
// as a map of boundaries: behind each the readers of what lies up to the next, so that an entry finds its readers by one look-up.
// Who holds more groups of one table than it may gets the whole table instead; of an index, stretches near each other are
// joined over the gaps between them.
//
// The order that makes it sound: a reader enters what it reads under the latch of the leaf it reads (or before it
// looks); a writer writes, then visits the readers. So of two that meet one sees the other.
//
// Thread safety: locking and visiting from any thread, under latches too; Release, MoveTo, ReleaseUpTo and CopyToTree
// by one thread at a time. Lock order: a partition's mutex has rank kRowLocks and is held while readers are
// visited, who therefore stay; the list of a reader's trees is a leaf.
#pragma once
#include <array>
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
  mutable Mutex mutex_{LockRank::kTransactions};
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

  void ForEach(FunctionRef<void(PredicateReader& reader, const PredicateLockInfo& info)> show) const;

 private:
  static constexpr size_t kPartitions = 32;
  using Readers = std::vector<PredicateReader*>;
  using Stretches = std::map<std::string, std::optional<std::string>, std::less<>>;  // from, to
  using Boundaries = std::map<std::string, Readers, std::less<>>;

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
    std::unordered_map<PredicateReader*, Holding> holdings;
    Readers whole;
    std::unordered_map<uint64_t, std::vector<GroupReader>> groups;
    Boundaries boundaries;
  };
  struct Hash {
    size_t operator()(const TreeName& name) const {
      return std::hash<uint64_t>()((uint64_t{name.space.value} << 32 | name.tree.value) * 0x9E3779B97F4A7C15u);
    }
  };
  struct alignas(64) Partition {
    mutable Mutex mutex{LockRank::kRowLocks};
    std::unordered_map<TreeName, Tree, Hash> trees;
  };

  Partition& PartitionOf(const TreeName& name) { return partitions_[Hash()(name) / 64 % kPartitions]; }
  const Partition& PartitionOf(const TreeName& name) const { return partitions_[Hash()(name) / 64 % kPartitions]; }
  static Holding& Hold(Tree& tree, PredicateReader& reader, const TreeName& name);
  static void AddRows(Tree& tree, PredicateReader& reader, Holding& holding, uint64_t group, uint64_t rows);
  static void AddStretch(Tree& tree, PredicateReader& reader, Holding& holding, std::string from,
                         std::optional<std::string> to);
  static void JoinNeighbours(Tree& tree, PredicateReader& reader, Holding& holding);
  static void MakeWhole(Tree& tree, PredicateReader& reader, Holding& holding);
  // Everything but the holding's place in tree.holdings.
  static void Clear(Tree& tree, PredicateReader& reader, Holding& holding);
  static void Drop(Partition& partition, const TreeName& name, PredicateReader& reader);
  static void VisitEach(const Tree& tree, const Readers& readers, Visit visit);
  const Tree* Find(const Partition& partition, const TreeName& name) const;

  std::array<Partition, kPartitions> partitions_;
};

}  // namespace phantom::txn
