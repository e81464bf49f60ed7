// engine/sort_keys.h
//
// ORDER BY as bytes: each row's sort key encoded so that memcmp orders rows as SQL does, and rows whose keys are equal
// bytes are peers. Used by sort, top-N, DISTINCT ON, WITH TIES, windows and ordered aggregates.
//
// Thread safety: one owner.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "engine/evaluator.h"
#include "types/key_codec.h"

namespace phantom::engine {

class SortKeys {
 public:
  // 42883 "could not identify an ordering operator for type ..." for a type without an order.
  static Result<SortKeys> Make(std::span<const planner::SortKey> keys, Runtime& runtime);
  // Grouping columns: ascending.
  static Result<SortKeys> MakeGroups(std::span<planner::Expr* const> exprs, Runtime& runtime);

  // Encodes the key of each row: key i is row batch.rows[i].
  Status Encode(const Batch& batch);
  std::string_view key(size_t i) const { return std::string_view(bytes_).substr(ends_[i], ends_[i + 1] - ends_[i]); }
  size_t size() const { return ends_.empty() ? 0 : ends_.size() - 1; }
  bool empty() const { return exprs_.empty(); }

 private:
  Status Add(const planner::Expr& expr, bool descending, bool nulls_first, Runtime& runtime);

  std::vector<EvaluatorPtr> exprs_;
  std::vector<types::KeyColumn> columns_;
  types::KeyCodec codec_;
  std::string bytes_;
  std::vector<size_t> ends_;
  std::vector<const types::Vector*> values_;
};

}  // namespace phantom::engine
