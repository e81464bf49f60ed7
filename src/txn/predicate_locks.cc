#include "txn/predicate_locks.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

#include "common/check.h"

namespace phantom::txn {

namespace {

// A missing end lies behind all others.
bool Reaches(const std::optional<std::string>& end, std::string_view key) { return !end || *end >= key; }

}  // namespace

std::vector<TreeName> PredicateReader::trees() const {
  MutexLock lock(mutex_);
  return trees_;
}

// ---- Locking ---------------------------------------------------------------------------------------------------------

PredicateLocks::Holding& PredicateLocks::Hold(Tree& tree, PredicateReader& reader, const TreeName& name) {
  const auto [at, fresh] = tree.holdings.try_emplace(&reader);
  if (fresh) {
    Charge(kHoldingBytes);
    MutexLock lock(reader.mutex_);
    reader.trees_.push_back(name);
  }
  return at->second;
}

void PredicateLocks::LockTree(PredicateReader& reader, const TreeName& name) {
  Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  Tree& tree = TreeOf(partition, name);
  Holding& holding = Hold(tree, reader, name);
  if (!holding.whole) MakeWhole(tree, reader, holding);
}

void PredicateLocks::LockRow(PredicateReader& reader, const TreeName& name, RowId row) {
  Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  Tree& tree = TreeOf(partition, name);
  Holding& holding = Hold(tree, reader, name);
  if (holding.whole) return;
  AddRows(tree, reader, holding, row.value / kGroupRows, uint64_t{1} << row.value % kGroupRows);
}

void PredicateLocks::LockStretch(PredicateReader& reader, const TreeName& name, std::string_view from,
                                 std::optional<std::string_view> to) {
  if (to && *to <= from) return;
  Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  Tree& tree = TreeOf(partition, name);
  Holding& holding = Hold(tree, reader, name);
  if (holding.whole) return;
  AddStretch(tree, reader, holding, std::string(from), to ? std::optional<std::string>(*to) : std::nullopt);
}

void PredicateLocks::AddRows(Tree& tree, PredicateReader& reader, Holding& holding, uint64_t group, uint64_t rows) {
  std::vector<GroupReader>& readers = tree.groups[group];
  for (GroupReader& known : readers) {
    if (known.reader != &reader) continue;
    known.rows |= rows;
    return;
  }
  readers.push_back({&reader, rows});
  holding.groups.push_back(group);
  Charge(kGroupReaderBytes);
  if (holding.groups.size() > reader.tree_locks_max_ || IsFull()) MakeWhole(tree, reader, holding);
}

PredicateLocks::Stretches::iterator PredicateLocks::Forget(Stretches& stretches, Stretches::iterator at) {
  Credit(BytesOf(*at));
  return stretches.erase(at);
}

// Stretches that meet become one.
void PredicateLocks::AddStretch(Tree& tree, PredicateReader& reader, Holding& holding, std::string from,
                                std::optional<std::string> to) {
  Stretches& stretches = holding.stretches;
  auto next = stretches.upper_bound(from);
  const auto before = next == stretches.begin() ? stretches.end() : std::prev(next);
  const bool meets = before != stretches.end() && Reaches(before->second, from);
  if (meets && (to ? Reaches(before->second, *to) : !before->second)) return;
  tree.stretches.Add(&reader, from, to);
  if (meets) {
    from = before->first;
    Forget(stretches, before);
  }
  while (next != stretches.end() && Reaches(to, next->first)) {
    if (to && Reaches(next->second, *to)) to = next->second;
    next = Forget(stretches, next);
  }
  Charge(BytesOf(*stretches.emplace_hint(next, std::move(from), std::move(to))));
  if (IsFull()) return MakeWhole(tree, reader, holding);
  if (stretches.size() > reader.tree_locks_max_) JoinNeighbours(tree, reader, holding);
}

// Half as many, over the gaps between neighbours.
void PredicateLocks::JoinNeighbours(Tree& tree, PredicateReader& reader, Holding& holding) {
  Stretches& stretches = holding.stretches;
  if (stretches.size() < 2) return MakeWhole(tree, reader, holding);
  for (auto at = stretches.begin(); at != stretches.end(); ++at) {
    const auto next = std::next(at);
    if (next == stretches.end()) break;
    tree.stretches.Add(&reader, *at->second, next->first);
    Credit(BytesOf(*at) + BytesOf(*next));
    at->second = std::move(next->second);
    stretches.erase(next);
    Charge(BytesOf(*at));
  }
}

void PredicateLocks::MakeWhole(Tree& tree, PredicateReader& reader, Holding& holding) {
  Clear(tree, reader, holding);
  holding.whole = true;
  tree.whole.push_back(&reader);
}

void PredicateLocks::UnlockRow(PredicateReader& reader, const TreeName& name, RowId row) {
  Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  const auto tree = partition.trees.find(name);
  if (tree == partition.trees.end()) return;
  const uint64_t number = row.value / kGroupRows;
  const auto group = tree->second.groups.find(number);
  if (group == tree->second.groups.end()) return;
  const auto own = std::ranges::find(group->second, &reader, &GroupReader::reader);
  if (own == group->second.end()) return;
  own->rows &= ~(uint64_t{1} << row.value % kGroupRows);
  if (own->rows != 0) return;
  group->second.erase(own);
  if (group->second.empty()) tree->second.groups.erase(group);
  std::erase(tree->second.holdings.at(&reader).groups, number);
  Credit(kGroupReaderBytes);
}

// ---- Visiting --------------------------------------------------------------------------------------------------------

const PredicateLocks::Tree* PredicateLocks::Find(const Partition& partition, const TreeName& name) const {
  const auto found = partition.trees.find(name);
  return found == partition.trees.end() ? nullptr : &found->second;
}

void PredicateLocks::VisitEach(const Tree& tree, const Readers& readers, Visit visit) {
  for (PredicateReader* reader : readers) visit(*reader, tree.holdings.at(reader).upto);
}

void PredicateLocks::VisitTree(const TreeName& name, Visit visit) const {
  const Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  if (const Tree* tree = Find(partition, name)) VisitEach(*tree, tree->whole, visit);
}

void PredicateLocks::VisitRow(const TreeName& name, RowId row, Visit visit) const {
  const Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  const Tree* tree = Find(partition, name);
  if (tree == nullptr) return;
  const auto group = tree->groups.find(row.value / kGroupRows);
  if (group != tree->groups.end()) {
    for (const GroupReader& known : group->second) {
      if ((known.rows >> row.value % kGroupRows & 1) != 0) visit(*known.reader, tree->holdings.at(known.reader).upto);
    }
  }
  VisitEach(*tree, tree->whole, visit);
}

void PredicateLocks::VisitEntry(const TreeName& name, std::string_view entry, Visit visit) const {
  const Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  const Tree* tree = Find(partition, name);
  if (tree == nullptr) return;
  if (const Readers* const readers = tree->stretches.Find(entry)) VisitEach(*tree, *readers, visit);
  VisitEach(*tree, tree->whole, visit);
}

void PredicateLocks::VisitAll(const TreeName& name, Visit visit) const {
  const Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  const Tree* tree = Find(partition, name);
  if (tree == nullptr) return;
  for (const auto& [reader, holding] : tree->holdings) visit(*reader, holding.upto);
}

bool PredicateLocks::HasReaders(const TreeName& name) const {
  const Partition& partition = PartitionOf(name);
  MutexLock lock(partition.mutex);
  return Find(partition, name) != nullptr;
}

void PredicateLocks::ForEach(FunctionRef<void(PredicateReader&, const PredicateLockInfo&)> show) const {
  for (const Partition& partition : partitions_) {
    MutexLock lock(partition.mutex);
    for (const auto& [name, tree] : partition.trees) {
      for (PredicateReader* reader : tree.whole) show(*reader, {.tree = name});
      for (const auto& [number, readers] : tree.groups) {
        for (const GroupReader& known : readers) {
          for (uint64_t rest = known.rows; rest != 0; rest &= rest - 1) {
            const RowId row(number * kGroupRows + static_cast<uint64_t>(std::countr_zero(rest)));
            show(*known.reader, {.kind = PredicateLockInfo::Kind::kRow, .tree = name, .row = row});
          }
        }
      }
      for (const auto& [reader, holding] : tree.holdings) {
        for (uint32_t i = 0; i < holding.stretches.size(); ++i) {
          show(*reader, {.kind = PredicateLockInfo::Kind::kStretch, .tree = name, .row = {}, .number = i});
        }
      }
    }
  }
}

// ---- Letting go ------------------------------------------------------------------------------------------------------

void PredicateLocks::Clear(Tree& tree, PredicateReader& reader, Holding& holding) {
  if (std::exchange(holding.whole, false)) std::erase(tree.whole, &reader);
  for (const uint64_t number : std::exchange(holding.groups, {})) {
    const auto group = tree.groups.find(number);
    std::erase_if(group->second, [&](const GroupReader& known) { return known.reader == &reader; });
    if (group->second.empty()) tree.groups.erase(group);
    Credit(kGroupReaderBytes);
  }
  while (!holding.stretches.empty()) {
    const auto first = holding.stretches.begin();
    tree.stretches.Remove(&reader, first->first, first->second);
    Forget(holding.stretches, first);
  }
}

void PredicateLocks::Drop(Partition& partition, const TreeName& name, PredicateReader& reader) {
  const auto tree = partition.trees.find(name);
  PHANTOM_CHECK(tree != partition.trees.end());
  const auto holding = tree->second.holdings.find(&reader);
  PHANTOM_CHECK(holding != tree->second.holdings.end());
  Clear(tree->second, reader, holding->second);
  tree->second.holdings.erase(holding);
  Credit(kHoldingBytes);
  if (!tree->second.holdings.empty()) return;
  PHANTOM_DCHECK(tree->second.groups.empty() && tree->second.stretches.empty() && tree->second.whole.empty());
  partition.trees.erase(tree);
}

void PredicateLocks::Release(PredicateReader& reader) {
  std::vector<TreeName> trees;
  {
    MutexLock lock(reader.mutex_);
    trees.swap(reader.trees_);
  }
  for (const TreeName& name : trees) {
    Partition& partition = PartitionOf(name);
    MutexLock lock(partition.mutex);
    Drop(partition, name, reader);
  }
}

void PredicateLocks::MoveTo(PredicateReader& from, PredicateReader& to, uint64_t number) {
  for (const TreeName& name : from.trees()) {
    Partition& partition = PartitionOf(name);
    MutexLock lock(partition.mutex);
    Tree& tree = partition.trees.at(name);
    Holding& holding = Hold(tree, to, name);
    const Holding& held = tree.holdings.at(&from);
    holding.upto = std::max(holding.upto, number);
    if (held.whole && !holding.whole) MakeWhole(tree, to, holding);
    for (const uint64_t group : held.groups) {
      if (holding.whole) break;
      const std::vector<GroupReader>& readers = tree.groups.at(group);
      AddRows(tree, to, holding, group, std::ranges::find(readers, &from, &GroupReader::reader)->rows);
    }
    for (const auto& [begin, end] : held.stretches) {
      if (holding.whole) break;
      AddStretch(tree, to, holding, begin, end);
    }
  }
  Release(from);
}

void PredicateLocks::ReleaseUpTo(PredicateReader& reader, uint64_t number) {
  for (const TreeName& name : reader.trees()) {
    Partition& partition = PartitionOf(name);
    MutexLock lock(partition.mutex);
    if (partition.trees.at(name).holdings.at(&reader).upto > number) continue;
    Drop(partition, name, reader);
    MutexLock list(reader.mutex_);
    std::erase(reader.trees_, name);
  }
}

void PredicateLocks::CopyToTree(const TreeName& from, const TreeName& to) {
  std::vector<std::pair<PredicateReader*, uint64_t>> readers;
  VisitAll(from, [&](PredicateReader& reader, uint64_t upto) { readers.emplace_back(&reader, upto); });
  for (const auto& [reader, upto] : readers) {
    Partition& partition = PartitionOf(to);
    MutexLock lock(partition.mutex);
    Tree& tree = TreeOf(partition, to);
    Holding& holding = Hold(tree, *reader, to);
    holding.upto = std::max(holding.upto, upto);
    if (!holding.whole) MakeWhole(tree, *reader, holding);
  }
}

}  // namespace phantom::txn
