// engine/index_keys.h
//
// The entries of one index for rows of its table: keys from columns and expressions, for the rows its predicate takes.
// The one place that knows how an index's key bytes are made; scans and writers both use it.
//
// Thread safety: one owner.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/table.h"
#include "engine/evaluator.h"
#include "planner/physical_plan.h"
#include "txn/index.h"
#include "types/key_codec.h"

namespace phantom::engine {

// How key columns are encoded: StorageType of each, with its order.
types::KeyCodec IndexCodec(const catalog::Index& index, const Runtime& runtime);

// Keys of a batch's rows.
class KeyBatch {
 public:
  void Clear() {
    bytes_.clear();
    ends_.assign(1, 0);
    flags_.clear();
  }
  std::string_view key(size_t i) const { return std::string_view(bytes_).substr(ends_[i], ends_[i + 1] - ends_[i]); }
  bool indexed(size_t i) const { return (flags_[i] & kIndexed) != 0; }  // the predicate takes the row
  bool has_null(size_t i) const { return (flags_[i] & kHasNull) != 0; }

 private:
  friend class IndexKeys;
  static constexpr uint8_t kIndexed = 1, kHasNull = 2;
  std::string bytes_;
  std::vector<size_t> ends_{0};
  std::vector<uint8_t> flags_;
};

class IndexKeys {
 public:
  static Result<std::unique_ptr<IndexKeys>> Make(const planner::TableRules::IndexKeys& rule, Runtime& runtime);

  const catalog::Index& index() const { return *rule_->index; }
  // Keys of the full rows of a batch: key i is for batch.rows[i].
  Status Compute(const Batch& full, KeyBatch& out);
  // "(a, lower(b))=(1, x)" of the row computed last at position i: for messages.
  Result<std::string> Describe(const catalog::Table& table, uint32_t row) const;

 private:
  IndexKeys(const planner::TableRules::IndexKeys& rule, Runtime& runtime) : rule_(&rule), runtime_(runtime) {}

  const planner::TableRules::IndexKeys* rule_;
  Runtime& runtime_;
  types::KeyCodec codec_;
  std::vector<EvaluatorPtr> exprs_;
  std::vector<const types::Vector*> values_;
  Predicate predicate_;
  std::vector<uint8_t> taken_;
};

}  // namespace phantom::engine
