// Who has read what.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <set>

#include "common/status.h"
#include "txn/predicate_locks.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

constexpr TreeName kTable{SpaceId(1), TreeId(20000)}, kIndex{SpaceId(1), TreeId(20001)};

using Found = std::set<const PredicateReader*>;

template <typename Visiting>
Found Collect(Visiting visiting) {
  Found found;
  visiting([&](PredicateReader& reader, uint64_t) { REQUIRE(found.insert(&reader).second); });
  return found;
}
Found OfRow(const PredicateLocks& locks, uint64_t row) {
  return Collect([&](PredicateLocks::Visit visit) { locks.VisitRow(kTable, RowId(row), visit); });
}
Found OfTable(const PredicateLocks& locks) {
  return Collect([&](PredicateLocks::Visit visit) { locks.VisitTree(kTable, visit); });
}
Found OfEntry(const PredicateLocks& locks, const std::string& entry) {
  return Collect([&](PredicateLocks::Visit visit) { locks.VisitEntry(kIndex, entry, visit); });
}
size_t Count(const PredicateLocks& locks) {
  size_t count = 0;
  locks.ForEach([&](PredicateReader&, const PredicateLockInfo&) { ++count; });
  return count;
}

}  // namespace

TEST_CASE("rows and tables find their readers") {
  PredicateLocks locks;
  PredicateReader a(10), b(10);
  locks.LockRow(a, kTable, RowId(5));
  locks.LockRow(a, kTable, RowId(6));
  locks.LockRow(b, kTable, RowId(6));
  REQUIRE(OfRow(locks, 5) == Found{&a});
  REQUIRE(OfRow(locks, 6) == Found{&a, &b});
  REQUIRE(OfRow(locks, 7).empty());
  REQUIRE(OfRow(locks, 5 + 64).empty());
  REQUIRE(OfTable(locks).empty());
  REQUIRE(Count(locks) == 3);
  locks.UnlockRow(a, kTable, RowId(6));
  locks.UnlockRow(a, kTable, RowId(7));
  REQUIRE(OfRow(locks, 6) == Found{&b});
  locks.LockTree(b, kTable);
  REQUIRE(OfTable(locks) == Found{&b});
  REQUIRE(OfRow(locks, 5) == Found{&a, &b});
  locks.UnlockRow(b, kTable, RowId(6));
  REQUIRE(OfRow(locks, 6) == Found{&b});
  REQUIRE(a.trees().size() == 1);
  locks.Release(a);
  locks.Release(b);
  REQUIRE(!locks.HasReaders(kTable));
}

TEST_CASE("who reads many groups of a table has read the table") {
  PredicateLocks locks;
  PredicateReader reader(3);
  for (uint64_t row = 0; row < 3 * PredicateLocks::kGroupRows; ++row) locks.LockRow(reader, kTable, RowId(row));
  REQUIRE(OfTable(locks).empty());
  REQUIRE(Count(locks) == 3 * PredicateLocks::kGroupRows);
  locks.LockRow(reader, kTable, RowId(1000));
  REQUIRE(OfTable(locks) == Found{&reader});
  REQUIRE(Count(locks) == 1);
  locks.Release(reader);
  REQUIRE(Count(locks) == 0);

  PredicateReader coarse(0);
  locks.LockRow(coarse, kTable, RowId(1));
  locks.LockStretch(coarse, kIndex, "a", "b");
  REQUIRE(OfTable(locks) == Found{&coarse});
  REQUIRE(OfEntry(locks, "z") == Found{&coarse});
  locks.Release(coarse);
}

TEST_CASE("an index entry finds the readers of the stretches it lies in") {
  PredicateLocks locks;
  PredicateReader a(10), b(10);
  locks.LockStretch(a, kIndex, "c", "f");
  locks.LockStretch(b, kIndex, "e", std::nullopt);
  locks.LockStretch(b, kIndex, "a", "a");  // nothing
  REQUIRE(OfEntry(locks, "b").empty());
  REQUIRE(OfEntry(locks, "c") == Found{&a});
  REQUIRE(OfEntry(locks, "e") == Found{&a, &b});
  REQUIRE(OfEntry(locks, "f") == Found{&b});
  REQUIRE(OfEntry(locks, "zz") == Found{&b});
  // Adjoining stretches are one.
  locks.LockStretch(a, kIndex, "f", "h");
  locks.LockStretch(a, kIndex, "", "c");
  locks.LockStretch(a, kIndex, "d", "e");
  REQUIRE(Count(locks) == 2);
  REQUIRE(OfEntry(locks, "g") == Found{&a, &b});
  locks.Release(b);
  REQUIRE(OfEntry(locks, "g") == Found{&a});
  locks.Release(a);
  REQUIRE(!locks.HasReaders(kIndex));
}

TEST_CASE("stretches of many readers, against a model") {
  std::mt19937 random(GENERATE(1, 2, 3, 4));
  constexpr int kKeys = 200, kReaders = 6;
  auto key = [](int n) { return std::string(1, static_cast<char>(n / 16)) + static_cast<char>(n % 16); };
  PredicateLocks locks;
  std::vector<std::unique_ptr<PredicateReader>> readers;
  std::vector<std::set<int>> model(kReaders);
  for (int r = 0; r < kReaders; ++r) readers.push_back(std::make_unique<PredicateReader>(1000));
  auto below = [&](int n) { return static_cast<int>(random() % static_cast<uint32_t>(n)); };
  for (int step = 0; step < 600; ++step) {
    const auto r = static_cast<size_t>(below(kReaders));
    if (below(25) == 0) {
      locks.Release(*readers[r]);
      model[r].clear();
      continue;
    }
    const int from = below(kKeys), to = std::min(kKeys, from + 1 + below(20));
    const bool open = below(40) == 0;
    locks.LockStretch(*readers[r], kIndex, key(from), open ? std::nullopt : std::optional<std::string>(key(to)));
    for (int n = from; n < (open ? kKeys : to); ++n) model[r].insert(n);
    if (step % 20 != 0) continue;
    for (int n = 0; n < kKeys; ++n) {
      Found expected;
      for (size_t i = 0; i < kReaders; ++i) {
        if (model[i].contains(n)) expected.insert(readers[i].get());
      }
      REQUIRE(OfEntry(locks, key(n)) == expected);
    }
  }
  for (auto& reader : readers) locks.Release(*reader);
  REQUIRE(!locks.HasReaders(kIndex));
}

TEST_CASE("too many stretches are joined over the gaps, and nothing is lost") {
  PredicateLocks locks;
  PredicateReader reader(8);
  std::vector<std::string> keys;
  for (int n = 0; n < 100; ++n) {
    keys.push_back(Format("%04d", n * 37 % 100));
    locks.LockStretch(reader, kIndex, keys.back(), keys.back() + '\xff');
    for (const std::string& key : keys) REQUIRE(OfEntry(locks, key + "x") == Found{&reader});
    REQUIRE(Count(locks) <= 8);
  }
  REQUIRE(OfEntry(locks, "0100").empty());
  locks.Release(reader);
  REQUIRE(!locks.HasReaders(kIndex));
}

TEST_CASE("what one has read becomes another's, until it is old enough") {
  PredicateLocks locks;
  PredicateReader a(10), b(10), common(10);
  locks.LockRow(a, kTable, RowId(1));
  locks.LockRow(b, kTable, RowId(2));
  locks.LockStretch(a, kIndex, "a", "b");
  locks.MoveTo(a, common, 7);
  locks.MoveTo(b, common, 9);
  REQUIRE(a.trees().empty());
  REQUIRE(OfRow(locks, 1) == Found{&common});
  REQUIRE(OfRow(locks, 2) == Found{&common});
  locks.VisitRow(kTable, RowId(1), [](PredicateReader&, uint64_t upto) { REQUIRE(upto == 9); });
  locks.VisitEntry(kIndex, "a", [](PredicateReader&, uint64_t upto) { REQUIRE(upto == 7); });
  locks.ReleaseUpTo(common, 8);
  REQUIRE(OfEntry(locks, "a").empty());
  REQUIRE(OfRow(locks, 1) == Found{&common});
  locks.ReleaseUpTo(common, 9);
  REQUIRE(Count(locks) == 0);
  REQUIRE(common.trees().empty());
}

TEST_CASE("readers of a tree that is replaced have read its successor") {
  PredicateLocks locks;
  PredicateReader a(10), b(10);
  locks.LockRow(a, kTable, RowId(1));
  locks.LockTree(b, kTable);
  locks.CopyToTree(kTable, kIndex);
  REQUIRE(OfEntry(locks, "anything") == Found{&a, &b});
  REQUIRE(OfRow(locks, 1) == Found{&a, &b});
  locks.Release(a);
  locks.Release(b);
  REQUIRE(Count(locks) == 0);
}

TEST_CASE("what a thousand readers of far-flung stretches take is bounded, and nothing is lost") {
  constexpr size_t kReaders = 1000, kBytesMax = 4 << 20;
  PredicateLocks locks(kBytesMax);
  std::vector<std::unique_ptr<PredicateReader>> readers;
  std::mt19937 random(1);
  // Long keys, all over the index, so that everybody's stretches overlap those of many others.
  auto key = [](uint32_t n) { return Format("%08u", n) + std::string(100, 'k'); };
  std::vector<std::vector<uint32_t>> read(kReaders);
  size_t most = 0;
  for (size_t r = 0; r < kReaders; ++r) {
    readers.push_back(std::make_unique<PredicateReader>(31));
    for (int i = 0; i < 60; ++i) {
      read[r].push_back(random() % 10000000);
      locks.LockStretch(*readers[r], kIndex, key(read[r].back()), key(read[r].back() + 1));
    }
    most = std::max(most, locks.bytes());
  }
  // A boundary more than allowed, and what each reader takes anyway.
  REQUIRE(most < kBytesMax + kReaders * (PredicateLocks::kHoldingBytes + 1000));
  for (size_t r = 0; r < kReaders; r += 7) {
    for (const uint32_t n : read[r]) REQUIRE(OfEntry(locks, key(n) + "x").contains(readers[r].get()));
  }
  for (auto& reader : readers) locks.Release(*reader);
  REQUIRE(locks.bytes() == 0);
}

TEST_CASE("who reads millions of rows takes no more than who reads a table") {
  PredicateLocks locks;
  std::vector<std::unique_ptr<PredicateReader>> readers;
  for (int r = 0; r < 1000; ++r) {
    PredicateReader& reader = *readers.emplace_back(std::make_unique<PredicateReader>(31));
    const uint64_t rows = r == 0 ? 3000000 : 3000;
    for (uint64_t row = 0; row < rows; row += 10) locks.LockRow(reader, kTable, RowId(row));
  }
  REQUIRE(Count(locks) == 1000);
  REQUIRE(OfRow(locks, 3000000).size() == 1000);
  REQUIRE(locks.bytes() == 1000 * PredicateLocks::kHoldingBytes);
  for (auto& reader : readers) locks.Release(*reader);
  REQUIRE(locks.bytes() == 0);
}

TEST_CASE("each counts what it takes, whatever is done") {
  std::mt19937 random(GENERATE(1, 2, 3));
  auto below = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  PredicateLocks locks(20000);
  PredicateReader common(50);
  std::vector<std::unique_ptr<PredicateReader>> readers;
  for (int r = 0; r < 10; ++r) readers.push_back(std::make_unique<PredicateReader>(8));
  for (uint64_t step = 1; step <= 5000; ++step) {
    PredicateReader& reader = *readers[below(10)];
    switch (below(8)) {
      case 0: locks.UnlockRow(reader, kTable, RowId(below(2000))); break;
      case 1: below(20) == 0 ? locks.Release(reader) : locks.LockTree(reader, kTable); break;
      case 2: if (below(20) == 0) locks.MoveTo(reader, common, step); break;
      case 3: if (below(20) == 0) locks.ReleaseUpTo(common, below(static_cast<uint32_t>(step))); break;
      case 4: locks.LockRow(reader, kTable, RowId(below(2000))); break;
      default: {
        const uint32_t from = below(900);
        locks.LockStretch(reader, kIndex, Format("%03u", from), Format("%03u", from + 1 + below(20)));
      }
    }
  }
  for (auto& reader : readers) locks.Release(*reader);
  locks.Release(common);
  REQUIRE(locks.bytes() == 0);
}
