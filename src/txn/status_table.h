// txn/status_table.h
//
// What became of recent transactions: a paged array by transaction id of the LSN at which it committed. Pages whose
// transactions are all finished and seen by every snapshot are used again for new ids; asking for such an old id is
// answered "committed long ago", which is right: an undone transaction has left nothing that could ask. The last pages are kept, for
// clients that ask whether a transaction of theirs has committed.
//
// Thread safety: Get from any thread, no lock; the others under the manager's mutex.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/ids.h"

namespace phantom::txn {

class StatusTable {
 public:
  static constexpr uint64_t kInProgress = 0;
  static constexpr uint64_t kAborted = 1;
  static constexpr uint64_t kLongAgo = 2;  // committed before every snapshot; greater values are commit LSNs

  static constexpr uint64_t kPageIds = 1 << 13;
  static constexpr uint64_t kPages = 1 << 14;
  // Pages of finished transactions that are kept all the same, for those who ask what became of one.
  static constexpr uint64_t kKeptPages = 32;
  // Ids between the oldest in use and the next; at most.
  static constexpr uint64_t kWindow = kPageIds * (kPages - 1);

  StatusTable();
  ~StatusTable();

  uint64_t Get(TxnId id) const {
    const uint64_t number = id.value / kPageIds;
    const Page* page = directory_[number % kPages].load(std::memory_order_acquire);
    if (page == nullptr || page->number.load(std::memory_order_acquire) != number) return kLongAgo;
    const uint64_t value = page->values[id.value % kPageIds].load(std::memory_order_acquire);
    // The page may have been given to other ids meanwhile.
    if (page->number.load(std::memory_order_acquire) != number) return kLongAgo;
    return value;
  }
  bool InProgress(TxnId id) const { return Get(id) == kInProgress; }

  // Makes room for the id, in progress. Ids come in increasing order.
  void Begin(TxnId id);
  void Set(TxnId id, uint64_t value);
  // Ids below will not be asked for by anyone who would mind "long ago".
  void Forget(TxnId below);

 private:
  struct Page {
    std::atomic<uint64_t> number{UINT64_MAX};
    std::array<std::atomic<uint64_t>, kPageIds> values{};
  };
  std::unique_ptr<std::atomic<Page*>[]> directory_;
  std::vector<std::unique_ptr<Page>> all_;
  std::vector<Page*> free_;
  uint64_t oldest_page_ = 0;
  uint64_t next_page_ = 0;  // none made at or above
  bool started_ = false;
};

}  // namespace phantom::txn
