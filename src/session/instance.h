// session/instance.h
//
// Everything a running database server has, apart from sockets: store, transactions, locks, catalog, settings, the
// registry of sessions. Opens on a directory of an io::Env, so whole instances run inside tests on a simulated disk.
//
// Thread safety: all methods may be called from any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/status.h"

namespace phantom::io {
class Env;
}
namespace phantom::store {
class Store;
}
namespace phantom::txn {
class TransactionManager;
}
namespace phantom::catalog {
class SharedCatalog;
}

namespace phantom::session {

class ExportedSnapshots;
class MoveLog;
class NotificationHub;
class PlanCache;
class ServerSettings;
class SessionRegistry;
class TimerQueue;

class Instance {
 public:
  // Opens the database in `directory`, creating it when the directory is absent or empty, and recovers it. The
  // settings' memory and log parameters size the parts. 55006 when another server has it open.
  static Result<std::unique_ptr<Instance>> Open(io::Env& env, const std::string& directory,
                                                std::unique_ptr<ServerSettings> settings);
  // Requires that no session exists. Without Close() it is as after a crash: the next opening recovers.
  ~Instance();
  // Requires that no session exists, and none is made after. Leaves nothing to recover.
  Status Close();

  // Verifies the directory's pages and trees and, when they are sound, tables and indexes, without a server. Gives the
  // number of faults; `report` receives a line for each.
  static Result<int64_t> Check(io::Env& env, const std::string& directory,
                               const std::function<void(const std::string&)>& report);

  io::Env& env();
  ServerSettings& settings();
  store::Store& store();
  txn::TransactionManager& transactions();
  catalog::SharedCatalog& catalog();
  SessionRegistry& sessions();
  NotificationHub& notifications();
  ExportedSnapshots& exported_snapshots();
  TimerQueue& timers();
  PlanCache& plans();
  MoveLog& moves();
  // Where statements spill.
  const std::string& temp_directory() const;
  // When it was opened: microseconds since 2000-01-01 UTC.
  int64_t start_us() const;

  // 3D000 when there is none, 55000 when it takes no connections.
  Result<Oid> FindDatabase(std::string_view name);
  // The stored password verifier of a role, empty when it has none; 28000 when the role does not exist.
  Result<std::string> PasswordVerifier(std::string_view role);

  // Calls `done` (from any thread, possibly at once) when the log is durable up to `lsn`.
  void WhenDurable(Lsn lsn, std::function<void()> done);
  void WaitDurable(Lsn lsn);
  // Makes it durable on this thread if nobody else waits or is likely to (wal/log_writer.h); false: it did not.
  bool FlushAlone(Lsn lsn);
  bool IsDurable(Lsn lsn) const;

 private:
  struct Parts;
  explicit Instance(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace phantom::session
