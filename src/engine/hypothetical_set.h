// engine/hypothetical_set.h
//
// What hypothetical-set aggregates (rank, dense_rank, percent_rank, cume_dist WITHIN GROUP) are given of each row: an int4
// that says whether it comes before (-1), with (0) or behind (1) the hypothetical row, and a bytea, the row's sort key.
#pragma once
#include <vector>

#include "engine/evaluator.h"

namespace phantom::engine {

bool IsHypotheticalSet(const planner::AggregateCall& call);
// Must the kernel get the rows in order?
bool NeedsOrder(const planner::AggregateCall& call);
Status AddHypotheticalArgs(const planner::AggregateCall& call, Runtime& runtime, std::vector<types::Type>& types,
                           std::vector<EvaluatorPtr>& args);

}  // namespace phantom::engine
