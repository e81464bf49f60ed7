// txn/snapshot.h
//
// What a statement or transaction may see: an LSN. It sees a transaction iff that committed at or before it, and what
// its own transaction wrote before the command boundary.
//
// A live Snapshot is registered in a slot of the SnapshotRegistry, which the horizons are computed from: as long as it
// lives, the versions it sees can be read. Taking one costs no mutex: one exchange to claim a slot, three loads.
//
// Thread safety: a Snapshot may be read from several threads; it is made and destroyed by one.
#pragma once
#include <atomic>
#include <cstdint>

#include "common/ids.h"

namespace phantom::txn {

class SerializableTransaction;
class SnapshotRegistry;

// The last commit that somebody has learnt of: nobody is to be told of it before it is durable.
class ObservedCommit {
 public:
  void Note(Lsn commit) {
    uint64_t known = lsn_.load(std::memory_order_relaxed);
    while (known < commit.value && !lsn_.compare_exchange_weak(known, commit.value, std::memory_order_relaxed)) {
    }
  }
  Lsn lsn() const { return Lsn(lsn_.load(std::memory_order_relaxed)); }

 private:
  std::atomic<uint64_t> lsn_{0};
};

class StatusTable;
struct SnapshotSlot;

class Snapshot {
 public:
  Snapshot() = default;
  Snapshot(Snapshot&& other) noexcept { *this = static_cast<Snapshot&&>(other); }
  Snapshot& operator=(Snapshot&& other) noexcept;
  ~Snapshot() { Release(); }

  bool valid() const { return slot_ != nullptr; }
  Lsn read_lsn() const { return read_lsn_; }
  // Own writes at or past this LSN are not seen.
  Lsn command() const { return command_; }
  TxnId own() const { return own_; }
  // Every transaction with a smaller id had ended when it was taken.
  TxnId finished_below() const { return finished_below_; }
  // The same, and is durable.
  TxnId settled_below() const { return settled_below_; }

  // The serializable transaction that reads through it, which is told what; null: not one.
  SerializableTransaction* reader() const { return reader_; }

  // Does it see the effects of the record that `txn` wrote at `lsn`?
  bool Sees(TxnId txn, Lsn lsn) const {
    if (txn < settled_below_) return true;
    return SeesRecent(txn, lsn);
  }

  // Does it see a version that is committed by its own record? Only a snapshot of keys may ask.
  bool SeesAlone(Lsn lsn) const { return lsn < alone_below_; }

  // Gives the registration up early.
  void Release();

 private:
  friend class SnapshotRegistry;
  friend class Transaction;
  friend class TransactionManager;
  bool SeesRecent(TxnId txn, Lsn lsn) const;

  SnapshotSlot* slot_ = nullptr;
  SnapshotRegistry* registry_ = nullptr;
  const StatusTable* status_ = nullptr;
  SerializableTransaction* reader_ = nullptr;
  ObservedCommit* observed_ = nullptr;  // is told of commits seen that may not be durable yet
  Lsn read_lsn_;
  Lsn command_;
  TxnId own_;
  TxnId finished_below_;  // every transaction with a smaller id ended before this snapshot; its effects are seen
  TxnId settled_below_;   // of those, every one with a smaller id is durable
  Lsn alone_below_;       // 0: not a snapshot of keys
};

}  // namespace phantom::txn
