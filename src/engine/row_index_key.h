// engine/row_index_key.h
//
// The key one index has for one row that is at hand as bytes: what an index entry is compared with when it may be out
// of date, and when indexes are verified.
//
// Thread safety: one thread.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "engine/index_keys.h"
#include "planner/node_arena.h"
#include "planner/physical_plan.h"
#include "txn/row_table.h"

namespace phantom::engine {

class RowIndexKey {
 public:
  // Table and runtime must outlive it.
  static Result<std::unique_ptr<RowIndexKey>> Make(const catalog::Table& table, Oid index, Runtime& runtime);

  // Bytes of RowCodec, overflow references allowed. The results are valid until the next call.
  Status Compute(const txn::RowTable& rows, std::string_view row);
  Status Compute(const txn::RowTable& rows, const txn::FetchedRow& row);
  bool indexed() const { return batch_.indexed(0); }  // false: a partial index that does not take the row
  bool has_null() const { return batch_.has_null(0); }
  std::string_view key() const { return batch_.key(0); }
  // "(a, b)=(1, x)", for messages.
  Result<std::string> Describe(const catalog::Table& table) const { return keys_->Describe(table, 0); }

 private:
  RowIndexKey() = default;

  planner::NodeArena nodes_;
  std::vector<std::shared_ptr<const void>> pinned_;
  planner::TableRules rules_;
  std::unique_ptr<IndexKeys> keys_;
  std::vector<types::Vector> row_;
  std::vector<const types::Vector*> pointers_;
  std::vector<uint32_t> columns_;
  KeyBatch batch_;
};

}  // namespace phantom::engine
