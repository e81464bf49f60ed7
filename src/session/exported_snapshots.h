// session/exported_snapshots.h
//
// Snapshots that transactions have exported (pg_export_snapshot), by their identifiers, for others to import (SET
// TRANSACTION SNAPSHOT). Each is there until the transaction that exported it ends.
//
// Thread safety: all methods may be called from any thread.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/mutex.h"
#include "txn/transaction.h"

namespace phantom::session {

struct ExportedSnapshot {
  txn::KeptSnapshot kept;
  Oid database = 0;
  txn::Isolation isolation = txn::Isolation::kReadCommitted;
  bool read_only = false;
};

class ExportedSnapshots {
 public:
  void Add(const std::string& id, ExportedSnapshot exported);
  void Remove(const std::string& id);
  // Null: there is none.
  std::shared_ptr<const ExportedSnapshot> Find(std::string_view id) const;

 private:
  mutable Mutex mutex_{LockRank::kSession};
  std::map<std::string, std::shared_ptr<const ExportedSnapshot>, std::less<>> exported_;
};

}  // namespace phantom::session
