// store/run_load.h
//
// Makes a run of entries in ascending order and gives it to a tree, as a change of a transaction: rollback takes it away
// again. Nobody else may put one of its keys into the tree meanwhile (entries of new rows, or of a new tree).
//
// Thread safety: one thread at a time.
#pragma once
#include <memory>

#include "common/bytes.h"
#include "common/ids.h"
#include "common/status.h"

namespace phantom::store {

class Store;
class TieredTree;

class RunLoad {
 public:
  RunLoad(Store& store, std::shared_ptr<TieredTree> tree, uint8_t filter_trim);
  // What was not published is removed.
  ~RunLoad();
  RunLoad(RunLoad&&) noexcept;

  // The key must be above the one before.
  Status Add(Bytes key, Bytes value);
  uint64_t entries() const;
  // Makes the file durable and puts it in front of the tree's runs, behind a record in the transaction's chain, whose latest
  // is *last. Does nothing without entries. 54000 when the tree has too many runs; then *last may have changed nevertheless.
  Status Publish(TxnId txn, Lsn* last);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phantom::store
