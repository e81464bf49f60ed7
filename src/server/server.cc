#include "server/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <csignal>
#include <list>
#include <mutex>
#include <thread>

#include "common/log.h"
#include "server/connection.h"
#include "server/io_threads.h"
#include "server/tls.h"
#include "session/auto_analyze.h"
#include "session/instance.h"
#include "session/session_registry.h"
#include "session/settings.h"
#include "session/tiering/mover.h"

namespace phantom::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// Sockets beyond max_connections that may be opening, so that a client who is one too many is told so.
constexpr int kOpeningConnectionsMax = 128;
constexpr int kShutdownPollMs = 10;
// File descriptors for what is not a client's socket: pages, log, spilled rows, the C library.
constexpr rlim_t kOwnFiles = 512;
// Clients that do not take their last message are not waited for longer.
constexpr int kShutdownPollsMax = 1000;

// Each client needs a file descriptor; what a shell allows by default is soon used up.
void RaiseFileLimit(int connections_max) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = static_cast<rlim_t>(connections_max) + kOwnFiles;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? wanted : std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    Log(LogLevel::kLog, "%llu open files are allowed, fewer than max_connections (%d) may need",
        static_cast<unsigned long long>(limit.rlim_cur), connections_max);
  }
}

}  // namespace

struct Server::State {
  State(session::Instance& instance_, const ListenOptions& options_)
      : instance(instance_),
        options(options_),
        workers(MakeWorkers(static_cast<int>(instance_.settings().GetInteger("max_connections")))),
        io(workers[0]->io),
        signals(io, SIGINT, SIGTERM),
        shutdown_timer(io) {}

  static int CoreCount() {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    return cores < 1 ? 1 : cores;
  }

  // Connections are spread over as many workers as there are cores.
  struct Worker {
    explicit Worker(int threads_max) : threads(io, 1, threads_max) {}
    asio::io_context io;
    IoThreads threads;
    std::atomic<int> load{0};
  };
  static std::vector<std::unique_ptr<Worker>> MakeWorkers(int connections_max) {
    std::vector<std::unique_ptr<Worker>> workers;
    for (int i = 0; i < CoreCount(); ++i) workers.push_back(std::make_unique<Worker>(connections_max + 16));
    return workers;
  }
  // The one with the fewest connections.
  Worker& NextWorker() {
    return **std::min_element(workers.begin(), workers.end(),
                              [](const auto& a, const auto& b) { return a->load.load() < b->load.load(); });
  }
  void Stop() {
    for (const auto& worker : workers) worker->io.stop();
    for (const auto& worker : workers) worker->threads.Join();
  }

  Status Listen(const std::string& address);
  Status Bind(const tcp::endpoint& endpoint);
  void Accept(tcp::acceptor& acceptor);
  void BeginShutdown();
  void AwaitConnections();
  void AwaitEnd();

  session::Instance& instance;
  const ListenOptions options;
  // Outlives the connections, whose handlers the workers destroy.
  std::unique_ptr<TlsContext> tls;
  std::unique_ptr<ConnectionContext> context;
  std::vector<std::unique_ptr<Worker>> workers;
  asio::io_context& io;  // the first worker's, which also listens
  asio::signal_set signals;
  std::unique_ptr<session::AutoAnalyze> auto_analyze;
  std::unique_ptr<session::Mover> mover;
  asio::steady_timer shutdown_timer;
  std::list<tcp::acceptor> acceptors;
  uint16_t port = 0;
  int shutdown_polls = 0;
  std::mutex end_mutex;
  std::condition_variable ended;
  bool has_ended = false;
};

Status Server::State::Bind(const tcp::endpoint& endpoint) {
  error_code error;
  tcp::acceptor acceptor(io);
  const auto fail = [&](const char* what) {
    return Errorf(sqlstate::kConnectionFailure, "could not %s address \"%s\", port %d: %s", what,
                  endpoint.address().to_string().c_str(), endpoint.port(), error.message().c_str());
  };
  acceptor.open(endpoint.protocol(), error);
  if (error) return fail("create a socket for");
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  acceptor.bind(endpoint, error);
  if (error) return fail("bind");
  acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return fail("listen on");
  port = acceptor.local_endpoint(error).port();
  Log(LogLevel::kLog, "listening on %s address \"%s\", port %d", endpoint.address().is_v6() ? "IPv6" : "IPv4",
      endpoint.address().to_string().c_str(), port);
  acceptors.push_back(std::move(acceptor));
  return Status::Ok();
}

Status Server::State::Listen(const std::string& address) {
  // With port 0 the first socket chooses for all.
  const uint16_t wanted = port != 0 ? port : options.port;
  if (address == "*") {
    RETURN_IF_ERROR(Bind(tcp::endpoint(tcp::v4(), wanted)));
    // A machine may have no IPv6.
    static_cast<void>(Bind(tcp::endpoint(tcp::v6(), port)).ok());
    return Status::Ok();
  }
  error_code error;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(address, std::to_string(wanted), tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) {
    return Errorf(sqlstate::kConnectionFailure, "could not translate host name \"%s\" to address: %s", address.c_str(),
                  error.message().c_str());
  }
  Status last = Status::Ok();
  bool bound = false;
  for (const auto& entry : found) {
    tcp::endpoint endpoint = entry.endpoint();
    if (port != 0) endpoint.port(port);
    Status status = Bind(endpoint);
    bound = bound || status.ok();
    if (!status.ok()) last = std::move(status);
  }
  // "localhost" may name an address family that the machine lacks; one of its addresses is enough.
  return bound ? Status::Ok() : last;
}

void Server::State::Accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([this, &acceptor](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
    if (error) {
      // No file descriptors left, usually: better later than never.
      Log(LogLevel::kLog, "could not accept new connection: %s", error.message().c_str());
      auto timer = std::make_shared<asio::steady_timer>(io, std::chrono::milliseconds(100));
      timer->async_wait([this, &acceptor, timer](error_code) { Accept(acceptor); });
      return;
    }
    const bool ipv6 = socket.local_endpoint(error).address().is_v6();
    if (context->connections >= context->connections_max + kOpeningConnectionsMax) {
      socket.close(error);
    } else if (const int native = socket.release(error); !error) {
      Worker& worker = NextWorker();
      ServeConnection(*context, worker.io, worker.load, native, ipv6);
    }
    Accept(acceptor);
  });
}

void Server::State::BeginShutdown() {
  if (context->shutting_down.exchange(true)) return;
  Log(LogLevel::kLog, "received fast shutdown request");
  error_code ignored;
  auto_analyze->RequestStop();
  mover->RequestStop();
  for (tcp::acceptor& acceptor : acceptors) acceptor.close(ignored);
  signals.cancel(ignored);
  AwaitConnections();
}

void Server::State::AwaitConnections() {
  // Repeated, as a connection may just be opening its session.
  instance.sessions().TerminateAll(
      Error(sqlstate::kAdminShutdown, "terminating connection due to administrator command").Fatal());
  if (instance.sessions().size() == 0 || ++shutdown_polls > kShutdownPollsMax) {
    const std::lock_guard lock(end_mutex);
    has_ended = true;
    ended.notify_all();
    return;
  }
  shutdown_timer.expires_after(std::chrono::milliseconds(kShutdownPollMs));
  shutdown_timer.async_wait([this](error_code) { AwaitConnections(); });
}

void Server::State::AwaitEnd() {
  std::unique_lock lock(end_mutex);
  ended.wait(lock, [this] { return has_ended; });
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { state_->Stop(); }

Result<std::unique_ptr<Server>> Server::Create(session::Instance& instance, const ListenOptions& options) {
  auto state = std::make_unique<State>(instance, options);
  const session::ServerSettings& settings = instance.settings();
  RaiseFileLimit(static_cast<int>(settings.GetInteger("max_connections")));
  if (settings.GetBool("ssl")) {
    ASSIGN_OR_RETURN(state->tls, TlsContext::Load(settings, settings.GetString("data_directory")));
  }
  state->context.reset(new ConnectionContext{
      instance, state->tls.get(), options.authentication == Authentication::kTrust,
      settings.GetInteger("authentication_timeout") * 1000, static_cast<int>(settings.GetInteger("max_connections"))});
  for (const std::string& address : options.addresses) RETURN_IF_ERROR(state->Listen(address));
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

void Server::Run() {
  for (tcp::acceptor& acceptor : state_->acceptors) state_->Accept(acceptor);
  state_->signals.async_wait([this](error_code error, int) {
    if (!error) state_->BeginShutdown();
  });
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work;
  for (const auto& worker : state_->workers) work.push_back(asio::make_work_guard(worker->io));
  state_->auto_analyze = std::make_unique<session::AutoAnalyze>(state_->instance);
  state_->mover = std::make_unique<session::Mover>(state_->instance);
  state_->mover->Start();
  for (const auto& worker : state_->workers) worker->threads.Start();
  Log(LogLevel::kLog, "database system is ready to accept connections");
  state_->AwaitEnd();
  state_->mover.reset();
  state_->auto_analyze.reset();
  state_->Stop();
}

void Server::Shutdown() {
  asio::post(state_->io, [state = state_.get()] { state->BeginShutdown(); });
}

uint16_t Server::port() const { return state_->port; }

}  // namespace phantom::server
