#include "common/blocking_region.h"

#include <catch2/catch.hpp>

namespace phantom {
namespace {

class CountingScheduler : public BlockingScheduler {
 public:
  void EnterBlocking() override { ++entered; }
  void LeaveBlocking() override { ++left; }
  int entered = 0;
  int left = 0;
};

TEST_CASE("only the outermost blocking region reaches the scheduler") {
  { BlockingRegion without_scheduler; }
  CountingScheduler scheduler;
  SetThreadBlockingScheduler(&scheduler);
  {
    BlockingRegion outer;
    BlockingRegion inner;
    CHECK(scheduler.entered == 1);
    CHECK(scheduler.left == 0);
  }
  CHECK(scheduler.entered == 1);
  CHECK(scheduler.left == 1);
  SetThreadBlockingScheduler(nullptr);
  { BlockingRegion after; }
  CHECK(scheduler.entered == 1);
}

}  // namespace
}  // namespace phantom
