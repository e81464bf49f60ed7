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
