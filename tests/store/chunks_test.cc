#include "store/chunks.h"

#include <catch2/catch.hpp>

#include "common/log.h"
#include "io/sim_env.h"
#include "store/mini_txn.h"
#include "store/store.h"

using namespace phantom;
using namespace phantom::store;

namespace {

std::unique_ptr<Store> OpenStore(io::Env& env) {
  SetLogLevel(LogLevel::kError);
  StoreOptions options;
  options.log = {.file_bytes = 256 << 10, .ring_bytes = 128 << 10};
  options.checkpoint_thread = false;
  return std::move(Store::Open(env, "db", options)).value();
}

ColdChunk MakeChunk(Store& store, uint64_t number) {
  ColdChunk chunk{.number = number, .frozen_before = Lsn(number + 7), .rows = 3, .bytes = 4};
  std::unique_ptr<io::File> file = store.chunks().MakeSegment(&chunk.segment).value();
  REQUIRE(file->Write(0, AsBytes(std::string_view("file"))).ok());
  REQUIRE(store.chunks().SyncSegment(*file).ok());
  return chunk;
}

size_t FileCount(io::Env& env) { return env.List("db/segments").value().size(); }

}  // namespace

TEST_CASE("chunks, their deletions and files survive, and what nobody names goes") {
  io::SimEnv env(1);
  const TreeId tree(20000), neighbour(20001);
  ColdChunk first, second;
  {
    auto store = OpenStore(env);
    Chunks& chunks = store->chunks();
    first = MakeChunk(*store, 0);
    second = MakeChunk(*store, 300);
    const ColdChunk other = MakeChunk(*store, 1);
    const ColdChunk unnamed = MakeChunk(*store, 5);
    REQUIRE(first.segment < second.segment);
    REQUIRE(unnamed.segment > other.segment);
    REQUIRE(chunks.Put(kSharedSpace, tree, second).ok());
    REQUIRE(chunks.Put(kSharedSpace, tree, first).ok());
    REQUIRE(chunks.Put(kSharedSpace, neighbour, other).ok());
    for (uint64_t row : {uint64_t{1}, uint64_t{2047}, uint64_t{2048}, kChunkRows - 1, 300 * kChunkRows}) {
      REQUIRE(chunks.NoteDeletion(kSharedSpace, tree, RowId(row)).ok());
    }
    // Entries of chunks are none of trees.
    REQUIRE(store->ListTrees(kSharedSpace).value().empty());
    REQUIRE(FileCount(env) == 4);
    store->log().Flush(Lsn(store->log().appended().value - 1));
    env.CutPowerAfter(0);
  }
  env.Restart();
  {
    auto store = OpenStore(env);
    Chunks& chunks = store->chunks();
    REQUIRE(FileCount(env) == 3);
    const std::vector<ColdChunk> found = chunks.List(kSharedSpace, tree).value();
    REQUIRE(found.size() == 2);
    REQUIRE(found[0].number == 0);
    REQUIRE(found[0].segment == first.segment);
    REQUIRE(found[0].frozen_before == first.frozen_before);
    REQUIRE(found[1].number == 300);
    REQUIRE(found[1].rows == 3);
    std::array<uint64_t, Chunks::kDeletionWords> deleted;
    REQUIRE(chunks.ReadDeletions(kSharedSpace, tree, 0, &deleted).ok());
    REQUIRE(deleted[0] == 2);
    REQUIRE(deleted[31] == uint64_t{1} << 63);
    REQUIRE(deleted[32] == 1);
    REQUIRE(deleted.back() == uint64_t{1} << 63);
    REQUIRE(chunks.ReadDeletions(kSharedSpace, tree, 300, &deleted).ok());
    REQUIRE(deleted[0] == 1);
    REQUIRE(chunks.ReadDeletions(kSharedSpace, neighbour, 1, &deleted).ok());
    REQUIRE(deleted[0] == 0);

    // A new segment keeps the deletions; the end of the cold life forgets them.
    const ColdChunk again = MakeChunk(*store, 0);
    REQUIRE(again.segment > second.segment);
    REQUIRE(chunks.Put(kSharedSpace, tree, again).ok());
    REQUIRE(chunks.RemoveSegment(first.segment).ok());
    REQUIRE(chunks.ReadDeletions(kSharedSpace, tree, 0, &deleted).ok());
    REQUIRE(deleted[0] == 2);
    REQUIRE(chunks.Remove(kSharedSpace, tree, 0).ok());
    REQUIRE(chunks.ReadDeletions(kSharedSpace, tree, 0, &deleted).ok());
    REQUIRE(deleted[0] == 0);
    REQUIRE(chunks.List(kSharedSpace, tree).value().size() == 1);
    REQUIRE(chunks.RemoveTree(kSharedSpace, tree).ok());
    REQUIRE(chunks.List(kSharedSpace, tree).value().empty());
    REQUIRE(chunks.List(kSharedSpace, neighbour).value().size() == 1);
    REQUIRE(store->Close().ok());
  }
  auto store = OpenStore(env);
  REQUIRE(FileCount(env) == 1);
}

TEST_CASE("a dropped space takes its segments along") {
  io::SimEnv env(2);
  auto store = OpenStore(env);
  REQUIRE(store->CreateSpace(SpaceId(7)).ok());
  REQUIRE(store->chunks().Put(SpaceId(7), TreeId(20000), MakeChunk(*store, 0)).ok());
  REQUIRE(FileCount(env) == 1);
  REQUIRE(store->DropSpace(SpaceId(7)).ok());
  REQUIRE(FileCount(env) == 0);
}
