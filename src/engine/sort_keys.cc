#include "engine/sort_keys.h"

namespace phantom::engine {

Status SortKeys::Add(const planner::Expr& expr, bool descending, bool nulls_first, Runtime& runtime) {
  const types::Type storage = runtime.StorageType(expr.type);
  if (!types::HasKeyEncoding(storage.oid)) {
    return Error(sqlstate::kUndefinedFunction,
                 "could not identify an ordering operator for type " + types::FormatTypeName(expr.type))
        .Hint("Use an explicit ordering operator or modify the query.");
  }
  ASSIGN_OR_RETURN(EvaluatorPtr evaluator, Compile(expr, runtime));
  exprs_.push_back(std::move(evaluator));
  columns_.push_back({storage, descending, nulls_first});
  return Status::Ok();
}

Result<SortKeys> SortKeys::Make(std::span<const planner::SortKey> keys, Runtime& runtime) {
  SortKeys result;
  for (const planner::SortKey& key : keys) {
    RETURN_IF_ERROR(result.Add(*key.expr, key.descending, key.nulls_first, runtime));
  }
  result.codec_ = types::KeyCodec(result.columns_);
  result.values_.resize(result.exprs_.size());
  return result;
}

Result<SortKeys> SortKeys::MakeGroups(std::span<planner::Expr* const> exprs, Runtime& runtime) {
  SortKeys result;
  for (const planner::Expr* expr : exprs) RETURN_IF_ERROR(result.Add(*expr, false, false, runtime));
  result.codec_ = types::KeyCodec(result.columns_);
  result.values_.resize(result.exprs_.size());
  return result;
}

Status SortKeys::Encode(const Batch& batch) {
  bytes_.clear();
  ends_.assign(1, 0);
  for (size_t c = 0; c < exprs_.size(); ++c) RETURN_IF_ERROR(exprs_[c]->Evaluate(batch, values_[c]));
  for (size_t i = 0; i < batch.rows.count; ++i) {
    const uint32_t row = batch.rows[i];
    for (uint32_t c = 0; c < exprs_.size(); ++c) {
      if (values_[c]->IsNull(row)) {
        codec_.AppendNull(c, bytes_);
      } else {
        codec_.AppendColumn(c, values_[c]->row_slot(row), bytes_);
      }
    }
    ends_.push_back(bytes_.size());
  }
  return Status::Ok();
}

}  // namespace phantom::engine
