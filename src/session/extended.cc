// The extended query protocol: prepared statements and portals by name.
#include <algorithm>

#include "session/session_state.h"
#include "types/binary_format.h"
#include "types/text_format.h"

namespace phantom::session {

namespace {

// A step of the extended protocol other than Execute: an error skips to Sync.
class Step {
 public:
  explicit Step(SessionState& state) : state_(state) {}
  void Finish(Status status) {
    if (!status.ok()) state_.FailRequest(std::move(status));
  }

 private:
  SessionState& state_;
};

Status NoSuchStatement(std::string_view name) {
  if (name.empty()) return Error(sqlstate::kUndefinedPstatement, "unnamed prepared statement does not exist");
  return Errorf(sqlstate::kUndefinedPstatement, "prepared statement \"%s\" does not exist", std::string(name).c_str());
}

Status NoSuchPortal(std::string_view name) {
  return Errorf(sqlstate::kUndefinedCursor, "portal \"%s\" does not exist", std::string(name).c_str());
}

// Is the binary form the text itself?
bool IsPlainText(Oid type) {
  return type == types::kTextOid || type == types::kVarcharOid || type == types::kBpcharOid || type == types::kNameOid ||
         type == types::kJsonOid || type == types::kUnknownOid;
}

}  // namespace

Status SessionState::ReadParameters(const Statement& statement, std::span<const int16_t> formats,
                                    std::span<const Session::BoundValue> values,
                                    std::vector<types::Value>& parameters) const {
  parameters.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const types::Type type(statement.param_types[i]);
    const int16_t code = FormatOf(formats, i);
    if (!values[i]) {
      parameters.push_back(types::Value::Null(type));
      continue;
    }
    if (code != 0 && code != 1) {
      return Errorf(sqlstate::kInvalidParameterValue, "unsupported format code: %d", code);
    }
    std::string kept;
    std::string_view bytes = *values[i];
    if (encoding != nullptr && (code == 0 || IsPlainText(type.oid))) {
      ASSIGN_OR_RETURN(bytes, FromClient(bytes, kept));
    }
    if (code == 0) RETURN_IF_ERROR(types::CheckUtf8(bytes));
    Result<types::Value> value = code == 0 ? types::ParseText(type, bytes, format)
                                             : types::ParseBinary(type, bytes, format);
    if (!value.ok()) {
      return std::move(value).status().Context(statement.name.empty() ? Format("unnamed portal parameter $%zu", i + 1)
                                                                      : Format("portal parameter $%zu", i + 1));
    }
    parameters.push_back(std::move(value).value());
  }
  return Status::Ok();
}

Result<std::shared_ptr<Statement>> SessionState::NewStatement(std::string_view text, std::span<const Oid> types) {
  std::shared_ptr<const QueryText> source;
  if (const SharedStatementRef shared = FindShared(text, types); shared != nullptr) {
    source = shared->source;
  } else {
    ASSIGN_OR_RETURN(source, ParseText(std::string(text)));
  }
  if (source->parsed.statements.size() > 1) {
    return Error(sqlstate::kSyntaxError, "cannot insert multiple commands into a prepared statement");
  }
  auto statement = std::make_shared<Statement>();
  statement->given_types.assign(types.begin(), types.end());
  if (!source->parsed.statements.empty()) {
    const parser::ParsedStatement& parsed = source->parsed.statements[0];
    statement->node = parsed.node;
    statement->begin = parsed.begin;
    statement->length = parsed.length;
  }
  statement->source = std::move(source);
  statement->shareable = true;
  statement->environment = Environment();
  RETURN_IF_ERROR(BeginStatement(statement->node));
  if (!block.failed()) RETURN_IF_ERROR(Analyze(*statement));
  return statement;
}

void SessionState::Parse(std::string_view name, std::string_view query, std::span<const Oid> types, ResultSink& to) {
  sink = &to;
  statement_start_us = NowUs();
  const auto parse = [&]() -> Status {
    std::string kept;
    ASSIGN_OR_RETURN(const std::string_view text, FromClient(query, kept));
    current_query = text;
    if (!name.empty() && statements.contains(name)) {
      return Errorf(sqlstate::kDuplicatePstatement, "prepared statement \"%s\" already exists", std::string(name).c_str());
    }
    std::shared_ptr<Statement> statement;
    if (name.empty()) {
      RetireUnnamed();
      ASSIGN_OR_RETURN(statement, Recall(text, types));
    }
    if (statement == nullptr) {
      ASSIGN_OR_RETURN(statement, NewStatement(text, types));
      statement->name = name;
    }
    statement->prepared_us = statement_start_us;
    AddStatement(name, std::move(statement));
    sink->ParseComplete();
    return Status::Ok();
  };
  Step(*this).Finish(parse());
}

void SessionState::Bind(std::string portal_name, std::string_view statement_name,
                        std::span<const int16_t> parameter_formats, std::span<const Session::BoundValue> values,
                        std::span<const int16_t> result_formats, ResultSink& to) {
  sink = &to;
  statement_start_us = NowUs();
  const auto bind = [&]() -> Status {
    const auto found = statements.find(statement_name);
    if (found == statements.end()) return NoSuchStatement(statement_name);
    const std::shared_ptr<Statement> statement = found->second;
    current_query = statement->source->text;
    RETURN_IF_ERROR(BeginStatement(statement->node));
    if (!block.failed()) RETURN_IF_ERROR(Analyze(*statement));
    if (values.size() != statement->param_types.size()) {
      return Errorf(sqlstate::kProtocolViolation,
                    "bind message supplies %zu parameters, but prepared statement \"%s\" requires %zu", values.size(),
                    statement->name.c_str(), statement->param_types.size());
    }
    if (portal_name.empty()) {
      DropPortal("");
    } else if (portals.contains(portal_name)) {
      return Errorf(sqlstate::kDuplicateCursor, "cursor \"%s\" already exists", portal_name.c_str());
    }
    std::unique_ptr<Portal> portal = MakePortal(statement);
    portal->name = portal_name;
    RETURN_IF_ERROR(ReadParameters(*statement, parameter_formats, values, portal->parameters));
    portal->columns = statement->columns;
    if (result_formats.size() > 1 && result_formats.size() != portal->columns.size()) {
      return Errorf(sqlstate::kProtocolViolation, "bind message has %zu result formats but query has %zu columns",
                    result_formats.size(), portal->columns.size());
    }
    for (const int16_t format : result_formats) {
      if (format != 0 && format != 1) {
        return Errorf(sqlstate::kInvalidParameterValue, "unsupported format code: %d", format);
      }
    }
    portal->formats.assign(result_formats.begin(), result_formats.end());
    AddPortal(portal_name, std::move(portal));
    sink->BindComplete();
    return Status::Ok();
  };
  Step(*this).Finish(bind());
}

void SessionState::DescribeStatement(std::string_view name, ResultSink& to) {
  sink = &to;
  const auto describe = [&]() -> Status {
    const auto found = statements.find(name);
    if (found == statements.end()) return NoSuchStatement(name);
    const std::shared_ptr<Statement> statement = found->second;
    current_query = statement->source->text;
    if (block.failed() && statement->returns_rows) {
      return Error(sqlstate::kInFailedSqlTransaction,
                   "current transaction is aborted, commands ignored until end of transaction block");
    }
    if (!block.failed()) {
      RETURN_IF_ERROR(BeginStatement(statement->node));
      RETURN_IF_ERROR(Analyze(*statement));
    }
    sink->ParameterDescription(statement->param_types);
    if (statement->returns_rows) {
      sink->RowDescription(statement->columns, {});
    } else {
      sink->NoData();
    }
    return Status::Ok();
  };
  Step(*this).Finish(describe());
}

void SessionState::DescribePortal(std::string_view name, ResultSink& to) {
  sink = &to;
  const auto describe = [&]() -> Status {
    const auto found = portals.find(name);
    if (found == portals.end()) return NoSuchPortal(name);
    const Portal& portal = *found->second;
    if (portal.statement->returns_rows) {
      sink->RowDescription(portal.columns, portal.formats);
    } else {
      sink->NoData();
    }
    return Status::Ok();
  };
  Step(*this).Finish(describe());
}

Progress SessionState::Execute(std::string_view name, int32_t row_limit, ResultSink& to) {
  const auto found = portals.find(name);
  BeginRequest(to, found != portals.end() ? std::string_view(found->second->statement->source->text) : std::string_view());
  if (found == portals.end()) return FailRequest(NoSuchPortal(name));
  Portal& portal = *found->second;
  running_ = portal.name;
  executing_ = true;
  if (portal.failed) {
    return FailRequest(
        Errorf(sqlstate::kObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", portal.name.c_str()));
  }
  if (Status status = BeginStatement(portal.statement->node); !status.ok()) return FailRequest(std::move(status));
  if (!portal.started) {
    if (Status status = StartPortal(portal); !status.ok()) return FailRequest(std::move(status));
    // Data-modifying statements run to their end even when the client takes their rows piece by piece.
    const bool modifies = portal.plan != nullptr && portal.plan_modifies();
    if (modifies && row_limit > 0 && portal.execution != nullptr) {
      if (Status status = portal.Materialize(); !status.ok()) return FailRequest(std::move(status));
    }
  } else if (portal.finished && portal.rows == nullptr && !portal.statement->returns_rows) {
    return FailRequest(
        Errorf(sqlstate::kObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", portal.name.c_str()));
  }
  task_.emplace(portal, row_limit > 0 ? static_cast<uint64_t>(row_limit) : 0);
  return Advance();
}

void SessionState::Sync(ResultSink& to) {
  sink = &to;
  skip_to_sync = false;
  if (Status status = block.FinishImplicit(); !status.ok()) {
    ConvertLocation(&status);
    sink->Error(status);
  }
  Ready(to);
}

}  // namespace phantom::session
