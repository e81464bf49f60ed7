// Hypothetical-set aggregates: rank, dense_rank, percent_rank, cume_dist (PostgreSQL 15, chapter 9.21). What they are given
// of a row: engine/hypothetical_set.h.
#include <string>

#include "engine/functions/collecting_aggregate.h"
#include "engine/functions/tables.h"
#include "types/value.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using Args = std::span<const types::Vector* const>;

struct Standings {
  int64_t before = 0, peers = 0, rows = 0;
};
Status Count(AggregateContext&, Standings& state, Args args, uint32_t row) {
  const auto order = args[0]->Get<int32_t>(row);
  ++state.rows;
  if (order < 0) ++state.before;
  if (order == 0) ++state.peers;
  return Status::Ok();
}
Status FinishRank(AggregateContext&, Standings& state, types::Vector& result, uint32_t at) {
  result.data<int64_t>()[at] = state.before + 1;
  return Status::Ok();
}
Status FinishPercentRank(AggregateContext&, Standings& state, types::Vector& result, uint32_t at) {
  result.data<double>()[at] = state.rows == 0 ? 0 : static_cast<double>(state.before) / static_cast<double>(state.rows);
  return Status::Ok();
}
Status FinishCumeDist(AggregateContext&, Standings& state, types::Vector& result, uint32_t at) {
  result.data<double>()[at] =
      static_cast<double>(state.before + state.peers + 1) / static_cast<double>(state.rows + 1);
  return Status::Ok();
}

// Rows come in order: equal ones count once.
struct DistinctBefore {
  int64_t before = 0;
  std::string last;
};
Status CountDistinct(AggregateContext&, DistinctBefore& state, Args args, uint32_t row) {
  if (args[0]->Get<int32_t>(row) >= 0) return Status::Ok();
  const std::string_view key = args[1]->Get<StringRef>(row).view();
  if (state.before > 0 && state.last == key) return Status::Ok();
  ++state.before;
  state.last = key;
  return Status::Ok();
}
Status FinishDenseRank(AggregateContext&, DistinctBefore& state, types::Vector& result, uint32_t at) {
  result.data<int64_t>()[at] = state.before + 1;
  return Status::Ok();
}

constexpr AggregateKernel kRank = CollectingAggregate<Standings, Count, FinishRank>(true);
constexpr AggregateKernel kPercentRank = CollectingAggregate<Standings, Count, FinishPercentRank>(true);
constexpr AggregateKernel kCumeDist = CollectingAggregate<Standings, Count, FinishCumeDist>(true);
constexpr AggregateKernel kDenseRank = CollectingAggregate<DistinctBefore, CountDistinct, FinishDenseRank>(true);

constexpr KernelEntry kTable[] = {
    KernelEntry::Aggregate(3986, &kRank),
    KernelEntry::Aggregate(3988, &kPercentRank),
    KernelEntry::Aggregate(3990, &kCumeDist),
    KernelEntry::Aggregate(3992, &kDenseRank),
};

}  // namespace

std::span<const KernelEntry> AggregateHypotheticalKernels() { return kTable; }

}  // namespace phantom::engine
