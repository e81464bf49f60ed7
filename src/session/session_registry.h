// session/session_registry.h
//
// The sessions that exist, and how others reach them: cancel, terminate, notify, watch (pg_stat_activity). A session is
// known by a process id of its own numbering, as PostgreSQL's clients expect one.
//
// Thread safety: all methods may be called from any thread. Lock order: the registry's mutex (kServer) before a
// control's (kSession). Wake-ups are called without locks held.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/function_ref.h"
#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"

namespace phantom::session {

struct Notification {
  int32_t sender_pid;
  std::string channel;
  std::string payload;
};

// What a session waits for, but for locks and the client, by PostgreSQL's names.
struct WaitEvent {
  const char* type = nullptr;
  const char* name = nullptr;
};

// One row of pg_stat_activity. Times are microseconds since 2000-01-01 UTC, 0 for none.
struct Activity {
  int32_t pid = 0;
  Oid database_oid = 0;
  std::string database;
  Oid user_oid = 0;
  std::string user;
  std::string application_name;
  std::string client_address;
  int32_t client_port = -1;
  bool tls = false;
  int64_t backend_start = 0;
  int64_t transaction_start = 0;
  int64_t query_start = 0;
  int64_t state_change = 0;
  std::string_view state;  // "active", "idle", "idle in transaction", "idle in transaction (aborted)"
  std::string query;
  uint64_t snapshot_xmin = 0;
  const WaitEvent* wait = nullptr;
};

// The part of a session that other threads may touch.
class SessionControl {
 public:
  SessionControl(int32_t pid, int32_t cancel_key) : pid(pid), cancel_key(cancel_key) {}

  const int32_t pid;
  const int32_t cancel_key;

  // For pg_stat_activity: the oldest transaction that was in progress for its snapshot (0: it has none), and its wait.
  std::atomic<uint64_t> snapshot_xmin{0};
  std::atomic<const WaitEvent*> wait_event{nullptr};

  // Polled by what runs; statement_timeout sets both.
  std::atomic<bool> cancelled{false};
  std::atomic<bool> timed_out{false};

  void Cancel();
  // Like Cancel, when statement number `statement` is still running.
  void TimeOut(uint64_t statement);
  void Terminate(Status reason);
  std::optional<Status> TerminationReason() const;
  void Notify(std::shared_ptr<const Notification> notification);
  std::deque<std::shared_ptr<const Notification>> TakeNotifications();
  bool has_notifications() const { return has_notifications_.load(std::memory_order_acquire); }

  // A new statement: forgets a cancel request meant for an earlier one.
  uint64_t BeginStatement();
  void EndStatement();

  // `wake_up` is called when an idle session has something to do, `interrupt` when a wait should look at the flags.
  // Null takes them away; on return the old one is not running.
  void SetWakeUp(std::function<void()> wake_up);
  void SetInterrupt(std::function<void()> interrupt);

  // The database and the role it logs into: counted against limits from the moment they are known.
  void SetPlace(Oid database, Oid role) { place_.store(uint64_t{database} << 32 | role, std::memory_order_release); }
  std::pair<Oid, Oid> place() const {
    const uint64_t both = place_.load(std::memory_order_acquire);
    return {static_cast<Oid>(both >> 32), static_cast<Oid>(both)};
  }

  // snapshot_xmin and wait are filled in by ReadActivity().
  void UpdateActivity(FunctionRef<void(Activity&)> change);
  Activity ReadActivity() const;

 private:
  void Interrupt();
  void WakeUp();

  mutable Mutex mutex_{LockRank::kSession};
  // Held while the functions run, so that taking one away waits for it. Not ranked: what runs under it posts a task or
  // notifies a waiter, and takes leaf locks only.
  std::mutex call_mutex_;
  uint64_t statement_ = 0;
  bool statement_running_ = false;
  std::atomic<bool> has_notifications_{false};
  std::atomic<uint64_t> place_{0};
  std::optional<Status> termination_;
  std::deque<std::shared_ptr<const Notification>> notifications_;
  std::function<void()> wake_up_;
  std::function<void()> interrupt_;
  Activity activity_;
};

class SessionRegistry {
 public:
  explicit SessionRegistry(int sessions_max) : sessions_max_(sessions_max) {}

  // 53300 (fatal) when there are too many.
  Result<std::shared_ptr<SessionControl>> Add();
  void Remove(int32_t pid);

  std::shared_ptr<SessionControl> Find(int32_t pid) const;
  // A CancelRequest: wrong keys are ignored.
  void Cancel(int32_t pid, int32_t cancel_key);
  void TerminateAll(const Status& reason);
  std::vector<Activity> List() const;
  size_t size() const;
  // Sessions but `except` in a database, of a role (0: any).
  int Count(Oid database, Oid role, int32_t except) const;
  int sessions_max() const { return sessions_max_; }

 private:
  const int sessions_max_;
  mutable Mutex mutex_{LockRank::kServer};
  int32_t next_pid_ = 1;
  std::map<int32_t, std::shared_ptr<SessionControl>> sessions_;
};

}  // namespace phantom::session
