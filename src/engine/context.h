// engine/context.h
//
// What one statement's execution may use: its transaction and snapshot, the catalog, parameters,
// formats, memory, and the way to cancel it. Made by the session for each execution, handed down
// explicitly; the engine keeps no other state.
//
// Thread safety: the pointers are constant during an execution. `cancelled`, `memory` and the two
// interfaces may be used from every thread that works on the statement.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"

namespace phantom::types {
class Value;
struct FormatContext;
}  // namespace phantom::types
namespace phantom::txn {
class Transaction;
class Snapshot;
}  // namespace phantom::txn
namespace phantom::catalog {
class Catalog;
}
namespace phantom::io {
class Env;
}

namespace phantom {
class RandomGenerator;
}

namespace phantom::engine {

class DeferredConstraints;
class MemoryBroker;

// What functions may ask of the session that runs the statement (current_user, set_config,
// nextval, pg_sleep, txid_current, ...), addressed by name so that the engine need not know
// what a session is. The session room implements it; every method may be called per row.
class SessionServices {
 public:
  virtual ~SessionServices() = default;

  // Settings (current_setting, set_config). Unknown names are the error 42704.
  virtual Result<std::string> GetSetting(std::string_view name) = 0;
  virtual Status SetSetting(std::string_view name, std::string_view value, bool is_local) = 0;

  virtual std::string CurrentUser() = 0;
  virtual std::string SessionUser() = 0;
  virtual std::string CurrentDatabase() = 0;
  virtual Oid CurrentUserOid() = 0;
  virtual Oid CurrentDatabaseOid() = 0;
  // Existing schemas of the search path, in order; implicit ones when asked for.
  virtual std::vector<std::string> SearchPath(bool include_implicit) = 0;
  virtual int32_t BackendPid() = 0;
  virtual std::string ClientAddress() = 0;  // empty: a local connection
  virtual int32_t ClientPort() = 0;
  // Delivers NOTICE, WARNING, ... to the client.
  virtual void Notice(std::string_view severity, const Status& notice) = 0;

  // Sequences (by the relation's OID).
  virtual Result<int64_t> NextValue(Oid sequence) = 0;
  virtual Result<int64_t> CurrentValue(Oid sequence) = 0;
  virtual Result<int64_t> LastValue() = 0;
  virtual Status SetValue(Oid sequence, int64_t value, bool is_called) = 0;

  // What random() draws from; setseed() seeds it.
  virtual RandomGenerator& Random() = 0;

  // Everything else a function needs of session or server: a call by the function's prosrc name
  // with text arguments and a text answer; nullopt is NULL. Unknown names are the error 0A000.
  virtual Result<std::optional<std::string>> Call(std::string_view function,
                                                  std::span<const std::optional<std::string>> args) = 0;
};

struct ExecutionContext {
  txn::Transaction* transaction = nullptr;
  const txn::Snapshot* snapshot = nullptr;
  catalog::Catalog* catalog = nullptr;
  const types::FormatContext* format = nullptr;       // DateStyle, TimeZone, ... (text <-> value)
  std::span<const types::Value> parameters;           // $1, $2, ...
  SessionServices* session = nullptr;                 // null: functions that need it raise 0A000
  MemoryBroker* memory = nullptr;                     // null: no limit, nothing spills
  io::Env* env = nullptr;                             // where spilled data goes; null: nothing spills
  std::string temp_directory = "pgsql_tmp";
  const std::atomic<bool>* cancelled = nullptr;       // set from any thread
  const std::atomic<bool>* timed_out = nullptr;       // set with `cancelled` by statement_timeout
  int64_t transaction_start_us = 0;                   // now(): microseconds since 2000-01-01 UTC
  int64_t statement_start_us = 0;                     // statement_timestamp()
  std::string_view query_text;
  DeferredConstraints* deferred = nullptr;            // the transaction's; null: nothing is deferred
  bool instrument = false;                            // EXPLAIN ANALYZE: measure each operator

  // 57014 when the statement was cancelled or ran out of time; cheap, called once a chunk.
  Status CheckCancelled() const {
    if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) [[unlikely]] return CancelledError();
    return Status::Ok();
  }

  Status CancelledError() const;
};

}  // namespace phantom::engine
