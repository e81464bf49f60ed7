// store/run_list.h
//
// The lists of runs in the tree directories (docs/formats/control.md).
//
// Errors as for Store. Thread safety: any thread; changes of one tree's list by one at a time.
#pragma once
#include <cstdint>
#include <vector>

#include "common/function_ref.h"
#include "common/ids.h"
#include "common/status.h"
#include "store/cold_files.h"

namespace phantom::btree {
class Tree;
}

namespace phantom::store {

struct RunInfo {
  ColdFileId file;
  uint64_t bytes = 0;
  uint64_t entries = 0;
  TxnId added_by;  // 0: flushed or merged; else it may still be taken back while that transaction is in progress
};

// A list is one value of the directory.
inline constexpr size_t kRunsMax = 60;

// Newest first. Requires the space's directory.
Result<std::vector<RunInfo>> ReadRunList(const btree::Tree& directory, TreeId tree);
// With one record. An empty list leaves no entry.
Status WriteRunList(btree::Tree& directory, TreeId tree, const std::vector<RunInfo>& runs);
// Calls fn with every run of every tree; stops at an error.
Status ForEachRun(const btree::Tree& directory, FunctionRef<Status(TreeId tree, const RunInfo& run)> fn);

}  // namespace phantom::store
