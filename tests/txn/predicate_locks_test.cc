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
