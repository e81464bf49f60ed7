// server/connection.h
//
// One client's connection: a coroutine that reads messages, calls the session, and writes its replies.
//
// Replies are collected and written at once when no whole message is waiting, so pipelined messages are answered
// together; a large result is written in pieces, and the session pauses until each is taken (back-pressure). Nothing is
// written before the log is durable as far as the replies depend on it; that wait holds no thread.
//
// A connection belongs to one worker, an I/O context with its threads. Thread safety: connection.cc says what runs where.
#pragma once
#include <atomic>
#include <cstdint>

namespace boost::asio {
class io_context;
}
namespace phantom::session {
class Instance;
}

namespace phantom::server {

class TlsContext;

// What connections share. Outlives them.
struct ConnectionContext {
  session::Instance& instance;
  TlsContext* tls;      // null: no TLS
  bool trust_loopback;  // else every client must show a password
  int64_t authentication_timeout_ms;
  int connections_max;  // sockets, those that have not authenticated included
  std::atomic<int> connections{0};
  std::atomic<bool> shutting_down{false};
};

// Takes over an accepted TCP socket and serves it until it ends. `load` counts the connections of the worker that runs
// `io`; it outlives them, too.
void ServeConnection(ConnectionContext& context, boost::asio::io_context& io, std::atomic<int>& load, int socket, bool ipv6);

}  // namespace phantom::server
