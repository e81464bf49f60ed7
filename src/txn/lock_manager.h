// txn/lock_manager.h
//
// Locks on tables, objects, transactions and advisory keys, with fair queues and deadlock detection. Row versions
// carry their own write lock (docs/LOCKS.md); explicit row locks are in row_locks.h.
//
// A LockHolder is one session's set of locks. Locks are taken for the transaction (released at its end, or when a
// savepoint taken before them is rolled back) or, advisory ones, for the session. Weak locks on tables that nobody
// wants strongly are recorded in the holder alone and touch nothing shared but one counter.
//
// Thread safety: a LockHolder is used by one thread at a time, except Interrupt(). LockManager: any thread.
// Lock order: docs/LOCKS.md. Nothing is held while waiting.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "txn/lock_modes.h"

namespace phantom::txn {

class LockManager;

enum class LockKind : uint8_t {
  kRelation = 0,     // object: OID of the relation
  kTuple = 4,        // queue of those who want a row: object: OID of the relation, key: row id
  kTransaction = 5,  // key: TxnId
  kVirtualTransaction = 6,  // object: number of the holder, key: of the transaction among its own
  kObject = 8,       // classid: catalog's OID, object: OID of the object
  kAdvisory = 10,    // key, subid: 1 for one bigint key, 2 for two integer keys (first in the high half)
  kSafeSnapshot = 255,  // key: number of the transaction that waits for one (serializable.h). Not a lock: only waited for
};

// A holder's transaction, whether or not it has an id: the holder's number, and which of its transactions it is.
struct VirtualTransaction {
  uint32_t holder = 0;
  uint32_t serial = 0;
  uint64_t Pack() const { return uint64_t{holder} << 32 | serial; }
  static VirtualTransaction Unpack(uint64_t packed) {
    return {static_cast<uint32_t>(packed >> 32), static_cast<uint32_t>(packed)};
  }
  bool operator==(const VirtualTransaction&) const = default;
};

struct LockTag {
  LockKind kind{};
  uint8_t subid = 0;
  Oid database = 0;
  uint32_t classid = 0;
  uint32_t object = 0;
  uint64_t key = 0;

  static LockTag Relation(Oid database, Oid relation) { return {LockKind::kRelation, 0, database, 0, relation, 0}; }
  static LockTag Object(Oid database, Oid catalog, Oid object) {
    return {LockKind::kObject, 0, database, catalog, object, 0};
  }
  static LockTag Tuple(Oid database, Oid relation, RowId row) {
    return {LockKind::kTuple, 0, database, 0, relation, row.value};
  }
  static LockTag Transaction(TxnId id) { return {LockKind::kTransaction, 0, 0, 0, 0, id.value}; }
  static LockTag Virtual(const VirtualTransaction& transaction) {
    return {LockKind::kVirtualTransaction, 0, 0, 0, transaction.holder, transaction.serial};
  }
  static LockTag SafeSnapshot(uint64_t number) { return {LockKind::kSafeSnapshot, 0, 0, 0, 0, number}; }
  static LockTag Advisory(Oid database, int64_t key) {
    return {LockKind::kAdvisory, 1, database, 0, 0, static_cast<uint64_t>(key)};
  }
  static LockTag Advisory(Oid database, int32_t key1, int32_t key2) {
    return {LockKind::kAdvisory, 2, database, 0, 0, uint64_t{static_cast<uint32_t>(key1)} << 32 | static_cast<uint32_t>(key2)};
  }

  bool operator==(const LockTag&) const = default;
  uint64_t Hash() const;
  // "relation 16384 of database 5", as deadlock reports name it.
  std::string ToString() const;
};

// One row of pg_locks.
struct LockInfo {
  LockTag tag;
  LockMode mode{};
  bool granted = false;
  bool fast_path = false;
  int32_t process_id = 0;
  TxnId prepared;  // of no session: held by this prepared transaction
  VirtualTransaction transaction;  // of the holder; serial 0: none is in progress
  int64_t wait_start_us = 0;       // since 1970-01-01 UTC; 0: it does not wait
};

struct HeldLock {
  LockTag tag;
  LockMode mode{};
  bool operator==(const HeldLock&) const = default;
};

struct LockRequest {
  WaitPolicy policy = WaitPolicy::kWait;
  bool for_session = false;      // advisory locks that outlive the transaction
  std::string relation_name;     // for the text of 55P03; empty: named by the tag
};

class LockHolder {
 public:
  // process_id: what reports and pg_locks show. The manager must outlive the holder.
  LockHolder(LockManager& manager, int32_t process_id);
  // Releases everything.
  ~LockHolder();
  LockHolder(const LockHolder&) = delete;
  LockHolder& operator=(const LockHolder&) = delete;

  // lock_timeout and deadlock_timeout, in milliseconds; a lock_timeout of 0 waits for ever.
  void SetTimeouts(int64_t lock_timeout_ms, int64_t deadlock_timeout_ms);
  // log_lock_waits: waits longer than deadlock_timeout are told to the server's log, in PostgreSQL's words.
  void SetLogWaits(bool log);
  // Waits end with 57014 when *cancelled becomes true (and Interrupt() is called). `timed_out` tells that
  // statement_timeout did it. Null: waits cannot be cancelled. Both must outlive their use.
  void SetCancelFlags(const std::atomic<bool>* cancelled, const std::atomic<bool>* timed_out);
  // From any thread: makes a wait in progress look at its flags.
  void Interrupt();

  // Takes the lock, waiting as the policy says. True: it is held. False: kSkip, and it would have to wait.
  // 55P03 (lock_timeout, NOWAIT), 40P01, 57014. Holding it already (in any scope) never waits.
  Result<bool> Acquire(const LockTag& tag, LockMode mode, const LockRequest& request = {});
  Status AcquireTable(Oid database, Oid relation, LockMode mode) {
    Result<bool> held = Acquire(LockTag::Relation(database, relation), mode);
    return held.ok() ? Status::Ok() : std::move(held).status();
  }
  // Gives one session-level lock back; false when it was not held.
  bool ReleaseSession(const LockTag& tag, LockMode mode);
  void ReleaseAllSession();
  bool Holds(const LockTag& tag, LockMode mode) const;

  // Transaction-level locks in order of acquisition: a savepoint is a length of that list.
  size_t Mark() const;
  void ReleaseToMark(size_t mark);
  // A transaction-level lock before its time (the queue of a row).
  void ReleaseTransaction(const LockTag& tag, LockMode mode);
  // The end of the transaction: wakes who waits for that.
  void ReleaseAllTransaction();

  // Prepared transactions (lock_handover.cc). The transaction-level locks, in order of acquisition.
  std::vector<HeldLock> TransactionLocks() const;
  // Is some object locked both for the session and for the transaction?
  bool MixesLevels() const;
  // Makes over all transaction-level locks, and the transaction that runs for this holder, to one that has none. Nobody gets
  // in between, and who waits goes on waiting. Requires !MixesLevels().
  void HandTo(LockHolder& prepared);
  // It holds for a prepared transaction (pg_locks).
  void SetPrepared();

  int32_t process_id() const;
  // The transaction in progress, or the next one.
  VirtualTransaction virtual_transaction() const;
  // The same in one number, not 0.
  uint64_t packed_transaction() const { return virtual_transaction().Pack(); }

  // Whether a transaction is in progress for this holder: pg_locks shows it, with or without an id.
  void SetInTransaction(bool in_transaction);

  struct State;  // lock_impl.h

 private:
  friend class LockManager;
  std::unique_ptr<State> state_;
};

class LockManager {
 public:
  // At most so many tables, objects and advisory keys in the table at once (53200), not counting the weak locks on tables that
  // holders record by themselves.
  explicit LockManager(uint64_t objects_max = UINT64_MAX);
  ~LockManager();
  LockManager(const LockManager&) = delete;
  LockManager& operator=(const LockManager&) = delete;

  // Waits until the transaction has ended (or something happened that may let the caller go on: it must look again).
  // still_running is called with no latch held. Errors as LockHolder::Acquire.
  Status WaitForTransaction(LockHolder& holder, TxnId id, const std::function<bool()>& still_running);
  // The transaction runs for this holder: deadlock detection follows it.
  void TransactionBegan(TxnId id, LockHolder& holder);
  // It has ended, and still_running would say so: wakes who waits for it.
  void TransactionEnded(TxnId id);
  // It gave rows up (rolled back to a savepoint): wakes who waits for it to look again.
  void TransactionYielded(TxnId id);

  // Waits until what is known of a READ ONLY DEFERRABLE transaction's snapshot is decided, or may be. It is no lock that is
  // waited for: lock_timeout does not end it, no deadlock goes through it. 57014.
  Status WaitForSafeSnapshot(LockHolder& holder, uint64_t number, const std::function<bool()>& still_open);
  // It is decided, and still_open would say so.
  void SafeSnapshotDecided(uint64_t number);

  // Waits until all transactions of others have ended that hold, now, a lock which conflicts with the mode. Keeps nobody
  // from taking such a lock meanwhile. Errors as LockHolder::Acquire.
  Status WaitForLockers(LockHolder& holder, const LockTag& tag, LockMode mode);
  // Waits for the end of that transaction. A holder's own is not waited for.
  Status WaitForVirtual(LockHolder& holder, const VirtualTransaction& transaction);

  // Whether somebody waits for it.
  bool IsAwaited(const LockTag& tag) const;

  // Tables, objects and advisory keys in the table.
  uint64_t object_count() const;
  // Everything held or awaited now, for pg_locks.
  std::vector<LockInfo> Locks() const;
  // Processes that keep this one waiting, for pg_blocking_pids.
  std::vector<int32_t> BlockingProcesses(int32_t process_id) const;

 private:
  friend class LockHolder;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace phantom::txn
