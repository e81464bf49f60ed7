// server/requests.h
//
// What a message of the client's asks of its session.
#pragma once
#include "session/session.h"
#include "wire/framing.h"
#include "wire/frontend_messages.h"

namespace phantom::server {

// Has `session` do what `frame` asks, as far as it gets without waiting for the client; `copying` says that the client
// owes COPY data. Termination ('X') is the caller's. Replies and errors go to `sink`. `bind` is memory for messages.
session::Progress HandleRequest(session::Session& session, const wire::Frame& frame, bool copying, wire::BindMessage& bind,
                                session::ResultSink& sink);

}  // namespace phantom::server
