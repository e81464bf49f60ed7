// txn/index_load.h
//
// Fills an index with many entries at once: given in ascending order they become a run under the index's tree
// (docs/decisions/0017-sorted-runs.md), as a change of the transaction. For entries of rows that the transaction itself has
// inserted, or of an index that it has made: nobody else may write the same entries. Or for an index that is being filled: what
// others have written stands over the run, and the entries are those that Index::Fill would take, with a snapshot as old as
// the filler's held until Publish() has returned. Then a rollback may take entries of others along, so the index is good for
// nothing but being dropped.
//
// Uniqueness is the caller's to decide: neighbours with one key are its own doing, and Index::FindConflict knows of others.
//
// Thread safety: one thread at a time.
#pragma once
#include <cstdint>
#include <string_view>

#include "common/ids.h"
#include "common/status.h"
#include "store/run_load.h"
#include "txn/index.h"
#include "txn/transaction.h"

namespace phantom::txn {

// Fewer entries are better inserted one by one.
inline constexpr uint64_t kIndexLoadEntriesMin = 1 << 16;

class IndexLoad {
 public:
  // What has not been published when it goes is forgotten.
  explicit IndexLoad(const Index& index);

  // By key, then row: above the entry before. 54000 "index row size ..." when the key is too long.
  Status Add(std::string_view key, RowId row);
  uint64_t entries() const { return run_.entries(); }
  // Makes the run durable; from now on it is part of the index. Whoever has found a unique key free without it has put his entry
  // when this returns. When the index has too many runs as it is (54000), nothing has changed.
  Status Publish(Transaction& transaction);

 private:
  TransactionManager* manager_;
  SpaceId space_;
  TreeId tree_;
  bool watched_;
  store::RunLoad run_;
};

}  // namespace phantom::txn
