// txn/chunk_policy.h
//
// When a chunk is worth moving (docs/decisions/0019-moving-rows.md): a pure function of what is known of it. Times are
// seconds on the caller's clock.
#pragma once
#include <cstdint>
#include <string_view>

namespace phantom::txn {

// What a look at a chunk finds.
struct ChunkLook {
  bool cold = false;
  bool full = false;      // no row ids are left to give out
  uint64_t rows = 0;      // cold: in the segment
  uint64_t bytes = 0;     // ... of its file
  uint64_t dead = 0;      // ... of these deleted since
  uint64_t overlaid = 0;  // cold: rows of the tree that the segment has otherwise, or not
  uint64_t copies = 0;    // cold: rows of the tree that the segment has as well
};

// Part of the cold chunks' bytes.
struct SegmentColumn {
  uint32_t column = 0;  // attribute number; 0: who wrote the rows
  std::string_view encoding;
  uint64_t vectors = 0;
  uint64_t bytes = 0;
};

// A chunk's past, as far as it matters.
struct ChunkHistory {
  double written_at = 0;     // last
  double rate = 0;           // updates and deletes a second
  uint64_t changes = 0;      // counted so far
  int returns = 0;           // thaws, and rewrites for what was overlaid
  double returned_at = 0;    // the latest
  double not_before = 0;     // a move failed: no other before this time

  // A look: what was found written since the one before.
  void Note(double now, double elapsed, bool touched, uint64_t changes_now);
  // A move came to nothing for now.
  void Postpone(double now, double rest);
  void NoteReturn(double now);
};

struct MovingRules {
  double rest = 10;             // before a chunk moves
  double horizon = 300;         // rates are looked at so far ahead
  double freeze_share = 0.05;   // no more than this would be written within the horizon
  double thaw_share = 0.10;     // is overlaid
  double early_share = 0.01;    // ... is, and thaw_share will be within the horizon
  double rewrite_share = 0.05;  // is overlaid, and the chunk is at rest
  double dead_share = 0.25;
};

enum class ChunkMove : uint8_t { kNone, kFreeze, kTrim, kThaw, kRewrite };

const char* ChunkMoveName(ChunkMove move);

// `*history` ages: its returns are forgotten one by one.
ChunkMove Decide(const MovingRules& rules, const ChunkLook& look, double now, ChunkHistory* history);

}  // namespace phantom::txn
