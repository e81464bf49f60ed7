// Memory that the pool takes and gives back.
#include <thread>

#include "btree/fixture.h"

using namespace phantom;
using namespace phantom::btree;

namespace {

constexpr uint64_t kFrames = 2048;

void Fill(Tree& tree, uint64_t rows) {
  for (uint64_t row = 1; row <= rows; ++row) REQUIRE(Put(tree, RowKey(RowId(row)), std::string(1000, 'v')).ok());
}

}  // namespace

TEST_CASE("memory of pages that are gone goes back to the system, and comes again") {
  Fixture fixture(kFrames * kPageBytes);
  const PoolStats fresh = fixture.pool->Stats();
  REQUIRE(fresh.untouched == fresh.frames);
  for (int round = 0; round < 3; ++round) {
    Tree tree = fixture.NewTree(TreeKind::kRowId);
    Fill(tree, 8000);
    const PoolStats full = fixture.pool->Stats();
    REQUIRE(full.free <= full.frames / 2);
    REQUIRE(full.untouched <= full.free);
    REQUIRE(Get(tree, RowKey(RowId(4000))) == std::string(1000, 'v'));
    REQUIRE(tree.FreePages().ok());
    REQUIRE(fixture.pool->Stats().untouched < fresh.frames);
    fixture.pool->ReleaseFree();
    const PoolStats released = fixture.pool->Stats();
    REQUIRE(released.free == fresh.free);
    REQUIRE(released.untouched == fresh.frames);
  }
}

TEST_CASE("memory goes back while pages are made and freed") {
  Fixture fixture(kFrames * kPageBytes);
  std::atomic<bool> done{false};
  std::thread releasing([&] {
    while (!done) fixture.pool->ReleaseFree();
  });
  Tree staying = fixture.NewTree(TreeKind::kRowId);
  Fill(staying, 1000);
  for (int round = 0; round < 10; ++round) {
    Tree first = fixture.NewTree(TreeKind::kRowId), second = fixture.NewTree(TreeKind::kRowId);
    Fill(first, 2000);
    Fill(second, 2000);
    REQUIRE(first.FreePages().ok());
    REQUIRE(CheckTree(second).entries == 2000);
    REQUIRE(second.FreePages().ok());
  }
  done = true;
  releasing.join();
  REQUIRE(CheckTree(staying).entries == 1000);
  REQUIRE(Get(staying, RowKey(RowId(500))) == std::string(1000, 'v'));
}
