#include "txn/status_table.h"

#include "common/check.h"

namespace phantom::txn {

StatusTable::StatusTable() : directory_(new std::atomic<Page*>[kPages]) {
  for (uint64_t i = 0; i < kPages; ++i) directory_[i].store(nullptr, std::memory_order_relaxed);
}
StatusTable::~StatusTable() = default;

void StatusTable::Begin(TxnId id) {
  const uint64_t number = id.value / kPageIds;
  if (!started_) {
    started_ = true;
    oldest_page_ = next_page_ = number;
  }
  for (; next_page_ <= number; ++next_page_) {
    PHANTOM_CHECK(next_page_ - oldest_page_ < kPages);
    Page* page;
    if (free_.empty()) {
      all_.push_back(std::make_unique<Page>());
      page = all_.back().get();
    } else {
      page = free_.back();
      free_.pop_back();
      for (auto& value : page->values) value.store(kInProgress, std::memory_order_release);
    }
    page->number.store(next_page_, std::memory_order_release);
    directory_[next_page_ % kPages].store(page, std::memory_order_release);
  }
  PHANTOM_DCHECK(Get(id) == kInProgress);
}

void StatusTable::Set(TxnId id, uint64_t value) {
  const uint64_t number = id.value / kPageIds;
  PHANTOM_CHECK(number >= oldest_page_ && number < next_page_);
  directory_[number % kPages].load(std::memory_order_relaxed)->values[id.value % kPageIds].store(
      value, std::memory_order_release);
}

void StatusTable::Forget(TxnId below) {
  for (; oldest_page_ + kKeptPages < next_page_ && (oldest_page_ + 1) * kPageIds <= below.value; ++oldest_page_) {
    Page* page = directory_[oldest_page_ % kPages].load(std::memory_order_relaxed);
    page->number.store(UINT64_MAX, std::memory_order_release);
    free_.push_back(page);
  }
}

}  // namespace phantom::txn
