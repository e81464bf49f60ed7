// PREPARE TRANSACTION, COMMIT PREPARED and ROLLBACK PREPARED.
#include <algorithm>

#include "catalog/system_store.h"
#include "session/row_writer.h"
#include "session/services.h"
#include "session/session_state.h"
#include "txn/prepared.h"

namespace phantom::session {

Status SessionState::BeforePrepare() {
  RETURN_IF_ERROR(DecideDeferred(true));
  for (const auto& [name, portal] : portals) {
    if (portal->transaction_serial == block.serial() && portal->is_holdable && portal->execution != nullptr) {
      return Error(sqlstate::kFeatureNotSupported, "cannot PREPARE a transaction that has created a cursor WITH HOLD");
    }
  }
  DropPortalsOfTransaction();
  // What ON COMMIT asks for concerns temporary tables only.
  if (catalog.store().used_temporary()) {
    return Error(sqlstate::kFeatureNotSupported, "cannot PREPARE a transaction that has operated on temporary objects");
  }
  if (!exported_snapshots.empty()) {
    return Error(sqlstate::kFeatureNotSupported, "cannot PREPARE a transaction that has exported snapshots");
  }
  return Status::Ok();
}

Status SessionState::CheckPrepare() {
  // To stop listening means nothing where nobody listens.
  const bool listens = listening || std::ranges::any_of(listen_actions, [](const ListenAction& action) {
                         return action.kind == ListenAction::Kind::kListen;
                       });
  if ((listen_actions.empty() || !listens) && pending_notifications.empty()) return Status::Ok();
  return Error(sqlstate::kFeatureNotSupported,
               "cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY");
}

Result<UtilityResult> SessionState::RunPrepareTransaction(std::string_view gid) {
  if (!block.in_block()) {
    Warning(sqlstate::kNoActiveSqlTransaction, "there is no transaction in progress");
    if (!in_multi_statement()) return UtilityResult{"ROLLBACK"};
  }
  txn::PreparedInfo info;
  info.gid = gid;
  info.owner = current_user;
  info.database = database_oid;
  info.prepared_us = NowUs();
  const auto limit = static_cast<size_t>(instance.settings().GetInteger("max_prepared_transactions"));
  bool prepared = false;
  RETURN_IF_ERROR(block.Prepare(info, limit, &prepared));
  return UtilityResult{prepared ? "PREPARE TRANSACTION" : "ROLLBACK"};
}

Result<UtilityResult> SessionState::RunFinishPrepared(std::string_view gid, bool commit) {
  const char* const command = commit ? "COMMIT PREPARED" : "ROLLBACK PREPARED";
  if (block.in_block() || in_multi_statement()) {
    return Errorf(sqlstate::kActiveSqlTransaction, "%s cannot run inside a transaction block", command);
  }
  txn::PreparedTransactions& prepared = instance.transactions().prepared();
  const txn::PreparedTransactions::Finisher finisher{current_user, superuser, database_oid};
  ASSIGN_OR_RETURN(const Lsn lsn, commit ? prepared.Commit(gid, finisher) : prepared.Rollback(gid, finisher));
  block.Observe(lsn);
  return UtilityResult{command};
}

std::string PreparedTransactionRows(Instance& instance) {
  RowWriter rows;
  for (const txn::PreparedInfo& info : instance.transactions().prepared().List()) {
    rows.Number(static_cast<uint32_t>(info.id.value)).Add(info.gid).Time(info.prepared_us).Number(info.owner);
    rows.Number(info.database).End();
  }
  return rows.Take();
}

}  // namespace phantom::session
