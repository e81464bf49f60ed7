// engine/load_index.h
//
// The entries that an index gets from the rows of a bulk load, all at once and in the order of their keys
// (docs/decisions/0020-bulk-load.md). The rows are in place.
//
// Thread safety: one owner.
#pragma once
#include <cstdint>

#include "engine/load_keys.h"
#include "engine/runtime.h"
#include "txn/index.h"
#include "txn/row_table.h"

namespace phantom::engine {

// The first row, in the order of the data, with a unique key that another row has.
struct TakenKey {
  uint32_t number = UINT32_MAX;
  size_t index = 0;
  RowId row;

  bool found() const { return number != UINT32_MAX; }
  void Note(const LoadKeys::Key& key, size_t of_index);
};

class LoadIndex {
 public:
  // All outlive it. number: the index's, for TakenKey.
  LoadIndex(txn::Index& index, size_t number, LoadKeys& keys, const txn::RowTable& rows, Runtime& runtime)
      : index_(index), number_(number), keys_(keys), rows_(rows), runtime_(runtime),
        transaction_(*runtime.context.transaction) {}

  // Makes the entries. Keys that are taken are noted; the statement must fail with them.
  Status Write(TakenKey* taken);

 private:
  // Entries between looks at whether the statement is cancelled.
  static constexpr size_t kEntriesAtOnce = 1024;

  // One by one.
  Status Insert(TakenKey* taken);
  // As a run under the index. False: that has too many, and nothing was done.
  Result<bool> PublishRun();
  // A walk over the stretch of the index that the keys lie in shows which are in it twice, unless too much else is there.
  Status CheckKeys(TakenKey* taken);
  Status Pause(size_t entries) const;

  txn::Index& index_;
  const size_t number_;
  LoadKeys& keys_;
  const txn::RowTable& rows_;
  Runtime& runtime_;
  txn::Transaction& transaction_;
};

}  // namespace phantom::engine
