#include "btree/tree.h"

#include <map>
#include <random>

#include "btree/change.h"
#include "btree/cursor.h"
#include "btree/fixture.h"
#include "btree/structure.h"

using namespace phantom;
using namespace phantom::btree;

using Model = std::map<std::string, std::string>;

static void CheckAgainst(const Tree& tree, const Model& model) {
  TreeStats stats = CheckTree(tree);
  REQUIRE(stats.entries == model.size());
  Cursor cursor(tree);
  REQUIRE(cursor.SeekFirst().ok());
  for (const auto& [key, value] : model) {
    REQUIRE(cursor.Valid());
    REQUIRE(AsText(cursor.key()) == key);
    REQUIRE(AsText(cursor.value()) == value);
    REQUIRE(cursor.Next().ok());
  }
  REQUIRE(!cursor.Valid());
  REQUIRE(cursor.SeekLast().ok());
  for (auto it = model.rbegin(); it != model.rend(); ++it) {
    REQUIRE(cursor.Valid());
    REQUIRE(AsText(cursor.key()) == it->first);
    REQUIRE(cursor.Previous().ok());
  }
  REQUIRE(!cursor.Valid());
}

static void RandomOperations(uint64_t seed, size_t key_bytes_max, size_t value_bytes_max, int operations, int keys) {
  Fixture fixture(128 * kPageBytes, seed);
  Tree tree = fixture.NewTree(TreeKind::kKeyed);
  Model model;
  std::mt19937_64 random(seed);
  auto random_key = [&] {
    std::mt19937_64 r(random() % static_cast<uint64_t>(keys) + 1);
    std::string key(r() % (key_bytes_max + 1), 'k');
    for (size_t i = 0; i < key.size(); i += 1 + r() % 40) key[i] = static_cast<char>('a' + r() % 3);
    return key;
  };
  for (int i = 0; i < operations; ++i) {
    const std::string key = random_key();
    // Phases of growth and of shrinking, so that merges happen as well.
    const bool shrinking = i / (operations / 4) % 2 == 1;
    if (random() % 10 < (shrinking ? 2u : 7u)) {
      const std::string value(random() % (value_bytes_max + 1), static_cast<char>('A' + i % 26));
      REQUIRE(Put(tree, AsBytes(key), value).ok());
      model[key] = value;
    } else {
      REQUIRE(Remove(tree, AsBytes(key)).ok());
      model.erase(key);
    }
    if (i % 16 == 0) {
      const std::string probe = random_key();
      auto expected = model.find(probe);
      std::optional<std::string> found = Get(tree, AsBytes(probe));
      REQUIRE(found.has_value() == (expected != model.end()));
      if (found) REQUIRE(*found == expected->second);
      Cursor cursor(tree);
      REQUIRE(cursor.Seek(AsBytes(probe)).ok());
      auto bound = model.lower_bound(probe);
      REQUIRE(cursor.Valid() == (bound != model.end()));
      if (cursor.Valid()) REQUIRE(AsText(cursor.key()) == bound->first);
      REQUIRE(cursor.SeekBelow(AsBytes(probe)).ok());
      REQUIRE(cursor.Valid() == (bound != model.begin()));
      if (cursor.Valid()) REQUIRE(AsText(cursor.key()) == std::prev(bound)->first);
      REQUIRE(cursor.SeekAtOrBelow(AsBytes(probe)).ok());
      auto above = model.upper_bound(probe);
      REQUIRE(cursor.Valid() == (above != model.begin()));
      if (cursor.Valid()) REQUIRE(AsText(cursor.key()) == std::prev(above)->first);
    }
  }
  CheckAgainst(tree, model);
  while (!model.empty()) {
    REQUIRE(Remove(tree, AsBytes(model.begin()->first)).ok());
    model.erase(model.begin());
  }
  TreeStats stats = CheckTree(tree);
  REQUIRE(stats.entries == 0);
  REQUIRE(tree.FreePages().ok());
  REQUIRE(fixture.map->ListPages(SpaceId(1)).empty());
  REQUIRE(tree.FreePages().ok());
  REQUIRE(fixture.map->Verify() == "");
}

TEST_CASE("a tree behaves like a map: short keys") { RandomOperations(1, 12, 60, 12000, 5000); }
TEST_CASE("a tree behaves like a map: long values") { RandomOperations(2, 20, 2048, 4000, 1500); }
TEST_CASE("a tree behaves like a map: longest keys") { RandomOperations(3, 1600, 2048, 3000, 1200); }
TEST_CASE("a tree behaves like a map: long keys, no values") { RandomOperations(4, 1600, 0, 4000, 1500); }

TEST_CASE("row ids appended in order fill their leaves") {
  Fixture fixture(256 * kPageBytes);
  Tree tree = fixture.NewTree(TreeKind::kRowId);
  const std::string value(100, 'v');
  for (uint64_t row = 1; row <= 20000; ++row) REQUIRE(Put(tree, RowKey(RowId(row)), value).ok());
  TreeStats stats = CheckTree(tree);
  REQUIRE(stats.entries == 20000);
  REQUIRE(stats.leaf_pages < 20000 / 65);
  // Far more data than frames has gone through the pool, and comes back.
  for (uint64_t row = 1; row <= 20000; row += 97) REQUIRE(Get(tree, RowKey(RowId(row))) == value);
  REQUIRE(!Get(tree, RowKey(RowId(20001))));

  uint64_t next = 1;
  std::string from(8, '\0');
  for (bool last = false; !last;) {
    REQUIRE(tree.VisitLeaf(AsBytes(from),
                           [&](const LeafView& leaf) {
                             for (uint32_t i = leaf.LowerBound(AsBytes(from)); i < leaf.count(); ++i) {
                               REQUIRE(leaf.row_id(i) == RowId(next++));
                               REQUIRE(AsText(leaf.value(i)) == value);
                             }
                             last = leaf.is_last();
                             if (!last) from = AsText(leaf.high_fence());
                           })
                .ok());
  }
  REQUIRE(next == 20001);
}

TEST_CASE("a change's record tells all about it") {
  Fixture fixture(64 * kPageBytes);
  Tree tree = fixture.NewTree(TreeKind::kRowId);
  auto put = [&](std::string_view head, std::string_view body, uint64_t link) {
    return tree
        .Modify(RowKey(RowId(5)),
                [&](std::optional<Bytes>, Edit& edit) {
                  edit.op = Edit::Op::kPut;
                  edit.head = AsBytes(head);
                  edit.body = AsBytes(body);
                  edit.stamp = true;
                  edit.txn = TxnId(9);
                  edit.prev = Lsn(48);
                  edit.link = Lsn(link);
                  return Status::Ok();
                })
        .value();
  };
  const std::string header(16, '\0');
  const Lsn first = put(header, "one value that is long", 0);
  const std::string before = *Get(tree, RowKey(RowId(5)));
  REQUIRE(LoadLE<uint64_t>(before.data()) == first.value);
  const Lsn second = put(header, "one VALUE that is long", first.value);
  const std::string after = *Get(tree, RowKey(RowId(5)));
  REQUIRE(LoadLE<uint64_t>(after.data()) == second.value);
  REQUIRE(after.substr(16) == "one VALUE that is long");

  wal::Record record;
  REQUIRE(fixture.log->ReadRecord(second, &record).ok());
  Change change;
  REQUIRE(ParseChange(record, &change).ok());
  REQUIRE(record.txn() == TxnId(9));
  REQUIRE(record.prev() == Lsn(48));
  REQUIRE(change.tree == tree.id());
  REQUIRE(RowIdOf(change.key) == RowId(5));
  REQUIRE(change.link == first);
  REQUIRE(AsText(change.before) == before);
  REQUIRE(change.after_middle.size() == 5);
  std::string copied(change.after_bytes(), '\0');
  change.CopyAfter(reinterpret_cast<std::byte*>(copied.data()));
  REQUIRE(copied == after);
}

TEST_CASE("keys and values have limits, and a refused change changes nothing") {
  Fixture fixture(64 * kPageBytes);
  Tree tree = fixture.NewTree(TreeKind::kKeyed);
  REQUIRE(Put(tree, AsBytes(std::string(kKeyBytesMax + 1, 'k')), "").sqlstate() == sqlstate::kProgramLimitExceeded);
  REQUIRE(Put(tree, AsBytes("k"), std::string(kValueBytesMax + 1, 'v')).sqlstate() == sqlstate::kProgramLimitExceeded);
  Result<Lsn> refused = tree.Modify(AsBytes("k"), [](std::optional<Bytes>, Edit& edit) {
    edit.op = Edit::Op::kPut;
    return Error(sqlstate::kUniqueViolation, "no");
  });
  REQUIRE(refused.status().sqlstate() == sqlstate::kUniqueViolation);
  REQUIRE(CheckTree(tree).entries == 0);
  REQUIRE(tree.Modify(AsBytes("k"),
                      [](std::optional<Bytes>, Edit& edit) {
                        edit.op = Edit::Op::kRemove;
                        return Status::Ok();
                      })
              .value() == Lsn(0));
}

TEST_CASE("a full last leaf finds room for its new high fence") {
  Fixture fixture(64 * kPageBytes);
  for (size_t value_bytes = 100; value_bytes < 180; ++value_bytes) {
    Tree tree = fixture.NewTree(TreeKind::kKeyed);
    for (int n = 0; n < 300; ++n) {
      REQUIRE(Put(tree, AsBytes(Format("a rather long key %08d", n)), std::string(value_bytes, 'v')).ok());
    }
    REQUIRE(CheckTree(tree).entries == 300);
  }
}

TEST_CASE("a leaf that others have split or emptied meanwhile is not split") {
  Fixture fixture(64 * kPageBytes);
  Tree tree = fixture.NewTree(TreeKind::kRowId);
  // The root is an empty leaf.
  REQUIRE(StructureChange(tree).Split(0, RowKey(RowId(1))).ok());
  constexpr uint64_t kRows = 300;
  for (uint64_t row = 1; row <= kRows; ++row) REQUIRE(Put(tree, RowKey(RowId(row)), std::string(100, 'v')).ok());
  // Two that found the last leaf full: the first leaves an empty one behind, which the second meets.
  const RowKey next(RowId(kRows + 1));
  for (int i = 0; i < 3; ++i) REQUIRE(StructureChange(tree).Split(0, next).ok());
  REQUIRE(Put(tree, next, "v").ok());
  REQUIRE(StructureChange(tree).Split(0, next).ok());
  REQUIRE(CheckTree(tree).entries == kRows + 1);
}

// What FillAll() has put, the model gets.
static void FillAll(Tree& tree, const Model& wanted, Model* model) {
  std::vector<Tree::Entry> entries;
  for (const auto& [key, value] : wanted) entries.push_back({AsBytes(key), AsBytes(value)});
  for (std::span<const Tree::Entry> left = entries; !left.empty();) {
    Result<size_t> done = tree.Fill(left);
    REQUIRE(done.ok());
    REQUIRE((*done > 0 && *done <= left.size()));
    left = left.subspan(*done);
  }
  model->insert(wanted.begin(), wanted.end());
}

TEST_CASE("a tree is filled with what it lacks") {
  std::mt19937_64 random(5);
  for (const size_t key_bytes : {4, 40, 1600}) {
    for (const size_t value_bytes : {0, 100, 2048}) {
      Fixture fixture(256 * kPageBytes);
      Tree tree = fixture.NewTree(TreeKind::kKeyed);
      Model model;
      for (int round = 0; round < 6; ++round) {
        Model wanted;
        const int count = static_cast<int>(random() % 400) + 1, from = static_cast<int>(random() % 2000);
        for (int i = 0; i < count; ++i) {
          // Keys of any length that have much in common.
          std::string key = Format("%d", from + static_cast<int>(random() % 1000));
          key = std::string(random() % (key_bytes - 3), 'k') + key.substr(0, 4);
          wanted[key] = std::string(random() % (value_bytes + 1), static_cast<char>('a' + round));
        }
        FillAll(tree, wanted, &model);
        CheckAgainst(tree, model);
        // Some leaves lose some.
        for (auto it = model.begin(); it != model.end();) {
          const bool gone = random() % 4 == 0;
          if (gone) REQUIRE(Remove(tree, AsBytes(it->first)).ok());
          it = gone ? model.erase(it) : std::next(it);
        }
      }
    }
  }
}

TEST_CASE("rows filled in between others fill their leaves, and the log has them about once") {
  Fixture fixture(512 * kPageBytes);
  Tree tree = fixture.NewTree(TreeKind::kRowId);
  Model model;
  auto put = [&](uint64_t row) {
    const std::string key(AsText(RowKey(RowId(row)))), value(100, 'o');
    REQUIRE(Put(tree, AsBytes(key), value).ok());
    model[key] = value;
  };
  // Some are there already, and many after them.
  for (uint64_t row = 17; row < 10000; row += 50) put(row);
  for (uint64_t row = 10000; row < 12000; ++row) put(row);
  const uint64_t leaves = CheckTree(tree).leaf_pages;
  const Lsn begin = fixture.log->appended();
  Model wanted;
  for (uint64_t row = 1; row < 10000; ++row) wanted[std::string(AsText(RowKey(RowId(row))))] = std::string(100, 'f');
  FillAll(tree, wanted, &model);
  CheckAgainst(tree, model);
  const uint64_t bytes = 10000 * (100 + 8 + 10);
  REQUIRE(CheckTree(tree).leaf_pages - leaves < bytes / kPageBytes * 11 / 10);
  REQUIRE(fixture.log->appended().value - begin.value < bytes * 12 / 10);
  // A few are put one by one.
  const Lsn before = fixture.log->appended();
  FillAll(tree, {{std::string(AsText(RowKey(RowId(20000)))), "v"}}, &model);
  REQUIRE(fixture.log->appended().value - before.value < 200);
  CheckAgainst(tree, model);
}

TEST_CASE("entries are pruned leaf by leaf, and the leaves left empty join") {
  Fixture fixture(64 * kPageBytes);
  Tree tree = fixture.NewTree(TreeKind::kRowId);
  const std::string value(100, 'v');
  constexpr uint64_t kRows = 20000, kFrom = 5000, kTo = 15000;
  for (uint64_t row = 1; row <= kRows; ++row) REQUIRE(Put(tree, RowKey(RowId(row)), value).ok());
  const uint64_t leaves = CheckTree(tree).leaf_pages;
  std::string from(AsText(RowKey(RowId(kFrom)))), anchor;
  while (!from.empty() && CompareKeys(AsBytes(from), RowKey(RowId(kTo))) < 0) {
    Result<Tree::Pruned> pruned = tree.Prune(AsBytes(from), [&](Bytes key, Bytes) {
      const uint64_t row = RowIdOf(key).value;
      return row >= kFrom && row < kTo && row % 1000 != 0;
    });
    REQUIRE(pruned.ok());
    if (!anchor.empty()) REQUIRE(tree.Tidy(AsBytes(anchor)).ok());
    anchor = pruned->left == 0 ? anchor.empty() ? from : anchor : "";
    from = pruned->high_fence;
  }
  TreeStats stats = CheckTree(tree);
  REQUIRE(stats.entries == kRows - (kTo - kFrom) + 10);
  REQUIRE(stats.leaf_pages < leaves * 6 / 10);
  for (uint64_t row = 1; row <= kRows; row += 250) {
    REQUIRE(Get(tree, RowKey(RowId(row))).has_value() == (row < kFrom || row >= kTo || row % 1000 == 0));
  }
}
