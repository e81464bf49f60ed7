// The function call protocol: runs "SELECT function($1, ...)" and gives its one value.
#include "catalog/stored_sql.h"
#include "session/session_state.h"
#include "types/binary_format.h"
#include "types/text_format.h"

namespace phantom::session {

namespace {

Result<std::string> CallText(catalog::Catalog& catalog, Oid oid, size_t arguments) {
  const catalog::FunctionRow* function = catalog.builtins().Function(oid);
  if (function == nullptr) return Errorf(sqlstate::kUndefinedFunction, "function with OID %u does not exist", oid);
  if (function->kind != catalog::FunctionKind::kFunction || function->returns_set) {
    return Errorf(sqlstate::kInvalidParameterValue, "cannot call function \"%s\" via fastpath interface",
                  std::string(function->name).c_str());
  }
  if (function->arguments.size() != arguments) {
    return Errorf(sqlstate::kProtocolViolation, "function call message contains %zu arguments but function requires %zu",
                  arguments, function->arguments.size());
  }
  std::string sql = "SELECT pg_catalog." + catalog::Quoted(function->name) + "(";
  for (size_t i = 0; i < arguments; ++i) sql += (i > 0 ? ", $" : "$") + std::to_string(i + 1);
  return sql + ")";
}

}  // namespace

Progress SessionState::CallFunction(Oid oid, std::span<const int16_t> argument_formats,
                                    std::span<const Session::BoundValue> arguments, int16_t result_format,
                                    ResultSink& to) {
  BeginRequest(to, "<FASTPATH> function call");
  const auto call = [&]() -> Result<std::optional<std::string>> {
    if (result_format != 0 && result_format != 1) {
      return Errorf(sqlstate::kInvalidParameterValue, "unsupported format code: %d", result_format);
    }
    if (block.failed()) {
      return Error(sqlstate::kInFailedSqlTransaction,
                   "current transaction is aborted, commands ignored until end of transaction block");
    }
    RETURN_IF_ERROR(block.Ensure(NowUs()));
    ASSIGN_OR_RETURN(std::string sql, CallText(catalog, oid, arguments.size()));
    auto statement = std::make_shared<Statement>();
    ASSIGN_OR_RETURN(statement->source, ParseText(std::move(sql)));
    statement->node = statement->source->parsed.statements.front().node;
    const auto& types = catalog.builtins().Function(oid)->arguments;
    statement->given_types.assign(types.begin(), types.end());
    RETURN_IF_ERROR(BeginStatement(statement->node));
    RETURN_IF_ERROR(Analyze(*statement));
    const std::unique_ptr<Portal> portal = MakePortal(statement);
    RETURN_IF_ERROR(ReadParameters(*statement, argument_formats, arguments, portal->parameters));
    RETURN_IF_ERROR(StartPortal(*portal));
    RETURN_IF_ERROR(portal->Pull());
    std::optional<std::string> result;
    const types::Vector& value = portal->chunk.column(0);
    if (portal->chunk.size() > 0 && !value.IsNull(0)) {
      result.emplace();
      RETURN_IF_ERROR(result_format == 0
                          ? types::AppendText(value.type(), value.row_slot(0), portal->format, *result)
                          : types::AppendBinary(value.type(), value.row_slot(0), portal->format, *result));
    }
    RETURN_IF_ERROR(portal->CloseExecution());
    RETURN_IF_ERROR(block.FinishImplicit());
    return result;
  };
  const Result<std::optional<std::string>> result = call();
  if (result.ok()) {
    sink->FunctionResult(*result);
    EndRequest();
  } else {
    FailRequest(result.status());
    skip_to_sync = false;
  }
  Ready(to);
  return Progress::kDone;
}

}  // namespace phantom::session
