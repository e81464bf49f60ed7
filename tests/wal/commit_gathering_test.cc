#include <catch2/catch.hpp>

#include "wal/commit_gathering.h"

namespace phantom::wal {
namespace {

using Nanoseconds = CommitGathering::Nanoseconds;
constexpr Nanoseconds kSync(800'000);

void Sync(CommitGathering& gathering, int arriving_meanwhile) {
  gathering.BeginSync();
  for (int i = 0; i < arriving_meanwhile; ++i) gathering.Arrive();
  gathering.EndSync(kSync);
}

TEST_CASE("one who commits alone waits for nobody") {
  CommitGathering gathering;
  for (int i = 0; i < 100; ++i) {
    gathering.Arrive();
    CHECK(!gathering.IsLone());  // somebody waits already
    CHECK(gathering.Patience().count() == 0);
    Sync(gathering, 0);
    CHECK(gathering.IsLone());
  }
  // Until two have come for one sync.
  gathering.Arrive();
  Sync(gathering, 1);
  CHECK(!gathering.IsLone());
  Sync(gathering, 0);
  CHECK(gathering.IsLone());
}

TEST_CASE("two who commit in turn are brought together") {
  CommitGathering gathering;
  gathering.Arrive();
  Sync(gathering, 1);  // the second has come too late
  CHECK(!gathering.IsComplete());
  CHECK(gathering.Patience().count() > 0);
  CHECK(gathering.Patience() <= kSync / 4);
  gathering.Arrive();  // the first comes again
  CHECK(gathering.IsComplete());
  gathering.NoteWait(true);
  Sync(gathering, 0);
  // Now both are released at once.
  gathering.Arrive();
  CHECK(!gathering.IsComplete());
  CHECK(gathering.Patience().count() > 0);
  gathering.Arrive();
  CHECK(gathering.Patience().count() == 0);
}

TEST_CASE("waits that were in vain become rare, until one was not") {
  CommitGathering gathering;
  int waits = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (gathering.Patience().count() > 0) {
      ++waits;
      gathering.NoteWait(gathering.IsComplete());
    }
    Sync(gathering, 1);
  }
  CHECK(waits > 10);
  CHECK(waits < 100);
  while (gathering.Patience().count() == 0) Sync(gathering, 1);
  gathering.Arrive();
  gathering.NoteWait(true);
  Sync(gathering, 1);
  CHECK(gathering.Patience().count() > 0);
}

}  // namespace
}  // namespace phantom::wal
