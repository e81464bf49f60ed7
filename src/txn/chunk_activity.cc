#include "txn/chunk_activity.h"

#include <memory>

namespace phantom::txn {

ChunkActivity::~ChunkActivity() {
  for (std::atomic<Entry*>& block : blocks_) delete[] block.load(std::memory_order_relaxed);
}

ChunkActivity::Entry* ChunkActivity::MakeBlock(int block) {
  auto made = std::make_unique<Entry[]>(size_t{1} << block);
  Entry* present = nullptr;
  if (blocks_[static_cast<size_t>(block)].compare_exchange_strong(present, made.get(), std::memory_order_acq_rel)) {
    return made.release();
  }
  return present;  // somebody was faster
}

const ChunkActivity::Entry* ChunkActivity::Find(uint64_t chunk) const {
  const int block = std::bit_width(chunk + 1) - 1;
  const Entry* entries = blocks_[static_cast<size_t>(block)].load(std::memory_order_acquire);
  return entries == nullptr ? nullptr : entries + (chunk + 1 - (uint64_t{1} << block));
}

bool ChunkActivity::TakeTouched(uint64_t chunk) {
  auto* entry = const_cast<Entry*>(Find(chunk));
  return entry != nullptr && entry->touched.load(std::memory_order_relaxed) &&
         entry->touched.exchange(false, std::memory_order_relaxed);
}

uint64_t ChunkActivity::Changes(uint64_t chunk) const {
  const Entry* entry = Find(chunk);
  return entry == nullptr ? 0 : uint64_t{entry->samples.load(std::memory_order_relaxed)} << kSampleBits;
}

}  // namespace phantom::txn
