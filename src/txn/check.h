// txn/check.h
//
// Verifies a table against its indexes: every newest row has exactly the index entries its keys ask for, and every
// plain entry leads to a row with that key. Used by `phantomdb check` and by crash tests. Wants a quiet table: nothing
// in progress on it.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "txn/index.h"
#include "txn/row_table.h"

namespace phantom::txn {

struct CheckedIndex {
  const Index* index;
  std::string name;
  bool unique = false;
  // The key of a row (overflow values in place); nullopt: the row has no entry (partial index).
  std::function<Result<std::optional<std::string>>(std::string_view row)> key_of;
  // A NULL in the key lets a unique index hold it twice.
  std::function<bool(std::string_view row)> key_has_null;
};

struct CheckReport {
  uint64_t rows = 0;
  uint64_t ghosts = 0;            // deleted rows purge has not reached
  uint64_t entries = 0;
  uint64_t dead_entries = 0;
  uint64_t overflow_values = 0;
  std::vector<std::string> problems;  // at most kProblemsMax
  static constexpr size_t kProblemsMax = 100;

  bool ok() const { return problems.empty(); }
};

Result<CheckReport> CheckTable(TransactionManager& manager, const RowTable& table,
                               const std::vector<CheckedIndex>& indexes);

}  // namespace phantom::txn
