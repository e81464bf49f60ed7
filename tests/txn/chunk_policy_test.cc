// When chunks move: rest, rates, thresholds, and that nothing swings.
#include "txn/chunk_policy.h"

#include <catch2/catch.hpp>
#include <algorithm>
#include <vector>

#include "store/chunks.h"
#include "txn/chunk_activity.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

constexpr ChunkLook kFullHot{.full = true};

ChunkLook Cold(double overlaid, double dead = 0) {
  constexpr double kRows = store::kChunkRows;
  return {.cold = true,
          .full = true,
          .rows = store::kChunkRows,
          .dead = static_cast<uint64_t>(dead * kRows),
          .overlaid = static_cast<uint64_t>(overlaid * kRows)};
}

// A chunk whose rows are updated at a rate, uniformly, looked at once a second: what becomes of it.
struct Simulation {
  MovingRules rules;
  ChunkHistory history;
  ChunkLook look = kFullHot;
  double now = 0;
  double changes = 0;
  double untouched = 1;  // share of rows that the tree lacks while the chunk is cold
  int freezes = 0, thaws = 0, rewrites = 0;

  void Run(double seconds, double writes_a_second) {
    for (double end = now + seconds; now < end;) {
      now += 1;
      changes += writes_a_second;
      if (look.cold) {
        for (double left = writes_a_second; left > 0; --left) untouched *= 1 - std::min(1.0, left) / store::kChunkRows;
      }
      history.Note(now, 1, writes_a_second > 0, static_cast<uint64_t>(changes));
      if (look.cold) look = Cold(1 - untouched);
      switch (Decide(rules, look, now, &history)) {
        case ChunkMove::kFreeze:
          ++freezes;
          look = Cold(0);
          untouched = 1;
          break;
        case ChunkMove::kRewrite:
          ++rewrites;
          history.NoteReturn(now);
          look = Cold(0);
          untouched = 1;
          break;
        case ChunkMove::kThaw:
          ++thaws;
          history.NoteReturn(now);
          look = kFullHot;
          break;
        default:
          break;
      }
    }
  }
};

}  // namespace

TEST_CASE("a chunk at rest is frozen, one that is written is not") {
  Simulation rested;
  rested.Run(9, 0);
  CHECK(rested.freezes == 0);
  rested.Run(2, 0);
  CHECK(rested.freezes == 1);
  rested.Run(3600, 0);
  CHECK(rested.freezes == 1);

  Simulation written;
  written.Run(3600, 1);
  CHECK(written.freezes == 0);

  ChunkHistory history;
  CHECK(Decide({}, {.full = false}, 1e6, &history) == ChunkMove::kNone);
}

TEST_CASE("what was written fast stays hot until the rate has fallen") {
  Simulation chunk;
  chunk.Run(100, 2000);
  chunk.Run(15, 0);
  CHECK(chunk.freezes == 0);
  chunk.Run(300, 0);
  CHECK(chunk.freezes == 1);
}

TEST_CASE("uniform updates of freshly loaded data thaw it once and early") {
  Simulation chunk;
  chunk.Run(30, 0);
  REQUIRE(chunk.freezes == 1);
  chunk.Run(60, 50);
  CHECK(chunk.thaws == 1);
  chunk.Run(3600, 50);
  CHECK(chunk.thaws == 1);
  CHECK(chunk.freezes == 1);
  // Pauses between runs double what it takes.
  int moves = 0;
  for (int run = 0; run < 20; ++run) {
    chunk.Run(15, 0);
    chunk.Run(120, 50);
    moves = chunk.freezes + chunk.thaws + chunk.rewrites;
  }
  CHECK(moves <= 3);
}

TEST_CASE("few updates leave a chunk cold, and what comes to rest is rewritten") {
  Simulation chunk;
  chunk.Run(30, 0);
  chunk.Run(300, 1);
  CHECK(chunk.thaws == 0);
  chunk.Run(60, 120);
  chunk.Run(5, 0);
  // Thawed meanwhile, or still cold and then rewritten: one way or the other it is cold again in the end.
  chunk.Run(600, 0);
  CHECK(chunk.look.cold);
  CHECK(chunk.thaws + chunk.rewrites == 1);

  ChunkHistory history;
  CHECK(Decide({}, Cold(0.04, 0.24), 100, &history) == ChunkMove::kNone);
  CHECK(Decide({}, Cold(0.06), 100, &history) == ChunkMove::kRewrite);
  CHECK(Decide({}, Cold(0, 0.26), 100, &history) == ChunkMove::kRewrite);
  history.written_at = 99;
  CHECK(Decide({}, Cold(0.06), 100, &history) == ChunkMove::kNone);
  CHECK(Decide({}, Cold(0.11), 100, &history) == ChunkMove::kThaw);
  ChunkLook untrimmed = Cold(0);
  untrimmed.copies = 5;
  CHECK(Decide({}, untrimmed, 100, &history) == ChunkMove::kTrim);
}

TEST_CASE("returns double the rest time and are forgotten") {
  ChunkHistory history;
  for (int i = 0; i < 3; ++i) history.NoteReturn(0);
  CHECK(Decide({}, kFullHot, 79, &history) == ChunkMove::kNone);
  CHECK(Decide({}, kFullHot, 81, &history) == ChunkMove::kFreeze);
  CHECK(Decide({}, kFullHot, 3 * 3600 + 1, &history) == ChunkMove::kFreeze);
  CHECK(history.returns == 0);
}

TEST_CASE("writes are noted by chunk") {
  ChunkActivity activity;
  CHECK(!activity.TakeTouched(5));
  activity.NoteInsert(5);
  CHECK(activity.TakeTouched(5));
  CHECK(!activity.TakeTouched(5));
  CHECK(!activity.TakeTouched(6));
  CHECK(activity.Changes(5) == 0);
  for (uint64_t lsn = 0; lsn < 64000; ++lsn) activity.NoteChange(70000, lsn * 96);
  CHECK(activity.Changes(70000) > 60000);
  CHECK(activity.Changes(70000) < 68000);
  CHECK(activity.Changes(70001) == 0);
  activity.NoteChange(0, 1);
  CHECK(activity.TakeTouched(0));
}
