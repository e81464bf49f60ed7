// txn/chunk_activity.h
//
// Which chunks of a table are written, and about how often: what the mover of chunks decides by (docs/decisions/0019-moving-rows.md).
// Kept in memory only.
//
// Writing a row costs a load, as a rule: a chunk's byte is set by the first write after each look, its counter by every
// 64th write.
//
// Thread safety: any thread; TakeTouched() by one thread at a time.
#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace phantom::txn {

class ChunkActivity {
 public:
  ChunkActivity() = default;
  ~ChunkActivity();
  ChunkActivity(const ChunkActivity&) = delete;
  ChunkActivity& operator=(const ChunkActivity&) = delete;

  void NoteInsert(uint64_t chunk) { Touch(EntryOf(chunk)); }
  // A row was updated or deleted; `salt` differs from write to write.
  void NoteChange(uint64_t chunk, uint64_t salt) {
    Entry& entry = EntryOf(chunk);
    Touch(entry);
    if ((salt * 0x9E3779B97F4A7C15u) >> (64 - kSampleBits) == 0) entry.samples.fetch_add(1, std::memory_order_relaxed);
  }

  // Whether the chunk was written since this was asked last.
  bool TakeTouched(uint64_t chunk);
  // Updates and deletes there have been, about; only grows.
  uint64_t Changes(uint64_t chunk) const;

 private:
  static constexpr int kSampleBits = 6;
  // Block b has 2^b entries, from chunk 2^b - 1 on.
  static constexpr size_t kBlocks = 48;

  struct Entry {
    std::atomic<bool> touched{false};
    std::atomic<uint32_t> samples{0};
  };

  static void Touch(Entry& entry) {
    if (!entry.touched.load(std::memory_order_relaxed)) entry.touched.store(true, std::memory_order_relaxed);
  }
  Entry& EntryOf(uint64_t chunk) {
    const int block = std::bit_width(chunk + 1) - 1;
    Entry* entries = blocks_[static_cast<size_t>(block)].load(std::memory_order_acquire);
    if (entries == nullptr) [[unlikely]] entries = MakeBlock(block);
    return entries[chunk + 1 - (uint64_t{1} << block)];
  }
  const Entry* Find(uint64_t chunk) const;
  Entry* MakeBlock(int block);

  std::array<std::atomic<Entry*>, kBlocks> blocks_{};
};

}  // namespace phantom::txn
