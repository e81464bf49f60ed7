// txn/check.h
//
// Verifies a table against its indexes: every newest row has exactly the index entries its keys ask for, and every
// plain entry leads to a row with that key, wherever the rows are. Used by `phantomdb check`, phantom_check() and crash tests.
//
// Without a snapshot the table must be quiet: nothing in progress on it. With one it may be in use, but must not be moved,
// dropped or truncated; then the trees and segments are verified too, and what is compared are the rows the snapshot sees. What
// changes while it is looked at is looked at again, so that only what stays wrong is reported.
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

struct CheckProblem {
  std::string text;
  std::string index;  // empty: the table
  std::string file;   // within the data directory; empty: not a file's fault
  std::string rows;   // row ids, "5" or "1-2048"; empty: unknown
};

struct CheckOptions {
  const Snapshot* snapshot = nullptr;
  // Called, with nothing latched, after so many bytes have been looked at; its error ends the check.
  std::function<Status(uint64_t bytes)> pace;
};

struct CheckReport {
  uint64_t rows = 0;
  uint64_t ghosts = 0;            // deleted rows purge has not reached
  uint64_t entries = 0;
  uint64_t dead_entries = 0;
  uint64_t overflow_values = 0;
  std::vector<CheckProblem> problems;  // at most kProblemsMax
  static constexpr size_t kProblemsMax = 100;

  bool ok() const { return problems.empty(); }
};

// The tree directory of a space, which may be in use.
Result<CheckReport> CheckDirectory(TransactionManager& manager, SpaceId space, const CheckOptions& options);

Result<CheckReport> CheckTable(TransactionManager& manager, const RowTable& table,
                               const std::vector<CheckedIndex>& indexes, const CheckOptions& options = {});

}  // namespace phantom::txn
