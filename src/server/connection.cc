#include "server/connection.h"

// clang-format off
#include <utility>  // Asio 1.74 uses std::exchange without including it
// clang-format on
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "common/log.h"
#include "server/handler_memory.h"
#include "server/handshake.h"
#include "server/io_threads.h"
#include "server/requests.h"
#include "server/tls.h"
#include "server/wire_sink.h"
#include "session/instance.h"
#include "session/session.h"
#include "wire/backend_messages.h"
#include "wire/framing.h"

namespace phantom::server {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using session::Progress;

namespace {

// The socket's own executor is the worker's; what is to run on the connection's strand says so.
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using Strand = asio::strand<asio::io_context::executor_type>;

constexpr size_t kReadBytes = 16 * 1024;
constexpr size_t kReadBytesMax = 1024 * 1024;
// An output buffer larger than this is given back once it has been written.
constexpr size_t kKeptOutputBytes = 128 * 1024;

template <typename Token>
auto Into(error_code& error, Token&& token) {
  return asio::redirect_error(std::forward<Token>(token), error);
}

// A connection is a coroutine on its strand. The usual request, though, needs none of a coroutine's steps: its bytes
// are there, its reply fits the socket's buffer. So while nothing else is going on (Direct) the coroutine sleeps, and
// the worker calls plain functions when the client has sent something. Whatever is not usual wakes the coroutine up.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionContext& context, std::atomic<int>& load, Socket socket)
      : context_(context),
        load_(load),
        socket_(std::move(socket)),
        strand_(socket_.get_executor()),
        timer_(strand_),
        sink_(output_) {
    ++context_.connections;
    ++load_;
  }
  ~Connection() {
    --context_.connections;
    --load_;
  }

  awaitable<void> Run();
  const Strand& strand() const { return strand_; }

 private:
  // Bytes. False means that the connection is lost.
  awaitable<bool> ReadSome();
  awaitable<bool> WriteAll(std::string_view bytes);
  // Writes what was collected, once the log is durable as far as it must be.
  awaitable<bool> Flush();
  // A lone committer syncs the log itself, in a blocking region; among others he waits without a thread.
  bool IsDurableNow(Lsn lsn);
  awaitable<void> WaitDurable(Lsn lsn);

  // Opening. False: there is nothing to serve.
  awaitable<bool> Open();
  awaitable<bool> StartTls();
  awaitable<bool> Refuse(Status status);

  // Serving.
  awaitable<void> Serve();
  awaitable<bool> WaitForInput();
  awaitable<bool> Dispatch(wire::Frame frame);
  awaitable<bool> Finish(Progress progress);
  void WakeUp();
  void CancelAfter(int64_t ms);

  // Serving directly.
  class ReadableHandler;
  enum class Direct { kWaiting, kLeave };
  bool CanServeDirectly() const;
  // Returns when there is something to do for the coroutine: a request to go on with (progress_), output that the
  // socket did not take, a reason to end, or input that only it can judge.
  awaitable<void> ServeDirectly();
  void WaitReadable();
  void Readable(error_code error);
  Direct HandleInput();
  // Writes what was collected, or sees to it that this is done when the log is durable, and waits for the client.
  Direct Reply();
  void ReplyDurably();
  void LeaveDirect();

  ConnectionContext& context_;
  std::atomic<int>& load_;
  Socket socket_;
  Strand strand_;
  std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
  asio::steady_timer timer_;
  bool timer_fired_ = false;
  bool copying_ = false;                 // the client owes COPY data
  wire::BindMessage bind_;               // memory for Bind messages
  bool closing_ = false;                 // the client said good-bye, or went without
  Progress progress_ = Progress::kDone;  // of a request that was begun directly
  std::function<void()> leave_direct_;   // wakes the coroutine up; set while serving directly
  HandlerMemory handler_memory_;
  // WakeUp() runs on the strand, the direct functions do not: this lock is between them. It is a leaf.
  std::mutex wake_mutex_;
  bool idle_ = false;   // waiting for the client, and may be woken
  bool woken_ = false;  // since it last was
  wire::FrameReader input_;
  std::string output_;
  WireSink sink_;
  std::unique_ptr<session::Session> session_;
};

awaitable<bool> Connection::ReadSome() {
  const size_t wanted = std::min(std::max(kReadBytes, input_.missing_bytes()), kReadBytesMax);
  error_code error;
  size_t count = 0;
  if (tls_ != nullptr) {
    count =
        co_await tls_->async_read_some(asio::buffer(input_.Prepare(wanted), wanted), Into(error, asio::use_awaitable));
  } else {
    while (true) {
      // Nothing is allocated while the client is silent.
      co_await socket_.async_wait(Socket::wait_read, Into(error, asio::use_awaitable));
      if (error) break;
      count = socket_.read_some(asio::buffer(input_.Prepare(wanted), wanted), error);
      if (error != asio::error::would_block && error != asio::error::try_again) break;
    }
  }
  if (error) co_return false;
  input_.Commit(count);
  co_return count > 0;
}

awaitable<bool> Connection::WriteAll(std::string_view bytes) {
  error_code error;
  while (!bytes.empty()) {
    size_t count = 0;
    if (tls_ != nullptr) {
      count =
          co_await tls_->async_write_some(asio::buffer(bytes.data(), bytes.size()), Into(error, asio::use_awaitable));
    } else {
      count = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
      if (error == asio::error::would_block || error == asio::error::try_again) {
        error = {};
        co_await socket_.async_wait(Socket::wait_write, Into(error, asio::use_awaitable));
      }
    }
    if (error) co_return false;
    bytes.remove_prefix(count);
  }
  co_return true;
}

bool Connection::IsDurableNow(Lsn lsn) {
  return lsn.value == 0 || context_.instance.IsDurable(lsn) || context_.instance.FlushAlone(lsn);
}

awaitable<void> Connection::WaitDurable(Lsn lsn) {
  const auto start = [this, lsn](auto handler) {
    // The log's callback must be copyable; a handler can only be moved.
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    context_.instance.WhenDurable(lsn,
                                  [shared, executor = strand_] { asio::post(executor, [shared] { (*shared)(); }); });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(start, asio::use_awaitable);
}

awaitable<bool> Connection::Flush() {
  if (output_.empty()) co_return true;
  if (session_ != nullptr) {
    const Lsn lsn = session_->DurableLsn();
    if (!IsDurableNow(lsn)) co_await WaitDurable(lsn);
  }
  const bool written = co_await WriteAll(output_);
  if (output_.capacity() > kKeptOutputBytes) {
    std::string().swap(output_);
  } else {
    output_.clear();
  }
  co_return written;
}

void Connection::CancelAfter(int64_t ms) {
  timer_fired_ = false;
  timer_.expires_after(std::chrono::milliseconds(ms));
  timer_.async_wait([self = weak_from_this()](error_code error) {
    const std::shared_ptr<Connection> connection = self.lock();
    if (error || connection == nullptr) return;
    connection->timer_fired_ = true;
    error_code ignored;
    connection->socket_.cancel(ignored);
  });
}

awaitable<bool> Connection::Refuse(Status status) {
  if (!status.error().fatal) status = std::move(status).Fatal();
  sink_.Error(status);
  co_await Flush();
  co_return false;
}

awaitable<bool> Connection::StartTls() {
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, context_.tls->context());
  error_code error;
  co_await tls_->async_handshake(asio::ssl::stream_base::server, Into(error, asio::use_awaitable));
  if (error) {
    Log(LogLevel::kLog, "could not accept SSL connection: %s", error.message().c_str());
    co_return false;
  }
  co_return true;
}

awaitable<bool> Connection::Open() {
  error_code error;
  const tcp::endpoint peer = socket_.remote_endpoint(error);
  Handshake handshake(context_, context_.trust_loopback && !error && peer.address().is_loopback());
  for (;;) {
    const Handshake::Step step = handshake.Advance(input_, output_);
    if (step == Handshake::Step::kDone) break;
    if (step == Handshake::Step::kRefuse) co_return co_await Refuse(handshake.TakeRefusal());
    if (!co_await Flush() || step == Handshake::Step::kClose) co_return false;
    if (step == Handshake::Step::kEncrypt) {
      if (!co_await StartTls()) co_return false;
      handshake.NoteEncrypted();
    } else if (!co_await ReadSome()) {
      co_return false;
    }
  }
  session::ConnectionOptions options = handshake.TakeOptions();
  if (!error) {
    options.client_address = peer.address().to_string();
    options.client_port = peer.port();
  }
  options.tls = tls_ != nullptr;
  Result<std::unique_ptr<session::Session>> session = Error(sqlstate::kInternalError, "");
  {
    const IoThreads::Task task;
    session = session::Session::Create(context_.instance, std::move(options));
  }
  if (!session.ok()) co_return co_await Refuse(std::move(session).status());
  session_ = std::move(session).value();
  sink_.Serve(session_.get());
  session_->SetWakeUp([self = weak_from_this(), executor = strand_] {
    asio::post(executor, [self] {
      if (const std::shared_ptr<Connection> connection = self.lock()) connection->WakeUp();
    });
  });
  wire::AppendAuthenticationOk(output_);
  wire::AppendBackendKeyData(output_, session_->pid(), session_->cancel_key());
  session_->Ready(sink_);
  co_return true;
}

void Connection::WakeUp() {
  const std::lock_guard lock(wake_mutex_);
  woken_ = true;
  if (!idle_) return;
  error_code ignored;
  socket_.cancel(ignored);
}

awaitable<bool> Connection::WaitForInput() {
  while (true) {
    if (const std::optional<Status> reason = session_->TerminationReason()) co_return co_await Refuse(*reason);
    if (!copying_) session_->DeliverNotifications(sink_);
    if (!co_await Flush()) co_return false;
    if (input_.empty()) input_.Release();
    const int64_t timeout_ms = copying_ ? 0 : session_->IdleTimeoutMs();
    timer_fired_ = false;
    if (timeout_ms > 0) CancelAfter(timeout_ms);
    {
      const std::lock_guard lock(wake_mutex_);
      woken_ = false;
    }
    // What came before this line was seen above or is seen here; what comes later cancels the read.
    if (session_->TerminationReason().has_value()) continue;
    // The coroutine and WakeUp() share the strand, so nobody cancels a read that is only being started.
    idle_ = true;
    const bool read = co_await ReadSome();
    idle_ = false;
    if (timeout_ms > 0) timer_.cancel();
    if (read) co_return true;
    if (timer_fired_) co_return co_await Refuse(session_->IdleTimeoutError());
    if (!woken_) co_return false;
  }
}

awaitable<bool> Connection::Finish(Progress progress) {
  while (progress == Progress::kMore) {
    if (!co_await Flush()) co_return false;
    const IoThreads::Task task;
    progress = session_->Continue(sink_);
  }
  copying_ = progress == Progress::kCopyIn;
  co_return true;
}

awaitable<bool> Connection::Dispatch(wire::Frame frame) {
  if (frame.type == 'X') co_return false;
  Progress progress = Progress::kDone;
  {
    const IoThreads::Task task;
    progress = HandleRequest(*session_, frame, copying_, bind_, sink_);
  }
  if (!co_await Finish(progress)) co_return false;
  if (const std::optional<Status> reason = session_->TerminationReason()) co_return co_await Refuse(*reason);
  if (sink_.full()) co_return co_await Flush();
  co_return true;
}

// Waits for input without a strand, so that the worker calls the connection straight from its poll.
class Connection::ReadableHandler {
 public:
  using executor_type = asio::io_context::executor_type;
  using allocator_type = HandlerAllocator<void>;

  explicit ReadableHandler(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ReadableHandler(ReadableHandler&&) = default;
  ReadableHandler(const ReadableHandler&) = delete;
  // Dropped without having been called: the worker ends. The coroutine refers to the connection and goes first.
  ~ReadableHandler() {
    if (connection_ != nullptr) connection_->leave_direct_ = nullptr;
  }
  void operator()(error_code error) {
    const std::shared_ptr<Connection> connection = std::move(connection_);
    connection->Readable(error);
  }

  executor_type get_executor() const noexcept { return connection_->socket_.get_executor(); }
  allocator_type get_allocator() const noexcept { return allocator_type(connection_->handler_memory_); }

 private:
  std::shared_ptr<Connection> connection_;
};

bool Connection::CanServeDirectly() const {
  return tls_ == nullptr && !copying_ && session_->IdleTimeoutMs() == 0 && !session_->TerminationReason().has_value();
}

awaitable<void> Connection::ServeDirectly() {
  const auto start = [this](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    leave_direct_ = [shared] { (*shared)(); };
    WaitReadable();
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(start, asio::use_awaitable);
}

void Connection::LeaveDirect() { asio::post(strand_, std::exchange(leave_direct_, nullptr)); }

void Connection::WaitReadable() {
  const std::lock_guard lock(wake_mutex_);
  if (woken_) {
    woken_ = false;
    LeaveDirect();
    return;
  }
  idle_ = true;
  socket_.async_wait(Socket::wait_read, ReadableHandler(shared_from_this()));
}

void Connection::Readable(error_code error) {
  {
    const std::lock_guard lock(wake_mutex_);
    idle_ = false;
    if (woken_) {
      woken_ = false;
      error = asio::error::operation_aborted;
    }
  }
  if (error && error != asio::error::operation_aborted) closing_ = true;
  if (error || HandleInput() == Direct::kLeave) LeaveDirect();
}

Connection::Direct Connection::HandleInput() {
  const IoThreads::Task task;
  // What fills the buffer is read on, so that a pipeline's replies leave together.
  for (bool more = true; more;) {
    const size_t wanted = std::min(std::max(wire::FrameReader::kKeptBytes, input_.missing_bytes()), kReadBytesMax);
    error_code error;
    const size_t count = socket_.read_some(asio::buffer(input_.Prepare(wanted), wanted), error);
    if (error == asio::error::would_block || error == asio::error::try_again) break;
    if (error || count == 0) {
      closing_ = true;
      return Direct::kLeave;
    }
    more = count == wanted;
    input_.Commit(count);
    while (true) {
      const Result<std::optional<wire::Frame>> frame = input_.Next(true);
      if (!frame.ok()) return Direct::kLeave;
      if (!frame->has_value()) break;
      if ((*frame)->type == 'X') {
        closing_ = true;
        return Direct::kLeave;
      }
      progress_ = HandleRequest(*session_, **frame, copying_, bind_, sink_);
      if (progress_ != Progress::kDone || sink_.full()) return Direct::kLeave;
    }
  }
  session_->DeliverNotifications(sink_);
  return Reply();
}

Connection::Direct Connection::Reply() {
  const Lsn lsn = session_->DurableLsn();
  if (!IsDurableNow(lsn)) {
    context_.instance.WhenDurable(lsn, [self = shared_from_this()] {
      asio::post(self->socket_.get_executor(), [self] { self->ReplyDurably(); });
    });
    return Direct::kWaiting;
  }
  if (!output_.empty()) {
    error_code error;
    const size_t count = socket_.write_some(asio::buffer(output_), error);
    if (error || count < output_.size()) {
      output_.erase(0, error ? 0 : count);
      return Direct::kLeave;
    }
    output_.clear();
  }
  if (output_.capacity() > kKeptOutputBytes || session_->IdleTimeoutMs() != 0) return Direct::kLeave;
  if (input_.empty()) input_.Release();
  WaitReadable();
  return Direct::kWaiting;
}

void Connection::ReplyDurably() {
  if (Reply() == Direct::kLeave) LeaveDirect();
}

awaitable<void> Connection::Serve() {
  while (true) {
    Result<std::optional<wire::Frame>> frame = input_.Next(true);
    if (!frame.ok()) {
      co_await Refuse(std::move(frame).status());
      co_return;
    }
    if (frame->has_value()) {
      if (!co_await Dispatch(**frame)) break;
    } else if (CanServeDirectly()) {
      session_->DeliverNotifications(sink_);
      if (!co_await Flush()) co_return;
      co_await ServeDirectly();
      if (closing_) break;
      if (!co_await Finish(std::exchange(progress_, Progress::kDone))) break;
    } else if (!co_await WaitForInput()) {
      co_return;
    }
  }
  co_await Flush();
}

awaitable<void> Connection::Run() {
  // The coroutine's frame keeps the connection alive.
  const std::shared_ptr<Connection> self = shared_from_this();
  CancelAfter(context_.authentication_timeout_ms);
  const bool open = co_await Open();
  timer_.cancel();
  if (open) co_await Serve();
  if (session_ != nullptr) {
    session_->SetWakeUp(nullptr);
    const IoThreads::Task task;
    sink_.Serve(nullptr);
    session_.reset();
  }
  error_code ignored;
  if (tls_ != nullptr) {
    // The closing alert is worth sending only as far as it does not wait.
    CancelAfter(1000);
    co_await tls_->async_shutdown(Into(ignored, asio::use_awaitable));
    timer_.cancel();
  }
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace

void ServeConnection(ConnectionContext& context, asio::io_context& io, std::atomic<int>& load, int socket, bool ipv6) {
  Socket accepted(io);
  error_code error;
  accepted.assign(ipv6 ? tcp::v6() : tcp::v4(), socket, error);
  if (error) {
    Log(LogLevel::kLog, "could not take over a connection: %s", error.message().c_str());
    return;
  }
  accepted.non_blocking(true, error);
  accepted.set_option(tcp::no_delay(true), error);
  accepted.set_option(asio::socket_base::keep_alive(true), error);
  auto connection = std::make_shared<Connection>(context, load, std::move(accepted));
  asio::co_spawn(
      connection->strand(), [connection] { return connection->Run(); },
      [](std::exception_ptr failure) {
        if (!failure) return;
        // Asio and the standard library may throw (no memory): this connection ends, the server goes on.
        try {
          std::rethrow_exception(failure);
        } catch (const std::exception& exception) {
          Log(LogLevel::kLog, "a connection ended unexpectedly: %s", exception.what());
        }
      });
}

}  // namespace phantom::server
