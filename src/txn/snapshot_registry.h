// txn/snapshot_registry.h
//
// The live snapshots, in slots of one cache line each, and the horizons computed from them.
//
// Taking a snapshot: claim a slot ("acquiring"), load the floors, load the last published commit, store it. Computing
// a horizon: load the last published commit and the floors, then look at every slot; one that is being acquired leaves
// the horizon where it was. So a snapshot that the computation missed loads its LSN after the computation did, and
// LSNs only grow.
//
// Thread safety: all methods may be called from any thread. No locks.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/function_ref.h"
#include "common/ids.h"
#include "txn/key_readers.h"
#include "txn/snapshot.h"

namespace phantom::wal {
class LogWriter;
}

namespace phantom::txn {

// What commits publish. Written under the manager's mutex, in this order at a commit: status, published, floors.
struct CommitClock {
  alignas(64) std::atomic<uint64_t> published{0};  // LSN of the last commit that snapshots see
  alignas(64) std::atomic<uint64_t> id_floor{1};   // every transaction below has ended, and published says so
  std::atomic<uint64_t> log_floor{0};              // no transaction in progress has a record below
  std::atomic<uint64_t> settled_floor{1};          // every transaction below has ended and is durable
};

struct alignas(64) SnapshotSlot {
  static constexpr uint64_t kFree = 0;
  static constexpr uint64_t kAcquiring = 1;
  std::atomic<uint64_t> lsn{kFree};
  std::atomic<uint64_t> finished_below{0};
  std::atomic<uint64_t> log_floor{0};
  std::atomic<uint64_t> own{0};
  std::atomic<uint64_t> command{0};
  std::atomic<uint64_t> alone_below{0};
  std::atomic<uint64_t> holder{0};  // whose: a VirtualTransaction, packed; 0: nobody's in particular
  std::atomic<bool> serializable{false};
};
static_assert(sizeof(SnapshotSlot) == 64);

struct Horizons {
  Lsn oldest_snapshot;   // every live and future snapshot is at or past it
  Lsn log_floor;         // none needs a record below
  TxnId finished_below;  // all of them see every transaction below
};

class SnapshotRegistry {
 public:
  static constexpr size_t kBlockSlots = 64;
  static constexpr size_t kBlocks = 4096;

  SnapshotRegistry(const CommitClock& clock, const StatusTable& status, const wal::LogWriter& log);
  ~SnapshotRegistry();

  // `holder`: the transaction that others may have to wait for because of it. `serializable`: it wants to know who wrote the first
  // version that it does not see. `observed`, unless null, is told of commits seen; lives as long as copies of the snapshot.
  Snapshot Take(TxnId own, Lsn command, ObservedCommit* observed = nullptr, uint64_t holder = 0, bool serializable = false);
  // For reading keys, in no transaction: sees versions that are committed by their own records as well.
  Snapshot TakeOfKeys();
  // The same view at another command boundary. The copy is to be released before `of`: a computation under way may have
  // passed the copy's slot before it was claimed, and counts on meeting the other.
  Snapshot Copy(const Snapshot& of, TxnId own, Lsn command);
  // The same view, but for what its transaction has written. May live longer than `of`. `holder`: whose it is now; 0: as `of`.
  Snapshot Keep(const Snapshot& of, uint64_t holder = 0);
  void Release(SnapshotSlot* slot) { slot->lsn.store(SnapshotSlot::kFree, std::memory_order_release); }
  KeyReaders& key_readers() { return key_readers_; }
  const KeyReaders& key_readers() const { return key_readers_; }

  // As of now. Never goes back.
  Horizons Compute();
  // As of the last Compute().
  Horizons Last() const;

  // Who holds snapshots older than this LSN now.
  std::vector<uint64_t> HoldersBefore(Lsn limit) const;

  // Is there a snapshot for which the function is true? True as well when one is being taken.
  struct View {
    Lsn lsn;
    TxnId own;
    Lsn command;
    Lsn alone_below;  // 0: not of keys
    bool serializable;
  };
  bool Any(FunctionRef<bool(const View&)> wants) const;

 private:
  using Block = std::array<SnapshotSlot, kBlockSlots>;
  SnapshotSlot* Claim();
  Snapshot Fill(SnapshotSlot* slot, TxnId own, Lsn command, uint64_t holder, bool of_keys, bool serializable);

  const CommitClock& clock_;
  const StatusTable& status_;
  const wal::LogWriter& log_;
  KeyReaders key_readers_;
  std::unique_ptr<std::atomic<Block*>[]> blocks_;
  std::atomic<size_t> block_count_{0};
  // Counted up after each Keep() and before its original may go: who looks at all slots meanwhile may have missed both.
  std::atomic<uint64_t> kept_{0};
  std::atomic<uint64_t> oldest_snapshot_{0};
  std::atomic<uint64_t> log_floor_{0};
  std::atomic<uint64_t> finished_below_{0};
};

}  // namespace phantom::txn
