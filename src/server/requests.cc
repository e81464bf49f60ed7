#include "server/requests.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "session/result_sink.h"
#include "wire/frontend_messages.h"

namespace phantom::server {

using session::Progress;

namespace {

Progress HandleCopy(session::Session& session, const wire::Frame& frame, session::ResultSink& sink) {
  switch (frame.type) {
    case 'd':
      return session.CopyData(frame.body, sink);
    case 'c':
      return session.CopyDone(sink);
    case 'f': {
      const Result<std::string_view> message = wire::ParseText(frame.body);
      return session.CopyFail(message.ok() ? *message : "", sink);
    }
    case 'H':
    case 'S':
      return Progress::kCopyIn;
    default:
      return session.CopyViolation(
          Errorf(sqlstate::kProtocolViolation, "unexpected message type 0x%02X during COPY from stdin",
                 static_cast<unsigned char>(frame.type)),
          sink);
  }
}

void HandleExtended(session::Session& session, const wire::Frame& frame, wire::BindMessage& bind, session::ResultSink& sink,
                    Progress* progress) {
  const auto fail = [&](const Status& status) { session.ProtocolError(status, true, sink); };
  switch (frame.type) {
    case 'P': {
      Result<wire::ParseMessage> message = wire::ParseParse(frame.body);
      if (!message.ok()) return fail(message.status());
      return session.Parse(message->name, message->query, message->parameter_types, sink);
    }
    case 'B': {
      if (Status status = wire::ParseBind(frame.body, &bind); !status.ok()) return fail(status);
      return session.Bind(std::string(bind.portal), bind.statement, bind.parameter_formats, bind.values, bind.result_formats,
                          sink);
    }
    case 'D': {
      Result<wire::NamedMessage> message = wire::ParseDescribe(frame.body);
      if (!message.ok()) return fail(message.status());
      return message->kind == 'S' ? session.DescribeStatement(message->name, sink)
                                  : session.DescribePortal(message->name, sink);
    }
    case 'E': {
      Result<wire::ExecuteMessage> message = wire::ParseExecute(frame.body);
      if (!message.ok()) return fail(message.status());
      *progress = session.Execute(message->portal, message->row_limit, sink);
      return;
    }
    case 'C': {
      Result<wire::NamedMessage> message = wire::ParseClose(frame.body);
      if (!message.ok()) return fail(message.status());
      return message->kind == 'S' ? session.CloseStatement(message->name, sink)
                                  : session.ClosePortal(message->name, sink);
    }
    default:  // CopyData and its kin after a failed COPY; Flush: replies are written when the client falls silent
      return;
  }
}

}  // namespace

Progress HandleRequest(session::Session& session, const wire::Frame& frame, bool copying, wire::BindMessage& bind,
                       session::ResultSink& sink) {
  if (copying) return HandleCopy(session, frame, sink);
  if (frame.type == 'Q') {
    Result<wire::QueryMessage> message = wire::ParseQuery(frame.body);
    if (!message.ok()) {
      session.ProtocolError(message.status(), false, sink);
      return Progress::kDone;
    }
    return session.SimpleQuery(std::string(message->text), sink);
  }
  if (frame.type == 'F' && !session.skipping_to_sync()) {
    Result<wire::FunctionCallMessage> message = wire::ParseFunctionCall(frame.body);
    if (!message.ok()) {
      session.ProtocolError(message.status(), false, sink);
      return Progress::kDone;
    }
    return session.CallFunction(message->function, message->argument_formats, message->arguments, message->result_format, sink);
  }
  Progress progress = Progress::kDone;
  if (frame.type == 'S') {
    session.Sync(sink);
  } else if (frame.type == 'p') {
    session.ProtocolError(Error(sqlstate::kProtocolViolation, "unexpected password message").Fatal(), true, sink);
  } else if (!session.skipping_to_sync()) {
    HandleExtended(session, frame, bind, sink, &progress);
  }
  return progress;
}

}  // namespace phantom::server
