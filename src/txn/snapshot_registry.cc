#include "txn/snapshot_registry.h"

#include <algorithm>
#include <functional>
#include <thread>

#include "common/check.h"
#include "txn/status_table.h"
#include "wal/log_writer.h"

namespace phantom::txn {

Snapshot& Snapshot::operator=(Snapshot&& other) noexcept {
  if (this == &other) return *this;
  Release();
  slot_ = other.slot_;
  registry_ = other.registry_;
  status_ = other.status_;
  reader_ = other.reader_;
  observed_ = other.observed_;
  read_lsn_ = other.read_lsn_;
  command_ = other.command_;
  own_ = other.own_;
  finished_below_ = other.finished_below_;
  settled_below_ = other.settled_below_;
  alone_below_ = other.alone_below_;
  other.slot_ = nullptr;
  return *this;
}

void Snapshot::Release() {
  if (slot_ == nullptr) return;
  registry_->Release(slot_);
  if (alone_below_) registry_->key_readers().Leave();
  slot_ = nullptr;
}

bool Snapshot::SeesRecent(TxnId txn, Lsn lsn) const {
  if (txn == own_) return lsn < command_;
  const uint64_t commit = status_->Get(txn);
  if (txn >= finished_below_ && (commit < StatusTable::kLongAgo || commit > read_lsn_.value)) return false;
  if (observed_ != nullptr) observed_->Note(Lsn(commit));
  return true;
}

SnapshotRegistry::SnapshotRegistry(const CommitClock& clock, const StatusTable& status, const wal::LogWriter& log)
    : clock_(clock), status_(status), log_(log), blocks_(new std::atomic<Block*>[kBlocks]) {
  for (size_t i = 0; i < kBlocks; ++i) blocks_[i].store(nullptr, std::memory_order_relaxed);
}

SnapshotRegistry::~SnapshotRegistry() {
  for (size_t i = 0; i < block_count_.load(); ++i) delete blocks_[i].load();
}

// A free slot near where this thread found one before: threads do not meet there.
SnapshotSlot* SnapshotRegistry::Claim() {
  static thread_local const size_t start = std::hash<std::thread::id>()(std::this_thread::get_id());
  for (;;) {
    const size_t blocks = block_count_.load(std::memory_order_acquire);
    for (size_t b = 0; b < blocks; ++b) {
      Block& block = *blocks_[b].load(std::memory_order_acquire);
      for (size_t i = 0; i < kBlockSlots; ++i) {
        SnapshotSlot& slot = block[(start + i) % kBlockSlots];
        uint64_t free = SnapshotSlot::kFree;
        if (slot.lsn.load(std::memory_order_relaxed) == free &&
            slot.lsn.compare_exchange_strong(free, SnapshotSlot::kAcquiring, std::memory_order_seq_cst)) {
          return &slot;
        }
      }
    }
    PHANTOM_CHECK(blocks < kBlocks);
    Block* fresh = new Block;
    Block* none = nullptr;
    if (blocks_[blocks].compare_exchange_strong(none, fresh)) {
      size_t expected = blocks;
      block_count_.compare_exchange_strong(expected, blocks + 1);
    } else {
      delete fresh;
      std::this_thread::yield();
    }
  }
}

Snapshot SnapshotRegistry::Take(TxnId own, Lsn command, ObservedCommit* observed, uint64_t holder, bool serializable) {
  Snapshot snapshot = Fill(Claim(), own, command, holder, /*of_keys=*/false, serializable);
  snapshot.observed_ = observed;
  return snapshot;
}

Snapshot SnapshotRegistry::TakeOfKeys() {
  key_readers_.Begin();
  Snapshot snapshot = Fill(Claim(), TxnId(), Lsn(), 0, /*of_keys=*/true, false);
  key_readers_.Enter(snapshot.alone_below_);
  return snapshot;
}

Snapshot SnapshotRegistry::Fill(SnapshotSlot* slot, TxnId own, Lsn command, uint64_t holder, bool of_keys,
                                bool serializable) {
  Snapshot snapshot;
  const uint64_t settled_floor = clock_.settled_floor.load(std::memory_order_relaxed);
  const uint64_t finished_below = clock_.id_floor.load(std::memory_order_seq_cst);
  const uint64_t log_floor = clock_.log_floor.load(std::memory_order_seq_cst);
  // In this order: docs/decisions/0018-key-value.md.
  uint64_t alone_below = of_keys ? log_.appended().value : 0;
  const uint64_t lsn = clock_.published.load(std::memory_order_seq_cst);
  if (of_keys) alone_below = std::max(alone_below, lsn + 1);
  slot->finished_below.store(finished_below, std::memory_order_relaxed);
  slot->log_floor.store(log_floor, std::memory_order_relaxed);
  slot->own.store(own.value, std::memory_order_relaxed);
  slot->command.store(command.value, std::memory_order_relaxed);
  slot->alone_below.store(alone_below, std::memory_order_relaxed);
  slot->holder.store(holder, std::memory_order_relaxed);
  slot->serializable.store(serializable, std::memory_order_relaxed);
  slot->lsn.store(lsn, std::memory_order_release);
  snapshot.slot_ = slot;
  snapshot.registry_ = this;
  snapshot.status_ = &status_;
  snapshot.read_lsn_ = Lsn(lsn);
  snapshot.command_ = command;
  snapshot.own_ = own;
  snapshot.finished_below_ = TxnId(finished_below);
  // Who ended before `finished_below` was read had published his commit before.
  snapshot.settled_below_ = TxnId(log_.IsDurable(Lsn(lsn)) ? finished_below : std::min(settled_floor, finished_below));
  snapshot.alone_below_ = Lsn(alone_below);
  return snapshot;
}

Snapshot SnapshotRegistry::Copy(const Snapshot& of, TxnId own, Lsn command) {
  Snapshot snapshot;
  PHANTOM_CHECK(!of.alone_below_);
  SnapshotSlot* slot = Claim();
  slot->finished_below.store(of.finished_below_.value, std::memory_order_relaxed);
  slot->log_floor.store(of.slot_->log_floor.load(std::memory_order_relaxed), std::memory_order_relaxed);
  slot->own.store(own.value, std::memory_order_relaxed);
  slot->command.store(command.value, std::memory_order_relaxed);
  slot->alone_below.store(0, std::memory_order_relaxed);
  slot->holder.store(of.slot_->holder.load(std::memory_order_relaxed), std::memory_order_relaxed);
  slot->serializable.store(of.slot_->serializable.load(std::memory_order_relaxed), std::memory_order_relaxed);
  slot->lsn.store(of.read_lsn_.value, std::memory_order_release);
  snapshot.slot_ = slot;
  snapshot.registry_ = this;
  snapshot.status_ = &status_;
  snapshot.reader_ = of.reader_;
  snapshot.observed_ = of.observed_;
  snapshot.read_lsn_ = of.read_lsn_;
  snapshot.command_ = command;
  snapshot.own_ = own;
  snapshot.finished_below_ = of.finished_below_;
  snapshot.settled_below_ = of.settled_below_;
  return snapshot;
}

Snapshot SnapshotRegistry::Keep(const Snapshot& of, uint64_t holder) {
  Snapshot snapshot = Copy(of, TxnId(), Lsn(1));
  snapshot.observed_ = nullptr;
  if (holder != 0) snapshot.slot_->holder.store(holder, std::memory_order_relaxed);
  kept_.fetch_add(1, std::memory_order_seq_cst);
  return snapshot;
}

Horizons SnapshotRegistry::Compute() {
  const uint64_t kept = kept_.load(std::memory_order_seq_cst);
  uint64_t log_floor = clock_.log_floor.load(std::memory_order_seq_cst);
  uint64_t finished_below = clock_.id_floor.load(std::memory_order_seq_cst);
  uint64_t oldest = clock_.published.load(std::memory_order_seq_cst);
  const size_t blocks = block_count_.load(std::memory_order_seq_cst);
  for (size_t b = 0; b < blocks; ++b) {
    const Block& block = *blocks_[b].load(std::memory_order_acquire);
    for (const SnapshotSlot& slot : block) {
      const uint64_t lsn = slot.lsn.load(std::memory_order_seq_cst);
      if (lsn == SnapshotSlot::kFree) continue;
      if (lsn == SnapshotSlot::kAcquiring) return Last();
      oldest = std::min(oldest, lsn);
      log_floor = std::min(log_floor, slot.log_floor.load(std::memory_order_relaxed));
      finished_below = std::min(finished_below, slot.finished_below.load(std::memory_order_relaxed));
    }
  }
  if (kept_.load(std::memory_order_seq_cst) != kept) return Last();
  auto raise = [](std::atomic<uint64_t>& target, uint64_t value) {
    uint64_t seen = target.load(std::memory_order_relaxed);
    while (seen < value && !target.compare_exchange_weak(seen, value)) {
    }
  };
  raise(oldest_snapshot_, oldest);
  raise(log_floor_, log_floor);
  raise(finished_below_, finished_below);
  return Last();
}

Horizons SnapshotRegistry::Last() const {
  return {Lsn(oldest_snapshot_.load()), Lsn(log_floor_.load()), TxnId(finished_below_.load())};
}

std::vector<uint64_t> SnapshotRegistry::HoldersBefore(Lsn limit) const {
  std::vector<uint64_t> holders;
  const size_t blocks = block_count_.load(std::memory_order_seq_cst);
  for (size_t b = 0; b < blocks; ++b) {
    for (const SnapshotSlot& slot : *blocks_[b].load(std::memory_order_acquire)) {
      uint64_t lsn = slot.lsn.load(std::memory_order_seq_cst);
      // It may become an older one yet; taking it is short.
      for (; lsn == SnapshotSlot::kAcquiring; lsn = slot.lsn.load(std::memory_order_seq_cst)) std::this_thread::yield();
      const uint64_t holder = slot.holder.load(std::memory_order_relaxed);
      if (lsn == SnapshotSlot::kFree || lsn >= limit.value || holder == 0) continue;
      if (std::find(holders.begin(), holders.end(), holder) == holders.end()) holders.push_back(holder);
    }
  }
  return holders;
}

bool SnapshotRegistry::Any(FunctionRef<bool(const View&)> wants) const {
  const uint64_t kept = kept_.load(std::memory_order_seq_cst);
  const size_t blocks = block_count_.load(std::memory_order_seq_cst);
  for (size_t b = 0; b < blocks; ++b) {
    for (const SnapshotSlot& slot : *blocks_[b].load(std::memory_order_acquire)) {
      const uint64_t lsn = slot.lsn.load(std::memory_order_seq_cst);
      if (lsn == SnapshotSlot::kFree) continue;
      if (lsn == SnapshotSlot::kAcquiring) return true;
      const View view{Lsn(lsn), TxnId(slot.own.load(std::memory_order_relaxed)),
                      Lsn(slot.command.load(std::memory_order_relaxed)),
                      Lsn(slot.alone_below.load(std::memory_order_relaxed)),
                      slot.serializable.load(std::memory_order_relaxed)};
      if (wants(view)) return true;
    }
  }
  return kept_.load(std::memory_order_seq_cst) != kept;
}

}  // namespace phantom::txn
