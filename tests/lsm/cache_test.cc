// The cache under threads: what is pinned stays, and memory stays within bounds.
#include <catch2/catch.hpp>
#include <thread>

#include "segment_fixture.h"

using namespace phantom;
using namespace phantom::lsm;

TEST_CASE("threads read through a cache that is too small") {
  std::vector<TestColumn> columns = ColumnsNamed({"int8 any", "text comments", "name", "numeric few"});
  io::SimEnv env(1);
  BlockCache cache(64 << 10);
  TestTable table(columns, 8 * kVectorRows, 5);
  table.Write(env, "/d/segment");
  {
    auto reader = std::move(OpenSegment(env, "/d/segment", cache)).value();
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (uint64_t seed = 0; seed < 4; ++seed) {
      threads.emplace_back([&, seed] {
        Numbers numbers(seed);
        for (int i = 0; i < 3000; ++i) {
          const auto column = static_cast<uint32_t>(numbers.Below(columns.size()));
          const auto position = static_cast<uint32_t>(numbers.Below(table.rows));
          const types::Vector& want = table.values[column];
          types::Vector out(want.type(), want.layout(), 1);
          const bool right = reader->ReadValue(column, position, out, 0).ok() &&
                             SameSlot(want.layout(), out.slot(0), want.slot(position));
          wrong += !right;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(wrong == 0);
    REQUIRE(cache.bytes() > 0);
  }
  REQUIRE(cache.bytes() == 0);
}

TEST_CASE("a cache gives memory back when it may have less") {
  io::SimEnv env(1);
  BlockCache cache(8 << 20);
  TestTable table(ColumnsNamed({"int8 any", "text comments"}), 8 * kVectorRows, 5);
  table.Write(env, "/d/segment");
  {
    auto reader = std::move(OpenSegment(env, "/d/segment", cache)).value();
    auto read_all = [&] {
      for (uint32_t position = 0; position < table.rows; position += 97) {
        for (uint32_t column = 0; column < 2; ++column) {
          const types::Vector& want = table.values[column];
          types::Vector out(want.type(), want.layout(), 1);
          REQUIRE(reader->ReadValue(column, position, out, 0).ok());
          REQUIRE(SameSlot(want.layout(), out.slot(0), want.slot(position)));
        }
      }
    };
    read_all();
    const size_t all = cache.bytes();
    cache.SetBytesMax(all / 4);
    REQUIRE(cache.bytes() <= all / 4);
    read_all();
    REQUIRE(cache.bytes() <= all / 2);
    cache.SetBytesMax(8 << 20);
    read_all();
    REQUIRE(cache.bytes() == all);
  }
  REQUIRE(cache.bytes() == 0);
}
