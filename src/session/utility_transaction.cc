// BEGIN, COMMIT, ROLLBACK and savepoints; SET TRANSACTION's modes.
#include "parser/ast_utility.h"
#include "session/session_state.h"

namespace phantom::session {

using parser::TransactionCommand;

Status SessionState::ApplyTransactionModes(parser::ListOf<parser::DefElem> modes) {
  for (const parser::DefElem* mode : modes) {
    const auto* value = parser::DynCast<parser::Constant>(mode->arg);
    if (value == nullptr) continue;
    const bool flag = value->type == parser::ConstantType::kBoolean ? value->boolean : value->integer != 0;
    if (mode->name == "transaction_isolation") {
      const std::string_view level = value->text;
      const txn::Isolation isolation = level == "serializable"      ? txn::Isolation::kSerializable
                                       : level == "repeatable read" ? txn::Isolation::kRepeatableRead
                                                                    : txn::Isolation::kReadCommitted;
      RETURN_IF_ERROR(block.SetIsolation(isolation, level == "read uncommitted"));
    } else if (mode->name == "transaction_read_only") {
      RETURN_IF_ERROR(block.SetReadOnly(flag));
    } else if (mode->name == "transaction_deferrable") {
      RETURN_IF_ERROR(block.SetDeferrable(flag));
    }
  }
  return Status::Ok();
}

Result<UtilityResult> SessionState::RunTransaction(const parser::Node& node) {
  const auto& statement = parser::Cast<parser::TransactionStmt>(node);
  bool none = false;
  const auto chain_needs_block = [&](const char* command) {
    return Errorf(sqlstate::kNoActiveSqlTransaction, "%s AND CHAIN can only be used in transaction blocks", command);
  };
  const auto no_transaction = [&] {
    Warning(sqlstate::kNoActiveSqlTransaction, "there is no transaction in progress");
  };
  const auto chain = [&](const TransactionModes& modes) -> Status {
    bool already = false;
    RETURN_IF_ERROR(block.Begin(NowUs(), &already));
    block.BeginWith(modes);
    return Status::Ok();
  };
  switch (statement.command) {
    case TransactionCommand::kBegin:
    case TransactionCommand::kStart: {
      bool already = false;
      RETURN_IF_ERROR(block.Begin(statement_start_us, &already));
      if (already) Warning(sqlstate::kActiveSqlTransaction, "there is already a transaction in progress");
      RETURN_IF_ERROR(ApplyTransactionModes(statement.options));
      return UtilityResult{statement.command == TransactionCommand::kBegin ? "BEGIN" : "START TRANSACTION"};
    }
    case TransactionCommand::kCommit: {
      if (statement.chain && !block.in_block()) return chain_needs_block("COMMIT");
      const TransactionModes modes = block.modes();
      bool committed = false;
      RETURN_IF_ERROR(block.Commit(&none, &committed));
      if (none) no_transaction();
      if (statement.chain) RETURN_IF_ERROR(chain(modes));
      return UtilityResult{committed ? "COMMIT" : "ROLLBACK"};
    }
    case TransactionCommand::kRollback: {
      if (statement.chain && !block.in_block()) return chain_needs_block("ROLLBACK");
      const TransactionModes modes = block.modes();
      RETURN_IF_ERROR(block.Rollback(&none));
      if (none) no_transaction();
      if (statement.chain) RETURN_IF_ERROR(chain(modes));
      return UtilityResult{"ROLLBACK"};
    }
    case TransactionCommand::kSavepoint:
      RETURN_IF_ERROR(block.Savepoint(statement.savepoint));
      return UtilityResult{"SAVEPOINT"};
    case TransactionCommand::kRelease:
      RETURN_IF_ERROR(block.Release(statement.savepoint));
      return UtilityResult{"RELEASE"};
    case TransactionCommand::kRollbackTo:
      RETURN_IF_ERROR(block.RollbackTo(statement.savepoint));
      return UtilityResult{"ROLLBACK"};
    case TransactionCommand::kPrepare:
      return RunPrepareTransaction(statement.gid);
    case TransactionCommand::kCommitPrepared:
      return RunFinishPrepared(statement.gid, true);
    case TransactionCommand::kRollbackPrepared:
      return RunFinishPrepared(statement.gid, false);
  }
  return UtilityResult{};
}

}  // namespace phantom::session
