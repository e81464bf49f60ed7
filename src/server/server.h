// server/server.h
//
// Listens, accepts connections and runs their sessions on an instance. One coroutine a connection, on one I/O context.
//
// Thread safety: Shutdown() may be called from any thread and from a signal handler's thread; the rest from the
// owner's.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"

namespace phantom::session {
class Instance;
}

namespace phantom::server {

enum class Authentication { kTrust, kScram };

struct ListenOptions {
  std::vector<std::string> addresses;  // names or addresses; "*" is every address
  uint16_t port = 5432;                // 0: the system chooses
  // kTrust trusts loopback addresses only: others must show a password all the same.
  Authentication authentication = Authentication::kTrust;
};

class Server {
 public:
  // Binds the addresses. 08006-like failures say which address could not be bound and why.
  static Result<std::unique_ptr<Server>> Create(session::Instance& instance, const ListenOptions& options);
  ~Server();

  // Serves until Shutdown(), SIGINT or SIGTERM; returns when every session has ended.
  void Run();
  // Ends all sessions with 57P01 and makes Run() return.
  void Shutdown();

  // The port in use.
  uint16_t port() const;

  struct State;

 private:
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace phantom::server
