#include "engine/hypothetical_set.h"

#include "catalog/function.h"
#include "engine/evaluator_internal.h"
#include "engine/sort_keys.h"

namespace phantom::engine {

namespace {

// pg_proc's OIDs of the aggregates.
constexpr Oid kRank = 3986, kPercentRank = 3988, kCumeDist = 3990, kDenseRank = 3992;

// Where a row stands to the hypothetical one.
class StandingEvaluator final : public internal::OwningEvaluator {
 public:
  StandingEvaluator(SortKeys rows, SortKeys hypothetical, Runtime& runtime)
      : OwningEvaluator(types::kInt4Oid, runtime), rows_(std::move(rows)), hypothetical_(std::move(hypothetical)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    RETURN_IF_ERROR(rows_.Encode(batch));
    RETURN_IF_ERROR(hypothetical_.Encode(batch));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const int order = rows_.key(i).compare(hypothetical_.key(i));
      result_.data<int32_t>()[batch.rows[i]] = order < 0 ? -1 : order > 0;
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  SortKeys rows_, hypothetical_;
};

class KeyEvaluator final : public internal::OwningEvaluator {
 public:
  KeyEvaluator(SortKeys rows, Runtime& runtime) : OwningEvaluator(types::kByteaOid, runtime), rows_(std::move(rows)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    RETURN_IF_ERROR(rows_.Encode(batch));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) result_.SetString(static_cast<uint32_t>(batch.rows[i]), rows_.key(i));
    result = &result_;
    return Status::Ok();
  }

 private:
  SortKeys rows_;
};

}  // namespace

bool IsHypotheticalSet(const planner::AggregateCall& call) {
  const Oid oid = call.function->oid;
  return call.within_group && (oid == kRank || oid == kPercentRank || oid == kCumeDist || oid == kDenseRank);
}

bool NeedsOrder(const planner::AggregateCall& call) { return call.function->oid == kDenseRank; }

Status AddHypotheticalArgs(const planner::AggregateCall& call, Runtime& runtime, std::vector<types::Type>& types,
                           std::vector<EvaluatorPtr>& args) {
  std::vector<planner::SortKey> hypothetical = call.order_by;
  for (size_t i = 0; i < hypothetical.size(); ++i) hypothetical[i].expr = call.args[i];
  ASSIGN_OR_RETURN(SortKeys rows, SortKeys::Make(call.order_by, runtime));
  ASSIGN_OR_RETURN(SortKeys one, SortKeys::Make(hypothetical, runtime));
  args.push_back(std::make_unique<StandingEvaluator>(std::move(rows), std::move(one), runtime));
  types.emplace_back(types::kInt4Oid);
  if (NeedsOrder(call)) {
    ASSIGN_OR_RETURN(SortKeys keys, SortKeys::Make(call.order_by, runtime));
    args.push_back(std::make_unique<KeyEvaluator>(std::move(keys), runtime));
    types.emplace_back(types::kByteaOid);
  }
  return Status::Ok();
}

}  // namespace phantom::engine
