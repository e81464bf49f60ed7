// tests/btree/fixture.h
//
// A page file, a log and a pool on a simulated disk, without a store around them.
#pragma once
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "btree/buffer_pool.h"
#include "btree/page_map.h"
#include "btree/tree.h"
#include "io/sim_env.h"
#include "wal/log_writer.h"

namespace phantom::btree {

struct Fixture {
  explicit Fixture(uint64_t pool_bytes, uint64_t seed = 1) : env(seed) {
    REQUIRE(env.MakeDirectory("wal").ok());
    REQUIRE(env.MakeDirectory("d").ok());
    file = std::move(env.Open("d/pages", io::OpenMode::kCreate)).value();
    map = std::make_unique<PageMap>(*file);
    map->Create();
    REQUIRE(map->CreateSpace(SpaceId(1), Lsn(1)).value());
    pool = std::make_unique<BufferPool>(*map, pool_bytes);
    log =
        std::move(wal::LogWriter::Open(env, "wal", {.file_bytes = 4 << 20, .ring_bytes = 1 << 20}, Lsn(0), 1)).value();
    pool->SetLog(log.get());
  }

  Tree NewTree(TreeKind kind) {
    const PageId root = map->AllocatePage(SpaceId(1)).value();
    const TreeId id(100 + root.number());
    REQUIRE(Tree::Make(*pool, *log, id, root, kind).ok());
    return Tree(*pool, *log, id, root, kind);
  }

  io::SimEnv env;
  std::unique_ptr<io::File> file;
  std::unique_ptr<PageMap> map;
  std::unique_ptr<BufferPool> pool;
  std::unique_ptr<wal::LogWriter> log;
};

inline Status Put(Tree& tree, Bytes key, std::string_view value) {
  return tree
      .Modify(key,
              [&](std::optional<Bytes>, Edit& edit) {
                edit.op = Edit::Op::kPut;
                edit.body = AsBytes(value);
                return Status::Ok();
              })
      .status();
}

inline Status Remove(Tree& tree, Bytes key) {
  return tree
      .Modify(key,
              [&](std::optional<Bytes>, Edit& edit) {
                edit.op = Edit::Op::kRemove;
                return Status::Ok();
              })
      .status();
}

inline std::optional<std::string> Get(const Tree& tree, Bytes key) {
  std::optional<std::string> found;
  REQUIRE(tree.Read(key,
                    [&](std::optional<Bytes> value) {
                      if (value) found = AsText(*value);
                    })
              .ok());
  return found;
}

inline TreeStats CheckTree(const Tree& tree) {
  TreeStats stats;
  Status status = tree.Check([](PageId) {}, &stats);
  INFO(status.ToString());
  REQUIRE(status.ok());
  return stats;
}

}  // namespace phantom::btree
