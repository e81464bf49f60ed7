// txn/prepared.h
//
// Prepared transactions: those that PREPARE TRANSACTION has taken from their sessions, whose outcome COMMIT PREPARED or ROLLBACK PREPARED
// decides, from any session and in any later life of the server (PostgreSQL 15, PREPARE TRANSACTION).
//
// A prepared transaction stays as it is: its rows are its own, its locks are held (by a holder of its own, so whoever wants them waits
// for it as for any other), what is to happen at its end waits. One log record (prepared_state.h), the latest of its chain, makes it
// prepared; as long as that is the latest, recovery brings it back, with its locks, before anybody can ask for them. The record of its
// commit, or one that says it is to be rolled back, decides; each end is final once that record is durable.
//
// Thread safety: all methods may be called from any thread. The mutex (rank kTransactions) is held over nothing.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/function_ref.h"
#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"

namespace phantom::txn {

class Transaction;
class TransactionManager;

struct PreparedInfo {
  std::string gid;  // the user's name for it
  TxnId id;
  Oid owner = 0;
  Oid database = 0;
  int64_t prepared_us = 0;  // since 2000-01-01 UTC
  bool operator==(const PreparedInfo&) const = default;
};

class PreparedTransactions {
 public:
  static constexpr size_t kGidBytesMax = 199;

  explicit PreparedTransactions(TransactionManager& manager);
  // They stay prepared: the next opening finds them.
  ~PreparedTransactions();
  PreparedTransactions(const PreparedTransactions&) = delete;
  PreparedTransactions& operator=(const PreparedTransactions&) = delete;

  // Takes the transaction over; `info` names it, but for its id. At most `limit` at a time (max_prepared_transactions); `check` is asked
  // when the name is reserved. The LSN must be durable before anybody is told. After an error the transaction is still the caller's, to
  // be aborted: 22023 too long a name, 55000 prepared transactions are disabled, 42710 the name is taken, 53200 too many, 0A000 locks of
  // both levels on one object, 53100.
  Result<Lsn> Prepare(const PreparedInfo& info, size_t limit, FunctionRef<Status()> check,
                      std::unique_ptr<Transaction>& transaction);

  // Who wants to end one.
  struct Finisher {
    Oid role = 0;
    bool superuser = false;
    Oid database = 0;
  };
  // Gives the LSN that must be durable before anybody is told. 42704 there is none of that name, 55000 somebody else is ending it, 42501,
  // 0A000 it belongs to another database, 53100: then it stays prepared.
  Result<Lsn> Commit(std::string_view gid, const Finisher& finisher);
  Result<Lsn> Rollback(std::string_view gid, const Finisher& finisher);

  // In the order they were prepared.
  std::vector<PreparedInfo> List() const;
  size_t CountIn(Oid database) const;
  // Before sessions begin: what a restart has brought back may be told what else is to happen at its end.
  void ForEach(FunctionRef<void(const PreparedInfo& info, Transaction& transaction)> visit);

  // Takes up what recovery found. Before anybody can ask for a lock.
  Status Recover();

 private:
  struct Entry {
    PreparedInfo info;
    std::unique_ptr<Transaction> transaction;  // null: being prepared
    bool busy = false;                         // being ended
  };
  enum class Outcome : uint8_t { kCommit, kRollback };

  Status Reserve(const PreparedInfo& info, size_t limit);
  void Forget(std::string_view gid);
  Result<Lsn> End(std::string_view gid, const Finisher& finisher, Outcome outcome);

  TransactionManager& manager_;
  mutable Mutex mutex_{LockRank::kTransactions};
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace phantom::txn
