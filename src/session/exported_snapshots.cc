#include "session/exported_snapshots.h"

#include <utility>

#include "session/session_state.h"

namespace phantom::session {

void ExportedSnapshots::Add(const std::string& id, ExportedSnapshot exported) {
  auto shared = std::make_shared<const ExportedSnapshot>(std::move(exported));
  MutexLock lock(mutex_);
  exported_[id] = std::move(shared);
}

void ExportedSnapshots::Remove(const std::string& id) {
  MutexLock lock(mutex_);
  exported_.erase(id);
}

std::shared_ptr<const ExportedSnapshot> ExportedSnapshots::Find(std::string_view id) const {
  MutexLock lock(mutex_);
  const auto found = exported_.find(id);
  return found == exported_.end() ? nullptr : found->second;
}

// ---- A session's part ------------------------------------------------------------------------------------------------

Result<std::string> SessionState::ExportSnapshot() {
  if (block.savepoint_depth() > 0) {
    return Error(sqlstate::kActiveSqlTransaction, "cannot export a snapshot from a subtransaction");
  }
  txn::Transaction& transaction = block.transaction();
  // What the statement that asks for it sees.
  const Portal* const portal = running_portal();
  txn::Snapshot fresh;
  if (portal == nullptr || !portal->snapshot.valid()) fresh = transaction.TakeSnapshot();
  const txn::Snapshot& seen = fresh.valid() ? fresh : portal->snapshot;
  const std::string id = Format("%08X-%08X-%zu", static_cast<unsigned>(control->pid), static_cast<unsigned>(block.serial()),
                                exported_snapshots.size() + 1);
  instance.exported_snapshots().Add(
      id, {instance.transactions().KeepSnapshot(seen), database_oid, transaction.isolation(), transaction.read_only()});
  exported_snapshots.push_back(id);
  return id;
}

void SessionState::ForgetExportedSnapshots() {
  for (const std::string& id : std::exchange(exported_snapshots, {})) instance.exported_snapshots().Remove(id);
}

Status SessionState::ImportSnapshot(std::string_view id) {
  txn::Transaction& transaction = block.transaction();
  if (transaction.has_snapshot() || transaction.id() || block.savepoint_depth() > 0) {
    return Error(sqlstate::kActiveSqlTransaction, "SET TRANSACTION SNAPSHOT must be called before any query");
  }
  if (!transaction.keeps_snapshot()) {
    return Error(sqlstate::kFeatureNotSupported,
                 "a snapshot-importing transaction must have isolation level SERIALIZABLE or REPEATABLE READ");
  }
  const std::shared_ptr<const ExportedSnapshot> exported = instance.exported_snapshots().Find(id);
  if (exported == nullptr) {
    return Errorf(sqlstate::kInvalidParameterValue, "invalid snapshot identifier: \"%s\"", std::string(id).c_str());
  }
  const bool serializable = transaction.isolation() == txn::Isolation::kSerializable;
  if (serializable && exported->isolation != txn::Isolation::kSerializable) {
    return Error(sqlstate::kFeatureNotSupported,
                 "a serializable transaction cannot import a snapshot from a non-serializable transaction");
  }
  if (serializable && exported->read_only && !transaction.read_only()) {
    return Error(sqlstate::kFeatureNotSupported,
                 "a non-read-only serializable transaction cannot import a snapshot from a read-only transaction");
  }
  if (exported->database != database_oid) {
    return Error(sqlstate::kFeatureNotSupported, "cannot import a snapshot from a different database");
  }
  if (serializable && transaction.read_only() && block.modes().deferrable) {
    return Error(sqlstate::kFeatureNotSupported, "a snapshot-importing transaction must not be READ ONLY DEFERRABLE");
  }
  // Plans made for newer snapshots may use indexes that lack what this one sees.
  ForgetPlans();
  return transaction.AdoptSnapshot(exported->kept);
}

}  // namespace phantom::session
