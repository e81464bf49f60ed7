#include "txn/chunk_policy.h"

#include <algorithm>
#include <cmath>

#include "store/chunks.h"

namespace phantom::txn {

namespace {

constexpr double kRateSeconds = 30;     // what rates are averaged over
constexpr double kForgetSeconds = 3600;  // a return weighs so long
constexpr int kReturnsMax = 10;

}  // namespace

void ChunkHistory::Note(double now, double elapsed, bool touched, uint64_t changes_now) {
  if (touched) written_at = now;
  const auto counted = static_cast<double>(changes_now - changes);
  changes = changes_now;
  if (elapsed <= 0) return;
  const double kept = std::exp(-elapsed / kRateSeconds);
  rate = rate * kept + counted / elapsed * (1 - kept);
}

void ChunkHistory::Postpone(double now, double rest) { not_before = now + rest; }

void ChunkHistory::NoteReturn(double now) {
  returns = std::min(returns + 1, kReturnsMax);
  returned_at = now;
}

const char* ChunkMoveName(ChunkMove move) {
  switch (move) {
    case ChunkMove::kNone:
      return "none";
    case ChunkMove::kFreeze:
      return "freeze";
    case ChunkMove::kTrim:
      return "trim";
    case ChunkMove::kThaw:
      return "thaw";
    case ChunkMove::kRewrite:
      return "rewrite";
  }
  return "";
}

ChunkMove Decide(const MovingRules& rules, const ChunkLook& look, double now, ChunkHistory* history) {
  while (history->returns > 0 && now - history->returned_at >= kForgetSeconds) {
    --history->returns;
    history->returned_at += kForgetSeconds;
  }
  if (now < history->not_before) return ChunkMove::kNone;
  const double quiet = now - history->written_at;
  const double soon = history->rate * rules.horizon;
  const bool rested = quiet >= std::ldexp(rules.rest, history->returns);
  if (!look.cold) {
    const auto rows = static_cast<double>(store::kChunkRows);
    return look.full && rested && soon < rows * rules.freeze_share ? ChunkMove::kFreeze : ChunkMove::kNone;
  }
  const auto rows = static_cast<double>(std::max<uint64_t>(look.rows, 1));
  const double overlaid = static_cast<double>(look.overlaid) / rows;
  const double dead = static_cast<double>(look.dead) / rows;
  // Rewriting also trims.
  if (rested && (overlaid >= rules.rewrite_share || dead >= rules.dead_share)) return ChunkMove::kRewrite;
  if (quiet < rules.rest &&
      (overlaid >= rules.thaw_share || (overlaid >= rules.early_share && overlaid + soon / rows >= rules.thaw_share))) {
    return ChunkMove::kThaw;
  }
  return look.copies > 0 ? ChunkMove::kTrim : ChunkMove::kNone;
}

}  // namespace phantom::txn
